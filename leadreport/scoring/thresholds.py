"""What a threshold for MQLs would mean: how many leads, how many of them close, how many customers it would miss."""

from collections.abc import Sequence

import polars as pl

from leadreport.errors import InputError
from leadreport.rates import rate, wilson_high, wilson_low
from leadreport.scoring.values import require_columns

EVERY_FIVE = tuple(range(0, 101, 5))


def threshold_table(
    scored: pl.DataFrame,
    *,
    outcome: str = "is_customer",
    thresholds: Sequence[float] = EVERY_FIVE,
    weeks: float | None = None,
    weekly_capacity: float | None = None,
) -> pl.DataFrame:
    """For each threshold the leads that reach it, how they closed, and the customers below it.

    Parameters
    ----------
    scored
        Mature leads with a `score` and an outcome; leads without an outcome count as leads, not in rates.
    weeks
        In so many weeks these leads came: gives leads_per_week.
    weekly_capacity
        So many leads sales can work in a week: gives capacity_rate, which passes 1 when they are too many.

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
    all_customers = scored[outcome].sum()
    return (
        limits.join(counts, on="threshold", how="left")
        .with_columns(pl.col("leads", "known", "customers").fill_null(0).cast(pl.Int64))
        .sort("threshold")
        .with_columns(leads_per_week=(pl.col("leads") / weeks) if weeks else pl.lit(None, dtype=pl.Float64))
        .select(
            "threshold",
            "leads",
            rate("leads", pl.lit(scored.height)).alias("leads_rate"),
            "leads_per_week",
            (pl.col("leads_per_week") / (weekly_capacity or None)).cast(pl.Float64).alias("capacity_rate"),
            "customers",
            rate("customers", "known").alias("close_rate"),
            wilson_low("customers", "known").alias("low"),
            wilson_high("customers", "known").alias("high"),
            rate("leads", "customers").alias("leads_per_customer"),
            missed_customers=all_customers - pl.col("customers"),
            missed_rate=rate(all_customers - pl.col("customers"), pl.lit(all_customers)),
        )
    )
