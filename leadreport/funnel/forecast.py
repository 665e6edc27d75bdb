"""How many SQLs and customers the next weeks will bring: the open stock carried on at its usual pace."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
from scipy.special import gammaincinv

from leadreport.clock import iso_week, local_date
from leadreport.facts import reached_at
from leadreport.funnel.calendar import last_day
from leadreport.funnel.entries import step_entries
from leadreport.funnel.expected import usual_history
from leadreport.funnel.history import left_truncation
from leadreport.policy import Policy
from leadreport.words import STAGES, STEPS

LONGEST_DAYS = 365
"""Nobody is expected to move on who has stayed for longer than this."""

ARRIVAL_WEEKS = 13
"""New leads are expected to come as they did in so many weeks."""


def forecast(
    facts: pl.DataFrame, *, to_stage: str = "sql", as_of: datetime, policy: Policy, weeks: int = 4
) -> pl.DataFrame:
    """How many leads will enter a stage in each of the coming weeks, with a 95 % interval.

    Every open lead goes on day by day at the pace of the leads before it: by the stage it stands in and by how long it
    has stood there; new leads come as in the last 13 weeks. One row per week: week, week_on, days_ahead (of the last
    day), expected, low, high, and so_far_expected, so_far_low, so_far_high of all weeks up to it. The interval allows
    for chance, for how unevenly the weeks have come before, and for how few entries the pace was learnt from.
    """
    zone = policy.company.time_zone
    start_on = last_day(as_of, zone=zone) + timedelta(days=1)
    top = STAGES.index(to_stage)
    paces = [step_pace(facts, rank, start_on, as_of=as_of, policy=policy) for rank in range(top)]
    arrivals = daily_arrivals(facts, start_on, zone=zone)
    days = carried_on([pace["open"] for pace in paces], paces, arrivals=arrivals, days=7 * weeks)
    expected = np.asarray(days).reshape(weeks, 7).sum(axis=1)
    entered = weekly_counts(facts, to_stage, start_on, zone=zone)
    noise = unevenness(entered), 1 / max(entered.sum(), 1)
    return as_weeks(expected, start_on, noise=noise)


def step_pace(facts: pl.DataFrame, rank: int, start_on: date, *, as_of: datetime, policy: Policy) -> dict:
    """For each day since entry into a stage, the chance to move on and to be lost; and the open leads."""
    one, two = STEPS[rank]
    entries = step_entries(facts, from_stage=one, to_stage=two, as_of=as_of, zone=policy.company.time_zone)
    stays = entries.with_columns(
        moved=whole_days("days"),
        out=whole_days("out_days"),
        age=(pl.lit(start_on) - pl.col("entered_on")).dt.total_days(),
    )
    is_open = pl.col("moved").is_null() & pl.col("out").is_null()
    waiting = stays.filter(is_open)["age"].clip(0, LONGEST_DAYS)
    record = left_truncation(facts, steps=((one, two),), as_of=as_of, policy=policy)
    since_on = record["conversions_since_on"][0]
    usual = usual_history(stays, since_on=since_on, horizon=policy.horizon_days(one, two), policy=policy, as_of=as_of)
    moved, out = (np.bincount(usual[name].drop_nulls(), minlength=LONGEST_DAYS + 1) for name in ("moved", "out"))
    watched = usual.select(pl.coalesce("moved", "out", pl.col("age") - 1).clip(0, LONGEST_DAYS)).to_series()
    leaving = np.bincount(watched, minlength=LONGEST_DAYS + 1)
    at_risk = np.maximum(leaving[::-1].cumsum()[::-1], 1)
    # The last age holds all that are older; a share of those who went at any time is no chance of each day.
    moved[-1] = out[-1] = 0
    return {
        "open": np.bincount(waiting, minlength=LONGEST_DAYS + 1).astype(float),
        "moves": moved / at_risk,
        "leaves": out / at_risk,
    }


def whole_days(column: str) -> pl.Expr:
    """Days on the calendar, none of them negative: a forecast goes forward only."""
    return pl.col(column).floor().clip(0, LONGEST_DAYS).cast(pl.Int64)


def carried_on(stock: list[np.ndarray], paces: list[dict], *, arrivals: float, days: int) -> list[float]:
    """Entries into the top stage on each coming day."""
    entered = []
    for _ in range(days):
        coming = arrivals
        for rank, pace in enumerate(paces):
            today = stock[rank].copy()
            today[0] += coming
            coming = float((today * pace["moves"]).sum())
            staying = today * np.clip(1 - pace["moves"] - pace["leaves"], 0, 1)
            stock[rank] = np.concatenate([[0.0], staying[:-1]])
            stock[rank][-1] += staying[-1]
        entered.append(coming)
    return entered


def daily_arrivals(facts: pl.DataFrame, start_on: date, *, zone: str) -> float:
    """New leads a day in the last weeks, or since the history began if that is later."""
    counts = weekly_counts(facts, "lead", start_on, zone=zone)[-ARRIVAL_WEEKS:]
    return float(counts.mean()) / 7 if len(counts) else 0.0


def weekly_counts(facts: pl.DataFrame, stage: str, start_on: date, *, zone: str) -> np.ndarray:
    """Entries into a stage in each seven days back from a date, as far as the history reaches."""
    first_on = facts.select(local_date(pl.col("created_at").min(), zone=zone)).item()
    weeks = (start_on - first_on).days // 7 if first_on else 0
    reached_on = local_date(reached_at(stage), zone=zone)
    ago = facts.select((pl.lit(start_on) - reached_on).dt.total_days()).to_series().drop_nulls()
    back = (ago - 1) // 7
    return np.bincount(back.filter((back >= 0) & (back < weeks)), minlength=weeks)[::-1]


def unevenness(counts: np.ndarray) -> float:
    """How much more the last weeks differ than chance would have it; 1 when no more."""
    last = counts[-2 * ARRIVAL_WEEKS :]
    if len(last) < 8 or last.mean() == 0:
        return 1.0
    return max(1.0, float(last.var(ddof=1) / last.mean()))


def as_weeks(expected: np.ndarray, start_on: date, *, noise: tuple[float, float]) -> pl.DataFrame:
    """The forecast's rows, each week alone and all weeks up to it."""
    days = [start_on + timedelta(days=7 * week) for week in range(len(expected))]
    total = expected.cumsum()
    low, high = interval(expected, noise)
    total_low, total_high = interval(total, noise)
    return pl.DataFrame(
        {
            "week": [iso_week(day) for day in days],
            "week_on": days,
            "days_ahead": [7 * (week + 1) for week in range(len(expected))],
            "expected": expected.round(6),
            "low": low,
            "high": high,
            "so_far_expected": total.round(6),
            "so_far_low": total_low,
            "so_far_high": total_high,
        }
    )


def interval(expected: np.ndarray, noise: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Whole counts between which 95 % should fall: gamma, with the variance of uneven weeks and of a learnt pace."""
    uneven, learnt = noise
    mean = np.maximum(expected, 1e-9)
    variance = uneven * mean + learnt * mean**2
    shape, scale = mean**2 / variance, variance / mean
    ends = [gammaincinv(shape, share) * scale for share in (0.025, 0.975)]
    return np.floor(ends[0]).astype(int), np.ceil(ends[1]).astype(int)
