"""The weeks, months and quarters in which leads entered, in the policy's time zone."""

from datetime import date, datetime, timedelta
from typing import Literal

import polars as pl

from leadreport.clock import local_date
from leadreport.errors import InputError, did_you_mean

Every = Literal["week", "month", "quarter"]

LENGTHS = {"week": "1w", "month": "1mo", "quarter": "1q"}


def cohort_start(instant: pl.Expr, *, every: Every, zone: str) -> pl.Expr:
    """The first local date of the period in which an instant lies."""
    if every not in LENGTHS:
        raise InputError(f"'{every}' is not a length of a cohort", hint=did_you_mean(every, list(LENGTHS)))
    return local_date(instant, zone=zone).dt.truncate(LENGTHS[every])


def cohort_end(start: pl.Expr, *, every: Every) -> pl.Expr:
    """The first local date after the period."""
    return start.dt.offset_by(LENGTHS[every])


def cohort_name(start: pl.Expr, *, every: Every) -> pl.Expr:
    """2026-W46, 2026-11 or 2026-Q4."""
    if every == "quarter":
        return pl.format("{}-Q{}", start.dt.year(), start.dt.quarter())
    return start.dt.strftime("%G-W%V" if every == "week" else "%Y-%m")


def cohort_calendar(first_on: date, as_of: datetime, *, every: Every, zone: str) -> pl.DataFrame:
    """Every period from that of the first date to that of the last visible day: cohort_on, cohort_ends_on.

    A period in which nobody entered is a row as well: it may be the outage that somebody looks for.
    """
    last_on = last_day(as_of, zone=zone)
    starts = pl.Series([first_on, max(first_on, last_on)]).dt.truncate(LENGTHS[every])
    days = pl.date_range(starts[0], starts[1], interval=LENGTHS[every], eager=True)
    return pl.DataFrame({"cohort_on": days}).with_columns(cohort_ends_on=cohort_end(pl.col("cohort_on"), every=every))


def last_day(as_of: datetime, *, zone: str) -> date:
    """The last local date of which anything is visible."""
    return pl.select(local_date(pl.lit(as_of - timedelta(microseconds=1)), zone=zone)).item()


def is_watched(ends_on: pl.Expr, *, days: int, as_of: datetime, zone: str) -> pl.Expr:
    """Whether so many days after a local date have passed."""
    return ends_on.cast(pl.Datetime("us")) + timedelta(days=days) <= wall_clock(pl.lit(as_of), zone=zone)


def wall_days(start: pl.Expr, end: pl.Expr, *, zone: str) -> pl.Expr:
    """Days from one instant to another on the wall clock, so that a change to summer time makes no day shorter."""
    passed = wall_clock(end, zone=zone) - wall_clock(start, zone=zone)
    return passed.dt.total_seconds(fractional=True) / 86_400


def wall_clock(instant: pl.Expr, *, zone: str) -> pl.Expr:
    return instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)
