"""How far each table reaches: the last day up to which it is complete, learnt from its own rhythm (definition 4a)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from math import log
from zoneinfo import ZoneInfo

import polars as pl

from leadreport.clock import local_date
from leadreport.policy import Policy
from leadreport.tables import INSTANTS, TABLES

CURRENT, STOPPED, CANNOT_TELL, ABSENT = "current", "stopped", "cannot tell", "absent"

LEAST_DUE = 5
"""A table is called stopped only when at least this number of rows was due and did not come."""

STRAY = 0.02
"""After a stop, stray rows (planned meetings, typing errors) come at this share of the usual pace at most."""

WEEKS, YEAR = 8, 364
"""What is due on a day is the mean of the same weekday in this number of weeks before; habits are those of a year."""

USUAL_SHARE, TIMES_USUAL = 0.95, 2.0
"""A silence must be twice as deep as those that the table had on all but one day in twenty."""

TIMES_SPREAD = 2.2
"""More than five rows must be due where the days of a table differ much: this often the spread of its days."""

NOTHING_DUE = 0.2
"""With fewer rows due, a day without rows (a weekend, a holiday) is complete."""

BEGUN_DUE = 10
"""A day has only begun when this number of rows usually comes after the hour at which the data end."""

REACH = {
    "table": pl.String,
    "state": pl.String,
    "first_on": pl.Date,
    "complete_on": pl.Date,
    "due_rows": pl.Float64,
    "rows_after": pl.Int64,
    "after_on": pl.Date,
}


def table_reach(tables: Mapping[str, pl.DataFrame], *, policy: Policy, as_of: datetime | None = None) -> pl.DataFrame:
    """How far each of the seven tables reaches, one row per table (definition 4a).

    Columns: table, state ("current"; "stopped"; "cannot tell": rows were due, but too few to call it stopped; or
    "absent"), first_on, complete_on (the last complete day; unless it has stopped that of all the data), due_rows (rows
    due since the last complete or filled day), rows_after and after_on (rows dated after the end of the data, and the
    date of the last; they are no data yet: planned meetings, budgets, typing errors).

    `tables` has all rows, those after `as_of` too: what came later shows that a table had not stopped. Without `as_of`
    the data are judged up to their last row.

    The evidence is a CUSUM (Page 1954): with c rows on a day on which m were due, the log-likelihood ratio of a share r
    of the usual pace against the usual pace, m (1 - r) - c ln(1 / r), is added and never falls below 0.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> days = pl.date_range(date(2026, 3, 2), date(2026, 5, 31), eager=True)
    >>> spend = pl.DataFrame({"spent_on": days[:-14]})
    >>> leads = pl.DataFrame({"created_at": days.cast(pl.Datetime("us", "UTC"))})
    >>> reach = table_reach({"leads": leads, "spend": spend}, policy=parse_policy(preset_text("startup")))
    >>> reach.filter(pl.col("table") == "spend").select("state", "complete_on").row(0)
    ('stopped', datetime.date(2026, 5, 17))
    """
    zone, holidays = policy.company.time_zone, policy.working_hours.holidays
    daily = daily_rows(tables, zone=zone)
    if daily.is_empty():
        return pl.DataFrame([reach_of(name, daily, daily, end=date.min) for name in TABLES], schema=REACH)
    before = as_of.astimezone(ZoneInfo(zone)).date() - timedelta(days=1) if as_of else date.min
    end = end_of_data(daily, tables, until=max(daily["day"].max(), before), holidays=holidays, zone=zone)
    known = evidence(daily.filter(pl.col("day") <= end), until=end, holidays=holidays)
    return pl.DataFrame([reach_of(name, daily, known, end=end) for name in TABLES], schema=REACH)


def daily_rows(tables: Mapping[str, pl.DataFrame], *, zone: str) -> pl.DataFrame:
    """[table, day, rows]: the rows of each table by local date; days without rows are left out."""
    days = {name: local_date(pl.col(at), zone=zone) for name, at in INSTANTS.items()} | {"spend": pl.col("spent_on")}
    counted = [
        tables[name].group_by(table=pl.lit(name), day=days[name]).agg(rows=pl.len().cast(pl.Int64))
        for name in TABLES
        if name in tables
    ]
    return pl.concat(counted).sort("table", "day")


def evidence(daily: pl.DataFrame, *, until: date, holidays: Iterable[date]) -> pl.DataFrame:
    """[table, day, rows, due, evidence] for every day from a table's first to `until`.

    Nothing is due on the policy's holidays, and less on days that are slow for all: the usual number is multiplied by
    the pace of the liveliest other table, where that is below 1. The table "all" has no other: days without any row are
    no slow days but the end of the data.
    """
    rows, usual, pace = pl.col("rows"), pl.col("usual"), pl.col("pace")
    is_free = pl.col("day").is_in([*holidays])
    best, second = pace.max().over("day"), pace.top_k(2).min().over("day")
    others = pl.when(pace == best).then(pl.when(pace.count().over("day") > 1).then(second)).otherwise(best)
    others = pl.when(pl.col("table") != "all").then(others).fill_null(1.0).clip(upper_bound=1.0)
    added = (pl.col("due") * (1 - STRAY) - rows * log(1 / STRAY)).cum_sum().over("table", order_by="day")
    lowest = pl.col("added").cum_min().clip(upper_bound=0).over("table", order_by="day")
    return (
        daily.group_by("table")
        .agg(day=pl.date_ranges(pl.col("day").min(), until).first())
        .explode("day")
        .join(daily, on=["table", "day"], how="left")
        .with_columns(rows.fill_null(0), weekday=pl.col("day").dt.weekday())
        .sort("table", "day")
        .with_columns(usual=rows.shift(1).rolling_mean(WEEKS, min_samples=1).over("table", "weekday").fill_null(0.0))
        .with_columns(pace=pl.when((usual >= LEAST_DUE) & ~pl.col("table").is_in(["spend", "all"])).then(rows / usual))
        .with_columns(due=pl.when(is_free).then(0.0).otherwise(usual * others))
        .with_columns(added=added)
        .select("table", "day", "rows", "due", evidence=(pl.col("added") - lowest).round(9))
    )


def stopped_on(days: pl.DataFrame) -> date | None:
    """The last complete day of a table that has stopped; None when it has not. `days` is its part of `evidence`."""
    start = days.filter(pl.col("evidence") == 0)["day"].max()
    habit = days.filter(pl.col("day").is_between(start - timedelta(days=YEAR), start))
    usual = habit["evidence"].quantile(USUAL_SHARE) or 0.0
    least = max(LEAST_DUE * (1 - STRAY) * max(1.0, TIMES_SPREAD * spread(habit)), TIMES_USUAL * usual)
    return start if days["evidence"][-1] >= least - 1e-6 else None


def spread(days: pl.DataFrame) -> float:
    """How much the rows of a day differ from those due, in units of a Poisson process: mean of (rows - due)^2 / due.

    The largest twentieth is left out: holidays and imports are no rhythm.
    """
    due = pl.col("due")
    distances = days.filter(due >= NOTHING_DUE).select(((pl.col("rows") - due) ** 2 / due).sort())
    kept = distances.head(int(distances.height * USUAL_SHARE)).to_series()
    return kept.mean() or 0.0


def last_filled_on(days: pl.DataFrame) -> date:
    """The last day with rows of a table, or its last complete day when it has stopped. `days` is its `evidence`."""
    is_data = pl.col("day") <= (stopped_on(days) or date.max)
    return days.filter(is_data, pl.col("rows") > 0)["day"].max() or days["day"].min()


def end_of_data(
    daily: pl.DataFrame, tables: Mapping[str, pl.DataFrame], *, until: date, holidays: Iterable[date], zone: str
) -> date:
    """The last complete day of all the data: the latest end of the tables that have five rows a week or more.

    Spend has no say, as budgets are entered ahead. Where no table has five rows a week, all are read as one. A day that
    has only begun is not complete; days on which next to nothing is due (a weekend) are complete without rows.
    """
    events = daily.filter(pl.col("table") != "spend")
    together = events.group_by("day").agg(pl.col("rows").sum()).select(table=pl.lit("all"), day="day", rows="rows")
    known = evidence(pl.concat([events, together]), until=until, holidays=holidays)
    parts = {part["table"][0]: part for part in known.partition_by("table")}
    ends = {name: last_filled_on(part) for name, part in parts.items()}
    dense = [name for name, end in ends.items() if name != "all" and is_dense(parts[name], end)]
    end = max(ends[name] for name in dense or ["all"])
    if has_only_begun(tables, end, zone=zone):
        return end - timedelta(days=1)
    after = parts["all"].filter(pl.col("day") > end).filter(pl.col("due").cum_sum() < NOTHING_DUE)
    return after["day"].max() or end


def is_dense(days: pl.DataFrame, end: date) -> bool:
    """Whether a table had five rows a week or more in the four weeks up to a day."""
    return days.filter(pl.col("day").is_between(end - timedelta(days=27), end))["rows"].sum() >= 4 * LEAST_DUE


def has_only_begun(tables: Mapping[str, pl.DataFrame], day: date, *, zone: str) -> bool:
    """Whether the data end at an hour after which many rows usually come, in the tables that have the day."""
    same = [day - timedelta(weeks=back) for back in range(WEEKS + 1)]
    times = [
        tables[name].select(day=local_date(pl.col(at), zone=zone), time=pl.col(at).dt.convert_time_zone(zone).dt.time())
        for name, at in INSTANTS.items()
        if name in tables
    ]
    begun = pl.concat([each.filter(pl.col("day").is_in(same)) for each in times if (each["day"] == day).any()])
    last = begun.filter(pl.col("day") == day)["time"].max()
    earlier = begun.filter(pl.col("day") < day)
    return earlier.filter(pl.col("time") > last).height >= BEGUN_DUE * max(earlier["day"].n_unique(), 1)


def reach_of(name: str, daily: pl.DataFrame, known: pl.DataFrame, *, end: date) -> dict[str, object]:
    """One row of `table_reach`."""
    rows = daily.filter(pl.col("table") == name)
    after, days = rows.filter(pl.col("day") > end), known.filter(pl.col("table") == name)
    row = {"table": name, "rows_after": after["rows"].sum(), "after_on": after["day"].max()}
    if rows.height == after.height:
        return {**row, "state": ABSENT}
    stop = stopped_on(days)
    due = days.filter(pl.col("day") > (stop or last_filled_on(days)))["due"].sum()
    state = STOPPED if stop else CANNOT_TELL if due >= 1 else CURRENT
    return {**row, "state": state, "first_on": rows["day"].min(), "complete_on": stop or end, "due_rows": round(due, 6)}
