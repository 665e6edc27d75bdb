import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from leadreport.errors import InputError
from leadreport.rates import (
    age_at_share,
    converted_by,
    count_ends,
    kaplan_meier,
    kaplan_meier_by,
    rate,
    rate_difference,
    rate_interval,
    unevenness,
    wilson_high,
    wilson_low,
)

GEHAN = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [c == "1" for c in "1110 10 10 0 11 000 11 00000".replace(" ", "")]


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 10, 0.0, 0.2775),
        (5, 5, 0.5655, 1.0),
    ],
)
def test_wilson_gives_the_published_intervals(k, n, low, high):
    assert rate_interval(k, n).select(pl.all().round(4)).row(0)[1:] == (low, high)


def test_a_rate_of_nothing_is_null_not_zero():
    assert rate_interval(0, 0).row(0) == (None, None, None)
    assert pl.select(rate(pl.lit(0), pl.lit(0))).item() is None


def test_many_rates_come_back_in_the_order_given():
    frame = rate_interval(pl.Series([1, 0, 3]), [2, 0, 4])
    assert frame["rate"].to_list() == [0.5, None, 0.75]


def test_more_successes_than_trials_are_refused():
    with pytest.raises(InputError, match="1 of 2 rates have successes outside 0 to trials"):
        rate_interval([3, 1], [2, 2])


def test_the_expressions_give_null_for_a_share_above_one():
    frame = pl.DataFrame({"k": [3], "n": [2]}).select(low=wilson_low("k", "n"), high=wilson_high("k", "n"))
    assert frame.row(0) == (None, None)


@given(n=st.integers(1, 5_000), data=st.data())
@settings(max_examples=60, deadline=None)
def test_wilson_agrees_with_statsmodels(n, data):
    k = data.draw(st.integers(0, n))
    _, low, high = rate_interval(k, n).row(0)
    assert (low, high) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-9)
    assert 0 <= low <= k / n <= high <= 1


@pytest.mark.parametrize(
    ("pairs", "low", "high"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 20), 0.6791, 1.0)],
)
def test_the_difference_of_two_rates_has_the_published_interval(pairs, low, high):
    assert rate_difference(*pairs).select(pl.all().round(4)).row(0)[1:] == (low, high)


@given(n1=st.integers(1, 300), n2=st.integers(1, 300), data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_difference_agrees_with_statsmodels(n1, n2, data):
    k1, k2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    _, low, high = rate_difference(k1, n1, k2, n2).row(0)
    assert (low, high) == pytest.approx(confint_proportions_2indep(k1, n1, k2, n2, method="newcomb"), abs=1e-9)


def test_kaplan_meier_gives_the_published_curve_of_the_gehan_data():
    curve = kaplan_meier(GEHAN, RELAPSED).filter(pl.col("events") > 0)
    assert curve["at"].to_list() == [6, 7, 10, 13, 16, 22, 23]
    assert (1 - curve["converted_rate"]).round(4).to_list() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert (1 - curve["high"][0], 1 - curve["low"][0]) == pytest.approx((0.6197, 0.9516), abs=5e-5)
    assert (1 - curve["high"][-1], 1 - curve["low"][-1]) == pytest.approx((0.1881, 0.6801), abs=5e-5)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_kaplan_meier_agrees_with_lifelines(leads):
    durations, events = zip(*leads, strict=True)
    curve = kaplan_meier(durations, events)
    fitter = KaplanMeierFitter().fit(durations, events)
    expected = 1 - fitter.survival_function_at_times(curve["at"].to_list()).to_numpy()
    assert curve["converted_rate"].to_numpy() == pytest.approx(expected, abs=1e-9)
    bounds = fitter.confidence_interval_.loc[curve["at"].to_list()].to_numpy()
    is_inside = ((curve["converted_rate"] > 0) & (curve["converted_rate"] < 1)).to_numpy()
    ours = np.column_stack([1 - curve["high"].to_numpy(), 1 - curve["low"].to_numpy()])
    assert ours[is_inside] == pytest.approx(bounds[is_inside], abs=1e-9)
    assert (curve["low"] <= curve["converted_rate"] + 1e-12).all()
    assert (curve["high"] >= curve["converted_rate"] - 1e-12).all()


def test_before_the_first_conversion_the_curve_says_how_little_it_knows():
    curve = kaplan_meier([5] * 10, [False] * 10)
    assert curve.select(pl.all().round(4)).row(0) == (5.0, 10, 0, 0.0, 0.0, 0.2775)


def test_when_all_have_converted_the_lower_end_stays_where_it_was():
    curve = kaplan_meier([1, 2], [True, True])
    assert curve["high"].to_list()[-1] == 1.0
    assert curve["low"].to_list()[-1] == curve["low"].to_list()[0]


def test_many_curves_at_once_are_the_same_as_one_by_one():
    frame = pl.DataFrame(
        {"week": ["b"] * 21 + ["a"] * 4, "days": [*GEHAN, 6, 6, 7, 10], "won": [*RELAPSED, True, False, True, True]}
    )
    both = kaplan_meier_by(frame, by="week", duration="days", event="won")
    assert both.filter(week="b").drop("week").equals(kaplan_meier(GEHAN, RELAPSED))
    assert both.filter(week="a").drop("week").equals(kaplan_meier([6, 6, 7, 10], [True, False, True, True]))


def test_beyond_the_last_watched_age_the_curve_does_not_guess():
    answers = converted_by(kaplan_meier(GEHAN, RELAPSED), [3, 6, 24, 36])
    assert answers["converted_rate"].round(4).to_list() == [0.0, 0.1429, 0.5518, None]
    assert answers["high"][0] == pytest.approx(rate_interval(0, 21)["high"][0])


def test_each_group_may_be_asked_about_its_own_age():
    frame = pl.DataFrame({"week": ["a", "a", "b", "b"], "days": [1, 9, 1, 9], "won": [True, False, True, True]})
    curve = kaplan_meier_by(frame, by="week", duration="days", event="won")
    asked = pl.DataFrame({"week": ["a", "b"], "at": [0.5, 9.0]})
    assert converted_by(curve, asked, by="week").select("week", "converted_rate").rows() == [("a", 0.0), ("b", 1.0)]


def test_the_median_age_is_null_when_fewer_than_half_convert():
    assert age_at_share(kaplan_meier(GEHAN, RELAPSED), 0.5)["at"].to_list() == [23.0]
    assert age_at_share(kaplan_meier(GEHAN, RELAPSED), 0.75)["at"].to_list() == [None]


def test_a_lead_without_a_duration_is_refused():
    with pytest.raises(InputError, match="1 of 2 leads have no duration"):
        kaplan_meier([1.0, None], [True, True])


@pytest.mark.parametrize("dispersion", [1.0, 1.72, 3.0])
def test_the_interval_of_a_count_covers_the_truth_however_uneven_weeks_are(dispersion):
    """13 of 52 weeks with 12 expected in each; of 2,000 companies, three standard errors of 95 % are 1.5 points."""
    rng = np.random.default_rng(4)
    means = (
        rng.gamma(12 / (dispersion - 1), dispersion - 1, (2_000, 52)) if dispersion > 1 else np.full((2_000, 52), 12)
    )
    weeks = rng.poisson(means)
    factors = pl.Series([unevenness(row) for row in weeks])
    fewest, most = count_ends(pl.Series(weeks[:, -13:].sum(axis=1)), factors)
    assert ((fewest <= 13 * 12) & (most >= 13 * 12)).mean() == pytest.approx(0.95, abs=0.015)


def test_unevenness_needs_eight_weeks_and_is_never_below_chance():
    assert unevenness(np.array([9, 1] * 3 + [9])) is None and unevenness(np.array([9, 1] * 4)) > 6
    assert unevenness(np.full(20, 7)) == 1.0 and unevenness(np.zeros(20, dtype=int)) == 1.0


def test_no_count_has_a_lower_end_of_zero_and_an_exact_upper_end():
    fewest, most = count_ends(pl.Series([0, 0]), pl.Series([1.0, 2.0]))
    assert fewest.to_list() == [0.0, 0.0] and most.to_list() == pytest.approx([3.689, 7.378], abs=0.001)
