"""The limits of scoring, each with one case just inside and one just outside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from leadreport.policy import parse_policy, preset_text
from leadreport.scoring import (
    close_rates,
    fit_scorecard,
    leakage_audit,
    leaks_note,
    mature_leads,
    newest_leads,
    policy_backtest,
    policy_scorecard,
    policy_thresholds,
    recalibrate,
    recent_leads,
    stability,
    training_leads,
    unseen_leads,
)
from leadreport.scoring.weights import kept_share

POLICY = parse_policy(preset_text("startup"))
HORIZON = POLICY.horizon_days("lead", "customer")
NOW = datetime(2026, 11, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def leads_created(*parts: tuple[float, int, int]) -> pl.DataFrame:
    """Leads from (days ago, customers, leads); customers bought after a day; half came by each channel."""
    rows = [
        (
            ago(days),
            i < won,
            ago(days - 1) if i < won else None,
            ("search", "events")[i % 2],
            ("form", "fair")[i // 2 % 2],
        )
        for days, won, leads in parts
        for i in range(leads)
    ]
    schema = {
        "created_at": pl.Datetime("us", "UTC"),
        "is_customer": pl.Boolean,
        "customer_at": pl.Datetime("us", "UTC"),
        "channel": pl.String,
        "source": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").with_row_index("lead_id").cast({"lead_id": pl.String})


# Which leads


def test_a_lead_is_mature_from_the_day_its_horizon_ends():
    facts = pl.DataFrame({"lead_id": ["in", "out"], "created_at": [ago(HORIZON), ago(HORIZON) + SECOND]})
    assert mature_leads(facts, as_of=NOW, policy=POLICY)["lead_id"].to_list() == ["in"]


def test_a_young_lead_that_has_closed_is_not_mature():
    facts = pl.DataFrame({"lead_id": ["won", "lost"], "created_at": [ago(HORIZON - 1)] * 2, "lost_at": [None, NOW]})
    assert mature_leads(facts, as_of=NOW, policy=POLICY).is_empty()


def test_all_leads_train_a_card_while_none_is_mature():
    young = leads_created((1.5, 0, 8))
    assert training_leads(young, as_of=NOW, policy=POLICY).height == 8
    assert training_leads(leads_created((1.5, 0, 8), (HORIZON, 0, 3)), as_of=NOW, policy=POLICY).height == 3


def test_recent_leads_are_a_quarter_of_mature_ones_and_newest_leads_the_last_quarter():
    facts = pl.DataFrame(
        {"created_at": [ago(HORIZON + 91), ago(HORIZON + 91) + SECOND, ago(HORIZON), ago(HORIZON) + SECOND]}
    )
    assert recent_leads(facts, policy=POLICY, as_of=NOW).height == 2
    facts = pl.DataFrame({"created_at": [ago(91) - SECOND, ago(91)]})
    assert newest_leads(facts, as_of=NOW).height == 1


# Recalibration


@pytest.mark.parametrize(("customers", "is_moved"), [(10, True), (9, False)])
def test_expected_rates_are_recalibrated_from_ten_recent_customers_on(customers, is_moved):
    facts = leads_created((HORIZON + 200, 400, 2000), (HORIZON + 10, customers, 1000))
    card = policy_scorecard(facts, policy=POLICY, as_of=NOW)
    assert (card.recalibration is not None) == is_moved


@pytest.mark.parametrize(("customers", "is_moved"), [(119, False), (120, True), (81, False), (80, True)])
def test_recent_customers_move_the_card_beyond_two_standard_errors(customers, is_moved):
    def leads(won: int) -> pl.DataFrame:
        return pl.DataFrame({"a": ["x", "y"] * 5_000, "won": [i < won for i in range(10_000)]}).with_columns(
            a=pl.lit("x")
        )

    card = fit_scorecard(leads(100), attributes=["a"], outcome="won")  # 100 expected, standard error 9.95, limit 19.5
    assert (recalibrate(card, leads(customers)).recalibration is not None) == is_moved


# The card


def test_a_card_can_score_from_evidence_that_chance_gives_once_in_a_thousand_on():
    card = fit_scorecard(leads_created((200, 4, 40)), attributes=["channel"], outcome="is_customer")
    assert replace(card, evidence=10.83).can_score
    assert not replace(card, evidence=10.82).can_score
    assert "nothing to score with" in replace(card, evidence=10.82).verdict


def test_no_evidence_leaves_no_weight():
    assert [kept_share(evidence) for evidence in (-3.0, 0.0, 1.0, 2.0, 100.0)] == [0, 0, 0, 0.5, 0.99]


def test_a_text_with_five_leads_has_a_name_and_one_with_four_is_rare():
    names = ["form"] * 50 + ["a"] * 5 + ["b"] * 4 + ["c"] * 4
    leads = pl.DataFrame({"source": names, "won": [i % 5 == 0 for i in range(63)]})
    card = fit_scorecard(leads, attributes=["source"], outcome="won")
    assert card.table["value"].to_list() == ["a", "form", "rare values", "not known"]
    assert card.rare["value"].to_list() == ["b", "c"]


def test_a_single_rare_text_keeps_its_name():
    leads = pl.DataFrame({"source": ["form"] * 50 + ["b"] * 4, "won": [i % 5 == 0 for i in range(54)]})
    card = fit_scorecard(leads, attributes=["source"], outcome="won")
    assert card.table["value"].to_list() == ["b", "form", "not known"]


# Judging


def test_the_backtest_needs_ten_customers_on_either_side():
    def judged(before: int, after: int):
        facts = leads_created((3 * HORIZON + 10, before, 400), (HORIZON + 50, after, 400))
        return policy_backtest(facts, policy=POLICY, as_of=NOW)

    assert judged(10, 10).methods["method"].to_list() == ["close_rate", "lift", "weighted", "naive_bayes"]
    assert judged(10, 10).note.startswith("On later leads a customer outscores another lead")
    for before, after in ((9, 10), (10, 9)):
        nothing = judged(before, after)
        assert nothing.note.startswith("Too few customers")
        assert [frame.height for frame in (nothing.methods, nothing.calibration, nothing.deciles)] == [0, 0, 0]
        assert nothing.calibration_of("weighted").columns == judged(10, 10).calibration.columns
        assert nothing.methods.schema == judged(10, 10).methods.schema


def test_the_usual_thresholds_count_leads_against_the_target_of_the_policy():
    policy = POLICY.model_copy(update={"targets": POLICY.targets.model_copy(update={"mqls_per_week": 2.0})})
    scored = pl.DataFrame(
        {"score": [39.9, 40.0, 65.0, 65.1], "is_customer": [True] * 4, "created_at": [ago(14), ago(7), ago(3), ago(0)]}
    )
    newest = pl.DataFrame({"score": [39.9, *[40.0] * 38, 50.0]})
    table = policy_thresholds(scored, newest, policy=policy)
    assert table.select("threshold", "leads", "leads_per_week", "capacity_rate").row(0) == (40.0, 3, 3.0, 1.5)
    assert table["threshold"].to_list() == [40, 45, 50, 55, 60, 65]
    assert table["leads"].to_list() == [3, 2, 2, 2, 2, 2]


def test_close_rates_of_thresholds_come_from_leads_that_the_card_has_not_seen():
    facts = leads_created((3 * HORIZON + 10, 40, 400), (HORIZON + 50, 12, 100), (5, 0, 90))
    unseen = unseen_leads(facts, policy=POLICY, as_of=NOW)
    assert (unseen.height, unseen["is_customer"].sum()) == (100, 12)
    few = unseen_leads(facts.filter(pl.col("lead_id").cast(pl.Int64) > 430), policy=POLICY, as_of=NOW)
    assert policy_thresholds(few, few, policy=POLICY)["close_rate"].null_count() == 6


# Drift


@pytest.mark.parametrize(
    ("share", "verdict"), [(655, "stable"), (656, "watch"), (739, "watch"), (740, "refit")]
)  # psi 0.0994, 0.1007, 0.2487, 0.2510
def test_the_limits_of_the_stability_index_are_a_tenth_and_a_quarter(share, verdict):
    leads = pl.DataFrame({"a": ["x", "y"] * 500, "won": [i % 9 == 0 for i in range(1_000)]})
    recent = pl.DataFrame({"a": ["x"] * share + ["y"] * (1_000 - share)})
    card = fit_scorecard(leads, attributes=["a"], outcome="won")
    assert stability(recent, card).row(1, named=True)["verdict"] == verdict


@pytest.mark.parametrize(("share", "is_noise"), [(543, True), (544, False)])
def test_a_movement_within_chance_is_noise(share, is_noise):
    """With 1,000 leads before and after, chance explains a stability index up to 3.84 / 500 = 0.00768."""
    leads = pl.DataFrame({"a": ["x", "y"] * 500, "won": [i % 9 == 0 for i in range(1_000)]})
    recent = pl.DataFrame({"a": ["x"] * share + ["y"] * (1_000 - share)})
    card = fit_scorecard(leads, attributes=["a"], outcome="won")
    assert stability(recent, card).row(1, named=True)["is_noise"] == is_noise


def test_without_recent_leads_nothing_is_compared():
    leads = pl.DataFrame({"a": ["x", "y"] * 50, "won": [i % 9 == 0 for i in range(100)]})
    card = fit_scorecard(leads, attributes=["a"], outcome="won")
    assert stability(leads.clear(), card).is_empty()


# Leaks


def audited(values: list, won: list[bool], **columns: list) -> dict:
    leads = pl.DataFrame({"a": values, "won": won, **columns}, strict=False)
    return leakage_audit(leads, attributes=["a"], outcome="won").row(0, named=True)


@pytest.mark.parametrize(("late", "is_suspect"), [(1, False), (2, True)])
def test_an_attribute_leaks_when_it_was_set_late_for_more_than_a_twentieth_of_the_customers(late, is_suspect):
    won = [i < 20 for i in range(400)]
    set_at = [NOW if i < late else ago(9) for i in range(400)]
    found = audited([("x", "y")[i % 2] for i in range(400)], won, a_at=set_at, won_at=[ago(1)] * 400)
    assert found["late_rate"] == late / 20
    assert found["is_suspect"] == is_suspect


@pytest.mark.parametrize(("filled", "is_suspect"), [(59, False), (60, True)])
def test_an_attribute_leaks_when_its_fill_rates_are_half_of_all_leads_apart(filled, is_suspect):
    won = [i < 100 for i in range(200)]
    values = ["x" if i < filled or i >= 190 else None for i in range(200)]
    found = audited(values, won)
    assert (found["filled_rate_customers"], found["filled_rate_others"]) == (filled / 100, 0.1)
    assert ("filled for" in found["evidence"]) == is_suspect


@pytest.mark.parametrize(("never", "is_suspect"), [(199, False), (200, True)])
def test_an_attribute_leaks_when_a_fifth_of_the_leads_has_a_value_that_hardly_ever_buys(never, is_suspect):
    values = ["none" if i < never else ("x", "y")[i % 2] for i in range(1_000)]
    won = [i >= 200 and i % 2 == (i // 2) % 2 for i in range(1_000)]
    found = audited(values, won)
    assert found["is_suspect"] == is_suspect
    assert not is_suspect or found["evidence"] == "0.0% of the leads with 'none' are customers, 40.0% of all"


@pytest.mark.parametrize(("lost", "is_suspect"), [(999, False), (1_000, True)])
def test_a_stage_leaks_when_one_value_is_mostly_won_and_another_nearly_never(lost, is_suspect):
    values = ["late"] * 400 + ["lost" if i < lost else "early" for i in range(9_600)]
    won = [i < 320 or (i >= 1_400 and i % 20 == 0) for i in range(10_000)]
    found = audited(values, won)
    assert found["evidence"] == ("80% of the leads with 'late' are customers" if is_suspect else "")


@pytest.mark.parametrize(("late", "is_suspect"), [(1, False), (2, True)])
def test_an_attribute_leaks_when_it_is_set_once_leads_are_lost(late, is_suspect):
    won = [i % 4 == 0 for i in range(400)]
    set_at = [NOW if i < 4 * late and i % 4 == 1 else ago(9) for i in range(400)]
    lost_at = [ago(1) if i % 4 == 1 and i < 80 else None for i in range(400)]
    found = audited([("x", "y")[i // 4 % 2] for i in range(400)], won, a_at=set_at, lost_at=lost_at)
    assert found["evidence"] == (f"set at or after the end for {late / 20:.0%} of lost leads" if is_suspect else "")


@pytest.mark.parametrize(("later", "is_suspect"), [(5, False), (6, True)])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_date_leaks_when_it_lies_after_creation(later, is_suspect, as_text):
    dates = [ago(9 if i < later else 10) for i in range(100)]
    values = [f"{date:%Y-%m-%d}" for date in dates] if as_text else dates
    found = audited(values, [i % 2 == 0 for i in range(100)], created_at=[ago(10)] * 100)
    assert ("a date after creation" in found["evidence"]) == is_suspect


@pytest.mark.parametrize(("filled", "leads", "is_suspect"), [(25, 50, False), (24, 50, True), (14, 29, False)])
def test_an_attribute_leaks_when_young_leads_lack_it(filled, leads, is_suspect):
    mature = pl.DataFrame(
        {"a": ["x" if i % 10 < 7 else None for i in range(1_000)], "won": [i // 10 % 8 == 0 for i in range(1_000)]}
    )
    young = pl.DataFrame({"a": ["x" if i < filled else None for i in range(leads)]}, schema={"a": pl.String})
    found = leakage_audit(mature, attributes=["a"], outcome="won", young=young).row(0, named=True)
    assert found["is_suspect"] == is_suspect
    assert not is_suspect or found["evidence"] == "filled late: for 48% of young leads and 70% of mature ones"


@pytest.mark.parametrize(
    ("name", "is_suspect"),
    [
        ("hours_in_proposal", True),
        ("Days to close", True),
        ("dealStage", True),
        ("blast_radius", False),
        ("size", False),
    ],
)
def test_a_name_that_speaks_of_later_makes_a_telling_attribute_suspect(name, is_suspect):
    won = [i % 4 == 0 for i in range(2_000)]
    telling = [float(max(i * 7 % 97, i * 13 % 97 if w else 0)) for i, w in enumerate(won)]
    silent = [float(i * 7 % 97) for i in range(2_000)]
    for values, expected in ((telling, is_suspect), (silent, False)):
        audit = leakage_audit(pl.DataFrame({name: values, "won": won}), attributes=[name], outcome="won")
        assert ("its name speaks" in audit["evidence"].item()) == expected


def test_an_attribute_without_evidence_is_not_called_clean():
    audit = leakage_audit(
        pl.DataFrame({"a": ["x", "y"] * 50, "won": [True, False] * 50}), attributes=["a"], outcome="won"
    )
    assert "does not prove" in leaks_note(audit)
    assert "does not prove" in leaks_note(audit.with_columns(is_used=True))


# Comparisons


@pytest.mark.parametrize(("customers", "verdict"), [(18, "normal variation"), (19, "above the others")])
def test_a_group_differs_when_chance_explains_it_less_than_once_in_twenty(customers, verdict):
    won = [i < customers for i in range(100)] + [i < 8 for i in range(100)]
    leads = pl.DataFrame({"source": ["a"] * 100 + ["b"] * 100, "is_customer": won})
    found = close_rates(leads, by="source").row(0, named=True)
    assert (found["q_value"] <= 0.05) == (verdict == "above the others")
    assert found["verdict"] == verdict


def test_ties_count_half_in_the_auc():
    from leadreport.scoring.measures import auc

    assert auc(np.array([1, 0]), np.array([0.5, 0.5]))[0] == 0.5
