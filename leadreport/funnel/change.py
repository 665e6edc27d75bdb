"""This week against the weeks before it: what changed, and what is noise."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.clock import week_before
from leadreport.funnel.cohorts import cohort_conversion
from leadreport.funnel.weeks import weekly_entries
from leadreport.policy import Policy
from leadreport.rates import control_limits, drift, headlines, verdict
from leadreport.words import COUNTED

RATES = (("lead", "mql"), ("mql", "sql"), ("lead", "customer"))
"""The steps whose final cohort rates are headlines."""


def week_on_week(
    facts: pl.DataFrame,
    *,
    as_of: datetime,
    policy: Policy,
    weeks: int = 13,
    rates: tuple[tuple[str, str], ...] = RATES,
) -> pl.DataFrame:
    """The headlines of the last complete week, each with what it was before and whether chance explains the change.

    One row per headline. Counts (leads, mqls, sqls, customers) are of the last complete week; rates (such as
    mql_to_sql_rate) of the latest weekly cohort that is final, which is an older week. The columns are those of
    `rates.HEADLINE_COLUMNS`: n is the leads a rate stands on, for a count the count; low and high are null; verdict is
    "up", "down", "normal variation" or "too few to say", trend "rising", "falling", "steady" or "too few to say"; note
    holds the policy's dated changes of a definition since the first of the compared weeks.

    The limits come from the `weeks` complete weeks before, of which 8 are needed; the trend from the last 6 against
    those before them. Weeks before a stage's first entry are not weeks with 0 entries.

    Examples
    --------
    >>> from leadreport.clock import as_instant
    >>> from leadreport.facts import lead_facts
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import TABLES, empty_table
    >>> rules = {"policy": parse_policy(preset_text("startup")), "as_of": as_instant("2026-01-26", zone="UTC")}
    >>> tables = {name: empty_table(name) for name in TABLES}
    >>> leads = pl.DataFrame({"lead_id": ["a", "b"], "created_at": [as_instant("2026-01-05", zone="UTC")] * 2})
    >>> tables["leads"] = pl.concat([tables["leads"], leads], how="diagonal_relaxed")
    >>> facts = lead_facts(tables, **rules).collect()
    >>> week_on_week(facts, **rules).select("name", "week", "value", "verdict").row(0)
    ('leads', '2026-W04', 0.0, 'too few to say')
    """
    entries = weekly_entries(facts, as_of=as_of, policy=policy, weeks=weeks + 1 + DRIFT_WEEKS).filter(
        ~pl.col("is_partial")
    )
    last = week_before(as_of, zone=policy.company.time_zone)
    rows = []
    for name, stage in COUNTED.items():
        series = entries.filter(pl.col("stage") == stage, pl.col("week_on") <= last.start_on)
        series = since_first(series.select("week", "week_on", value=pl.col("entries").cast(pl.Float64), n="entries"))
        rows.append(headline(name, series, weeks=weeks, policy=policy))
    for one, two in rates:
        series = final_rates(facts, one, two, as_of=as_of, policy=policy)
        rows.append(headline(f"{one}_to_{two}_rate", series, weeks=weeks, policy=policy, is_rate=True))
    return headlines(pl.DataFrame(rows)).with_columns(verdict=verdict("value", "low_limit", "high_limit"))


DRIFT_WEEKS = 6
"""So many weeks more are looked at for the trend, so that it has as long a past as the limits have."""


def final_rates(
    facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, policy: Policy
) -> pl.DataFrame:
    """The weekly cohorts whose rate is final: week, week_on, value, n, k."""
    cohorts = cohort_conversion(
        facts, from_stage=from_stage, to_stage=to_stage, every="week", as_of=as_of, policy=policy
    )
    said = cohorts.filter(pl.col("is_final"), ~pl.col("is_partial"), ~pl.col("is_truncated"))
    return said.select(week="cohort", week_on="cohort_on", value="conversion_rate", n="leads", k="converted")


def since_first(series: pl.DataFrame) -> pl.DataFrame:
    """Without the weeks before the first entry."""
    return series.filter(pl.col("value").cum_sum() > 0)


def headline(name: str, series: pl.DataFrame, *, weeks: int, policy: Policy, is_rate: bool = False) -> dict:
    """One row of `week_on_week`, before its verdict."""
    last, earlier = series.tail(1), series.head(-1).tail(weeks)
    limits = rate_limits(earlier, last) if is_rate else control_limits(earlier["value"])
    week_on = last["week_on"][0] if last.height else None
    since_on = earlier["week_on"].min() or week_on
    notes = [c.note for c in policy.changes if week_on and since_on < c.on < week_on + timedelta(days=7)]
    value, previous = (frame["value"][0] if frame.height else None for frame in (last, earlier.tail(1)))
    row = {
        "name": name,
        "week": last["week"][0] if last.height else None,
        "week_on": week_on,
        "value": value,
        "previous": previous,
        "change": None if value is None or previous is None else round(value - previous, 10),
        "n": last["n"][0] if last.height else 0,
    }
    found = {column: limits[column][0] for column in ("expected", "low_limit", "high_limit")}
    found = {column: None if end is None else round(end, 10) for column, end in found.items()}
    tail = {"trend": drift(series["value"].tail(weeks + DRIFT_WEEKS)), "note": "; ".join(notes) or None}
    return row | found | tail


def rate_limits(earlier: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    trials = last["n"][0] if last.height else 0
    return control_limits(earlier["k"], trials=earlier["n"], new_trials=trials)
