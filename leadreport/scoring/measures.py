"""How well scores tell later customers from the rest, and whether what they expect comes true."""

import numpy as np
import polars as pl
from scipy.stats import norm, rankdata

from leadreport.rates import rate, wilson_high, wilson_low

Array = np.ndarray

BANDS = 10


def auc(won: Array, score: Array) -> tuple[float | None, float | None, float | None]:
    """The chance that a customer has the higher score than another lead, with its 95 % interval.

    DeLong's variance (1988) on the logit scale, so that the interval stays between 0 and 1. Null without both kinds.

    Examples
    --------
    >>> value, low, high = auc(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]))
    >>> value, low < value < high
    (0.75, True)
    """
    won = np.asarray(won, dtype=bool)
    winners, others = score[won], score[~won]
    if not len(winners) or not len(others):
        return None, None, None
    above = (rankdata(score)[won] - rankdata(winners)) / len(others)
    below = 1 - (rankdata(score)[~won] - rankdata(others)) / len(winners)
    value = float(above.mean())
    variance = sum(part.var(ddof=1) / len(part) for part in (above, below) if len(part) > 1)
    if not 0 < value < 1:
        return value, value, value
    far = norm.ppf(0.975) * np.sqrt(variance) / (value * (1 - value))
    low, high = (1 / (1 + np.exp(-(np.log(value / (1 - value)) + sign * far))) for sign in (-1, 1))
    return value, float(low), float(high)


def average_precision(won: Array, score: Array) -> float | None:
    """Precision averaged over the customers, from the highest score down; leads with equal scores come together.

    Examples
    --------
    >>> round(average_precision(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])), 4)
    0.8333
    """
    leads, customers = counts_from_the_top(won, score)
    if customers[-1] == 0:
        return None
    gained = np.diff(customers, prepend=0.0) / customers[-1]
    return float((gained * customers / leads).sum())


def brier(won: Array, expected: Array) -> float:
    """Mean squared distance between what was expected and what came."""
    return float(np.mean((np.asarray(expected) - won) ** 2))


def counts_from_the_top(won: Array, score: Array) -> tuple[Array, Array]:
    """Leads and customers with at least each score, from the highest down."""
    different, place = np.unique(-np.asarray(score), return_inverse=True)
    leads = np.bincount(place, minlength=len(different)).cumsum()
    return leads.astype(float), np.bincount(place, weights=won, minlength=len(different)).cumsum()


def lift_by_decile(won: Array, score: Array) -> pl.DataFrame:
    """A row per tenth of the leads, best scores first: decile, leads, customers, close_rate, lift, customers_rate.

    `lift` is the tenth's close rate over that of all, `customers_rate` the share of all customers down to here. Leads
    with equal scores are shared out evenly, so that the order of the rows does not matter.

    Examples
    --------
    >>> lift_by_decile(np.repeat([1, 0], [1, 9]), np.arange(10, 0, -1))["lift"].head(2).to_list()
    [10.0, 0.0]
    """
    leads, customers = counts_from_the_top(won, score)
    ends = np.linspace(0, leads[-1], BANDS + 1)
    reached = np.interp(ends, [0.0, *leads], [0.0, *customers])
    return pl.DataFrame(
        {
            "decile": np.arange(1, BANDS + 1),
            "leads": np.diff(ends).round(1),
            "customers": np.diff(reached).round(4),
            "customers_rate": (reached[1:] / max(reached[-1], 1)).round(6),
        }
    ).select(
        "decile",
        "leads",
        "customers",
        close_rate=rate("customers", "leads"),
        lift=(rate("customers", "leads") / (reached[-1] / leads[-1]) if reached[-1] else None),
        customers_rate="customers_rate",
    )


def calibration_by_band(won: Array, expected: Array) -> pl.DataFrame:
    """Expected and actual close rate in bands of leads with like expectation.

    Columns: band, leads, customers, expected_rate, close_rate, low, high, is_met (the expectation lies in the interval
    of what came). A band has about a tenth of the leads, the lowest expectation first; equal ones stay together.
    """
    frame = pl.DataFrame({"won": np.asarray(won, dtype=float), "expected": np.asarray(expected, dtype=float).round(9)})
    place = (pl.col("expected").rank("min") - 1) * BANDS / pl.len()
    return (
        frame.group_by(place.floor().cast(pl.Int64).alias("place"))
        .agg(leads=pl.len(), customers=pl.col("won").sum().cast(pl.Int64), expected_rate=pl.col("expected").mean())
        .sort("place")
        .select(
            pl.int_range(1, pl.len() + 1).alias("band"),
            "leads",
            "customers",
            pl.col("expected_rate").round(6),
            close_rate=rate("customers", "leads"),
            low=wilson_low("customers", "leads"),
            high=wilson_high("customers", "leads"),
        )
        .with_columns(is_met=pl.col("expected_rate").is_between("low", "high"))
    )


def calibration_error(won: Array, expected: Array) -> float:
    """The distance between expected and actual close rate, averaged over bands of leads."""
    bands = calibration_by_band(won, expected)
    return float((bands["leads"] * (bands["expected_rate"] - bands["close_rate"]).abs()).sum() / bands["leads"].sum())
