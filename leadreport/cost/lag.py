"""How long money takes to become SQLs."""

from datetime import datetime

import polars as pl

from leadreport.policy import Policy
from leadreport.rates import converted_by, kaplan_meier

SECONDS_A_DAY = 86_400


def spend_lag(
    facts: pl.DataFrame, *, to_stage: str = "sql", as_of: datetime, policy: Policy, weeks: int | None = None
) -> pl.DataFrame:
    """Which share of the SQLs that a day's spend will bring has come after one week, two weeks, and so on.

    A lead comes in on the day of its spend; from then on the share of leads that reached `to_stage` (Kaplan-Meier, so
    young leads are open) is set over the share that does so within the policy's horizon. One row per week up to that
    horizon (or `weeks`): age_days, reached_rate with low and high, arrived_rate (of those that will come). Null beyond
    what the history shows.
    """
    horizon = policy.horizon_days("lead", to_stage)
    days = (pl.col(f"{to_stage}_at") - pl.col("created_at")).dt.total_seconds(fractional=True) / SECONDS_A_DAY
    age = (pl.lit(as_of) - pl.col("created_at")).dt.total_seconds(fractional=True) / SECONDS_A_DAY
    watched = facts.select(days=pl.coalesce(days, age), has_come=pl.col(f"{to_stage}_at").is_not_null())
    ends = [float(7 * week) for week in range(1, (weeks or -(-horizon // 7)) + 1)]
    curve = kaplan_meier(watched["days"], watched["has_come"])
    found = converted_by(curve, sorted({*ends, float(horizon)}))
    final = found.filter(at=float(horizon))["converted_rate"].item()
    return found.filter(pl.col("at").is_in(ends)).select(
        age_days=pl.col("at").cast(pl.Int64),
        reached_rate=pl.col("converted_rate").round(10),
        low=pl.col("low").round(10),
        high=pl.col("high").round(10),
        arrived_rate=pl.when(pl.lit(final, dtype=pl.Float64) > 0).then(pl.col("converted_rate") / final).round(10),
    )
