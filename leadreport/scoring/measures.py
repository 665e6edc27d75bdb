"""How well scores tell customers from other leads, whether expected close rates come true, what a threshold means."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.stats import norm, rankdata

from leadreport.errors import InputError
from leadreport.policy import Policy
from leadreport.rates import rate, rate_with_ends
from leadreport.scoring.values import require_columns

Array = np.ndarray

BANDS = 10

EVERY_FIVE = tuple(range(0, 101, 5))

NEWEST_WEEKS = 13
"""The weeks whose leads are counted per week: those of `newest_leads`."""

USUAL_THRESHOLDS = (40, 45, 50, 55, 60, 65)
"""Scores from which leads are usually called MQLs: from half to eight times the odds of an average lead."""


def auc(won: Array, score: Array) -> tuple[float | None, float | None, float | None]:
    """The probability that a customer has a higher score than another lead, with its 95 % interval.

    Ties count half. DeLong's variance (DeLong, DeLong and Clarke-Pearson 1988): var(above) / customers + var(below) /
    others, where `above` is each customer's share of others with a lower score and `below` each other lead's share of
    customers with a higher one. The interval is taken on the logit scale, so that it stays between 0 and 1:
    logit(AUC) +- 1.96 x standard error / (AUC (1 - AUC)). Null without a customer or without another lead.

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
    """Precision averaged over the customers, from the highest score down; leads with equal scores form one step.

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
    """Mean squared difference between expected close rate and outcome (Brier 1950)."""
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
    """Expected and actual close rate in bands of leads with similar expected rates.

    Columns: band, leads, customers, expected_rate, close_rate, low, high, is_met (the expected rate lies in the
    interval). A band has about a tenth of the leads, the lowest expected rates first; equal ones stay together.
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
            **rate_with_ends("customers", "leads", name="close_rate"),
        )
        .with_columns(is_met=pl.col("expected_rate").is_between("low", "high"))
    )


def calibration_error(won: Array, expected: Array) -> float:
    """The absolute difference of expected and actual close rate, averaged over the leads of all bands."""
    bands = calibration_by_band(won, expected)
    return float((bands["leads"] * (bands["expected_rate"] - bands["close_rate"]).abs()).sum() / bands["leads"].sum())


def accuracy(won: Array, expected: Array) -> pl.DataFrame:
    """One row: leads, customers, and how well expected close rates tell customers from other leads and come true."""
    value, low, high = auc(won, expected)
    figures = {
        "auc": value,
        "auc_low": low,
        "auc_high": high,
        "average_precision": average_precision(won, expected),
        "brier": brier(won, expected),
        "top_decile_lift": lift_by_decile(won, expected)["lift"][0],
        "expected_rate": expected.mean(),
        "close_rate": won.mean(),
        "calibration_error": calibration_error(won, expected),
    }
    counts = {"leads": len(won), "customers": int(won.sum())}
    schema = dict.fromkeys(counts, pl.Int64) | dict.fromkeys(figures, pl.Float64)
    return pl.DataFrame(counts | figures, schema=schema).with_columns(pl.col(pl.Float64).round(6))


def threshold_table(
    scored: pl.DataFrame,
    *,
    outcome: str = "is_customer",
    thresholds: Sequence[float] = EVERY_FIVE,
    newest: pl.DataFrame | None = None,
    weeks: float | None = None,
    weekly_capacity: float | None = None,
) -> pl.DataFrame:
    """By threshold, the leads that reach it, their close rate, and the customers below it.

    Parameters
    ----------
    scored
        Mature leads with an outcome and the `score` of a card that has not seen them (`unseen_leads`); leads without an
        outcome count as leads, not in rates.
    newest
        The leads, of any age, whose scores give leads_per_week; those of `scored` without it.
    weeks
        The number of weeks in which the leads of `newest` came.
    weekly_capacity
        The leads that sales can work in a week: gives capacity_rate, above 1 when there are more.

    Returns
    -------
    pl.DataFrame
        One row per threshold, ascending: threshold, leads, leads_rate (of all), leads_per_week, capacity_rate,
        customers, close_rate, low, high, leads_per_customer, missed_customers, missed_rate (of all customers).

    Examples
    --------
    >>> scored = pl.DataFrame({"score": [30.0, 45.0, 55.0, 65.0], "is_customer": [False, True, False, True]})
    >>> threshold_table(scored, thresholds=[40, 60]).select("threshold", "leads", "close_rate", "missed_rate").rows()
    [(40.0, 3, 0.6666666666666666, 0.0), (60.0, 1, 1.0, 0.5)]
    """
    require_columns(scored, ["score", outcome])
    if weeks is not None and weeks <= 0:
        raise InputError(f"'weeks' must be above 0; it is {weeks}")
    limits = pl.DataFrame({"threshold": sorted(set(thresholds))}, schema={"threshold": pl.Float64})
    reached = limits.join_where(
        scored.select("score", pl.col(outcome).alias("won")), pl.col("score") >= pl.col("threshold")
    )
    counts = reached.group_by("threshold").agg(
        leads=pl.len(), known=pl.col("won").count(), customers=pl.col("won").sum()
    )
    came = scored if newest is None else newest
    of_late = limits.join_where(came.select("score"), pl.col("score") >= pl.col("threshold"))
    all_customers = scored[outcome].sum()
    return (
        limits.join(counts, on="threshold", how="left")
        .join(of_late.group_by("threshold").len("came"), on="threshold", how="left")
        .with_columns(pl.col("leads", "known", "customers", "came").fill_null(0).cast(pl.Int64))
        .sort("threshold")
        .with_columns(leads_per_week=(pl.col("came") / weeks) if weeks else pl.lit(None, dtype=pl.Float64))
        .select(
            "threshold",
            "leads",
            rate("leads", pl.lit(scored.height)).alias("leads_rate"),
            "leads_per_week",
            (pl.col("leads_per_week") / (weekly_capacity or None)).cast(pl.Float64).alias("capacity_rate"),
            "customers",
            **rate_with_ends("customers", "known", name="close_rate"),
            leads_per_customer=rate("leads", "customers"),
            missed_customers=all_customers - pl.col("customers"),
            missed_rate=rate(all_customers - pl.col("customers"), pl.lit(all_customers)),
        )
    )


def policy_thresholds(unseen: pl.DataFrame, newest: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """`threshold_table` at the usual MQL thresholds, with leads per week against the policy's target for MQLs.

    Close rates are those of `unseen` (`unseen_leads`). Leads per week are all leads of the last 13 weeks, whatever has
    become of them: `newest` (`newest_leads`), with a `score`.
    """
    capacity = policy.targets.mqls_per_week
    return threshold_table(
        unseen, thresholds=USUAL_THRESHOLDS, newest=newest, weeks=NEWEST_WEEKS, weekly_capacity=capacity
    )
