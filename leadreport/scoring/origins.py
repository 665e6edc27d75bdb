"""Where leads come from, judged by what they close: bought lists, referrals, target lists."""

import numpy as np
import polars as pl
from scipy.stats import false_discovery_control

from leadreport.rates import per_group, rate, wilson_high, wilson_low
from leadreport.scoring.loop import FALSE_SHARE, fisher
from leadreport.scoring.values import require_columns


def close_rates(leads: pl.DataFrame, *, by: str, outcome: str = "is_customer") -> pl.DataFrame:
    """The close rate of each group of mature leads, and whether it differs from that of all other leads.

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
    p = fisher(
        counts["customers"].to_numpy(),
        (counts["leads"] - counts["customers"]).to_numpy(),
        won=customers,
        lost=total - customers,
    )
    benchmark = customers / total if customers else None
    return (
        counts.with_columns(
            close_rate=rate("customers", "leads"),
            low=wilson_low("customers", "leads"),
            high=wilson_high("customers", "leads"),
            lift=rate("customers", "leads") / benchmark,
            q_value=pl.Series(false_discovery_control(p) if len(p) else np.array([])).round(6),
        )
        .with_columns(verdict=verdict_of(pl.col("lift")))
        .sort("close_rate", by, descending=[True, False])
    )


def verdict_of(lift: pl.Expr) -> pl.Expr:
    side = pl.when(lift > 1).then(pl.lit("above the others")).otherwise(pl.lit("below the others"))
    return pl.when(pl.col("q_value") <= FALSE_SHARE).then(side).otherwise(pl.lit("normal variation"))
