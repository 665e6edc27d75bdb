"""The few values of an attribute that a person can name: texts, yes and no, and numbers in bins.

Bins are few, have round edges, and rise or fall where the data do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from leadreport.errors import InputError, did_you_mean, listed

Array = np.ndarray

NOT_KNOWN = "not known"
"""A missing value is a value of its own; a value that training never saw counts as not known too."""

RARE = "rare values"
"""Values with too few leads to be named one by one."""

ANY_OTHER = "any other"
"""The row or column of a pair table for all values that it does not name."""

TAKEN = rf"^(?:{NOT_KNOWN}|{RARE}|{ANY_OTHER})(?: \(as text\))*$"
"""Texts in the data that read like one of the card's own labels are named "not known (as text)"."""

RARE_BELOW = 5
"""A text with fewer leads than this is pooled with the other rare ones."""

FEWEST_CUTS, MOST_CUTS = 10, 40
LEADS_PER_CUT = 25
"""Bins of about equal size before neighbours are merged: one for every 25 leads, at least 10, at most 40."""

PAIR_GROUPS = 4
"""Groups of about equal size in which pair tables hold a number that has fewer bins of its own: alone it may not tell
leads apart."""

LEEWAY = 0.0125
"""An edge may move past this share of the leads to a rounder number."""

MOST_BINS = 10
SMALLEST_SHARE = 0.005
"""A bin with a smaller share of the leads than this is merged with a neighbour in any case."""


@dataclass(frozen=True)
class Attribute:
    """One attribute and its values: texts, yes and no, or numbers in bins.

    `values[0]` is `not known`. A number belongs to the bin after the last of `edges` that it reaches. The texts in
    `rare` share one value. Pair tables hold a number in the bins of `pair_edges`, if there are any.
    """

    name: str
    values: tuple[str, ...]
    edges: tuple[float, ...] | None = None
    rare: tuple[str, ...] = ()
    pair_edges: tuple[float, ...] | None = None

    @cached_property
    def in_pairs(self) -> "Attribute":
        """The attribute as pair tables hold it: numbers in groups of about equal size, all else as it is."""
        if self.pair_edges is None:
            return self
        return Attribute(self.name, (NOT_KNOWN, *bin_labels(self.pair_edges)), edges=self.pair_edges)

    def codes(self, column: pl.Series) -> Array:
        """The position in `values` of every row; 0 where the value is not known."""
        if self.edges is not None:
            numbers = as_numbers(column)
            found = np.searchsorted(np.array(self.edges), numbers, side="right") + 1
            return np.where(np.isnan(numbers), 0, np.minimum(found, len(self.values) - 1)).astype(np.int32)
        named = [value for value in self.values[1:] if value != RARE]
        position = {value: code for code, value in enumerate(named, start=1)}
        position |= dict.fromkeys(self.rare, len(self.values) - 1)
        different = column.drop_nulls().unique()
        if not position or different.is_empty():
            return np.zeros(len(column), dtype=np.int32)
        codes = as_texts(different).replace_strict(position, default=0, return_dtype=pl.Int32).fill_null(0)
        return column.replace_strict(different, codes, default=0, return_dtype=pl.Int32).to_numpy()


def coded(frame: pl.DataFrame, attributes: Sequence[Attribute]) -> Array:
    """The codes of all attributes, one column each (column-major, so that a column is contiguous in memory)."""
    return np.stack([each.codes(frame[each.name]) for each in attributes]).T


def find_values(column: pl.Series, won: Array, *, rare_below: int = RARE_BELOW) -> Attribute:
    """The values of a column in the training leads: numbers cut into bins, rare texts pooled.

    Raises
    ------
    InputError
        When the column holds neither texts, nor yes and no, nor numbers.
    """
    if is_numeric(column):
        numbers = as_numbers(column)
        edges, known = cut_points(numbers, won), np.sort(numbers[~np.isnan(numbers)])
        labels = bin_labels(edges, known) if len(known) else ()
        groups = tuple(float(edge) for edge in first_edges(known, cuts=PAIR_GROUPS))
        pair_edges = groups if len(groups) > len(edges) else None
        return Attribute(column.name, (NOT_KNOWN, *labels), edges=edges, pair_edges=pair_edges)
    counts = as_texts(column).drop_nulls().value_counts().sort(column.name)
    is_rare = counts["count"] < rare_below
    if is_rare.sum() < 2:
        is_rare = is_rare & False
    named, rare = (counts.filter(each)[column.name].to_list() for each in (~is_rare, is_rare))
    return Attribute(column.name, (NOT_KNOWN, *named, *([RARE] if rare else [])), rare=tuple(rare))


def is_numeric(column: pl.Series) -> bool:
    if column.dtype.is_numeric():
        return True
    if column.dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Null):
        return False
    raise InputError(
        f"attribute '{column.name}' cannot be scored",
        found=f"a column of type {column.dtype}",
        hint="an attribute is text, yes or no, or a number; turn a date into days before the lead is scored",
    )


def as_numbers(column: pl.Series) -> Array:
    """The column as floats; NaN where it has no finite number."""
    if column.dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum):
        raise InputError(
            f"attribute '{column.name}' was a number when the card was made",
            found=f"a column of type {column.dtype}",
            hint="give it as a number, or fit a new card",
        )
    numbers = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def as_texts(column: pl.Series) -> pl.Series:
    """The column as texts: yes and no for booleans, null for blanks; the card's own labels are marked (`TAKEN`)."""
    if column.dtype == pl.Boolean:
        return column.replace_strict({True: "yes", False: "no"}, default=None, return_dtype=pl.String)
    texts = column.cast(pl.String).str.strip_chars()
    texts = texts.set(texts == "", None)
    return texts.str.replace(TAKEN, "$0 (as text)").alias(column.name)


def require_columns(frame: pl.DataFrame, columns: Sequence[str]) -> None:
    """Raise an InputError with the nearest name when a column is missing."""
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise InputError(
            f"the leads have no column {listed(missing)}",
            found=listed(frame.columns, most=30),
            hint=did_you_mean(missing[0], frame.columns),
        )


def cut_points(numbers: Array, won: Array) -> tuple[float, ...]:
    """The edges of the bins, ascending; a number on an edge belongs to the bin above.

    Neighbours are merged while the log-likelihood that this costs is below (ln n) / 2, the price of one more close rate
    by the Bayesian information criterion (Schwarz 1978). Bins whose close rates only rise, or only fall, are preferred
    (pool adjacent violators, Ayer et al. 1955) unless they are worse by more than one such price.

    Examples
    --------
    >>> visits = np.repeat(np.arange(10.0), 60)
    >>> cut_points(visits, (visits >= 5) & (np.arange(600) % 2 == 0))
    (5.0,)
    """
    known = ~np.isnan(numbers)
    order = np.argsort(numbers[known])
    numbers, won = numbers[known][order], won[known][order]
    edges = first_edges(numbers, cuts=int(np.clip(len(numbers) // LEADS_PER_CUT, FEWEST_CUTS, MOST_CUTS)))
    groups = np.searchsorted(edges, numbers, side="right")
    leads = np.bincount(groups, minlength=len(edges) + 1).astype(float)
    customers = np.bincount(groups, weights=won, minlength=len(edges) + 1)
    kept = [edges[first - 1] for first in best_starts(customers, leads) if first > 0]
    shares = [np.searchsorted(numbers, edge) / len(numbers) for edge in kept]
    return tuple(sorted({between(numbers, share, leeway=LEEWAY) for share in shares}))


def first_edges(numbers: Array, *, cuts: int) -> Array:
    """Round numbers near the quantiles of sorted numbers; a frequent number gets a bin of its own."""
    different, times = np.unique(numbers, return_counts=True)
    if len(different) <= cuts:
        return different[1:]
    edges = [between(numbers, share, leeway=0.4 / cuts) for share in np.arange(1, cuts) / cuts]
    for place in np.flatnonzero(times > len(numbers) / cuts):
        edges.append(different[place])
        if place + 1 < len(different):
            edges.append(roundest(different[place], different[place + 1]))
    return np.unique([edge for edge in edges if different[0] < edge <= different[-1]])


def between(numbers: Array, share: float, *, leeway: float) -> float:
    """The roundest number with about this share of the numbers below it."""
    last = len(numbers) - 1
    low, high = np.floor(max(share - leeway, 0) * last), np.ceil(min(share + leeway, 1) * last)
    return roundest(float(numbers[int(low)]), float(numbers[int(high)]))


def roundest(low: float, high: float) -> float:
    """The number with the fewest digits above `low` and not above `high`.

    Examples
    --------
    >>> roundest(46, 53), roundest(1180, 1320), roundest(0.61, 0.68)
    (50.0, 1200.0, 0.65)
    """
    if high <= low:
        return float(high)
    if low < 0 <= high:
        return 0.0
    power = int(np.ceil(np.log10(max(abs(low), abs(high)))))
    for digits in range(power, power - 17, -1):
        for step in (10.0**digits, 5 * 10.0 ** (digits - 1), 2 * 10.0 ** (digits - 1)):
            candidate = round(float(np.floor(high / step) * step), max(0, 2 - digits))
            if low < candidate <= high:
                return candidate
    return float(high)


@dataclass
class Run:
    """Neighbouring bins merged into one; `first` is the place of the first of them."""

    first: int
    customers: float
    leads: float

    def with_next(self, other: "Run") -> "Run":
        return Run(self.first, self.customers + other.customers, self.leads + other.leads)

    @property
    def rate(self) -> float:
        return self.customers / self.leads

    @property
    def likelihood(self) -> float:
        """Log-likelihood at the run's own close rate p = k / n: k ln p + (n - k) ln(1 - p)."""
        lost = self.leads - self.customers
        return sum(part * np.log(part / self.leads) for part in (self.customers, lost) if part > 0)


def best_starts(customers: Array, leads: Array) -> list[int]:
    """The place at which each bin after the first begins, once neighbours are merged."""
    runs = [Run(i, customers[i], leads[i]) for i in range(len(leads)) if leads[i] > 0]
    if not runs:
        return []
    price = 0.5 * np.log(max(leads.sum(), 3.0))
    free = merged(runs, price=price, total=leads.sum())
    orderly = max(
        (merged(monotone(runs, sign=sign), price=price, total=leads.sum()) for sign in (1, -1)),
        key=lambda candidate: worth(candidate, price=price),
    )
    chosen = orderly if worth(orderly, price=price) >= worth(free, price=price) - price else free
    return [run.first for run in chosen][1:]


def worth(runs: list[Run], *, price: float) -> float:
    """Log-likelihood of the runs less their price: half the negative Bayesian information criterion."""
    return sum(run.likelihood for run in runs) - price * len(runs)


def merged(runs: list[Run], *, price: float, total: float) -> list[Run]:
    """The runs with neighbours merged, the least different first, until every edge is worth its price."""
    runs = list(runs)
    while len(runs) > 1:
        losses = [loss(one, two, smallest=SMALLEST_SHARE * total) for one, two in pairwise(runs)]
        least = int(np.argmin(losses))
        if losses[least] > price and len(runs) <= MOST_BINS:
            break
        runs[least : least + 2] = [runs[least].with_next(runs[least + 1])]
    return runs


def loss(one: Run, two: Run, *, smallest: float) -> float:
    """The log-likelihood that merging two neighbours costs; negative for a tiny bin, which is always merged."""
    if min(one.leads, two.leads) < smallest:
        return min(one.leads, two.leads) - smallest
    return one.likelihood + two.likelihood - one.with_next(two).likelihood


def monotone(runs: list[Run], *, sign: int) -> list[Run]:
    """Runs whose close rates only rise (sign 1) or only fall (sign -1), by pooling adjacent violators."""
    ordered: list[Run] = []
    for run in runs:
        ordered.append(run)
        while len(ordered) > 1 and sign * ordered[-2].rate >= sign * ordered[-1].rate:
            last = ordered.pop()
            ordered[-1] = ordered[-1].with_next(last)
    return ordered


def bin_labels(edges: tuple[float, ...], known: Array | None = None) -> tuple[str, ...]:
    """The names of the bins; shorter ones where all known numbers are whole.

    Examples
    --------
    >>> bin_labels((10.0, 50.0), np.array([1.0, 60.0]))
    ('under 10', '10 to 49', '50 and more')
    >>> bin_labels((0.5, 2.5), np.array([0.1, 3.2]))
    ('under 0.5', '0.5 to under 2.5', '2.5 and more')
    """
    if not edges:
        return ("any number",)
    whole = known is not None and all(bool(np.all(each == np.floor(each))) for each in (known, np.array(edges)))
    inner = [span(low, high, whole=whole) for low, high in pairwise(edges)]
    first = shown(known.min()) if whole and known.min() == edges[0] - 1 else f"under {shown(edges[0])}"
    return (first, *inner, f"{shown(edges[-1])} and more")


def span(low: float, high: float, *, whole: bool) -> str:
    if not whole:
        return f"{shown(low)} to under {shown(high)}"
    return shown(low) if high - low == 1 else f"{shown(low)} to {shown(high - 1)}"


def shown(number: float) -> str:
    return f"{number:,.10g}"
