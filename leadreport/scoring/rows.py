"""The rows of the card: values, weights and the cells of pair tables, with what each earns."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from leadreport.rates import rate
from leadreport.scoring.closing import POINTS_PER_LOG_ODDS, with_points, with_rates
from leadreport.scoring.learning import Learned, LearnedPair
from leadreport.scoring.values import Attribute

ANY_OTHER = "any other"
"""The row or column of a pair table for all values that are not named in it."""

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

COUNTS = {"attribute": pl.String, "value": pl.String, "leads": pl.Int64, "customers": pl.Int64}

WEIGHTS = {"attribute": pl.String, "part": pl.String, "weight": pl.Float64, "prior_leads": pl.Float64}


def value_counts(attributes: Sequence[Attribute], learned: Learned) -> pl.DataFrame:
    """Leads and customers of every value, in the order of the attributes and of their values; not known comes last."""
    rows = [
        (each.name, value, int(leads[code]), int(customers[code]))
        for each, leads, customers in zip(attributes, learned.leads, learned.customers, strict=True)
        for code, value in sorted(enumerate(each.values), key=lambda item: item[0] == 0)
    ]
    return pl.DataFrame(rows, schema=COUNTS, orient="row")


def value_rows(counts: pl.DataFrame, weights: pl.DataFrame, *, method: str, benchmark: float) -> pl.DataFrame:
    """The card's table: counts, close rates, shrunken rates, lift and points of every value."""
    prior = dict(weights.select("attribute", "prior_leads").iter_rows())
    weight = dict(weights.select("attribute", "weight").iter_rows())
    rates = with_rates(counts, benchmark=benchmark, prior=prior)
    return with_points(rates, method=method, benchmark=benchmark, weights=weight).with_columns(is_edited=False)


def pair_counts(attributes: Sequence[Attribute], learned: Sequence[LearnedPair]) -> pl.DataFrame:
    """Leads, customers and expected customers of every cell that has leads."""
    rows = [row for each in learned for row in cells_of(attributes, each)]
    return pl.DataFrame(rows, schema=PAIR_COUNTS, orient="row")


def cells_of(attributes: Sequence[Attribute], learned: LearnedPair) -> list[tuple]:
    pair = learned.pair
    first, second = attributes[pair.first], attributes[pair.second]
    row_names, column_names = group_names(first, pair.rows), group_names(second, pair.columns)
    wide = len(column_names)
    return [
        (first.name, row_names[cell // wide], second.name, column_names[cell % wide], int(n), int(k), float(usual))
        for cell, (n, k, usual) in enumerate(zip(learned.leads, learned.customers, learned.expected, strict=True))
        if n > 0
    ]


def group_names(attribute: Attribute, rows: np.ndarray) -> list[str]:
    """What the rows of a pair table are called: values of their own by name."""
    named = np.flatnonzero(np.bincount(rows) == 1)
    alone = {int(rows[code]): attribute.values[code] for code in range(len(rows)) if rows[code] in named}
    return [alone.get(row, ANY_OTHER) for row in range(int(rows.max()) + 1)]


def pair_rows(counts: pl.DataFrame, pair_weights: pl.DataFrame) -> pl.DataFrame:
    """The cells of the pair tables with their close rate, the rate that the rest of the card expects, and points."""
    weighted = counts.join(pair_weights, on=["first", "second"], how="left", maintain_order="left")
    expected = (pl.col("expected_customers") / pl.col("leads")).clip(1e-6, 1 - 1e-6)
    strength = pl.col("prior_leads")
    shrunken = (pl.col("customers") + strength * expected) / (pl.col("leads") + strength)
    above = (shrunken / (1 - shrunken)).log() - (expected / (1 - expected)).log()
    return weighted.select(
        *PAIR_COUNTS,
        close_rate=rate("customers", "leads"),
        expected_rate=expected,
        points=(pl.col("weight") * above * POINTS_PER_LOG_ODDS).round().cast(pl.Int64),
        is_edited=pl.lit(False),
    )
