"""How fast sales answers: working time from MQL to the first human touch, and what has changed."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil

import polars as pl

from leadreport.clock import Period
from leadreport.handoff.leads import DUE, TOUCHES, handed_over, handed_over_leads, has_acceptances
from leadreport.handoff.verdicts import acceptance
from leadreport.policy import Policy
from leadreport.rates import (
    age_at_share,
    converted_by,
    headlines,
    kaplan_meier_by,
    per_group,
    rate_with_ends,
    weekly_headline,
)
from leadreport.words import HEADLINES

YEAR = 52
"""The weeks whose levels are compared."""

Metric = Callable[..., pl.DataFrame]


def speed_to_lead(facts: pl.DataFrame, *, by: str | None = None, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """How many leads sales answered within the agreed time, and how long an answer takes (definition 29).

    One row per value of `by` (a column, or "week": the ISO week of the hand-over), one row in all when it is None.
    Columns: leads, in_time, late, overdue, closed_overdue, not_due, closed_before_due (these six add up to leads),
    attainment_rate with low and high, median_hours, p90_hours, never_contacted, touched_before_mql.

    The rate is in_time / (in_time + late + overdue + closed_overdue): a lead that was closed without a touch after the
    agreed time had run out stays missed, so closing overdue leads does not improve it. Leads that are not yet due, and
    those closed before they were, are left out. The hours are working hours at which half, and nine tenths, of the
    leads have been touched, by Kaplan-Meier: a lead without a touch counts for as long as it waited. Null where the
    curve does not get there. Leads that sales touched before they were MQLs are counted, not dropped (definition 8).

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> speed = lr.speed_to_lead(ws.facts, by="owner", policy=ws.policy, as_of=ws.as_of)
    >>> speed.filter(pl.col("high") < 0.5)["owner"].to_list()
    ['Tom Lindner', 'unknown']
    """
    leads = handed_over_leads(facts, by=by, policy=policy, as_of=as_of)
    counts = {
        "leads": pl.len(),
        **{touch: (pl.col("touch") == touch).sum() for touch in TOUCHES},
        "never_contacted": (~pl.col("is_touched")).sum(),
        "touched_before_mql": (pl.col("first_sales_touch_at") < pl.col("episode_mql_at")).sum(),
    }
    speed = per_group(leads, by, **{name: count.cast(pl.Int64) for name, count in counts.items()})
    curve = touch_curve_of(leads, by=by)
    for name, share in (("median_hours", 0.5), ("p90_hours", 0.9)):
        speed = with_hours(speed, curve, name=name, share=share, by=by)
    attainment = rate_with_ends("in_time", pl.sum_horizontal(DUE), name="attainment_rate", decimals=10)
    return speed.with_columns(**attainment).select(
        *([by] if by else []), "leads", *TOUCHES, "attainment_rate", "low", "high",
        "median_hours", "p90_hours", "never_contacted", "touched_before_mql",
    )  # fmt: skip


def touch_curve(
    facts: pl.DataFrame,
    *,
    by: str | None = None,
    every_hours: float | None = None,
    policy: Policy,
    as_of: datetime,
) -> pl.DataFrame:
    """The share of leads touched by each working hour; leads without a touch count for as long as they waited.

    One Kaplan-Meier curve per value of `by`: columns at (working hours), at_risk, events, converted_rate, low, high.
    With `every_hours` the curve is read off at these steps, up to ten times the agreed time, for a chart: columns at,
    converted_rate, low, high.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> curve = lr.touch_curve(ws.facts, policy=ws.policy, as_of=ws.as_of)
    >>> curve.columns
    ['at', 'at_risk', 'events', 'converted_rate', 'low', 'high']
    """
    leads = handed_over_leads(facts, by=by, policy=policy, as_of=as_of)
    curve = touch_curve_of(leads, by=by).with_columns(pl.col("converted_rate", "low", "high").round(10))
    if every_hours is None:
        return curve
    steps = int(CURVE_ENDS_AT * policy.handoff.sla_hours / every_hours)
    return converted_by(curve, [step * every_hours for step in range(steps + 1)], by=by).drop_nulls("converted_rate")


CURVE_ENDS_AT = 10
"""Where a chart of the touch curve ends, in multiples of the agreed time."""


def overdue_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The leads that have waited for a first call longer than agreed, the longest overdue first.

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


def touch_curve_of(leads: pl.DataFrame, *, by: str | None) -> pl.DataFrame:
    return kaplan_meier_by(leads, by=[by] if by else [], duration="waiting_hours", event="is_touched")


def with_hours(speed: pl.DataFrame, curve: pl.DataFrame, *, name: str, share: float, by: str | None) -> pl.DataFrame:
    """Adds the age at which a share of the leads has been touched."""
    hours = age_at_share(curve, share, by=by).with_columns(pl.col("at").round(2)).rename({"at": name})
    return speed.join(hours, on=by, how="left", maintain_order="left") if by else speed.hstack(hours)


def handoff_change(facts: pl.DataFrame, *, period: Period, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """Attainment and acceptance of the leads handed over in a period, beside the period of the same length before.

    Two headlines, attainment_rate and acceptance_rate, in the columns of `rates.HEADLINE_COLUMNS`: value with low and
    high (Wilson, 95 %), previous, change, n (leads judged) of the period. The verdict and the levels are those of the
    weeks of a year up to its end (`rates.weekly_headline`, definition 12a). Leads that are not yet due are in no count.
    Acceptance takes time: its leads are those of as many weeks earlier as the policy's MQL-to-SAL horizon is long. A
    rate that the CRM does not record has no value: acceptance without any SAL, attainment without any touch by sales
    (definition 8a).
    """
    now = {"policy": policy, "as_of": as_of}
    due = timedelta(weeks=ceil(policy.horizon_days("mql", "sal") / 7))
    settled = Period(period.start_on - due, period.end_on - due, period.zone)
    leads = facts if has_acceptances(facts) else facts.head(0)
    speed = judged_weeks(facts, speed_to_lead, period, good="in_time", n=DUE, needs_touches=True, **now)
    taken = judged_weeks(leads, acceptance, settled, good="accepted", n=("handed_over",), **now)
    redefined_on, weeks = [change.on for change in policy.changes], period.days // 7
    rows = [
        weekly_headline(name, series, weeks=weeks, redefined_on=redefined_on, false_alarms=HEADLINES[name].false_alarms)
        | {"week": None, "week_on": None}
        for name, series in (("attainment_rate", speed), ("acceptance_rate", taken))
    ]
    return headlines(pl.DataFrame(rows, infer_schema_length=None))


def judged_weeks(
    facts: pl.DataFrame, metric: Metric, period: Period, *, good: str, n: Sequence[str], needs_touches: bool = False,
    policy: Policy, as_of: datetime,
) -> pl.DataFrame:  # fmt: skip
    """Good and judged leads of each week of the year up to the end of a period: week, week_on, k, n."""
    year = Period(period.end_on - timedelta(weeks=YEAR), period.end_on, period.zone)
    leads = handed_over(facts, period=year, needs_touches=needs_touches)
    counts = metric(leads, by="week", policy=policy, as_of=as_of).select("week", k=good, n=pl.sum_horizontal(n))
    days = pl.date_range(year.start_on, year.end_on, "1w", closed="left", eager=True).alias("week_on")
    weeks = pl.DataFrame(days).with_columns(week=pl.col("week_on").dt.strftime("%G-W%V"))
    found = weeks.join(counts, on="week", how="left", maintain_order="left").with_columns(pl.col("k", "n").fill_null(0))
    return found.filter(pl.col("n").cum_sum() > 0)
