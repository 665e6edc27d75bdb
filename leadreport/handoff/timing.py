"""Too early and too late: both are losses, both are counted."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.clock import working_deadline
from leadreport.facts import is_mature
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
    """How many leads were handed over too early or too late, and how many customers that may have cost (definition 32).

    One row per timing (and value of `by`), in the order of TIMINGS; every lead handed over is in exactly one of them.
    Columns: timing, leads, share_rate with low and high, mature, customers (of the mature), customers_at_stake with
    at_stake_low and at_stake_high.

    - too early: recycled, or rejected for a reason with one of the texts in NOT_READY
    - found by sales first: sales had touched it before it was handed over the first time
    - ready long before: it met the criteria more than seven days before; needs the column `ready_at`
    - gone cold: waited longer than agreed for the first touch, never became SQL, was not rejected, and left or has
      been silent for fourteen days since
    - neither: all others

    At stake is what the mature leads of a timing would have brought at the close rate of all mature leads that were
    touched in time, less what they did bring: an upper bound, since leads differ in more than the hour of a call, and
    negative where they brought more. A lead is mature when the policy's horizon from MQL to customer has passed. Null
    for neither, and when no lead is mature.

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
    mature = is_mature("episode_mql_at", policy=policy, as_of=as_of, stage="mql")
    in_time = leads.filter(mature, pl.col("touch") == "in_time")
    keys = [*([by] if by else []), "timing"]
    counts = leads.group_by(keys).agg(
        leads=pl.len().cast(pl.Int64),
        mature=mature.sum().cast(pl.Int64),
        customers=(mature & pl.col("is_customer")).sum().cast(pl.Int64),
    )
    return (
        every_timing(counts, by=by)
        .with_columns(**share(within=by))
        .with_columns(**at_stake(in_time.height, int(in_time["is_customer"].sum())))
        .select(
            *keys, "leads", "share_rate", "low", "high", "mature", "customers",
            "customers_at_stake", "at_stake_low", "at_stake_high",
        )
    )  # fmt: skip


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
        .with_columns(pl.col("leads", "mature", "customers").fill_null(0))
        .sort(*([by] if by else []), "place")
    )


def share(*, within: str | None) -> dict[str, pl.Expr]:
    """The share of the leads handed over, with its interval."""
    total = pl.col("leads").sum()
    return rate_with_ends("leads", total.over(within) if within else total, name="share_rate", decimals=10)


def at_stake(mature: int, customers: int) -> dict[str, pl.Expr]:
    """What the leads would have brought at the close rate of those touched in time, less what they brought.

    With n mature leads of the timing, c customers among them and p the close rate of those touched in time: n p - c,
    with Wilson's ends of p for those of the stake.
    """
    names = {"name": "customers_at_stake", "low": "at_stake_low", "high": "at_stake_high"}
    rates = rate_with_ends(pl.lit(customers), pl.lit(mature), **names)
    is_loss = (pl.col("timing") != "neither") & (pl.col("mature") > 0)
    return {
        name: pl.when(is_loss).then((pl.col("mature") * each - pl.col("customers")).round(2))
        for name, each in rates.items()
    }
