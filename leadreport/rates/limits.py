"""A weekly headline: its value, the limits of normal variation, and the change of level behind it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.special import ndtri

from leadreport.rates.intervals import Column, as_expr, rate_interval
from leadreport.rates.levels import (
    CHANCE,
    LATE,
    LEAST_WEEKS,
    PATIENCE,
    Levels,
    Scaled,
    find_levels,
    scaled_counts,
    scaled_rates,
    threshold,
)
from leadreport.words import DOWN, FALLING, FALSE_ALARM_RATE, NORMAL_VARIATION, RISING, STEADY, TOO_FEW, UP

HEADLINE_COLUMNS: dict[str, type[pl.DataType]] = {
    "name": pl.String,
    "week": pl.String,
    "week_on": pl.Date,
    "weeks": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "previous": pl.Float64,
    "change": pl.Float64,
    "n": pl.Int64,
    "expected": pl.Float64,
    "low_limit": pl.Float64,
    "high_limit": pl.Float64,
    "verdict": pl.String,
    "trend": pl.String,
    "changed_on": pl.Date,
    "level_from_on": pl.Date,
    "level_before": pl.Float64,
    "level_after": pl.Float64,
    "cause": pl.String,
    "visible_fall": pl.Float64,
    "visible_rise": pl.Float64,
    "note": pl.String,
}
"""The columns of every headline.

The value is of the last `weeks` weeks up to `week`; `low` and `high` are its 95 % interval, `n` is what it stands on.
`low_limit` and `high_limit` are the range of normal variation around `expected`, the level so far. `changed_on` is the
first week of the newest level when it began within the last 13 weeks, `level_from_on` that of the level before,
`cause` what the change came from. A lasting fall to `visible_fall` or rise to `visible_rise` would have been seen
within four weeks in 80 % of cases.
"""

SEEN_WITHIN, POWER = 4, 0.8
"""A change could have been seen when it would have been found within these weeks this often."""

WORTH_KNOWING = 0.25
"""Relative change of a rate that its weeks are pooled for, until it would show."""

MOST_POOLED = 13
"""A rate is pooled over at most as many weeks."""


def headlines(rows: pl.DataFrame) -> pl.DataFrame:
    """Headlines with exactly the columns of `HEADLINE_COLUMNS`; null where a headline has no such value.

    Examples
    --------
    >>> row = headlines(pl.DataFrame({"name": ["sqls"], "value": [12], "n": [12], "verdict": ["up"]}))
    >>> row.columns == list(HEADLINE_COLUMNS), row.select("value", "previous").row(0)
    (True, (12.0, None))
    """
    missing = [pl.lit(None).alias(name) for name in HEADLINE_COLUMNS if name not in rows.columns]
    return rows.with_columns(missing).select(HEADLINE_COLUMNS.keys()).cast(HEADLINE_COLUMNS)


def verdict(value: Column, low_limit: Column, high_limit: Column) -> pl.Expr:
    """The word for a value beside its limits: "up", "down", "normal variation", or "too few to say".

    Too few are they when there are no limits, and when inside the limits even 0 would be: then a fall could not show.

    Examples
    --------
    >>> frame = pl.DataFrame({"value": [9, 3, 3], "low": [2.5, None, 0.0], "high": [8.5, None, 8.0]})
    >>> frame.select(verdict("value", "low", "high")).to_series().to_list()
    ['up', 'too few to say', 'too few to say']
    """
    value, low, high = as_expr(value), as_expr(low_limit), as_expr(high_limit)
    return (
        pl.when(value > high)
        .then(pl.lit(UP))
        .when(value < low)
        .then(pl.lit(DOWN))
        .when(low > 0, value.is_not_null())
        .then(pl.lit(NORMAL_VARIATION))
        .otherwise(pl.lit(TOO_FEW))
    )


@dataclass(frozen=True)
class Weekly:
    """A weekly series, oldest first, with its levels: counts, or successes out of trials."""

    counts: np.ndarray
    trials: np.ndarray | None
    levels: Levels

    def natural(self, first: int, end: int, *, is_level: bool = True) -> float | None:
        """The mean count a week, or the rate, of some weeks; of a level, odd weeks are left out."""
        use = [week for week in range(max(first, 0), end) if not (is_level and week in self.levels.odd)]
        if self.trials is None:
            return float(self.counts[use].mean()) if use else None
        trials = self.trials[use].sum()
        return float(self.counts[use].sum() / trials) if trials > 0 else None

    def at(self, scaled: float, *, trials: float) -> float:
        """Back from the scale of the levels."""
        if self.trials is None:
            return max((max(scaled, 0.0) / 2) ** 2 - 3 / 8, 0.0)
        share = math.sin(min(max(scaled, 0.0), math.pi / 2)) ** 2
        return min(max((share * (trials + 3 / 4) - 3 / 8) / trials, 0.0), 1.0)


def weekly_series(
    series: pl.DataFrame, *, redefined_on: Sequence[date] = (), false_alarms: float = FALSE_ALARM_RATE
) -> Weekly:
    """The series with its levels found; `series` has k and n for a rate, value for a count, one row a week."""
    known = [int((series["week_on"] + timedelta(days=7) <= on).sum()) for on in redefined_on]
    now = {"known": known, "false_alarms": false_alarms}
    if "k" not in series.columns:
        counts = series["value"].cast(pl.Float64).to_numpy()
        return Weekly(counts, None, find_levels(scaled_counts(counts), **now))
    k, n = (series[name].cast(pl.Float64).to_numpy() for name in ("k", "n"))
    return Weekly(k, n, find_levels(scaled_rates(k, n), **now))


def weekly_headline(
    name: str,
    series: pl.DataFrame,
    *,
    weeks: int | None = None,
    redefined_on: Sequence[date] = (),
    false_alarms: float = FALSE_ALARM_RATE,
) -> dict:
    """One row of a table of headlines, as `HEADLINE_COLUMNS` describes it, from a weekly series without gaps.

    `series` has week, week_on, and value for a count or k and n for a rate, oldest first. The last week of a count is
    its value; a rate is pooled over `weeks`, or over as many as a change by a quarter needs to show. "up" and "down"
    say that the level changed within the last 13 weeks; "too few to say" that even 0 would be normal variation. A new
    level also begins with the week of each date in `redefined_on`: earlier weeks were counted by another definition.

    Examples
    --------
    >>> weeks = pl.date_range(date(2026, 1, 5), date(2026, 6, 29), "1w", eager=True)
    >>> rows = {"week": weeks.dt.strftime("%G-W%V"), "week_on": weeks, "value": [40, 44] * 11 + [70, 66, 69, 75]}
    >>> row = weekly_headline("sqls", pl.DataFrame(rows))
    >>> row["verdict"], row["changed_on"], row["level_before"], row["level_after"]
    ('up', datetime.date(2026, 6, 8), 42.0, 70.0)
    """
    if series.is_empty():
        return {"name": name, "n": 0, "verdict": TOO_FEW, "trend": TOO_FEW}
    weekly = weekly_series(series, redefined_on=redefined_on, false_alarms=false_alarms)
    total, last, pooled = series.height, series.row(-1, named=True), weeks or weeks_to_pool(weekly)
    value, previous = (weekly.natural(total - back - pooled, total - back, is_level=False) for back in (0, pooled))
    row = {
        "name": name,
        "week": last["week"],
        "week_on": last["week_on"],
        "weeks": pooled,
        "value": value,
        "previous": previous,
        "change": None if value is None or previous is None else round(value - previous, 10),
        **stands_on(weekly, pooled),
        **limits(weekly, pooled),
        **newest_level(weekly, series["week_on"].to_list()),
        **visible_change(weekly),
    }
    return row | {"verdict": verdict_of(row), "trend": trend_of(weekly, row)}


def weeks_to_pool(weekly: Weekly) -> int:
    """Over how many of the last weeks a rate is pooled: one for a count, never beyond the newest level."""
    total = len(weekly.levels.kept)
    most = max(min(MOST_POOLED, total // 2, total - LEAST_WEEKS), 1)
    if weekly.trials is None:
        return 1
    if weekly.levels.changed:
        most = min(most, total - weekly.levels.changed)
    for pooled in range(1, most):
        range_ = limits(weekly, pooled)
        low, expected = range_["low_limit"], range_["expected"]
        if low is not None and low >= (1 - WORTH_KNOWING) * expected:
            return pooled
    return most


def stands_on(weekly: Weekly, pooled: int) -> dict:
    """What the value stands on: the count itself, or the trials of a rate and its 95 % interval (Wilson)."""
    if weekly.trials is None:
        return {"n": round(weekly.counts[-1])}
    k, n = weekly.counts[-pooled:].sum(), weekly.trials[-pooled:].sum()
    interval = rate_interval(k, n).row(0, named=True)
    return {"n": round(n), "low": interval["low"], "high": interval["high"]}


def limits(weekly: Weekly, pooled: int) -> dict:
    """Where the last `pooled` weeks would lie if the level before them went on: expected, low_limit, high_limit.

    A value outside is what `find_levels` calls a change after so many weeks.
    """
    levels, first = weekly.levels, len(weekly.levels.kept) - pooled
    start = max([start for start in levels.starts if start < first], default=0)
    before = replace(levels, kept=Scaled(levels.kept.values[:first], levels.kept.weights[:first]))
    before = replace(before, starts=tuple(each for each in levels.starts if each <= start))
    new, old = levels.kept.weights[first:].sum(), levels.kept.weights[start:first].sum()
    if first < LEAST_WEEKS or before.freedom() < LEAST_WEEKS - 1 or new <= 0 or old <= 0:
        return {"expected": weekly.natural(start, first), "low_limit": None, "high_limit": None}
    centre = levels.kept.mean(start, first)
    apart = needed(before, weeks=first + pooled, since=pooled) * math.sqrt(1 / new + 1 / old)
    trials = 0.0 if weekly.trials is None else float(weekly.trials[first:].sum())
    low, expected, high = (weekly.at(end, trials=trials) for end in (centre - apart, centre, centre + apart))
    return {"expected": expected, "low_limit": low, "high_limit": high}


def needed(levels: Levels, *, weeks: int, since: int) -> float:
    """Units of chance that a step must measure, so many weeks after it happened."""
    limit = threshold(levels.spread(), freedom=levels.freedom(), weeks=weeks, false_alarms=levels.false_alarms)
    return float(limit) * (*PATIENCE, LATE)[min(since, len(PATIENCE) + 1) - 1]


def newest_level(weekly: Weekly, weeks_on: list[date]) -> dict:
    """When the newest level began, and the levels before and after; null when it is older than 13 weeks."""
    levels, changed = weekly.levels, weekly.levels.changed
    if changed is None:
        return {"changed_on": None, "level_from_on": None, "level_before": None, "level_after": None}
    start = max(start for start in levels.starts if start < changed)
    total = len(weeks_on)
    after = changed if levels.drift_from is None else max(total - SEEN_WITHIN, changed)
    return {
        "changed_on": weeks_on[changed],
        "level_from_on": weeks_on[start],
        "level_before": weekly.natural(start, changed),
        "level_after": weekly.natural(after, total),
    }


def visible_change(weekly: Weekly) -> dict:
    """How far the level would have to fall or rise to be found within four weeks in 80 % of cases."""
    levels, kept = weekly.levels, weekly.levels.kept
    start, total = levels.starts[-1], len(levels.kept)
    old, week = kept.weights[start:].sum(), kept.weights[-MOST_POOLED:].mean()
    if levels.freedom() < LEAST_WEEKS - 1 or old <= 0:
        return {"visible_fall": None, "visible_rise": None}
    spread = math.sqrt(max(levels.spread(), CHANCE))
    apart = needed(levels, weeks=total, since=SEEN_WITHIN) + float(ndtri(POWER)) * spread
    apart *= math.sqrt(1 / (SEEN_WITHIN * week) + 1 / old)
    trials = 0.0 if weekly.trials is None else float(weekly.trials[start:].sum())
    fall, rise = (weekly.at(kept.mean(start, total) + side * apart, trials=trials) for side in (-1, 1))
    return {"visible_fall": fall, "visible_rise": rise}


def verdict_of(row: dict) -> str:
    """The word for a headline: whether its level changed, and if not, whether it could have been seen."""
    if row["changed_on"] is not None:
        return UP if row["level_after"] > row["level_before"] else DOWN
    return NORMAL_VARIATION if row["low_limit"] else TOO_FEW


def trend_of(weekly: Weekly, row: dict) -> str:
    """Whether the change is a slow drift that still goes on."""
    if weekly.levels.drift_from is not None:
        return RISING if verdict_of(row) == UP else FALLING
    return TOO_FEW if row["low_limit"] is None else STEADY
