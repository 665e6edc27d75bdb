"""The result of a check in words: for the terminal, for the page, and for a run that must stop."""

import json
from typing import Any

import polars as pl

from leadreport.check.checked import Checked, row_totals
from leadreport.errors import InputError
from leadreport.policy import Policy
from leadreport.tables import INSTANTS, TABLES

EXAMPLES = 3
VALUES = 10
"""The number of different values that a reason shows."""


def describe_rejected(rejected: pl.DataFrame) -> pl.DataFrame:
    """[table, column, reason, rows, examples]: the reasons, table by table, the most frequent first.

    Examples
    --------
    >>> rejected = pl.DataFrame({"table": "leads", "file": "leads.csv", "line": [3, 9], "value": ["soon", ""]})
    >>> rejected = rejected.with_columns(column=pl.lit("created_at"), reason=pl.lit("is no date"))
    >>> describe_rejected(rejected).rows()
    [('leads', 'created_at', 'is no date', 2, "leads.csv line 3: 'soon'; leads.csv line 9: empty")]
    """
    return by_reason(rejected).with_columns(pl.col("examples").list.join("; "))


def by_reason(rejected: pl.DataFrame) -> pl.DataFrame:
    """[table, column, reason, rows, examples], the examples as a list."""
    example = pl.format("{} {} {}: {}", "file", unit(), "line", quoted())
    grouped = rejected.group_by("table", "column", "reason", maintain_order=True).agg(
        rows=pl.len().cast(pl.Int64), examples=example.head(EXAMPLES)
    )
    order = pl.col("table").replace_strict(list(TABLES), range(len(TABLES)), default=len(TABLES), return_dtype=pl.Int64)
    return grouped.sort(order, "rows", "column", "reason", descending=[False, True, False, False])


def stop_if_too_many(checked: Checked, *, policy: Policy) -> None:
    """Stop a run whose numbers would be incomplete.

    Raises
    ------
    InputError
        When the rejected share of a table is above the policy's limit: which table, how many rows, the main reasons,
        examples.
    """
    limit = policy.checks.max_rejected_rate
    over = row_totals(checked.counts, by="table").filter(pl.col("rejected") > limit * pl.col("read"))
    if over.is_empty():
        return
    lines = [
        f"{table}: {rejected:,} of {read:,} rows ({rejected / read:.1%}) rejected"
        for table, read, rejected in over.select("table", "read", "rejected").iter_rows()
    ]
    main = by_reason(checked.rejected.filter(pl.col("table").is_in(over["table"].implode()))).head(EXAMPLES)
    found = [f"{row['rows']:,} x {reason(row)} ({'; '.join(row['examples'])})" for row in main.iter_rows(named=True)]
    raise InputError(
        f"more rows are rejected than the policy allows ({limit:.1%})\n" + "\n".join(lines),
        found="\n  ".join(["", *found]),
        hint="'leadreport check FOLDER' shows where; correct the export or its mapping, or raise "
        "checks.max_rejected_rate",
    )


def check_report(checked: Checked, *, zone: str = "UTC") -> str:
    """Plain text for the terminal: rows per file, each reason for rejection, and what is left out or counted apart.

    A reason shows its different values, the most frequent first, each with its number of rows and first place.

    Examples
    --------
    >>> from leadreport.check import check_tables
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import raw_table
    >>> raw = {"leads": raw_table("leads", pl.DataFrame({"lead_id": ["a"]}), file="leads.csv")}
    >>> print(check_report(check_tables(raw, policy=parse_policy(preset_text("startup")))))
    leads  leads.csv  1 read, 0 good, 1 rejected (100.0%)
    <BLANKLINE>
    leads, created_at: is missing: 1 row
      1 x empty, first in leads.csv line 2
    """
    unused = [f"{file}: column '{column}': {hint}" for _, file, column, hint in checked.unused.iter_rows()]
    noted = [f"{row['table']}: {noted_line(row)}" for row in checked.left_out.iter_rows(named=True)]
    parts = [count_lines(checked, zone=zone), *reason_lines(checked.rejected), "\n".join(noted), "\n".join(unused)]
    return "\n\n".join(part for part in parts if part)


def noted_line(row: dict[str, Any]) -> str:
    """What was left out or counted apart, how many rows and how much money, examples, and what is done about it."""
    money = f" ({row['amount']:,.2f} in all)" if row["amount"] else ""
    return f"{row['kind']}: {row['rows']:,}{money}, such as {row['examples']}: {row['treatment']}"


def check_json(checked: Checked, *, zone: str = "UTC") -> str:
    """The check as JSON: counts per file, reach per table, reasons, distinct bad values, and what is left out.

    Examples
    --------
    >>> import json
    >>> from leadreport.check import check_tables
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import raw_table
    >>> raw = {"leads": raw_table("leads", pl.DataFrame({"lead_id": ["a"]}), file="leads.csv")}
    >>> found = json.loads(check_json(check_tables(raw, policy=parse_policy(preset_text("startup")))))
    >>> found["counts"][0]["rejected"], found["rejected"][0]["reason"]
    (1, 'is missing')
    """
    parts = {
        "counts": checked.counts,
        "reach": reach(checked, zone=zone),
        "rejected": describe_rejected(checked.rejected),
        "values": by_value(checked.rejected),
        "left_out": checked.left_out,
        "unused": checked.unused,
    }
    return json.dumps({name: frame.to_dicts() for name, frame in parts.items()}, default=str, ensure_ascii=False)


def reach(checked: Checked, *, zone: str) -> pl.DataFrame:
    """[table, first_on, last_on]: the first and the last day of the good rows of each table that has any."""
    local = {name: pl.col(at).dt.convert_time_zone(zone).dt.date() for name, at in INSTANTS.items()}
    days = {**local, "spend": pl.col("spent_on")}
    frames = [
        checked.tables[name].select(table=pl.lit(name), first_on=day.min(), last_on=day.max())
        for name, day in days.items()
    ]
    return pl.concat(frames).drop_nulls()


def count_lines(checked: Checked, *, zone: str) -> str:
    """One line per file, in aligned columns; the first of a table shows the days that the table reaches."""
    counts = checked.counts
    days = {name: f"; {first} to {last}" for name, first, last in reach(checked, zone=zone).iter_rows()}
    widths = [max(map(len, counts[name])) if counts.height else 0 for name in ("table", "file")]
    return "\n".join(
        f"{row['table']:{widths[0]}}  {row['file']:{widths[1]}}  {row['read']:,} read, {row['good']:,} good, "
        f"{row['rejected']:,} rejected"
        + (f" ({row['rejected_rate']:.1%})" if row["rejected"] else "")
        + (f", {row['left_out']:,} left out" if row["left_out"] else "")
        + (days.pop(row["table"], ""))
        for row in counts.iter_rows(named=True)
    )


def reason_lines(rejected: pl.DataFrame) -> list[str]:
    """A paragraph per reason: what, how often, and its different values with their counts and first places."""
    values = by_value(rejected)
    paragraphs = []
    for row in by_reason(rejected).iter_rows(named=True):
        own = values.filter(pl.col(name).eq_missing(pl.lit(row[name])) for name in ("table", "column", "reason"))
        shown = [f"{rows:,} x {value}, first in {place}" for *_, value, rows, place in own.head(VALUES).iter_rows()]
        more = [f"and {own.height - VALUES:,} other values"] if own.height > VALUES else []
        head = f"{reason(row)}: {row['rows']:,} {'row' if row['rows'] == 1 else 'rows'}"
        paragraphs.append("\n  ".join([head, *shown, *more]))
    return paragraphs


def by_value(rejected: pl.DataFrame) -> pl.DataFrame:
    """[table, column, reason, value, rows, first]: the different values of each reason, the most frequent first."""
    keys = ["table", "column", "reason", "value"]
    shown = rejected.with_columns(value=quoted(), first=pl.format("{} {} {}", "file", unit(), "line"))
    counted = shown.group_by(keys, maintain_order=True).agg(pl.len().cast(pl.Int64).alias("rows"), pl.first("first"))
    return counted.sort("rows", descending=True, maintain_order=True)


def quoted() -> pl.Expr:
    """The value of a rejected cell as people read it."""
    text = pl.format("'{}'", pl.col("value").str.replace_all(r"\s+", " "))
    return pl.when(pl.col("value").fill_null("") == "").then(pl.lit("empty")).otherwise(text)


def unit() -> pl.Expr:
    """What the places in a file are called."""
    return pl.when(pl.col("file").str.contains(r"\.(parquet|pq)$")).then(pl.lit("row")).otherwise(pl.lit("line"))


def reason(row: dict[str, str]) -> str:
    return f"{row['table']}, {row['column']}: {row['reason']}"


def defuse_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame for a file that people open in a spreadsheet: texts that begin like a formula get an apostrophe.

    A formula begins with =, +, -, @ or a tab; numbers keep their sign.

    Examples
    --------
    >>> frame = pl.DataFrame({"value": ["=HYPERLINK(1)", "-12.50", "@cmd", "plain", None]})
    >>> defuse_formulas(frame)["value"].to_list()
    ["'=HYPERLINK(1)", '-12.50', "'@cmd", 'plain', None]
    """
    text = pl.col(pl.String)
    is_formula = text.str.contains(r"^\s*[=+\-@\t\r]") & ~text.str.contains(r"^[+-]?[\d.,]+$")
    return frame.with_columns(pl.when(is_formula).then("'" + text).otherwise(text).name.keep())
