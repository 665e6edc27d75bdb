"""The result of a check in words: for the terminal, for the page, and for a run that must stop."""

import polars as pl

from leadreport.check.checked import Checked, row_totals
from leadreport.errors import InputError
from leadreport.policy import Policy
from leadreport.tables import TABLES

EXAMPLES = 3


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
    value = pl.when(pl.col("value").fill_null("") == "").then(pl.lit("empty")).otherwise(pl.format("'{}'", "value"))
    unit = pl.when(pl.col("file").str.contains(r"\.(parquet|pq)$")).then(pl.lit("row")).otherwise(pl.lit("line"))
    example = pl.format("{} {} {}: {}", "file", unit, "line", value.str.replace_all(r"\s+", " "))
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


def check_report(checked: Checked) -> str:
    """Plain text for the terminal: rows read, good and rejected per file; then each reason with its first examples.

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
      leads.csv line 2: empty
    """
    unused = [f"{file}: column '{column}': {hint}" for _, file, column, hint in checked.unused.iter_rows()]
    parts = [count_lines(checked.counts), *reason_lines(checked.rejected), "\n".join(unused)]
    return "\n\n".join(part for part in parts if part)


def count_lines(counts: pl.DataFrame) -> str:
    """One line per file, in aligned columns."""
    widths = [max(map(len, counts[name])) if counts.height else 0 for name in ("table", "file")]
    return "\n".join(
        f"{row['table']:{widths[0]}}  {row['file']:{widths[1]}}  {row['read']:,} read, {row['good']:,} good, "
        f"{row['rejected']:,} rejected"
        + (f" ({row['rejected_rate']:.1%})" if row["rejected"] else "")
        + (f", {row['left_out']:,} left out by sources.toml" if row["left_out"] else "")
        for row in counts.iter_rows(named=True)
    )


def reason_lines(rejected: pl.DataFrame) -> list[str]:
    """A paragraph per reason: what, how often, and the first places."""
    return [
        "\n  ".join([f"{reason(row)}: {row['rows']:,} {'row' if row['rows'] == 1 else 'rows'}", *row["examples"]])
        for row in by_reason(rejected).iter_rows(named=True)
    ]


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
