"""Non-negative weights for attributes and pair tables, so that attributes that say the same count once.

The model is a logistic regression on held-out lifts: ln(p / (1 - p)) = intercept + sum of weight x lift. A lift is the
log-odds of a value's shrunken close rate above the benchmark, taken from the folds that the lead is not in (stacking,
Wolpert 1992), so that a value with few leads cannot vote for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import lsq_linear

from leadreport.rates.shrinkage import as_rate, log_odds, prior_leads, shrunken_rate

Array = np.ndarray

FOLDS = 5

WEIGHT_SPREAD = 0.3
"""Standard deviation of the weights around their common weight, before the data are seen."""

NEWTON_STEPS = 25

MOST_VALUES = 10
"""Rows and columns of a pair table, besides one for all other values."""

SHORT_LIST = 12
"""Pairs that are tried in full, those with the best estimate first."""

HURDLE = 4
"""A pair table must add this much evidence, and 2 ln(number of pairs): the best of many tables without effect adds
about that by chance."""


@dataclass(frozen=True)
class Fit:
    """Intercept, a weight per column of lifts, and the evidence that they explain anything.

    `evidence` = 2 x (log-likelihood - log-likelihood of the benchmark alone), the likelihood ratio statistic. The lifts
    come from other folds, so it is about 0 or negative when there is nothing to learn.
    """

    intercept: float
    weights: Array
    evidence: float

    def expected(self, lifts: Array) -> Array:
        return as_rate(self.intercept + lifts @ self.weights)


def canonical_order(codes: Array, won: Array) -> Array:
    """An order of the leads that depends on their values and outcome, not on how the file was sorted."""
    return np.lexsort((*codes.T[::-1], won))


def fold_of_each(leads: int, *, seed: int) -> Array:
    """The fold of every lead: folds of equal size, shuffled."""
    return np.random.default_rng(seed).permutation(np.arange(leads) % FOLDS)


def by_fold(codes: Array, size: int, amounts: Array, folds: Array) -> Array:
    """Sums per value (rows) and fold (columns)."""
    return np.bincount(codes * FOLDS + folds, weights=amounts, minlength=size * FOLDS).reshape(size, FOLDS)


def other_folds(sums: Array) -> Array:
    """Sums over all folds but each one."""
    return sums.sum(axis=1, keepdims=True) - sums


def held_out_lifts(codes: Array, size: int, won: Array, folds: Array) -> Array:
    """The log-odds lift of every lead's value, from the folds that the lead is not in."""
    leads = other_folds(by_fold(codes, size, np.ones(len(codes)), folds))
    customers = other_folds(by_fold(codes, size, won, folds))
    lifts = [log_odds_lifts(customers[:, fold], leads[:, fold])[0] for fold in range(FOLDS)]
    return np.column_stack(lifts)[codes, folds]


def log_odds_lifts(customers: Array, leads: Array) -> tuple[Array, float]:
    """Shrunken log-odds above the benchmark per value, and the prior leads m that shrank them.

    lift = ln(p / (1 - p)) - ln(b / (1 - b)) with p = (customers + m b) / (leads + m) and the benchmark b.
    """
    benchmark = safe_rate(customers.sum(), leads.sum())
    strength = prior_leads(customers, leads, centre=benchmark)
    rates = shrunken_rate(customers, leads, centre=benchmark, strength=strength)
    return log_odds(rates) - log_odds(benchmark), strength


def safe_rate(customers: float, leads: float) -> float:
    """The benchmark k / n; (k + 1/2) / (n + 1) when no lead or every lead closed, so that its log-odds are finite."""
    if 0 < customers < leads:
        return float(customers / leads)
    return float((customers + 0.5) / (leads + 1))


def fit_weights(lifts: Array, won: Array) -> Fit:
    """Non-negative logistic weights, pulled towards one common weight.

    Maximises log-likelihood - sum of (weight - common)^2 / (2 x 0.3^2): ridge regression centred on the common weight.
    Collinear attributes share what one of them would get alone, and no weight turns against its own close rates.
    """
    base = float(log_odds(np.float64(safe_rate(won.sum(), len(won)))))
    intercept, common = solve(lifts.sum(axis=1, keepdims=True), won, start=(base, 0.0), pull=1e-3)
    best = solve(lifts, won, start=(intercept, *[common] * lifts.shape[1]), pull=WEIGHT_SPREAD**-2)
    explained = log_likelihood(best[0] + lifts @ best[1:], won)
    alone = log_likelihood(np.full(len(won), base), won)
    return Fit(float(best[0]), best[1:], 2 * (explained - alone))


def log_likelihood(odds: Array, won: Array) -> float:
    """Of a logistic model: the sum of won x odds - ln(1 + e^odds), with `odds` on the log scale."""
    return float(won @ odds - np.logaddexp(0, odds).sum())


def solve(lifts: Array, won: Array, *, start: Sequence[float], pull: float) -> Array:
    """Intercept and weights of a logistic regression: no weight below 0, each pulled towards its start.

    Newton's method with bounds: every step solves a bounded least-squares problem and is halved until it gains.
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
    """Log-likelihood minus the penalty for leaving the start: sum of pull x (guess - start)^2 / 2."""
    return log_likelihood(design @ guess, won) - 0.5 * float(pulls @ (guess - start) ** 2)


def newton_aim(design: Array, won: Array, guess: Array, start: Array, pulls: Array) -> Array:
    """The maximum of the objective's second-order expansion at the guess, with no weight below 0.

    With the curvature H = X'WX + pulls = L L' and the slope g it is the minimum of |L'x - L^-1 (H guess + g)|^2.
    """
    rates = as_rate(design @ guess)
    curvature = (design * (rates * (1 - rates))[:, None]).T @ design + np.diag(pulls + 1e-9)
    slope = design.T @ (won - rates) - pulls * (guess - start)
    root = np.linalg.cholesky(curvature)
    lowest = [-np.inf, *[0.0] * (len(guess) - 1)]
    return lsq_linear(
        root.T, np.linalg.solve(root, curvature @ guess + slope), bounds=(lowest, np.inf), method="bvls"
    ).x


def kept_share(evidence: float) -> float:
    """The factor 1 - 1 / evidence by which weights shrink; 0 without evidence.

    The heuristic shrinkage (chi-squared - df) / chi-squared of van Houwelingen and le Cessie (1990), with one degree of
    freedom.
    """
    return max(0.0, 1 - 1 / evidence) if evidence > 0 else 0.0


@dataclass(frozen=True)
class Pair:
    """A pair table: two attributes by position, and how many groups of values each has."""

    first: int
    second: int
    rows: int
    columns: int

    @property
    def size(self) -> int:
        return self.rows * self.columns

    def cells(self, groups: Array) -> Array:
        """The cell of every lead, from the groups of its values."""
        return groups[:, self.first].astype(np.int32) * self.columns + groups[:, self.second]


def grouped(codes: Array, size: int) -> Array:
    """The row of each value in a pair table: the most frequent values have one each, all others share the last."""
    leads = np.bincount(codes, minlength=size)
    frequent = np.argsort(-leads, kind="stable")[:MOST_VALUES]
    frequent = np.sort(frequent[leads[frequent] > 0])
    rows = np.full(size, len(frequent))
    rows[frequent] = np.arange(len(frequent))
    return rows


def possible_pairs(groups: Array) -> list[Pair]:
    """A pair table for every two attributes."""
    sizes = [int(most) + 1 for most in groups.max(axis=0)]
    return [Pair(i, j, sizes[i], sizes[j]) for i, j in combinations(range(len(sizes)), 2)]


def promise(pair: Pair, groups: Array, won: Array, expected: Array, folds: Array) -> float:
    """A quick cross-fitted estimate of the evidence that a pair table would add.

    One Newton step per cell instead of a fit; the 4 keeps the lift of a cell with few leads small.
    """
    cells = pair.cells(groups)
    surplus = by_fold(cells, pair.size, won - expected, folds)
    weight = by_fold(cells, pair.size, expected * (1 - expected), folds)
    lifts = other_folds(surplus) / (other_folds(weight) + 4)
    return gained((lifts * surplus).sum(), (lifts**2 * weight).sum())


def gained(slope: float, curvature: float) -> float:
    """The score test's statistic for one more weight, slope^2 / curvature; 0 when the weight would be negative."""
    return max(slope, 0.0) ** 2 / curvature if curvature > 0 else 0.0


def pair_lifts(customers: Array, leads: Array, expected: Array) -> tuple[Array, float]:
    """Shrunken log-odds per cell above those that the rest expects, and the prior leads that shrank them."""
    usual = np.clip(np.divide(expected, leads, out=np.full(len(leads), 0.5), where=leads > 0), 1e-6, 1 - 1e-6)
    strength = prior_leads(customers, leads, centre=usual)
    rates = shrunken_rate(customers, leads, centre=usual, strength=strength)
    return np.where(leads > 0, log_odds(rates) - log_odds(usual), 0.0), strength


def held_out_pair_lifts(pair: Pair, groups: Array, won: Array, expected: Array, folds: Array) -> Array:
    """The lift of every lead's cell, from the folds that the lead is not in."""
    cells, amounts = pair.cells(groups), (won, np.ones(len(won)), expected)
    customers, leads, usual = (other_folds(by_fold(cells, pair.size, each, folds)) for each in amounts)
    lifts = [pair_lifts(customers[:, fold], leads[:, fold], usual[:, fold])[0] for fold in range(FOLDS)]
    return np.column_stack(lifts)[cells, folds]


def single_lifts(codes: Array, sizes: Sequence[int], won: Array, folds: Array) -> Array:
    """The held-out lifts of every attribute, one column each."""
    return np.column_stack([held_out_lifts(codes[:, j], sizes[j], won, folds) for j in range(len(sizes))])


def choose_pairs(
    codes: Array, sizes: Sequence[int], groups: Array, won: Array, folds: Array, *, most: int
) -> list[Pair]:
    """The pair tables that add most evidence to the single values, one after the other.

    A table must add 2 ln(pairs) + `HURDLE`, so that the best of many tables without effect is not taken for a find.
    """
    if most == 0 or len(sizes) < 2:
        return []
    lifts = single_lifts(codes, sizes, won, folds)
    fit = fit_weights(lifts, won)
    expected = fit.expected(lifts)
    pairs = possible_pairs(groups)
    promises = [promise(pair, groups, won, expected, folds) for pair in pairs]
    hurdle = 2 * np.log(len(pairs)) + HURDLE
    best = sorted(range(len(pairs)), key=lambda i: -promises[i])[:SHORT_LIST]
    left = [pairs[i] for i in best if promises[i] > hurdle]
    chosen: list[Pair] = []
    while left and len(chosen) < most:
        columns = [held_out_pair_lifts(pair, groups, won, expected, folds) for pair in left]
        gains = [gained(lift @ (won - expected), lift**2 @ (expected * (1 - expected))) for lift in columns]
        top = int(np.argmax(gains))
        if gains[top] < hurdle:
            break
        chosen.append(left.pop(top))
        lifts = np.column_stack([lifts, columns[top]])
        fit = fit_weights(lifts, won)
        expected = fit.expected(lifts)
    return chosen


def fit_with_pairs(
    codes: Array, sizes: Sequence[int], groups: Array, won: Array, folds: Array, *, pairs: Sequence[Pair]
) -> tuple[Fit, list[Array]]:
    """The weights of attributes and pairs together, and the customers expected per cell before each pair was added."""
    lifts = single_lifts(codes, sizes, won, folds)
    fit = fit_weights(lifts, won)
    before = []
    for pair in pairs:
        expected = fit.expected(lifts)
        before.append(np.bincount(pair.cells(groups), weights=expected, minlength=pair.size))
        lifts = np.column_stack([lifts, held_out_pair_lifts(pair, groups, won, expected, folds)])
        fit = fit_weights(lifts, won)
    return fit, before
