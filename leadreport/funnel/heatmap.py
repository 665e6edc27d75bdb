"""Cohort by age: how many had converted after one week, two weeks, three."""

from datetime import datetime

import polars as pl

from leadreport.funnel.calendar import Every, cohort_name, wall_clock
from leadreport.funnel.cohorts import cohort_entries, cohort_grid
from leadreport.policy import Policy
from leadreport.rates import rate, wilson_high, wilson_low

AGE_DAYS = {"week": 7, "month": 30, "quarter": 91}
"""Ages are counted in steps of equal length, so that cohorts compare (SEMANTICS 3)."""


def cohort_heatmap(
    facts: pl.DataFrame,
    *,
    from_stage: str,
    to_stage: str,
    every: Every = "week",
    as_of: datetime,
    policy: Policy,
    ages: int = 13,
) -> pl.DataFrame:
    """The share of each cohort that had converted by each age, for the ages that all of its leads have reached.

    One row per cohort and age: cohort, cohort_on, age (in weeks, months of 30 or quarters of 91 days: 1 is the first),
    age_days, leads, converted, converted_rate with low and high. An age that the youngest lead of a cohort has not
    reached is no row: it would be a rate of leads that had no time.
    """
    zone = policy.company.time_zone
    step = {"from_stage": from_stage, "to_stage": to_stage}
    entries = cohort_entries(facts, **step, every=every, by=None, as_of=as_of, zone=zone)
    grid = cohort_grid(entries, every=every, by=None, as_of=as_of, zone=zone)
    steps = pl.DataFrame({"age": range(1, ages + 1)}).with_columns(age_days=pl.col("age") * AGE_DAYS[every])
    now = wall_clock(pl.lit(as_of), zone=zone)
    reached = pl.col("cohort_ends_on").cast(pl.Datetime("us")) + pl.duration(days="age_days") <= now
    cells = grid.join(steps, how="cross").filter(reached)
    counted = cells.join(entries.select("cohort_on", "days"), on="cohort_on")
    counted = counted.group_by("cohort_on", "age", "age_days").agg(
        leads=pl.len().cast(pl.Int64), converted=(pl.col("days") <= pl.col("age_days")).sum().cast(pl.Int64)
    )
    return counted.sort("cohort_on", "age").select(
        cohort_name(pl.col("cohort_on"), every=every).alias("cohort"),
        *("cohort_on", "age", "age_days", "leads", "converted"),
        converted_rate=rate("converted", "leads"),
        low=wilson_low("converted", "leads"),
        high=wilson_high("converted", "leads"),
    )
