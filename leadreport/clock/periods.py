"""Half-open periods in the policy's time zone, and the names of ISO weeks."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from leadreport.errors import InputError


@dataclass(frozen=True)
class Period:
    """The local dates from `start_on` up to, not including, `end_on` (definition 2).

    Examples
    --------
    >>> from datetime import date
    >>> week = Period(date(2026, 11, 9), date(2026, 11, 16), zone="Europe/Berlin")
    >>> week.name, week.days, week.shifted(-1).name
    ('2026-W46', 7, '2026-W45')
    """

    start_on: date
    end_on: date
    zone: str

    def __post_init__(self) -> None:
        if self.start_on >= self.end_on:
            raise InputError(f"a period must end after it starts; this one runs from {self.start_on} to {self.end_on}")

    @property
    def days(self) -> int:
        return (self.end_on - self.start_on).days

    @property
    def last_on(self) -> date:
        """The last day of the period, the one before `end_on`."""
        return self.end_on - timedelta(days=1)

    @property
    def name(self) -> str:
        """The ISO week's name for a whole week, else both dates."""
        if self.days == 7 and self.start_on.weekday() == 0:
            return iso_week(self.start_on)
        return f"{self.start_on} to {self.last_on}"

    @property
    def start_at(self) -> datetime:
        return as_instant(self.start_on, zone=self.zone)

    @property
    def end_at(self) -> datetime:
        return as_instant(self.end_on, zone=self.zone)

    def holds(self, instant: pl.Expr) -> pl.Expr:
        """Whether an instant lies in the period; null stays out."""
        return ((instant >= self.start_at) & (instant < self.end_at)).fill_null(False)

    def shifted(self, periods: int) -> "Period":
        """This period moved by a number of its own lengths; negative moves it back."""
        step = timedelta(days=self.days * periods)
        return Period(self.start_on + step, self.end_on + step, self.zone)

    def last_weeks(self, weeks: int) -> "Period":
        """The period of whole weeks that ends where this one ends."""
        return Period(self.end_on - timedelta(weeks=weeks), self.end_on, self.zone)


def as_instant(moment: date | datetime | str, *, zone: str) -> datetime:
    """The instant that a date (local midnight), an ISO text or a datetime means, in UTC; of an ISO week its end.

    Raises
    ------
    InputError
        When a text is neither an ISO date nor an ISO date and time.

    Examples
    --------
    >>> as_instant("2026-11-16", zone="Europe/Berlin").isoformat()
    '2026-11-15T23:00:00+00:00'
    >>> as_instant("2026-W46", zone="Europe/Berlin").isoformat()
    '2026-11-15T23:00:00+00:00'
    """
    if isinstance(moment, str):
        try:
            is_week = re.fullmatch(r"\d{4}-?W\d{2}", moment) is not None
            moment = datetime.fromisoformat(moment) + timedelta(days=7 * is_week)
        except ValueError:
            raise InputError(
                f"'{moment}' is not a date", hint="write a date such as 2026-11-16, or a week such as 2026-W46"
            ) from None
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)


def iso_week(day: date) -> str:
    """The ISO year and ISO week of a date.

    Examples
    --------
    >>> from datetime import date
    >>> iso_week(date(2027, 1, 1)), iso_week(date(2024, 12, 30))
    ('2026-W53', '2025-W01')
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def local_date(instant: pl.Expr, *, zone: str) -> pl.Expr:
    """The local date of an instant: convert first, group afterwards (definition 2)."""
    return instant.dt.convert_time_zone(zone).dt.date()


def week_before(as_of: datetime, *, zone: str) -> Period:
    """The last ISO week that is complete at an instant.

    Examples
    --------
    >>> week_before(as_instant("2026-11-18", zone="UTC"), zone="UTC").name
    '2026-W46'
    """
    today = as_of.astimezone(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday())
    return Period(monday - timedelta(days=7), monday, zone)
