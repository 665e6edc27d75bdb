"""What happened around a lead: what it did, when sales touched it, its deals, its answers, what sales thought of it."""

from datetime import datetime, timedelta
from math import log

import narwhals.stable.v2 as nw

from leadreport.facts.journey import latest_rows
from leadreport.policy import CRITERIA, Behaviour, Policy

OWN = ("lead", "third_party")
"""Activities by these parties are the lead's own: it did something, or a third party saw it."""

MILLION = 1_000_000
"""Engagement is summed in whole millionths: sums of floats are not the same bytes from run to run."""


def lead_activity(activities: nw.LazyFrame, *, policy: Policy, as_of: datetime) -> nw.LazyFrame:
    """Counts, last time and engagement of what leads did themselves or a third party saw them do.

    Columns: lead_id, activities, activities_30d, last_activity_at, engagement and one count per behaviour that the
    policy's criteria name.
    """
    counts = {
        each.column: count_of(is_counted(each) & is_recent(each.within_days, as_of)) for each in policy.behaviours()
    }
    own = activities.filter(nw.col("by").is_in(OWN))
    return own.group_by("lead_id").agg(
        activities=nw.len().cast(nw.Int64),
        activities_30d=count_of(is_recent(30, as_of)),
        last_activity_at=nw.col("happened_at").max(),
        engagement=engagement(policy, as_of).sum() / MILLION,
        **counts,
    )


def is_counted(behaviour: Behaviour) -> nw.Expr:
    """Whether an activity is one that a behaviour counts, whenever it happened.

    Examples
    --------
    >>> import polars as pl
    >>> seen = pl.DataFrame({"kind": ["webinar", "webinar", "call"], "by": ["lead", "sales", "lead"]})
    >>> nw.from_native(seen).filter(is_counted(Behaviour(("webinar",)))).to_native().rows()
    [('webinar', 'lead')]
    """
    condition = nw.col("kind").is_in(behaviour.kinds)
    if behaviour.channels:
        condition &= nw.col("channel").is_in(behaviour.channels)
    return condition & nw.col("by").is_in([behaviour.by] if behaviour.by else OWN)


def is_recent(days: int | None, as_of: datetime) -> nw.Expr:
    """Whether an activity happened in the last `days` days; always true when `days` is None."""
    start = datetime(1, 1, 1, tzinfo=as_of.tzinfo) if days is None else as_of - timedelta(days=days)
    return nw.col("happened_at") >= nw.lit(start)


def count_of(condition: nw.Expr) -> nw.Expr:
    """The number of rows that meet a condition."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64)


def engagement(policy: Policy, as_of: datetime) -> nw.Expr:
    """An activity's weight in millionths, halved with every half-life that has passed since (definition 19).

    weight x exp(-age x ln 2 / half-life), both in days.
    """
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


def deal_outcomes(deals: nw.LazyFrame) -> nw.LazyFrame:
    """Deals per lead by outcome, with won and open amount.

    Columns: lead_id, deals, won_deals, lost_deals, open_deals, won_at (the first), won_amount, open_amount, currency.
    Amounts are null where no deal of that outcome carries one.
    """
    status = nw.col("status")
    return deals.group_by("lead_id").agg(
        deals=nw.len().cast(nw.Int64),
        won_deals=count_of(status == "won"),
        lost_deals=count_of(status == "lost"),
        open_deals=count_of(status == "open"),
        won_at=nw.when(status == "won").then(nw.col("closed_at")).min(),
        won_amount=amount_of("won"),
        open_amount=amount_of("open"),
        currency=nw.col("currency").min(),
    )


def amount_of(status: str) -> nw.Expr:
    """The summed amount of the deals with a status, summed in whole cents; null when none has an amount."""
    cents = (nw.col("amount") * 100).round(0).cast(nw.Int64)
    has_amount = (nw.col("status") == status) & ~nw.col("amount").is_null()
    total = nw.when(has_amount).then(cents).otherwise(nw.lit(0)).sum() / 100
    return nw.when(count_of(has_amount) > 0).then(total)


def latest_answers(answers: nw.LazyFrame) -> nw.LazyFrame:
    """The latest answer to each qualification criterion, when it was given and by whom.

    Columns: lead_id and for each criterion `answer_{criterion}`, `answer_{criterion}_at`, `answer_{criterion}_by`; null
    where it was never asked. Of two answers at one instant the less hopeful counts.
    """
    latest = latest_rows(answers, at="answered_at", keys=["lead_id", "criterion"], values=["answer", "by"])
    parts = {"": "answer", "_at": "answered_at", "_by": "by"}
    return latest.group_by("lead_id").agg(
        nw.when(nw.col("criterion") == criterion).then(nw.col(column)).min().alias(f"answer_{criterion}{end}")
        for criterion in CRITERIA
        for end, column in parts.items()
    )


def latest_pulse(feedback: nw.LazyFrame) -> nw.LazyFrame:
    """The latest 0-10 that sales gave a lead: [lead_id, pulse]."""
    latest = latest_rows(feedback, at="given_at", keys=["lead_id"], values=["score"])
    return latest.select("lead_id", pulse=nw.col("score").cast(nw.Int64))
