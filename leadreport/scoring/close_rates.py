"""Close rates: of groups of leads, each tested against the rest; of attribute values, with lift and points.

Points of the weighted method, for a value (or a cell of a pair table) with k customers of n leads:

    shrunken rate   p = (k + m b) / (n + m), with the benchmark b and m prior leads (`leadreport.rates.shrinkage`)
    lift            k / n / b
    points          weight x (ln(p / (1 - p)) - ln(b / (1 - b))) x 50 / ln 2, rounded: 50 points double the odds

In a pair table b is the close rate that the rest of the card expects in that cell. docs/scorecard.md adds one lead up.
"""

import numpy as np
import polars as pl
from scipy.stats import false_discovery_control, hypergeom

from leadreport.errors import InputError, did_you_mean
from leadreport.rates import per_group, rate, rate_with_ends
from leadreport.rates.shrinkage import log_odds
from leadreport.scoring.values import require_columns
from leadreport.words import NORMAL_VARIATION

Array = np.ndarray

METHODS = ("close_rate", "lift", "weighted")

POINTS_PER_DOUBLING = 50
"""Points, on the scale of 0 to 1000, that double the odds of closing; the same from fit to fit."""

POINTS_PER_LOG_ODDS = POINTS_PER_DOUBLING / float(np.log(2))

FALSE_SHARE = 0.05
"""Of all differences that are called real, the share expected to be chance (Benjamini and Hochberg 1995)."""

COUNTS = {"attribute": pl.String, "value": pl.String, "leads": pl.Int64, "customers": pl.Int64}

WEIGHTS = {"attribute": pl.String, "part": pl.String, "weight": pl.Float64, "prior_leads": pl.Float64}

PAIR_COUNTS = {
    "first": pl.String,
    "first_value": pl.String,
    "second": pl.String,
    "second_value": pl.String,
    "leads": pl.Int64,
    "customers": pl.Int64,
    "expected_customers": pl.Float64,
}

PAIR_WEIGHTS = {"first": pl.String, "second": pl.String, "weight": pl.Float64, "prior_leads": pl.Float64}


def close_rates(leads: pl.DataFrame, *, by: str, outcome: str = "is_customer") -> pl.DataFrame:
    """Close rate per group of mature leads, and whether it differs from that of all other leads (definition 15).

    One row per group, the highest rate first: the group, leads, customers, close_rate, low, high (Wilson), lift (over
    the benchmark), q_value (Fisher against the others, Benjamini-Hochberg over the groups), verdict ("above the
    others", "below the others", "normal variation").

    Examples
    --------
    >>> leads = pl.DataFrame({
    ...     "source": ["referral"] * 50 + ["bought_list"] * 50,
    ...     "is_customer": [i % 5 == 0 if i < 50 else i == 99 for i in range(100)],
    ... })
    >>> close_rates(leads, by="source").select("source", "leads", "customers", "verdict").rows()
    [('referral', 50, 10, 'above the others'), ('bought_list', 50, 1, 'below the others')]
    """
    require_columns(leads, [by, outcome])
    known = leads.filter(pl.col(outcome).is_not_null())
    counts = per_group(known, by, leads=pl.len(), customers=pl.col(outcome).sum())
    counts = counts.with_columns(pl.col("leads", "customers").cast(pl.Int64))
    customers, total = counts["customers"].sum(), known.height
    k, n = (counts[name].to_numpy() for name in ("customers", "leads"))
    p = fisher(k, n - k, won=customers, lost=total - customers)
    benchmark = customers / total if customers else None
    side = pl.when(pl.col("lift") > 1).then(pl.lit("above the others")).otherwise(pl.lit("below the others"))
    return (
        counts.with_columns(
            **rate_with_ends("customers", "leads", name="close_rate"),
            lift=rate("customers", "leads") / benchmark,
            q_value=pl.Series(false_discovery_control(p) if len(p) else np.array([])).round(6),
        )
        .with_columns(verdict=pl.when(pl.col("q_value") <= FALSE_SHARE).then(side).otherwise(pl.lit(NORMAL_VARIATION)))
        .sort("close_rate", by, descending=[True, False])
    )


def fisher(k1: Array, k2: Array, *, won: int, lost: int) -> Array:
    """Two-sided p-values of Fisher's exact test: twice the smaller tail of the hypergeometric distribution."""
    both = hypergeom(won + lost, won, k1 + k2)
    return np.minimum(1.0, 2 * np.minimum(both.cdf(k1), both.sf(k1 - 1)))


def value_rows(counts: pl.DataFrame, weights: pl.DataFrame, *, method: str, benchmark: float) -> pl.DataFrame:
    """The card's table: close rate with interval, shrunken rate, lift and points beside the counts of each value."""
    weighted = counts.join(weights, on="attribute", how="left", maintain_order="left")
    strength = pl.col("prior_leads")
    rates = weighted.with_columns(
        **rate_with_ends("customers", "leads", name="close_rate"),
        shrunken_rate=(pl.col("customers") + strength * benchmark) / (pl.col("leads") + strength),
    ).with_columns(lift=pl.col("close_rate") / benchmark if benchmark > 0 else pl.lit(None, dtype=pl.Float64))
    points = points_by(method, benchmark=benchmark)
    return rates.select(
        *COUNTS, "close_rate", "low", "high", "shrunken_rate", "lift", points=points, is_edited=pl.lit(False)
    )


def points_by(method: str, *, benchmark: float) -> pl.Expr:
    """Points per value, from its close_rate, lift, shrunken_rate and weight.

    `close_rate`, as published: the close rate in percent where it beats the benchmark, else 0. `lift`, HubSpot's
    variant: the lift where it beats 1, else 0. `weighted`: see the head of this module.

    Examples
    --------
    >>> rates = pl.DataFrame({"close_rate": [0.25, 0.05, 0.01], "lift": [5.0, 1.0, 0.2]})
    >>> rates.select(points_by("close_rate", benchmark=0.05)).to_series().to_list()
    [25.0, 0.0, 0.0]
    >>> rates.select(points_by("lift", benchmark=0.05)).to_series().to_list()
    [5.0, 0.0, 0.0]
    """
    beats = pl.col("lift") > 1
    match method:
        case "close_rate":
            return pl.when(beats).then((100 * pl.col("close_rate")).round(1)).otherwise(0.0)
        case "lift":
            return pl.when(beats).then(pl.col("lift").round(2)).otherwise(0.0)
        case "weighted" if not 0 < benchmark < 1:
            return pl.lit(0, dtype=pl.Int64)
        case "weighted":
            shrunken = pl.col("shrunken_rate")
            return weighted_points((shrunken / (1 - shrunken)).log() - float(log_odds(np.float64(benchmark))))
    raise InputError(f"there is no scoring method '{method}'", hint=did_you_mean(method, METHODS))


def weighted_points(lift: pl.Expr) -> pl.Expr:
    """Whole points of a log-odds lift: weight x lift x 50 / ln 2."""
    return (pl.col("weight") * lift * POINTS_PER_LOG_ODDS).round().cast(pl.Int64)


def pair_rows(counts: pl.DataFrame, pair_weights: pl.DataFrame) -> pl.DataFrame:
    """The cells of the pair tables: close rate, the rate that the rest of the card expects, and points."""
    weighted = counts.join(pair_weights, on=["first", "second"], how="left", maintain_order="left")
    expected = (pl.col("expected_customers") / pl.col("leads")).clip(1e-6, 1 - 1e-6)
    strength = pl.col("prior_leads")
    shrunken = (pl.col("customers") + strength * expected) / (pl.col("leads") + strength)
    return weighted.select(
        *PAIR_COUNTS,
        close_rate=rate("customers", "leads"),
        expected_rate=expected,
        points=weighted_points((shrunken / (1 - shrunken)).log() - (expected / (1 - expected)).log()),
        is_edited=pl.lit(False),
    )
