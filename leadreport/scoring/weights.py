"""One non-negative weight per attribute, so that attributes that say the same do not count twice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

from leadreport.rates.shrinkage import as_rate, log_odds, prior_leads, shrunken_rate

Array = np.ndarray

FOLDS = 5

WEIGHT_SPREAD = 0.3
"""How far weights may stray from their common weight before the data insist (standard deviation)."""


NEWTON_STEPS = 25


@dataclass(frozen=True)
class Fit:
    """Intercept, a weight per column of lifts, and what they explain.

    `evidence` is twice the gain in log-likelihood over the benchmark alone; with lifts that come from other folds it is
    honest, and around 0 or below when there is nothing to learn.
    """

    intercept: float
    weights: Array
    evidence: float

    def expected(self, lifts: Array) -> Array:
        return as_rate(self.intercept + lifts @ self.weights)


def canonical_order(codes: Array, won: Array) -> Array:
    """An order of the leads that depends on what they are, not on how the file was sorted."""
    return np.lexsort((*codes.T[::-1], won))


def fold_of_each(leads: int, *, seed: int) -> Array:
    return np.random.default_rng(seed).permutation(np.arange(leads) % FOLDS)


def by_fold(codes: Array, size: int, amounts: Array, folds: Array) -> Array:
    """Sums per value (rows) and fold (columns)."""
    return np.bincount(codes * FOLDS + folds, weights=amounts, minlength=size * FOLDS).reshape(size, FOLDS)


def other_folds(sums: Array) -> Array:
    """Sums over all folds but each one."""
    return sums.sum(axis=1, keepdims=True) - sums


def held_out_lifts(codes: Array, size: int, won: Array, folds: Array) -> Array:
    """For each lead the log-odds lift of its value, from the folds that it is not in."""
    leads = other_folds(by_fold(codes, size, np.ones(len(codes)), folds))
    customers = other_folds(by_fold(codes, size, won, folds))
    lifts = [log_odds_lifts(customers[:, fold], leads[:, fold])[0] for fold in range(FOLDS)]
    return np.column_stack(lifts)[codes, folds]


def log_odds_lifts(customers: Array, leads: Array) -> tuple[Array, float]:
    """Shrunken log-odds above the benchmark per value, and the prior leads that shrank them."""
    benchmark = safe_rate(customers.sum(), leads.sum())
    strength = prior_leads(customers, leads, centre=benchmark)
    rates = shrunken_rate(customers, leads, centre=benchmark, strength=strength)
    return log_odds(rates) - log_odds(benchmark), strength


def safe_rate(customers: float, leads: float) -> float:
    """The benchmark; when nobody or everybody closed, half a lead keeps it off the edge."""
    if 0 < customers < leads:
        return float(customers / leads)
    return float((customers + 0.5) / (leads + 1))


def fit_weights(lifts: Array, won: Array) -> Fit:
    """Non-negative logistic weights, pulled towards one common weight."""
    base = float(log_odds(np.float64(safe_rate(won.sum(), len(won)))))
    intercept, common = solve(lifts.sum(axis=1, keepdims=True), won, start=(base, 0.0), pull=1e-3)
    best = solve(lifts, won, start=(intercept, *[common] * lifts.shape[1]), pull=WEIGHT_SPREAD**-2)
    explained = log_likelihood(best[0] + lifts @ best[1:], won)
    alone = log_likelihood(np.full(len(won), base), won)
    return Fit(float(best[0]), best[1:], 2 * (explained - alone))


def log_likelihood(odds: Array, won: Array) -> float:
    return float(won @ odds - np.logaddexp(0, odds).sum())


def solve(lifts: Array, won: Array, *, start: Sequence[float], pull: float) -> Array:
    """Intercept and weights of a logistic regression: weights not below 0, each pulled towards where it starts.

    Newton's method; every step is a least-squares problem with bounds, and is halved until it is a gain.
    """
    start = np.array(start, dtype=float)
    pulls = np.array([0.0, *[pull] * lifts.shape[1]])
    design = np.column_stack([np.ones(len(won)), lifts])
    guess, gain = start, objective(design, won, start, start, pulls)
    for _ in range(NEWTON_STEPS):
        aim = newton_aim(design, won, guess, start, pulls)
        for halvings in range(6):
            better = guess + (aim - guess) / 2**halvings
            reached = objective(design, won, better, start, pulls)
            if reached > gain:
                break
        if reached - gain < 1e-6:
            break
        guess, gain = better, reached
    return guess


def objective(design: Array, won: Array, guess: Array, start: Array, pulls: Array) -> float:
    """Log-likelihood less the pull towards the start."""
    return log_likelihood(design @ guess, won) - 0.5 * float(pulls @ (guess - start) ** 2)


def newton_aim(design: Array, won: Array, guess: Array, start: Array, pulls: Array) -> Array:
    """Where the quadratic that touches the objective at the guess is highest, with no weight below 0."""
    rates = as_rate(design @ guess)
    curvature = (design * (rates * (1 - rates))[:, None]).T @ design + np.diag(pulls + 1e-9)
    slope = design.T @ (won - rates) - pulls * (guess - start)
    root = np.linalg.cholesky(curvature)
    lowest = [-np.inf, *[0.0] * (len(guess) - 1)]
    return lsq_linear(
        root.T, np.linalg.solve(root, curvature @ guess + slope), bounds=(lowest, np.inf), method="bvls"
    ).x


def kept_share(evidence: float) -> float:
    """What is left of held-out evidence when one degree of freedom's worth of chance is taken off.

    The heuristic shrinkage of van Houwelingen and le Cessie (1990).
    """
    return max(0.0, 1 - 1 / evidence) if evidence > 0 else 0.0
