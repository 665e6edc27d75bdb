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
from leadreport.scoring.bins import cut_points, first_edges

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

PAIR_GROUPS = 4
"""Groups of about equal size in which pair tables hold a number that has fewer bins of its own: alone it may not tell
leads apart."""


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
