"""What became of each lead that marketing handed over: touched when, and judged how."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.clock import Period, working_hours
from leadreport.facts import is_closed
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, named_groups

DUE = ("in_time", "late", "overdue", "closed_overdue")
"""The leads that an answer was due for: only these count towards attainment (definition 29)."""

TOUCHES = (*DUE, "not_due", "closed_before_due")
"""What happened to the first human touch; closed is a lead that left, or bought, without any on record, after the
agreed time had run out or before."""

TURNED_AWAY = ("rejected", "recycled")

VERDICTS = ("accepted", *TURNED_AWAY, "undecided")
"""What sales decided: the first stage from SAL upwards, else the latest exit."""


def handed_over(facts: pl.DataFrame, *, period: Period | None = None, needs_touches: bool = False) -> pl.DataFrame:
    """The leads that became MQL in a period (at any time, when none is given), counted in their latest episode.

    With `needs_touches` there are none when the facts have no touch by sales at all: then who was called is not known.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> week = Period(date(2026, 11, 9), date(2026, 11, 16), zone="Europe/Berlin")
    >>> facts = pl.DataFrame({"lead_id": ["a", "b"], "episode_mql_at": [datetime(2026, 11, 10, tzinfo=UTC), None]})
    >>> handed_over(facts, period=week)["lead_id"].to_list()
    ['a']
    """
    mql_at = pl.col("episode_mql_at")
    leads = facts.filter(mql_at.is_not_null() if period is None else period.holds(mql_at))
    return leads.head(0) if needs_touches and not has_touches(facts) else leads


def has_touches(facts: pl.DataFrame) -> bool:
    """Whether any touch by sales is on record (definition 8a)."""
    return facts["first_sales_touch_at"].is_not_null().any()


def has_acceptances(facts: pl.DataFrame) -> bool:
    """Whether any SAL is on record; without one, what sales accepted is not known (definition 8a)."""
    return facts.select((pl.col("is_sal") & ~pl.col("is_sal_imputed")).any()).item()


def handed_over_leads(facts: pl.DataFrame, *, by: str | None = None, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The facts of every lead handed over, with what became of it.

    Adds `touch` (one of TOUCHES), `is_touched`, `waiting_hours` (working hours from MQL to the first human touch, to
    the lead's exit, or to `as_of`), `verdict` (one of VERDICTS), `verdict_at` and `verdict_reason`. `by` names a
    column whose gaps become "unknown", or "week" or "episode", see `with_groups`.
    """
    touched_at = pl.col("first_touch_after_mql_at")
    left_at = pl.when(has_left()).then(pl.col("stage_at"))
    until = pl.coalesce(touched_at, left_at, pl.lit(as_of))
    return (
        handed_over(with_groups(facts, by=by, policy=policy))
        .with_columns(
            is_touched=touched_at.is_not_null(),
            waiting_hours=working_hours(pl.col("episode_mql_at"), until, policy=policy),
            verdict=verdict(),
        )
        .with_columns(touch=touch(sla_hours=policy.handoff.sla_hours), **verdict_details())
    )


def with_groups(facts: pl.DataFrame, *, by: str | None, policy: Policy | None) -> pl.DataFrame:
    """The facts with the group's column as text and its gaps named (definition 13).

    Two groups are made here: "week", the local ISO week of the hand-over, and "episode", "first time" or "came back".
    """
    if by == "week" and by not in facts.columns and policy:
        local = pl.col("episode_mql_at").dt.convert_time_zone(policy.company.time_zone)
        facts = facts.with_columns(week=local.dt.strftime("%G-W%V").fill_null(UNKNOWN))
    if by == "episode" and by not in facts.columns:
        again = pl.when(pl.col("episodes") > 1).then(pl.lit("came back")).otherwise(pl.lit("first time"))
        facts = facts.with_columns(episode=again)
    return named_groups(facts, by)


def has_left() -> pl.Expr:
    """Whether the lead has left or bought since it was handed over."""
    return is_closed() & (pl.col("stage_at") >= pl.col("episode_mql_at"))


def touch(*, sla_hours: float) -> pl.Expr:
    """One of TOUCHES: was there a touch, did the lead leave without one, and how long had it waited by then."""
    in_time, late, overdue, closed_overdue, not_due, closed_before_due = (pl.lit(name) for name in TOUCHES)
    within = pl.when("is_touched").then(in_time).when(has_left()).then(closed_before_due).otherwise(not_due)
    beyond = pl.when("is_touched").then(late).when(has_left()).then(closed_overdue).otherwise(overdue)
    return pl.when(pl.col("waiting_hours") <= sla_hours).then(within).otherwise(beyond)


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
    is_accepted, is_rejected, is_recycled = (pl.col("verdict") == name for name in VERDICTS[:3])
    lost_last = pl.col("lost_at") > pl.col("disqualified_at").fill_null(pl.col("episode_mql_at"))
    rejected_reason = pl.when(lost_last).then("lost_reason").otherwise("disqualified_reason")
    return {
        "verdict_at": pl.when(is_accepted)
        .then("episode_sal_at")
        .when(is_rejected)
        .then(since_mql("disqualified_at", "lost_at"))
        .when(is_recycled)
        .then("recycled_at"),
        "verdict_reason": pl.when(is_rejected)
        .then(rejected_reason.fill_null(UNKNOWN))
        .when(is_recycled)
        .then(pl.col("recycled_reason").fill_null(UNKNOWN)),
    }


def since_mql(*columns: str) -> pl.Expr:
    """The latest of several instants, if it lies in the current episode."""
    latest = pl.max_horizontal(*columns)
    return pl.when(latest >= pl.col("episode_mql_at")).then(latest)


def is_settled(*, policy: Policy, as_of: datetime) -> pl.Expr:
    """Whether a lead has a verdict, or is older than the policy's horizon from MQL to SAL."""
    return (pl.col("verdict") != "undecided") | has_had_time(policy=policy, as_of=as_of)


def has_had_time(*, policy: Policy, as_of: datetime) -> pl.Expr:
    """Whether a lead is older than the policy's horizon from MQL to SAL, whatever became of it."""
    return pl.col("episode_mql_at") <= as_of - timedelta(days=policy.horizon_days("mql", "sal"))
