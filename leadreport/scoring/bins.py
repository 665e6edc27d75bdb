"""Numbers in bins that a person would choose: few, with round edges, rising or falling where the data do."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Array = np.ndarray

FEWEST_CUTS, MOST_CUTS = 10, 40
LEADS_PER_CUT = 25
"""So many bins of about equal size are tried before neighbours are merged: one for every 25 leads, 10 to 40."""

LEEWAY = 0.0125
"""An edge may move past this share of the leads to a rounder number."""

MOST_BINS = 10
SMALLEST_SHARE = 0.005


def cut_points(numbers: Array, won: Array) -> tuple[float, ...]:
    """Where to cut: the edges of the bins, ascending; a number on an edge belongs to the bin above.

    Neighbouring bins are merged as long as the difference of their close rates is not worth an edge (Bayesian
    information criterion). A rising or falling course is preferred unless the data contradict it.

    Examples
    --------
    >>> visits = np.repeat(np.arange(10.0), 60)
    >>> cut_points(visits, (visits >= 5) & (np.arange(600) % 2 == 0))
    (5.0,)
    """
    known = ~np.isnan(numbers)
    order = np.argsort(numbers[known])
    numbers, won = numbers[known][order], won[known][order]
    edges = first_edges(numbers)
    groups = np.searchsorted(edges, numbers, side="right")
    leads = np.bincount(groups, minlength=len(edges) + 1).astype(float)
    customers = np.bincount(groups, weights=won, minlength=len(edges) + 1)
    kept = [edges[first - 1] for first in best_starts(customers, leads) if first > 0]
    return tuple(sorted({rounder(float(edge), numbers) for edge in kept}))


def first_edges(numbers: Array) -> Array:
    """Round numbers near the quantiles of sorted numbers, and a bin of its own for every one that is frequent."""
    different, times = np.unique(numbers, return_counts=True)
    cuts = int(np.clip(len(numbers) // LEADS_PER_CUT, FEWEST_CUTS, MOST_CUTS))
    if len(different) <= cuts:
        return different[1:]
    edges = [between(numbers, share, leeway=0.4 / cuts) for share in np.arange(1, cuts) / cuts]
    for place in np.flatnonzero(times > len(numbers) / cuts):
        edges.append(different[place])
        if place + 1 < len(different):
            edges.append(roundest(different[place], different[place + 1]))
    return np.unique([edge for edge in edges if different[0] < edge <= different[-1]])


def rounder(edge: float, numbers: Array) -> float:
    """The roundest number about as good an edge."""
    return between(numbers, np.searchsorted(numbers, edge) / len(numbers), leeway=LEEWAY)


def between(numbers: Array, share: float, *, leeway: float) -> float:
    """The roundest number that has about this share of the numbers below it."""
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
    """Neighbouring bins taken together; `first` is the first of them."""

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
        """Log-likelihood of the customers at their own close rate."""
        lost = self.leads - self.customers
        return sum(part * np.log(part / self.leads) for part in (self.customers, lost) if part > 0)


def best_starts(customers: Array, leads: Array) -> list[int]:
    """The first of each run of bins that belong together."""
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
    return sum(run.likelihood for run in runs) - price * len(runs)


def merged(runs: list[Run], *, price: float, total: float) -> list[Run]:
    """Neighbours merged, the least different first, until every edge earns its price."""
    runs = list(runs)
    while len(runs) > 1:
        losses = [loss(one, two, smallest=SMALLEST_SHARE * total) for one, two in pairwise(runs)]
        least = int(np.argmin(losses))
        if losses[least] > price and len(runs) <= MOST_BINS:
            break
        runs[least : least + 2] = [runs[least].with_next(runs[least + 1])]
    return runs


def loss(one: Run, two: Run, *, smallest: float) -> float:
    """What merging two neighbours costs in log-likelihood; a tiny bin is merged whatever it costs."""
    if min(one.leads, two.leads) < smallest:
        return min(one.leads, two.leads) - smallest
    return one.likelihood + two.likelihood - one.with_next(two).likelihood


def monotone(runs: list[Run], *, sign: int) -> list[Run]:
    """Runs whose close rates only rise (sign 1) or only fall (-1): pool adjacent violators."""
    ordered: list[Run] = []
    for run in runs:
        ordered.append(run)
        while len(ordered) > 1 and sign * ordered[-2].rate >= sign * ordered[-1].rate:
            last = ordered.pop()
            ordered[-1] = ordered[-1].with_next(last)
    return ordered


def bin_labels(edges: tuple[float, ...], numbers: Array) -> tuple[str, ...]:
    """What the bins are called.

    Examples
    --------
    >>> bin_labels((10.0, 50.0), np.array([1.0, 60.0]))
    ('under 10', '10 to 49', '50 and more')
    >>> bin_labels((0.5, 2.5), np.array([0.1, 3.2]))
    ('under 0.5', '0.5 to under 2.5', '2.5 and more')
    """
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return ()
    if not edges:
        return ("any number",)
    whole = bool(np.all(known == np.floor(known))) and all(edge == np.floor(edge) for edge in edges)
    inner = [span(low, high, whole=whole) for low, high in pairwise(edges)]
    first = shown(known.min()) if whole and known.min() == edges[0] - 1 else f"under {shown(edges[0])}"
    return (first, *inner, f"{shown(edges[-1])} and more")


def span(low: float, high: float, *, whole: bool) -> str:
    if not whole:
        return f"{shown(low)} to under {shown(high)}"
    return shown(low) if high - low == 1 else f"{shown(low)} to {shown(high - 1)}"


def shown(number: float) -> str:
    return f"{number:,.10g}"
