"""Periods, ISO weeks and working time, from the worked examples of the definitions."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadreport.clock import Period, as_instant, iso_week, local_date, week_before, working_deadline, working_hours
from leadreport.errors import InputError
from leadreport.policy import Policy, parse_policy, preset_text

BERLIN = "Europe/Berlin"
STARTUP = parse_policy(preset_text("startup"))


def policy_with(zone: str = BERLIN, **working_hours: object) -> Policy:
    content = STARTUP.model_dump(by_alias=True)
    content["company"]["time_zone"] = zone
    content["working_hours"] |= working_hours
    return Policy.model_validate(content)


def local(text: str, *, zone: str = BERLIN) -> datetime:
    return as_instant(text, zone=zone)


def minutes(start: str, end: str, *, policy: Policy = STARTUP, zone: str = BERLIN) -> int:
    worked = pl.select(working_hours(pl.lit(local(start, zone=zone)), pl.lit(local(end, zone=zone)), policy=policy))
    return round(worked.item() * 60)


# Calendar


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2022-01-01", "2021-W52"),
        ("2020-12-31", "2020-W53"),
        ("2021-01-03", "2020-W53"),
        ("2021-01-04", "2021-W01"),
        ("2024-12-30", "2025-W01"),
        ("2026-12-31", "2026-W53"),
        ("2027-01-01", "2026-W53"),
    ],
)
def test_a_date_belongs_to_the_iso_week_of_its_thursday(day, name):
    assert iso_week(date.fromisoformat(day)) == name


def test_a_period_is_half_open_in_local_time():
    week = Period(date(2026, 11, 9), date(2026, 11, 16), zone=BERLIN)
    instants = pl.DataFrame(
        {"at": ["2026-11-08 22:59", "2026-11-08 23:00", "2026-11-15 22:59", "2026-11-15 23:00", None]}
    ).with_columns(pl.col("at").str.to_datetime("%Y-%m-%d %H:%M", time_zone="UTC"))
    assert instants.select(week.holds(pl.col("at"))).to_series().to_list() == [False, True, True, False, False]


def test_a_week_with_a_clock_change_is_still_seven_days_but_not_168_hours():
    week = Period(date(2026, 10, 19), date(2026, 10, 26), zone=BERLIN)
    assert week.days == 7
    assert week.end_at - week.start_at == timedelta(hours=169)


def test_a_whole_week_is_named_as_such_and_other_periods_by_their_dates():
    assert Period(date(2026, 12, 28), date(2027, 1, 4), zone=BERLIN).name == "2026-W53"
    assert Period(date(2026, 11, 1), date(2026, 12, 1), zone=BERLIN).name == "2026-11-01 to 2026-11-30"


def test_shifting_a_period_keeps_its_length():
    month = Period(date(2026, 3, 1), date(2026, 3, 29), zone=BERLIN)
    assert month.shifted(-1) == Period(date(2026, 2, 1), date(2026, 3, 1), zone=BERLIN)


def test_the_last_weeks_of_a_period_end_where_it_ends():
    week = Period(date(2026, 11, 9), date(2026, 11, 16), zone=BERLIN)
    assert week.last_weeks(1) == week
    assert week.last_weeks(13) == Period(date(2026, 8, 17), date(2026, 11, 16), zone=BERLIN)


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(InputError, match="must end after it starts"):
        Period(date(2026, 3, 2), date(2026, 3, 2), zone=BERLIN)


def test_a_date_means_local_midnight_and_a_time_with_its_own_zone_is_kept():
    assert as_instant(date(2026, 7, 1), zone=BERLIN) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert as_instant("2026-07-01T09:00:00+02:00", zone="America/New_York") == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_what_is_not_a_date_is_refused_with_an_example():
    with pytest.raises(InputError, match="'next monday' is not a date") as error:
        as_instant("next monday", zone=BERLIN)
    assert "2026-11-16" in str(error.value)


def test_an_instant_is_converted_before_it_is_given_a_date():
    late = pl.DataFrame({"at": [datetime(2026, 6, 30, 22, 30, tzinfo=UTC)]})
    assert late.select(local_date(pl.col("at"), zone=BERLIN)).item() == date(2026, 7, 1)


def test_the_week_before_an_instant_is_complete_at_it():
    monday = as_instant("2026-11-16", zone=BERLIN)
    assert week_before(monday, zone=BERLIN).name == "2026-W46"
    assert week_before(monday - timedelta(seconds=1), zone=BERLIN).name == "2026-W45"


# Working time


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-01-02 16:30", "2026-01-05 09:45", 75),
        ("2026-01-03 10:00", "2026-01-05 09:00", 0),
        ("2026-01-07 20:00", "2026-01-08 08:00", 0),
        ("2026-01-08 08:00", "2026-01-09 18:00", 960),
    ],
)
def test_only_the_hours_count_in_which_the_team_was_there(start, end, expected):
    assert minutes(start, end) == expected


def test_a_holiday_is_closed():
    assert minutes("2026-01-02 16:30", "2026-01-05 09:45", policy=policy_with(holidays=[date(2026, 1, 2)])) == 45


def test_a_moment_at_opening_or_closing_time_or_midnight_belongs_to_no_hour_twice():
    assert minutes("2026-01-08 09:00", "2026-01-08 17:00") == 480
    assert minutes("2026-01-08 17:00", "2026-01-09 00:00") == 0
    assert minutes("2026-01-09 00:00", "2026-01-09 09:00") == 0
    assert minutes("2026-01-08 00:00", "2026-01-09 00:00") == 480


def test_weekdays_may_have_different_hours():
    short_friday = policy_with(friday=[time(9), time(13)], saturday=[time(10), time(12)])
    assert minutes("2026-01-08 00:00", "2026-01-12 00:00", policy=short_friday) == 480 + 240 + 120


@pytest.mark.parametrize(("start", "end"), [("2026-03-23", "2026-03-30"), ("2026-10-19", "2026-10-26")])
def test_a_week_with_a_clock_change_has_the_same_office_hours(start, end):
    assert minutes(start, end) == 5 * 480


def test_hours_are_read_in_local_time_on_both_sides_of_a_clock_change():
    assert minutes("2026-03-27 16:00", "2026-03-30 10:00") == 120
    assert minutes("2026-10-23 16:00", "2026-10-26 10:00") == 120


def test_a_night_shift_through_a_clock_change_counts_the_hours_that_passed():
    night = policy_with(sunday=[time(0), time(6)])
    assert minutes("2026-03-29 00:00", "2026-03-29 06:00", policy=night) == 300
    assert minutes("2026-10-25 00:00", "2026-10-25 06:00", policy=night) == 420
    assert minutes("2026-03-22 00:00", "2026-03-22 06:00", policy=night) == 360


def test_a_time_in_the_hour_that_the_clock_repeats_opens_the_first_time_and_closes_the_second():
    """On 25 October 2026 the clock goes from 03:00 back to 02:00: 02:30 comes twice."""
    before, after = "2026-10-24 12:00", "2026-10-25 12:00"
    assert minutes(before, after, policy=policy_with(sunday=(time(0), time(2, 30)))) == 210
    assert minutes(before, after, policy=policy_with(sunday=(time(2, 30), time(6)))) == 270


def test_a_team_that_opens_in_the_hour_that_the_clock_skips_opens_when_it_has_skipped():
    early = policy_with(sunday=[time(2, 30), time(6)])
    assert minutes("2026-03-29 00:00", "2026-03-29 06:00", policy=early) == 180


def test_a_day_that_a_zone_skipped_had_no_hours():
    """Samoa had no 30 December 2011, a Friday."""
    samoa = policy_with("Pacific/Apia")
    assert minutes("2011-12-29 00:00", "2012-01-01 00:00", policy=samoa, zone="Pacific/Apia") == 480


def test_a_team_in_another_zone_works_by_its_own_clock():
    new_york = policy_with("America/New_York")
    assert minutes("2026-01-08 14:00", "2026-01-08 23:00", policy=new_york, zone="UTC") == 480
    assert minutes("2026-01-08 14:00", "2026-01-08 23:00", zone="UTC") == 120


def test_backwards_is_negative():
    assert minutes("2026-01-05 09:45", "2026-01-02 16:30") == -75


def test_a_missing_instant_gives_no_hours():
    start = pl.Series([local("2026-01-08 09:00"), None, local("2026-01-08 09:00")])
    end = pl.Series([local("2026-01-08 12:00"), local("2026-01-08 12:00"), None])
    assert working_hours(start, end, policy=STARTUP).to_list() == [3.0, None, None]


def test_a_frame_without_rows_gives_none():
    none = pl.DataFrame(schema={"a": pl.Datetime("us", "UTC"), "b": pl.Datetime("us", "UTC")})
    assert none.select(hours=working_hours(pl.col("a"), pl.col("b"), policy=STARTUP)).schema == {"hours": pl.Float64}


def test_expressions_series_and_one_fixed_end_agree():
    start = pl.Series("start", [local("2026-01-08 09:00"), local("2026-01-09 16:00")])
    end = local("2026-01-12 10:00")
    as_series = working_hours(start, pl.Series([end, end]), policy=STARTUP)
    as_expression = pl.DataFrame(start).select(working_hours(pl.col("start"), end, policy=STARTUP)).to_series()
    assert as_series.to_list() == as_expression.to_list() == [17.0, 2.0]


def test_placeholders_far_from_now_are_counted_up_to_the_calendars_end():
    assert minutes("1900-01-01", "2026-01-01") == minutes("1970-01-01", "2026-01-01")
    assert minutes("2026-01-01", "2999-12-31") > 70 * 250 * 480


def test_the_deadline_of_a_friday_afternoon_is_on_monday():
    due = working_deadline(pl.Series([local("2026-01-02 16:30"), None]), hours=8, policy=STARTUP)
    assert due.to_list() == [local("2026-01-05 16:30"), None]


def test_a_deadline_at_closing_time_is_not_moved_to_the_next_morning():
    due = working_deadline(pl.Series([local("2026-01-08 09:00"), local("2026-01-08 07:00")]), hours=8, policy=STARTUP)
    assert due.to_list() == [local("2026-01-08 17:00")] * 2


ODD_WEEK = policy_with(
    friday=[time(9), time(13, 30)],
    saturday=[time(22), time(23, 59)],
    sunday=[time(0), time(5)],
    holidays=[date(2026, 3, 26), date(2026, 10, 26)],
)


def is_open(instant: datetime) -> bool:
    """The slow reference: is the team there at this minute?"""
    here = instant.astimezone(ZoneInfo(BERLIN))
    week = ODD_WEEK.working_hours
    hours = week.by_weekday()[here.weekday()]
    return hours is not None and here.date() not in week.holidays and hours[0] <= here.time() < hours[1]


around_clock_changes = st.builds(
    lambda day, minute: day + timedelta(minutes=minute),
    st.sampled_from([datetime(2026, 3, 24, tzinfo=UTC), datetime(2026, 10, 22, tzinfo=UTC)]),
    st.integers(0, 7 * 24 * 60),
)


@settings(max_examples=60, deadline=None)
@given(around_clock_changes, st.integers(0, 4 * 24 * 60))
def test_working_time_is_what_a_minute_by_minute_count_gives(start, length):
    end = start + timedelta(minutes=length)
    counted = sum(is_open(start + timedelta(minutes=minute)) for minute in range(length))
    worked = pl.select(working_hours(pl.lit(start), pl.lit(end), policy=ODD_WEEK)).item()
    assert round(worked * 60, 6) == counted


instants = st.datetimes(datetime(1995, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@settings(max_examples=60, deadline=None)
@given(instants, instants, instants)
def test_working_time_adds_up_over_any_point_between(first, second, third):
    def hours(start: datetime, end: datetime) -> float:
        return pl.select(working_hours(pl.lit(start), pl.lit(end), policy=ODD_WEEK)).item()

    assert hours(first, second) + hours(second, third) == pytest.approx(hours(first, third), abs=1e-6)
    assert hours(first, second) == -hours(second, first)


@settings(max_examples=60, deadline=None)
@given(instants, st.floats(0.01, 200))
def test_at_the_deadline_the_hours_have_passed_and_not_before(start, hours):
    due = pl.select(working_deadline(start, hours=hours, policy=ODD_WEEK)).item()
    instants = pl.DataFrame({"end": [due, due - timedelta(seconds=1)]})
    at, before = instants.select(working_hours(pl.lit(start), pl.col("end"), policy=ODD_WEEK)).to_series()
    assert at == pytest.approx(hours, abs=1e-8)
    assert before < at
