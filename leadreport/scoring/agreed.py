"""The scorecard that a policy asks for: mature leads, audited attributes, expected rates held to recent leads."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.policy import Policy
from leadreport.scoring.anchor import reanchor
from leadreport.scoring.card import Scorecard
from leadreport.scoring.fit import fit_scorecard
from leadreport.scoring.leaks import leakage_audit
from leadreport.scoring.maturity import mature_leads

RECENT_DAYS = 91
"""The newest mature leads, a quarter's worth, say what the benchmark is by now."""

LEAST_CUSTOMERS = 10
"""With fewer recent customers the benchmark is not moved."""


def teaching_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The mature leads; all leads while none is mature, of which then none has bought: the card says so."""
    known = mature_leads(facts, as_of=as_of, policy=policy)
    return facts if known.is_empty() else known


def audited_attributes(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The leakage audit of the policy's attributes over its mature leads; see `leakage_audit`."""
    known = teaching_leads(facts, as_of=as_of, policy=policy)
    scoring = policy.scoring
    return leakage_audit(
        known, attributes=scoring.attributes, outcome="is_customer", allowed=scoring.allowed_despite_leak
    )


def policy_scorecard(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> Scorecard:
    """The scorecard by which a workspace's leads are scored: one for the pages, the lists and the way back to the CRM.

    Trained on mature leads, from those of the policy's attributes that the audit does not suspect (or the policy
    allows all the same), by the policy's method. When the newest mature leads closed more or less often than chance
    explains, the expected close rates are anchored to them; points and scores stay.

    Raises
    ------
    InputError
        When a column is missing, or the audit leaves no attribute.
    """
    audit = audited_attributes(facts, policy=policy, as_of=as_of)
    kept = set(audit.filter("is_used")["attribute"])
    card = fit_scorecard(
        teaching_leads(facts, as_of=as_of, policy=policy),
        attributes=[name for name in policy.scoring.attributes if name in kept],
        outcome="is_customer",
        method=policy.scoring.method,
        policy_version=policy.version,
    )
    recent = recent_leads(facts, policy=policy, as_of=as_of)
    return reanchor(card, recent) if recent["is_customer"].sum() >= LEAST_CUSTOMERS else card


def recent_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The last quarter of leads that have had the whole horizon to buy."""
    until = as_of - timedelta(days=policy.horizon_days("lead", "customer"))
    return facts.filter(pl.col("created_at") <= until, pl.col("created_at") > until - timedelta(days=RECENT_DAYS))
