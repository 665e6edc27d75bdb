"""Rows that are meant or not meant: total lines, footers, what a mapping singles out."""

from collections.abc import Callable

import polars as pl

from leadreport.sources.notation import Condition
from leadreport.sources.typed import as_text

CellsOf = Callable[[list[str]], pl.Series]
"""The cells of the column that goes by one of some names."""


def holds(condition: Condition, *, cells: CellsOf) -> pl.Series:
    """For each row whether a condition holds, in any case of the letters, spaces around them ignored.

    Examples
    --------
    >>> total = Condition(column="Campaign", starts_with="total:")
    >>> holds(total, cells=lambda names: pl.Series([" Total: Account", "Brand", None])).to_list()
    [True, False, False]
    """
    text = as_text(cells(condition.column)).fill_null("").str.strip_chars().str.to_lowercase()
    if condition.is_ is not None:
        return text.is_in([word.strip().lower() for word in condition.is_])
    if condition.starts_with is not None:
        starts = [text.str.starts_with(word.strip().lower()) for word in condition.starts_with]
        return pl.DataFrame([start.alias(str(at)) for at, start in enumerate(starts)]).max_horizontal()
    return (text == "") == condition.is_empty


def any_holds(conditions: list[Condition], *, cells: CellsOf, height: int) -> pl.Series:
    """For each row whether at least one condition holds; none does when there is none."""
    met = pl.Series([False], dtype=pl.Boolean).new_from_index(0, height)
    for condition in conditions:
        met = met | holds(condition, cells=cells)
    return met


def all_hold(conditions: list[Condition], *, cells: CellsOf, height: int) -> pl.Series:
    """For each row whether every condition holds; all do when there is none."""
    met = pl.Series([True], dtype=pl.Boolean).new_from_index(0, height)
    for condition in conditions:
        met = met & holds(condition, cells=cells)
    return met
