"""Where leads stand now and for how long, and what flowed through each stage in a period."""

from datetime import datetime

import polars as pl

from leadreport.clock import Period
from leadreport.facts import furthest_rank, is_lost, reached_at
from leadreport.funnel.entries import days_between
from leadreport.policy import Policy
from leadreport.words import LOST, STAGES, STEPS

OUTSIDE = ("recycled", *LOST)
"""Where a lead may be besides the stages; a recycled one may still return."""


def stage_stock(facts: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """Where every lead stands now, and for how long: the rows sum to all leads.

    One row per stage, then recycled, lost and disqualified. Columns: stage, leads, median_days and oldest_days since
    they came there, horizon_days of the stage's next step, over_horizon (overdue: leads older than that).

    Examples
    --------
    >>> from leadreport.clock import as_instant
    >>> from leadreport.facts import lead_facts
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import TABLES, empty_table
    >>> rules = {"policy": parse_policy(preset_text("startup")), "as_of": as_instant("2026-01-26", zone="UTC")}
    >>> tables = {name: empty_table(name) for name in TABLES}
    >>> leads = pl.DataFrame({"lead_id": ["a", "b"], "created_at": [as_instant("2026-01-05", zone="UTC")] * 2})
    >>> tables["leads"] = pl.concat([tables["leads"], leads], how="diagonal_relaxed")
    >>> facts = lead_facts(tables, **rules).collect()
    >>> stage_stock(facts, **rules).select("stage", "leads", "median_days", "over_horizon").row(0)
    ('lead', 2, 21.0, 0)
    """
    rank = furthest_rank()
    on_ladder = pl.lit(pl.Series(STAGES)).gather(rank)
    stands = pl.when(is_lost() | (pl.col("stage") == "recycled")).then("stage").otherwise(on_ladder)
    since = pl.coalesce(pl.when(stands == stage).then(reached_at(stage)) for stage in STAGES)
    standing = facts.select(stage=stands, days=days_between(pl.coalesce(since, "stage_at"), pl.lit(as_of)))
    horizons = {one: policy.horizon_days(one, two) for one, two in STEPS}
    places = pl.DataFrame({"stage": (*STAGES, *OUTSIDE)}).with_columns(
        horizon_days=pl.col("stage").replace_strict(horizons, default=None, return_dtype=pl.Int64)
    )
    found = places.join(standing, on="stage", how="left").group_by("stage", "horizon_days", maintain_order=True)
    return found.agg(
        leads=pl.col("days").count().cast(pl.Int64),
        median_days=pl.col("days").median(),
        oldest_days=pl.col("days").max(),
        over_horizon=(pl.col("days") > pl.col("horizon_days")).sum().cast(pl.Int64),
    ).select("stage", "leads", "median_days", "oldest_days", "horizon_days", "over_horizon")


def most_overdue(stock: pl.DataFrame) -> pl.DataFrame:
    """The stage of `stage_stock` with the most overdue leads, beyond the leads that never qualified; one row."""
    qualified = stock.filter(pl.col("stage") != STAGES[0])
    return qualified.sort("over_horizon", descending=True, maintain_order=True).head(1)


def stage_flow(facts: pl.DataFrame, *, period: Period) -> pl.DataFrame:
    """What flowed through each stage in a period: opening + entered - moved_on - lost = closing, to the lead.

    One row per stage: stage, opening, entered, moved_on, lost, closing. A lead has entered a stage when
    it reached it or any later one; one that was recycled stays in the stock of the stage it had reached.
    """
    rows = [stage_row(facts, rank, period=period) for rank in range(len(STAGES))]
    return pl.concat(rows)


def stage_row(facts: pl.DataFrame, rank: int, *, period: Period) -> pl.DataFrame:
    """The stock of one stage before and after, and the three flows between."""
    came = came_to(rank)
    went = came_to(rank + 1) if rank + 1 < len(STAGES) else pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    out = pl.when(is_lost() & (furthest_rank() == rank)).then("stage_at")
    opening = [(moment < period.start_at).sum().cast(pl.Int64) for moment in (came, went, out)]
    flows = [period.holds(moment).sum().cast(pl.Int64) for moment in (came, went, out)]
    return facts.select(
        stage=pl.lit(STAGES[rank]),
        opening=opening[0] - opening[1] - opening[2],
        entered=flows[0],
        moved_on=flows[1],
        lost=flows[2],
        closing=opening[0] - opening[1] - opening[2] + flows[0] - flows[1] - flows[2],
    )


def came_to(rank: int) -> pl.Expr:
    """When a lead first reached a stage or any later one."""
    return pl.min_horizontal(*(reached_at(stage) for stage in STAGES[rank:]))
