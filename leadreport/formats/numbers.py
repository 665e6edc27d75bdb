"""Rates, counts, points and intervals."""

from collections.abc import Callable

from leadreport.formats.spoken import DASH, NBSP, NNBSP, digits, is_null, known, rounded

PERCENT = f"{NNBSP}%"


def rate(value: float | None, *, decimals: int = 1, language: str | None = None, is_signed: bool = False) -> str:
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
    return digits(percent, decimals=decimals, language=language, is_signed=is_signed) + PERCENT


def points(change: float | None, *, decimals: int = 1, language: str | None = None) -> str:
    """The difference of two rates, in percentage points.

    Examples
    --------
    >>> points(0.012), points(-0.012, language="de")
    ('+1.2\\xa0pts', '−1,2\\xa0Pp.')
    """
    if is_null(change):
        return DASH
    unit = {"en": "pts", "de": "Pp."}[known(language)]
    return digits(round(change * 100, 10), decimals=decimals, language=language, is_signed=True) + NBSP + unit


def count(value: float | None, *, language: str | None = None, is_signed: bool = False) -> str:
    """A whole number with thousands separators.

    Examples
    --------
    >>> count(8000), count(8000, language="de"), count(-3, is_signed=True)
    ('8,000', '8.000', '−3')
    """
    return DASH if is_null(value) else digits(value, decimals=0, language=language, is_signed=is_signed)


def number(value: float | None, *, decimals: int = 1, language: str | None = None, is_signed: bool = False) -> str:
    """A decimal number.

    Examples
    --------
    >>> number(1234.55), number(0.5, decimals=2, language="de")
    ('1,234.6', '0,50')
    """
    return DASH if is_null(value) else digits(value, decimals=decimals, language=language, is_signed=is_signed)


def ratio(value: float | None, *, decimals: int = 2, language: str | None = None) -> str:
    """How many times as much.

    Examples
    --------
    >>> ratio(2.5)
    '2.50\\u202f×'
    """
    return (
        DASH
        if is_null(value)
        else number(value, decimals=decimals, language=language) + NNBSP + "\N{MULTIPLICATION SIGN}"
    )


def flag(value: bool | None, *, language: str | None = None) -> str:
    """Yes, no, or a dash for unknown.

    Examples
    --------
    >>> flag(True), flag(False, language="de"), flag(None)
    ('yes', 'nein', '–')
    """
    if is_null(value):
        return DASH
    return {"en": ("no", "yes"), "de": ("nein", "ja")}[known(language)][bool(value)]


def interval(
    low: float | None, high: float | None, *, of: Callable[..., str] = rate, language: str | None = None
) -> str:
    """What chance leaves open, in the unit of the number it belongs to.

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
    word = {"en": "to", "de": "bis"}[known(language)]
    return f"({of(low, language=language)} {word} {of(high, language=language)})"
