"""How many leads reached each stage, and what became of those that stopped there."""

import polars as pl

from leadreport.facts import furthest_rank, is_lost, recorded_at
from leadreport.rates import per_group, rate, wilson_high, wilson_low
from leadreport.words import STAGES


def funnel_steps(facts: pl.DataFrame, *, by: str | None = None, with_imputed: bool = True) -> pl.DataFrame:
    """Each stage of the ladder: how many leads reached it, and which share of the stage before and of all leads.

    A later stage implies the earlier ones, so no stage exceeds the one before. One row per group and stage, in the
    ladder's order: stage, leads, observed, imputed, lost and open (of those that came no further), step_rate with low
    and high, reach_rate with reach_low and reach_high. With `with_imputed=False` a lead counts for a stage only when
    that stage and all before it were recorded.

    The leads are taken as they are, young ones too: for rates that are final ask `cohort_conversion`.

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
    return with_rates(pl.concat(counts), keys=[by] if by else [])


def unbroken() -> pl.Expr:
    """The rank of the highest stage up to which every stage was recorded."""
    has_all = [pl.all_horizontal(*(recorded_at(s).is_not_null() for s in STAGES[1 : rank + 1])) for rank in range(1, 6)]
    return pl.sum_horizontal(*(each.cast(pl.Int32) for each in has_all))


def stage_counts(ranked: pl.DataFrame, *, by: str | None, rank: int, stage: str) -> pl.DataFrame:
    """One row per group for one stage; of those that stopped here, the last stage's leads are neither lost nor open."""
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


def with_rates(counts: pl.DataFrame, *, keys: list[str]) -> pl.DataFrame:
    """The share of the stage before, and of all leads, with their intervals."""
    before, first = pl.col("leads").shift(1), pl.col("leads").first()
    ordered = counts.sort(*keys, "rank").with_columns(
        before=before.over(keys) if keys else before, first=first.over(keys) if keys else first
    )
    return ordered.select(
        *keys,
        *("stage", "leads", "observed"),
        imputed=pl.col("leads") - pl.col("observed"),
        lost="lost",
        open="open",
        step_rate=rate("leads", "before"),
        low=wilson_low("leads", "before"),
        high=wilson_high("leads", "before"),
        reach_rate=rate("leads", "first"),
        reach_low=wilson_low("leads", "first"),
        reach_high=wilson_high("leads", "first"),
    )
