"""How far leads get, where they stand now and for how long, and what flowed through each stage in a period."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.clock import Period
from leadreport.facts import furthest_rank, is_lost, is_mature, reached_at, recorded_at
from leadreport.funnel.entries import days_between
from leadreport.policy import Policy
from leadreport.rates import per_group, rate_with_ends, within
from leadreport.words import LOST, STAGES, STEPS

SETTLED_DAYS = 364
"""The 52 weeks of leads that are counted once they are old enough to have bought."""


def settled_leads(facts: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """The facts of the leads that are old enough to have bought: older than the horizon from lead to customer.

    Leads that are more than 52 weeks older than that are left out.
    """
    is_older = is_mature(policy=policy, as_of=as_of - timedelta(days=SETTLED_DAYS))
    return facts.filter(is_mature(policy=policy, as_of=as_of), ~is_older)


def biggest_drop(steps: pl.DataFrame) -> pl.DataFrame:
    """The stage that the smallest share of the stage before reaches: the columns of `funnel_steps`, at most one row."""
    return steps.drop_nulls("step_rate").sort("step_rate", maintain_order=True).head(1)


def funnel_steps(facts: pl.DataFrame, *, by: str | None = None, with_imputed: bool = True) -> pl.DataFrame:
    """How many leads reached each stage, and which share that is of the stage before and of all leads (definition 13).

    A later stage implies the earlier ones, so no stage exceeds the one before. One row per group and stage, in the
    order of the stages: stage, leads, observed, imputed, lost and open (of those that got no further), step_rate with
    low and high, reach_rate with reach_low and reach_high. With `with_imputed=False` a lead counts for a stage only
    when that stage and all before it were recorded.

    The leads are taken as they are, young ones too: `settled_leads` keeps those old enough to have bought, and
    `cohort_conversion` gives the rates that are final.

    Examples
    --------
    >>> from datetime import datetime, UTC
    >>> from leadreport.words import STAGES
    >>> day, never = datetime(2026, 1, 5, tzinfo=UTC), pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    >>> facts = pl.DataFrame({"lead_id": ["a", "b"], "created_at": [day, day], "stage": ["mql", "lead"]})
    >>> facts = facts.with_columns(never.alias(f"{stage}_at") for stage in STAGES[1:])
    >>> facts = facts.with_columns(pl.lit(False).alias(f"is_{stage}_imputed") for stage in STAGES[1:])
    >>> facts = facts.with_columns(mql_at=pl.when(lead_id=pl.lit("a")).then("created_at"))
    >>> funnel_steps(facts).select("stage", "leads", "step_rate").head(2).rows()
    [('lead', 2, None), ('mql', 1, 0.5)]
    """
    ranked = facts.with_columns(rank=furthest_rank() if with_imputed else unbroken(), is_out=is_lost())
    counts = [stage_counts(ranked, by=by, rank=rank, stage=stage) for rank, stage in enumerate(STAGES)]
    return with_rates(pl.concat(counts), [by] if by else [])


def unbroken() -> pl.Expr:
    """The rank of the highest stage up to which every stage was recorded."""
    recorded = [recorded_at(stage).is_not_null() for stage in STAGES[1:]]
    return pl.sum_horizontal(pl.all_horizontal(*recorded[:rank]).cast(pl.Int32) for rank in range(1, len(STAGES)))


def stage_counts(ranked: pl.DataFrame, *, by: str | None, rank: int, stage: str) -> pl.DataFrame:
    """One row per group for one stage; of those that stopped at the last stage, none is lost or open."""
    has_reached, stops = pl.col("rank") >= rank, (pl.col("rank") == rank) & (rank < len(STAGES) - 1)
    return per_group(
        ranked,
        by,
        stage=pl.lit(stage),
        rank=pl.lit(rank),
        leads=has_reached.sum().cast(pl.Int64),
        observed=(has_reached & recorded_at(stage).is_not_null()).sum().cast(pl.Int64),
        lost=(stops & pl.col("is_out")).sum().cast(pl.Int64),
        open=(stops & ~pl.col("is_out")).sum().cast(pl.Int64),
    )


def with_rates(counts: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The share of the stage before, and of all leads, with their intervals."""
    ordered = counts.sort(*keys, "rank").with_columns(
        before=within(pl.col("leads").shift(1), keys), first=within(pl.col("leads").first(), keys)
    )
    return ordered.select(
        *keys,
        *("stage", "leads", "observed"),
        imputed=pl.col("leads") - pl.col("observed"),
        lost="lost",
        open="open",
        **rate_with_ends("leads", "before", name="step_rate"),
        **rate_with_ends("leads", "first", name="reach_rate", low="reach_low", high="reach_high"),
    )


OUTSIDE = ("recycled", *LOST)
"""Where a lead may be besides the stages; a recycled one may still return."""


def stage_stock(facts: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """Where every lead stands now, and for how long: the rows sum to all leads.

    One row per stage, then recycled, lost and disqualified. Columns: stage, leads, median_age_days and oldest_days
    since they came there, horizon_days of the stage's next step, over_horizon (overdue: leads older than that).

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
    >>> stage_stock(facts, **rules).select("stage", "leads", "median_age_days", "over_horizon").row(0)
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
        median_age_days=pl.col("days").median(),
        oldest_days=pl.col("days").max(),
        over_horizon=(pl.col("days") > pl.col("horizon_days")).sum().cast(pl.Int64),
    ).select("stage", "leads", "median_age_days", "oldest_days", "horizon_days", "over_horizon")


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
