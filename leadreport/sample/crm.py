"""What people write into the CRM: stages, with exits and returns, answers to BANT, and feedback."""

import numpy as np
import polars as pl

from leadreport.sample.calendar import DAY, Calendar, instant
from leadreport.sample.people import drawn
from leadreport.words import STAGES

SKIPPED = {"mql": 0.04, "sal": 0.09, "sql": 0.05, "opportunity": 0.04, "customer": 0.04}
"""Shares of steps that were taken but not recorded, though a later one was."""
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
# criterion: yes, no, unknown among SALs that go no further; among SQLs that do not buy; among customers
BANT = {
    "budget": ((0.22, 0.34, 0.44), (0.76, 0.08, 0.16), (0.93, 0.02, 0.05)),
    "authority": ((0.30, 0.30, 0.40), (0.80, 0.08, 0.12), (0.90, 0.03, 0.07)),
    "need": ((0.52, 0.18, 0.30), (0.93, 0.02, 0.05), (0.94, 0.02, 0.04)),
    "timeline": ((0.24, 0.30, 0.46), (0.86, 0.05, 0.09), (0.85, 0.05, 0.10)),
}
ASKED = {"budget": 0.84, "authority": 0.80, "need": 0.94, "timeline": 0.78}
"""Share of the accepted leads for which a rep filled in the field; for SQLs half as many are left out."""
ENGINEERS = {"Robin Weber (presales)": 0.5, "Alex Kurz (presales)": 0.5}
PULSE = (3.2, 3.4, 6.3, 7.4, 7.8, 8.9)
"""Mean feedback by the depth of the lead, from lead to customer."""
LIST_MALUS = 1.2
"""How much lower the mean feedback is for leads from a bought list."""


def make_stages(
    journeys: pl.DataFrame, deals: pl.DataFrame, calendar: Calendar, rng: np.random.Generator
) -> pl.DataFrame:
    """lead_id, reached_at, stage, reason; in the order of time."""
    parts = [entries(journeys, rng), returns(journeys), *exits(journeys, calendar, rng), losses(deals, rng)]
    history = pl.concat(parts).filter(pl.col("at") < calendar.end)
    rank = pl.col("stage").replace_strict({stage: place for place, stage in enumerate(STAGES)}, default=len(STAGES))
    history = history.sort("at", "lead_id", rank, maintain_order=True)
    return history.select("lead_id", instant("at").alias("reached_at"), "stage", "reason")


def rows(journeys: pl.DataFrame, at: str, stage: str, reason: pl.Series | None = None) -> pl.DataFrame:
    return journeys.select(
        "lead_id", at=pl.col(at), stage=pl.lit(stage), reason=pl.lit(None, pl.String) if reason is None else reason
    )


def entries(journeys: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The entries into stages, without the skipped ones."""
    ats = ("created", "mql", "sal", "sql", "opportunity", "closed")
    parts = []
    for rank, (stage, at) in enumerate(zip(STAGES, ats, strict=True)):
        is_kept = pl.Series(rng.random(journeys.height) >= SKIPPED.get(stage, 0))
        is_last = (pl.col("depth") == rank) & (stage != "customer")
        parts.append(rows(journeys.filter((pl.col("depth") >= rank) & (is_kept | is_last)), at, stage))
    return pl.concat(parts)


def returns(journeys: pl.DataFrame) -> pl.DataFrame:
    """Returns: parked by sales, and an MQL again weeks later, in a new episode."""
    detours = journeys.filter("is_detour")
    return pl.concat(
        [
            rows(detours, "parked", "recycled", pl.lit("no budget this year")),
            rows(detours, "again", "mql"),
            rows(detours, "resumed", "sal"),
        ]
    )


def exits(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Exits: disqualified by marketing, rejected by sales, parked or dropped later."""
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
    """Losses in the stage history: most lost deals have one."""
    recorded = deals.filter(
        (pl.col("status") == "lost") & pl.col("lead_id").is_not_null() & pl.Series(rng.random(deals.height) < 0.9)
    )
    return recorded.select("lead_id", at=pl.col("closed_at").dt.epoch("s"), stage=pl.lit("lost"), reason="reason")


def some(journeys: pl.DataFrame, *, depth: int, share: float, rng: np.random.Generator) -> pl.DataFrame:
    """A random share of the leads that got to a depth and no further, in random order."""
    there = journeys.filter(pl.col("depth") == depth)
    chosen = rng.permutation(there.height)[: int(there.height * share)]
    return there[chosen]


def verdicts(rejected: pl.DataFrame, reasons: dict[str, float], rng: np.random.Generator) -> pl.DataFrame:
    """Rejections by sales: recycled when the lead is not ready, else disqualified."""
    reason = drawn(reasons, rejected.height, rng)
    history = rows(rejected, "at", "disqualified", reason.alias("reason"))
    is_early = pl.col("reason").is_in(["not ready", "no budget"])
    return history.with_columns(stage=pl.when(is_early).then(pl.lit("recycled")).otherwise("stage"))


def make_answers(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """lead_id, answered_at, criterion, answer, by; the four questions of BANT."""
    sals = journeys.filter(pl.col("depth") >= 2)
    answers = pl.concat([answered(sals, criterion, calendar, rng) for criterion in BANT])
    answers = pl.concat([answers, second_opinions(answers, calendar, rng)]).filter(pl.col("at") < calendar.end)
    answers = answers.sort("at", "lead_id", "criterion", "by", maintain_order=True)
    return answers.select("lead_id", instant("at").alias("answered_at"), "criterion", "answer", "by")


def answered(sals: pl.DataFrame, criterion: str, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """The answers to one question, given by most leads between the first touch and the verdict."""
    depth = sals["depth"].to_numpy()
    group = np.where(depth == 5, 2, (depth >= 3).astype(int))
    edges = np.cumsum(np.array(BANT[criterion]), axis=1)[group]
    answer = np.array(["yes", "no", "unknown"])[(rng.random(sals.height)[:, None] > edges[:, :2]).sum(axis=1)]
    at = calendar.between(sals["resumed"].to_numpy(), sals["sql"].to_numpy(), rng)
    skipped = (1 - ASKED[criterion]) * np.where(depth >= 3, 0.5, 1.0)
    return sals.select(
        "lead_id", pl.Series("at", at), pl.lit(criterion).alias("criterion"), pl.Series("answer", answer), by="owner"
    ).filter(pl.Series(rng.random(sals.height) >= skipped))


def second_opinions(answers: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """Second opinions: presales sometimes asks again and hears the opposite."""
    doubted = answers.filter((pl.col("answer") != "unknown") & pl.Series(rng.random(answers.height) < 0.03))
    opposite = pl.when(pl.col("answer") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes"))
    return doubted.with_columns(
        pl.Series("at", calendar.later(doubted["at"].to_numpy(), rng.uniform(4, 60, doubted.height))),
        opposite.alias("answer"),
        drawn(ENGINEERS, doubted.height, rng).alias("by"),
    )


def make_feedback(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """lead_id, given_at, score, by; what the rep thinks of the lead, days after the first touch."""
    asked = journeys.filter((pl.col("depth") >= 1) & ~pl.col("is_untouched") & ~pl.col("is_unowned"))
    asked = asked.filter(pl.Series(rng.random(asked.height) < 0.35))
    mean = np.array(PULSE)[asked["depth"].to_numpy()] - LIST_MALUS * asked["is_bought"].to_numpy()
    score = np.clip(np.round(rng.normal(mean, 1.7)), 0, 10).astype(np.int64)
    at = calendar.later(asked["resumed"].to_numpy(), rng.gamma(2, 16, asked.height))
    given = asked.select("lead_id", pl.Series("at", at), pl.Series("score", score), by="owner")
    given = given.filter(pl.col("at") < calendar.end).sort("at", "lead_id", maintain_order=True)
    return given.select("lead_id", instant("at").alias("given_at"), "score", "by")
