"""How an attribute's column becomes a few values that a person can name."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from leadreport.errors import InputError, did_you_mean, listed
from leadreport.scoring.bins import bin_labels, cut_points

NOT_KNOWN = "not known"
"""Missing is a value of its own; a value that training never saw counts as not known too."""

RARE = "rare values"
"""Values with too few leads to be named one by one."""

RARE_BELOW = 5


@dataclass(frozen=True)
class Attribute:
    """One attribute and its values: text as it is, yes and no, or numbers in bins.

    `values[0]` is what is not known. A number belongs to the bin after the last of `edges` that it reaches. The texts
    in `rare` share one value.
    """

    name: str
    values: tuple[str, ...]
    edges: tuple[float, ...] | None = None
    rare: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.edges is not None

    def codes(self, column: pl.Series) -> np.ndarray:
        """The position in `values` of every row; 0 where it is not known."""
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


def coded(frame: pl.DataFrame, attributes: Sequence[Attribute]) -> np.ndarray:
    """The codes of all attributes, one column each (each column lies together in memory)."""
    return np.stack([each.codes(frame[each.name]) for each in attributes]).T


def find_values(column: pl.Series, won: np.ndarray, *, rare_below: int = RARE_BELOW) -> Attribute:
    """The values that training leads have, numbers cut into bins and rare texts pooled.

    Raises
    ------
    InputError
        When the column is neither text, nor yes and no, nor numbers.
    """
    if is_numeric(column):
        edges = cut_points(as_numbers(column), won)
        return Attribute(column.name, (NOT_KNOWN, *bin_labels(edges, as_numbers(column))), edges=edges)
    counts = as_texts(column).drop_nulls().value_counts().sort(column.name)
    few = counts.filter(pl.col("count") < rare_below)[column.name].to_list()
    rare = few if len(few) > 1 else []
    named = [value for value in counts[column.name].to_list() if value not in set(rare)]
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


def as_numbers(column: pl.Series) -> np.ndarray:
    """Floats, with NaN for what is not a finite number."""
    if column.dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum):
        raise InputError(
            f"attribute '{column.name}' was a number when the card was made",
            found=f"a column of type {column.dtype}",
            hint="give it as a number, or fit a new card",
        )
    numbers = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def as_texts(column: pl.Series) -> pl.Series:
    """Texts, with yes and no for booleans, and null for what is blank."""
    if column.dtype == pl.Boolean:
        return column.replace_strict({True: "yes", False: "no"}, default=None, return_dtype=pl.String)
    texts = column.cast(pl.String).str.strip_chars()
    return texts.set(texts == "", None).alias(column.name)


def require_columns(frame: pl.DataFrame, columns: Sequence[str]) -> None:
    """Every column must be there; the nearest names are told."""
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise InputError(
            f"the leads have no column {listed(missing)}",
            found=listed(frame.columns, most=30),
            hint=did_you_mean(missing[0], frame.columns),
        )
