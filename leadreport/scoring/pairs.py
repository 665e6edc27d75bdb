"""A few tables of two attributes together, where the pair says more than the sum of its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from leadreport.rates.shrinkage import log_odds, prior_leads, shrunken_rate
from leadreport.scoring.weights import FOLDS, Fit, by_fold, fit_weights, held_out_lifts, other_folds

Array = np.ndarray

MOST_VALUES = 10
"""A pair table has at most so many rows and columns, and one for all other values."""

SHORT_LIST = 12
WORTH_A_TABLE = 0.005
"""A pair table must add at least this share to what the rest explains, or it is not worth a reader's time."""


@dataclass(frozen=True)
class Pair:
    """Two attributes by position, the row and column of each of their values, and the cell of every lead."""

    first: int
    second: int
    rows: Array
    columns: Array
    cells: Array

    @property
    def size(self) -> int:
        return int((self.rows.max() + 1) * (self.columns.max() + 1))


def grouped(codes: Array, size: int) -> Array:
    """The row of each value in a pair table: the most frequent keep one each, all others share the last."""
    leads = np.bincount(codes, minlength=size)
    frequent = np.argsort(-leads, kind="stable")[:MOST_VALUES]
    frequent = np.sort(frequent[leads[frequent] > 0])
    rows = np.full(size, len(frequent))
    rows[frequent] = np.arange(len(frequent))
    return rows


def possible_pairs(codes: Array, sizes: Sequence[int]) -> list[Pair]:
    rows = [grouped(codes[:, j], size) for j, size in enumerate(sizes)]
    pairs = []
    for i, j in combinations(range(len(sizes)), 2):
        cells = rows[i][codes[:, i]] * (rows[j].max() + 1) + rows[j][codes[:, j]]
        pairs.append(Pair(i, j, rows[i], rows[j], cells))
    return pairs


def promise(pair: Pair, won: Array, expected: Array, folds: Array) -> float:
    """A quick, cross-fitted estimate of what a pair table would explain on top of the rest."""
    surplus = by_fold(pair.cells, pair.size, won - expected, folds)
    weight = by_fold(pair.cells, pair.size, expected * (1 - expected), folds)
    lifts = other_folds(surplus) / (other_folds(weight) + 4)
    return gained((lifts * surplus).sum(), (lifts**2 * weight).sum())


def gained(slope: float, curvature: float) -> float:
    return max(slope, 0.0) ** 2 / curvature if curvature > 0 else 0.0


def pair_lifts(customers: Array, leads: Array, expected: Array) -> tuple[Array, float]:
    """Shrunken log-odds per cell above what the rest expects, and the prior leads that shrank them."""
    usual = np.clip(np.divide(expected, leads, out=np.full(len(leads), 0.5), where=leads > 0), 1e-6, 1 - 1e-6)
    strength = prior_leads(customers, leads, centre=usual)
    rates = shrunken_rate(customers, leads, centre=usual, strength=strength)
    return np.where(leads > 0, log_odds(rates) - log_odds(usual), 0.0), strength


def held_out_pair_lifts(pair: Pair, won: Array, expected: Array, folds: Array) -> Array:
    """For each lead the lift of its cell, from the folds that it is not in."""
    amounts = (won, np.ones(len(won)), expected)
    customers, leads, usual = (other_folds(by_fold(pair.cells, pair.size, each, folds)) for each in amounts)
    lifts = [pair_lifts(customers[:, fold], leads[:, fold], usual[:, fold])[0] for fold in range(FOLDS)]
    return np.column_stack(lifts)[pair.cells, folds]


def single_lifts(codes: Array, sizes: Sequence[int], won: Array, folds: Array) -> Array:
    return np.column_stack([held_out_lifts(codes[:, j], sizes[j], won, folds) for j in range(len(sizes))])


def choose_pairs(codes: Array, sizes: Sequence[int], won: Array, folds: Array, *, most: int) -> list[Pair]:
    """The pair tables that explain most of what the single values leave open, one after the other."""
    if most == 0 or len(sizes) < 2:
        return []
    lifts = single_lifts(codes, sizes, won, folds)
    fit = fit_weights(lifts, won)
    expected = fit.expected(lifts)
    pairs = possible_pairs(codes, sizes)
    promises = [promise(pair, won, expected, folds) for pair in pairs]
    hurdle = 2 * np.log(len(pairs)) + 4
    best = sorted(range(len(pairs)), key=lambda i: -promises[i])[:SHORT_LIST]
    left = [pairs[i] for i in best if promises[i] > hurdle]
    chosen: list[Pair] = []
    while left and len(chosen) < most:
        columns = [held_out_pair_lifts(pair, won, expected, folds) for pair in left]
        gains = [worth_of(column, won, expected) for column in columns]
        top = int(np.argmax(gains))
        if gains[top] < max(hurdle, WORTH_A_TABLE * fit.evidence):
            break
        chosen.append(left.pop(top))
        lifts = np.column_stack([lifts, columns[top]])
        fit = fit_weights(lifts, won)
        expected = fit.expected(lifts)
    return chosen


def worth_of(lifts: Array, won: Array, expected: Array) -> float:
    """Evidence that one more column of held-out lifts would add."""
    return gained(lifts @ (won - expected), lifts**2 @ (expected * (1 - expected)))


def fit_with_pairs(
    codes: Array, sizes: Sequence[int], won: Array, folds: Array, *, pairs: Sequence[Pair]
) -> tuple[Fit, list[Array]]:
    """The weights of attributes and pairs together, and what was expected in each pair's cells before it was added."""
    lifts = single_lifts(codes, sizes, won, folds)
    fit = fit_weights(lifts, won)
    before = []
    for pair in pairs:
        expected = fit.expected(lifts)
        before.append(np.bincount(pair.cells, weights=expected, minlength=pair.size))
        lifts = np.column_stack([lifts, held_out_pair_lifts(pair, won, expected, folds)])
        fit = fit_weights(lifts, won)
    return fit, before
