"""From points to the close rate that they let us expect, and how sure that is."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2, rankdata

from leadreport.rates.shrinkage import as_rate, log_odds, prior_leads, shrunken_rate
from leadreport.scoring.closing import POINTS_PER_LOG_ODDS
from leadreport.scoring.weights import safe_rate

Array = np.ndarray

AVERAGE = 500
"""Points, on the scale of 0 to 1000, of a lead with the odds of the benchmark: a score of 50."""

BANDS = 20
USUAL_MISS = 0.1
SURE = 0.99
LEAST_SLOPE = 0.05

SLOPE_PULL = np.diag([1e-6, 0.1])
"""A weak pull of the slope towards 0 keeps it finite where the points separate customers from the rest."""


@dataclass(frozen=True)
class Curve:
    """log-odds = intercept + slope x (points - centre) + bend + shift.

    `bends` are (log-odds, correction) where held-out leads closed clearly more or less often than the straight line
    says, with straight lines between. `shift` is what re-anchoring to recent leads has added. `variances` are those of
    the intercept, of both together and of the slope.
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
        """Variance of the log-odds, as far as the benchmark and the slope are unsure."""
        far = points - self.centre
        of_intercept, together, of_slope = self.variances
        return np.maximum(of_intercept + 2 * far * together + far**2 * of_slope, 0.0)


def doubling_curve(totals: Array, won: Array, *, may_bend: bool) -> tuple[Curve, int]:
    """The fixed curve, 50 points double the odds, and the points every lead starts with.

    At 500 points the odds are those of the benchmark; the start is such that the training leads together are expected
    to close as often as they did.
    """
    slope = 1 / POINTS_PER_LOG_ODDS
    rate = safe_rate(won.sum(), len(won))
    benchmark = float(log_odds(np.float64(rate)))
    level = brentq(lambda base: as_rate(base + slope * totals).mean() - rate, benchmark - 50, benchmark + 50)
    start = AVERAGE + round((level - benchmark) / slope)
    far = totals + start - AVERAGE
    odds = benchmark + slope * far
    bends = bends_of(odds, won) if may_bend else ()
    return Curve(round(benchmark, 6), slope, AVERAGE, uncertainty(odds, far), bends), start


def fitted_curve(totals: Array, won: Array) -> Curve:
    """For points that are not on the log-odds scale: the logistic curve through what leads with such points did."""
    level, slope = float(log_odds(np.float64(safe_rate(won.sum(), len(won))))), 0.0
    far = totals - totals.mean()
    scale = far.std() or 1.0
    design = np.column_stack([np.ones(len(far)), far / scale])
    beta = np.array([level, 0.0])
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
    """Where leads with like points closed clearly more or less often than the straight line says.

    Bands of about a twentieth of the leads, equal ones together; the close rate of each is shrunk towards what the line
    expects, as those of the values are towards the benchmark. No bend where chance explains all misses (99 %).
    """
    band = (BANDS * (rankdata(odds.round(9)) - 0.5) / len(odds)).astype(int)
    leads, customers = np.bincount(band, minlength=BANDS), np.bincount(band, weights=won, minlength=BANDS)
    used = leads > 0
    leads, customers = leads[used], customers[used]
    expected = np.bincount(band, weights=as_rate(odds), minlength=BANDS)[used] / leads
    place = np.bincount(band, weights=odds, minlength=BANDS)[used] / leads
    surprise = ((customers - leads * expected) ** 2 / (leads * expected * (1 - expected))).sum()
    if surprise <= chi2.ppf(SURE, len(leads)):
        return ()
    strength = prior_leads(customers, leads, centre=expected, usual_spread=USUAL_MISS)
    closed = shrunken_rate(customers, leads, centre=expected, strength=strength)
    miss = log_odds(closed) - log_odds(expected)
    rising = np.maximum.accumulate((1 - LEAST_SLOPE) * place + miss) - (1 - LEAST_SLOPE) * place
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in zip(place, rising, strict=True))


def uncertainty(odds: Array, far: Array) -> tuple[float, float, float]:
    """Variances of intercept and slope from the information in the leads."""
    expected = as_rate(odds)
    weight = np.maximum(expected * (1 - expected), 1e-12)
    total, first, second = weight.sum(), (weight * far).sum(), (weight * far**2).sum()
    spread = total * second - first**2
    if spread <= 1e-9 * max(total * second, 1.0):
        return float(f"{1 / total:.6g}"), 0.0, 0.0
    values = (second / spread, -first / spread, total / spread)
    return tuple(float(f"{value:.6g}") for value in values)
