"""Week by week: entries into each stage, what changed this week beyond normal variation, and how fast leads grow."""

from datetime import date, datetime, timedelta

import polars as pl

from leadreport.clock import local_date, week_before
from leadreport.facts import reached_at, recorded_at
from leadreport.funnel.causes import RATES, level_cause
from leadreport.funnel.cohorts import final_cohorts
from leadreport.funnel.entries import cohort_calendar, cohort_name, first_day, has_passed, last_day
from leadreport.policy import Policy
from leadreport.rates import headlines, rate, weekly_headline
from leadreport.words import COUNTED, DOWN, HEADLINES, STAGES, UP


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


def week_on_week(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 52) -> pl.DataFrame:
    """The headlines of the funnel, each with its normal range and the change of level of the last 13 weeks.

    One row per headline, in the columns of `rates.HEADLINE_COLUMNS`. Counts (leads, mqls, sqls, customers) are of the
    last complete week. Rates (such as mql_to_sql_rate) are of the latest weekly cohorts that are final, which are older
    weeks, pooled until a change by a quarter would show.

    The last `weeks` weeks are split where their level stepped or began to drift (definition 12a), and the limits come
    from inside the current level. The verdict is "up" or "down" when the level changed within the last 13 weeks, and
    changed_on, level_before, level_after and cause say when, how and from what; else "normal variation", or "too few to
    say" when even 0 would be normal. The trend is "rising" or "falling" when the change is a drift that goes on. One
    count in a hundred, and one rate in four hundred, says "up" or "down" although nothing changed.

    `note` holds the policy's changes of a definition that are dated within the compared weeks. Weeks before a stage's
    first entry are not weeks with 0 entries.

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
    now = {"as_of": as_of, "policy": policy}
    redefined_on = [change.on for change in policy.changes]
    rows = []
    for name, series in headline_series(facts, weeks=weeks, **now).items():
        alarms = HEADLINES[name].false_alarms
        row = weekly_headline(name, series, redefined_on=redefined_on, false_alarms=alarms)
        cause = level_cause(facts, name, row, **now) if row.get("changed_on") else None
        note = changes_noted(policy, row.get("level_from_on") or series["week_on"].min(), row.get("week_on"))
        rows.append(row | {"cause": cause, "note": note})
    return headlines(pl.DataFrame(rows, infer_schema_length=None))


def headline_series(facts: pl.DataFrame, *, weeks: int, as_of: datetime, policy: Policy) -> dict[str, pl.DataFrame]:
    """The weekly series behind each headline: week, week_on, and value of a count or k and n of a rate."""
    entries = weekly_entries(facts, as_of=as_of, policy=policy, weeks=weeks)
    whole = entries.filter(~pl.col("is_partial"))
    series = {}
    for name, stage in COUNTED.items():
        counted = whole.filter(pl.col("stage") == stage).filter(pl.col("entries").cum_sum() > 0)
        series[name] = counted.select("week", "week_on", value="entries")
    for name in RATES:
        series[name] = final_rates(facts, name, as_of=as_of, policy=policy).tail(weeks)
    return series


def final_rates(facts: pl.DataFrame, name: str, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """The weekly cohorts of a headline rate that are final: week, week_on, value, n, k."""
    one, two = RATES[name]
    cohorts = final_cohorts(facts, from_stage=one, to_stage=two, as_of=as_of, policy=policy)
    return cohorts.select(week="cohort", week_on="cohort_on", value="conversion_rate", n="leads", k="converted")


def changed(changes: pl.DataFrame) -> pl.DataFrame:
    """The headlines whose verdict is a real change."""
    return changes.filter(pl.col("verdict").is_in([UP, DOWN]))


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
