"""Amounts of money."""

from babel.numbers import get_currency_precision, get_currency_symbol

from leadreport.formats.spoken import DASH, MINUS, NNBSP, digits, is_null, known, spoken

SMALL = 100
"""Below this, cents matter."""


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
    code = currency or spoken().currency
    shown = digits(abs(amount), decimals=_decimals(amount, code) if decimals is None else decimals, language=language)
    symbol = get_currency_symbol(code, locale="de")
    whole = f"{shown}{NNBSP}{symbol}" if known(language) == "de" else f"{symbol}{NNBSP}{shown}"
    is_nothing = not shown.strip("0.,")
    sign = "" if is_nothing else MINUS if amount < 0 else "+" if is_signed else ""
    return sign + whole


def _decimals(amount: float, currency: str) -> int:
    return get_currency_precision(currency) if 0 < round(abs(amount), 2) < SMALL else 0


def symbol(*, currency: str | None = None) -> str:
    """The sign of a currency, for an axis.

    Examples
    --------
    >>> symbol(currency="EUR")
    '€'
    """
    return get_currency_symbol(currency or spoken().currency, locale="de")
