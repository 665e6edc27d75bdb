"""The rows of a table as they were read, before any check."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from leadreport.tables.schemas import column_types

PROBLEMS = {"row": pl.UInt32, "column": pl.String, "value": pl.String, "reason": pl.String}
"""What could not be read: the row's position, the column (null: the whole line), the text, why."""

PLACES = {"part": pl.UInt32, "file": pl.String, "line": pl.UInt32}
"""Where a row comes from: the part of the mapping that made it, the file, the line (in a Parquet file, the row)."""

HEADERS = {"part": pl.UInt32, "column": pl.String, "header": pl.String}
"""What the file calls our columns."""

UNUSED = {"file": pl.String, "column": pl.String, "hint": pl.String}
"""Columns that no table has, in files that use our own column names."""

MARKS = {"signature": pl.UInt64, "total": pl.String}
"""Of each row a hash of its whole line, and the cell that begins like a total ("Total: Account"), if there is one."""

NOTES = {"kind": pl.String, "rows": pl.Int64, "amount": pl.Float64, "examples": pl.String}
"""What a reader should know of rows that are not rejected: what it is, how many rows, their money, a few examples."""


def note(
    kind: str, examples: Sequence[object] | pl.Series, *, rows: int | None = None, amount: float | None = None
) -> pl.DataFrame:
    """One note, or none when it is about no rows; `examples` has an entry per row unless `rows` counts them.

    Examples
    --------
    >>> note("total lines", ["ads.csv line 6", "ads.csv line 7"], amount=1200.0).row(0)
    ('total lines', 2, 1200.0, 'ads.csv line 6; ads.csv line 7')
    """
    count = len(examples) if rows is None else rows
    text = "; ".join(str(each) for each in list(dict.fromkeys(examples))[:3])
    return pl.DataFrame([(kind, count, amount, text)] if count else [], schema=NOTES, orient="row")


@dataclass(frozen=True)
class RawTable:
    """The rows of one table as read: typed, as the file has them, and where they come from.

    `rows`, `cells` and `places` have the same height and order. `rows` has our columns with our types (null where a
    cell could not be read) and, for leads, the attributes; `cells` has the same cells as the file holds them.
    `problems` lists what could not be read. `files` has one row per file, even for a file without rows:
    [file, left_out]. `marks` is empty for rows that come from no file.
    """

    name: str
    rows: pl.DataFrame
    cells: pl.DataFrame
    places: pl.DataFrame
    problems: pl.DataFrame
    files: pl.DataFrame
    headers: pl.DataFrame
    unused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=UNUSED))
    marks: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MARKS))
    notes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NOTES))
    may_miss_leads: bool = False

    def without(self, is_out: pl.Series) -> "RawTable":
        """The table without some rows, which `files` counts as left out."""
        if not is_out.any():
            return self
        place = pl.Series(range(len(is_out)), dtype=pl.UInt32).filter(~is_out)
        moved = pl.DataFrame({"row": place, "at": range(len(place))}, schema={"row": pl.UInt32, "at": pl.UInt32})
        problems = self.problems.join(moved, on="row", maintain_order="left").with_columns(row="at").drop("at")
        gone = self.places.filter(is_out).group_by("file").len("gone")
        files = self.files.join(gone, on="file", how="left").with_columns(
            left_out=pl.col("left_out") + pl.col("gone").fill_null(0).cast(pl.Int64)
        )
        kept = {name: getattr(self, name).filter(~is_out) for name in ("rows", "cells", "places")}
        marks = self.marks.filter(~is_out) if self.marks.height else self.marks
        return replace(self, **kept, problems=problems, files=files.drop("gone"), marks=marks)

    def noted(self, *notes: pl.DataFrame) -> "RawTable":
        """The table with further notes."""
        return replace(self, notes=pl.concat([self.notes, *notes]))

    def lines(self, is_meant: pl.Series) -> list[str]:
        """Where some rows stand: file and line, one entry per row."""
        return [f"{file} line {line}" for file, line in self.places.filter(is_meant).select("file", "line").iter_rows()]


def raw_table(name: str, rows: pl.DataFrame, *, file: str = "frame") -> RawTable:
    """A raw table from typed rows, as if they had been read from a file with one header line.

    Columns that the rows lack are added, empty.

    Examples
    --------
    >>> raw_table("feedback", pl.DataFrame({"lead_id": ["a"], "score": [11]})).places.rows()
    [(0, 'frame', 2)]
    """
    ours = column_types(name)
    absent = [pl.lit(None, dtype=dtype).alias(column) for column, dtype in ours.items() if column not in rows.columns]
    rows = rows.with_columns(*absent).select(*ours, pl.exclude(*ours)).cast(ours)
    lines = pl.int_range(2, rows.height + 2, dtype=pl.UInt32, eager=True)
    places = lines.alias("line").to_frame().select(part=0, file=pl.lit(file), line="line")
    headers = pl.DataFrame({"column": rows.columns}).select(part=0, column="column", header="column")
    return RawTable(
        name=name,
        rows=rows,
        cells=rows,
        places=places.cast(PLACES),
        problems=pl.DataFrame(schema=PROBLEMS),
        files=pl.DataFrame({"file": [file], "left_out": [0]}),
        headers=headers.cast(HEADERS),
    )
