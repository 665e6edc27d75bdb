"""Of the leads that entered in a period, how many got there: final, or still open."""

from datetime import date, datetime

import polars as pl

from leadreport.clock import local_date
from leadreport.funnel.calendar import Every, cohort_calendar, cohort_name, cohort_start, is_watched
from leadreport.funnel.entries import Entry, has_converted, step_entries, watched_days
from leadreport.funnel.expected import usual_history, with_expected
from leadreport.funnel.history import left_truncation, unrecorded
from leadreport.policy import Policy
from leadreport.rates import converted_by, kaplan_meier_by, rate, wilson_high, wilson_low


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
    """Each cohort's conversion, counted within the policy's horizon so that cohorts of any age compare (SEMANTICS 10).

    A rate is given only when it is final: when the whole cohort is as old as the horizon, its period is complete, and
    the record of its conversions is whole (else is_truncated). Young leads are open, not lost. One row per group
    and period, also for a period in which nobody entered:

    - cohort, cohort_on, leads = converted + late + lost + open. Late came after the horizon; lost is off the ladder;
    - conversion_rate with low and high (Wilson): null until final; is_final, is_partial, is_truncated; horizon_days;
    - km_rate with km_low and km_high (Kaplan-Meier, log-log): converted by the age of km_days, which half of the
      cohort's leads have reached; the horizon when final;
    - expected_rate with expected_low and expected_high: what a young cohort may end at, by the earlier leads' lag.

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
    horizon = policy.horizon_days(from_stage, to_stage)
    zone = policy.company.time_zone
    step = {"from_stage": from_stage, "to_stage": to_stage}
    entries = cohort_entries(facts, **step, every=every, by=by, as_of=as_of, zone=zone, entry=entry)
    record = left_truncation(facts, steps=((from_stage, to_stage),), as_of=as_of, policy=policy)
    since_on = record["conversions_since_on"][0]
    history = usual_history(entries, since_on=since_on, horizon=horizon, policy=policy, as_of=as_of)
    first_on = facts.select(local_date(pl.col("created_at").min(), zone=zone)).item()

    cohorts = cohort_grid(entries, every=every, by=by, as_of=as_of, zone=zone)
    cohorts = with_counts(cohorts, entries, by=by, horizon=horizon)
    cohorts = with_truncation(cohorts, entries, by=by, since_on=since_on, horizon=horizon)
    cohorts = with_flags(cohorts, horizon=horizon, first_on=first_on, as_of=as_of, zone=zone)
    cohorts = with_km(cohorts, entries, by=by, horizon=horizon)
    cohorts = with_expected(cohorts, entries, history, by=by, horizon=horizon)
    return cohorts.select(
        *([by] if by else []), cohort_name(pl.col("cohort_on"), every=every).alias("cohort"), *COLUMNS
    )


COLUMNS = (
    *("cohort_on", "leads", "converted", "late", "lost", "open", "conversion_rate", "low", "high"),
    *("is_final", "is_partial", "is_truncated", "horizon_days", "km_days", "km_rate", "km_low", "km_high"),
    *("expected_rate", "expected_low", "expected_high"),
)


def cohort_entries(
    facts: pl.DataFrame,
    *,
    from_stage: str,
    to_stage: str,
    every: Every,
    by: str | None,
    as_of: datetime,
    zone: str,
    entry: Entry = "first",
) -> pl.DataFrame:
    """The rows of `step_entries` with the first day of their cohort."""
    entries = step_entries(facts, from_stage=from_stage, to_stage=to_stage, by=by, as_of=as_of, zone=zone, entry=entry)
    return entries.with_columns(cohort_on=cohort_start(pl.col("entered_at"), every=every, zone=zone))


def cohort_grid(entries: pl.DataFrame, *, every: Every, by: str | None, as_of: datetime, zone: str) -> pl.DataFrame:
    """Every period for every group, in order."""
    if entries.is_empty():
        return entries.select(*([by] if by else []), "cohort_on", cohort_ends_on=pl.col("cohort_on"))
    calendar = cohort_calendar(entries["entered_on"].min(), as_of, every=every, zone=zone)
    return entries.select(by).unique().sort(by).join(calendar, how="cross") if by else calendar


def with_counts(cohorts: pl.DataFrame, entries: pl.DataFrame, *, by: str | None, horizon: int) -> pl.DataFrame:
    """Every lead of a cohort is converted, late, lost or open; none is two of them."""
    keys = [*([by] if by else []), "cohort_on"]
    kinds = {
        "leads": pl.len(),
        "converted": (pl.col("days") <= horizon).sum(),
        "late": (pl.col("days") > horizon).sum(),
        "lost": pl.col("out_days").is_not_null().sum(),
    }
    counts = entries.group_by(keys).agg(**{name: kind.cast(pl.Int64) for name, kind in kinds.items()})
    counts = counts.with_columns(open=pl.col("leads") - pl.col("converted") - pl.col("late") - pl.col("lost"))
    joined = cohorts.join(counts, on=keys, how="left", maintain_order="left")
    return joined.with_columns(pl.col(*kinds, "open").fill_null(0), horizon_days=pl.lit(horizon, dtype=pl.Int64))


def with_truncation(
    cohorts: pl.DataFrame, entries: pl.DataFrame, *, by: str | None, since_on: date | None, horizon: int
) -> pl.DataFrame:
    """Marks the cohorts that lack more than a few of their conversions because the record began too late for them."""
    if since_on is None:
        return cohorts.with_columns(is_truncated=pl.lit(False))
    missing = unrecorded(entries, ["cohort_on"], since_on=since_on, horizon=horizon)
    marked = cohorts.join(missing, on="cohort_on", how="left", maintain_order="left")
    return marked.with_columns(is_truncated=(pl.col("unrecorded_share") > MISSING_SHARE).fill_null(False))


MISSING_SHARE = 0.05


def with_flags(
    cohorts: pl.DataFrame, *, horizon: int, first_on: date | None, as_of: datetime, zone: str
) -> pl.DataFrame:
    """What may be said of each cohort, and its rate where it may."""
    ends_on = pl.col("cohort_ends_on")
    is_whole = is_watched(ends_on, days=0, as_of=as_of, zone=zone)
    flagged = cohorts.with_columns(
        is_final=is_watched(ends_on, days=horizon, as_of=as_of, zone=zone),
        is_partial=~is_whole | (pl.col("cohort_on") < pl.lit(first_on, dtype=pl.Date)),
    )
    may_say = pl.col("is_final") & ~pl.col("is_partial") & ~pl.col("is_truncated")
    k, n = pl.col("converted"), pl.when(may_say).then("leads")
    return flagged.with_columns(conversion_rate=rate(k, n), low=wilson_low(k, n), high=wilson_high(k, n))


def with_km(cohorts: pl.DataFrame, entries: pl.DataFrame, *, by: str | None, horizon: int) -> pl.DataFrame:
    """How many of each cohort had converted by the age that half of its leads have reached."""
    keys = [*([by] if by else []), "cohort_on"]
    key = pl.struct(keys).rank("dense").alias("cohort_number")
    numbered = entries.with_columns(key, watched=watched_days(), is_converted=has_converted())
    curves = kaplan_meier_by(numbered, by="cohort_number", duration="watched", event="is_converted")
    ages = numbered.group_by(*keys, "cohort_number").agg(
        at=pl.col("age_days").quantile(0.5, "lower").clip(upper_bound=horizon)
    )
    found = ages.join(converted_by(curves, ages, by="cohort_number"), on=["cohort_number", "at"], how="left")
    # A cohort that has all converted earlier has no later row: what was reached by then still holds.
    last = curves.group_by("cohort_number").agg(pl.col("converted_rate", "low", "high").last().name.prefix("last_"))
    found = found.join(last, on="cohort_number", how="left").select(
        *keys,
        km_days=pl.col("at").round(1),
        km_rate=pl.coalesce("converted_rate", "last_converted_rate").round(10),
        km_low=pl.coalesce("low", "last_low").round(10),
        km_high=pl.coalesce("high", "last_high").round(10),
    )
    return cohorts.join(found, on=keys, how="left", maintain_order="left")
