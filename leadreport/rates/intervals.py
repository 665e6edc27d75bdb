"""A rate, per group, and how sure it is: Wilson for one, Newcombe for the difference of two."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import polars as pl
from scipy.special import gammaincinv, ndtri, stdtrit

from leadreport.errors import InputError, did_you_mean
from leadreport.words import LEAST_PERIODS

Column = str | pl.Expr
Numbers = float | Sequence[float] | pl.Series

UNKNOWN = "unknown"
"""The group of the rows that name none; groups add up to the total (definition 13)."""


def named_groups(frame: pl.DataFrame, by: str | None) -> pl.DataFrame:
    """The frame with its grouping column as text and "unknown" where it is null (definition 13).

    Raises
    ------
    InputError
        When there is no such column.

    Examples
    --------
    >>> named_groups(pl.DataFrame({"channel": ["search", None]}), "channel")["channel"].to_list()
    ['search', 'unknown']
    """
    if by is None:
        return frame
    if by not in frame.columns:
        raise InputError(f"there is no column '{by}' to group by", hint=did_you_mean(by, frame.columns))
    return frame.with_columns(pl.col(by).cast(pl.String).fill_null(UNKNOWN))


def per_group(frame: pl.DataFrame, by: str | None, /, **columns: pl.Expr) -> pl.DataFrame:
    """One sorted row per group, or one row in all when there is nothing to group by.

    Examples
    --------
    >>> frame = pl.DataFrame({"channel": ["search", None, "search"]})
    >>> per_group(frame, "channel", leads=pl.len()).rows()
    [('search', 2), ('unknown', 1)]
    >>> per_group(frame, None, leads=pl.len()).rows()
    [(3,)]
    """
    if by is None:
        return frame.select(**columns)
    return named_groups(frame, by).group_by(by).agg(**columns).sort(by)


def within(expr: pl.Expr, groups: list[str]) -> pl.Expr:
    """The expression within each group, or over all rows when there are no groups."""
    return expr.over(groups) if groups else expr


def rate(k: Column, n: Column) -> pl.Expr:
    """The share k of n; null, not 0, when n is 0 (definition 12).

    Examples
    --------
    >>> frame = pl.DataFrame({"customers": [1, 0], "leads": [4, 0]})
    >>> frame.select(close_rate=rate("customers", "leads"))["close_rate"].to_list()
    [0.25, None]
    """
    k, n = as_expr(k), as_expr(n)
    return pl.when(n > 0).then(k / n)


def wilson_low(k: Column, n: Column, *, confidence: float = 0.95) -> pl.Expr:
    """The lower end of Wilson's score interval for k of n; null when n is 0 or k is not between 0 and n.

    Newcombe (1998), Statistics in Medicine 17, 857-872, method 3; exactly 0 when k is 0.

    Examples
    --------
    >>> frame = pl.DataFrame({"customers": [81], "leads": [263]})
    >>> frame.select(wilson_low("customers", "leads").round(4)).item()
    0.2553
    """
    centre, half = wilson_parts(k, n, z=quantile(confidence))
    return pl.when(as_expr(k) == 0).then(0.0 * centre).otherwise((centre - half).clip(0, 1))


def wilson_high(k: Column, n: Column, *, confidence: float = 0.95) -> pl.Expr:
    """The upper end of Wilson's score interval for k of n; null when n is 0 or k is not between 0 and n.

    Examples
    --------
    >>> frame = pl.DataFrame({"customers": [0], "leads": [20]})
    >>> frame.select(wilson_high("customers", "leads").round(4)).item()
    0.1611
    """
    centre, half = wilson_parts(k, n, z=quantile(confidence))
    return pl.when(as_expr(k) == as_expr(n)).then(0.0 * centre + 1.0).otherwise((centre + half).clip(0, 1))


def rate_with_ends(
    k: Column, n: Column, *, name: str = "rate", low: str = "low", high: str = "high", decimals: int | None = None
) -> dict[str, pl.Expr]:
    """A rate and the two ends of its Wilson interval as columns, for `select` and `with_columns`.

    Examples
    --------
    >>> frame = pl.DataFrame({"customers": [15], "leads": [148]})
    >>> frame.select(**rate_with_ends("customers", "leads", name="close_rate", decimals=4)).row(0, named=True)
    {'close_rate': 0.1014, 'low': 0.0624, 'high': 0.1605}
    """
    columns = {name: rate(k, n), low: wilson_low(k, n), high: wilson_high(k, n)}
    return columns if decimals is None else {key: each.round(decimals) for key, each in columns.items()}


def rate_interval(successes: Numbers, trials: Numbers, *, confidence: float = 0.95) -> pl.DataFrame:
    """Rates with Wilson's interval, one row per pair of numbers: columns rate, low, high; null where trials are 0.

    Raises
    ------
    InputError
        When there are more successes than trials: that is not a share, and this interval would be wrong.

    Examples
    --------
    >>> rate_interval(15, 148).select(pl.all().round(4)).row(0)
    (0.1014, 0.0624, 0.1605)
    """
    frame = pl.DataFrame({"k": as_series(successes), "n": as_series(trials)})
    refuse_impossible(frame, k="k", n="n")
    low, high = (end("k", "n", confidence=confidence) for end in (wilson_low, wilson_high))
    return frame.select(rate=rate("k", "n"), low=low, high=high)


def rate_difference(k1: Numbers, n1: Numbers, k2: Numbers, n2: Numbers, *, confidence: float = 0.95) -> pl.DataFrame:
    """How far the first rate lies above the second: columns difference, low, high; null where a trial is 0.

    Newcombe's hybrid score interval (1998b, Statistics in Medicine 17, 873-890, method 10): with the Wilson ends l and
    u of each rate, p1 - p2 - sqrt((p1 - l1)^2 + (u2 - p2)^2) to p1 - p2 + sqrt((u1 - p1)^2 + (p2 - l2)^2).

    Examples
    --------
    >>> rate_difference(56, 70, 48, 80).select(pl.all().round(4)).row(0)
    (0.2, 0.0524, 0.3339)
    """
    pairs = {"k1": as_series(k1), "n1": as_series(n1), "k2": as_series(k2), "n2": as_series(n2)}
    frame = pl.DataFrame(pairs)
    for which in ("1", "2"):
        refuse_impossible(frame, k=f"k{which}", n=f"n{which}")
    p1, p2 = rate("k1", "n1"), rate("k2", "n2")
    low1, low2 = (wilson_low(f"k{i}", f"n{i}", confidence=confidence) for i in (1, 2))
    high1, high2 = (wilson_high(f"k{i}", f"n{i}", confidence=confidence) for i in (1, 2))
    return frame.select(
        difference=p1 - p2,
        low=p1 - p2 - ((p1 - low1).pow(2) + (high2 - p2).pow(2)).sqrt(),
        high=p1 - p2 + ((high1 - p1).pow(2) + (p2 - low2).pow(2)).sqrt(),
    )


def unevenness(weekly: np.ndarray, *, error: float = 0.05) -> float | None:
    """The factor by which weeks are more uneven than chance, for a test or an interval that may err in `error` cases.

    `weekly` are the counts of successive weeks; with fewer than eight the factor is not known (None). Variances and
    intervals of Poisson counts are widened by it (quasi-Poisson: Wedderburn 1974, Biometrika 61, 439-447).

    The dispersion is the sum of (x2 - x1)^2 over that of x1 + x2, of successive weeks (von Neumann 1941, Annals of
    Mathematical Statistics 12, 367-395): it is 1 on average for Poisson counts, and a step or a slow trend raises few
    terms or little. It has about 2/3 as many degrees of freedom as there are terms, so that it is multiplied by
    (t / z)^2, the two-sided quantiles of Student's t and of the normal distribution. It is never below 1.

    Examples
    --------
    >>> unevenness(np.array([5, 5, 6, 5, 4, 5, 5, 6])), round(unevenness(np.array([2, 9, 3, 8, 1, 9, 2, 8])), 1)
    (1.0, 7.5)
    """
    if len(weekly) < LEAST_PERIODS:
        return None
    sums = (weekly[1:] + weekly[:-1]).sum()
    widened = stdtrit(2 / 3 * (len(weekly) - 1), 1 - error / 2) / ndtri(1 - error / 2)
    return max(1.0, float((np.diff(weekly) ** 2).sum() / sums * widened**2)) if sums else 1.0


def count_ends(counts: pl.Series, unevenness: pl.Series) -> list[pl.Series]:
    """The 95 % interval of Poisson counts from uneven weeks, as series `fewest` and `most`.

    Jeffreys' interval, the 2.5 % and the 97.5 % quantile of a gamma distribution with shape k + 1/2 (Brown, Cai and
    DasGupta 2003, Statistica Sinica 13, 19-49): it covers 95 % on average, where the exact one covers more. Of a count
    of 0 the lower end is 0 and the upper one exact (shape 1). An unevenness d takes k / d for the count and multiplies
    the ends by d.

    Examples
    --------
    >>> fewest, most = count_ends(pl.Series([10, 0]), pl.Series([1.0, 1.0]))
    >>> fewest.round(2).to_list(), most.round(2).to_list()
    ([5.14, 0.0], [17.74, 3.69])
    """
    k, d = counts.to_numpy(), unevenness.to_numpy()
    low, high = d * gammaincinv(k / d + 0.5, 0.025), d * gammaincinv(k / d + np.where(k > 0, 0.5, 1.0), 0.975)
    return [pl.Series("fewest", np.where(k > 0, low, 0.0)), pl.Series("most", high)]


def wilson_parts(k: Column, n: Column, *, z: float) -> tuple[pl.Expr, pl.Expr]:
    """Centre and half width of Wilson's interval; a share outside 0 to 1 has neither.

    (p + z^2 / 2n) / (1 + z^2 / n), plus or minus z sqrt(p (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n).
    """
    k, n = as_expr(k).cast(pl.Float64), as_expr(n).cast(pl.Float64)
    n = pl.when((n > 0) & (k >= 0) & (k <= n)).then(n)
    share = k / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * (share * (1 - share) / n + z**2 / (4 * n**2)).sqrt() / (1 + z**2 / n)
    return centre, half


def refuse_impossible(frame: pl.DataFrame, *, k: str, n: str) -> None:
    """Refuses a count above its base: that is a mistake upstream, not a rate above 1."""
    wrong = frame.filter((pl.col(k) > pl.col(n)) | (pl.col(k) < 0))
    if not wrong.is_empty():
        shown = ", ".join(f"{a:g} of {b:g}" for a, b in wrong.select(k, n).head(3).iter_rows())
        raise InputError(
            f"{wrong.height} of {frame.height} rates have successes outside 0 to trials",
            found=shown,
            hint="a period rate may pass 100 %: use rate(k, n), which has no interval",
        )


def quantile(confidence: float) -> float:
    """The normal quantile that leaves the given share between both tails."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def as_expr(column: Column) -> pl.Expr:
    return pl.col(column) if isinstance(column, str) else column


def as_series(numbers: Numbers) -> pl.Series:
    values = [numbers] if isinstance(numbers, int | float) else numbers
    return pl.Series(values).cast(pl.Float64)
