"""Where a weekly series changed its level, from what to what, and how large a change could have been seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.special import stdtrit

from leadreport.words import FALSE_ALARM_RATE

Series = Sequence[float | None] | pl.Series

LEAST_WEEKS = 8
"""With fewer weeks before a change, the level before it is not known."""

LEAST_INSIDE = 3
"""Weeks that a past level lasts at least: a week or two is an odd week, not a level."""

ODD_WEEK = 4.5
"""Standard errors by which a past week is an odd one, left out of its level and of the spread."""

WINSOR, KEPT_BY_WINSOR = 2.5, 0.978
"""Standard deviations beyond which a week no longer widens the spread, and the variance that a normal series keeps."""

REMEMBERED = 13
"""Weeks for which a change of level stays on the page (definition 12a)."""

DRIFTS = (5, 7, 10, 14, 20, 26)
"""Weeks that a drift up to now may have lasted."""

CHANCE, WIDE = 0.8, 3.0
"""Spread, in multiples of pure chance (Poisson or binomial): the least that a threshold is computed from, and the one
above which CAUTION no longer grows."""

CAUTION = 1.15
"""Power of the seen spread in a threshold: a spread that few weeks measure may be larger than it looks."""

PATIENCE = (0.95, 1.0, 1.0, 1.03, 1.03, 1.03, 1.03, 1.03)
"""Factor on the threshold by weeks since a step: the newest week is asked for a little less."""

LATE, OVER, DRIFTING = 1.15, 1.4, 0.95
"""The factor for a step longer ago, which has had time to show, for a level that came and went, and for a drift."""

LIMIT = {0.01: 3.6, 0.005: 3.88, 0.0025: 4.18}
"""Threshold in standard errors by false-alarm rate at 26 weeks; from simulation, see benchmarks/levels.py."""


@dataclass(frozen=True)
class Scaled:
    """A series on the scale on which pure chance has variance 1 / weight at every size (Anscombe 1948).

    Counts: 2 sqrt(y + 3/8), weight 1. Rates: arcsin sqrt((k + 3/8) / (n + 3/4)), weight 4 n + 2. Counts per exposure
    (such as SQLs per unit of spend): 2 sqrt((y + 3/8) / e), weight e.
    """

    values: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def mean(self, first: int, end: int) -> float:
        weights = self.weights[first:end]
        return float((weights * self.values[first:end]).sum() / weights.sum())

    def without(self, week: int) -> "Scaled":
        return replace(self, weights=np.where(np.arange(len(self)) == week, 0.0, self.weights))


@dataclass(frozen=True)
class Shapes:
    """Ways in which a series may leave its level, one row each.

    `patterns` has the weeks as columns: 1 inside a new level, a ramp for a drift. The pattern belongs to the level that
    begins in `first`, ends before `end`; `start` is its first week, `stop` the week after its last.
    """

    patterns: np.ndarray
    first: np.ndarray
    end: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    is_drift: np.ndarray


@dataclass(frozen=True)
class Levels:
    """The levels of a series in order.

    `starts` are the first weeks of the levels; `odd` the weeks that belong to none; `drift_from` the first week of a
    drift up to now; `known` the levels that begin with a new definition and not with a change that was found. `kept` is
    the series without odd weeks and without the drift.
    """

    kept: Scaled
    starts: tuple[int, ...] = (0,)
    odd: frozenset[int] = frozenset()
    drift_from: int | None = None
    known: frozenset[int] = frozenset()
    false_alarms: float = FALSE_ALARM_RATE

    @property
    def changed(self) -> int | None:
        """The first week of a drift, or of the newest level when it began within the remembered weeks."""
        if self.drift_from is not None:
            return self.drift_from
        newest, total = self.starts[-1], len(self.kept)
        return newest if newest and newest not in self.known and total - newest <= REMEMBERED else None

    def bounds(self) -> list[tuple[int, int]]:
        """First week and end of each level."""
        return list(zip(self.starts, [*self.starts[1:], len(self.kept)], strict=True))

    def freedom(self) -> int:
        return int((self.kept.weights > 0).sum()) - len(self.starts) - (self.drift_from is not None)

    def residuals(self) -> np.ndarray:
        """How far each week lies from its level, in units of pure chance."""
        means = np.zeros(len(self.kept))
        for first, end in self.bounds():
            if self.kept.weights[first:end].any():
                means[first:end] = self.kept.mean(first, end)
        return np.sqrt(self.kept.weights) * (self.kept.values - means)

    def spread(self) -> float:
        """The variance inside the levels, in multiples of pure chance; see `robust_spread`."""
        return float(robust_spread(self.residuals(), self.kept.weights > 0, self.freedom()))


def scaled_counts(counts: Series, exposure: Series | None = None) -> Scaled:
    """Weekly counts on the square-root scale, per unit of exposure when that is given."""
    values = as_array(counts)
    units = np.ones(len(values)) if exposure is None else as_array(exposure)
    with np.errstate(divide="ignore"):
        scaled = np.where(units > 0, 2 * np.sqrt((values + 3 / 8) / np.where(units > 0, units, 1)), 0.0)
    return Scaled(scaled, np.where(units > 0, units, 0.0))


def scaled_rates(successes: Series, trials: Series) -> Scaled:
    """Weekly rates on the arcsine scale; a week without trials has no weight."""
    k, n = as_array(successes), as_array(trials)
    return Scaled(np.arcsin(np.sqrt((k + 3 / 8) / (n + 3 / 4)).clip(0, 1)), np.where(n > 0, 4 * n + 2, 0.0))


def as_array(series: Series) -> np.ndarray:
    return pl.Series(series).cast(pl.Float64).to_numpy()


def find_levels(scaled: Scaled, *, known: Sequence[int] = (), false_alarms: float = FALSE_ALARM_RATE) -> Levels:
    """Split a series where its level stepped or began to drift, the clearest change first, until none is clear.

    A change is measured as t = b / se(b), b the weighted least-squares size of its pattern inside the level it divides
    (for a step the difference of two means). It is held against c s^1.15, where s^2 is the variance inside the levels
    that remain, and c promises `false_alarms` a week (`threshold`). Binary segmentation: Vostrikova (1981). A level
    also begins in each of the `known` weeks, in which a definition changed.
    """
    known = frozenset(week for week in known if 0 < week < len(scaled))
    levels = Levels(scaled, starts=(0, *sorted(known)), known=known, false_alarms=false_alarms)
    while levels.freedom() >= LEAST_WEEKS:
        shapes = possible_shapes(levels)
        excess, gain, size = excesses(levels, shapes)
        if (excess > 1).any():
            best = clearest(shapes, excess, gain)
            levels = divided(levels, shapes, best, size[best])
            continue
        week = odd_week(levels)
        if week is None:
            break
        levels = replace(levels, kept=levels.kept.without(week), odd=levels.odd | {week})
    return levels


def clearest(shapes: Shapes, excess: np.ndarray, gain: np.ndarray) -> int:
    """The change furthest above its threshold; a drift only when it explains more than the best step up to now."""
    best = int(excess.argmax())
    steps = np.where(~shapes.is_drift & (shapes.stop == shapes.patterns.shape[1]), gain, -1.0)
    if shapes.is_drift[best] and steps.max() >= gain[best]:
        return int(steps.argmax())
    return best


def divided(levels: Levels, shapes: Shapes, best: int, size: float) -> Levels:
    """The levels with one change more."""
    if shapes.is_drift[best]:
        flat = replace(levels.kept, values=levels.kept.values - size * shapes.patterns[best])
        return replace(levels, kept=flat, drift_from=int(shapes.start[best]))
    new = {int(shapes.start[best]), int(shapes.stop[best])} - {len(levels.kept)}
    return replace(levels, starts=tuple(sorted({*levels.starts, *new})))


def possible_shapes(levels: Levels) -> Shapes:
    """Every place where one more level may begin, or begin and end, or a drift begin.

    A level that is over has lasted three weeks, the current one may be one week old.
    """
    total, rows = len(levels.kept), []
    for first, end in levels.bounds():
        least_before = LEAST_WEEKS if first == 0 else LEAST_INSIDE
        for start in range(first + least_before, end):
            if end == total or end - start >= LEAST_INSIDE:
                rows.append((first, end, start, end, False))
            rows += [(first, end, start, stop, False) for stop in range(start + LEAST_INSIDE, end - LEAST_INSIDE + 1)]
    if levels.drift_from is None:
        first = levels.starts[-1]
        rows += [(first, total, total - n, total, True) for n in DRIFTS if total - n - first >= LEAST_WEEKS]
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    first, end, start, stop, is_drift = table.T
    weeks = np.arange(total)
    inside = (weeks >= start[:, None]) & (weeks < stop[:, None])
    ramp = (weeks - start[:, None] + 1) / np.maximum(stop - start, 1)[:, None]
    return Shapes(np.where(is_drift[:, None] == 1, ramp, 1.0) * inside, first, end, start, stop, is_drift == 1)


def excesses(levels: Levels, shapes: Shapes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By how much each shape passes its threshold (1 is just at it), the squares that it explains, and its size."""
    x, w, total = levels.kept.values, levels.kept.weights, len(levels.kept)
    sums = {"w": np.concatenate([[0.0], w.cumsum()]), "wx": np.concatenate([[0.0], (w * x).cumsum()])}
    weight, value = (sums[name][shapes.end] - sums[name][shapes.first] for name in ("w", "wx"))
    one, two, product = shapes.patterns @ w, shapes.patterns**2 @ w, shapes.patterns @ (w * x)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = product - one * value / weight
        room = two - one**2 / weight
        is_possible = (room > 1e-9 * weight) & (weight > 0)
        gain = np.where(is_possible, apart**2 / room, 0.0)
        size = np.where(is_possible, apart / room, 0.0)
        middle = np.where(is_possible, one / weight, 0.0)
    weeks = np.arange(total)
    inside = (weeks >= shapes.first[:, None]) & (weeks < shapes.end[:, None])
    fitted = size[:, None] * (shapes.patterns - middle[:, None]) * inside
    freedom = levels.freedom() - 1 - (shapes.stop < shapes.end)
    spread = robust_spread(levels.residuals() - np.sqrt(w) * fitted, w > 0, freedom)
    limit = patience(shapes, total) * threshold(spread, freedom=freedom, weeks=total, false_alarms=levels.false_alarms)
    return np.where(freedom >= 4, np.sqrt(gain) / limit, 0.0), gain, size


def robust_spread(residuals: np.ndarray, live: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """The variance of residuals of the live weeks, those further out than 2.5 standard deviations moved to there.

    Huber's second proposal in one step, from the median absolute deviation: a few holidays do not widen the limits.
    """
    seen = residuals[..., live]
    reach = WINSOR * np.median(np.abs(seen), axis=-1, keepdims=True) / 0.6745
    return (np.clip(seen, -reach, reach) ** 2).sum(axis=-1) / np.maximum(freedom, 1) / KEPT_BY_WINSOR


def patience(shapes: Shapes, total: int) -> np.ndarray:
    """The factor on the threshold of each shape."""
    since = np.minimum(total - shapes.start, len(PATIENCE) + 1)
    step = np.where(shapes.end < total, LATE, np.array([*PATIENCE, LATE])[since - 1])
    return np.select([shapes.is_drift, shapes.stop < shapes.end], [DRIFTING, OVER], step)


def threshold(spread: np.ndarray, *, freedom: np.ndarray, weeks: int, false_alarms: float) -> np.ndarray:
    """How many units of chance a change must measure.

    Fewer weeks measure the spread worse (Student's t), fewer places to look raise fewer false alarms.
    """
    tail = 1 - false_alarms / 8
    student = stdtrit(np.maximum(freedom, 1), tail) / stdtrit(24, tail)
    few = np.interp(min(REMEMBERED, weeks - LEAST_WEEKS), [1, 2, 4, 6, 9], [0.745, 0.84, 0.93, 0.98, 1.0])
    cautious = np.sqrt(np.maximum(spread, CHANCE)) * np.clip(spread, CHANCE, WIDE) ** ((CAUTION - 1) / 2)
    return LIMIT[false_alarms] * student * few * cautious


def odd_week(levels: Levels) -> int | None:
    """The past week that lies furthest from its level, when it lies too far to belong to it."""
    w, total = levels.kept.weights, len(levels.kept)
    apart = np.abs(levels.residuals())
    for first, end in levels.bounds():
        share = w[first:end] / max(w[first:end].sum(), 1e-300)
        apart[first:end] = (
            apart[first:end] / np.sqrt(np.maximum(1 - share, 1e-9)) if end - first > LEAST_INSIDE else 0.0
        )
    apart[max(total - 2, 0) :] = 0.0
    week = int(apart.argmax())
    return week if apart[week] > ODD_WEEK * math.sqrt(max(levels.spread(), CHANCE)) else None
