"""Durations and steps between stages."""

from datetime import datetime

import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.words import STAGES

SECONDS_A_DAY = 86_400


def days_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Days from one instant to another, with their fraction; negative when the end comes first."""
    return (end - start).dt.total_seconds(fractional=True) / SECONDS_A_DAY


def age_days(since: pl.Expr, as_of: datetime) -> pl.Expr:
    """Days from an instant to the end of what is visible."""
    return days_between(since, pl.lit(as_of))


def refuse_step(from_stage: str, to_stage: str) -> None:
    """A step leads up the ladder, between two stages that are on it."""
    for stage in (from_stage, to_stage):
        if stage not in STAGES:
            raise InputError(f"'{stage}' is not a stage", hint=did_you_mean(stage, STAGES))
    if STAGES.index(from_stage) >= STAGES.index(to_stage):
        raise InputError(f"'{to_stage}' does not come after '{from_stage}'", hint=f"the ladder is {', '.join(STAGES)}")
