"""What the name of a column says: its format, whose interval it ends."""

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from leadreport.formats import numbers, times
from leadreport.formats.headings import label_of
from leadreport.formats.money import SMALL, money
from leadreport.formats.spoken import DASH, MINUS, is_null
from leadreport.words import STAGES


def text(value: object, *, language: str | None = None) -> str:
    """Text as it stands.

    Examples
    --------
    >>> text("paid search"), text(None)
    ('paid search', '–')
    """
    return DASH if is_null(value) else str(value)


def stage(value: object, *, language: str | None = None) -> str:
    """A stage or class as it is written: the ladder's names are acronyms.

    Examples
    --------
    >>> stage("mql"), stage("opportunity"), stage("total")
    ('MQL', 'Opportunity', 'total')
    """
    return label_of(value, language=language) if value in STAGES else text(value)


def signed_count(value: float | None, *, language: str | None = None) -> str:
    """A count that is a change.

    Examples
    --------
    >>> signed_count(12)
    '+12'
    """
    return numbers.count(value, language=language, is_signed=True)


def score(value: float | None, *, decimals: int | None = None, language: str | None = None) -> str:
    """A score or the points of a card: whole when it is whole.

    Examples
    --------
    >>> score(25.0), score(-3.5)
    ('25', '−3.5')
    """
    whole = is_null(value) or value == int(value)
    return numbers.number(value, decimals=int(not whole) if decimals is None else decimals, language=language)


KINDS: dict[str, Callable[..., str]] = {
    "text": text,
    "stage": stage,
    "rate": numbers.rate,
    "points": numbers.points,
    "count": numbers.count,
    "change": signed_count,
    "number": numbers.number,
    "coefficient": partial(numbers.number, decimals=2),
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

STAGE_COLUMNS = r"(^|_)stage$|^class$"

NAMES: tuple[tuple[str, str], ...] = (
    (r"(^|_)(rate|share)$|^(rate|share)_(before|after)$", "rate"),
    (r"(^|_)effect$", "points"),
    (r"(^|_)kappa$", "coefficient"),
    (r"(^|_)(lift|ratio|times)$|^value_per_", "ratio"),
    (r"(^|_)(points|score|pulse)$", "score"),
    (
        r"(^|_)(spend|cost|amount|revenue|price)$|_value$|^cost_per_|^(cpl|cpmql|cpsql|cac)$|^(max|highest)_price",
        "money",
    ),
    (r"(^|_)days$", "days"),
    (r"(^|_)hours$", "hours"),
    (r"_on$", "date"),
    (r"_at$", "instant"),
    (r"^(is|has)_", "flag"),
    (r"_change$", "change"),
    (r"(^|_)(leads|mqls|sals|sqls|opportunities|customers|deals|rows)$", "count"),
)


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
        return "stage" if re.search(STAGE_COLUMNS, column) else "text"
    if isinstance(sample, bool):
        return "flag"
    if isinstance(sample, datetime.date):
        return "instant" if isinstance(sample, datetime.datetime) else "date"
    named = next((kind for pattern, kind in NAMES if re.search(pattern, column)), None)
    return named or {int: "count", float: "number"}.get(type(sample), "text")


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
    for name, *following in zip(names, names[1:], names[2:], strict=False):
        if following == ["low", "high"]:
            found[name] = ("low", "high")
    for name in names:
        for stem in (name, name.removesuffix("_rate")):
            if {f"{stem}_low", f"{stem}_high"} <= set(names):
                found[name] = (f"{stem}_low", f"{stem}_high")
    return found


def shown(value: object, kind: str, *, language: str | None = None) -> str:
    """A value in the format of that name.

    Examples
    --------
    >>> shown(0.25, "rate"), shown(None, "money")
    ('25.0\\u202f%', '–')
    """
    return KINDS[kind](value, language=language)


def format_of(kind: str, values: Iterable[object]) -> Callable[..., str]:
    """The format of a whole column: its numbers get the same decimals, so that they stand in line.

    Amounts lose their cents together, once the large ones have none and the small ones can do without.

    Examples
    --------
    >>> [format_of("score", [14.5, 12.0])(value) for value in (14.5, 12.0)]
    ['14.5', '12.0']
    >>> [format_of("money", [40.07, 128.4])(value) for value in (40.07, 128.4)]
    ['€\\u202f40', '€\\u202f128']
    """
    sizes = [abs(value) for value in values if isinstance(value, int | float) and not is_null(value) and value]
    if kind == "money":
        needs_cents = not sizes or max(sizes) < SMALL or min(sizes) < SMALL / 10
        return KINDS[kind] if needs_cents else partial(money, decimals=0)
    if kind in ("days", "hours", "score"):
        return partial(KINDS[kind], decimals=int(any(size != int(size) for size in sizes)))
    return KINDS[kind]


def signed(change: object, kind: str, *, language: str | None = None) -> str:
    """A change in the unit that changes of this format have, with its sign; cents only when it is next to nothing.

    Examples
    --------
    >>> signed(0.01, "rate"), signed(-5, "count"), signed(2.5, "days"), signed(0, "money"), signed(None, "count")
    ('+1.0\\xa0pts', '−5', '+2.5\\xa0days', '€\\u202f0', '–')
    """
    if is_null(change):
        return DASH
    if kind in ("rate", "points"):
        return numbers.points(change, language=language)
    if kind == "money":
        return money(change, decimals=0 if abs(change) >= 10 else None, is_signed=True, language=language)
    size = shown(abs(change), kind, language=language)
    is_nothing = size == shown(0, kind, language=language)
    return size if is_nothing else ("+" if change > 0 else MINUS) + size
