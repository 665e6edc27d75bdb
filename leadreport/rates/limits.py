"""Normal variation: the limits of the next count or rate, a drift over many, and the shape of a headline."""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.special import ndtri, stdtrit

from leadreport.errors import InputError
from leadreport.rates.intervals import Column, as_expr
from leadreport.words import (
    DOWN,
    FALLING,
    FALSE_ALARM_RATE,
    LEAST_PERIODS,
    NORMAL_VARIATION,
    RISING,
    STEADY,
    TOO_FEW,
    UP,
)

Series = Sequence[float | None] | pl.Series

RECENT_PERIODS = 6
"""The last periods that together show a drift."""


def control_limits(
    counts: Series,
    *,
    trials: Series | None = None,
    new_trials: float | None = None,
    false_alarms: float = FALSE_ALARM_RATE,
    least_periods: int = LEAST_PERIODS,
) -> pl.DataFrame:
    """The limits between which the next count, or the next rate, falls if nothing has changed.

    `counts` are the earlier periods in order; those that are null are left out. With `trials` the limits are for the
    rate counts / trials in a new period of `new_trials`. One row: periods, expected, low_limit, high_limit, dispersion.
    The limits are null with fewer than `least_periods` periods or no new trials.

    The spread between the earlier periods is measured on the scale on which pure chance has the same spread at every
    size (square root for counts, arcsine for rates: Anscombe 1948, Biometrika 35, 246-254), so periods with few leads
    and with many compare. The limits are the wider of two: chance alone (normal quantile), and the observed spread
    (Student's t quantile, because few periods measure it). `dispersion` is the observed spread over that of chance.

    Examples
    --------
    >>> control_limits([52, 47, 55, 49, 61, 44, 50, 53]).select(pl.all().round(1)).row(0)
    (8, 51.4, 33.5, 72.8, 0.5)
    """
    if trials is None:
        return count_limits(present(counts), false_alarms=false_alarms, least_periods=least_periods)
    if new_trials is None:
        raise InputError("limits for a rate need the trials of the new period", hint="give new_trials=")
    k, n = present(counts, trials)
    return share_limits(k, n, new_trials, false_alarms=false_alarms, least_periods=least_periods)


def verdict(value: Column, low_limit: Column, high_limit: Column) -> pl.Expr:
    """The verdict on a new value: "up", "down", "normal variation", or "too few to say".

    It is "too few to say" without limits, and when the lower limit is 0: then not even a fall to 0 could show.

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


def drift(values: Series, *, recent: int = RECENT_PERIODS, false_alarms: float = FALSE_ALARM_RATE) -> str:
    """Whether the last periods together lie higher or lower than those before: a slow drift that no single one shows.

    The verdict is "rising", "falling", "steady", or "too few to say" with fewer than 8 periods before the recent ones.
    It is Wilcoxon's rank-sum test (1945; Mann and Whitney 1947): it only assumes that the periods could have come in
    any order, so overdispersion does not raise the promised share of false alarms.

    Examples
    --------
    >>> drift([50, 52, 47, 55, 49, 51, 44, 53, 46, 45, 43, 41, 42, 40])
    'falling'
    """
    from scipy.stats import mannwhitneyu  # half a second that a page without drift need not pay

    seen = present(values)
    before, last = seen[:-recent], seen[-recent:]
    if len(before) < LEAST_PERIODS:
        return TOO_FEW
    if np.ptp(seen) == 0:
        return STEADY
    has_ties = len(np.unique(seen)) < len(seen)
    test = mannwhitneyu(last, before, method="asymptotic" if has_ties else "exact")
    if test.pvalue > false_alarms:
        return STEADY
    return RISING if test.statistic > len(before) * recent / 2 else FALLING


def count_limits(counts: np.ndarray, *, false_alarms: float, least_periods: int) -> pl.DataFrame:
    """Limits on the square-root scale: 2 sqrt(x + 3/8) of a Poisson count has variance 1 (Anscombe 1948)."""
    if len(counts) < least_periods:
        return limits_row(len(counts), counts.mean() if len(counts) else None)
    roots = 2 * np.sqrt(counts + 3 / 8)
    centre, dispersion = roots.mean(), roots.var(ddof=1)
    half = reach(dispersion, len(counts), false_alarms) * math.sqrt(1 + 1 / len(counts))
    low, high = ((max(end, 0) / 2) ** 2 - 3 / 8 for end in (centre - half, centre + half))
    return limits_row(len(counts), counts.mean(), max(low, 0.0), high, dispersion)


def share_limits(
    k: np.ndarray, n: np.ndarray, new_trials: float, *, false_alarms: float, least_periods: int
) -> pl.DataFrame:
    """Limits on the arcsine scale: asin sqrt((k + 3/8) / (n + 3/4)) has variance 1 / (4 n + 2) (Anscombe 1948)."""
    k, n = k[n > 0], n[n > 0]
    expected = k.sum() / n.sum() if len(n) else None
    if len(n) < least_periods or new_trials <= 0:
        return limits_row(len(n), expected)
    angles, weights = np.arcsin(np.sqrt((k + 3 / 8) / (n + 3 / 4))), 4 * n + 2
    centre = (weights * angles).sum() / weights.sum()
    dispersion = (weights * (angles - centre) ** 2).sum() / (len(n) - 1)
    half = reach(dispersion, len(n), false_alarms) * math.sqrt(1 / (4 * new_trials + 2) + 1 / weights.sum())
    low, high = (share_at(end, new_trials) for end in (centre - half, centre + half))
    return limits_row(len(n), expected, low, high, dispersion)


def share_at(angle: float, trials: float) -> float:
    """Back from the arcsine scale, kept between 0 and 1."""
    shifted = math.sin(min(max(angle, 0.0), math.pi / 2)) ** 2
    return min(max((shifted * (trials + 3 / 4) - 3 / 8) / trials, 0.0), 1.0)


def reach(dispersion: float, periods: int, false_alarms: float) -> float:
    """The distance of the limits from the centre, in standard errors of pure chance.

    max(z, t sqrt(dispersion)), with the two-sided quantiles of the normal and of Student's t with periods - 1 degrees
    of freedom.
    """
    by_chance = ndtri(1 - false_alarms / 2)
    as_seen = stdtrit(periods - 1, 1 - false_alarms / 2) * math.sqrt(dispersion)
    return max(by_chance, as_seen)


def limits_row(
    periods: int,
    expected: float | None,
    low: float | None = None,
    high: float | None = None,
    dispersion: float | None = None,
) -> pl.DataFrame:
    """One row of limits; null where there are none."""
    names = ("expected", "low_limit", "high_limit", "dispersion")
    schema = {"periods": pl.Int64} | dict.fromkeys(names, pl.Float64)
    return pl.DataFrame([(periods, expected, low, high, dispersion)], schema=schema, orient="row")


def present(*columns: Series) -> np.ndarray:
    """The rows without a null, one array per column."""
    frame = pl.DataFrame({str(i): pl.Series(column).cast(pl.Float64) for i, column in enumerate(columns)}).drop_nulls()
    arrays = frame.to_numpy().T
    return arrays if len(columns) > 1 else arrays[0]


HEADLINE_COLUMNS: dict[str, type[pl.DataType]] = {
    "name": pl.String,
    "week": pl.String,
    "week_on": pl.Date,
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
    "note": pl.String,
}
"""The columns of every headline: `low` and `high` are the 95 % interval of the value, `low_limit` and `high_limit` the
range of normal variation; `n` is what the value stands on."""


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
