"""How long each step takes: the days of the leads that took it, and the horizons that the record teaches."""

from datetime import datetime

import polars as pl

from leadreport.facts import is_lost, reached_at
from leadreport.funnel.entries import days_between, step_entries
from leadreport.funnel.record import ALL_STEPS
from leadreport.policy import Policy
from leadreport.rates import age_at_share, kaplan_meier, per_group
from leadreport.words import STEPS

QUARTERS = {"q25_days": 0.25, "median_days": 0.5, "q75_days": 0.75}

COLUMNS = ("from_stage", "to_stage", "leads", "converted", "lost", "open", "negative", *QUARTERS)

USUAL_SHARE = 0.9
"""A horizon that holds a smaller share of a step's conversions judges too early."""

LEAST_CONVERSIONS = 30
"""With fewer conversions a step teaches no horizon."""


def time_in_stage(facts: pl.DataFrame, *, as_of: datetime, by: str | None = None) -> pl.DataFrame:
    """For each step, the days that it took the leads which took it, and how many did not (definition 6).

    One row per group and step: from_stage, to_stage, leads = converted + lost + open, negative (moved on before they
    entered, by the record; counted in, never clipped), q25_days, median_days and q75_days of the converted: half of
    them took at most the median. Leads that were lost or are still open have no time to the next stage and are in none
    of the three; null when no lead took the step.

    Examples
    --------
    >>> from leadreport.clock import as_instant
    >>> from leadreport.facts import lead_facts
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import TABLES, empty_table
    >>> rules = {"policy": parse_policy(preset_text("startup")), "as_of": as_instant("2026-01-26", zone="UTC")}
    >>> tables = {name: empty_table(name) for name in TABLES}
    >>> leads = pl.DataFrame({"lead_id": ["a", "b"], "created_at": [as_instant("2026-01-05", zone="UTC")] * 2})
    >>> tables["leads"] = pl.concat([tables["leads"], leads], how="diagonal_relaxed")
    >>> facts = lead_facts(tables, **rules).collect()
    >>> stays = time_in_stage(facts, as_of=rules["as_of"])
    >>> stays.select("from_stage", "to_stage", "leads", "open", "median_days").row(0)
    ('lead', 'mql', 2, 2, None)
    """
    rows = [step_stays(facts, rank, as_of=as_of, by=by) for rank in range(len(STEPS))]
    return pl.concat(rows).sort(*([by] if by else []), "step", maintain_order=True).drop("step")


def longest_wait(times: pl.DataFrame) -> pl.DataFrame:
    """The step of `time_in_stage` with the longest median, at most one row: none when no step has a median yet."""
    known = times.filter(pl.col("median_days") > 0)
    return known.sort("median_days", descending=True, maintain_order=True).head(1)


def step_stays(facts: pl.DataFrame, rank: int, *, as_of: datetime, by: str | None) -> pl.DataFrame:
    """One row per group for one step."""
    one, two = STEPS[rank]
    start, end = reached_at(one), reached_at(two)
    entered = facts.filter(start.is_not_null(), start < as_of)
    days = days_between(start, end)
    counts = {
        "leads": pl.len(),
        "converted": days.is_not_null().sum(),
        "lost": (is_lost() & days.is_null()).sum(),
        "open": (~is_lost() & days.is_null()).sum(),
        "negative": (days < 0).sum(),
    }
    quarters = {name: days.quantile(share, "linear") for name, share in QUARTERS.items()}
    row = per_group(entered, by, **{name: count.cast(pl.Int64) for name, count in counts.items()}, **quarters)
    named = row.with_columns(step=pl.lit(rank), from_stage=pl.lit(one), to_stage=pl.lit(two))
    return named.select(*([by] if by else []), "step", *COLUMNS)


def learnt_horizons(facts: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """How long each step takes by its own record, beside the horizon that the policy gives it.

    `learnt_days` is the age by which 90 % of the conversions have come, of those that come within the time that the
    record shows (Kaplan-Meier, so young leads are open); null with fewer than 30 conversions. One row per step:
    from_stage, to_stage, horizon_days, learnt_days, within_rate (the share of those conversions within the policy's
    horizon), conversions, is_hasty (within_rate is below 90 %: the horizon judges too early).
    """
    rows = [step_lag(facts, *step, as_of=as_of, policy=policy) for step in ALL_STEPS]
    numbers = {"learnt_days": pl.Float64, "within_rate": pl.Float64, "conversions": pl.Int64}
    lags = pl.DataFrame(rows, schema=["from_stage", "to_stage", "horizon_days", *numbers], orient="row").cast(numbers)
    learnt = pl.when(pl.col("conversions") >= LEAST_CONVERSIONS).then(pl.col("learnt_days", "within_rate"))
    return lags.with_columns(learnt).with_columns(is_hasty=pl.col("within_rate") < USUAL_SHARE)


def step_lag(facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, policy: Policy) -> tuple:
    """One row of `learnt_horizons`, from the curve scaled so that all the conversions on record are the whole."""
    horizon = policy.horizon_days(from_stage, to_stage)
    entries = step_entries(facts, from_stage=from_stage, to_stage=to_stage, as_of=as_of, policy=policy)
    curve = kaplan_meier(*entries.select("watched_days", "is_converted"))
    # Without a conversion there is no whole: the shares are unknown.
    whole = pl.lit(curve["converted_rate"].max() or None, dtype=pl.Float64)
    so_far = curve.with_columns(pl.col("converted_rate") / whole)
    within = so_far.filter(pl.col("at") <= horizon)["converted_rate"].max()
    learnt = age_at_share(so_far, USUAL_SHARE)["at"].round(1).item()
    return from_stage, to_stage, horizon, learnt, within and round(within, 10), entries["is_converted"].sum()
