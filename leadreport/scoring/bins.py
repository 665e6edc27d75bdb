"""The edges of the bins of a number: few, round, and where the close rate changes."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Array = np.ndarray

FEWEST_CUTS, MOST_CUTS = 10, 40
LEADS_PER_CUT = 25
"""Bins of about equal size before neighbours are merged: one for every 25 leads, at least 10, at most 40."""

LEEWAY = 0.0125
"""An edge may move past this share of the leads to a rounder number."""

MOST_BINS = 10
SMALLEST_SHARE = 0.005
"""A bin with a smaller share of the leads than this is merged with a neighbour in any case."""


def cut_points(numbers: Array, won: Array) -> tuple[float, ...]:
    """The edges of the bins, ascending; a number on an edge belongs to the bin above.

    Neighbours are merged while the log-likelihood that this costs is below (ln n) / 2, the price of one more close rate
    by the Bayesian information criterion (Schwarz 1978). Bins whose close rates only rise, or only fall, are preferred
    (pool adjacent violators, Ayer et al. 1955) unless they are worse by more than one such price.

    Examples
    --------
    >>> visits = np.repeat(np.arange(10.0), 60)
    >>> cut_points(visits, (visits >= 5) & (np.arange(600) % 2 == 0))
    (5.0,)
    """
    known = ~np.isnan(numbers)
    order = np.argsort(numbers[known])
    numbers, won = numbers[known][order], won[known][order]
    edges = first_edges(numbers, cuts=int(np.clip(len(numbers) // LEADS_PER_CUT, FEWEST_CUTS, MOST_CUTS)))
    groups = np.searchsorted(edges, numbers, side="right")
    leads = np.bincount(groups, minlength=len(edges) + 1).astype(float)
    customers = np.bincount(groups, weights=won, minlength=len(edges) + 1)
    kept = [edges[first - 1] for first in best_starts(customers, leads) if first > 0]
    shares = [np.searchsorted(numbers, edge) / len(numbers) for edge in kept]
    return tuple(sorted({between(numbers, share, leeway=LEEWAY) for share in shares}))


def first_edges(numbers: Array, *, cuts: int) -> Array:
    """Round numbers near the quantiles of sorted numbers; a frequent number gets a bin of its own."""
    different, times = np.unique(numbers, return_counts=True)
    if len(different) <= cuts:
        return different[1:]
    edges = [between(numbers, share, leeway=0.4 / cuts) for share in np.arange(1, cuts) / cuts]
    for place in np.flatnonzero(times > len(numbers) / cuts):
        edges.append(different[place])
        if place + 1 < len(different):
            edges.append(roundest(different[place], different[place + 1]))
    return np.unique([edge for edge in edges if different[0] < edge <= different[-1]])


def between(numbers: Array, share: float, *, leeway: float) -> float:
    """The roundest number with about this share of the numbers below it."""
    last = len(numbers) - 1
    low, high = np.floor(max(share - leeway, 0) * last), np.ceil(min(share + leeway, 1) * last)
    return roundest(float(numbers[int(low)]), float(numbers[int(high)]))


def roundest(low: float, high: float) -> float:
    """The number with the fewest digits above `low` and not above `high`.

    Examples
    --------
    >>> roundest(46, 53), roundest(1180, 1320), roundest(0.61, 0.68)
    (50.0, 1200.0, 0.65)
    """
    if high <= low:
        return float(high)
    if low < 0 <= high:
        return 0.0
    power = int(np.ceil(np.log10(max(abs(low), abs(high)))))
    for digits in range(power, power - 17, -1):
        for step in (10.0**digits, 5 * 10.0 ** (digits - 1), 2 * 10.0 ** (digits - 1)):
            candidate = round(float(np.floor(high / step) * step), max(0, 2 - digits))
            if low < candidate <= high:
                return candidate
    return float(high)


@dataclass
class Run:
    """Neighbouring bins merged into one; `first` is the place of the first of them."""

    first: int
    customers: float
    leads: float

    def with_next(self, other: "Run") -> "Run":
        return Run(self.first, self.customers + other.customers, self.leads + other.leads)

    @property
    def rate(self) -> float:
        return self.customers / self.leads

    @property
    def likelihood(self) -> float:
        """Log-likelihood at the run's own close rate p = k / n: k ln p + (n - k) ln(1 - p)."""
        lost = self.leads - self.customers
        return sum(part * np.log(part / self.leads) for part in (self.customers, lost) if part > 0)


def best_starts(customers: Array, leads: Array) -> list[int]:
    """The place at which each bin after the first begins, once neighbours are merged."""
    runs = [Run(i, customers[i], leads[i]) for i in range(len(leads)) if leads[i] > 0]
    if not runs:
        return []
    price = 0.5 * np.log(max(leads.sum(), 3.0))
    free = merged(runs, price=price, total=leads.sum())
    orderly = max(
        (merged(monotone(runs, sign=sign), price=price, total=leads.sum()) for sign in (1, -1)),
        key=lambda candidate: worth(candidate, price=price),
    )
    chosen = orderly if worth(orderly, price=price) >= worth(free, price=price) - price else free
    return [run.first for run in chosen][1:]


def worth(runs: list[Run], *, price: float) -> float:
    """Log-likelihood of the runs less their price: half the negative Bayesian information criterion."""
    return sum(run.likelihood for run in runs) - price * len(runs)


def merged(runs: list[Run], *, price: float, total: float) -> list[Run]:
    """The runs with neighbours merged, the least different first, until every edge is worth its price."""
    runs = list(runs)
    while len(runs) > 1:
        losses = [loss(one, two, smallest=SMALLEST_SHARE * total) for one, two in pairwise(runs)]
        least = int(np.argmin(losses))
        if losses[least] > price and len(runs) <= MOST_BINS:
            break
        runs[least : least + 2] = [runs[least].with_next(runs[least + 1])]
    return runs


def loss(one: Run, two: Run, *, smallest: float) -> float:
    """The log-likelihood that merging two neighbours costs; negative for a tiny bin, which is always merged."""
    if min(one.leads, two.leads) < smallest:
        return min(one.leads, two.leads) - smallest
    return one.likelihood + two.likelihood - one.with_next(two).likelihood


def monotone(runs: list[Run], *, sign: int) -> list[Run]:
    """Runs whose close rates only rise (sign 1) or only fall (sign -1), by pooling adjacent violators."""
    ordered: list[Run] = []
    for run in runs:
        ordered.append(run)
        while len(ordered) > 1 and sign * ordered[-2].rate >= sign * ordered[-1].rate:
            last = ordered.pop()
            ordered[-1] = ordered[-1].with_next(last)
    return ordered
