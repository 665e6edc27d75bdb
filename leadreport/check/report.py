"""What a check found, in words: for the terminal, for the page, and for the run that must stop."""

import polars as pl

from leadreport.check.judge import Checked
from leadreport.errors import InputError
from leadreport.policy import Policy
from leadreport.tables import TABLES

EXAMPLES = 3


def describe_rejected(rejected: pl.DataFrame) -> pl.DataFrame:
    """[table, column, reason, rows, examples]: the reasons, table by table, the frequent ones first.

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
    one_line = value.str.replace_all(r"\s+", " ")
    unit = pl.when(pl.col("file").str.contains(r"\.(parquet|pq)$")).then(pl.lit("row")).otherwise(pl.lit("line"))
    told = rejected.with_columns(example=pl.format("{} {} {}: {}", "file", unit, "line", one_line))
    grouped = told.group_by("table", "column", "reason").agg(
        pl.len().cast(pl.Int64).alias("rows"), pl.col("example").head(EXAMPLES).alias("examples")
    )
    order = pl.col("table").replace_strict(list(TABLES), range(len(TABLES)), default=len(TABLES), return_dtype=pl.Int64)
    return grouped.sort(order, "rows", "column", "reason", descending=[False, True, False, False])


def stop_if_too_many(checked: Checked, *, policy: Policy) -> None:
    """Stops a run that would report half the truth.

    Raises
    ------
    InputError
        When a table's rejected share passes the policy's limit: which table, how many, the main reasons, examples.
    """
    limit = policy.checks.max_rejected_rate
    totals = checked.counts.group_by("table", maintain_order=True).agg(pl.col("read", "rejected").sum())
    over = totals.filter(pl.col("rejected") > limit * pl.col("read"))
    if over.is_empty():
        return
    lines = [f"{table}: {share(rejected, read)} rejected" for table, read, rejected in over.iter_rows()]
    main = by_reason(checked.rejected.filter(pl.col("table").is_in(over["table"].implode()))).head(EXAMPLES)
    found = [f"{row['rows']:,} x {reason(row)} ({'; '.join(row['examples'])})" for row in main.iter_rows(named=True)]
    raise InputError(
        f"more rows are rejected than the policy allows ({percent(limit)})\n" + "\n".join(lines),
        found="\n  ".join(["", *found]),
        hint="'leadreport check FOLDER' shows where; mend the export or its mapping, or raise checks.max_rejected_rate",
    )


def check_report(checked: Checked) -> str:
    """Plain text for the terminal: per file what was read, good and rejected; per reason the first examples.

    Examples
    --------
    >>> from leadreport.check import check_tables
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import raw_table
    >>> raw = {"leads": raw_table("leads", pl.DataFrame({"lead_id": ["a"]}), file="leads.csv")}
    >>> print(check_report(check_tables(raw, policy=parse_policy(preset_text("startup")))))
    leads  leads.csv  1 read, 0 good, 1 rejected (100.0 %)
    <BLANKLINE>
    leads, created_at: is missing: 1 row
      leads.csv line 2: empty
    """
    parts = [count_lines(checked.counts), *reason_lines(checked.rejected), unused_lines(checked.unused)]
    return "\n\n".join(part for part in parts if part)


def count_lines(counts: pl.DataFrame) -> str:
    """One line per file, its columns aligned."""
    widths = [max(map(len, counts[name])) if counts.height else 0 for name in ("table", "file")]
    return "\n".join(
        f"{row['table']:{widths[0]}}  {row['file']:{widths[1]}}  {row['read']:,} read, {row['good']:,} good, "
        f"{row['rejected']:,} rejected"
        + (f" ({percent(row['rejected_rate'])})" if row["rejected"] else "")
        + (f", {row['left_out']:,} left out as sources.toml says" if row["left_out"] else "")
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


def unused_lines(unused: pl.DataFrame) -> str:
    """A line per column that no table knows."""
    return "\n".join(f"{row['file']}: column '{row['column']}': {row['hint']}" for row in unused.iter_rows(named=True))


def share(part: int, whole: int) -> str:
    """So many of so many, with the share in percent.

    Examples
    --------
    >>> share(3, 120)
    '3 of 120 rows (2.5 %)'
    """
    return f"{part:,} of {whole:,} rows ({percent(part / whole)})"


def percent(rate: float) -> str:
    return f"{rate:.1%}".replace("%", " %")
