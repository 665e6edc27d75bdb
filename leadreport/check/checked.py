"""Every row is good, or rejected with its reasons; the two add up to what was read (definition 34)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from leadreport.check.left_out import (
    channel_notes,
    merge_notes,
    noted_rows,
    spend_notes,
    without_duplicates,
    without_other_leads,
    without_total_lines,
)
from leadreport.check.quality import refuse_unknown_attributes
from leadreport.check.rules import refuse_other_currencies, rule_failures, unknown_leads, with_currency
from leadreport.check.weeks import rows_by_week
from leadreport.errors import InputError
from leadreport.policy import Policy
from leadreport.tables import TABLES, RawTable, empty_table

REJECTED = {
    "table": pl.String,
    "file": pl.String,
    "line": pl.UInt32,
    "column": pl.String,
    "value": pl.String,
    "reason": pl.String,
}
"""One row per rejected row and reason; `column` is the file's own heading, `value` the cell in the file."""

WHOLE_LINE = "whole line"
"""The column of a row that could not be split into cells."""

LONGEST_VALUE = 200
"""Longer values are cut after this number of characters."""


@dataclass(frozen=True)
class Checked:
    """The good rows, the rejected ones with their reasons, and the counts of both.

    `tables` has the good rows of all seven tables, with the schemas' columns and types; a table without a file is
    empty. `rejected` is [table, file, line, column, value, reason], one row per rejected row and reason. `counts` is
    [table, file, read, good, rejected, rejected_rate, left_out]: good + rejected = read; `left_out` counts the rows
    that are left out, which are not in `read`. `unused` is [table, file, column, hint]: columns that no table has, in
    files that use our own column names. `left_out` is [table, kind, rows, amount, examples, treatment]: what is left
    out, or counted apart, without being rejected (definition 34a). `weeks` is [table, week_on, what, text,
    rows]: see `rows_by_week`.
    """

    tables: dict[str, pl.DataFrame]
    rejected: pl.DataFrame
    counts: pl.DataFrame
    unused: pl.DataFrame
    left_out: pl.DataFrame
    weeks: pl.DataFrame


def check_tables(raw: Mapping[str, RawTable], *, policy: Policy) -> Checked:
    """Separate good rows from rejected ones, table by table; a row of a lead that is not good is rejected with it.

    Before that, duplicates, total lines and rows of leads outside the export are left out.

    Raises
    ------
    InputError
        When there are no leads, amounts in another currency than the policy's, or a link that is found by chance.
    PolicyError
        When the policy names an attribute that the leads do not have.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import raw_table
    >>> rows = pl.DataFrame({"lead_id": ["a", "b"], "given_at": [None, None], "score": [7, 11]})
    >>> checked = check_tables({"leads": raw_table("leads", rows)}, policy=parse_policy(preset_text("startup")))
    >>> checked.counts.select("table", "read", "good", "rejected").rows()
    [('leads', 2, 0, 2)]
    """
    if "leads" not in raw:
        found = ", ".join(raw) or "no table"
        raise InputError("there is no table of leads", found=found, hint="add [[leads]] to sources.toml")
    refuse_unknown_attributes(raw["leads"].rows, policy=policy)
    raw = {name: counted_once(each, leads=raw["leads"].rows["lead_id"]) for name, each in raw.items()}
    tables = {name: empty_table(name) for name in TABLES}
    failures = {}
    for name in (name for name in TABLES if name in raw):
        rows = with_currency(raw[name].rows, currency=policy.company.currency)
        failures[name] = rule_failures(replace(raw[name], rows=rows))
        if name not in ("leads", "deals"):
            failures[name].extend(unknown_leads(rows, leads=tables["leads"]["lead_id"]))
        is_bad = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(failures[name]["row"].unique().implode())
        tables[name] = rows.filter(~is_bad)
    refuse_other_currencies(tables, currency=policy.company.currency)
    notes = {name: raw[name].notes for name in TABLES if name in raw}
    notes["leads"] = pl.concat([notes["leads"], merge_notes(tables["leads"])])
    if "spend" in raw:
        notes["spend"] = pl.concat([notes["spend"], *channel_notes(tables["leads"], tables["spend"])])
    return Checked(
        tables,
        rejected=pl.concat([rejected_rows(raw[name], failures[name]) for name in failures]),
        counts=pl.concat([counts_by_file(raw[name], failures[name]) for name in failures]),
        unused=pl.concat([raw[name].unused.select(pl.lit(name).alias("table"), pl.all()) for name in failures]),
        left_out=noted_rows(notes),
        weeks=pl.concat([rows_by_week(raw[name], failures[name], zone=policy.company.time_zone) for name in failures]),
    )


def counted_once(raw: RawTable, *, leads: pl.Series) -> RawTable:
    """A table without rows that must not count: duplicates of other files, total lines, rows of other leads."""
    once = without_duplicates(raw)
    if raw.name == "spend":
        once = without_total_lines(once)
        return once.noted(*spend_notes(once))
    return once if raw.name == "leads" else without_other_leads(once, leads=leads)


def rejected_rows(raw: RawTable, failures: pl.DataFrame) -> pl.DataFrame:
    """[table, file, line, column, value, reason] from [row, column, reason], in the order of files and lines."""
    nothing = failures.clear().with_columns(value=pl.lit(None, dtype=pl.String))
    valued = pl.concat([nothing, *(with_value(raw, part) for part in failures.partition_by("column"))])
    placed = valued.join(raw.places.with_row_index("row"), on="row", how="left")
    named = placed.join(raw.headers, on=["part", "column"], how="left")
    return (
        named.with_columns(
            table=pl.lit(raw.name),
            column=pl.coalesce("header", "column", pl.lit(WHOLE_LINE)),
            value=shortened(pl.col("value")),
        )
        .select(*REJECTED)
        .cast(REJECTED)
        .sort("file", "line", "column", "reason", "value")
    )


def with_value(raw: RawTable, failures: pl.DataFrame) -> pl.DataFrame:
    """Failures of one column with the cell as the file has it; of a malformed row, its line."""
    column = failures["column"][0]
    if column is None:
        lines = raw.problems.filter(pl.col("column").is_null()).select("row", "value")
        return failures.join(lines, on="row", how="left")
    if column not in raw.cells.columns:
        return failures.with_columns(value=pl.lit(None, dtype=pl.String))
    return failures.with_columns(value=raw.cells[column][failures["row"]].cast(pl.String))


def shortened(value: pl.Expr) -> pl.Expr:
    """A value that fits on a page, without control characters that a terminal would obey."""
    value = value.str.replace_all(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\ufffd")
    return pl.when(value.str.len_chars() > LONGEST_VALUE).then(value.str.head(LONGEST_VALUE) + "…").otherwise(value)


def counts_by_file(raw: RawTable, failures: pl.DataFrame) -> pl.DataFrame:
    """[table, file, read, good, rejected, rejected_rate, left_out]: one row per file, even for a file without rows.

    Examples
    --------
    >>> from leadreport.tables import raw_table
    >>> raw = raw_table("leads", pl.DataFrame({"lead_id": ["a", "b", "c"]}), file="leads.csv")
    >>> failures = pl.DataFrame({"row": [1, 1]}, schema={"row": pl.UInt32})
    >>> counts_by_file(raw, failures).drop("table", "file").rows()
    [(3, 2, 1, 0.3333333333, 0)]
    """
    rejected = raw.places[failures["row"].unique()].group_by("file").len("rejected")
    read = raw.places.group_by("file").len("read")
    counts = raw.files.join(read, on="file", how="left").join(rejected, on="file", how="left").fill_null(0)
    whole = counts.cast({"read": pl.Int64, "rejected": pl.Int64, "left_out": pl.Int64})
    return with_good_rows(whole.with_columns(table=pl.lit(raw.name)), keys=["table", "file"]).sort("file")


def row_totals(counts: pl.DataFrame, *, by: str | None = None) -> pl.DataFrame:
    """[read, good, rejected, rejected_rate, left_out] of all files together, or one row per `by` ("table").

    Examples
    --------
    >>> counts = pl.DataFrame({"table": ["leads", "leads"], "read": [60, 40], "rejected": [3, 2], "left_out": [0, 1]})
    >>> row_totals(counts).rows()
    [(100, 95, 5, 0.05, 1)]
    """
    keys = [by] if by else []
    sums = pl.col("read", "rejected", "left_out").sum()
    totals = counts.group_by(keys, maintain_order=True).agg(sums) if keys else counts.select(sums)
    return with_good_rows(totals, keys=keys)


def with_good_rows(counts: pl.DataFrame, *, keys: list[str]) -> pl.DataFrame:
    """Counts with the good rows and the share rejected (null when nothing was read)."""
    rate = (pl.col("rejected") / pl.col("read")).fill_nan(None).round(10)
    good = pl.col("read") - pl.col("rejected")
    return counts.select(*keys, "read", good.alias("good"), "rejected", rate.alias("rejected_rate"), "left_out")
