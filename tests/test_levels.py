"""What changed: levels of weekly series are found, dated and remembered, and quiet series stay quiet."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from leadreport.rates import find_levels, scaled_counts, scaled_rates, weekly_headline
from leadreport.rates.levels import DRIFTS, ODD_WEEK, REMEMBERED

MONDAY = date(2025, 1, 6)


def headline(counts, *, trials=None, **options):
    weeks = pl.Series([MONDAY + timedelta(weeks=i) for i in range(len(counts))], dtype=pl.Date)
    frame = pl.DataFrame({"week": weeks.dt.strftime("%G-W%V"), "week_on": weeks})
    values = {"value": counts} if trials is None else {"k": counts, "n": trials}
    return weekly_headline(
        "any", frame.with_columns(**{name: pl.Series(each) for name, each in values.items()}), **options
    )


def week(number):
    return MONDAY + timedelta(weeks=number)


def poisson(mean, weeks, *, dispersion=1.0, seed=7, series=1):
    """Counts with this mean and variance / mean = dispersion."""
    rng = np.random.default_rng(seed)
    if dispersion == 1:
        return rng.poisson(mean, (series, weeks))
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, (series, weeks))


def test_a_value_just_inside_the_limits_is_normal_and_just_outside_is_a_new_level():
    quiet = [50, 46, 55, 49, 52, 44, 57, 51, 48, 50] * 2
    low, high = (headline([*quiet, 50])[name] for name in ("low_limit", "high_limit"))
    for inside in (int(np.ceil(low)), int(np.floor(high))):
        assert headline([*quiet, inside])["verdict"] == "normal variation"
    assert headline([*quiet, int(np.ceil(high)) + 1])["verdict"] == "up"
    assert headline([*quiet, int(np.floor(low)) - 1])["verdict"] == "down"


def test_limits_come_from_inside_the_current_level():
    before, after = [50, 46, 55, 49, 52, 44, 57, 51] * 3, [98, 103, 95, 105, 99, 101, 97, 104]
    row = headline([*before, *after])
    assert (row["changed_on"], row["level_from_on"]) == (week(24), week(0))
    assert (row["level_before"], row["level_after"]) == (50.5, 100.25)
    assert 70 < row["low_limit"] < 100 < row["high_limit"] < 135


@pytest.mark.parametrize("ago", [1, REMEMBERED, REMEMBERED + 1])
def test_a_step_is_remembered_for_thirteen_weeks(ago):
    row = headline([50, 46, 55, 49, 52, 44, 57, 51] * 4 + ([100, 95, 106, 98] * 4)[:ago])
    assert row["verdict"] == ("up" if ago <= REMEMBERED else "normal variation")
    assert row["changed_on"] == (week(32) if ago <= REMEMBERED else None)


def test_a_level_that_came_and_went_is_dated_twice():
    usual = [50, 46, 55, 49, 52, 44, 57, 51]
    levels = find_levels(scaled_counts(usual * 3 + [120, 115, 124, 118, 121] + usual))
    assert levels.starts == (0, 24, 29)


def test_holidays_neither_widen_the_limits_nor_become_a_level():
    usual = [50, 46, 55, 49, 52, 44, 57, 51]
    calm, holiday = headline(usual * 4), headline(usual * 2 + [8] + usual * 2)
    assert holiday["verdict"] == calm["verdict"] == "normal variation"
    assert abs(holiday["low_limit"] - calm["low_limit"]) < 2


def test_an_odd_week_must_lie_far_from_its_level():
    usual = [50, 46, 55, 49, 52, 44, 57, 51] * 3
    far, near = ([*usual[:12], count, *usual[12:]] for count in (10, 35))
    assert find_levels(scaled_counts(far)).odd == {12} and find_levels(scaled_counts(near)).odd == frozenset()
    assert ODD_WEEK == 4.5


def test_two_opposite_changes_do_not_hide_each_other():
    counts = poisson(50, 15)[0].tolist() + poisson(33, 28, seed=3)[0].tolist() + poisson(52, 6, seed=4)[0].tolist()
    row = headline(counts)
    assert row["verdict"] == "up" and abs((row["changed_on"] - week(43)).days) <= 7


def test_a_definition_that_changed_begins_a_level_and_is_no_change_that_was_found():
    counts = [50, 46, 55, 49, 52, 44, 57, 51] * 3 + [30, 33, 28, 31]
    told = headline(counts, redefined_on=[week(24) + timedelta(days=2)])
    assert (headline(counts)["verdict"], told["verdict"]) == ("down", "normal variation")
    assert 25 < told["expected"] < 35


def test_a_slow_drift_is_named_a_drift_with_its_direction():
    row = headline([*[60, 57, 63, 59, 61] * 4, *(60 - 3 * i for i in range(1, 13))])
    assert (row["trend"], row["verdict"]) == ("falling", "down")
    assert row["level_after"] < row["level_before"]
    assert headline([60, 57, 63, 59, 61] * 6)["trend"] == "steady"
    assert max(DRIFTS) == 26


def test_with_fewer_than_eight_earlier_weeks_nothing_is_said():
    assert headline([50, 46, 55, 49, 52, 44, 57, 500])["verdict"] == "too few to say"
    assert headline([50, 46, 55, 49, 52, 44, 57, 51, 52, 500])["verdict"] == "up"
    assert headline([])["verdict"] == "too few to say"


def test_where_even_zero_would_be_normal_there_are_too_few_to_say():
    few = [2, 1, 3, 2, 2, 1, 2, 3, 1, 2] * 2
    assert headline([*few, 0])["verdict"] == headline([*few, 3])["verdict"] == "too few to say"
    assert headline([*few, 14])["verdict"] == "up"


def test_a_rate_is_pooled_until_a_change_by_a_quarter_would_show():
    many, few = headline([300] * 30, trials=[1000] * 30), headline([9] * 30, trials=[30] * 30)
    assert (many["weeks"], many["n"]) == (1, 1000)
    assert few["weeks"] > 4 and few["n"] == 30 * few["weeks"]
    assert few["low_limit"] >= 0.75 * 0.3 or few["weeks"] == 13


def test_a_rate_is_never_pooled_across_a_step():
    row = headline([15, 16, 14, 15] * 6 + [4, 5, 3, 4], trials=[40] * 28)
    assert (row["verdict"], row["weeks"], row["n"]) == ("down", 4, 160)
    assert (row["level_before"], row["level_after"]) == (0.375, 0.1)


def test_a_week_without_leads_weighs_nothing_in_a_rate():
    with_gap = headline([15, 16, 14, 0, 15] * 6, trials=[40, 40, 40, 0, 40] * 6)
    assert with_gap["verdict"] == "normal variation" and 0.3 < with_gap["expected"] < 0.45
    assert headline([0] * 20, trials=[0] * 20)["verdict"] == "too few to say"


def test_levels_per_exposure_do_not_follow_the_exposure():
    spend = np.array([1000.0] * 20 + [2000.0] * 8)
    sqls = (spend / 50).round()
    assert find_levels(scaled_counts(sqls, spend)).starts == (0,)
    assert find_levels(scaled_counts(sqls)).starts == (0, 20)


@pytest.mark.parametrize(("mean", "dispersion"), [(12, 1), (40, 1), (40, 2), (300, 6)])
@pytest.mark.parametrize("weeks", [14, 26])
def test_a_quiet_series_says_that_it_changed_in_about_one_week_in_a_hundred(mean, dispersion, weeks):
    quiet = poisson(mean, weeks, dispersion=dispersion, series=400)
    alarms = [find_levels(scaled_counts(row)).changed is not None for row in quiet]
    assert np.mean(alarms) <= 0.0275  # three standard errors above 1 %


def test_a_quiet_rate_says_that_it_changed_in_about_one_week_in_a_hundred():
    rng = np.random.default_rng(5)
    trials = rng.integers(10, 60, (400, 26))
    alarms = [find_levels(scaled_rates(rng.binomial(n, 0.3), n)).changed is not None for n in trials]
    assert np.mean(alarms) <= 0.0275


@pytest.mark.parametrize(
    ("mean", "times", "after", "share", "dated"),
    [(40, 1.5, 3, 0.7, 0.8), (16, 0.5, 4, 0.6, 0.7), (70, 1.7, 2, 0.9, 0.95)],
)
def test_a_step_that_is_large_enough_is_found_and_dated(mean, times, after, share, dated):
    before, late = poisson(mean, 26, series=60), poisson(mean * times, after, seed=9, series=60)
    found = [find_levels(scaled_counts(np.concatenate(pair))).changed for pair in zip(before, late, strict=True)]
    assert np.mean([one is not None for one in found]) >= share
    assert np.mean([abs(one - 26) <= 1 for one in found if one is not None]) >= dated


def test_the_change_that_is_said_to_be_visible_is_found_four_weeks_in_five():
    series = poisson(40, 26, series=60)
    visible = np.median([headline(row.tolist())["visible_rise"] for row in series])
    late = poisson(visible, 4, seed=9, series=60)
    found = [find_levels(scaled_counts(np.concatenate(pair))).changed for pair in zip(series, late, strict=True)]
    assert 0.65 <= np.mean([one is not None for one in found]) <= 1


def test_a_found_step_is_still_named_ten_weeks_later():
    before, late = poisson(70, 40, series=60), poisson(112, 10, seed=9, series=60)
    found = [find_levels(scaled_counts(np.concatenate(pair))).changed for pair in zip(before, late, strict=True)]
    assert np.mean([one is not None and abs(one - 40) <= 1 for one in found]) >= 0.95
