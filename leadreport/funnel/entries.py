"""Who entered a stage, when, and what became of each lead since: the rows behind every cohort."""

from datetime import datetime
from typing import Literal

import polars as pl

from leadreport.clock import local_date
from leadreport.errors import InputError
from leadreport.facts import is_lost, reached_at
from leadreport.funnel.calendar import wall_days
from leadreport.funnel.ladder import refuse_step
from leadreport.rates import named_groups

Entry = Literal["first", "episode"]


def step_entries(
    facts: pl.DataFrame,
    *,
    from_stage: str,
    to_stage: str,
    by: str | None = None,
    as_of: datetime,
    zone: str,
    entry: Entry = "first",
) -> pl.DataFrame:
    """One row per lead that entered `from_stage`, sorted: when, how old, converted after how long, lost after how long.

    Columns: the group's, lead_id, entered_at, entered_on (local date), age_days, days (to conversion; null when there
    was none), out_days (to the loss of a lead that never converted; null for the others). Days are counted on the wall
    clock and may be negative: sales may find a lead before marketing does.
    """
    refuse_step(from_stage, to_stage)
    start = entry_at(from_stage, entry=entry)
    keys = [by] if by else []
    entered = named_groups(facts, by).filter(start.is_not_null())
    return entered.select(
        *keys,
        "lead_id",
        entered_at=start,
        entered_on=local_date(start, zone=zone),
        age_days=wall_days(start, pl.lit(as_of), zone=zone),
        days=wall_days(start, reached_at(to_stage), zone=zone),
        out_days=pl.when(is_lost() & reached_at(to_stage).is_null()).then(
            wall_days(start, pl.col("stage_at"), zone=zone)
        ),
    ).sort(*keys, "entered_at", "lead_id")


def entry_at(stage: str, *, entry: Entry) -> pl.Expr:
    """The first entry, or the one that began the latest episode after a recycling (SEMANTICS 5)."""
    if entry == "first":
        return reached_at(stage)
    if stage not in ("mql", "sal"):
        raise InputError(f"a return after recycling has no time for '{stage}'", hint="ask for 'mql' or 'sal'")
    return pl.col(f"episode_{stage}_at")


def watched_days() -> pl.Expr:
    """How long a lead was watched for its conversion: to it, or to the end of what is visible.

    A lost lead is watched on: it has not converted at any later age either. Were it dropped at its loss, the curve
    would pretend that it might still have converted like the open ones.
    """
    return pl.coalesce("days", "age_days")


def has_converted() -> pl.Expr:
    return pl.col("days").is_not_null()
