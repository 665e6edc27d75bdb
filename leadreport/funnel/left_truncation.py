"""Steps whose conversions are on record only from some day on: early cohorts then only look bad."""

from datetime import date, datetime

import polars as pl

from leadreport.facts import reached_at
from leadreport.funnel.entries import step_entries, wall_clock
from leadreport.policy import Policy
from leadreport.rates import converted_by, kaplan_meier, late_record
from leadreport.words import STEPS

ALL_STEPS = (*STEPS, ("lead", "customer"))
"""Each step, and the whole way."""

MISSING_SHARE = 0.05
"""A cohort that lacks more than this share of its conversions has no rate."""


def left_truncation(
    facts: pl.DataFrame, *, steps: tuple[tuple[str, str], ...] = ALL_STEPS, as_of: datetime, policy: Policy
) -> pl.DataFrame:
    """Whether the record of a step's conversions begins later than the leads do.

    The leads that entered since the first conversions give the usual lag (Kaplan-Meier). With it, the conversions are
    counted that the earlier leads should have had by then. When next to none of them are on record (a Poisson chance
    below 1 in 1,000), the history is truncated. One row per step: from_stage, to_stage, leads_before (entered earlier),
    expected_before and converted_before (by then), conversions_since_on (null when not truncated), is_truncated.
    """
    schema = {
        "from_stage": pl.String,
        "to_stage": pl.String,
        "leads_before": pl.Int64,
        "expected_before": pl.Float64,
        "converted_before": pl.Int64,
        "conversions_since_on": pl.Date,
    }
    rows = [(*step, *truncation_of(facts, *step, as_of=as_of, policy=policy)) for step in steps]
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return found.with_columns(is_truncated=pl.col("conversions_since_on").is_not_null())


def truncation_of(facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, policy: Policy) -> tuple:
    """Leads, expected and recorded conversions before the record begins, and its first local day."""
    entries = step_entries(facts, from_stage=from_stage, to_stage=to_stage, as_of=as_of, policy=policy)
    zone = policy.company.time_zone
    reached = facts.select(wall_clock(reached_at(to_stage), zone=zone)).to_series()
    leads, expected, lone, since = late_record(
        entries.with_columns(entered_at=wall_clock(pl.col("entered_at"), zone=zone)), reached
    )
    return leads, expected, lone, since and since.date()


def with_truncation(
    cohorts: pl.DataFrame, entries: pl.DataFrame, *, since_on: date | None, horizon: int
) -> pl.DataFrame:
    """Adds is_truncated: whether a cohort lacks more than a few of its conversions because the record begins late."""
    if since_on is None:
        return cohorts.with_columns(is_truncated=pl.lit(False))
    marked = cohorts.join(
        unrecorded(entries, since_on=since_on, horizon=horizon), on="cohort_on", how="left", maintain_order="left"
    )
    return marked.with_columns(is_truncated=(pl.col("unrecorded_share") > MISSING_SHARE).fill_null(False))


def unrecorded(entries: pl.DataFrame, *, since_on: date, horizon: int) -> pl.DataFrame:
    """The share of each cohort's conversions within the horizon that lie before the record begins.

    Columns: cohort_on, unrecorded_share. By the lag of the leads that entered since: the mean of
    F(days until the record began) / F(horizon) over the leads of the cohort, F the share converted by an age. A cohort
    of the last days before may lack next to none.
    """
    is_early = pl.col("entered_on") < since_on
    later = entries.filter(~is_early)
    if later.is_empty():
        return entries.select("cohort_on").unique().with_columns(unrecorded_share=pl.lit(1.0))
    curve = kaplan_meier(*later.select("watched_days", "is_converted"))
    most = min(float(horizon), curve["at"].max())
    days = (pl.lit(since_on) - pl.col("entered_on")).dt.total_days().cast(pl.Float64)
    ages = entries.select("cohort_on", at=pl.when(is_early).then(days.clip(0, most)))
    known = converted_by(curve, [*ages["at"].drop_nulls().unique().sort(), most]).unique("at")
    found = ages.join(known.select("at", "converted_rate"), on="at", how="left").group_by("cohort_on")
    share = pl.col("converted_rate").fill_null(0.0).mean() / known["converted_rate"].max()
    return found.agg(unrecorded_share=share.fill_nan(0.0).round(10))
