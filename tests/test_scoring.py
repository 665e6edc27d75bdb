import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadreport.errors import InputError
from leadreport.scoring import fit_scorecard, score_leads


def leads_with(groups: dict[str, tuple[int, int]], *, attribute: str = "source") -> pl.DataFrame:
    """Leads from (customers, leads) per value."""
    rows = [(value, i < won) for value, (won, leads) in groups.items() for i in range(leads)]
    return pl.DataFrame(rows, schema={attribute: pl.String, "is_customer": pl.Boolean}, orient="row")


def points_of(card, attribute: str, value: str) -> float:
    return card.table.filter(pl.col("attribute") == attribute, pl.col("value") == value)["points"].item()


def row_of(card, attribute: str, value: str) -> dict:
    return card.table.row(by_predicate=(pl.col("attribute") == attribute) & (pl.col("value") == value), named=True)


# The published method, and HubSpot's variant


def test_a_trial_that_closes_at_25_percent_gets_25_points_when_the_benchmark_is_5_percent():
    leads = leads_with({"trial": (5, 20), "newsletter": (0, 60), "webinar": (1, 40)})
    card = fit_scorecard(leads, attributes=["source"], outcome="is_customer", method="close_rate")
    assert card.benchmark == 0.05
    assert points_of(card, "source", "trial") == 25


def test_a_value_at_or_under_the_benchmark_gets_no_points():
    leads = leads_with({"trial": (4, 20), "at": (2, 40), "under": (0, 60)})
    card = fit_scorecard(leads, attributes=["source"], outcome="is_customer", method="close_rate")
    assert card.benchmark == 0.05
    assert points_of(card, "source", "at") == 0
    assert points_of(card, "source", "under") == 0


def test_the_lift_variant_gives_20_points_to_20_percent_when_the_benchmark_is_1_percent():
    leads = leads_with({"demo": (10, 50), "other": (0, 950)})
    card = fit_scorecard(leads, attributes=["source"], outcome="is_customer", method="lift")
    assert points_of(card, "source", "demo") == 20
    assert points_of(card, "source", "other") == 0


def test_the_published_method_takes_a_single_lead_at_its_word():
    leads = leads_with({"fair": (1, 1), "form": (4, 99)})
    card = fit_scorecard(leads, attributes=["source"], outcome="is_customer", method="close_rate")
    assert points_of(card, "source", "fair") == 100


def test_published_points_of_several_attributes_add_up_and_the_best_lead_scores_100():
    leads = pl.DataFrame(
        {"trial": [True, True, False, False], "plan": ["a", "b", "b", "b"], "won": [True, False, False, False]}
    )
    card = fit_scorecard(leads, attributes=["trial", "plan"], outcome="won", method="close_rate")
    assert (points_of(card, "trial", "yes"), points_of(card, "plan", "a")) == (50, 100)
    assert score_leads(leads, card)["score"].to_list() == [100.0, 33.3, 0.0, 0.0]


# The weighted method


def strong_leads(leads: int = 2_000) -> pl.DataFrame:
    """Half of the leads asked for a trial and close at 20 %, the others at 5 %; colour says nothing."""
    return pl.DataFrame(
        {
            "trial": [i % 2 == 0 for i in range(leads)],
            "colour": [("red", "green", "blue")[(i // 40) % 3] for i in range(leads)],
            "won": [i % 10 == 0 if i % 2 == 0 else i % 40 == 1 for i in range(leads)],
        }
    )


def test_a_value_with_few_leads_is_pulled_towards_the_benchmark():
    leads = leads_with({"fair": (3, 6), "form": (300, 3000), "search": (900, 3000), "ads": (10, 994)})
    row = row_of(fit_scorecard(leads, attributes=["source"], outcome="is_customer"), "source", "fair")
    assert row["close_rate"] == 0.5
    assert 0.1733 < row["shrunken_rate"] < 0.45


def test_values_below_the_benchmark_cost_points_and_values_above_give_them():
    card = fit_scorecard(strong_leads(), attributes=["trial", "colour"], outcome="won")
    assert points_of(card, "trial", "yes") > 20
    assert points_of(card, "trial", "no") < -20
    assert all(abs(points_of(card, "colour", colour)) <= 2 for colour in ("red", "green", "blue"))


def test_the_same_attribute_twice_counts_once():
    leads = strong_leads().with_columns(copy="trial")
    once = fit_scorecard(leads, attributes=["trial"], outcome="won")
    twice = fit_scorecard(leads, attributes=["trial", "copy"], outcome="won")
    together = points_of(twice, "trial", "yes") + points_of(twice, "copy", "yes")
    assert together == pytest.approx(points_of(once, "trial", "yes"), abs=2)


def test_fifty_points_double_the_odds_whatever_the_fit():
    for leads in (strong_leads(), leads_with({"a": (40, 400), "b": (200, 400)}).rename({"is_customer": "won"})):
        names = [name for name in leads.columns if name != "won"]
        scored = score_leads(leads, card := fit_scorecard(leads, attributes=names, outcome="won"))
        odds = scored.select(odds=pl.col("expected_close_rate") / (1 - pl.col("expected_close_rate")))["odds"]
        benchmark_odds = card.benchmark / (1 - card.benchmark)
        expected = benchmark_odds * 2 ** ((scored["score"] - 50) / 5)
        assert np.allclose(odds, expected, rtol=1e-4)


def test_the_expected_rates_of_the_training_leads_add_up_to_their_customers():
    leads = strong_leads()
    scored = score_leads(leads, fit_scorecard(leads, attributes=["trial", "colour"], outcome="won"))
    assert scored["expected_close_rate"].sum() == pytest.approx(leads["won"].sum(), rel=0.02)


def test_a_score_is_the_start_and_the_points_of_its_values_added_up_by_hand():
    leads = strong_leads()
    card = fit_scorecard(leads, attributes=["trial", "colour"], outcome="won", pairs=0)
    by_hand = card.start + points_of(card, "trial", "yes") + points_of(card, "colour", "green")
    lead = pl.DataFrame({"trial": [True], "colour": ["green"]})
    assert score_leads(lead, card)["score"].item() == by_hand / 10


def test_fit_and_engagement_add_up_to_the_score():
    leads = strong_leads().rename({"trial": "trial_started_count"})
    card = fit_scorecard(leads, attributes=["trial_started_count", "colour"], outcome="won")
    assert card.weights.select("attribute", "part").rows() == [("trial_started_count", "engagement"), ("colour", "fit")]
    scored = score_leads(leads, card)
    assert np.allclose(scored["fit_score"] + scored["engagement_score"], scored["score"])
    assert scored["engagement_score"].n_unique() == 2


def test_reasons_name_what_gave_and_what_cost_most():
    card = fit_scorecard(strong_leads(), attributes=["trial"], outcome="won", pairs=0)
    scored = score_leads(pl.DataFrame({"trial": [True, False, None]}), card)
    gave, cost, neither = scored["reasons"].to_list()
    assert gave == f"for: trial yes ({points_of(card, 'trial', 'yes') / 10:+.1f})"
    assert cost == f"against: trial no ({points_of(card, 'trial', 'no') / 10:+.1f})"
    assert neither is None or neither == ""


# Values


def test_missing_is_a_value_of_its_own_and_an_unseen_value_counts_as_not_known():
    leads = leads_with({"form": (10, 300), "fair": (150, 300)}).with_columns(
        source=pl.when(pl.int_range(pl.len()) % 3 == 0).then(None).otherwise("source")
    )
    card = fit_scorecard(leads, attributes=["source"], outcome="is_customer")
    assert row_of(card, "source", "not known")["leads"] == 200
    scored = score_leads(pl.DataFrame({"source": [None, "never seen", ""]}), card)
    assert scored["score"].n_unique() == 1


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["fair", "form"])])
def test_texts_are_the_same_whatever_polars_calls_them(dtype):
    leads = leads_with({"form": (10, 300), "fair": (150, 300)})
    card = fit_scorecard(leads, attributes=["source"], outcome="is_customer")
    scored = score_leads(leads.with_columns(pl.col("source").cast(dtype)), card)
    assert scored["score"].equals(score_leads(leads, card)["score"])
    assert fit_scorecard(
        leads.with_columns(pl.col("source").cast(dtype)), attributes=["source"], outcome="is_customer"
    ).table.equals(card.table)


def test_a_number_that_has_become_text_is_refused():
    leads = pl.DataFrame({"visits": [1, 2, 3, 4], "won": [True, False, True, False]})
    card = fit_scorecard(leads, attributes=["visits"], outcome="won")
    with pytest.raises(InputError, match="was a number when the card was made"):
        score_leads(leads.with_columns(pl.col("visits").cast(pl.String)), card)


def test_rare_values_are_pooled_and_listed():
    leads = leads_with({"form": (10, 100), "fair a": (1, 2), "fair b": (0, 3)})
    card = fit_scorecard(leads, attributes=["source"], outcome="is_customer")
    assert row_of(card, "source", "rare values")["leads"] == 5
    assert card.rare.rows() == [("source", "fair a"), ("source", "fair b")]


def test_every_lead_is_in_one_value_of_every_attribute():
    card = fit_scorecard(strong_leads(), attributes=["trial", "colour"], outcome="won")
    assert card.table.group_by("attribute").agg(pl.col("leads", "customers").sum()).sort("attribute").rows() == [
        ("colour", 2000, 250),
        ("trial", 2000, 250),
    ]


def test_numbers_fall_into_few_bins_with_round_edges():
    employees = [i % 500 for i in range(5_000)]
    leads = pl.DataFrame({"employees": employees, "won": [e >= 200 and i % 3 == 0 for i, e in enumerate(employees)]})
    card = fit_scorecard(leads, attributes=["employees"], outcome="won")
    assert card.table["value"].to_list() == ["under 200", "200 and more", "not known"]


def test_bins_rise_where_the_data_rise():
    rng = np.random.default_rng(1)
    visits = rng.exponential(10, 3_000).round()
    leads = pl.DataFrame({"visits": visits, "won": rng.random(3_000) < visits / (visits + 20)})
    card = fit_scorecard(leads, attributes=["visits"], outcome="won")
    points = card.table.filter(pl.col("value") != "not known")["points"]
    assert points.is_sorted()
    assert 3 <= len(points) <= 8


# Nothing to learn, and little


def test_on_shuffled_outcomes_the_points_shrink_to_about_nothing_and_the_card_says_so():
    rng = np.random.default_rng(7)
    columns = {f"a{j}": rng.integers(0, 6, 2_000).astype(str) for j in range(8)}
    leads = pl.DataFrame(columns | {"visits": rng.normal(size=2_000), "won": rng.random(2_000) < 0.1})
    card = fit_scorecard(leads, attributes=[*columns, "visits"], outcome="won")
    assert card.table["points"].abs().max() <= 10
    assert "nothing to score with" in card.verdict


def test_five_leads_of_which_two_won_stay_near_the_benchmark_and_the_interval_says_why():
    leads = pl.DataFrame({"country": ["a", "a", "b", "b", "b"], "won": [True, True, False, False, False]})
    scored = score_leads(leads, fit_scorecard(leads, attributes=["country"], outcome="won"))
    assert scored["expected_close_rate"].is_between(0.35, 0.5).all()
    assert (scored["expected_close_rate_high"] - scored["expected_close_rate_low"] > 0.5).all()


def test_without_any_customer_there_is_nothing_to_score_with():
    card = fit_scorecard(leads_with({"form": (0, 10), "fair": (0, 10)}), attributes=["source"], outcome="is_customer")
    assert "nothing to score with" in card.verdict
    assert card.table["points"].to_list() == [0, 0, 0]


# Laws


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_row_order_does_not_matter(seed):
    leads = strong_leads(400).with_columns(visits=pl.int_range(pl.len()) % 17)
    shuffled = leads.sample(fraction=1, shuffle=True, seed=seed)
    names = ["trial", "colour", "visits"]
    assert fit_scorecard(leads, attributes=names, outcome="won").table.equals(
        fit_scorecard(shuffled, attributes=names, outcome="won").table
    )


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", None]), st.none() | st.integers(-5, 5), st.none() | st.booleans(), st.booleans()
        ),
        min_size=1,
        max_size=40,
    ),
    method=st.sampled_from(["weighted", "close_rate", "lift"]),
)
def test_any_leads_can_be_scored(rows, method):
    schema = {"source": pl.String, "visits": pl.Int64, "trial": pl.Boolean, "won": pl.Boolean}
    leads = pl.DataFrame(rows, schema=schema, orient="row")
    card = fit_scorecard(leads, attributes=["source", "visits", "trial"], outcome="won", method=method)
    scored = score_leads(leads, card)
    assert scored["score"].is_between(0, 100).all()
    low, rate, high = (scored[f"expected_close_rate{end}"] for end in ("_low", "", "_high"))
    assert ((low <= rate) & (rate <= high)).all()


# Errors


def test_a_missing_attribute_is_named_with_its_nearest_neighbour():
    with pytest.raises(InputError, match="did you mean 'source'"):
        fit_scorecard(leads_with({"a": (1, 2)}), attributes=["sources"], outcome="is_customer")


def test_a_date_cannot_be_scored():
    leads = pl.DataFrame({"day": pl.Series(["2026-01-01"]).str.to_date(), "won": [True]})
    with pytest.raises(InputError, match="days before the lead is scored"):
        fit_scorecard(leads, attributes=["day"], outcome="won")


def test_an_outcome_must_be_true_or_false():
    with pytest.raises(InputError, match="must be true or false"):
        fit_scorecard(pl.DataFrame({"a": ["x"], "won": [1]}), attributes=["a"], outcome="won")


def test_an_unknown_method_is_refused():
    with pytest.raises(InputError, match="did you mean 'weighted'"):
        fit_scorecard(leads_with({"a": (1, 2)}), attributes=["source"], outcome="is_customer", method="weigted")
