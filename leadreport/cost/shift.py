"""What moving a part of the budget would do, and between which channels one can say so."""

import polars as pl

from leadreport.cost.per_stage import poisson_ends
from leadreport.errors import InputError, did_you_mean
from leadreport.words import ABOVE_VALUE, LEAST_COUNT, NORMAL_VARIATION, WORTH_IT

ELASTICITIES = (1.0, 0.75, 0.5)
"""By how many per cent SQLs rise for one per cent more spend: in proportion, with some and with strong saturation."""

GAINS, LOSES = "gains", "loses"

LEAST_MARKETING_SHARE = 0.25
"""Marketing money can be moved: a channel with a smaller share of it in its spend neither gives nor takes budget."""


AMOUNTS = ("elasticity", "moved_spend", "lost_sqls", "gained_sqls", "net_sqls", "low", "high")

SHIFT = {
    **dict.fromkeys(("source", "target"), pl.String),
    **dict.fromkeys(AMOUNTS, pl.Float64),
    "verdict": pl.String,
}


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

    `costs` has the rows of `cost_per_sql` by `by`. SQLs are assumed to follow spend to the power of the elasticity e:
    with e = 1 the next euro brings as much as the last, which no channel sustains; below 1 it brings less. History
    alone does not show which one holds, so each is a row. Columns: elasticity, moved_spend, lost_sqls, gained_sqls,
    net_sqls with low and high, verdict: "gains", "loses" or "normal variation".

    With a share s of the source's spend A moved to the target's spend B, the source's a SQLs fall by a (1 - (1 - s)^e)
    and the target's b rise by b ((1 + s A / B)^e - 1). The ends of the difference come from the Poisson intervals of
    both counts by MOVER (Zou and Donner 2008, Statistics in Medicine 27, 1693-1702): the distances of each side from
    its own end add as squares.

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
    down = ((rise * (two["sqls"] - two["fewest"])).pow(2) + (fall * (one["most"] - one["sqls"])).pow(2)).sqrt()
    up = ((rise * (two["most"] - two["sqls"])).pow(2) + (fall * (one["sqls"] - one["fewest"])).pow(2)).sqrt()
    net = gained - lost
    low, high = net - down, net + up
    word = pl.when(low > 0).then(pl.lit(GAINS)).when(high < 0).then(pl.lit(LOSES)).otherwise(pl.lit(NORMAL_VARIATION))
    return rows.with_columns(lost_sqls=lost, gained_sqls=gained, net_sqls=net, low=low, high=high, verdict=word)


def movable_channels(costs: pl.DataFrame, values: pl.DataFrame, *, by: str = "channel") -> pl.DataFrame:
    """The channels that may give or take budget, the cheapest SQLs first: rows of `cost_per_sql`.

    They have at least ten SQLs, a quarter of marketing money in their spend, and leads of which `values` (rows of
    `lead_value`) says clearly that they are worth their price, or cost more than they are worth.
    """
    clear = values.filter(pl.col("verdict").is_in([WORTH_IT, ABOVE_VALUE]))
    return (
        costs.join(clear, on=by, how="semi")
        .filter(
            pl.col("sqls") >= LEAST_COUNT,
            pl.col("marketing_spend") > LEAST_MARKETING_SHARE * pl.col("spend"),
            pl.col("cost_per_sql").is_not_null(),
        )
        .sort("cost_per_sql", by)
    )


def shift_to_cheapest(
    costs: pl.DataFrame, values: pl.DataFrame, *, by: str = "channel", share: float = 0.1
) -> pl.DataFrame:
    """What moving a share of the budget from the most expensive SQLs to the cheapest would do.

    Both are among the `movable_channels`. The rows of `move_budget` after the columns source and target; none when
    fewer than two channels are movable.
    """
    able = movable_channels(costs, values, by=by)
    names = able[by].to_list()
    if len(names) < 2:
        return pl.DataFrame(schema=SHIFT)
    moved = move_budget(able, by=by, source=names[-1], target=names[0], share=share)
    return moved.select(pl.lit(names[-1]).alias("source"), pl.lit(names[0]).alias("target"), pl.all())


def group_row(costs: pl.DataFrame, by: str, name: str) -> dict:
    """One group's SQLs and spend, with the interval of its SQLs."""
    found = costs.filter(pl.col(by) == name)
    if found.is_empty():
        raise InputError(f"there is no {by} '{name}'", hint=did_you_mean(name, costs[by].to_list()))
    return found.with_columns(poisson_ends(found["sqls"])).row(0, named=True)
