"""What became of each lead that marketing handed over: touched when, and judged how."""

from datetime import datetime

import polars as pl

from leadreport.clock import Period, working_hours
from leadreport.policy import Policy
from leadreport.words import EXITS

TOUCHES = ("in_time", "late", "overdue", "not_due", "closed_untouched")
"""What happened to the first human touch; the last one is a lead that left, or bought, without any on record."""

VERDICTS = ("accepted", "rejected", "recycled", "undecided")
"""What sales said of the lead: the first stage from SAL upwards, else the latest exit."""


def handed_over(facts: pl.DataFrame, *, period: Period | None = None) -> pl.DataFrame:
    """The leads that became MQL in a period (ever, when none is given), counted in their latest episode.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> week = Period(date(2026, 11, 9), date(2026, 11, 16), zone="Europe/Berlin")
    >>> facts = pl.DataFrame({"lead_id": ["a", "b"], "episode_mql_at": [datetime(2026, 11, 10, tzinfo=UTC), None]})
    >>> handed_over(facts, period=week)["lead_id"].to_list()
    ['a']
    """
    mql_at = pl.col("episode_mql_at")
    return facts.filter(mql_at.is_not_null() if period is None else period.holds(mql_at))


def handed_over_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The facts of every lead handed over, with what became of it.

    Adds `touch` (one of TOUCHES), `is_touched`, `waiting_hours` (working hours from MQL to the first human touch, to
    the lead's exit, or to `as_of`), `verdict` (one of VERDICTS), `verdict_at` and `verdict_reason`.
    """
    touched_at = pl.col("first_touch_after_mql_at")
    left_at = pl.when(has_left()).then(pl.col("stage_at"))
    until = pl.coalesce(touched_at, left_at, pl.lit(as_of))
    return (
        handed_over(facts)
        .with_columns(
            is_touched=touched_at.is_not_null(),
            waiting_hours=working_hours(pl.col("episode_mql_at"), until, policy=policy),
            verdict=verdict(),
        )
        .with_columns(touch=touch(sla_hours=policy.handoff.sla_hours), **verdict_details())
    )


def has_left() -> pl.Expr:
    """The lead is no longer open: it left or bought since it was handed over."""
    is_closed = pl.col("stage").is_in([*EXITS, "customer"])
    return is_closed & (pl.col("stage_at") >= pl.col("episode_mql_at"))


def touch(*, sla_hours: float) -> pl.Expr:
    """In time, late, overdue, not yet due, or closed without a touch (SEMANTICS 29)."""
    is_within = pl.col("waiting_hours") <= sla_hours
    return (
        pl.when("is_touched")
        .then(pl.when(is_within).then(pl.lit("in_time")).otherwise(pl.lit("late")))
        .when(has_left())
        .then(pl.lit("closed_untouched"))
        .when(is_within)
        .then(pl.lit("not_due"))
        .otherwise(pl.lit("overdue"))
    )


def verdict() -> pl.Expr:
    """Accepted once sales took it to SAL or beyond in this episode; rejected or recycled by the later of the two."""
    rejected_at, recycled_at = since_mql("disqualified_at", "lost_at"), since_mql("recycled_at")
    return (
        pl.when(pl.col("episode_sal_at").is_not_null())
        .then(pl.lit("accepted"))
        .when(recycled_at.is_not_null() & (rejected_at.is_null() | (recycled_at > rejected_at)))
        .then(pl.lit("recycled"))
        .when(rejected_at.is_not_null())
        .then(pl.lit("rejected"))
        .otherwise(pl.lit("undecided"))
    )


def verdict_details() -> dict[str, pl.Expr]:
    """When the verdict was given, and why a lead was turned away."""
    is_rejected, is_recycled = (pl.col("verdict") == name for name in ("rejected", "recycled"))
    lost_last = pl.col("lost_at") > pl.col("disqualified_at").fill_null(pl.col("episode_mql_at"))
    rejected_reason = pl.when(lost_last).then(pl.col("lost_reason")).otherwise(pl.col("disqualified_reason"))
    return {
        "verdict_at": pl.when(pl.col("verdict") == "accepted")
        .then(pl.col("episode_sal_at"))
        .when(is_rejected)
        .then(since_mql("disqualified_at", "lost_at"))
        .when(is_recycled)
        .then(pl.col("recycled_at")),
        "verdict_reason": pl.when(is_rejected)
        .then(rejected_reason.fill_null("unknown"))
        .when(is_recycled)
        .then(pl.col("recycled_reason").fill_null("unknown")),
    }


def since_mql(*columns: str) -> pl.Expr:
    """The latest of some instants, when it lies in the current episode."""
    latest = pl.max_horizontal(*columns)
    return pl.when(latest >= pl.col("episode_mql_at")).then(latest)
