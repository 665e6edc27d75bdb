"""0.1234 -> "12.3 %": numbers, money, times and words as people read them, in English and German.

Null is always an en dash. A narrow no-break space joins a number and its sign, a no-break space a number and its unit;
minus is the minus sign, and halves are rounded away from zero.
`use` sets language, currency and time zone once per page; each function accepts them as well. The catalogue of columns
in `leadreport.words` says what each column measures; `kind_of`, `label_of` and `intervals_of` read it.
"""

from leadreport.formats.columns import (
    KINDS,
    WORDLIKE,
    Cell,
    cells_of,
    format_of,
    headline_label,
    intervals_of,
    kind_of,
    label_of,
    shown,
    signed,
)
from leadreport.formats.language import LANGUAGES, Settings, display_mode, listed, phrase, settings, use
from leadreport.formats.numbers import (
    DASH,
    NBSP,
    NNBSP,
    count,
    flag,
    interval,
    money,
    number,
    plural,
    points,
    rate,
    ratio,
    symbol,
)
from leadreport.formats.times import date, days, hours, instant, span, week

__all__ = [
    "DASH", "KINDS", "LANGUAGES", "NBSP", "NNBSP", "WORDLIKE", "Cell", "Settings", "cells_of", "count", "date", "days",
    "display_mode", "flag", "format_of", "headline_label", "hours", "instant", "interval", "intervals_of", "kind_of",
    "label_of", "listed", "money", "number", "phrase", "plural", "points", "rate", "ratio", "settings", "shown",
    "signed", "span", "symbol", "use", "week",
]  # fmt: skip
