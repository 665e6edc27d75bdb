"""Reading a lead's facts: when it reached a stage, how far it came, whether it is lost or closed."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.policy import Policy
from leadreport.words import CLOSED, LOST, STAGES, Stage

NEARLY_ALL = 0.95
"""A stage that a later one implies for this share of its entries is not recorded (definition 8a)."""

NEGLIGIBLE = 0.01
"""A table that implies fewer of a stage's entries is not needed to count them."""

RECENT_DAYS, LEAST_ENTRIES = 91, 10
"""Whether a stage is recorded is judged by the last 13 weeks, when they have this number of entries, else by all."""

OF_DEALS = ("opportunity", "customer")
"""Stages that deals record."""


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


def is_recorded(facts: pl.DataFrame, stage: str, *, as_of: datetime) -> bool:
    """Whether the source records entries into a stage: fewer than 19 in 20 of them are implied by a later stage.

    Examples
    --------
    >>> day = datetime(2026, 3, 2)
    >>> facts = pl.DataFrame({"sal_at": [day] * 20, "is_sal_imputed": [True] * 19 + [False]})
    >>> is_recorded(facts, "sal", as_of=day), is_recorded(facts.tail(19), "sal", as_of=day)
    (False, True)
    """
    entries = facts.filter(reached_at(stage).is_not_null())
    recent = entries.filter(reached_at(stage) >= as_of - timedelta(days=RECENT_DAYS))
    judged = recent if recent.height >= LEAST_ENTRIES else entries
    implied = judged.select(recorded_at(stage).is_null().mean()).item()
    return implied is not None and implied < NEARLY_ALL


def implying_tables(facts: pl.DataFrame, stages: pl.DataFrame, deals: pl.DataFrame, stage: str) -> set[str]:
    """The tables that entries into a stage come from; those of a later stage too, where it alone implies one in 100."""
    recorded = set(stages["stage"].unique())
    later, is_implied, tables = STAGES[STAGES.index(stage) :], pl.lit(True), set[str]()
    entries = facts.filter(reached_at(stage).is_not_null())
    for each in later:
        if stage == each or (entries.select(is_implied.mean()).item() or 0) >= NEGLIGIBLE:
            tables |= {"stages"} if each in recorded else set()
            tables |= {"deals"} if each in OF_DEALS and not deals.is_empty() else set()
        is_implied = is_implied & pl.col(f"is_{each}_imputed")
    return tables
