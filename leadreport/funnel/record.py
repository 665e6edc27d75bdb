"""Whether the record is whole: steps recorded from some day on only, bulk imports, and days without tracking."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from scipy.stats import poisson

from leadreport.clock import local_date
from leadreport.facts import reached_at, recorded_at
from leadreport.funnel.entries import step_entries, wall_clock
from leadreport.policy import Policy
from leadreport.rates import converted_by, kaplan_meier, late_record
from leadreport.words import STAGES, STEPS

ALL_STEPS = (*STEPS, ("lead", "customer"))
"""Each step, and the whole way."""

MISSING_SHARE = 0.05
"""A cohort that lacks more than this share of its conversions has no rate."""


def left_truncation(
    facts: pl.DataFrame, *, steps: tuple[tuple[str, str], ...] = ALL_STEPS, as_of: datetime, policy: Policy
) -> pl.DataFrame:
    """Whether the record of a step's conversions begins later than the leads do.

    The leads that entered since the first conversions give the usual lag (Kaplan-Meier). With it, the conversions are
    counted that the earlier leads should have had by then. When next to none of them are on record (a Poisson chance
    below 1 in 1,000), the history is truncated. One row per step: from_stage, to_stage, leads_before (entered earlier),
    expected_before and converted_before (by then), conversions_since_on (null when not truncated), is_truncated.
    """
    counted = {"leads_before": pl.Int64, "expected_before": pl.Float64, "converted_before": pl.Int64}
    schema = {"from_stage": pl.String, "to_stage": pl.String} | counted | {"conversions_since_on": pl.Date}
    rows = [(*step, *truncation_of(facts, *step, as_of=as_of, policy=policy)) for step in steps]
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return found.with_columns(is_truncated=pl.col("conversions_since_on").is_not_null())


def truncation_of(facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, policy: Policy) -> tuple:
    """Leads, expected and recorded conversions before the record begins, and its first local day."""
    entries = step_entries(facts, from_stage=from_stage, to_stage=to_stage, as_of=as_of, policy=policy)
    zone = policy.company.time_zone
    reached = facts.select(wall_clock(reached_at(to_stage), zone=zone)).to_series()
    leads, expected, lone, since = late_record(
        entries.with_columns(entered_at=wall_clock(pl.col("entered_at"), zone=zone)), reached
    )
    return leads, expected, lone, since and since.date()


def with_truncation(
    cohorts: pl.DataFrame, entries: pl.DataFrame, *, since_on: date | None, horizon: int
) -> pl.DataFrame:
    """Adds is_truncated: whether a cohort lacks more than a few of its conversions because the record begins late."""
    if since_on is None:
        return cohorts.with_columns(is_truncated=pl.lit(False))
    marked = cohorts.join(
        unrecorded(entries, since_on=since_on, horizon=horizon), on="cohort_on", how="left", maintain_order="left"
    )
    return marked.with_columns(is_truncated=(pl.col("unrecorded_share") > MISSING_SHARE).fill_null(False))


def unrecorded(entries: pl.DataFrame, *, since_on: date, horizon: int) -> pl.DataFrame:
    """The share of each cohort's conversions within the horizon that lie before the record begins.

    Columns: cohort_on, unrecorded_share. By the lag of the leads that entered since: the mean of
    F(days until the record began) / F(horizon) over the leads of the cohort, F the share converted by an age. A cohort
    of the last days before may lack next to none.
    """
    is_early = pl.col("entered_on") < since_on
    later = entries.filter(~is_early)
    if later.is_empty():
        return entries.select("cohort_on").unique().with_columns(unrecorded_share=pl.lit(1.0))
    curve = kaplan_meier(*later.select("watched_days", "is_converted"))
    most = min(float(horizon), curve["at"].max())
    days = (pl.lit(since_on) - pl.col("entered_on")).dt.total_days().cast(pl.Float64)
    ages = entries.select("cohort_on", at=pl.when(is_early).then(days.clip(0, most)))
    known = converted_by(curve, [*ages["at"].drop_nulls().unique().sort(), most]).unique("at")
    found = ages.join(known.select("at", "converted_rate"), on="at", how="left").group_by("cohort_on")
    share = pl.col("converted_rate").fill_null(0.0).mean() / known["converted_rate"].max()
    return found.agg(unrecorded_share=share.fill_nan(0.0).round(10))


LEAST_USUAL = 4.0
"""Kinds that come less often than this a day are silent now and then without anything being wrong."""

BY_CHANCE = 1e-4
"""A day is silent when the chance of its count, or of a smaller one, is below this."""

NEARLY_NOTHING = 0.1
"""A weak day still brings something; a broken tag brings a tenth of the usual at most."""

RAMP_DAYS = 28
"""In the first weeks of a record leads are few and so are their activities."""

WEEKS = 8
"""What a day usually brings is the median of the same weekday in this number of weeks before and after."""


def import_spikes(
    facts: pl.DataFrame, *, policy: Policy, least_leads: int = 20, times_usual: float = 10
) -> pl.DataFrame:
    """Instants that many leads share to the second in one stage: an import, not a stampede (definition 6).

    At least `least_leads` leads, and `times_usual` times as many as the stage's median instant has (dates without a
    time of day put a whole day's leads at midnight). Columns: stage, reached_at, reached_on, leads, usual_leads; sorted
    by stage along the ladder, then time. Imputed entries do not count.
    """
    recorded = facts.select(
        recorded_at(stage).dt.truncate("1s").cast(pl.Datetime("us", "UTC")).alias(stage) for stage in STAGES
    )
    instants = recorded.unpivot(variable_name="stage", value_name="reached_at").drop_nulls()
    same = instants.group_by("stage", "reached_at").agg(leads=pl.len().cast(pl.Int64))
    usual = pl.col("leads").median().over("stage")
    reached_on = local_date(pl.col("reached_at"), zone=policy.company.time_zone)
    same = same.select("stage", "reached_at", reached_on.alias("reached_on"), "leads", usual_leads=usual)
    spikes = same.filter(pl.col("leads") >= least_leads, pl.col("leads") >= times_usual * pl.col("usual_leads"))
    return spikes.sort(pl.col("stage").cast(pl.Enum(STAGES)), "reached_at")


def tracking_gaps(activities: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """Runs of days on which a kind of activity by leads nearly stopped: an outage of tracking, not a quiet market.

    A day is silent when its count is at most a tenth of the usual, and when the Poisson chance of so small a count is
    below 1 in 10,000. Only kinds that usually come at least four times a day are watched, from four weeks after the
    kind's first activity to the end of what is visible: a gap may still last. One row per kind and run, in time: kind,
    from_on, until_on (the last day of the run), days, activities, usual (what these days usually bring, rounded).

    Examples
    --------
    >>> from datetime import UTC
    >>> from leadreport.policy import parse_policy, preset_text
    >>> days = [datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(60) if n not in (30, 31)]
    >>> visits = pl.DataFrame({"happened_at": [day for day in days for _ in range(20)]})
    >>> visits = visits.with_columns(kind=pl.lit("page_view"), by=pl.lit("lead"))
    >>> policy = parse_policy(preset_text("startup"))
    >>> gaps = tracking_gaps(visits, as_of=datetime(2026, 6, 1, tzinfo=UTC), policy=policy)
    >>> gaps.select("kind", "days", "activities", "usual").row(0)
    ('page_view', 2, 0, 40)
    """
    daily = days_of(activities, as_of=as_of, zone=policy.company.time_zone)
    chance = pl.Series(poisson.cdf(daily["activities"].to_numpy(), daily["usual"].to_numpy()), dtype=pl.Float64)
    is_rare = (daily["usual"] >= LEAST_USUAL) & (chance < BY_CHANCE)
    silent = daily.filter(is_rare, pl.col("activities") <= NEARLY_NOTHING * pl.col("usual"), ~pl.col("is_ramp"))
    run = (pl.col("day") - pl.int_range(pl.len()) * timedelta(days=1)).over("kind")
    return (
        silent.with_columns(run=run)
        .group_by("kind", "run")
        .agg(
            from_on=pl.col("day").min(),
            until_on=pl.col("day").max(),
            days=pl.len().cast(pl.Int64),
            activities=pl.col("activities").sum(),
            usual=pl.col("usual").sum().round().cast(pl.Int64),
        )
        .sort("from_on", "kind")
        .drop("run")
    )


def days_of(activities: pl.DataFrame, *, as_of: datetime, zone: str) -> pl.DataFrame:
    """[kind, day, activities, usual, is_ramp] from a kind's first day to the last that is visible."""
    last = as_of.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    own = activities.filter(pl.col("by") == "lead", pl.col("happened_at") < as_of)
    counted = own.group_by("kind", day=local_date(pl.col("happened_at"), zone=zone)).agg(activities=pl.len())
    whole = (
        counted.group_by("kind")
        .agg(day=pl.date_ranges(pl.col("day").min(), pl.max_horizontal(pl.col("day").max(), last)).first())
        .explode("day")
        .join(counted, on=["kind", "day"], how="left")
        .with_columns(pl.col("activities").fill_null(0).cast(pl.Int64), weekday=pl.col("day").dt.weekday())
        .sort("kind", "weekday", "day")
    )
    around = pl.col("activities").rolling_median(2 * WEEKS + 1, min_samples=3, center=True).over("kind", "weekday")
    is_ramp = pl.col("day") < pl.col("day").min().over("kind") + timedelta(days=RAMP_DAYS)
    return whole.select("kind", "day", "activities", usual=around.fill_null(0.0), is_ramp=is_ramp).sort("kind", "day")
