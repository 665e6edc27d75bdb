"""The journey of a lead: when it first reached each stage, how it left the ladder, and whether it came back."""

import itertools

import narwhals.stable.v2 as nw

from leadreport.facts.latest import latest_rows
from leadreport.policy import EXITS, LADDER

CLIMBED = LADDER[1:]
"""The stages above `lead`, which every lead has reached by being created."""

WORKED = ("sal", "sql", "opportunity", "customer")
"""Stages that sales can only reach by having accepted the lead."""


def stage_entries(stages: nw.LazyFrame, deals: nw.LazyFrame) -> nw.LazyFrame:
    """Every entry into a stage: [lead_id, stage, reached_at, reason], from the stage history and from what deals imply.

    A deal makes its lead an opportunity when it is created, a customer when it is won, lost when it is lost.
    """
    owned = deals.filter(~nw.col("lead_id").is_null())
    opened = owned.select("lead_id", stage=nw.lit("opportunity"), reached_at=nw.col("created_at"), reason=no_reason())
    won = owned.filter(nw.col("status") == "won").select(
        "lead_id", stage=nw.lit("customer"), reached_at=nw.col("closed_at"), reason=no_reason()
    )
    lost = owned.filter(nw.col("status") == "lost").select(
        "lead_id", stage=nw.lit("lost"), reached_at=nw.col("closed_at"), reason=nw.col("reason")
    )
    recorded = stages.select("lead_id", "stage", "reached_at", "reason")
    return nw.concat([recorded, opened, won, lost], how="vertical")


def no_reason() -> nw.Expr:
    """A missing text, with a text's type."""
    return nw.lit(None, dtype=nw.String)


def first_reached(entries: nw.LazyFrame) -> nw.LazyFrame:
    """First time per stage, with skipped stages imputed from the next later one (SEMANTICS 5).

    Columns: lead_id, and for each stage above `lead` `{stage}_at` and `is_{stage}_imputed`.
    """
    at = nw.col("reached_at")
    reached = entries.group_by("lead_id").agg(
        *(nw.when(nw.col("stage") == stage).then(at).min().alias(f"{stage}_at") for stage in CLIMBED)
    )
    reached = reached.with_columns(is_customer_imputed=nw.lit(False))
    for stage, later in reversed(list(itertools.pairwise(CLIMBED))):
        observed = nw.col(f"{stage}_at")
        reached = reached.with_columns(
            (observed.is_null() & ~nw.col(f"{later}_at").is_null()).alias(f"is_{stage}_imputed"),
            nw.coalesce(observed, nw.col(f"{later}_at")).alias(f"{stage}_at"),
        )
    return reached


def stage_now(entries: nw.LazyFrame) -> nw.LazyFrame:
    """The latest stage of each lead; of entries at the same instant the highest: [lead_id, stage, stage_at]."""
    ranked = (*LADDER, *EXITS)
    at = nw.col("reached_at")
    last = entries.group_by("lead_id").agg(
        at.max().alias("stage_at"),
        *(nw.when(nw.col("stage") == stage).then(at).max().alias(stage) for stage in ranked),
    )
    name = nw.lit(ranked[0])
    for stage in ranked[1:]:
        name = nw.when(nw.col(stage) == nw.col("stage_at")).then(nw.lit(stage)).otherwise(name)
    return last.select("lead_id", "stage_at", stage=name)


def exits(entries: nw.LazyFrame, exit_stage: str) -> nw.LazyFrame:
    """The latest time a lead left by this exit, and why: [lead_id, {exit}_at, {exit}_reason]."""
    left = entries.filter(nw.col("stage") == exit_stage)
    return latest_rows(left, at="reached_at", keys=["lead_id"], values=["reason"]).select(
        "lead_id",
        nw.col("reached_at").alias(f"{exit_stage}_at"),
        nw.col("reason").alias(f"{exit_stage}_reason"),
    )


def episodes(entries: nw.LazyFrame) -> nw.LazyFrame:
    """Returns after recycling: [lead_id, returns, return_mql_at, return_sal_at], for leads that came back.

    A recycled lead that becomes an MQL again starts a new episode; the last one is what the handoff numbers use.
    """
    recycled = entries.filter(nw.col("stage") == "recycled").select("lead_id", recycled_at=nw.col("reached_at"))
    mqls = entries.filter(nw.col("stage") == "mql").select("lead_id", again_at=nw.col("reached_at"))
    returns = recycled.join(mqls, on="lead_id", how="inner").filter(nw.col("again_at") > nw.col("recycled_at"))
    each = returns.group_by("lead_id", "recycled_at").agg(again_at=nw.col("again_at").min())
    last = each.group_by("lead_id").agg(
        returns=nw.col("again_at").n_unique().cast(nw.Int64), return_mql_at=nw.col("again_at").max()
    )
    accepted = entries.filter(nw.col("stage").is_in(WORKED)).select("lead_id", accepted_at=nw.col("reached_at"))
    after = last.join(accepted, on="lead_id", how="inner").filter(nw.col("accepted_at") >= nw.col("return_mql_at"))
    again = after.group_by("lead_id").agg(return_sal_at=nw.col("accepted_at").min())
    return last.join(again, on="lead_id", how="left")
