"""The scorecard of a policy, and the scores of a workspace by it: one for the pages, the lists and the CRM."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from leadreport.facts import is_closed
from leadreport.policy import Policy
from leadreport.scoring.card import Scorecard
from leadreport.scoring.drift import recalibrate
from leadreport.scoring.fit import fit_scorecard
from leadreport.scoring.leaks import leakage_audit
from leadreport.scoring.score import score_leads
from leadreport.words import LOST

if TYPE_CHECKING:
    from leadreport.workspace import Workspace

CLOSING = tuple(f"{stage}_at" for stage in ("customer", *LOST))
"""The instants that end a lead's journey; a recycled lead goes on."""

RECENT_DAYS = 91
"""The quarter of leads to which expected rates are recalibrated, and in which drift is looked for."""

YOUNG_DAYS = 28
"""What leads of the last four weeks lack and mature leads have is filled late."""

LEAST_CUSTOMERS = 10
"""With fewer recent customers the expected rates are not recalibrated."""

HIGH_SCORE = 60
"""By the weighted method four times the odds of an average lead."""


def scorecard(ws: "Workspace") -> Scorecard:
    """The scorecard of the workspace's policy, fitted once per opened workspace; see `policy_scorecard`.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> lr.scorecard(ws)
    <Scorecard: weighted, 9 attributes, 0 pairs, 400 of 4,816 leads became customers>
    """
    computed = vars(ws)  # where the workspace keeps its cached properties
    if "scorecard" not in computed:
        computed["scorecard"] = policy_scorecard(ws.facts, policy=ws.policy, as_of=ws.as_of)
    return computed["scorecard"]


def can_be_scored(ws: "Workspace") -> bool:
    """Whether the leads of a workspace can be scored: the policy's attributes tell its leads apart.

    False while no mature lead has bought, while the attributes tell customers from the rest no better than chance on
    leads that did not make the points, and when the leakage audit leaves no attribute.

    Raises
    ------
    InputError
        When the leads lack an attribute of the policy.
    """
    if ws.facts.is_empty() or used_attributes(ws.facts, policy=ws.policy, as_of=ws.as_of) == []:
        return False
    return scorecard(ws).can_score


def scored_leads(ws: "Workspace") -> pl.DataFrame:
    """The facts with score, expected close rate and reasons; without these where `can_be_scored` is false.

    Examples
    --------
    >>> import leadreport as lr
    >>> scored = lr.scored_leads(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> scored.filter(pl.col("lead_id") == "L04015")["score"].item()
    62.4
    """
    return score_leads(ws.facts, scorecard(ws)) if can_be_scored(ws) else ws.facts


def open_leads_by_score(scored: pl.DataFrame) -> pl.DataFrame:
    """The open leads among scored ones, highest score first."""
    return scored.filter(~is_closed()).sort("score", "lead_id", descending=[True, False])


def high_scores_note(scored: pl.DataFrame) -> str:
    """One sentence: how many of the open leads have a high score.

    Examples
    --------
    >>> high_scores_note(pl.DataFrame({"score": [59.9, 60.0, 71.0]}))
    '2 of 3 open leads score 60 or more.'
    """
    high = scored.filter(pl.col("score") >= HIGH_SCORE).height
    return f"{high:,} of {scored.height:,} open leads score {HIGH_SCORE} or more."


def policy_scorecard(facts: pl.DataFrame, *, policy: Policy, as_of: datetime, method: str | None = None) -> Scorecard:
    """The scorecard of a policy, from the facts of its leads.

    Trained on mature leads, with the policy's attributes that the leakage audit does not suspect or that the policy
    allows all the same, by the policy's method unless another one is named. When the newest mature leads closed more or
    less often than chance explains, the expected close rates are recalibrated to them; points and scores stay.

    Raises
    ------
    InputError
        When a column is missing, or the audit leaves no attribute.
    """
    card = fit_scorecard(
        training_leads(facts, as_of=as_of, policy=policy),
        attributes=used_attributes(facts, policy=policy, as_of=as_of),
        outcome="is_customer",
        method=method or policy.scoring.method,
        policy_version=policy.version,
    )
    recent = recent_leads(facts, policy=policy, as_of=as_of)
    return recalibrate(card, recent) if recent["is_customer"].sum() >= LEAST_CUSTOMERS else card


def audited_attributes(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The leakage audit of the policy's attributes over its mature and young leads; see `leakage_audit`."""
    known = training_leads(facts, as_of=as_of, policy=policy)
    scoring = policy.scoring
    young = facts.filter(pl.col("created_at") >= as_of - timedelta(days=YOUNG_DAYS))
    return leakage_audit(
        known, attributes=scoring.attributes, outcome="is_customer", allowed=scoring.allowed_despite_leak, young=young
    )


def used_attributes(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> list[str]:
    """The policy's attributes that the leakage audit leaves in the score, in the policy's order."""
    audit = audited_attributes(facts, policy=policy, as_of=as_of)
    kept = set(audit.filter("is_used")["attribute"])
    return [name for name in policy.scoring.attributes if name in kept]


def training_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The mature leads; all leads while none is mature (none of them has bought then, and the card says so)."""
    known = mature_leads(facts, as_of=as_of, policy=policy)
    return facts if known.is_empty() else known


def mature_leads(facts: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """The leads with a final outcome: older than the policy's lead-to-customer horizon, or closed.

    A young lead that is still open is not a failure (definition 17). `facts` has one row per lead with `created_at`; of
    `customer_at`, `lost_at` and `disqualified_at` the columns that exist count as closed.

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


def recent_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The newest quarter of leads that have had the whole lead-to-customer horizon to buy."""
    until = as_of - timedelta(days=policy.horizon_days("lead", "customer"))
    return facts.filter(pl.col("created_at") <= until, pl.col("created_at") > until - timedelta(days=RECENT_DAYS))


def newest_leads(facts: pl.DataFrame, *, as_of: datetime) -> pl.DataFrame:
    """The newest quarter of leads, in which drift is looked for."""
    return facts.filter(pl.col("created_at") >= as_of - timedelta(days=RECENT_DAYS))
