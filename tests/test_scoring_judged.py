import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from leadreport.policy import parse_policy, preset_text
from leadreport.scoring import (
    backtest,
    close_rates,
    fit_scorecard,
    leakage_audit,
    mature_leads,
    naive_bayes,
    psi,
    refit_note,
    score_leads,
    split_by_time,
    stability,
    threshold_table,
    with_later_outcome,
)
from leadreport.scoring.measures import auc, average_precision, brier, calibration_by_band, lift_by_decile

MODELS = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "models.py"))["MODELS"]

POLICY = parse_policy(preset_text("startup"))
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


# How well a score does


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=60))
def test_auc_and_average_precision_agree_with_scikit_learn(rows):
    won, score = (np.array(each) for each in zip(*rows, strict=True))
    if won.all() or not won.any():
        assert auc(won, score) == (None, None, None)
        return
    value, low, high = auc(won, score)
    assert value == pytest.approx(roc_auc_score(won, score))
    assert low <= value <= high
    assert average_precision(won, score) == pytest.approx(average_precision_score(won, score))


def test_the_auc_interval_holds_the_truth_nineteen_times_in_twenty():
    rng = np.random.default_rng(5)
    won = np.arange(200) < 40
    truth = 0.7602  # two normal scores one standard deviation apart: Phi(1 / sqrt(2))
    held = 0
    for _ in range(400):
        _, low, high = auc(won, rng.normal(size=200) + won)
        held += low <= truth <= high
    assert 0.92 <= held / 400 <= 0.98


def test_brier_is_the_mean_squared_miss():
    assert brier(np.array([1, 0]), np.array([0.8, 0.4])) == pytest.approx((0.04 + 0.16) / 2)


def test_the_best_tenth_of_ten_leads_is_one_lead():
    deciles = lift_by_decile(np.array([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), np.arange(10, 0, -1))
    assert deciles["lift"].to_list()[:4] == [5.0, 0.0, 0.0, 5.0]
    assert deciles["customers_rate"].to_list() == [0.5, 0.5, 0.5, *[1.0] * 7]


def test_leads_with_equal_scores_are_shared_out_over_the_tenths():
    assert lift_by_decile(np.array([1, 1, 0, 0]), np.ones(4))["lift"].to_list() == [1.0] * 10


def test_calibration_compares_what_was_expected_with_what_came():
    bands = calibration_by_band(np.repeat([0, 1, 0, 1], [90, 10, 50, 50]), np.repeat([0.1, 0.9], [100, 100]))
    assert bands.select("leads", "customers", "expected_rate", "close_rate", "is_met").rows() == [
        (100, 10, 0.1, 0.1, True),
        (100, 50, 0.9, 0.5, False),
    ]


# The backtest


def yearly_leads() -> pl.DataFrame:
    """One lead an hour for 300 days; trials close at 20 %, others at 5 %, after 30 days; some are lost after 20."""
    n = 24 * 300
    created = [day(0) + timedelta(hours=i) for i in range(n)]
    won = [(i // 2) % 5 == 0 if i % 2 else (i // 2) % 20 == 0 for i in range(n)]
    return pl.DataFrame(
        {
            "lead_id": [f"L{i:05d}" for i in range(n)],
            "created_at": created,
            "trial": [i % 2 == 1 for i in range(n)],
            "customer_at": [c + timedelta(days=30) if w else None for c, w in zip(created, won, strict=True)],
            "lost_at": [c + timedelta(days=20) if i % 7 == 3 and not won[i] else None for i, c in enumerate(created)],
        }
    ).with_columns(is_customer=pl.col("customer_at").is_not_null())


def test_a_young_lead_is_neither_a_failure_nor_a_success():
    leads = yearly_leads()
    mature = mature_leads(leads, as_of=day(300), policy=POLICY)
    assert mature["created_at"].max() == day(180)
    assert mature.height == 24 * 180 + 1


def test_training_knows_nothing_that_happened_after_the_split():
    past, later = split_by_time(yearly_leads(), split_at=day(150), as_of=day(300), policy=POLICY)
    assert past["created_at"].max() < day(150)
    assert past.filter("is_customer")["customer_at"].max() < day(150)
    assert past.filter(pl.col("customer_at") >= day(150)).select(pl.col("is_customer").any()).item() is False
    assert later["created_at"].min() >= day(150)
    assert later["created_at"].max() <= day(300) - timedelta(days=120)


def test_what_happens_after_the_split_does_not_change_the_training():
    leads = yearly_leads()
    other = leads.with_columns(
        customer_at=pl.when(pl.col("customer_at") >= day(150)).then(None).otherwise("customer_at")
    ).with_columns(is_customer=pl.col("customer_at").is_not_null())
    one, two = (split_by_time(each, split_at=day(150), as_of=day(300), policy=POLICY)[0] for each in (leads, other))
    assert one.drop("customer_at").equals(two.drop("customer_at"))


def test_a_later_outcome_joins_the_attributes_that_were_known_then():
    then = pl.DataFrame(
        {
            "lead_id": ["a", "b", "c", "d"],
            "visits": [1, 2, 3, 4],
            "is_customer": [False] * 4,
            "lost_at": [None, None, 1, None],
        }
    )
    now = then.with_columns(visits=pl.lit(99), is_customer=pl.col("lead_id") == "b").filter(pl.col("lead_id") != "d")
    assert with_later_outcome(then, now).select("lead_id", "visits", "is_customer").rows() == [
        ("a", 1, False),
        ("b", 2, True),
    ]


def test_every_snapshot_can_have_the_same_time_for_its_outcome():
    then = pl.DataFrame({"lead_id": ["a", "b"], "is_customer": [False, False]})
    now = pl.DataFrame({"lead_id": ["a", "b"], "is_customer": [True, True], "customer_at": [day(10), day(200)]})
    assert with_later_outcome(then, now, until=day(120)).rows() == [("a", True), ("b", False)]


def test_all_methods_stand_side_by_side_on_leads_they_have_not_seen():
    past, later = split_by_time(yearly_leads(), split_at=day(150), as_of=day(300), policy=POLICY)
    judged = backtest(
        past,
        later,
        attributes=["trial"],
        outcome="is_customer",
        models=MODELS,
    )
    assert judged.methods["method"].to_list() == [
        "close_rate",
        "lift",
        "weighted",
        "naive_bayes",
        "logistic_regression",
        "gradient_boosting",
    ]
    assert judged.methods["auc"].n_unique() == 1
    assert judged.methods["leads"].unique().to_list() == [later.height]
    assert judged.deciles.group_by("method").agg(pl.col("customers").sum().round(6))["customers"].n_unique() == 1
    assert judged.calibration.columns[:3] == ["method", "band", "leads"]


def test_a_drifting_base_rate_is_followed_in_the_expected_rates_only():
    def month(wins: int) -> pl.DataFrame:
        return pl.DataFrame({"trial": [i % 2 == 0 for i in range(4000)], "won": [i % 100 < wins for i in range(4000)]})

    still = backtest(month(5), month(20), attributes=["trial"], outcome="won", methods=["weighted"])
    moved = backtest(month(5), month(20), attributes=["trial"], outcome="won", methods=["weighted"], recent=month(20))
    assert still.methods["is_recalibrated"].item() is False
    assert moved.methods["is_recalibrated"].item() is True
    assert still.methods["expected_rate"].item() == pytest.approx(0.05, abs=0.002)
    assert moved.methods["expected_rate"].item() == pytest.approx(0.20, abs=0.002)


def test_naive_bayes_multiplies_shares_as_odoo_does():
    past = pl.DataFrame({"country": ["a", "a", "b", "b", "b"], "won": [True, True, False, False, False]})
    expected = naive_bayes(past, past.head(1), attributes=["country"], outcome="won")
    odds = (2.1 / 3.1) * (2.1 / 2.1) / (0.1 / 3.1)
    assert expected.item() == pytest.approx(odds / (1 + odds))


# Leaks


def leaky_leads() -> pl.DataFrame:
    n = 2_000
    won = [i % 10 == 0 for i in range(n)]
    return pl.DataFrame(
        {
            "lead_id": [f"L{i}" for i in range(n)],
            "source": [("form", "fair", None)[i % 3] for i in range(n)],
            "phone": ["+49" if (i // 10) % 5 else None for i in range(n)],
            "trial": [i % 20 == 0 or i % 4 == 1 for i in range(n)],
            "onboarding": [True if w and i % 30 else None for i, w in enumerate(won)],
            "lost_reason": [None if w or i % 3 else "no budget" for i, w in enumerate(won)],
            "call_seconds": [
                150 + (i * 7) % 450 if w else (i * 7) % (300 if i % 10 < 8 else 600) for i, w in enumerate(won)
            ],
            "contract_on": [day(i % 300) if w else None for i, w in enumerate(won)],
            "budget": [("yes", "no")[i % 2] for i in range(n)],
            "budget_at": [day(200) if i % 40 == 0 else day(5) for i in range(n)],
            "customer_at": [day(100) if w else None for w in won],
            "is_customer": won,
        }
    )


def test_leaks_are_named_and_harmless_attributes_are_not():
    columns = [name for name in leaky_leads().columns if name not in ("is_customer", "customer_at", "budget_at")]
    audit = leakage_audit(leaky_leads(), attributes=columns, outcome="is_customer")
    suspects = audit.filter("is_suspect")
    assert suspects["attribute"].to_list() == ["budget", "call_seconds", "contract_on", "lost_reason", "onboarding"]
    evidence = dict(suspects.select("attribute", "evidence").iter_rows())
    assert evidence["budget"] == "set at or after the outcome for 25% of customers"
    assert evidence["lost_reason"] == "filled for 0% of customers and 33% of the others"
    assert evidence["call_seconds"] == "0.0% of the leads with 'under 150' are customers, 10.0% of all"
    assert not suspects["is_used"].any()


def test_the_policy_may_overrule_the_audit():
    audit = leakage_audit(
        leaky_leads(), attributes=["source", "onboarding"], outcome="is_customer", allowed=["onboarding"]
    )
    assert audit.select("attribute", "is_suspect", "is_used").rows() == [
        ("onboarding", True, True),
        ("source", False, True),
    ]


# Drift


def test_psi_is_the_published_figure():
    assert psi([0.4, 0.3, 0.3], [0.35, 0.25, 0.40]) == pytest.approx(0.0446, abs=5e-5)


def test_the_same_leads_are_stable_and_others_are_not():
    leads = yearly_leads()
    card = fit_scorecard(leads, attributes=["trial"], outcome="is_customer")
    assert stability(leads, card)["psi"].to_list() == [0.0, 0.0]
    moved = stability(leads.filter("trial"), card)
    assert moved["verdict"].to_list() == ["refit", "refit"]
    few = stability(leads.head(9), card)
    assert few["is_noise"].to_list() == [True, True]


def test_the_note_names_what_moved_and_stays_calm_about_chance():
    leads = yearly_leads()
    card = fit_scorecard(leads, attributes=["trial"], outcome="is_customer")
    assert refit_note(stability(leads.filter("trial"), card)).startswith("Refit the card: score moved")
    assert refit_note(stability(leads.head(9), card)).startswith("The card still fits")


# Thresholds, origins, and the closed loop


def test_a_higher_threshold_means_fewer_leads_and_more_missed_customers():
    scored = pl.DataFrame({"score": [10.0, 40.0, 50.0, 60.0, 90.0], "is_customer": [False, True, False, True, None]})
    table = threshold_table(scored, thresholds=[60, 40, 50], weeks=2, weekly_capacity=1)
    assert table.select(
        "threshold", "leads", "leads_per_week", "capacity_rate", "customers", "missed_customers"
    ).rows() == [
        (40.0, 4, 2.0, 2.0, 2, 0),
        (50.0, 3, 1.5, 1.5, 1, 1),
        (60.0, 2, 1.0, 1.0, 1, 1),
    ]
    assert table["close_rate"].to_list() == [2 / 3, 1 / 2, 1.0]


def test_a_threshold_that_nobody_reaches_has_no_close_rate():
    table = threshold_table(pl.DataFrame({"score": [10.0], "is_customer": [True]}), thresholds=[99])
    assert table.select("leads", "close_rate", "missed_rate").row(0) == (0, None, 1.0)


def test_origins_are_judged_by_what_they_close():
    leads = pl.DataFrame(
        {
            "source": ["referral"] * 100 + ["bought_list"] * 400 + [None] * 100,
            "is_customer": [i % 4 == 0 if i < 100 else i % 100 == 0 if i < 500 else i % 20 == 0 for i in range(600)],
        }
    )
    table = close_rates(leads, by="source")
    assert table.select("source", "leads", "customers", "verdict").rows() == [
        ("referral", 100, 25, "above the others"),
        ("unknown", 100, 5, "normal variation"),
        ("bought_list", 400, 4, "below the others"),
    ]


def test_a_score_judges_leads_it_has_not_seen_no_better_than_chance_when_there_is_nothing_to_learn():
    rng = np.random.default_rng(11)
    leads = pl.DataFrame({"a": rng.integers(0, 9, 3000).astype(str), "won": rng.random(3000) < 0.2})
    card = fit_scorecard(leads.head(1500), attributes=["a"], outcome="won")
    later = leads.tail(1500)
    value, low, high = auc(later["won"].to_numpy(), score_leads(later, card)["score"].to_numpy())
    assert low <= 0.5 <= high or value == 0.5
