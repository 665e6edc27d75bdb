"""Marks that machines leave in the record: imports that give many leads one instant, and days without tracking."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from scipy.stats import poisson

from leadreport.clock import local_date
from leadreport.facts import recorded_at
from leadreport.policy import Policy
from leadreport.words import STAGES

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
    zone = policy.company.time_zone
    found = [spikes_of(facts, stage, least_leads=least_leads, times_usual=times_usual) for stage in STAGES]
    return (
        pl.concat(found)
        .with_columns(reached_on=local_date(pl.col("reached_at"), zone=zone))
        .select("stage", "reached_at", "reached_on", "leads", "usual_leads")
    )


def spikes_of(facts: pl.DataFrame, stage: str, *, least_leads: int, times_usual: float) -> pl.DataFrame:
    same = (
        facts.select(reached_at=recorded_at(stage).dt.truncate("1s")).drop_nulls().group_by("reached_at").len("leads")
    )
    return (
        same.select(
            pl.col("reached_at").cast(pl.Datetime("us", "UTC")),
            stage=pl.lit(stage),
            leads=pl.col("leads").cast(pl.Int64),
            usual_leads=pl.col("leads").median().cast(pl.Float64),
        )
        .filter(pl.col("leads") >= least_leads, pl.col("leads") >= times_usual * pl.col("usual_leads"))
        .sort("reached_at")
    )


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
    """[kind, day, activities, usual, is_ramp] for every day from a kind's first to the last that is visible."""
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
