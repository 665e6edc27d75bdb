"""Rows as they were read, before anybody judged them."""

from dataclasses import dataclass, field

import polars as pl

from leadreport.tables.schemas import column_types

PROBLEMS = {"row": pl.UInt32, "column": pl.String, "value": pl.String, "reason": pl.String}
"""What reading found wrong: the row's position, the column (null: the whole line), the text, why."""

PLACES = {"part": pl.UInt32, "file": pl.String, "line": pl.UInt32}
"""Where a row stands: the part of the mapping that made it, the file, the line (the row in a Parquet file)."""

HEADERS = {"part": pl.UInt32, "column": pl.String, "header": pl.String}
"""What the file calls our columns."""


@dataclass(frozen=True)
class RawTable:
    """The rows of one table as read: typed, as they stood in the file, and where.

    `rows`, `cells` and `places` have the same height and order. `rows` has our columns with our types (null where a
    cell could not be read) and, for leads, the attributes; `cells` has the same cells as the file holds them.
    `problems` lists what could not be read. `files` has one row per file, rows or not: [file, left_out].
    `unused` lists columns of files in our own columns that no table knows: [file, column, hint].
    """

    name: str
    rows: pl.DataFrame
    cells: pl.DataFrame
    places: pl.DataFrame
    problems: pl.DataFrame
    files: pl.DataFrame
    headers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HEADERS))
    unused: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"file": pl.String, "column": pl.String, "hint": pl.String})
    )


def raw_table(name: str, rows: pl.DataFrame, *, file: str = "frame") -> RawTable:
    """A raw table from rows that are typed already, as if they had been read from a file with one header line.

    Columns that the rows do not have are added, empty.

    Examples
    --------
    >>> raw_table("feedback", pl.DataFrame({"lead_id": ["a"], "score": [11]})).places.rows()
    [(0, 'frame', 2)]
    """
    ours = column_types(name)
    absent = [pl.lit(None, dtype=dtype).alias(column) for column, dtype in ours.items() if column not in rows.columns]
    rows = rows.with_columns(*absent).select(*ours, pl.exclude(*ours)).cast(ours)
    lines = pl.int_range(2, rows.height + 2, dtype=pl.UInt32, eager=True)
    places = pl.DataFrame({"line": lines}).select(
        pl.lit(0, dtype=pl.UInt32).alias("part"), pl.lit(file).alias("file"), "line"
    )
    headers = pl.DataFrame({"column": rows.columns, "header": rows.columns}, schema_overrides=HEADERS)
    return RawTable(
        name=name,
        rows=rows,
        cells=rows,
        places=places,
        problems=pl.DataFrame(schema=PROBLEMS),
        files=pl.DataFrame({"file": [file], "left_out": [0]}),
        headers=headers.select(pl.lit(0, dtype=pl.UInt32).alias("part"), "column", "header"),
    )
