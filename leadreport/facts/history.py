"""What the tables showed at an instant: rows that had happened, deals as they stood, merged ids re-pointed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from leadreport.tables import INSTANTS

ROUNDS = 4
"""Each round doubles how far a chain of merges is followed: 16 merges in a row."""


def visible(tables: Mapping[str, Any], *, as_of: datetime) -> dict[str, nw.LazyFrame]:
    """The tables as they stood at the instant (definition 1), lazy."""
    return {name: visible_rows(nw.from_native(tables[name]).lazy(), name, as_of=as_of) for name in INSTANTS}


def visible_rows(rows: nw.LazyFrame, name: str, *, as_of: datetime) -> nw.LazyFrame:
    """The rows of one table that had happened before the instant; a deal that closed later was still open."""
    boundary = nw.lit(as_of)
    seen = rows.filter(nw.col(INSTANTS[name]) < boundary)
    if name != "deals":
        return seen
    was_open = nw.col("closed_at").is_null() | (nw.col("closed_at") >= boundary)
    return seen.with_columns(
        status=nw.when(was_open).then(nw.lit("open")).otherwise(nw.col("status")),
        closed_at=nw.when(~was_open).then(nw.col("closed_at")),
        reason=nw.when(~was_open).then(nw.col("reason")),
    )


def merge_targets(leads: nw.LazyFrame) -> nw.LazyFrame:
    """The survivor of every merged-away lead (definition 7): [lead_id, survivor_id].

    A merge into a lead that does not exist, or in a circle, has no survivor; such a lead stays itself.
    """
    merged = leads.filter(~nw.col("merged_into").is_null())
    targets = merged.select("lead_id", survivor_id=nw.col("merged_into"))
    for _ in range(ROUNDS):
        further = targets.select(survivor_id=nw.col("lead_id"), beyond=nw.col("survivor_id"))
        targets = targets.join(further, on="survivor_id", how="left").select(
            "lead_id", survivor_id=nw.coalesce(nw.col("beyond"), nw.col("survivor_id"))
        )
    survivors = leads.filter(nw.col("merged_into").is_null()).select(survivor_id=nw.col("lead_id"))
    return targets.join(survivors, on="survivor_id", how="inner").select("lead_id", "survivor_id")


def repointed(table: nw.LazyFrame, targets: nw.LazyFrame) -> nw.LazyFrame:
    """The table with every merged-away `lead_id` replaced by its survivor's."""
    survivor_id = nw.coalesce(nw.col("survivor_id"), nw.col("lead_id"))
    return table.join(targets, on="lead_id", how="left").with_columns(lead_id=survivor_id).drop("survivor_id")


def of_survivors(rows: pl.DataFrame, leads: pl.DataFrame, *, facts: pl.DataFrame) -> pl.DataFrame:
    """The rows of the leads that the facts have, those of merged-away records under their survivor's `lead_id`.

    `leads` is the table of leads. A record that the facts have was not merged when they were made, whatever the table
    shows since.
    """
    known = nw.from_native(facts.lazy()).select("lead_id")
    targets = merge_targets(nw.from_native(leads.lazy())).join(known, on="lead_id", how="anti")
    own = repointed(nw.from_native(rows.lazy()), targets).join(known, on="lead_id", how="semi")
    return own.to_native().collect()


def surviving_leads(leads: nw.LazyFrame, targets: nw.LazyFrame) -> nw.LazyFrame:
    """One row per survivor, created when the first of its merged leads was, with the number merged into it.

    What the survivor leaves empty is filled from the leads merged into it, the oldest first.
    """
    merged = leads.join(targets, on="lead_id", how="inner").with_columns(is_merged=nw.lit(1))
    grown = targets.select(lead_id=nw.col("survivor_id")).unique()
    survivors = leads.join(grown, on="lead_id", how="inner").with_columns(
        survivor_id=nw.col("lead_id"), is_merged=nw.lit(0)
    )
    group = nw.concat([survivors, merged], how="vertical")
    known = [name for name in leads.collect_schema().names() if name not in ("lead_id", "created_at", "merged_into")]
    order = ["is_merged", "created_at", "lead_id"]
    filled = group.with_columns(
        nw.col(known).fill_null(strategy="backward").over("survivor_id", order_by=order),
        first_created_at=nw.col("created_at").min().over("survivor_id"),
        merged_leads=nw.col("is_merged").sum().over("survivor_id").cast(nw.Int64),
    ).filter(nw.col("is_merged") == 0)
    filled = filled.with_columns(created_at=nw.col("first_created_at"))
    alone = leads.join(targets, on="lead_id", how="anti").join(grown, on="lead_id", how="anti")
    columns = ["lead_id", "created_at", *known, "merged_leads"]
    alone = alone.with_columns(merged_leads=nw.lit(0).cast(nw.Int64))
    return nw.concat([alone.select(columns), filled.select(columns)], how="vertical")
