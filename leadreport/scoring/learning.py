"""What the leads teach: how strongly each value is shrunk, and how much each attribute and pair weighs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leadreport.rates.shrinkage import MOST
from leadreport.scoring.pairs import Pair, choose_pairs, fit_with_pairs, pair_lifts
from leadreport.scoring.weights import canonical_order, fold_of_each, kept_share, log_odds_lifts

Array = np.ndarray

FEW_LEADS = 5_000
"""With fewer leads than this the split into folds matters: what is learnt is averaged over several splits."""

SPLITS = 4


@dataclass(frozen=True)
class LearnedPair:
    """A pair table: counts per cell, customers that the rest expects there, prior leads, weight."""

    pair: Pair
    leads: Array
    customers: Array
    expected: Array
    prior_leads: float
    weight: float


@dataclass(frozen=True)
class Learned:
    """Counts, prior leads and weight per attribute; pair tables; held-out evidence that there is anything to learn."""

    leads: list[Array]
    customers: list[Array]
    prior_leads: list[float]
    weights: list[float]
    pairs: list[LearnedPair]
    evidence: float


def learn(codes: Array, sizes: Sequence[int], won: Array, *, pairs: int) -> Learned:
    """Learn from coded leads; the order of the leads does not matter."""
    order = canonical_order(codes, won)
    codes, won = np.take(codes.T, order, axis=1).T, won[order]
    leads = [np.bincount(codes[:, j], minlength=size) for j, size in enumerate(sizes)]
    customers = [np.bincount(codes[:, j], weights=won, minlength=size) for j, size in enumerate(sizes)]
    prior = [round(log_odds_lifts(k, n)[1], 1) for k, n in zip(customers, leads, strict=True)]
    if not 0 < won.sum() < len(won):
        return Learned(leads, customers, prior, [0.0] * len(sizes), [], 0.0)
    splits = [fold_of_each(len(won), seed=seed) for seed in range(SPLITS if len(won) < FEW_LEADS else 1)]
    chosen = choose_pairs(codes, sizes, won, splits[0], most=pairs)
    fits = [fit_with_pairs(codes, sizes, won, folds, pairs=chosen) for folds in splits]
    evidence = float(np.mean([fit.evidence for fit, _ in fits]))
    weights = np.mean([fit.weights for fit, _ in fits], axis=0) * kept_share(evidence)
    says_nothing = [leads_at_benchmark >= MOST for leads_at_benchmark in prior] + [False] * len(chosen)
    weights = [0.0 if mute else round(float(each), 4) for each, mute in zip(weights, says_nothing, strict=True)]
    expected = [np.mean(each, axis=0) for each in zip(*(before for _, before in fits), strict=True)]
    tables = [
        learned_pair(pair, won, usual, weight)
        for pair, usual, weight in zip(chosen, expected, weights[len(sizes) :], strict=True)
    ]
    return Learned(leads, customers, prior, weights[: len(sizes)], tables, evidence)


def learned_pair(pair: Pair, won: Array, expected: Array, weight: float) -> LearnedPair:
    leads = np.bincount(pair.cells, minlength=pair.size)
    customers = np.bincount(pair.cells, weights=won, minlength=pair.size)
    expected = expected.round(4)
    return LearnedPair(pair, leads, customers, expected, round(pair_lifts(customers, leads, expected)[1], 1), weight)
