"""The scorecard of a policy, the scores of a workspace, and one score added up by hand."""

from dataclasses import replace

import polars as pl
import pytest

import leadreport as lr
from leadreport.errors import InputError
from leadreport.policy import parse_policy

WS = lr.open_workspace("data/sample", as_of="2026-11-16")


def policy_with(**changes: str):
    text = (WS.folder / "policy.toml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return parse_policy(text)


@pytest.fixture(scope="module")
def card() -> lr.Scorecard:
    return lr.policy_scorecard(WS.facts, policy=WS.policy, as_of=WS.as_of)


def test_what_is_filled_after_the_outcome_is_named_and_left_out(card):
    audit = lr.audited_attributes(WS.facts, policy=WS.policy, as_of=WS.as_of)
    assert audit.filter("is_suspect")["attribute"].to_list() == ["onboarding_call_booked"]
    assert "onboarding_call_booked" not in card.table["attribute"]


def test_the_policy_may_overrule_the_audit():
    allowed = policy_with(**{"allowed_despite_leak = []": 'allowed_despite_leak = ["onboarding_call_booked"]'})
    assert "onboarding_call_booked" in lr.policy_scorecard(WS.facts, policy=allowed, as_of=WS.as_of).table["attribute"]


def test_the_card_knows_under_which_policy_it_was_made(card):
    assert card.policy_version == WS.policy.version


def test_one_score_is_added_up_by_hand_from_the_printed_card(card):
    scored = lr.score_leads(WS.facts.head(50), card)
    for lead_id, score in scored.select("lead_id", "score").iter_rows():
        parts = lr.points_of(scored, card, lead_id=lead_id)
        assert parts["points"].sum() == parts["total"][-1]
        assert parts["total"][-1] / 10 == pytest.approx(score)


def test_points_of_a_lead_that_is_not_there_name_the_nearest(card):
    with pytest.raises(InputError, match="there is no lead 'L0000'"):
        lr.points_of(WS.facts, card, lead_id="L0000")


def test_planted_attributes_earn_points_and_empty_ones_do_not(card):
    points = {
        (attribute, value): p for attribute, value, p in card.table.select("attribute", "value", "points").iter_rows()
    }
    assert min(points["trial_requested", "yes"], points["company_size", "50-249"], points["industry", "software"]) > 10
    assert max(abs(p) for (attribute, _), p in points.items() if attribute in ("country", "email_domain_type")) < 10


def test_on_shuffled_outcomes_there_is_nothing_to_score_with():
    shuffled = WS.facts.with_columns(
        pl.col("is_customer").shuffle(seed=5), customer_at=None, lost_at=None, disqualified_at=None
    )
    used = [name for name in WS.policy.scoring.attributes if name != "onboarding_call_booked"]
    card = lr.fit_scorecard(shuffled, attributes=used, outcome="is_customer")
    assert card.table["points"].abs().max() <= 10
    assert card.verdict.startswith("There is nothing to score with")


# The scores of a workspace


def with_facts(facts: pl.DataFrame, *, policy=WS.policy):
    """The sample's workspace with other facts."""
    ws = replace(WS, policy=policy)
    vars(ws)["facts"] = facts
    return ws


def test_the_card_of_a_workspace_is_fitted_once():
    ws = replace(WS)
    assert lr.scorecard(ws) is lr.scorecard(ws)
    assert lr.scorecard(replace(WS)) is not lr.scorecard(ws)
    assert lr.scorecard_text(lr.scorecard(ws)) == lr.scorecard_text(
        lr.policy_scorecard(WS.facts, policy=WS.policy, as_of=WS.as_of)
    )


def test_scored_leads_are_the_facts_with_score_expected_rate_and_reasons(card):
    scored = lr.scored_leads(WS)
    assert scored.drop("close_rate_left", "expected_won_amount").equals(lr.score_leads(WS.facts, card))
    assert scored["close_rate_left"].count() == lr.open_leads_by_score(scored).height
    assert scored["lead_id"].equals(WS.facts["lead_id"])


def test_open_leads_come_with_the_highest_score_first_and_without_those_that_left():
    scored = lr.scored_leads(WS)
    found = lr.open_leads_by_score(scored)
    assert found["score"].is_sorted(descending=True)
    assert set(found["stage"]) == {"lead", "mql", "sal", "sql", "opportunity"}
    assert found.height == scored.filter(pl.col("stage").is_in(list(found["stage"].unique()))).height


def test_a_workspace_cannot_be_scored_before_anybody_has_bought():
    none = WS.facts.with_columns(is_customer=pl.lit(False), customer_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")))
    ws = with_facts(none)
    assert not lr.can_be_scored(ws)
    assert lr.scored_leads(ws).drop("close_rate_left", "expected_won_amount").equals(none)
    assert lr.expected_customers(ws).is_empty()
    assert "nothing to score with" in lr.scorecard(ws).verdict


def test_a_workspace_cannot_be_scored_when_its_attributes_say_nothing():
    shuffled = WS.facts.with_columns(pl.col("is_customer").shuffle(seed=5))
    assert lr.can_be_scored(WS)
    assert not lr.can_be_scored(with_facts(shuffled, policy=policy_of("country")))


def test_a_workspace_cannot_be_scored_when_the_audit_leaves_no_attribute():
    assert not lr.can_be_scored(with_facts(WS.facts, policy=policy_of("onboarding_call_booked")))


def test_a_workspace_without_leads_cannot_be_scored():
    assert not lr.can_be_scored(with_facts(WS.facts.clear()))


def test_an_attribute_that_the_leads_lack_is_an_error_and_not_a_missing_score():
    with pytest.raises(InputError, match="did you mean 'industry'"):
        lr.can_be_scored(with_facts(WS.facts, policy=policy_of("industri")))


def policy_of(*attributes: str):
    scoring = WS.policy.scoring.model_copy(update={"attributes": list(attributes)})
    return WS.policy.model_copy(update={"scoring": scoring})
