"""Where a history begins too late, and where an import left its mark."""

import math
from datetime import date, datetime

import polars as pl

from leadreport.clock import local_date
from leadreport.facts import reached_at, recorded_at
from leadreport.funnel.calendar import wall_days
from leadreport.funnel.entries import has_converted, step_entries, watched_days
from leadreport.policy import Policy
from leadreport.rates import age_at_share, converted_by, kaplan_meier
from leadreport.words import STAGES, STEPS

UNLIKELY = 0.001
"""Fewer early conversions than this chance allows mean that they were not recorded, not that they did not happen."""

LONE_SHARE, LONE_MOST = 0.01, 20
"""Up to this share of all conversions, and so many, may stand alone before the record begins in earnest."""


def left_truncation(
    facts: pl.DataFrame, *, steps: tuple[tuple[str, str], ...] | None = None, as_of: datetime, policy: Policy
) -> pl.DataFrame:
    """Whether the record of a step's conversions begins later than the leads do: then early cohorts only look bad.

    From the leads that entered since the first conversions, the usual lag is known; with it, the conversions that the
    earlier leads should have had by then are counted. When next to none of them are on record (less likely than 1 in
    1,000), the history is truncated. One row per step: from_stage, to_stage, leads_before (entered earlier),
    expected_before and converted_before (by then), conversions_since_on (null when not truncated), is_truncated.
    """
    asked = steps or (*STEPS, ("lead", "customer"))
    rows = [truncation_of(facts, one, two, as_of=as_of, policy=policy) for one, two in asked]
    return pl.DataFrame(
        rows,
        schema={
            "from_stage": pl.String,
            "to_stage": pl.String,
            "leads_before": pl.Int64,
            "expected_before": pl.Float64,
            "converted_before": pl.Int64,
            "conversions_since_on": pl.Date,
            "is_truncated": pl.Boolean,
        },
        orient="row",
    )


def truncation_of(facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, policy: Policy) -> tuple:
    """The most telling of the first few conversions as the beginning of the record."""
    zone = policy.company.time_zone
    entries = step_entries(facts, from_stage=from_stage, to_stage=to_stage, as_of=as_of, zone=zone)
    reached = facts.select(reached_at=reached_at(to_stage)).drop_nulls().sort("reached_at")["reached_at"]
    candidates = reached.head(min(math.floor(LONE_SHARE * len(reached)), LONE_MOST) + 1)
    found = (0, 0.0, 0, None)
    if candidates.is_empty() or (later := entries.filter(pl.col("entered_at") >= candidates[-1])).is_empty():
        return (from_stage, to_stage, *found, False)
    curve = kaplan_meier(*later.select(watched=watched_days(), converted=has_converted()))
    chance = UNLIKELY
    for lone, since in enumerate(candidates):
        leads, expected = due_by(since, entries, curve, zone=zone)
        if (unlikely := poisson_at_most(lone, expected)) < chance:
            chance, found = unlikely, (leads, round(expected, 4), lone, since.astimezone(policy.zone).date())
    return (from_stage, to_stage, *found, found[3] is not None)


def due_by(since: datetime, entries: pl.DataFrame, curve: pl.DataFrame, *, zone: str) -> tuple[int, float]:
    """The leads that entered before an instant, and how many should have converted by it at the usual lag."""
    before = entries.filter(pl.col("entered_at") < since)
    if poisson_at_most(0, before.height * curve["converted_rate"].max()) > UNLIKELY:
        return before.height, 0.0  # too few leads for anything to be missed
    # Beyond the last watched age the share converted is at least the last one known.
    age = wall_days(pl.col("entered_at"), pl.lit(since), zone=zone).clip(upper_bound=curve["at"].max())
    ages = before.select(age.alias("at")).group_by("at").len().sort("at")
    shares = converted_by(curve, ages["at"].to_list())["converted_rate"]
    return before.height, float((shares * ages["len"]).sum())


def unrecorded(entries: pl.DataFrame, keys: list[str], *, since_on: date, horizon: int) -> pl.DataFrame:
    """Per cohort the share of its conversions within the horizon that fell before the record began: unrecorded_share.

    Reckoned by the lag of the leads that entered since; a cohort of the last days before may have lost next to none.
    """
    is_early = pl.col("entered_on") < since_on
    later = entries.filter(~is_early)
    if later.is_empty():
        return entries.select(keys).unique().with_columns(unrecorded_share=pl.lit(1.0))
    curve = kaplan_meier(*later.select(watched=watched_days(), converted=has_converted()))
    most = min(float(horizon), curve["at"].max())
    days = (pl.lit(since_on) - pl.col("entered_on")).dt.total_days().cast(pl.Float64)
    ages = entries.select(*keys, at=pl.when(is_early).then(days.clip(0, most)))
    known = converted_by(curve, [*ages["at"].drop_nulls().unique().sort(), most]).unique("at")
    found = ages.join(known.select("at", "converted_rate"), on="at", how="left").group_by(keys)
    share = pl.col("converted_rate").fill_null(0.0).mean() / known["converted_rate"].max()
    return found.agg(unrecorded_share=share.fill_nan(0.0).round(10))


def poisson_at_most(most: int, expected: float) -> float:
    """The chance of no more than so many when so many were expected."""
    return math.exp(-expected) * sum(expected**k / math.factorial(k) for k in range(most + 1))


def import_spikes(
    facts: pl.DataFrame, *, policy: Policy, least_leads: int = 20, times_usual: float = 10
) -> pl.DataFrame:
    """Instants that many leads share to the second in one stage: an import, not a stampede.

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


def learnt_horizons(
    facts: pl.DataFrame, *, as_of: datetime, policy: Policy, share: float = 0.9, least_conversions: int = 30
) -> pl.DataFrame:
    """How long each step takes by its own record, beside the horizon that the policy gives it.

    `learnt_days` is the age by which `share` of the conversions have come, of those that come within the time that the
    record shows (Kaplan-Meier, so young leads are open); null with fewer than `least_conversions`. One row per step:
    from_stage, to_stage, horizon_days, learnt_days, within_rate (which share of those conversions the policy's horizon
    holds), conversions, watched_days (the age of the oldest lead).
    """
    rows = [
        lag_row(facts, one, two, as_of=as_of, policy=policy, share=share) for one, two in (*STEPS, ("lead", "customer"))
    ]
    return pl.concat(rows).with_columns(
        pl.when(pl.col("conversions") >= least_conversions).then(pl.col("learnt_days", "within_rate"))
    )


def lag_row(
    facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, policy: Policy, share: float
) -> pl.DataFrame:
    """One step's lag, from its curve scaled so that all the conversions on record are the whole."""
    zone, horizon = policy.company.time_zone, policy.horizon_days(from_stage, to_stage)
    entries = step_entries(facts, from_stage=from_stage, to_stage=to_stage, as_of=as_of, zone=zone)
    curve = kaplan_meier(*entries.select(watched=watched_days(), converted=has_converted()))
    # Without a conversion there is no whole: the shares are unknown.
    whole = pl.lit(curve["converted_rate"].max() or None, dtype=pl.Float64)
    so_far = curve.with_columns(pl.col("converted_rate") / whole)
    return pl.DataFrame(
        {
            "from_stage": [from_stage],
            "to_stage": [to_stage],
            "horizon_days": [horizon],
            "learnt_days": age_at_share(so_far, share)["at"].round(1),
            "within_rate": [so_far.filter(pl.col("at") <= horizon)["converted_rate"].max()],
            "conversions": [int(entries["days"].count())],
            "watched_days": [entries["age_days"].max()],
        },
        schema_overrides={"within_rate": pl.Float64, "watched_days": pl.Float64},
    ).with_columns(pl.col("within_rate").round(10), pl.col("watched_days").round(1))
