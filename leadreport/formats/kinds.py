"""What the name of a column says: its format, its heading, whose interval it ends."""

import datetime
import re
from collections.abc import Callable, Sequence

from leadreport.formats import numbers, times
from leadreport.formats.money import money
from leadreport.formats.spoken import DASH, is_null


def text(value: object, *, language: str | None = None) -> str:
    """Text as it stands.

    Examples
    --------
    >>> text("paid search"), text(None)
    ('paid search', '–')
    """
    return DASH if is_null(value) else str(value)


def signed_count(value: float | None, *, language: str | None = None) -> str:
    """A count that is a change.

    Examples
    --------
    >>> signed_count(12)
    '+12'
    """
    return numbers.count(value, language=language, is_signed=True)


def score(value: float | None, *, language: str | None = None) -> str:
    """A score or the points of a card: whole when it is whole.

    Examples
    --------
    >>> score(25.0), score(-3.5)
    ('25', '−3.5')
    """
    decimals = 0 if is_null(value) or value == int(value) else 1
    return numbers.number(value, decimals=decimals, language=language)


KINDS: dict[str, Callable[..., str]] = {
    "text": text,
    "rate": numbers.rate,
    "points": numbers.points,
    "count": numbers.count,
    "change": signed_count,
    "number": numbers.number,
    "score": score,
    "ratio": numbers.ratio,
    "money": money,
    "days": times.days,
    "hours": times.hours,
    "date": times.date,
    "instant": times.instant,
    "week": times.week,
    "flag": numbers.flag,
}
"""Every format by its name."""

NAMES: tuple[tuple[str, str], ...] = (
    (r"(^|_)(rate|share|attainment|acceptance)$", "rate"),
    (r"(^|_)(lift|ratio|times)$", "ratio"),
    (r"(^|_)(points|score|pulse)$", "score"),
    (
        r"(^|_)(spend|cost|value|amount|revenue|credit|price)$|^cost_per_|^(cpl|cpmql|cpsql|cac)$|^(max|highest)_price",
        "money",
    ),
    (r"(^|_)days$", "days"),
    (r"(^|_)hours$", "hours"),
    (r"_on$", "date"),
    (r"_at$", "instant"),
    (r"^(is|has)_", "flag"),
    (r"_change$", "change"),
)

ACRONYMS = {"mql", "sal", "sql", "cpl", "cpmql", "cpsql", "cac", "sla", "auc", "psi", "crm", "bant", "id", "iso", "roi"}


def kind_of(column: str, *, sample: object = None) -> str:
    """The format that a column's name asks for; its values decide where the name is silent.

    Parameters
    ----------
    sample
        Any value of the column that is not null.

    Examples
    --------
    >>> kind_of("close_rate"), kind_of("cost_per_sql"), kind_of("leads", sample=12), kind_of("channel", sample="ads")
    ('rate', 'money', 'count', 'text')
    >>> kind_of("value", sample="250+")
    'text'
    """
    if isinstance(sample, str):
        return "text"
    if isinstance(sample, bool):
        return "flag"
    if isinstance(sample, datetime.date):
        return "instant" if isinstance(sample, datetime.datetime) else "date"
    named = next((kind for pattern, kind in NAMES if re.search(pattern, column)), None)
    return named or {int: "count", float: "number"}.get(type(sample), "text")


def label_of(column: str) -> str:
    """The heading that a column's name makes.

    Examples
    --------
    >>> label_of("cost_per_sql"), label_of("sqls"), label_of("is_hot"), label_of("first_touch_at")
    ('Cost per SQL', 'SQLs', 'Hot', 'First touch')
    """
    words = re.sub(r"^(is|has)_|_(on|at)$", "", column).split("_")
    spelled = [_word(word) for word in words]
    return " ".join([spelled[0][:1].upper() + spelled[0][1:], *spelled[1:]])


def intervals_of(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Which columns hold the ends of which column's interval, as their names and places say.

    `x_low` and `x_high` belong to `x` or `x_rate`; `low` and `high` to the column before them.

    Examples
    --------
    >>> intervals_of(["channel", "close_rate", "low", "high", "leads"])
    {'close_rate': ('low', 'high')}
    >>> intervals_of(["reach_rate", "reach_low", "reach_high", "cost", "cost_low", "cost_high"])
    {'reach_rate': ('reach_low', 'reach_high'), 'cost': ('cost_low', 'cost_high')}
    """
    found = {}
    for place, name in enumerate(names):
        pairs = [(f"{stem}_low", f"{stem}_high") for stem in (name, name.removesuffix("_rate"))]
        if tuple(names[place + 1 : place + 3]) == ("low", "high"):
            pairs.append(("low", "high"))
        found |= {name: pair for pair in pairs if set(pair) <= set(names)}
    return found


def shown(value: object, kind: str, *, language: str | None = None) -> str:
    """A value in the format of that name.

    Examples
    --------
    >>> shown(0.25, "rate"), shown(None, "money")
    ('25.0\\u202f%', '–')
    """
    return KINDS[kind](value, language=language)


def _word(word: str) -> str:
    if word in ACRONYMS:
        return word.upper()
    if word.endswith("s") and word[:-1] in ACRONYMS:
        return word[:-1].upper() + "s"
    return word
