"""A frame as formatted cells: which columns, which headings, which formats."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from leadreport import formats
from leadreport.errors import PageError, did_you_mean

LEFT = ("text", "stage", "date", "instant", "week", "flag")
"""Formats that are read like words, so they stand to the left."""

NAMED = ("value", "previous", "change", "expected", "low_limit", "high_limit")
"""Columns of a frame of headlines: what they measure is said by the row's `name`."""

Ends = tuple[str, str]


@dataclass(frozen=True)
class Cell:
    """What is shown of a value, and of the interval around it."""

    shown: str
    around: str | None = None

    @property
    def text(self) -> str:
        return f"{self.shown} {self.around}" if self.around else self.shown


@dataclass(frozen=True)
class Column:
    """A heading, its side, and the cells below it."""

    name: str
    label: str
    is_number: bool
    cells: tuple[Cell, ...]


def columns_of(
    frame: pl.DataFrame,
    *,
    kinds: Mapping[str, str],
    labels: Mapping[str, str],
    intervals: Mapping[str, Ends],
) -> list[Column]:
    """The columns of a table, the ends of an interval drawn into the cell of their number."""
    _known(frame, [*kinds, *labels, *intervals, *(end for ends in intervals.values() for end in ends)])
    around = formats.intervals_of(frame.columns) | dict(intervals)
    ends = {end for pair in around.values() for end in pair}
    return [_column(frame, name, kinds, labels, around.get(name)) for name in frame.columns if name not in ends]


def _column(
    frame: pl.DataFrame, name: str, kinds: Mapping[str, str], labels: Mapping[str, str], ends: Ends | None
) -> Column:
    values = frame[name].to_list()
    is_of_headlines = "name" in frame.columns and not set(NAMED).isdisjoint(frame.columns)
    if name == "name" and is_of_headlines:
        return Column(name, labels.get(name, formats.label_of(name)), False, tuple(map(_headline, values)))
    if name in NAMED and "name" in frame.columns and name not in kinds:
        return Column(name, labels.get(name, formats.label_of(name)), True, _named_cells(frame, name))
    kind = _kind(name, values, kinds)
    form = formats.format_of(kind, values)
    around = [_around(frame, row, ends, form) for row in range(frame.height)]
    cells = tuple(Cell(form(value), more) for value, more in zip(values, around, strict=True))
    return Column(name, labels.get(name, formats.label_of(name)), kind not in LEFT, cells)


def _headline(name: object) -> Cell:
    return Cell(formats.label_of(name) if isinstance(name, str) else formats.shown(name, "text"))


def _named_cells(frame: pl.DataFrame, column: str) -> tuple[Cell, ...]:
    """Each number in the format that the name of its row asks for."""
    rows = frame.select("name", column).iter_rows()
    kinds = ((formats.kind_of(name, sample=1), value) for name, value in rows)
    return tuple(Cell(formats.signed(v, kind) if column == "change" else formats.shown(v, kind)) for kind, v in kinds)


def _kind(name: str, values: list[object], kinds: Mapping[str, str]) -> str:
    kind = kinds.get(name) or formats.kind_of(name, sample=next((value for value in values if value is not None), None))
    if kind not in formats.KINDS:
        raise PageError(f"column '{name}' has no format '{kind}'", hint=did_you_mean(kind, list(formats.KINDS)))
    return kind


def _around(frame: pl.DataFrame, row: int, ends: Ends | None, form: Callable[..., str]) -> str | None:
    if ends is None:
        return None
    low, high = (frame[end][row] for end in ends)
    return None if low is None and high is None else formats.interval(low, high, of=form)


def _known(frame: pl.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if name not in frame.columns:
            raise PageError(
                f"the table has no column '{name}'",
                found=", ".join(frame.columns),
                hint=did_you_mean(name, frame.columns),
            )
