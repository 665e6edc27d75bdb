"""0.1234 -> "12.3 %": numbers, money, times and words as people read them, in English and German.

Null is always an en dash. Signs hang on narrow no-break spaces and words on no-break
spaces, minus is the minus sign, halves round away from zero.
`use` says once per page which language, currency and time zone are spoken; each function takes them as well.
"""

from leadreport.formats.headings import label_of
from leadreport.formats.kinds import KINDS, format_of, intervals_of, kind_of, shown, signed
from leadreport.formats.money import money, symbol
from leadreport.formats.numbers import count, flag, interval, number, points, rate, ratio
from leadreport.formats.spoken import DASH, LANGUAGES, NBSP, NNBSP, Spoken, display_mode, spoken, use
from leadreport.formats.times import date, days, hours, instant, span, week
from leadreport.formats.words import listed, phrase, plural

__all__ = [
    "DASH", "KINDS", "LANGUAGES", "NBSP", "NNBSP", "Spoken", "count", "date", "days",
    "display_mode", "flag", "format_of", "hours", "instant", "interval", "intervals_of", "kind_of",
    "label_of", "listed", "money", "number", "phrase", "plural", "points", "rate", "ratio", "shown", "signed",
    "span", "spoken", "symbol", "use", "week",
]  # fmt: skip
