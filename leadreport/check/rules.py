"""Which rows break a rule: those of their table, those between tables, and one currency for all amounts."""

from collections.abc import Mapping

import dataframely as dy
import polars as pl

from leadreport.errors import InputError
from leadreport.tables import TABLES, RawTable, reason_of

ROW = "the row's position"
"""A column beside the schema's own; no schema column has a space in its name."""

FAILURES = {"row": pl.UInt32, "column": pl.String, "reason": pl.String}
"""One row per broken rule: the row's position, the column (null: the whole line), the reason."""


def rule_failures(raw: RawTable) -> pl.DataFrame:
    """[row, column, reason]: every rule of its table that a row breaks, with every cell that could not be read.

    A cell that could not be read is not reported as missing too. A row is a duplicate only of a good row: of two rows
    with the same id, of which the first has no date, the second stays.

    Examples
    --------
    >>> from leadreport.tables import raw_table
    >>> rows = pl.DataFrame({"lead_id": ["a", "a", None]})
    >>> rule_failures(raw_table("leads", rows)).filter(pl.col("row") == 2).sort("column").rows()
    [(2, 'created_at', 'is missing'), (2, 'lead_id', 'is missing')]
    """
    unread = raw.problems.select(*FAILURES)
    malformed = unread.filter(pl.col("column").is_null())
    rows = raw.rows.with_row_index(ROW)
    broken = broken_rules(rows, name=raw.name)
    readable = broken.join(unread, on=["row", "column"], how="anti").join(malformed, on="row", how="anti")
    failures = pl.concat([unread, readable.filter(~pl.col("is_unique")).select(*FAILURES)])
    if not broken["is_unique"].any():
        return failures
    others = rows.join(failures.select(pl.col("row").alias(ROW)), on=ROW, how="anti")
    duplicates = broken_rules(others, name=raw.name).filter("is_unique")
    return pl.concat([failures, duplicates.select(*FAILURES)])


def broken_rules(rows: pl.DataFrame, *, name: str) -> pl.DataFrame:
    """[row, column, reason, is_unique]: the schema's rules that rows break; `is_unique` marks duplicates."""
    schema = with_row_number(TABLES[name])
    _, failure = schema.filter(rows.select(schema.column_names()))
    rules = list(failure.counts())
    named = pl.DataFrame(
        [(rule, *reason_of(rule), rule.endswith("_is_unique")) for rule in rules],
        schema={"rule": pl.String, "column": pl.String, "reason": pl.String, "is_unique": pl.Boolean},
        orient="row",
    )
    details = failure.details().select(pl.col(ROW).alias("row"), *rules).unpivot(index="row", variable_name="rule")
    return details.filter(pl.col("value") == "invalid").join(named, on="rule").select(*FAILURES, "is_unique")


def with_row_number(schema: type[dy.Schema]) -> type[dy.Schema]:
    """The schema with a column for the row's position, by which its failures are found again."""
    return type(schema.__name__, (schema,), {ROW: dy.UInt32(nullable=False)})


def unknown_leads(rows: pl.DataFrame, *, leads: pl.Series) -> pl.DataFrame:
    """[row, column, reason]: rows whose `lead_id` is not the id of a good lead; an empty one breaks another rule.

    Examples
    --------
    >>> rows = pl.DataFrame({"lead_id": ["a", "b", None]})
    >>> unknown_leads(rows, leads=pl.Series(["a"])).rows()
    [(1, 'lead_id', 'refers to an unknown lead')]
    """
    if "lead_id" not in rows.columns:
        return pl.DataFrame(schema=FAILURES)
    known = leads.alias("lead_id").to_frame()
    unknown = rows.select("lead_id").with_row_index("row").drop_nulls().join(known, on="lead_id", how="anti")
    return unknown.select("row", column=pl.lit("lead_id"), reason=pl.lit("refers to an unknown lead")).cast(FAILURES)


def with_currency(rows: pl.DataFrame, *, currency: str) -> pl.DataFrame:
    """The rows with currency codes in capitals, the policy's where a row has none; tables without money unchanged.

    Examples
    --------
    >>> spend = pl.DataFrame({"amount": [1.0, 2.0], "currency": ["usd", None]})
    >>> with_currency(spend, currency="EUR")["currency"].to_list()
    ['USD', 'EUR']
    """
    if "currency" not in rows.columns or "amount" not in rows.columns:
        return rows
    return rows.with_columns(pl.col("currency").str.to_uppercase().fill_null(currency))


def refuse_other_currencies(tables: Mapping[str, pl.DataFrame], *, currency: str) -> None:
    """Stop when deals or spend have rows in another currency than the policy's.

    Raises
    ------
    InputError
        With the currencies and the number of rows of each.
    """
    counts = [tables[name].group_by("currency").len().with_columns(table=pl.lit(name)) for name in ("deals", "spend")]
    rows = pl.concat(counts).sort("table", "currency")
    if rows.filter(pl.col("currency") != currency).is_empty():
        return
    raise InputError(
        f"amounts must all be in {currency}, the policy's currency; sums over several currencies mean nothing",
        found="; ".join(f"{table}: {count:,} x {code}" for code, count, table in rows.iter_rows()),
        hint="convert the amounts, drop those rows in sources.toml, or change company.currency in policy.toml",
    )
