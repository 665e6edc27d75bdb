"""How unsure the points of a lead are: every value's close rate stands on so many leads and no more."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from leadreport.rates.shrinkage import log_odds_variance
from leadreport.scoring.card import Scorecard
from leadreport.scoring.totals import Column

Array = np.ndarray


def spread_of(columns: Sequence[Column], card: Scorecard) -> Array:
    """The variance of every lead's log-odds that comes from the close rates of its values (weighted method).

    The other methods do not say how sure a value is: theirs is 0, and only the curve's own doubt remains.
    """
    leads = len(columns[0].positions)
    result = np.zeros(leads)
    if card.method != "weighted" or not 0 < card.benchmark < 1:
        return result
    for column in columns:
        result += variances(column, card)[column.positions]
    return result


def variances(column: Column, card: Scorecard) -> Array:
    """Variance of the weighted log-odds per key of an attribute or of a pair table; 0 where nothing was seen."""
    if len(column.names) == 1:
        weights = card.weights.filter(pl.col("attribute") == column.names[0])
        rows = card.table.filter(pl.col("attribute") == column.names[0]).select(
            "value", "customers", "leads", usual=pl.lit(card.benchmark)
        )
    else:
        is_mine = (pl.col("first") == column.names[0]) & (pl.col("second") == column.names[1])
        weights = card.pair_weights.filter(is_mine)
        rows = card.pairs.filter(is_mine).select("first_value", "second_value", "customers", "leads", "expected_rate")
    weight, prior = weights.select("weight", "prior_leads").row(0)
    *_, customers, leads, usual = rows.get_columns()
    doubt = weight**2 * log_odds_variance(
        customers.to_numpy(), leads.to_numpy(), centre=usual.to_numpy(), strength=prior
    )
    known = dict(zip(rows.select(rows.columns[: len(column.names)]).iter_rows(), doubt, strict=True))
    return np.array([known.get(key, 0.0) for key in column.keys])
