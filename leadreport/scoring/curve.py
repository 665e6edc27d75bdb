"""From points to the close rate that they let us expect, and how sure that is."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from scipy.optimize import brentq
from scipy.stats import chi2, rankdata

from leadreport.rates import rate
from leadreport.rates.shrinkage import as_rate, log_odds, prior_leads, shrunken_rate
from leadreport.scoring.close_rates import POINTS_PER_LOG_ODDS
from leadreport.scoring.weights import safe_rate

Array = np.ndarray

AVERAGE = 500
"""Points, on the scale of 0 to 1000, of a lead with the odds of the benchmark: a score of 50."""

GROUPS = 20
"""Groups of training leads with like points, in which the straight line is compared with what happened."""

USUAL_MISS = 0.1
"""Standard deviation by which the log-odds of such a group usually miss the line, before the data are seen."""

SURE = 0.99
LEAST_SLOPE = 0.05

SLOPE_PULL = np.diag([1e-6, 0.1])
"""A weak ridge penalty keeps the slope finite where the points separate customers from the rest."""

TENTHS = 10
BANDS = {"score_from": pl.Float64, "leads": pl.Int64, "customers": pl.Int64}


@dataclass(frozen=True)
class Curve:
    """log-odds = intercept + slope x (points - centre) + bend + shift.

    `bends` are (log-odds, correction) where training leads closed clearly more or less often than the straight line
    says, linear in between. `shift` is what recalibration to recent leads has added. `variances` are those of the
    intercept, of both together (covariance), and of the slope.
    """

    intercept: float
    slope: float
    centre: int
    variances: tuple[float, float, float]
    bends: tuple[tuple[float, float], ...] = ()
    shift: float = 0.0

    def odds(self, points: Array) -> Array:
        """Log-odds of closing."""
        line = self.intercept + self.slope * (points - self.centre)
        if self.bends:
            line = line + np.interp(line, *zip(*self.bends, strict=True))
        return line + self.shift

    def variance(self, points: Array) -> Array:
        """Variance of the log-odds that comes from benchmark and slope: var(a) + 2 x cov(a, s) + x^2 var(s)."""
        far = points - self.centre
        of_intercept, together, of_slope = self.variances
        return np.maximum(of_intercept + 2 * far * together + far**2 * of_slope, 0.0)


def doubling_curve(totals: Array, won: Array, *, may_bend: bool) -> tuple[Curve, int]:
    """The fixed curve on which 50 points double the odds, and the points that every lead starts with.

    At 500 points the odds are those of the benchmark. The start is chosen so that the expected customers among the
    training leads equal their customers: mean of 1 / (1 + e^-(level + slope x total)) = benchmark.
    """
    slope = 1 / POINTS_PER_LOG_ODDS
    overall = safe_rate(won.sum(), len(won))
    benchmark = float(log_odds(np.float64(overall)))
    level = brentq(lambda base: as_rate(base + slope * totals).mean() - overall, benchmark - 50, benchmark + 50)
    start = AVERAGE + round((level - benchmark) / slope)
    far = totals + start - AVERAGE
    odds = benchmark + slope * far
    bends = bends_of(odds, won) if may_bend else ()
    return Curve(round(benchmark, 6), slope, AVERAGE, uncertainty(odds, far), bends), start


def fitted_curve(totals: Array, won: Array) -> Curve:
    """The logistic regression of the outcome on points, for points that are not on the log-odds scale.

    Newton's method on standardised points with a weak ridge penalty; a falling curve is flattened to slope 0.
    """
    far = totals - totals.mean()
    scale = far.std() or 1.0
    design = np.column_stack([np.ones(len(far)), far / scale])
    beta = np.array([float(log_odds(np.float64(safe_rate(won.sum(), len(won))))), 0.0])
    for _ in range(25):
        expected = as_rate(design @ beta)
        weight = expected * (1 - expected)
        beta = beta + np.linalg.solve(
            (design * weight[:, None]).T @ design + SLOPE_PULL, design.T @ (won - expected) - SLOPE_PULL @ beta
        )
    slope = max(0.0, beta[1] / scale)
    intercept = beta[0] - slope * totals.mean()
    return Curve(round(float(intercept), 6), round(slope, 9), 0, uncertainty(intercept + slope * totals, totals))


def bends_of(odds: Array, won: Array) -> tuple[tuple[float, float], ...]:
    """Corrections where leads with like points closed clearly more or less often than the straight line says.

    About twenty groups of equal size, equal points together; the close rate of each is shrunk towards what the line
    expects. No bend unless the Hosmer-Lemeshow statistic, the sum of (k - n p)^2 / (n p (1 - p)), exceeds its 99 %
    quantile. The bent curve still rises: at least 5 % as steeply as the line.
    """
    group = (GROUPS * (rankdata(odds.round(9)) - 0.5) / len(odds)).astype(int)
    leads, customers = np.bincount(group, minlength=GROUPS), np.bincount(group, weights=won, minlength=GROUPS)
    used = leads > 0
    leads, customers = leads[used], customers[used]
    expected = np.bincount(group, weights=as_rate(odds), minlength=GROUPS)[used] / leads
    place = np.bincount(group, weights=odds, minlength=GROUPS)[used] / leads
    surprise = ((customers - leads * expected) ** 2 / (leads * expected * (1 - expected))).sum()
    if surprise <= chi2.ppf(SURE, len(leads)):
        return ()
    strength = prior_leads(customers, leads, centre=expected, usual_spread=USUAL_MISS)
    closed = shrunken_rate(customers, leads, centre=expected, strength=strength)
    miss = log_odds(closed) - log_odds(expected)
    rising = np.maximum.accumulate((1 - LEAST_SLOPE) * place + miss) - (1 - LEAST_SLOPE) * place
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in zip(place, rising, strict=True))


def uncertainty(odds: Array, far: Array) -> tuple[float, float, float]:
    """Variances of intercept and slope: the inverse of the Fisher information X'WX, W = p (1 - p)."""
    expected = as_rate(odds)
    weight = np.maximum(expected * (1 - expected), 1e-12)
    total, first, second = weight.sum(), (weight * far).sum(), (weight * far**2).sum()
    determinant = total * second - first**2
    if determinant <= 1e-9 * max(total * second, 1.0):
        return float(f"{1 / total:.6g}"), 0.0, 0.0
    values = (second / determinant, -first / determinant, total / determinant)
    return tuple(float(f"{value:.6g}") for value in values)


def score_bands(scores: Array, won: Array) -> pl.DataFrame:
    """The training leads in up to ten bands of about equal size: score_from, leads, customers, close_rate.

    Later scores are compared with these. A band reaches to the start of the next, the first from 0, the last to 100.

    Examples
    --------
    >>> score_bands(np.array([40.0, 40.0, 60.0, 60.0]), np.array([0, 0, 0, 1])).rows()
    [(0.0, 2, 0, 0.0), (60.0, 2, 1, 0.5)]
    """
    starts = np.unique(np.quantile(scores, np.arange(1, TENTHS) / TENTHS, method="lower"))
    starts = np.array([0.0, *starts[starts > scores.min()]])
    place = band_of(scores, starts)
    leads = np.bincount(place, minlength=len(starts))
    customers = np.bincount(place, weights=won, minlength=len(starts)).astype(int)
    counts = pl.DataFrame([starts, leads, customers], schema=BANDS)
    return counts.with_columns(close_rate=rate("customers", "leads"))


def band_of(scores: Array, starts: Array) -> Array:
    """The band of every score."""
    return np.searchsorted(starts, scores, side="right") - 1


def band_names(starts: Array) -> list[str]:
    """The names of the bands.

    Examples
    --------
    >>> band_names(np.array([0.0, 47.5, 60.0]))
    ['under 47.5', '47.5 to under 60', '60 and more']
    """
    if len(starts) == 1:
        return ["all scores"]
    inner = [f"{low:g} to under {high:g}" for low, high in pairwise(starts[1:])]
    return [f"under {starts[1]:g}", *inner, f"{starts[-1]:g} and more"]
