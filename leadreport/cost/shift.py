"""What moving a part of the budget would do, without pretending that the next lead costs what the last one did."""

import polars as pl

from leadreport.cost.per_stage import poisson_ends
from leadreport.errors import InputError, did_you_mean

ELASTICITIES = (1.0, 0.75, 0.5)
"""By how many per cent SQLs rise for one per cent more spend: in step, with some and with strong saturation."""


def move_budget(
    costs: pl.DataFrame,
    *,
    by: str,
    source: str,
    target: str,
    share: float,
    elasticities: tuple[float, ...] = ELASTICITIES,
) -> pl.DataFrame:
    """What moving a share of one group's spend to another would do to the SQLs, for several strengths of saturation.

    `costs` is what `cost_per_sql` gave by `by`. SQLs are taken to follow spend to the power of the elasticity: with 1
    the next euro brings as much as the last, which no channel keeps up; below 1 it brings less. History alone cannot
    tell which holds, so every one is a row. Columns: elasticity, moved_spend, lost_sqls, gained_sqls, net_sqls with low
    and high (from the Poisson intervals of both counts), verdict: "gains", "loses" or "normal variation".

    Examples
    --------
    >>> costs = pl.DataFrame({"channel": ["fairs", "search"], "sqls": [10, 90], "spend": [9000.0, 9000.0]})
    >>> moved = move_budget(costs, by="channel", source="fairs", target="search", share=0.5)
    >>> moved.select("elasticity", pl.col("net_sqls").round(1), "verdict").rows()
    [(1.0, 40.0, 'gains'), (0.75, 27.9, 'gains'), (0.5, 17.3, 'gains')]
    """
    one, two = (group_row(costs, by, name) for name in (source, target))
    if not 0 < share <= 1:
        raise InputError(f"a share of the budget is above 0 and at most 1; this one is {share}")
    if not one["spend"] or not two["spend"]:
        raise InputError(f"'{source}' and '{target}' both need spend to say what moving it would do")
    moved = one["spend"] * share
    rows = pl.DataFrame({"elasticity": elasticities}).with_columns(moved_spend=pl.lit(moved))
    fall = 1 - pl.lit(1 - share).pow("elasticity")
    rise = pl.lit(1 + moved / two["spend"]).pow("elasticity") - 1
    lost, gained = fall * one["sqls"], rise * two["sqls"]
    # Both counts vary on their own: their half widths add as squares (MOVER).
    down = ((rise * (two["sqls"] - two["fewest"])).pow(2) + (fall * (one["most"] - one["sqls"])).pow(2)).sqrt()
    up = ((rise * (two["most"] - two["sqls"])).pow(2) + (fall * (one["sqls"] - one["fewest"])).pow(2)).sqrt()
    net = gained - lost
    low, high = net - down, net + up
    word = (
        pl.when(low > 0)
        .then(pl.lit("gains"))
        .when(high < 0)
        .then(pl.lit("loses"))
        .otherwise(pl.lit("normal variation"))
    )
    return rows.with_columns(lost_sqls=lost, gained_sqls=gained, net_sqls=net, low=low, high=high, verdict=word)


def group_row(costs: pl.DataFrame, by: str, name: str) -> dict:
    """One group's SQLs and spend, with the interval of its SQLs."""
    found = costs.filter(pl.col(by) == name)
    if found.is_empty():
        raise InputError(f"there is no {by} '{name}'", hint=did_you_mean(name, costs[by].to_list()))
    return found.with_columns(poisson_ends(found["sqls"])).row(0, named=True)
