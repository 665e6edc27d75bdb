"""Reading a lead's facts: when it reached a stage, how far it came, whether it is lost or closed."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.policy import Policy
from leadreport.words import CLOSED, LOST, STAGES, Stage


def reached_at(stage: str) -> pl.Expr:
    """When a lead first reached a stage; every lead is a lead from its creation on."""
    return pl.col("created_at") if stage == "lead" else pl.col(f"{stage}_at")


def recorded_at(stage: str) -> pl.Expr:
    """When a lead first reached a stage by the record; null where only a later stage implies the entry."""
    at = reached_at(stage)
    return at if stage == "lead" else pl.when(~pl.col(f"is_{stage}_imputed")).then(at)


def is_lost() -> pl.Expr:
    """Whether a lead left the funnel for good, by the record, without becoming a customer."""
    return pl.col("stage").is_in(LOST) & reached_at("customer").is_null()


def is_mature(at: str = "created_at", *, policy: Policy, as_of: datetime, stage: Stage = "lead") -> pl.Expr:
    """Whether a lead has had its whole time to become a customer, by age alone (definition 17).

    True from the policy's horizon on, counted from `at`, the column with the instant at which the lead was at `stage`.
    That a young lead is already won or lost does not make it mature: fast winners of young cohorts would raise every
    close rate.
    """
    return pl.col(at) <= as_of - timedelta(days=policy.horizon_days(stage, "customer"))


def is_closed() -> pl.Expr:
    """Whether a lead is no longer open: it left by an exit, or bought."""
    return pl.col("stage").is_in(CLOSED)


def furthest_rank() -> pl.Expr:
    """The rank of the highest stage a lead has reached; 0 is `lead`."""
    ranks = [pl.when(reached_at(stage).is_not_null()).then(rank) for rank, stage in enumerate(STAGES)]
    return pl.max_horizontal(pl.lit(0), *ranks)
