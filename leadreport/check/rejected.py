"""Rejected rows as a person looks for them: file, line, column, what stands there, why."""

import polars as pl

from leadreport.tables import RawTable

REJECTED = {
    "table": pl.String,
    "file": pl.String,
    "line": pl.UInt32,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
}
"""One row per rejected row and reason; `column` is what the file calls it, `value` what stands there."""

WHOLE_LINE = "whole line"
"""The column of a row that could not be taken apart."""

LONGEST = 200
"""A value is shown up to so many characters."""


def rejected_rows(raw: RawTable, failures: pl.DataFrame) -> pl.DataFrame:
    """[table, file, line, column, value, reason] from [row, column, reason], in the order of files and lines."""
    parts = failures.partition_by("column", include_key=True)
    valued = pl.concat(
        [failures.clear().with_columns(value=pl.lit(None, dtype=pl.String)), *(valued_by(raw, part) for part in parts)]
    )
    placed = valued.join(raw.places.with_row_index("row"), on="row", how="left")
    named = placed.join(raw.headers, on=["part", "column"], how="left")
    column = pl.coalesce("header", "column", pl.lit(WHOLE_LINE)).alias("column")
    value = shortened(pl.col("value")).alias("value")
    rejected = named.select(pl.lit(raw.name).alias("table"), "file", "line", column, value, "reason").cast(REJECTED)
    return rejected.sort("file", "line", "column", "reason", "value")


def valued_by(raw: RawTable, failures: pl.DataFrame) -> pl.DataFrame:
    """Failures of one column with the cell as it stands in the file; of a torn row, its line."""
    column = failures["column"][0]
    if column is None:
        return failures.join(
            raw.problems.filter(pl.col("column").is_null()).select("row", "value"), on="row", how="left"
        )
    if column not in raw.cells.columns:
        return failures.with_columns(value=pl.lit(None, dtype=pl.String))
    return failures.with_columns(value=raw.cells[column][failures["row"]].cast(pl.String))


def shortened(value: pl.Expr) -> pl.Expr:
    """A value that fits on a page, without signs that steer a terminal."""
    value = value.str.replace_all(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\ufffd")
    return pl.when(value.str.len_chars() > LONGEST).then(value.str.head(LONGEST) + "…").otherwise(value)


def counted(raw: RawTable, failures: pl.DataFrame) -> pl.DataFrame:
    """[table, file, read, good, rejected, rejected_rate, left_out]: one row per file, also for a file without rows.

    Examples
    --------
    >>> from leadreport.tables import raw_table
    >>> raw = raw_table("leads", pl.DataFrame({"lead_id": ["a", "b", "c"]}), file="leads.csv")
    >>> failures = pl.DataFrame({"row": [1, 1]}, schema={"row": pl.UInt32})
    >>> counted(raw, failures).drop("table", "file").rows()
    [(3, 2, 1, 0.3333333333, 0)]
    """
    rejected = raw.places[failures["row"].unique()].group_by("file").len("rejected")
    read = raw.places.group_by("file").len("read")
    both = raw.files.join(read, on="file", how="left").join(rejected, on="file", how="left")
    whole = both.with_columns(pl.col("read", "rejected").fill_null(0).cast(pl.Int64))
    rate = (pl.col("rejected") / pl.col("read")).fill_nan(None).round(10)
    return whole.select(
        pl.lit(raw.name).alias("table"),
        "file",
        "read",
        (pl.col("read") - pl.col("rejected")).alias("good"),
        "rejected",
        rate.alias("rejected_rate"),
        pl.col("left_out").cast(pl.Int64),
    ).sort("file")
