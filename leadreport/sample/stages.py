"""The stage history as a CRM keeps it: with exits, returns, and steps that nobody recorded."""

import numpy as np
import polars as pl

from leadreport.sample.calendar import DAY, Calendar, instant
from leadreport.sample.people import drawn
from leadreport.words import STAGES

SKIPPED = {"mql": 0.04, "sal": 0.09, "sql": 0.05, "opportunity": 0.04, "customer": 0.04}
"""Shares of steps that were taken and not recorded, where a later one was."""
REJECTED = {
    "not ready": 0.34,
    "no budget": 0.20,
    "wrong contact data": 0.16,
    "no need": 0.16,
    "student": 0.08,
    "competitor": 0.06,
}
REJECTED_LIST = {"wrong contact data": 0.46, "never heard of us": 0.30, "no need": 0.18, "not ready": 0.06}
PARKED = {"no budget this year": 0.35, "not ready": 0.30, "no reply": 0.35}
DROPPED = {"no need": 0.40, "no budget": 0.30, "chose another way": 0.30}
UNFIT = {"student": 0.35, "competitor": 0.15, "invalid address": 0.30, "outside our market": 0.20}


def make_stages(
    journeys: pl.DataFrame, deals: pl.DataFrame, calendar: Calendar, rng: np.random.Generator
) -> pl.DataFrame:
    """lead_id, reached_at, stage, reason; in the order in which it happened."""
    parts = [ladder(journeys, rng), returns(journeys), *exits(journeys, calendar, rng), losses(deals, rng)]
    history = pl.concat(parts).filter(pl.col("at") < calendar.end)
    rank = pl.col("stage").replace_strict({stage: place for place, stage in enumerate(STAGES)}, default=len(STAGES))
    history = history.sort("at", "lead_id", rank, maintain_order=True)
    return history.select("lead_id", instant("at").alias("reached_at"), "stage", "reason")


def rows(journeys: pl.DataFrame, at: str, stage: str, reason: pl.Series | None = None) -> pl.DataFrame:
    return journeys.select(
        "lead_id", at=pl.col(at), stage=pl.lit(stage), reason=pl.lit(None, pl.String) if reason is None else reason
    )


def ladder(journeys: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The steps up, without those that were skipped."""
    ats = ("created", "mql", "sal", "sql", "opportunity", "closed")
    parts = []
    for rank, (stage, at) in enumerate(zip(STAGES, ats, strict=True)):
        is_kept = pl.Series(rng.random(journeys.height) >= SKIPPED.get(stage, 0))
        is_last = (pl.col("depth") == rank) & (stage != "customer")
        parts.append(rows(journeys.filter((pl.col("depth") >= rank) & (is_kept | is_last)), at, stage))
    return pl.concat(parts)


def returns(journeys: pl.DataFrame) -> pl.DataFrame:
    """Parked by sales, and back as an MQL weeks later: a new episode."""
    detours = journeys.filter("is_detour")
    return pl.concat(
        [
            rows(detours, "parked", "recycled", pl.lit("no budget this year")),
            rows(detours, "again", "mql"),
            rows(detours, "resumed", "sal"),
        ]
    )


def exits(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Disqualified by marketing, rejected by sales, parked or dropped on the way."""
    unfit = some(journeys, depth=0, share=0.12, rng=rng)
    unfit = unfit.with_columns(at=pl.col("created") + pl.Series(rng.integers(1, 12, unfit.height) * DAY))
    rejected = some(journeys, depth=1, share=0.80, rng=rng).filter(~pl.col("is_unowned"))
    rejected = rejected.with_columns(
        at=pl.Series(calendar.later(rejected["touch"].to_numpy(), rng.gamma(2, 6, rejected.height)))
    )
    stuck = some(journeys, depth=2, share=0.80, rng=rng)
    stuck = stuck.with_columns(
        at=pl.Series(calendar.later(stuck["resumed"].to_numpy(), rng.gamma(3, 14, stuck.height)))
    )
    dropped = some(journeys, depth=3, share=0.70, rng=rng)
    dropped = dropped.with_columns(
        at=pl.Series(calendar.later(dropped["sql"].to_numpy(), rng.gamma(3, 20, dropped.height)))
    )
    return [
        rows(unfit, "at", "disqualified", drawn(UNFIT, unfit.height, rng)),
        verdicts(rejected.filter(~pl.col("is_bought")), REJECTED, rng),
        verdicts(rejected.filter("is_bought"), REJECTED_LIST, rng),
        rows(stuck.head(stuck.height // 2), "at", "recycled", drawn(PARKED, stuck.height // 2, rng)),
        rows(
            stuck.tail(-(stuck.height // 2)),
            "at",
            "disqualified",
            drawn(DROPPED, stuck.height - stuck.height // 2, rng),
        ),
        rows(dropped, "at", "disqualified", drawn(DROPPED, dropped.height, rng)),
    ]


def losses(deals: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Most lost deals are told of in the stage history as well."""
    told = deals.filter(
        (pl.col("status") == "lost") & pl.col("lead_id").is_not_null() & pl.Series(rng.random(deals.height) < 0.9)
    )
    return told.select("lead_id", at=pl.col("closed_at").dt.epoch("s"), stage=pl.lit("lost"), reason="reason")


def some(journeys: pl.DataFrame, *, depth: int, share: float, rng: np.random.Generator) -> pl.DataFrame:
    """A random share of the leads that got so far and no further, in random order."""
    there = journeys.filter(pl.col("depth") == depth)
    chosen = rng.permutation(there.height)[: int(there.height * share)]
    return there[chosen]


def verdicts(rejected: pl.DataFrame, reasons: dict[str, float], rng: np.random.Generator) -> pl.DataFrame:
    """Sales sends back what is not ready, and disqualifies the rest."""
    reason = drawn(reasons, rejected.height, rng)
    history = rows(rejected, "at", "disqualified", reason.alias("reason"))
    is_early = pl.col("reason").is_in(["not ready", "no budget"])
    return history.with_columns(stage=pl.when(is_early).then(pl.lit("recycled")).otherwise("stage"))
