"""A rate of few leads, pulled towards the benchmark: the beta-binomial model, fitted per attribute."""

import numpy as np
from scipy.special import betaln, polygamma

Array = np.ndarray

SPREADS = np.geomspace(0.02, 3.0, 40)
"""How far the log-odds of an attribute's values may lie apart (standard deviations): the grid that is averaged over."""

USUAL_SPREAD = 1.0
"""Scale of the half-Cauchy prior on the spread: few attributes move the odds more than threefold."""

MOST = 1e6
"""Prior leads of an attribute whose values do not differ at all."""


def prior_leads(successes: Array, trials: Array, *, centre: float | Array, usual_spread: float = USUAL_SPREAD) -> float:
    """The number of leads at the benchmark to add to every value, from how much the values really differ.

    The beta-binomial likelihood of the counts is averaged over a grid of spreads (geometric mean of the strength), so
    that an attribute with a handful of values neither vanishes nor runs wild. A spread s of the log-odds around p is a
    strength of 1 / (s^2 p (1 - p)) leads. `centre` is the benchmark, or an expected rate for each value; `usual_spread`
    is the scale of the prior.

    Examples
    --------
    >>> alike = prior_leads(np.array([10, 11, 9]), np.array([100, 100, 100]), centre=0.1)
    >>> apart = prior_leads(np.array([2, 10, 40]), np.array([100, 100, 100]), centre=0.17)
    >>> alike > 10 * apart
    True
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    centre = np.broadcast_to(np.asarray(centre, dtype=float), n.shape)
    used = (n > 0) & (centre > 0) & (centre < 1)
    if used.sum() < 2:
        return MOST
    k, n, centre = k[used], n[used], centre[used]
    typical = float(np.average(centre, weights=n))
    strengths = 1 / (SPREADS**2 * typical * (1 - typical))
    likelihood = betabinomial(k, n, centre * strengths[:, None], (1 - centre) * strengths[:, None])
    belief = likelihood + np.log(SPREADS) - np.log1p((SPREADS / usual_spread) ** 2)
    shares = np.exp(belief - belief.max())
    return float(min(MOST, np.exp(np.average(np.log(strengths), weights=shares))))


def betabinomial(k: Array, n: Array, a: Array, b: Array) -> Array:
    """Log-likelihood of the counts under each prior: sum of ln B(k + a, n - k + b) - ln B(a, b), up to a constant."""
    return (betaln(k + a, n - k + b) - betaln(a, b)).sum(axis=-1)


def shrunken_rate(successes: Array, trials: Array, *, centre: float | Array, strength: float) -> Array:
    """(k + m c) / (n + m): the rate once `strength` = m leads at the benchmark c are added to k of n.

    Examples
    --------
    >>> float(shrunken_rate(np.array(2), np.array(5), centre=0.05, strength=95))
    0.0675
    """
    return (successes + strength * np.asarray(centre)) / (trials + strength)


def log_odds(rate: Array) -> Array:
    """ln(p / (1 - p))."""
    return np.log(rate) - np.log1p(-rate)


def as_rate(odds: Array) -> Array:
    """The rate whose log-odds these are."""
    return 1 / (1 + np.exp(-np.clip(odds, -700, 700)))


def log_odds_variance(successes: Array, trials: Array, *, centre: float | Array, strength: float) -> Array:
    """The variance of a shrunken rate's log-odds: that of the logit of a Beta(a, b), trigamma(a) + trigamma(b)."""
    a = successes + strength * np.asarray(centre)
    b = trials - successes + strength * (1 - np.asarray(centre))
    return polygamma(1, a) + polygamma(1, b)
