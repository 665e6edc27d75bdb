"""Durations, dates, instants and weeks."""

import datetime
import re
from zoneinfo import ZoneInfo

from babel.dates import format_date

from leadreport.formats.language import known, phrase, settings
from leadreport.formats.numbers import DASH, NBSP, digits, is_null, rounded


def days(value: float | None, *, decimals: int | None = None, language: str | None = None) -> str:
    """A number of days; from a hundred on without decimals.

    Examples
    --------
    >>> days(2.4), days(1), days(120.2, language="de"), days(None)
    ('2.4\\xa0days', '1\\xa0day', '120\\xa0Tage', '–')
    """
    if is_null(value):
        return DASH
    decimals = _decimals(value) if decimals is None else decimals
    unit = phrase("day" if abs(rounded(value, decimals)) == 1 else "days", language=language)
    return digits(value, decimals=decimals, language=language) + NBSP + unit


def hours(value: float | None, *, decimals: int | None = None, language: str | None = None) -> str:
    """A number of hours; below one, in minutes; from a hundred on without decimals.

    Examples
    --------
    >>> hours(0.75), hours(3.2), hours(3.2, language="de"), hours(400)
    ('45\\xa0min', '3.2\\xa0h', '3,2\\xa0Std.', '400\\xa0h')
    """
    if is_null(value):
        return DASH
    if abs(rounded(value * 60, 0)) < 60:
        return digits(value * 60, decimals=0, language=language) + NBSP + phrase("min", language=language)
    decimals = _decimals(value) if decimals is None else decimals
    return digits(value, decimals=decimals, language=language) + NBSP + phrase("h", language=language)


def date(day: datetime.date | None, *, language: str | None = None, has_year: bool = True) -> str:
    """A date.

    Examples
    --------
    >>> day = datetime.date(2026, 11, 9)
    >>> date(day), date(day, language="de"), date(day, has_year=False)
    ('9 Nov 2026', '09.11.2026', '9 Nov')
    """
    if day is None:
        return DASH
    patterns = {"en": ("d MMM", "d MMM y"), "de": ("dd.MM.", "dd.MM.y")}[known(language)]
    return format_date(day, patterns[has_year], locale=known(language))


def instant(moment: datetime.datetime | None, *, language: str | None = None, zone: str | None = None) -> str:
    """An instant on the wall clock of the page's time zone.

    Examples
    --------
    >>> instant(datetime.datetime(2026, 11, 15, 23, tzinfo=datetime.UTC), zone="Europe/Berlin")
    '16 Nov 2026, 00:00'
    """
    if moment is None:
        return DASH
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(zone or settings().zone))
    return f"{date(moment.date(), language=language)}, {moment:%H:%M}"


def week(day: datetime.date | str | None, *, language: str | None = None) -> str:
    """The ISO week of a date, or a week by its name.

    Examples
    --------
    >>> week(datetime.date(2027, 1, 1)), week("2026-W46"), week("2026-W46", language="de")
    ('2026-W53', '2026-W46', 'KW 46/2026')
    """
    if day is None:
        return DASH
    if isinstance(day, str):
        if not re.fullmatch(r"\d{4}-W\d{2}", day):
            return day
        day = datetime.date.fromisocalendar(int(day[:4]), int(day[6:]), 1)
    year, number, _ = day.isocalendar()
    return {"en": f"{year}-W{number:02d}", "de": f"KW {number:02d}/{year}"}[known(language)]


def span(start_on: datetime.date, end_on: datetime.date, *, language: str | None = None) -> str:
    """The days of a half-open period, the last one included.

    Examples
    --------
    >>> span(datetime.date(2026, 11, 9), datetime.date(2026, 11, 16))
    '9 Nov to 15 Nov 2026'
    """
    last = end_on - datetime.timedelta(days=1)
    if last == start_on:
        return date(start_on, language=language)
    first = date(start_on, language=language, has_year=start_on.year != last.year)
    return f"{first} {phrase('to', language=language)} {date(last, language=language)}"


def _decimals(value: float) -> int:
    return 0 if abs(value) >= 100 or value == int(value) else 1
