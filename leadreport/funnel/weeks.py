"""How many leads entered each stage, week by week."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.clock import local_date, week_before
from leadreport.facts import reached_at, recorded_at
from leadreport.funnel.calendar import cohort_calendar, cohort_name, is_watched
from leadreport.policy import Policy
from leadreport.words import STAGES


def weekly_entries(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 13) -> pl.DataFrame:
    """First entries into each stage per ISO week: the last complete weeks, and the one that is under way.

    Columns: week, week_on, stage, entries, imputed (of them, implied by a later stage), is_partial (the week is not
    over, or the history begins within it). A week in which nobody entered is a row with 0. Sorted by week, then ladder.

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
    first_on = facts.select(local_date(pl.col("created_at").min(), zone=zone)).item()
    week_on = pl.col("cohort_on")
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
            is_partial=~is_watched(pl.col("cohort_ends_on"), days=0, as_of=as_of, zone=zone)
            | (week_on < pl.lit(first_on, dtype=pl.Date)).fill_null(True),
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
