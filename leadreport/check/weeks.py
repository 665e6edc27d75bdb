"""Rejected rows week by week: a limit for a whole file never sees one hollow week."""

from datetime import date

import polars as pl
from scipy.stats import poisson

from leadreport.clock import Period, local_date
from leadreport.errors import InputError
from leadreport.policy import Policy
from leadreport.tables import INSTANTS, RawTable

WEEKS = {"table": pl.String, "week_on": pl.Date, "what": pl.String, "text": pl.String, "rows": pl.Int64}
"""Rows by week: `what` is "read", "rejected", "reason" (with its `text`) or "stage" (a name that is not known)."""

SPOKEN_OF = 4
"""The weeks that a report speaks of: its own and the three before, over which rates are taken."""

LEAST_ROWS, BY_CHANCE = 5, 0.01
"""A week is stopped for five rejected rows or more, when so many come by chance in one week of a hundred at most."""


def rows_by_week(raw: RawTable, failures: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """[table, week_on, what, text, rows] of one table; a row without a date is of no week.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from leadreport.tables import raw_table
    >>> rows = pl.DataFrame({"lead_id": ["a", "b"], "created_at": [datetime(2026, 3, 4, tzinfo=UTC), None]})
    >>> failures = pl.DataFrame([(1, "created_at", "is missing")], schema=["row", "column", "reason"], orient="row")
    >>> failures = failures.cast({"row": pl.UInt32})
    >>> rows_by_week(raw_table("leads", rows), failures, zone="UTC").select("week_on", "what", "rows").rows()[:2]
    [(None, 'read', 1), (None, 'rejected', 1)]
    """
    at = INSTANTS.get(raw.name)
    day = local_date(pl.col(at), zone=zone) if at else pl.col("spent_on")
    weeks = raw.rows.select(week_on=day.dt.truncate("1w")).with_row_index("row")
    name = pl.col("stage").cast(pl.String) if raw.name == "stages" else pl.lit(None, dtype=pl.String)
    rows, nothing = raw.cells.select(text=name).with_row_index("row"), pl.lit(None, dtype=pl.String)
    is_unknown = (pl.col("column") == "stage") & (pl.col("reason") != "is missing")
    parts = {
        "read": weeks.select("row", text=nothing),
        "rejected": failures.select("row", text=nothing).unique("row"),
        "reason": failures.select("row", text=pl.format("{}: {}", pl.col("column").fill_null("line"), "reason")),
        "stage": failures.filter(is_unknown).select("row").join(rows, on="row"),
    }
    counted = [
        part.join(weeks, on="row").group_by("week_on", "text").agg(what=pl.lit(what), rows=pl.len())
        for what, part in parts.items()
    ]
    found = pl.concat(counted).with_columns(table=pl.lit(raw.name)).select(*WEEKS).cast(WEEKS)
    return found.sort("week_on", maintain_order=True)


def stop_if_rejected_lately(weeks: pl.DataFrame, *, policy: Policy, week: Period) -> None:
    """Stop a run whose own weeks lost rows: a stage name that is new, or more rejected rows than the policy allows.

    A table that begins in these weeks has no name that is new.

    Raises
    ------
    InputError
        With the names, their rows and the lines to add to the policy; or with the table, its share and the reasons.
    """
    seen, since = weeks.filter(pl.col("week_on") < week.end_on), week.last_weeks(SPOKEN_OF).start_on
    unknown = seen.filter(pl.col("what") == "stage").group_by("text").agg(pl.col("rows").sum(), pl.col("week_on").min())
    new = unknown.filter(pl.col("week_on") >= since).sort("text")
    begins_on = seen.filter(pl.col("table") == "stages")["week_on"].min()
    if not new.is_empty() and begins_on < since:
        raise InputError(
            f"the CRM has {'a stage' if new.height == 1 else 'stages'} that policy.toml does not know",
            found="; ".join(f"'{name}' in {rows:,} rows since {day}" for name, rows, day in new.iter_rows()),
            hint="give each its stage under [stages.names] in policy.toml, such as\n"
            + "\n".join(f'"{name}" = "sql"' for name in new["text"]),
        )
    for start in (week.start_on, since):
        for table in seen.filter(pl.col("week_on") >= start).partition_by("table"):
            refuse_hollow(table, limit=policy.checks.max_rejected_rate, since=start)


def refuse_hollow(weeks: pl.DataFrame, *, limit: float, since: date) -> None:
    """Stop when a table lost more of its rows than the policy allows and than chance explains (Poisson)."""
    counts = dict(weeks.group_by("what").agg(pl.col("rows").sum()).iter_rows())
    rejected, read = counts.get("rejected", 0), counts["read"]
    is_chance = poisson.sf(rejected - 1, limit * read) >= BY_CHANCE
    if rejected < LEAST_ROWS or rejected <= limit * read or is_chance:
        return
    reasons = weeks.filter(pl.col("what") == "reason").group_by("text").agg(pl.col("rows").sum())
    main = reasons.sort("rows", "text", descending=[True, False]).head(3).select("rows", "text").iter_rows()
    raise InputError(
        f"{weeks['table'][0]}: {rejected:,} of {read:,} rows since {since} are rejected ({rejected / read:.1%}); "
        f"the policy allows {limit:.1%}",
        found="; ".join(f"{rows:,} x {text}" for rows, text in main),
        hint="'leadreport check FOLDER' shows where; correct the export or its mapping, or raise "
        "checks.max_rejected_rate",
    )
