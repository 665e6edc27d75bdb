"""How many SQLs and customers the next weeks will bring, and how the forecasts of earlier weeks did."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import gammaincinv

from leadreport.clock import as_instant, iso_week, local_date
from leadreport.facts import furthest_rank, reached_at
from leadreport.funnel.entries import first_day, last_day, mix_of, step_entries, wall_clock
from leadreport.funnel.expected import usual_course, usual_history, with_course
from leadreport.funnel.record import left_truncation
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN
from leadreport.words import LEAST_PERIODS, STAGES, STEPS

LONGEST_DAYS = 365
"""A lead that has stayed for longer than this is not expected to move on."""

ARRIVAL_WEEKS = 13
"""New leads are expected to come as they did in this number of weeks, or since their number stepped within them."""

STEP_SIZE = 3.5
"""Standard errors between the weeks before and since that make a step: 0.1 to 0.3 % of steady series have one."""

PAST_WEEKS = 26
"""How unevenly entries come is learnt from this number of weeks."""

TAILS = (0.025, 0.975)


class Pace(NamedTuple):
    """One stage, by mix and whole days since entry: its open leads, and the chances to move on and to be lost."""

    stock: np.ndarray
    moves: np.ndarray
    leaves: np.ndarray


def forecast(
    facts: pl.DataFrame, *, to_stage: str = "sql", as_of: datetime, policy: Policy, weeks: int = 4
) -> pl.DataFrame:
    """How many leads will enter a stage in each of the coming weeks, with a 95 % interval.

    Every open lead moves on day by day at the pace of the leads of its mix (channel, third of the scores) before it, by
    the stage it stands in and by how long it has stood there; new leads of each mix come as in the last 13 weeks, or
    since their number stepped within these. One row per week: stage, week, week_on, days_ahead (of the last day),
    expected, low, high, and so_far_expected, so_far_low, so_far_high of all weeks up to it. The interval allows for
    chance, for how unevenly the weeks have come before, and for the few entries behind the pace.
    """
    zone = policy.company.time_zone
    start_on = last_day(as_of, zone=zone) + timedelta(days=1)
    mixed = facts.with_columns(mix=mix_of(facts.columns))
    mixes = pl.Series(sorted(set(mixed["mix"])) or [UNKNOWN])
    ranks = range(STAGES.index(to_stage))
    paces = [step_pace(facts, rank, start_on, mixes, as_of=as_of, policy=policy) for rank in ranks]
    counts = [
        weekly_counts(mixed.filter(mix=mix), stage, start_on, facts, zone=zone)
        for stage in ("lead", to_stage)
        for mix in mixes
    ]
    came, entered = np.array(counts).reshape(2, len(mixes), -1)
    days = carried_on(paces, arrivals=np.array([current_level(each) for each in came]) / 7, days=7 * weeks)
    ahead = np.reshape(days, (weeks, 7, len(mixes))).sum(axis=1)
    rows = as_weeks(ahead, start_on, dispersion=poisson_dispersion(entered.sum(axis=0)), learnt=entered.sum(axis=1))
    return rows.select(pl.lit(to_stage).alias("stage"), pl.all())


def step_pace(
    facts: pl.DataFrame, rank: int, start_on: date, mixes: pl.Series, *, as_of: datetime, policy: Policy
) -> Pace:
    """The open leads of a stage and their daily chances, one row per mix; days are counted on the calendar."""
    one, two = STEPS[rank]
    entries = step_entries(facts, from_stage=one, to_stage=two, as_of=as_of, policy=policy)
    clock = wall_clock(pl.col("entered_at"), zone=policy.company.time_zone).dt
    into_day = clock.hour() / 24 + clock.minute() / 1440
    age = (pl.lit(start_on) - pl.col("entered_on")).dt.total_days()
    stays = entries.with_columns(
        (pl.col("days", "out_days") + into_day).floor().clip(0, LONGEST_DAYS), age_days=(age - 1).clip(0, LONGEST_DAYS)
    )
    record = left_truncation(facts, steps=((one, two),), as_of=as_of, policy=policy)
    horizon, since_on = policy.horizon_days(one, two), record["conversions_since_on"][0]
    usual = usual_history(stays, since_on=since_on, horizon=horizon, policy=policy, as_of=as_of)
    # The last age holds all older leads; the share of those that left at any time is not the chance of one day.
    course = usual_course(usual, horizon=LONGEST_DAYS - 1)
    ages = pl.DataFrame({"mix": mixes}).join(pl.DataFrame({"age_days": range(-1, LONGEST_DAYS + 1)}), how="cross")
    chances = with_course(ages, course, horizon=LONGEST_DAYS - 1).sort("mix", "age_days")
    shares = chances.select("usual", "lost").to_numpy().reshape(len(mixes), LONGEST_DAYS + 2, 2)
    staying = np.maximum(1 - shares.sum(axis=2)[:, :-1], 1e-9)
    moves, leaves = np.clip(np.diff(shares, axis=1) / staying[:, :, None], 0, 1).transpose(2, 0, 1)
    waiting = stays.filter(pl.coalesce("days", "out_days").is_null())
    stock = [by_day(waiting.filter(mix=mix).select(pl.col("age_days") + 1).to_series()) for mix in mixes]
    return Pace(np.array(stock), moves, leaves)


def by_day(days: pl.Series) -> np.ndarray:
    """The number of leads at each age from 0 to `LONGEST_DAYS`."""
    return np.bincount(days.clip(0, LONGEST_DAYS), minlength=LONGEST_DAYS + 1).astype(float)


def carried_on(paces: list[Pace], *, arrivals: np.ndarray, days: int) -> list[np.ndarray]:
    """Entries into the top stage on each coming day, by mix."""
    stocks = [pace.stock for pace in paces]
    entered = []
    for _ in range(days):
        coming = arrivals
        for rank, pace in enumerate(paces):
            today = stocks[rank].copy()
            today[:, 0] += coming
            coming = (today * pace.moves).sum(axis=1)
            staying = today * np.clip(1 - pace.moves - pace.leaves, 0, 1)
            stocks[rank] = np.pad(staying[:, :-1], ((0, 0), (1, 0)))
            stocks[rank][:, -1] += staying[:, -1]
        entered.append(coming)
    return entered


def weekly_counts(leads: pl.DataFrame, stage: str, start_on: date, facts: pl.DataFrame, *, zone: str) -> np.ndarray:
    """Entries into a stage in each seven days back from a date, the latest last, as far as the history reaches."""
    first_on = first_day(facts, zone=zone)
    weeks = (start_on - first_on).days // 7 if first_on else 0
    reached_on = local_date(reached_at(stage), zone=zone)
    ago = leads.select((pl.lit(start_on) - reached_on).dt.total_days()).to_series().drop_nulls()
    back = (ago - 1) // 7
    return np.bincount(back.filter((back >= 0) & (back < weeks)), minlength=weeks)[::-1]


def current_level(counts: np.ndarray) -> float:
    """The mean of the last weeks, or of those since the clearest step within them.

    The roots 2 sqrt(x + 3/8) of Poisson counts have variance 1 (Anscombe 1948), that of uneven weeks is half the mean
    square of their differences; a step lies where the means before and since differ by the most standard errors.
    """
    roots = 2 * np.sqrt(counts[-ARRIVAL_WEEKS:] + 3 / 8)
    since, weeks = np.arange(1, len(roots)), len(roots)
    if weeks < LEAST_PERIODS:
        return counts.mean() if weeks else 0.0
    later = roots[::-1].cumsum()[:-1]
    apart = later / since - (roots.sum() - later) / (weeks - since)
    spread = max(1.0, float(np.median(np.abs(np.diff(roots))) / 0.954) ** 2)
    size = np.abs(apart) / np.sqrt(spread * (1 / since + 1 / (weeks - since)))
    return counts[-(since[size.argmax()] if size.max() > STEP_SIZE else ARRIVAL_WEEKS) :].mean()


def poisson_dispersion(counts: np.ndarray) -> float:
    """The variance of the last weeks over their mean, which is 1 for pure chance (Poisson); at least 1."""
    last = counts[-PAST_WEEKS:]
    if len(last) < LEAST_PERIODS or last.mean() == 0:
        return 1.0
    return max(1.0, float(last.var(ddof=1) / last.mean()))


def as_weeks(ahead: np.ndarray, start_on: date, *, dispersion: float, learnt: np.ndarray) -> pl.DataFrame:
    """The rows of a forecast, from the entries of each week by mix: each week alone, and all weeks up to it."""
    weeks = range(len(ahead))
    days = [start_on + timedelta(days=7 * week) for week in weeks]
    total = ahead.cumsum(axis=0)
    low, high = interval(ahead, dispersion, learnt)
    total_low, total_high = interval(total, dispersion, learnt)
    return pl.DataFrame(
        {
            "week": [iso_week(day) for day in days],
            "week_on": days,
            "days_ahead": [7 * (week + 1) for week in weeks],
            "expected": ahead.sum(axis=1).round(6),
            "low": low,
            "high": high,
            "so_far_expected": total.sum(axis=1).round(6),
            "so_far_low": total_low,
            "so_far_high": total_high,
        }
    )


def interval(ahead: np.ndarray, dispersion: float, learnt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole counts between which 95 % should fall: a gamma with variance dispersion x m + sum of m_g^2 / entries_g.

    The first part is the chance of uneven weeks, the second that of a pace learnt from each mix's number of entries; a
    gamma of shape m^2 / variance and scale variance / m is the negative binomial's continuous neighbour.
    """
    mean = np.maximum(ahead.sum(axis=1), 1e-9)
    variance = dispersion * mean + (ahead**2 / np.maximum(learnt, 1)).sum(axis=1)
    low, high = (gammaincinv(mean**2 / variance, share) * variance / mean for share in TAILS)
    return np.floor(low).astype(int), np.ceil(high).astype(int)


def forecast_total(ahead: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """The whole of a forecast beside the policy's target, one row per stage.

    Columns: stage, weeks, expected, low, high, target (of all these weeks; null where the policy has none).
    """
    per_week = {"mql": policy.targets.mqls_per_week, "sql": policy.targets.sqls_per_week}
    target = pl.col("stage").replace_strict(per_week, default=None, return_dtype=pl.Float64)
    return ahead.group_by("stage", maintain_order=True).agg(
        weeks=pl.len().cast(pl.Int64),
        expected=pl.col("so_far_expected").last(),
        low=pl.col("so_far_low").last(),
        high=pl.col("so_far_high").last(),
        target=(target * pl.len()).last(),
    )


def seen_at(facts: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """The journeys as they stood at an earlier instant: leads created before it, stages reached before it.

    Only the journey is taken back (stages, their imputation, `stage` and `stage_at`); a later loss is undone.
    Attributes, amounts and merges stay as they are known now: for these build the facts anew.
    """
    boundary = pl.lit(as_of)
    seen = facts.filter(pl.col("created_at") < boundary).with_columns(
        pl.when(reached_at(stage) < boundary).then(reached_at(stage)).alias(f"{stage}_at") for stage in STAGES[1:]
    )
    on_ladder = pl.lit(pl.Series(STAGES)).gather(furthest_rank())
    came_at = pl.max_horizontal(reached_at(stage) for stage in STAGES)
    is_later = pl.col("stage_at") >= boundary
    return seen.with_columns(
        *(reached_at(stage).is_not_null().alias(f"is_{stage}") for stage in STAGES[1:]),
        *(
            (pl.col(f"is_{stage}_imputed") & reached_at(stage).is_not_null()).alias(f"is_{stage}_imputed")
            for stage in STAGES[1:]
        ),
        stage=pl.when(is_later).then(on_ladder).otherwise("stage"),
        stage_at=pl.when(is_later).then(came_at).otherwise("stage_at"),
    )


def forecast_record(
    facts: pl.DataFrame, *, to_stage: str = "sql", as_of: datetime, policy: Policy, weeks: int = 4, runs: int = 8
) -> pl.DataFrame:
    """The forecasts of earlier weeks beside what came.

    One forecast a week, the last `runs` whose `weeks` weeks are over: made_on, weeks, expected, low, high, entered,
    is_inside. The facts of each day are today's, taken back by `seen_at`.
    """
    zone = policy.company.time_zone
    end_on = last_day(as_of, zone=zone) + timedelta(days=1)
    entered_on = facts.select(local_date(reached_at(to_stage), zone=zone)).to_series()
    rows = []
    for back in reversed(range(weeks, weeks + runs)):
        made_on = end_on - timedelta(days=7 * back)
        then = as_instant(made_on, zone=zone)
        made = forecast(seen_at(facts, then), to_stage=to_stage, as_of=then, policy=policy, weeks=weeks).tail(1)
        entered = entered_on.is_between(made_on, made_on + timedelta(days=7 * weeks), closed="left").sum()
        rows.append([made_on, weeks, *made.select("so_far_expected", "so_far_low", "so_far_high").row(0), entered])
    names = ["made_on", "weeks", "expected", "low", "high", "entered"]
    record = pl.DataFrame(rows, schema=names, orient="row")
    return record.with_columns(is_inside=pl.col("entered").is_between("low", "high"))


def forecast_score(record: pl.DataFrame) -> pl.DataFrame:
    """How many forecasts of `forecast_record` covered what came, one row.

    Columns: forecasts, covered, too_low (more came than the interval allowed), too_high.
    """
    entered = pl.col("entered")
    return record.select(
        forecasts=pl.len(),
        covered=pl.col("is_inside").sum(),
        too_low=(entered > pl.col("high")).sum(),
        too_high=(entered < pl.col("low")).sum(),
    ).cast(pl.Int64)
