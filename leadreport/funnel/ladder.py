"""How far a lead has come, read from its facts."""

from datetime import datetime
from itertools import pairwise

import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.policy import LADDER

STEPS: tuple[tuple[str, str], ...] = tuple(pairwise(LADDER))
"""Each stage with the next one."""

LOST_STAGES = ("lost", "disqualified")
"""A recycled lead is not among them: it went back to nurture and may return."""

SECONDS_A_DAY = 86_400


def at(stage: str) -> pl.Expr:
    """When a lead first reached a stage; every lead is a lead from its creation on."""
    return pl.col("created_at") if stage == "lead" else pl.col(f"{stage}_at")


def recorded_at(stage: str) -> pl.Expr:
    """When a lead first reached a stage by the record; null where the entry was only implied by a later one."""
    return at(stage) if stage == "lead" else pl.when(~pl.col(f"is_{stage}_imputed")).then(at(stage))


def is_lost() -> pl.Expr:
    """Whether a lead has left the ladder for good, as far as the record says, without having become a customer."""
    return pl.col("stage").is_in(LOST_STAGES) & at("customer").is_null()


def furthest() -> pl.Expr:
    """The rank on the ladder of the highest stage a lead has reached; 0 is `lead`."""
    ranks = [pl.when(at(stage).is_not_null()).then(rank) for rank, stage in enumerate(LADDER)]
    return pl.max_horizontal(pl.lit(0), *ranks)


def days_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Days from one instant to another, with their fraction; negative when the end comes first."""
    return (end - start).dt.total_seconds(fractional=True) / SECONDS_A_DAY


def age_days(since: pl.Expr, as_of: datetime) -> pl.Expr:
    """Days from an instant to the end of what is visible."""
    return days_between(since, pl.lit(as_of))


def refuse_step(from_stage: str, to_stage: str) -> None:
    """A step leads up the ladder, between two stages that are on it."""
    for stage in (from_stage, to_stage):
        if stage not in LADDER:
            raise InputError(f"'{stage}' is not a stage", hint=did_you_mean(stage, LADDER))
    if LADDER.index(from_stage) >= LADDER.index(to_stage):
        raise InputError(f"'{to_stage}' does not come after '{from_stage}'", hint=f"the ladder is {', '.join(LADDER)}")
