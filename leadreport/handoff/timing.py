"""Too early and too late: both are losses, both are counted."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.clock import working_deadline
from leadreport.handoff.leads import handed_over_leads
from leadreport.policy import Policy
from leadreport.rates import rate_with_ends
from leadreport.words import EXITS

TIMINGS = ("too early", "found by sales first", "ready long before", "gone cold", "neither")
NOT_READY = ("not ready", "too early", "timing", "later", "next year", "this year")
"""Texts in the reason of a lead that came too early; a recycled lead did, whatever the reason."""


LATE_AFTER = timedelta(days=7)
"""A lead that had been ready for longer was handed over too late."""

COLD_AFTER = timedelta(days=14)
"""A lead that was called too late has gone cold after this long without any activity."""


def too_early_too_late(facts: pl.DataFrame, *, by: str | None = None, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """How many leads were handed over too early or too late (definition 32).

    One row per timing (and value of `by`), in the order of TIMINGS; every lead handed over is in exactly one of them.
    Columns: timing, leads, share_rate with low and high.

    - too early: recycled, or rejected for a reason with one of the texts in NOT_READY
    - found by sales first: sales had touched it before it was handed over the first time
    - ready long before: it met the criteria more than seven days before; needs the column `ready_at`
    - gone cold: waited longer than agreed for the first touch, never became SQL, was not rejected, and left or has
      been silent for fourteen days since
    - neither: all others

    No customers are set against these counts: the groups are defined by not having bought (definition 38).

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> timing = lr.too_early_too_late(ws.facts, policy=ws.policy, as_of=ws.as_of)
    >>> timing["timing"].to_list()
    ['too early', 'found by sales first', 'ready long before', 'gone cold', 'neither']
    """
    ready_at = pl.col("ready_at") if "ready_at" in facts.columns else pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    timing = timing_of(ready_at, policy=policy, as_of=as_of)
    leads = handed_over_leads(facts, by=by, policy=policy, as_of=as_of).with_columns(timing=timing)
    keys = [*([by] if by else []), "timing"]
    counts = leads.group_by(keys).agg(leads=pl.len().cast(pl.Int64))
    return every_timing(counts, by=by).select(*keys, "leads", **share(within=by))


def timing_of(ready_at: pl.Expr, *, policy: Policy, as_of: datetime) -> pl.Expr:
    """The first of TIMINGS that fits a lead."""
    mql_at = pl.col("episode_mql_at")
    is_not_ready = pl.col("verdict_reason").str.to_lowercase().str.contains_any(list(NOT_READY))
    is_early = (pl.col("verdict") == "recycled") | ((pl.col("verdict") == "rejected") & is_not_ready)
    is_first = (pl.col("episodes") == 1) & (pl.col("first_sales_touch_at") < mql_at)
    is_late, is_cold = ready_at + LATE_AFTER < mql_at, went_cold(policy=policy, as_of=as_of)
    fitting = zip((is_early, is_first, is_late, is_cold), TIMINGS[:-1], strict=True)
    return pl.coalesce(*[pl.when(fits).then(pl.lit(name)) for fits, name in fitting], pl.lit(TIMINGS[-1]))


def went_cold(*, policy: Policy, as_of: datetime) -> pl.Expr:
    """Waited too long for a first touch, and then left or fell silent."""
    waited = pl.col("waiting_hours") > policy.handoff.sla_hours
    due_at = working_deadline(pl.col("episode_mql_at"), hours=policy.handoff.sla_hours, policy=policy)
    is_silent = pl.max_horizontal("last_activity_at", due_at) + COLD_AFTER <= as_of
    is_lost = ~pl.col("is_sql") & (pl.col("verdict") != "rejected")
    return waited & is_lost & (pl.col("stage").is_in(EXITS) | is_silent)


def every_timing(counts: pl.DataFrame, *, by: str | None) -> pl.DataFrame:
    """One row for each timing, 0 where no lead has it, in their order."""
    order = pl.DataFrame({"timing": TIMINGS, "place": range(len(TIMINGS))})
    rows = counts.select(by).unique().join(order, how="cross") if by else order
    keys = [*([by] if by else []), "timing"]
    return (
        rows.join(counts, on=keys, how="left")
        .with_columns(pl.col("leads").fill_null(0))
        .sort(*([by] if by else []), "place")
    )


def share(*, within: str | None) -> dict[str, pl.Expr]:
    """The share of the leads handed over, with its interval."""
    total = pl.col("leads").sum()
    return rate_with_ends("leads", total.over(within) if within else total, name="share_rate", decimals=10)
