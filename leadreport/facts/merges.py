"""Merged leads: the merged-away id disappears and its whole history is re-pointed to the survivor (SEMANTICS 7)."""

import narwhals.stable.v2 as nw

ROUNDS = 4
"""Each round doubles how far a chain of merges is followed: 16 merges in a row."""


def merge_targets(leads: nw.LazyFrame) -> nw.LazyFrame:
    """The survivor of every merged-away lead: [lead_id, survivor_id].

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


def surviving_leads(leads: nw.LazyFrame, targets: nw.LazyFrame) -> nw.LazyFrame:
    """One row per survivor, created when the first of its merged leads was, with the number merged into it."""
    group = repointed(leads.select("lead_id", "created_at"), targets).group_by("lead_id")
    first = group.agg(first_created_at=nw.col("created_at").min(), rows=nw.len())
    survivors = leads.join(targets, on="lead_id", how="anti").join(first, on="lead_id", how="left")
    return survivors.with_columns(
        created_at=nw.col("first_created_at"), merged_leads=(nw.col("rows") - 1).cast(nw.Int64)
    ).drop("first_created_at", "rows", "merged_into")
