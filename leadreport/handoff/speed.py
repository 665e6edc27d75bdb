"""How fast sales answers: working time from MQL to the first human touch."""

from datetime import datetime

import polars as pl

from leadreport.clock import Period
from leadreport.handoff.groups import keyed
from leadreport.handoff.leads import TOUCHES, handed_over, handed_over_leads
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, age_at_share, kaplan_meier_by, per_group, rate, wilson_high, wilson_low


def speed_to_lead(facts: pl.DataFrame, *, by: str | None = None, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """How many leads sales answered within the agreed time, and how long an answer takes.

    One row per value of `by` (a column, or "week": the ISO week of the hand-over), one row in all when it is None.
    Columns: leads, in_time, late, overdue, not_due, closed_untouched (these five add up to leads), attainment_rate with
    low and high, median_hours, p90_hours, never_contacted, touched_before_mql.

    The rate is in_time / (in_time + late + overdue): who is not yet due is left out, and so is who left before
    anybody called. The hours are working hours at which half, and nine tenths, of the leads have been touched, by
    Kaplan-Meier: a lead nobody has touched counts for as long as it waited. Null where the curve does not get there.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> speed = lr.speed_to_lead(ws.facts, by="owner", policy=ws.policy, as_of=ws.as_of)
    >>> speed.filter(pl.col("high") < 0.5)["owner"].to_list()
    ['Tom Lindner', 'unknown']
    """
    leads = handed_over_leads(keyed(facts, by=by, policy=policy), policy=policy, as_of=as_of)
    speed = per_group(
        leads,
        by,
        leads=pl.len().cast(pl.Int64),
        **{touch: (pl.col("touch") == touch).sum().cast(pl.Int64) for touch in TOUCHES},
        never_contacted=(~pl.col("is_touched")).sum().cast(pl.Int64),
        touched_before_mql=(pl.col("first_sales_touch_at") < pl.col("episode_mql_at")).sum().cast(pl.Int64),
    ).with_columns(**attainment())
    for name, share in (("median_hours", 0.5), ("p90_hours", 0.9)):
        speed = with_hours(speed, touch_curve_of(leads, by=by), name=name, share=share, by=by)
    return speed.select(
        *([by] if by else []), "leads", *TOUCHES, "attainment_rate", "low", "high",
        "median_hours", "p90_hours", "never_contacted", "touched_before_mql",
    )  # fmt: skip


def touch_curve(facts: pl.DataFrame, *, by: str | None = None, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The share of leads touched within so many working hours, never-contacted ones counted as long as they waited.

    One Kaplan-Meier curve per value of `by`: columns at (working hours), at_risk, events, converted_rate, low, high.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> curve = lr.touch_curve(ws.facts, policy=ws.policy, as_of=ws.as_of)
    >>> curve.columns
    ['at', 'at_risk', 'events', 'converted_rate', 'low', 'high']
    """
    return touch_curve_of(
        handed_over_leads(keyed(facts, by=by, policy=policy), policy=policy, as_of=as_of), by=by
    ).with_columns(pl.col("converted_rate", "low", "high").round(10))


def overdue_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The leads that wait for a first call longer than agreed, the longest overdue first.

    Columns: lead_id, owner, team, channel, source, mql_at, waiting_hours, over_by_hours (working hours).

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> overdue = lr.overdue_leads(ws.facts, policy=ws.policy, as_of=ws.as_of)
    >>> overdue["over_by_hours"].is_sorted(descending=True)
    True
    """
    over_by = pl.col("waiting_hours") - policy.handoff.sla_hours
    return (
        handed_over_leads(facts, policy=policy, as_of=as_of)
        .filter(pl.col("touch") == "overdue")
        .select(
            "lead_id", "owner", "team", "channel", "source",
            mql_at="episode_mql_at", waiting_hours=pl.col("waiting_hours").round(2), over_by_hours=over_by.round(2),
        )
        .sort("over_by_hours", "lead_id", descending=[True, False])
    )  # fmt: skip


def slow_owners(facts: pl.DataFrame, *, period: Period, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """Who answers the leads of a period in time less often than the whole team does, by more than chance explains.

    One row per owner whose interval ends below that of all leads: owner, leads, attainment_rate with low and high,
    team_rate (of all leads of the period). Leads without an owner are nobody's.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> quarter = lr.Period(ws.week.shifted(-12).start_on, ws.week.end_on, ws.week.zone)
    >>> lr.slow_owners(ws.facts, period=quarter, policy=ws.policy, as_of=ws.as_of)["owner"].to_list()
    ['Tom Lindner']
    """
    leads = handed_over(facts, period=period)
    team = speed_to_lead(leads, policy=policy, as_of=as_of).row(0, named=True)
    owners = speed_to_lead(leads, by="owner", policy=policy, as_of=as_of)
    return owners.filter(pl.col("owner") != UNKNOWN, pl.col("high") < pl.lit(team["low"], dtype=pl.Float64)).select(
        "owner", "leads", "attainment_rate", "low", "high", team_rate=pl.lit(team["attainment_rate"], dtype=pl.Float64)
    )


def attainment() -> dict[str, pl.Expr]:
    """In time of those that were due."""
    due = pl.sum_horizontal("in_time", "late", "overdue")
    return {
        "attainment_rate": rate("in_time", due).round(10),
        "low": wilson_low("in_time", due).round(10),
        "high": wilson_high("in_time", due).round(10),
    }


def touch_curve_of(leads: pl.DataFrame, *, by: str | None) -> pl.DataFrame:
    return kaplan_meier_by(leads, by=[by] if by else [], duration="waiting_hours", event="is_touched")


def with_hours(speed: pl.DataFrame, curve: pl.DataFrame, *, name: str, share: float, by: str | None) -> pl.DataFrame:
    """The age at which a share has been touched, as a column."""
    hours = age_at_share(curve, share, by=by).with_columns(pl.col("at").round(2)).rename({"at": name})
    return speed.join(hours, on=by, how="left", maintain_order="left") if by else speed.hstack(hours)
