"""Of the leads that entered in a period, how many converted: final, or still open; and by which age."""

from datetime import date, datetime

import polars as pl

from leadreport.funnel.entries import (
    Entry,
    Every,
    cohort_calendar,
    cohort_name,
    cohort_start,
    first_day,
    has_passed,
    step_entries,
)
from leadreport.funnel.expected import usual_history, with_expected
from leadreport.funnel.record import left_truncation, with_truncation
from leadreport.policy import Policy
from leadreport.rates import converted_by, kaplan_meier_by, rate_with_ends
from leadreport.words import DOWN, UP

AGE_DAYS = {"week": 7, "month": 30, "quarter": 91}
"""Ages are counted in steps of equal length, so that cohorts compare (definition 3)."""

COLUMNS = (
    *("cohort_on", "leads", "converted", "late", "lost", "open", "conversion_rate", "low", "high"),
    *("is_final", "is_partial", "is_truncated", "horizon_days", "km_days", "km_rate", "km_low", "km_high"),
    *("usual_rate", "usual_low", "usual_high", "verdict", "expected_rate", "expected_low", "expected_high"),
)


def cohort_conversion(
    facts: pl.DataFrame,
    *,
    from_stage: str,
    to_stage: str,
    every: Every = "week",
    by: str | None = None,
    as_of: datetime,
    policy: Policy,
    entry: Entry = "first",
) -> pl.DataFrame:
    """Each cohort's conversion, counted within the policy's horizon so that cohorts of any age compare (definition 10).

    A rate is given only when it is final: when the whole cohort is as old as the horizon, its period is complete, and
    the record of its conversions is whole (else is_truncated). Young leads are open, not lost. One row per group
    and period, also for a period without entries:

    - cohort, cohort_on, leads = converted + late + lost + open. Late is converted after the horizon; lost has left the
      funnel;
    - conversion_rate with low and high (Wilson): null until final; is_final, is_partial, is_truncated; horizon_days;
    - km_rate with km_low and km_high (Kaplan-Meier, log-log): converted by the age of km_days, that of the cohort's
      oldest open lead, at most the horizon; never below converted / leads;
    - of young cohorts, by how earlier leads of the same mix (channel, third of the scores, `by`) fared: expected_rate
      with expected_low and expected_high, where the cohort may end; usual_rate with usual_low and usual_high, what such
      leads had reached at the same ages; verdict, "up" or "down" when converted / leads lies outside: with nothing
      changed, one table in a hundred says so of any of its cohorts.

    `entry="episode"` starts the clock at the latest return after recycling instead of the first entry.

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
    >>> cohorts = cohort_conversion(facts, from_stage="lead", to_stage="mql", **rules)
    >>> cohorts.select("cohort", "leads", "open", "conversion_rate", "is_final").row(0)  # too young for a rate
    ('2026-W02', 2, 2, None, False)
    """
    keys = [by] if by else []
    step = {"from_stage": from_stage, "to_stage": to_stage, "by": by, "as_of": as_of, "policy": policy}
    cohorts, entries, since_on = counted_cohorts(facts, every=every, entry=entry, **step)
    horizon = policy.horizon_days(from_stage, to_stage)
    history = usual_history(entries, since_on=since_on, horizon=horizon, policy=policy, as_of=as_of)
    cohorts = with_km(cohorts, entries, keys, horizon=horizon)
    cohorts = with_expected(cohorts, entries, history, keys=keys, horizon=horizon)
    return cohorts.select(*keys, "cohort", *COLUMNS)


def counted_cohorts(
    facts: pl.DataFrame,
    *,
    from_stage: str,
    to_stage: str,
    every: Every = "week",
    by: str | None = None,
    as_of: datetime,
    policy: Policy,
    entry: Entry = "first",
) -> tuple[pl.DataFrame, pl.DataFrame, date | None]:
    """The cohorts of a step with their counts and final rates, their leads, and the day the record begins if late."""
    horizon, zone = policy.horizon_days(from_stage, to_stage), policy.company.time_zone
    keys = [by] if by else []
    step = {"from_stage": from_stage, "to_stage": to_stage, "as_of": as_of, "policy": policy}
    entries = cohort_entries(facts, every=every, by=by, entry=entry, **step)
    record = left_truncation(facts, steps=((from_stage, to_stage),), as_of=as_of, policy=policy)
    since_on = record["conversions_since_on"][0]

    cohorts = cohort_grid(entries, keys, every=every, as_of=as_of, zone=zone)
    cohorts = with_counts(cohorts, entries, keys, horizon=horizon)
    cohorts = with_truncation(cohorts, entries, since_on=since_on, horizon=horizon)
    is_before_record = pl.col("cohort_on") < pl.lit(first_day(facts, zone=zone), dtype=pl.Date)
    cohorts = cohorts.with_columns(
        cohort=cohort_name(pl.col("cohort_on"), every=every),
        is_final=has_passed(pl.col("cohort_ends_on"), days=horizon, as_of=as_of, zone=zone),
        is_partial=~has_passed(pl.col("cohort_ends_on"), days=0, as_of=as_of, zone=zone) | is_before_record,
    )
    comparable_leads = pl.when(is_comparable()).then("leads")
    return (
        cohorts.with_columns(**rate_with_ends("converted", comparable_leads, name="conversion_rate")),
        entries,
        since_on,
    )


def is_comparable() -> pl.Expr:
    """Whether a cohort's rate may be compared: it is final, its period complete, its conversions on record."""
    return pl.col("is_final") & ~pl.col("is_partial") & ~pl.col("is_truncated")


def final_cohorts(
    facts: pl.DataFrame, *, from_stage: str, to_stage: str, by: str | None = None, as_of: datetime, policy: Policy
) -> pl.DataFrame:
    """The weekly cohorts of `cohort_conversion` whose rate may be compared; without estimates of the young ones."""
    step = {"from_stage": from_stage, "to_stage": to_stage}
    return counted_cohorts(facts, **step, by=by, as_of=as_of, policy=policy)[0].filter(is_comparable())


def cohort_status(cohorts: pl.DataFrame) -> pl.DataFrame:
    """How many cohorts are too young to be judged, which of them differ from earlier ones, and the latest final one.

    One row: young_cohorts, open (leads of these that are still open), behind and ahead (names of the young cohorts
    whose verdict is "down" or "up"; null when there are none), cohort, conversion_rate with low and high (null when no
    cohort has a final rate yet).
    """
    young = cohorts.filter(~pl.col("is_final"))
    latest = cohorts.drop_nulls("conversion_rate").tail(1).select("cohort", "conversion_rate", "low", "high")
    differ = {"behind": young.filter(verdict=DOWN), "ahead": young.filter(verdict=UP)}
    names = {name: [", ".join(each["cohort"]) or None] for name, each in differ.items()}
    counts = pl.DataFrame({"young_cohorts": [young.height], "open": [young["open"].sum()]} | names)
    counts = counts.with_columns(pl.col(*differ).cast(pl.String))
    return pl.concat([counts, latest], how="horizontal")


def cohort_heatmap(
    facts: pl.DataFrame,
    *,
    from_stage: str,
    to_stage: str,
    every: Every = "week",
    as_of: datetime,
    policy: Policy,
    ages: int = 13,
    cohorts: int | None = None,
) -> pl.DataFrame:
    """The share of each cohort that had converted by each age that all of its leads have reached (definition 9).

    One row per cohort and age: cohort, cohort_on, age (in weeks, months of 30 or quarters of 91 days: 1 is the first),
    age_days, leads, converted, converted_rate with low and high; of the latest `cohorts` when given. An age that the
    youngest lead of a cohort has not reached is no row: it would be a rate of leads that had no time.
    """
    zone = policy.company.time_zone
    step = {"from_stage": from_stage, "to_stage": to_stage}
    entries = cohort_entries(facts, **step, every=every, as_of=as_of, policy=policy)
    grid = cohort_grid(entries, [], every=every, as_of=as_of, zone=zone)
    steps = pl.DataFrame({"age": range(1, ages + 1)}).with_columns(age_days=pl.col("age") * AGE_DAYS[every])
    has_reached = has_passed(pl.col("cohort_ends_on"), days=pl.col("age_days"), as_of=as_of, zone=zone)
    cells = grid.join(steps, how="cross").filter(has_reached)
    counted = cells.join(entries.select("cohort_on", "days"), on="cohort_on")
    counted = counted.group_by("cohort_on", "age", "age_days").agg(
        leads=pl.len().cast(pl.Int64), converted=(pl.col("days") <= pl.col("age_days")).sum().cast(pl.Int64)
    )
    place = pl.col("cohort_on").rank("dense", descending=True)
    return (
        counted.filter(place <= cohorts if cohorts else True)
        .sort("cohort_on", "age")
        .select(
            cohort_name(pl.col("cohort_on"), every=every).alias("cohort"),
            *("cohort_on", "age", "age_days", "leads", "converted"),
            **rate_with_ends("converted", "leads", name="converted_rate"),
        )
    )


def first_age(cells: pl.DataFrame) -> pl.DataFrame:
    """The first age of a heatmap: at most one row, null rates never.

    Columns: age_days, cohorts, cohort and converted_rate (of the latest), lowest_rate, highest_rate.
    """
    first = cells.filter(pl.col("age") == 1)
    rate = pl.col("converted_rate")
    return first.select(
        "age_days", "cohort", rate, cohorts=pl.len(), lowest_rate=rate.min(), highest_rate=rate.max()
    ).tail(1)


def cohort_entries(
    facts: pl.DataFrame,
    *,
    from_stage: str,
    to_stage: str,
    every: Every,
    by: str | None = None,
    as_of: datetime,
    policy: Policy,
    entry: Entry = "first",
) -> pl.DataFrame:
    """The rows of `step_entries` with the first day of their cohort."""
    step = {"from_stage": from_stage, "to_stage": to_stage}
    entries = step_entries(facts, **step, by=by, as_of=as_of, policy=policy, entry=entry)
    start = cohort_start(pl.col("entered_at"), every=every, zone=policy.company.time_zone)
    return entries.with_columns(cohort_on=start)


def cohort_grid(entries: pl.DataFrame, keys: list[str], *, every: Every, as_of: datetime, zone: str) -> pl.DataFrame:
    """Every period for every group, in order."""
    if entries.is_empty():
        return entries.select(*keys, "cohort_on", cohort_ends_on=pl.col("cohort_on"))
    calendar = cohort_calendar(entries["entered_on"].min(), as_of, every=every, zone=zone)
    return entries.select(keys).unique().sort(keys).join(calendar, how="cross") if keys else calendar


def with_counts(cohorts: pl.DataFrame, entries: pl.DataFrame, keys: list[str], *, horizon: int) -> pl.DataFrame:
    """Every lead of a cohort is converted, late, lost or open, and only one of them."""
    kinds = {
        "leads": pl.len(),
        "converted": (pl.col("days") <= horizon).sum(),
        "late": (pl.col("days") > horizon).sum(),
        "lost": pl.col("out_days").is_not_null().sum(),
    }
    counts = entries.group_by(*keys, "cohort_on").agg(**{name: kind.cast(pl.Int64) for name, kind in kinds.items()})
    counts = counts.with_columns(open=pl.col("leads") - pl.col("converted") - pl.col("late") - pl.col("lost"))
    joined = cohorts.join(counts, on=[*keys, "cohort_on"], how="left", maintain_order="left")
    return joined.with_columns(pl.col(*kinds, "open").fill_null(0), horizon_days=pl.lit(horizon, dtype=pl.Int64))


def with_km(cohorts: pl.DataFrame, entries: pl.DataFrame, keys: list[str], *, horizon: int) -> pl.DataFrame:
    """Adds the share of each cohort that had converted by the age of its oldest open lead, at most the horizon."""
    keys = [*keys, "cohort_on"]
    numbered = entries.with_columns(pl.struct(keys).rank("dense").alias("cohort_number"))
    curves = kaplan_meier_by(numbered, by="cohort_number", duration="watched_days", event="is_converted")
    age = pl.col("age_days")
    oldest = pl.coalesce(age.filter(~pl.col("is_converted")).max(), age.max()).clip(upper_bound=horizon)
    so_far = (pl.col("days") <= horizon).mean().fill_null(0.0)
    ages = numbered.group_by(*keys, "cohort_number").agg(at=oldest, so_far=so_far * pl.col("days").count() / pl.len())
    found = ages.join(converted_by(curves, ages, by="cohort_number"), on=["cohort_number", "at"], how="left")
    # Once every lead has converted the curve ends; carry its last value forward.
    last = curves.group_by("cohort_number").agg(pl.col("converted_rate", "low", "high").last().name.prefix("last_"))
    found = found.join(last, on="cohort_number", how="left")
    found = found.with_columns(pl.coalesce(name, f"last_{name}") for name in ("converted_rate", "low", "high"))
    # Leads that are older than any open one may have converted later than that.
    found = found.select(
        *keys,
        km_days=pl.col("at").round(1),
        km_rate=pl.max_horizontal("converted_rate", "so_far").round(10),
        km_low=pl.col("low").round(10),
        km_high=pl.max_horizontal("high", "so_far").round(10),
    )
    return cohorts.join(found, on=keys, how="left", maintain_order="left")
