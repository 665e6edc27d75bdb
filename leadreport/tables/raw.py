"""The rows of a table as they were read, before any check."""

from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class RawTable:
    """The rows of one table as read: typed, as the file has them, and where they come from.

    `rows`, `cells` and `places` have the same height and order. `rows` has our columns with our types (null where a
    cell could not be read) and, for leads, the attributes; `cells` has the same cells as the file holds them.
    `problems` lists what could not be read. `files` has one row per file, even for a file without rows:
    [file, left_out].
    """

    name: str
    rows: pl.DataFrame
    cells: pl.DataFrame
    places: pl.DataFrame
    problems: pl.DataFrame
    files: pl.DataFrame
    headers: pl.DataFrame
    unused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=UNUSED))


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
