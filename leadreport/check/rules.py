"""Which rows break a rule of their table, told by dataframely."""

import dataframely as dy
import polars as pl

from leadreport.tables import TABLES, RawTable, reason_of

ROW = "the row's position"
"""A column beside the schema's own; no schema column has a space in its name."""

FAILURES = {"row": pl.UInt32, "column": pl.String, "reason": pl.String}


def rule_failures(raw: RawTable) -> pl.DataFrame:
    """[row, column, reason]: every rule that a row breaks, what reading found wrong included.

    What reading could not make sense of is not called missing as well. A row is a duplicate only of a row that is good:
    of two rows with the same id of which the first has no date, the second stays.

    Examples
    --------
    >>> from leadreport.tables import raw_table
    >>> rows = pl.DataFrame({"lead_id": ["a", "a", None]})
    >>> rule_failures(raw_table("leads", rows)).filter(pl.col("row") == 2).sort("column").rows()
    [(2, 'created_at', 'is missing'), (2, 'lead_id', 'is missing')]
    """
    read = raw.problems.select("row", "column", "reason")
    torn = read.filter(pl.col("column").is_null())
    rows = raw.rows.with_row_index(ROW)
    broken = broken_rules(rows, name=raw.name)
    unread = broken.join(read, on=["row", "column"], how="anti").join(torn, on="row", how="anti")
    failures = pl.concat([read, unread.filter(~pl.col("is_unique")).select("row", "column", "reason")])
    if not broken["is_unique"].any():
        return failures
    others = rows.join(failures.select(pl.col("row").alias(ROW)), on=ROW, how="anti")
    again = broken_rules(others, name=raw.name).filter("is_unique")
    return pl.concat([failures, again.select("row", "column", "reason")])


def broken_rules(rows: pl.DataFrame, *, name: str) -> pl.DataFrame:
    """[row, column, reason, is_unique]: the schema's rules that rows break; `is_unique` marks those on other rows."""
    schema = with_row_number(TABLES[name])
    _, failure = schema.filter(rows.select(schema.column_names()))
    rules = list(failure.counts())
    words = [(rule, *reason_of(rule), rule.endswith("_is_unique")) for rule in rules]
    named = pl.DataFrame(words, schema=["rule", "column", "reason", "is_unique"], orient="row", schema_overrides=WORDED)
    told = failure.details().select(pl.col(ROW).alias("row"), *rules).unpivot(index="row", variable_name="rule")
    return (
        told.filter(pl.col("value") == "invalid").join(named, on="rule").select("row", "column", "reason", "is_unique")
    )


WORDED = {"rule": pl.String, "column": pl.String, "reason": pl.String, "is_unique": pl.Boolean}


def with_row_number(schema: type[dy.Schema]) -> type[dy.Schema]:
    """The schema with the position of the row, by which its failures are found again."""
    return type(schema.__name__, (schema,), {ROW: dy.UInt32(nullable=False)})
