"""How far leads get: the number that reached each stage, and what became of those that stopped there."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.facts import furthest_rank, is_lost, is_mature, recorded_at
from leadreport.policy import Policy
from leadreport.rates import per_group, rate_with_ends, within
from leadreport.words import STAGES

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
