"""What a lead did and when sales touched it: counts, recency, decayed engagement, first human touch."""

from datetime import datetime, timedelta
from math import log

import narwhals.stable.v2 as nw

from leadreport.policy import Behaviour, Policy

MILLION = 1_000_000
"""Engagement is summed in whole millionths: sums of floats are not the same bytes from run to run."""


OWN = ("lead", "third_party")
"""Whose activities count for a lead: its own, and those that a third party saw; not those of the company."""


def lead_activity(activities: nw.LazyFrame, *, policy: Policy, as_of: datetime) -> nw.LazyFrame:
    """Counts, last time and engagement of what leads did themselves or a third party saw them do.

    Columns: lead_id, activities, activities_30d, last_activity_at, engagement and one count per behaviour that the
    policy's criteria name.
    """
    own = activities.filter(nw.col("by").is_in(OWN))
    counts = {each.column: counted(shows(each, as_of=as_of)) for each in policy.behaviours()}
    return own.group_by("lead_id").agg(
        activities=nw.len().cast(nw.Int64),
        activities_30d=counted(recent(30, as_of)),
        last_activity_at=nw.col("happened_at").max(),
        engagement=engagement(policy, as_of).sum() / MILLION,
        **counts,
    )


def shows(behaviour: Behaviour, *, as_of: datetime) -> nw.Expr:
    """Whether an activity is one that a criterion counts at the instant."""
    return recent(behaviour.within_days, as_of) & is_counted(behaviour)


def is_counted(behaviour: Behaviour) -> nw.Expr:
    """Whether an activity is of the kinds, channels and party that a criterion counts, whenever it happened."""
    parties = [behaviour.by] if behaviour.by else OWN
    condition = nw.col("kind").is_in(behaviour.kinds) & nw.col("by").is_in(parties)
    return condition & nw.col("channel").is_in(behaviour.channels) if behaviour.channels else condition


def recent(days: int | None, as_of: datetime) -> nw.Expr:
    """Whether an activity lies within so many days before the instant; always, when no days are given."""
    start = datetime(1, 1, 1, tzinfo=as_of.tzinfo) if days is None else as_of - timedelta(days=days)
    return nw.col("happened_at") >= nw.lit(start)


def counted(condition: nw.Expr) -> nw.Expr:
    """How many rows meet a condition."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64)


def engagement(policy: Policy, as_of: datetime) -> nw.Expr:
    """An activity's weight, halved every half-life since it happened, in millionths (SEMANTICS 19)."""
    weight = nw.lit(0.0)
    for kind, value in sorted(policy.scoring.engagement_weights.items()):
        weight = nw.when(nw.col("kind") == kind).then(nw.lit(value)).otherwise(weight)
    age_days = (nw.lit(as_of) - nw.col("happened_at")).dt.total_seconds() / 86_400
    decay = (age_days * (-log(2) / policy.scoring.engagement_half_life_days)).exp()
    return (weight * decay * MILLION).round(0).cast(nw.Int64)


def sales_touches(activities: nw.LazyFrame, episode_mqls: nw.LazyFrame, *, policy: Policy) -> nw.LazyFrame:
    """When a person in sales first reached for the lead: ever, and since its last MQL.

    `episode_mqls` has [lead_id, episode_mql_at]. Columns: lead_id, first_sales_touch_at, first_touch_after_mql_at,
    sales_touches.
    """
    human = (nw.col("by") == "sales") & nw.col("kind").is_in(policy.handoff.human_touches)
    touches = activities.filter(human).select("lead_id", "happened_at").join(episode_mqls, on="lead_id", how="inner")
    at = nw.col("happened_at")
    return touches.group_by("lead_id").agg(
        first_sales_touch_at=at.min(),
        first_touch_after_mql_at=nw.when(at >= nw.col("episode_mql_at")).then(at).min(),
        sales_touches=nw.len().cast(nw.Int64),
    )
