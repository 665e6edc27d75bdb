"""The journey of a lead: when it first reached each stage, how it left the funnel, and whether it came back."""

import itertools

import narwhals.stable.v2 as nw

from leadreport.words import ACCEPTED, CLASSES, STAGES

LATER = STAGES[1:]
"""The stages after `lead`, which every lead has reached by being created."""


def stage_entries(stages: nw.LazyFrame, deals: nw.LazyFrame) -> nw.LazyFrame:
    """Every entry into a stage: [lead_id, stage, reached_at, reason], from the stage history and from what deals imply.

    A deal makes its lead an opportunity when it is created, a customer when it is won, lost when it is lost and no
    other deal of the lead is open.
    """
    no_reason = nw.lit(None, dtype=nw.String)
    opened = deals.select("lead_id", stage=nw.lit("opportunity"), reached_at=nw.col("created_at"), reason=no_reason)
    won = deals.filter(nw.col("status") == "won").select(
        "lead_id", stage=nw.lit("customer"), reached_at=nw.col("closed_at"), reason=no_reason
    )
    still_open = deals.filter(nw.col("status") == "open").select("lead_id").unique()
    lost = deals.filter(nw.col("status") == "lost").join(still_open, on="lead_id", how="anti")
    lost = lost.select("lead_id", stage=nw.lit("lost"), reached_at=nw.col("closed_at"), reason=nw.col("reason"))
    recorded = stages.select("lead_id", "stage", "reached_at", "reason")
    return nw.concat([recorded, opened, won, lost], how="vertical")


def first_reached(entries: nw.LazyFrame) -> nw.LazyFrame:
    """First time per stage, with skipped stages imputed from the next later one (definition 5).

    Columns: lead_id, and for each stage above `lead` `{stage}_at` and `is_{stage}_imputed`.
    """
    at = nw.col("reached_at")
    reached = entries.group_by("lead_id").agg(
        *(nw.when(nw.col("stage") == stage).then(at).min().alias(f"{stage}_at") for stage in LATER)
    )
    reached = reached.with_columns(is_customer_imputed=nw.lit(False))
    for stage, later in reversed(list(itertools.pairwise(LATER))):
        observed = nw.col(f"{stage}_at")
        reached = reached.with_columns(
            (observed.is_null() & ~nw.col(f"{later}_at").is_null()).alias(f"is_{stage}_imputed"),
            nw.coalesce(observed, nw.col(f"{later}_at")).alias(f"{stage}_at"),
        )
    return reached


def stage_now(entries: nw.LazyFrame) -> nw.LazyFrame:
    """The latest stage of each lead; of entries at the same instant the highest: [lead_id, stage, stage_at]."""
    at = nw.col("reached_at")
    last = entries.group_by("lead_id").agg(
        at.max().alias("stage_at"),
        *(nw.when(nw.col("stage") == stage).then(at).max().alias(stage) for stage in CLASSES),
    )
    name = nw.lit(CLASSES[0])
    for stage in CLASSES[1:]:
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
    accepted = entries.filter(nw.col("stage").is_in(ACCEPTED)).select("lead_id", accepted_at=nw.col("reached_at"))
    after = last.join(accepted, on="lead_id", how="inner").filter(nw.col("accepted_at") >= nw.col("return_mql_at"))
    again = after.group_by("lead_id").agg(return_sal_at=nw.col("accepted_at").min())
    return last.join(again, on="lead_id", how="left")


def latest_rows(rows: nw.LazyFrame, *, at: str, keys: list[str], values: list[str]) -> nw.LazyFrame:
    """The values of each key's latest row; of rows at the same instant the smallest value of each column."""
    newest = rows.group_by(keys).agg(nw.col(at).max().alias("newest_at"))
    ties = rows.join(newest, on=keys, how="inner").filter(nw.col(at) == nw.col("newest_at"))
    return ties.group_by(keys).agg(nw.col(at).max(), *(nw.col(value).min() for value in values))
