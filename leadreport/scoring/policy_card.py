"""The scorecard of a policy, and the scores of a workspace by it: one for the pages, the lists and the CRM."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from leadreport.facts import is_closed, is_mature
from leadreport.policy import Policy
from leadreport.scoring.card import Scorecard
from leadreport.scoring.drift import recalibrate
from leadreport.scoring.fit import fit_scorecard
from leadreport.scoring.leaks import leakage_audit
from leadreport.scoring.rate_left import STEPS, RateLeft, covered_leads, learn_rate_left, open_states, with_rate_left
from leadreport.scoring.score import score_leads

if TYPE_CHECKING:
    from leadreport.workspace import Workspace

RECENT_DAYS = 91
"""The quarter of leads to which expected rates are recalibrated, and in which drift is looked for."""

YOUNG_DAYS = 28
"""What leads of the last four weeks lack and mature leads have is filled late."""

LEAST_CUSTOMERS = 10
"""With fewer recent customers the expected rates are not recalibrated."""

EXPECTED = {
    "open_leads": pl.String,
    "leads": pl.Int64,
    "expected_customers": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "expected_won_amount": pl.Float64,
}

HIGH_SCORE = 60
"""By the weighted method four times the odds of an average lead."""


def scorecard(ws: "Workspace") -> Scorecard:
    """The scorecard of the workspace's policy, fitted once per opened workspace; see `policy_scorecard`.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> lr.scorecard(ws)
    <Scorecard: weighted, 9 attributes, 0 pairs, 334 of 4,442 leads became customers>
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
    """The facts with score, expected close rate and reasons, and what is left of the rate of each open lead.

    Score, rate and reasons are left out where `can_be_scored` is false; see `with_rate_left` for close_rate_left and
    expected_won_amount.

    Examples
    --------
    >>> import leadreport as lr
    >>> scored = lr.scored_leads(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> scored.filter(pl.col("lead_id") == "L04015")["score"].item()
    61.7
    """
    scored, learnt = scores_and_rate_left(ws)
    return with_rate_left(scored, ws.activities, learnt=learnt, policy=ws.policy, as_of=ws.as_of)


def scores_and_rate_left(ws: "Workspace") -> tuple[pl.DataFrame, RateLeft | None]:
    """The facts with scores, and what age, stage and silence do to a close rate; learnt once per opened workspace."""
    computed = vars(ws)
    if "rate_left" not in computed:
        scored = score_leads(ws.facts, scorecard(ws)) if can_be_scored(ws) else ws.facts
        learnt = learn_rate_left(scored, ws.activities, policy=ws.policy, as_of=ws.as_of)
        computed["rate_left"] = scored, learnt
    return computed["rate_left"]


def expected_customers(ws: "Workspace") -> pl.DataFrame:
    """The customers still expected of today's open leads, of all and of those past the horizon (definition 18a).

    Two rows, `all open leads` and `past the horizon`: open_leads, leads, expected_customers with low and high (95 %,
    for the number that comes), expected_won_amount. No row while fewer than 10 customers are on record.

    Examples
    --------
    >>> import leadreport as lr
    >>> expected = lr.expected_customers(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> expected["open_leads"].to_list()
    ['all open leads', 'past the horizon']
    """
    scored, learnt = scores_and_rate_left(ws)
    amounts = scored_leads(ws).select("lead_id", "expected_won_amount")
    states = open_states(scored, ws.activities, policy=ws.policy, as_of=ws.as_of).join(amounts, on="lead_id")
    groups = {"all open leads": states, "past the horizon": states.filter(pl.col("age_step") == STEPS["age_step"])}
    rows = [
        (name, each.height, *learnt.customers(each), each["expected_won_amount"].sum())
        for name, each in groups.items()
        if learnt is not None
    ]
    return pl.DataFrame(rows, schema=EXPECTED, orient="row")


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
    known = training_leads(facts, as_of=as_of, policy=policy)
    card = fit_scorecard(
        known,
        attributes=used_attributes(facts, policy=policy, as_of=as_of),
        outcome="is_customer",
        method=method or policy.scoring.method,
        policy_version=policy.version,
    )
    if mature_leads(known, policy=policy, as_of=as_of).is_empty():
        return replace(card, is_mature=False)
    recent = recent_leads(known, policy=policy, as_of=as_of)
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
    """The mature leads created since customers are on record; while there are none, all of those leads.

    Where the record of customers begins later than that of leads, earlier leads only look as if they had not bought.
    """
    covered = covered_leads(facts, as_of=as_of)
    known = mature_leads(covered, as_of=as_of, policy=policy)
    return covered if known.is_empty() else known


def mature_leads(facts: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """The leads with a final outcome: as old as the policy's lead-to-customer horizon, by age alone (definition 17).

    A young lead that is open is not a failure, and one that closed is no benchmark: in a young cohort only fast winners
    and fast losers are closed. `facts` has one row per lead with `created_at`.

    Examples
    --------
    >>> from datetime import UTC
    >>> from leadreport.policy import parse_policy, preset_text
    >>> day = lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC)
    >>> facts = pl.DataFrame({
    ...     "lead_id": ["old", "young", "won"],
    ...     "created_at": [day("2026-01-01"), day("2026-06-01"), day("2026-06-01")],
    ... })
    >>> policy = parse_policy(preset_text("startup"))
    >>> mature_leads(facts, as_of=day("2026-07-01"), policy=policy)["lead_id"].to_list()
    ['old']
    """
    return facts.filter(is_mature(policy=policy, as_of=as_of))


def recent_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The newest quarter of leads that have had the whole lead-to-customer horizon to buy."""
    is_known = is_mature(policy=policy, as_of=as_of)
    return facts.filter(is_known, ~is_mature(policy=policy, as_of=as_of - timedelta(days=RECENT_DAYS)))


def newest_leads(facts: pl.DataFrame, *, as_of: datetime) -> pl.DataFrame:
    """The newest quarter of leads, in which drift is looked for."""
    return facts.filter(pl.col("created_at") >= as_of - timedelta(days=RECENT_DAYS))
