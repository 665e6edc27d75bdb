"""The label, the format and the interval of a column: as the catalogue has them, else as its name says."""

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from leadreport.formats import numbers, times
from leadreport.formats.language import known
from leadreport.formats.numbers import DASH, MINUS, SMALL, is_null, money
from leadreport.words import COLUMNS, HEADLINES, STAGES, Column, Headline, Kind

ACRONYMS = {"mql", "sal", "sql", "cpl", "cpmql", "cpsql", "cac", "sla", "auc", "psi", "crm", "bant", "id", "iso", "roi"}


def label_of(column: str, *, language: str | None = None) -> str:
    """The heading of a column; one that the catalogue lacks is spelled from its name.

    Examples
    --------
    >>> label_of("cost_per_sql"), label_of("cost_per_sql", language="de"), label_of("sqls"), label_of("first_touch_at")
    ('Cost per SQL', 'Kosten je SQL', 'SQLs', 'First touch')
    """
    if column in COLUMNS:
        return _label(COLUMNS[column], language)
    words = re.sub(r"^(is|has)_|_(on|at)$", "", column).split("_")
    spelled = " ".join(re.sub(r"^(\w+?)(s?)$", _acronym, word) for word in words)
    return spelled[:1].upper() + spelled[1:]


def headline_label(name: str, *, language: str | None = None) -> str:
    """The label of a headline number.

    Examples
    --------
    >>> headline_label("leads"), headline_label("mql_to_sql_rate"), headline_label("referrals")
    ('New leads', 'MQLs that became SQL', 'Referrals')
    """
    return _label(HEADLINES[name], language) if name in HEADLINES else label_of(name, language=language)


def _label(named: Column | Headline, language: str | None) -> str:
    return (named.german or named.label) if known(language) == "de" else named.label


def _acronym(word: re.Match[str]) -> str:
    return word[1].upper() + word[2] if word[1] in ACRONYMS else word[0]


def text(value: object, *, language: str | None = None) -> str:
    """Text as it stands.

    Examples
    --------
    >>> text("paid search"), text(None)
    ('paid search', '–')
    """
    return DASH if is_null(value) else str(value)


def stage(value: object, *, language: str | None = None) -> str:
    """A stage or class as people write it.

    Examples
    --------
    >>> stage("mql"), stage("opportunity"), stage("total")
    ('MQL', 'Opportunity', 'total')
    """
    return label_of(value, language=language) if value in STAGES else text(value)


KINDS: dict[Kind, Callable[..., str]] = {
    "text": text,
    "stage": stage,
    "rate": numbers.rate,
    "points": numbers.points,
    "count": numbers.count,
    "change": partial(numbers.count, is_signed=True),
    "number": numbers.number,
    "score": numbers.score,
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

WORDLIKE: tuple[Kind, ...] = ("text", "stage", "week", "date", "instant", "flag")
"""Kinds that are read like words: a table aligns them to the left."""

NAMES: tuple[tuple[str, Kind], ...] = (
    (r"(^|_)(rate|share)$", "rate"),
    (r"(^|_)(lift|ratio)$", "ratio"),
    (r"(^|_)(points|score)$", "score"),
    (r"(^|_)(spend|cost|amount|revenue|price)$|_value$|^cost_per_", "money"),
    (r"(^|_)days$", "days"),
    (r"(^|_)hours$", "hours"),
    (r"_on$", "date"),
    (r"_at$", "instant"),
    (r"^(is|has)_", "flag"),
)
"""What the name of an analyst's own column says."""

OF_VALUES: dict[type, tuple[Kind, ...]] = {
    str: ("text", "stage", "week"),
    bool: ("flag",),
    datetime.datetime: ("instant", "date"),
    datetime.date: ("date", "week"),
    int: ("count", *(kind for kind in KINDS if kind not in WORDLIKE)),
    float: ("number", *(kind for kind in KINDS if kind not in WORDLIKE)),
}
"""The kinds that a type of value can have; the first is that of a column whose name does not say."""


def kind_of(column: str, *, sample: object = None) -> Kind:
    """What a column measures, by the catalogue, else by its name; its values decide where these do not fit.

    Parameters
    ----------
    sample
        Any value of the column that is not null.

    Examples
    --------
    >>> kind_of("close_rate"), kind_of("cost_per_sql"), kind_of("leads", sample=12), kind_of("channel", sample="ads")
    ('rate', 'money', 'count', 'text')
    >>> kind_of("leads", sample="250+"), kind_of("signup_rate"), kind_of("seats", sample=3)
    ('text', 'rate', 'count')
    """
    named = COLUMNS[column].kind if column in COLUMNS else _kind_by_name(column)
    possible = OF_VALUES.get(type(sample), tuple(KINDS))
    return named if named in possible else possible[0]


def _kind_by_name(column: str) -> Kind | None:
    return next((kind for pattern, kind in NAMES if re.search(pattern, column)), None)


def intervals_of(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Which columns hold the ends of which column's interval.

    The catalogue says it; besides, `x_low` and `x_high` belong to `x` or `x_rate`, and `low` and `high` to the nearest
    column before them that may have them, or to any column just before them that the catalogue lacks.

    Examples
    --------
    >>> intervals_of(["channel", "close_rate", "low", "high", "leads"])
    {'close_rate': ('low', 'high')}
    >>> intervals_of(["reach_rate", "reach_low", "reach_high", "seats", "seats_low", "seats_high"])
    {'reach_rate': ('reach_low', 'reach_high'), 'seats': ('seats_low', 'seats_high')}
    """
    found = {}
    for place, name in enumerate(names):
        named = COLUMNS[name].interval if name in COLUMNS else None
        stems = (name, name.removesuffix("_rate"))
        for ends in (named, *((f"{stem}_low", f"{stem}_high") for stem in stems)):
            if ends and set(ends) <= set(names):
                found[name] = ends
        if name not in COLUMNS and list(names[place + 1 : place + 3]) == ["low", "high"]:
            found[name] = ("low", "high")
    return _nearest(found, names)


def _nearest(found: dict[str, tuple[str, str]], names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Each pair of ends at the nearest column before it that may have it."""
    owners: dict[tuple[str, str], str] = {}
    for name, ends in found.items():
        if ends not in owners or names.index(name) < names.index(ends[0]):
            owners[ends] = name
    return {name: ends for name, ends in found.items() if owners[ends] == name}


def shown(value: object, kind: Kind, *, language: str | None = None) -> str:
    """A value in the format of its kind.

    Examples
    --------
    >>> shown(0.25, "rate"), shown(None, "money")
    ('25.0\\u202f%', '–')
    """
    return KINDS[kind](value, language=language)


def format_of(kind: Kind, values: Iterable[object], *, decimals: int | None = None) -> Callable[..., str]:
    """The format of a whole column: all its numbers have the same decimals.

    Amounts lose their cents together when the large ones have none and the small ones can do without.

    Examples
    --------
    >>> [format_of("score", [14.5, 12.0])(value) for value in (14.5, 12.0)]
    ['14.5', '12.0']
    >>> [format_of("money", [40.07, 128.4])(value) for value in (40.07, 128.4)]
    ['€\\u202f40', '€\\u202f128']
    """
    if decimals is None:
        decimals = _decimals(kind, values)
    return KINDS[kind] if decimals is None else partial(KINDS[kind], decimals=decimals)


def _decimals(kind: Kind, values: Iterable[object]) -> int | None:
    sizes = [abs(value) for value in values if isinstance(value, int | float) and not is_null(value) and value]
    if kind == "money" and sizes and max(sizes) >= SMALL and min(sizes) >= SMALL / 10:
        return 0
    return int(any(size != int(size) for size in sizes)) if kind in ("days", "hours", "score") else None


@dataclass(frozen=True)
class Cell:
    """A formatted value, and the formatted interval around it."""

    shown: str
    around: str | None = None

    @property
    def text(self) -> str:
        return f"{self.shown} {self.around}" if self.around else self.shown


def cells_of(
    column: str, values: Sequence[object], *, kind: Kind, ends: Iterable[tuple[object, object]] | None = None
) -> list[Cell]:
    """The cells of a column: its values, each with its interval when the column has one.

    Examples
    --------
    >>> [cell.text for cell in cells_of("leads", [12, 8], kind="count")]
    ['12', '8']
    >>> cells_of("close_rate", [0.25], kind="rate", ends=[(0.1, 0.5)])
    [Cell(shown='25.0\\u202f%', around='(10.0\\u202f% to 50.0\\u202f%)')]
    """
    form = format_of(kind, values, decimals=COLUMNS[column].decimals if column in COLUMNS else None)
    if ends is None:
        return [Cell(form(value)) for value in values]
    around = (None if low is None and high is None else numbers.interval(low, high, of=form) for low, high in ends)
    return [Cell(form(value), more) for value, more in zip(values, around, strict=True)]


def signed(change: object, kind: Kind, *, language: str | None = None) -> str:
    """A change in the unit that changes of this kind have, with its sign; cents only when it is next to nothing.

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
