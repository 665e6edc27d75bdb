"""Rates, counts, money, other numbers, and the intervals around them."""

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol

from leadreport.formats.language import known, phrase, settings

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
NNBSP = "\N{NARROW NO-BREAK SPACE}"

PERCENT = f"{NNBSP}%"

SMALL = 100
"""Below this amount of money, cents matter."""


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


def rate(value: float | None, *, decimals: int = 1, language: str | None = None) -> str:
    """A share of one as percent; what is not quite nothing or not quite all is not shown as 0 or 100.

    Examples
    --------
    >>> rate(0.1234), rate(0.1234, language="de"), rate(None), rate(0.0002)
    ('12.3\\u202f%', '12,3\\u202f%', '–', '<0.1\\u202f%')
    """
    if is_null(value):
        return DASH
    percent = round(value * 100, 10)
    least = 10**-decimals
    if percent > 0 and rounded(percent, decimals) == 0:
        return "<" + digits(least, decimals=decimals, language=language) + PERCENT
    if percent < 100 and rounded(percent, decimals) == 100:
        return ">" + digits(100 - least, decimals=decimals, language=language) + PERCENT
    return digits(percent, decimals=decimals, language=language) + PERCENT


def points(change: float | None, *, decimals: int = 1, language: str | None = None) -> str:
    """The difference of two rates, in percentage points.

    Examples
    --------
    >>> points(0.012), points(-0.012, language="de")
    ('+1.2\\xa0pts', '−1,2\\xa0Pp.')
    """
    if is_null(change):
        return DASH
    size = digits(round(change * 100, 10), decimals=decimals, language=language, is_signed=True)
    return size + NBSP + phrase("pts", language=language)


def number(value: float | None, *, decimals: int = 1, language: str | None = None, is_signed: bool = False) -> str:
    """A decimal number.

    Examples
    --------
    >>> number(1234.55), number(0.5, decimals=2, language="de")
    ('1,234.6', '0,50')
    """
    return DASH if is_null(value) else digits(value, decimals=decimals, language=language, is_signed=is_signed)


def count(value: float | None, *, language: str | None = None, is_signed: bool = False) -> str:
    """A whole number with thousands separators.

    Examples
    --------
    >>> count(8000), count(8000, language="de"), count(-3, is_signed=True)
    ('8,000', '8.000', '−3')
    """
    return number(value, decimals=0, language=language, is_signed=is_signed)


def plural(value: float | None, one: str, many: str | None = None, *, language: str | None = None) -> str:
    """A count with its noun in the right number.

    Examples
    --------
    >>> plural(1, "lead"), plural(1200, "lead"), plural(0, "company", "companies")
    ('1\\xa0lead', '1,200\\xa0leads', '0\\xa0companies')
    """
    noun = one if value == 1 else many or f"{one}s"
    return f"{count(value, language=language)}{NBSP}{noun}"


def ratio(value: float | None, *, decimals: int = 2, language: str | None = None) -> str:
    """A multiple: how many times as much.

    Examples
    --------
    >>> ratio(2.5)
    '2.50\\u202f×'
    """
    times = f"{NNBSP}\N{MULTIPLICATION SIGN}"
    return DASH if is_null(value) else number(value, decimals=decimals, language=language) + times


def score(value: float | None, *, decimals: int | None = None, language: str | None = None) -> str:
    """A score or the points of a card: whole when it is whole.

    Examples
    --------
    >>> score(25.0), score(-3.5)
    ('25', '−3.5')
    """
    whole = is_null(value) or value == int(value)
    return number(value, decimals=int(not whole) if decimals is None else decimals, language=language)


def money(
    amount: float | None,
    *,
    currency: str | None = None,
    language: str | None = None,
    decimals: int | None = None,
    is_signed: bool = False,
) -> str:
    """An amount with its currency where the language puts it; cents only when the amount is small.

    Examples
    --------
    >>> money(1234.4), money(1234.4, language="de"), money(12.5), money(-5000, currency="USD")
    ('€\\u202f1,234', '1.234\\u202f€', '€\\u202f12.50', '−$\\u202f5,000')
    """
    if is_null(amount):
        return DASH
    code = currency or settings().currency
    if decimals is None:
        decimals = get_currency_precision(code) if 0 < round(abs(amount), 2) < SMALL else 0
    size = digits(abs(amount), decimals=decimals, language=language)
    sign = "" if not size.strip("0.,") else MINUS if amount < 0 else "+" if is_signed else ""
    parts = (size, symbol(currency=code)) if known(language) == "de" else (symbol(currency=code), size)
    return sign + NNBSP.join(parts)


def symbol(*, currency: str | None = None) -> str:
    """The sign of a currency, for an axis.

    Examples
    --------
    >>> symbol(currency="EUR")
    '€'
    """
    return get_currency_symbol(currency or settings().currency, locale="de")


def flag(value: bool | None, *, language: str | None = None) -> str:
    """Yes, no, or a dash for unknown.

    Examples
    --------
    >>> flag(True), flag(False, language="de"), flag(None)
    ('yes', 'nein', '–')
    """
    return DASH if is_null(value) else phrase("yes" if value else "no", language=language)


def interval(
    low: float | None, high: float | None, *, of: Callable[..., str] = rate, language: str | None = None
) -> str:
    """The interval around a number, in the format of that number.

    Parameters
    ----------
    of
        The format of the number: `rate`, `money`, `days` ...

    Examples
    --------
    >>> interval(0.101, 0.149)
    '(10.1\\u202f% to 14.9\\u202f%)'
    >>> interval(1.5, 2.25, of=number, language="de"), interval(None, None)
    ('(1,5 bis 2,3)', '–')
    """
    if is_null(low) and is_null(high):
        return DASH
    ends = f" {phrase('to', language=language)} ".join(of(end, language=language) for end in (low, high))
    return f"({ends})"
