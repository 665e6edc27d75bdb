"""What was known of a lead then, and what became of it later: the two sides of an honest test."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.policy import Policy
from leadreport.scoring.maturity import CLOSING, is_mature
from leadreport.scoring.values import require_columns


def split_by_time(
    facts: pl.DataFrame, *, split_at: datetime, as_of: datetime, policy: Policy, outcome: str = "is_customer"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The leads that could have taught at an instant, and the later ones on which that can be judged.

    The first frame has the leads created before the split that were mature then, with the outcome as it was known then.
    The second has those created from the split on that had the policy's whole lead-to-customer horizon by `as_of`, with
    the outcome within that horizon: only a lead that had its time counts as a failure.

    Only for attributes that do not change after a lead is created: counts of activities in `facts` are as of the facts'
    own instant. For those use `with_hindsight`.
    """
    reached_at = f"{outcome.removeprefix('is_')}_at"
    require_columns(facts, ["created_at", reached_at])
    horizon = timedelta(days=policy.horizon_days("lead", "customer"))
    known_then = (pl.col(reached_at) < split_at).fill_null(False)
    in_time = (pl.col(reached_at) - pl.col("created_at") <= horizon).fill_null(False)
    past = facts.filter(pl.col("created_at") < split_at, is_mature(facts, as_of=split_at, horizon=horizon))
    later = facts.filter(pl.col("created_at") >= split_at, pl.col("created_at") <= as_of - horizon)
    return past.with_columns(known_then.alias(outcome)), later.with_columns(in_time.alias(outcome))


def with_hindsight(
    then: pl.DataFrame, now: pl.DataFrame, *, outcome: str = "is_customer", until: datetime | None = None
) -> pl.DataFrame:
    """The leads that were open then, as they were known then, with what has become of them now.

    `then` and `now` are facts of the same workspace as of two instants, the second at least a horizon later. Nothing
    that a lead did after the first instant is in its attributes, so that engagement teaches what it could have told at
    the time. With `until` only outcomes before that instant count: so facts of several earlier instants, each with the
    same time to come true, can be put under one another. A lead that was merged away in between is left out: its
    survivor is counted.

    Examples
    --------
    >>> then = pl.DataFrame({"lead_id": ["a", "b", "c"], "webinars": [2, 0, 1], "is_customer": [False, False, True]})
    >>> now = pl.DataFrame({"lead_id": ["a", "b", "c"], "webinars": [9, 9, 9], "is_customer": [True, False, True]})
    >>> with_hindsight(then, now).rows()
    [('a', 2, True), ('b', 0, False)]
    """
    require_columns(then, ["lead_id", outcome])
    require_columns(now, ["lead_id", outcome])
    gone = [pl.col(name).is_not_null() for name in CLOSING if name in then.columns]
    still_open = then.filter(~pl.any_horizontal(pl.col(outcome), *gone))
    reached_at = f"{outcome.removeprefix('is_')}_at"
    in_time = (pl.col(reached_at) < until).fill_null(False) if until else pl.col(outcome)
    became = now.select("lead_id", in_time.alias(outcome))
    return still_open.drop(outcome).join(became, on="lead_id", how="inner").select(then.columns).sort("lead_id")
