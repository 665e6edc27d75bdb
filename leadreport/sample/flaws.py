"""The flaws of a real export: gaps, merged duplicates, disagreeing clocks, and impossible rows."""

from datetime import timedelta

import numpy as np
import polars as pl

from leadreport.sample.truths import BLANKS

Tables = dict[str, pl.DataFrame]
Cells = dict[str, pl.Expr | None]

MERGED, CHAINED = 60, 3
"""Leads that were created twice and merged; of their duplicates, those with a duplicate of their own."""
EARLY_MQLS, EARLY_SQLS = 20, 12
"""Leads whose MQL is before their creation; leads whose SQL is before their MQL."""


def numbered(prefix: str) -> pl.Expr:
    """Ids that no good row has."""
    return pl.format(prefix + "{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(3))


# table: how many copies of good rows, with which cells changed; no change makes an exact duplicate
BAD: dict[str, list[tuple[int, Cells]]] = {
    "leads": [(12, {}), (25, {"lead_id": numbered("L80"), "created_at": None, "merged_into": None})],
    "activities": [(300, {"lead_id": numbered("X00")}), (120, {"happened_at": None})],
    "stages": [(50, {"stage": pl.lit("Marketing Engaged")}), (30, {"reached_at": None})],
    "deals": [
        (1, {}),
        (3, {"deal_id": numbered("D8"), "amount": -pl.col("amount").fill_null(500.0)}),
        (2, {"deal_id": numbered("D9"), "status": pl.lit("won"), "closed_at": None}),
    ],
    "spend": [(12, {"amount": -pl.col("amount")}), (8, {"spent_on": None})],
    "answers": [(35, {"answer": pl.lit("maybe")})],
    "feedback": [(6, {"score": pl.lit(11, pl.Int64)})],
}


def blank(leads: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The leads with some attribute values missing at random."""
    return leads.with_columns(
        pl.when(pl.Series(rng.random(leads.height) >= share)).then(name).alias(name) for name, share in BLANKS.items()
    )


def duplicate(tables: Tables, rng: np.random.Generator) -> Tables:
    """Duplicates: leads created again days later; later rows carry the duplicate's id, which is merged in the end."""
    leads = tables["leads"]
    touched = leads.filter(pl.col("created_at") < leads["created_at"].max() - timedelta(days=30))
    first = touched[np.sort(rng.choice(touched.height, MERGED, replace=False))]
    second = copies(first, start=1, days=4)
    third = copies(second[np.arange(CHAINED)], start=MERGED + 1, days=3)
    moved = pl.concat([second, third]).select(
        pl.col("merged_into").alias("lead_id"), pl.col("lead_id").alias("copy"), "created_at"
    )
    tables = {name: follow(table, moved) for name, table in tables.items()}
    leads = pl.concat([leads, second, third]).sort("created_at", "lead_id", maintain_order=True)
    return tables | {"leads": leads}


def copies(leads: pl.DataFrame, *, start: int, days: int) -> pl.DataFrame:
    """The same leads again, with ids of their own."""
    return leads.with_columns(
        pl.col("lead_id").alias("merged_into"),
        pl.format("L9{}", pl.int_range(start, start + pl.len()).cast(pl.String).str.zfill(4)).alias("lead_id"),
        pl.col("created_at") + timedelta(days=days),
    )


def follow(table: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """The table with the rows after the duplicate's creation under the duplicate's id; spend has no leads."""
    at = next((name for name in ("happened_at", "reached_at") if name in table.columns), None)
    if at is None:
        return table
    is_after = pl.col("copy").is_not_null() & (pl.col(at) > pl.col("created_at"))
    table = table.join(moved, on="lead_id", how="left", maintain_order="left")
    return table.with_columns(pl.when(is_after).then("copy").otherwise("lead_id").alias("lead_id")).drop(
        "copy", "created_at"
    )


def unsettle(tables: Tables, rng: np.random.Generator) -> Tables:
    """Disagreeing clocks: some MQLs two days before the lead's creation, some SQLs before the MQL."""
    stages = tables["stages"].with_row_index()
    mqls = stages.filter(pl.col("stage") == "mql").unique("lead_id", keep="first", maintain_order=True)
    created = mqls.join(tables["leads"], on="lead_id", maintain_order="left")
    soon = created.filter(pl.col("reached_at") - pl.col("created_at") < timedelta(days=2))
    early = soon.select("index", earlier=pl.col("reached_at") - timedelta(days=2))
    sqls = stages.filter(pl.col("stage") == "sql").join(mqls, on="lead_id", maintain_order="left", suffix="_mql")
    before = sqls.select("index", earlier=pl.col("reached_at_mql") - timedelta(hours=3))
    moved = pl.concat([twice(early, EARLY_MQLS, rng), twice(before, EARLY_SQLS, rng)])
    stages = stages.join(moved, on="index", how="left", maintain_order="left")
    stages = stages.with_columns(reached_at=pl.coalesce("earlier", "reached_at")).drop("index", "earlier")
    return tables | {"stages": stages}


def spoil(tables: Tables, rng: np.random.Generator) -> Tables:
    """The tables with bad rows added, which a check must reject."""
    return {
        name: pl.concat([table, *[changed(table, count, rng, cells) for count, cells in BAD[name]]])
        for name, table in tables.items()
    }


def twice(table: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Some random rows again, in their order."""
    return table[np.sort(rng.choice(table.height, count, replace=False))]


def changed(table: pl.DataFrame, count: int, rng: np.random.Generator, cells: Cells) -> pl.DataFrame:
    """Copies of random rows with some cells changed; None empties a cell."""
    return twice(table, count, rng).with_columns(
        (pl.lit(None, table.schema[name]) if value is None else value).alias(name) for name, value in cells.items()
    )
