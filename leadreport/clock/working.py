"""Working time: the hours between two instants in which the team is at work."""

from datetime import date, datetime, time
from functools import lru_cache

import polars as pl

from leadreport.policy import Policy

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2100, 1, 1)
"""The calendar's ends; time beyond them is closed."""

MICROSECONDS_PER_HOUR = 3_600_000_000
Hours = tuple[time, time] | None
Instant = pl.Expr | pl.Series | datetime


def working_hours(start: Instant, end: Instant, *, policy: Policy) -> pl.Expr | pl.Series:
    """The working hours from one instant to another: nights, weekends and holidays do not count.

    Expressions (or instants) give an expression, a pair of series gives a series of float hours. Null where either is
    null; negative where the end lies before the start. Opening hours and holidays are the policy's, in its time zone.
    Hours are those that pass while the team is at work: a night shift through the change to summer time is an hour
    shorter.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> friday, monday = datetime(2026, 1, 2, 15, 30), datetime(2026, 1, 5, 8, 45)  # 16:30 and 9:45 in Berlin
    >>> policy = parse_policy(preset_text("startup"))
    >>> pl.select(working_hours(pl.lit(friday), pl.lit(monday), policy=policy)).item()
    1.25
    """
    if isinstance(start, pl.Series) or isinstance(end, pl.Series):
        return pl.select(working_hours(pl.lit(start), pl.lit(end), policy=policy).alias("hours")).to_series()
    worked = worked_until(end, policy=policy) - worked_until(start, policy=policy)
    return worked / MICROSECONDS_PER_HOUR


def working_deadline(start: Instant, *, hours: float, policy: Policy) -> pl.Expr | pl.Series:
    """The instant at which a number of working hours have passed since the start.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> policy = parse_policy(preset_text("startup"))
    >>> pl.select(working_deadline(datetime(2026, 1, 2, 15, 30), hours=1.25, policy=policy)).item().isoformat()
    '2026-01-05T08:45:00+00:00'
    """
    if isinstance(start, pl.Series):
        return pl.select(working_deadline(pl.lit(start), hours=hours, policy=policy).alias("due_at")).to_series()
    days = calendar(policy)
    target = worked_until(start, policy=policy) + round(hours * MICROSECONDS_PER_HOUR)
    day = pl.lit(days["worked_after"]).search_sorted(target).clip(upper_bound=days.height - 1)
    into = target - pl.lit(days["worked_before"]).gather(day)
    due = pl.lit(days["opens_at"]).gather(day) + into
    return pl.when(target.is_not_null()).then(due.cast(pl.Datetime("us", "UTC")))


def worked_until(instant: pl.Expr | datetime, *, policy: Policy) -> pl.Expr:
    """Working time in microseconds from the calendar's first day up to an instant."""
    days = calendar(policy)
    if isinstance(instant, datetime):
        return pl.lit(worked_by(pl.Series([instant]), days=days).item())
    # The whole column at once: as an expression the day would be looked up three times.
    return instant.map_batches(lambda each: worked_by(each, days=days), return_dtype=pl.Int64, is_elementwise=True)


def worked_by(instants: pl.Series, *, days: pl.DataFrame) -> pl.Series:
    """The working time before the last day that opened by each instant, plus the part of that day."""
    at = instants.dt.epoch("us")
    day = (days["opens_at"].search_sorted(at, side="right").cast(pl.Int64) - 1).clip(lower_bound=0)
    into = (at - days["opens_at"].gather(day)).clip(0, days["open_for"].gather(day))
    return days["worked_before"].gather(day) + into


def calendar(policy: Policy) -> pl.DataFrame:
    """One row per day: when it opens, for how long, and the working time before and after it, in microseconds."""
    hours = policy.working_hours
    return calendar_of(tuple(hours.by_weekday()), tuple(hours.holidays), policy.company.time_zone)


@lru_cache(maxsize=8)
def calendar_of(by_weekday: tuple[Hours, ...], holidays: tuple[date, ...], zone: str) -> pl.DataFrame:
    """The calendar of opening hours, holidays and a time zone, from the first day to the last."""
    week = pl.DataFrame(
        {
            "weekday": range(1, 8),
            "opening": [hours and hours[0] for hours in by_weekday],
            "closing": [hours and hours[1] for hours in by_weekday],
        },
        schema={"weekday": pl.Int8, "opening": pl.Time, "closing": pl.Time},
    )
    days = pl.DataFrame({"on": pl.date_range(FIRST_DAY, LAST_DAY, eager=True)})
    is_open = pl.col("opening").is_not_null() & ~pl.col("on").is_in(list(holidays))
    length = (pl.col("closes_at") - pl.col("opens_at")).clip(lower_bound=0)
    return (
        days.with_columns(weekday=pl.col("on").dt.weekday())
        .join(week, on="weekday", how="left", maintain_order="left")
        .select(
            opens_at=instant_on("opening", zone=zone, ambiguous="earliest"),
            closes_at=instant_on("closing", zone=zone, ambiguous="latest"),
            is_open=is_open,
        )
        .select("opens_at", open_for=pl.when("is_open").then(length).otherwise(0))
        .with_columns(worked_after=pl.col("open_for").cum_sum())
        .with_columns(worked_before=pl.col("worked_after") - pl.col("open_for"))
    )


def instant_on(column: str, *, zone: str, ambiguous: str) -> pl.Expr:
    """Microseconds since 1970 at a local time of a day; a time that the clock skips is the moment it skips to."""
    local = pl.col("on").dt.combine(pl.col(column).fill_null(time()))
    steps = (local, *(local.dt.truncate(each).dt.offset_by(each) for each in ("30m", "1h", "2h", "1d")))
    known = [step.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null") for step in steps]
    return pl.coalesce(known).dt.epoch("us")
