"""Week by week: entries into each stage, what changed this week beyond normal variation, and how fast leads grow."""

from datetime import date, datetime, timedelta

import polars as pl

from leadreport.clock import local_date, week_before
from leadreport.facts import reached_at, recorded_at
from leadreport.funnel.cohorts import final_cohorts
from leadreport.funnel.entries import cohort_calendar, cohort_name, first_day, has_passed, last_day
from leadreport.policy import Policy
from leadreport.rates import RECENT_PERIODS, control_limits, drift, headlines, rate, verdict
from leadreport.words import COUNTED, DOWN, STAGES, UP

RATES = {
    "lead_to_mql_rate": ("lead", "mql"),
    "mql_to_sql_rate": ("mql", "sql"),
    "lead_to_customer_rate": ("lead", "customer"),
}
"""The headline rates, and the step whose final cohorts they are of."""


def weekly_entries(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 13) -> pl.DataFrame:
    """First entries into each stage per ISO week: the last complete weeks, and the one that is under way.

    Columns: week, week_on, stage, entries, imputed (of them, implied by a later stage), is_partial (the week is not
    over, or the history begins within it). A week without entries is a row with 0. Sorted by week, then stage.

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
    >>> weekly_entries(facts, weeks=3, **rules).select("week", "stage", "entries", "is_partial").row(0)
    ('2026-W02', 'lead', 2, False)
    """
    zone = policy.company.time_zone
    last = week_before(as_of, zone=zone)
    calendar = cohort_calendar(last.start_on - timedelta(days=7 * (weeks - 1)), as_of, every="week", zone=zone)
    counts = [stage_weeks(facts, stage, rank=rank, zone=zone) for rank, stage in enumerate(STAGES)]
    stages = pl.DataFrame({"stage": STAGES, "rank": range(len(STAGES))})
    week_on = pl.col("cohort_on")
    is_before_record = (week_on < pl.lit(first_day(facts, zone=zone), dtype=pl.Date)).fill_null(True)
    return (
        calendar.join(stages, how="cross")
        .join(pl.concat(counts), on=["cohort_on", "rank"], how="left")
        .sort("cohort_on", "rank")
        .select(
            week=cohort_name(week_on, every="week"),
            week_on=week_on,
            stage="stage",
            entries=pl.col("entries").fill_null(0),
            imputed=pl.col("imputed").fill_null(0),
            is_partial=~has_passed(pl.col("cohort_ends_on"), days=0, as_of=as_of, zone=zone) | is_before_record,
        )
    )


def stage_weeks(facts: pl.DataFrame, stage: str, *, rank: int, zone: str) -> pl.DataFrame:
    """Entries into one stage by the Monday of their week."""
    monday = local_date(reached_at(stage), zone=zone).dt.truncate("1w")
    return (
        facts.filter(reached_at(stage).is_not_null())
        .group_by(cohort_on=monday)
        .agg(entries=pl.len().cast(pl.Int64), imputed=recorded_at(stage).is_null().sum().cast(pl.Int64))
        .with_columns(rank=pl.lit(rank, dtype=pl.Int64))
    )


def week_on_week(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 13) -> pl.DataFrame:
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
    entries = weekly_entries(facts, as_of=as_of, policy=policy, weeks=weeks + 1 + RECENT_PERIODS)
    whole = entries.filter(~pl.col("is_partial"))
    rows = []
    for name, stage in COUNTED.items():
        series = whole.filter(pl.col("stage") == stage).filter(pl.col("entries").cum_sum() > 0)
        series = series.select("week", "week_on", value=pl.col("entries").cast(pl.Float64), n="entries")
        rows.append(headline(name, series, weeks=weeks, policy=policy))
    for name in RATES:
        rows.append(headline(name, final_rates(facts, name, as_of=as_of, policy=policy), weeks=weeks, policy=policy))
    return headlines(pl.DataFrame(rows)).with_columns(verdict=verdict("value", "low_limit", "high_limit"))


def changed(changes: pl.DataFrame) -> pl.DataFrame:
    """The headlines whose verdict is a real change."""
    return changes.filter(pl.col("verdict").is_in([UP, DOWN]))


def final_rates(facts: pl.DataFrame, name: str, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """The weekly cohorts of a headline rate that are final: week, week_on, value, n, k."""
    one, two = RATES[name]
    cohorts = final_cohorts(facts, from_stage=one, to_stage=two, as_of=as_of, policy=policy)
    return cohorts.select(week="cohort", week_on="cohort_on", value="conversion_rate", n="leads", k="converted")


def headline(name: str, series: pl.DataFrame, *, weeks: int, policy: Policy) -> dict:
    """One row of `week_on_week`, before its verdict; a series with k has rates, one without has counts."""
    last, earlier = series.tail(1), series.head(-1).tail(weeks)
    new = last.row(0, named=True) if last.height else {"week": None, "week_on": None, "value": None, "n": 0}
    value, previous = new["value"], earlier["value"].last()
    row = {name: new[name] for name in ("week", "week_on", "value", "n")} | {
        "name": name,
        "previous": previous,
        "change": None if value is None or previous is None else round(value - previous, 10),
        "trend": drift(series["value"].tail(weeks + RECENT_PERIODS)),
        "note": changes_noted(policy, earlier["week_on"].min(), new["week_on"]),
    }
    if "k" in series.columns:
        limits = control_limits(earlier["k"], trials=earlier["n"], new_trials=new["n"])
    else:
        limits = control_limits(earlier["value"])
    return row | limits.select(pl.col("expected", "low_limit", "high_limit").round(10)).row(0, named=True)


def changes_noted(policy: Policy, since_on: date | None, week_on: date | None) -> str | None:
    """The notes of the policy's changes after the first of the compared weeks began, up to the end of the last."""
    if week_on is None:
        return None
    noted = [each.note for each in policy.changes if (since_on or week_on) < each.on < week_on + timedelta(days=7)]
    return "; ".join(noted) or None


def lead_velocity(
    facts: pl.DataFrame,
    *,
    stage: str = "mql",
    as_of: datetime,
    policy: Policy,
    window_days: int = 28,
    windows: int = 6,
) -> pl.DataFrame:
    """The lead velocity rate: the growth of the leads that entered a stage from one window to the next.

    Windows have equal lengths (months would compare 28 days with 31), the last one ends with what is visible. One row
    per window, the latest last: window_on, window_ends_on, leads, previous, velocity_rate, is_partial (the history
    begins within the window or the one before; then there is no rate).

    Examples
    --------
    >>> from datetime import UTC
    >>> from leadreport.policy import parse_policy, preset_text
    >>> days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 29, 30)]
    >>> facts = pl.DataFrame({"created_at": [days[0]] * 3, "mql_at": days})
    >>> rules = {"policy": parse_policy(preset_text("startup")), "as_of": datetime(2026, 2, 25, 23, tzinfo=UTC)}
    >>> lead_velocity(facts, windows=1, **rules).select("leads", "previous", "velocity_rate").row(0)
    (2, 1, 1.0)
    """
    zone = policy.company.time_zone
    end = last_day(as_of, zone=zone) + timedelta(days=1)
    first_on, length = first_day(facts, zone=zone), timedelta(days=window_days)
    entered_on = facts.select(local_date(reached_at(stage), zone=zone)).to_series()
    starts = [end - length * back for back in reversed(range(1, windows + 2))]
    counts = [entered_on.is_between(start, start + length, closed="left").sum() for start in starts]
    rows = pl.DataFrame({"window_on": starts, "leads": counts}, schema={"window_on": pl.Date, "leads": pl.Int64})
    rows = rows.with_columns(previous=pl.col("leads").shift(1)).tail(windows)
    is_partial = (pl.col("window_on") - length < pl.lit(first_on, dtype=pl.Date)).fill_null(True)
    return rows.select(
        "window_on",
        (pl.col("window_on") + length).alias("window_ends_on"),
        *("leads", "previous"),
        velocity_rate=pl.when(~is_partial).then(rate(pl.col("leads") - pl.col("previous"), "previous")),
        is_partial=is_partial,
    )
