"""The close rate of every value of every attribute, and what it earns: the rows of the card."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.rates import rate, wilson_high, wilson_low
from leadreport.rates.shrinkage import log_odds

METHODS = ("close_rate", "lift", "weighted")

POINTS_PER_DOUBLING = 50
"""Points, on the scale of 0 to 1000, that double the odds of closing; the same from fit to fit."""

POINTS_PER_LOG_ODDS = POINTS_PER_DOUBLING / float(np.log(2))

TABLE = {
    "attribute": pl.String,
    "value": pl.String,
    "leads": pl.Int64,
    "customers": pl.Int64,
    "close_rate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "shrunken_rate": pl.Float64,
    "lift": pl.Float64,
    "points": pl.Float64,
    "is_edited": pl.Boolean,
}


def with_rates(counts: pl.DataFrame, *, benchmark: float, prior: Mapping[str, float]) -> pl.DataFrame:
    """Close rate with its interval, shrunken rate and lift beside the counts of each attribute value.

    `prior` holds per attribute how many leads at the benchmark are added to each value. The lift is the close rate over
    the benchmark: 1 is the average lead.
    """
    strength = pl.col("attribute").replace_strict(prior, return_dtype=pl.Float64)
    return counts.with_columns(
        close_rate=rate("customers", "leads"),
        low=wilson_low("customers", "leads"),
        high=wilson_high("customers", "leads"),
        shrunken_rate=(pl.col("customers") + strength * benchmark) / (pl.col("leads") + strength),
    ).with_columns(lift=pl.col("close_rate") / benchmark if benchmark > 0 else pl.lit(None, dtype=pl.Float64))


def with_points(
    rates: pl.DataFrame, *, method: str, benchmark: float, weights: Mapping[str, float] | None = None
) -> pl.DataFrame:
    """Points per value by one of the three methods.

    `close_rate`, as published: the close rate in percent where it beats the benchmark, else 0. `lift`, HubSpot's
    variant: so many times the benchmark, else 0. `weighted`: the log-odds of the shrunken rate above the benchmark,
    times the attribute's weight, on a scale where 50 points double the odds.

    Examples
    --------
    >>> rates = pl.DataFrame({"close_rate": [0.25, 0.05, 0.01], "lift": [5.0, 1.0, 0.2]})
    >>> with_points(rates, method="close_rate", benchmark=0.05)["points"].to_list()
    [25.0, 0.0, 0.0]
    >>> with_points(rates, method="lift", benchmark=0.05)["points"].to_list()
    [5.0, 0.0, 0.0]
    """
    beats = pl.col("lift") > 1
    match method:
        case "close_rate":
            points = pl.when(beats).then((100 * pl.col("close_rate")).round(1)).otherwise(0.0)
        case "lift":
            points = pl.when(beats).then(pl.col("lift").round(2)).otherwise(0.0)
        case "weighted":
            points = weighted_points(benchmark=benchmark, weights=weights or {})
        case _:
            raise InputError(f"there is no scoring method '{method}'", hint=did_you_mean(method, METHODS))
    return rates.with_columns(points=points)


def weighted_points(*, benchmark: float, weights: Mapping[str, float]) -> pl.Expr:
    """Whole points: weight x log-odds above the benchmark x 50 / ln 2."""
    if not 0 < benchmark < 1:
        return pl.lit(0, dtype=pl.Int64)
    weight = pl.col("attribute").replace_strict(weights, return_dtype=pl.Float64)
    shrunken = pl.col("shrunken_rate")
    above = (shrunken / (1 - shrunken)).log() - float(log_odds(np.float64(benchmark)))
    return (weight * above * POINTS_PER_LOG_ODDS).round().cast(pl.Int64)
