"""Which leads teach: old enough to have closed, or closed already."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.policy import Policy

CLOSING = ("customer_at", "lost_at", "disqualified_at")
"""What ends a lead's journey; a recycled lead goes on."""


def mature_leads(facts: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """The leads whose outcome can be taken as final: older than the policy's lead-to-customer horizon, or closed.

    A young lead that is still open is not a failure (SEMANTICS 17). `facts` has one row per lead with `created_at`; of
    `customer_at`, `lost_at` and `disqualified_at` those that are there count as closed.

    Examples
    --------
    >>> from datetime import UTC
    >>> from leadreport.policy import parse_policy, preset_text
    >>> day = lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC)
    >>> facts = pl.DataFrame({
    ...     "lead_id": ["old", "young", "won"],
    ...     "created_at": [day("2026-01-01"), day("2026-06-01"), day("2026-06-01")],
    ...     "customer_at": [None, None, day("2026-06-10")],
    ... })
    >>> policy = parse_policy(preset_text("startup"))
    >>> mature_leads(facts, as_of=day("2026-07-01"), policy=policy)["lead_id"].to_list()
    ['old', 'won']
    """
    horizon = timedelta(days=policy.horizon_days("lead", "customer"))
    return facts.filter(is_mature(facts, as_of=as_of, horizon=horizon))


def is_mature(facts: pl.DataFrame, *, as_of: datetime, horizon: timedelta) -> pl.Expr:
    """Whether a lead is old enough, or its journey has ended."""
    ended = [pl.col(name).is_not_null() & (pl.col(name) < as_of) for name in CLOSING if name in facts.columns]
    return pl.any_horizontal(pl.col("created_at") <= as_of - horizon, *ended)
