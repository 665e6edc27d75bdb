"""Which language, currency and time zone a page speaks, and the signs that all formats share."""

import math
import os
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")

MODES: tuple[str, ...] = ("lab", "report", "text")

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
NNBSP = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True)
class Spoken:
    """What a page speaks."""

    language: Language = "en"
    currency: str = "EUR"
    zone: str = "UTC"


_now = Spoken()


def use(*, language: str | None = None, currency: str | None = None, zone: str | ZoneInfo | None = None) -> Spoken:
    """Say once what a page speaks; what is left out stays as it was.

    Raises
    ------
    ValueError
        For a language other than "en" and "de".

    Examples
    --------
    >>> use(language="en", currency="EUR", zone="Europe/Berlin")
    Spoken(language='en', currency='EUR', zone='Europe/Berlin')
    >>> use(zone="UTC").zone
    'UTC'
    """
    global _now
    asked = {"language": language and known(language), "currency": currency, "zone": zone and str(zone)}
    _now = replace(_now, **{name: value for name, value in asked.items() if value})
    return _now


def spoken() -> Spoken:
    """What the page speaks now."""
    return _now


def known(language: str | None) -> Language:
    """The language asked for, or the page's own when none is."""
    chosen = language or _now.language
    if chosen not in LANGUAGES:
        raise ValueError(f"no language '{chosen}'; allowed: {', '.join(LANGUAGES)}")
    return chosen


def is_null(value: object) -> bool:
    """Whether there is nothing to show: None, NaN, infinity."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def rounded(value: float, decimals: int) -> Decimal:
    """The nearest decimal, halves away from zero, and never minus zero."""
    step = Decimal(1).scaleb(-decimals)
    nearest = Decimal(str(value)).quantize(step, rounding=ROUND_HALF_UP)
    return abs(nearest) if nearest == 0 else nearest


def digits(value: float, *, decimals: int, language: str | None, is_signed: bool = False) -> str:
    """A number with the language's separators, a true minus sign, and a plus where the sign matters."""
    nearest = rounded(value, decimals)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    size = format_decimal(abs(nearest), format=pattern, locale=known(language))
    sign = MINUS if nearest < 0 else "+" if is_signed and nearest > 0 else ""
    return sign + size


def display_mode() -> str:
    """Where displays go, read each time one is shown: "lab", "report" or "text" (environment LEADREPORT_DISPLAY).

    Raises
    ------
    ValueError
        When the variable holds another word.
    """
    mode = os.environ.get("LEADREPORT_DISPLAY") or "lab"
    if mode not in MODES:
        raise ValueError(f"LEADREPORT_DISPLAY is '{mode}'; allowed: {', '.join(MODES)}")
    return mode
