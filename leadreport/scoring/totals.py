"""Adding up a lead's points: every value and every pair cell looked up, all leads at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from leadreport.scoring.rows import ANY_OTHER
from leadreport.scoring.values import Attribute

Array = np.ndarray


@dataclass(frozen=True)
class Column:
    """One thing that gives points: an attribute, or a pair of them.

    `keys` are its values (pairs of values), `points` what each gives, `positions` every lead's place among the keys.
    """

    names: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    points: Array
    positions: Array

    @property
    def labels(self) -> list[str]:
        """The values in plain words: trial requested yes; day 4 to 9 with month may."""
        spoken = [name.replace("_", " ") for name in self.names]
        return [" with ".join(f"{name} {part}" for name, part in zip(spoken, key, strict=True)) for key in self.keys]


def columns_of(
    codes: Array, attributes: Sequence[Attribute], *, table: pl.DataFrame, pairs: pl.DataFrame
) -> list[Column]:
    """What gives points, in the order of the card, with every lead's position in it."""
    singles = [single_column(codes[:, j], each, table=table) for j, each in enumerate(attributes)]
    tables = pairs.partition_by("first", "second", maintain_order=True) if not pairs.is_empty() else []
    return singles + [pair_column(codes, attributes, cells=cells) for cells in tables]


def single_column(codes: Array, attribute: Attribute, *, table: pl.DataFrame) -> Column:
    mine = table.filter(pl.col("attribute") == attribute.name)
    points = dict(mine.select("value", "points").iter_rows())
    keys = tuple((value,) for value in attribute.values)
    return Column((attribute.name,), keys, np.array([points[value] for value in attribute.values], dtype=float), codes)


def pair_column(codes: Array, attributes: Sequence[Attribute], *, cells: pl.DataFrame) -> Column:
    """A pair table: cells that training never saw give nothing."""
    names = [each.name for each in attributes]
    first, second = cells["first"][0], cells["second"][0]
    i, j = names.index(first), names.index(second)
    rows, row_names = positions(attributes[i], cells["first_value"])
    columns, column_names = positions(attributes[j], cells["second_value"])
    points = {(a, b): p for a, b, p in cells.select("first_value", "second_value", "points").iter_rows()}
    keys = tuple((a, b) for a in row_names for b in column_names)
    found = rows[codes[:, i]] * len(column_names) + columns[codes[:, j]]
    return Column((first, second), keys, np.array([points.get(key, 0) for key in keys], dtype=float), found)


def positions(attribute: Attribute, named: pl.Series) -> tuple[Array, list[str]]:
    """The row of a pair table for every value of an attribute; the last row is for values that it does not name."""
    names = [value for value in attribute.values if value in set(named.to_list())] + [ANY_OTHER]
    return np.array([names.index(value) if value in names else len(names) - 1 for value in attribute.values]), names


def total(columns: Sequence[Column], *, leads: int) -> Array:
    """The sum of points of every lead."""
    result = np.zeros(leads)
    for column in columns:
        result += column.points[column.positions]
    return result
