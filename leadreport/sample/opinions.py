"""What reps write down about their leads: qualification answers and the 0-10 pulse."""

import numpy as np
import polars as pl

from leadreport.sample.calendar import Calendar, instant
from leadreport.sample.people import drawn

# criterion: yes, no, unknown among SALs that go no further; among SQLs that do not buy; among customers
BANT = {
    "budget": ((0.22, 0.34, 0.44), (0.76, 0.08, 0.16), (0.93, 0.02, 0.05)),
    "authority": ((0.30, 0.30, 0.40), (0.80, 0.08, 0.12), (0.90, 0.03, 0.07)),
    "need": ((0.52, 0.18, 0.30), (0.93, 0.02, 0.05), (0.94, 0.02, 0.04)),
    "timeline": ((0.24, 0.30, 0.46), (0.86, 0.05, 0.09), (0.85, 0.05, 0.10)),
}
ASKED = {"budget": 0.84, "authority": 0.80, "need": 0.94, "timeline": 0.78}
"""Share of the accepted leads for which a rep filled the field at all; SQLs get it filled twice as reliably."""
ENGINEERS = {"Robin Weber (presales)": 0.5, "Alex Kurz (presales)": 0.5}
PULSE = (3.2, 3.4, 6.3, 7.4, 7.8, 8.9)
"""Mean feedback by how far the lead got."""
LIST_MALUS = 1.2
"""So much lower is the feedback for leads from a bought list."""


def make_answers(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """lead_id, answered_at, criterion, answer, by; the four questions of BANT."""
    sals = journeys.filter(pl.col("depth") >= 2)
    answers = pl.concat([answered(sals, criterion, calendar, rng) for criterion in BANT])
    answers = pl.concat([answers, second_opinions(answers, calendar, rng)]).filter(pl.col("at") < calendar.end)
    answers = answers.sort("at", "lead_id", "criterion", "by", maintain_order=True)
    return answers.select("lead_id", instant("at").alias("answered_at"), "criterion", "answer", "by")


def answered(sals: pl.DataFrame, criterion: str, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """One question: asked of most, between the first touch and the verdict."""
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
    """Now and then presales asks again and hears the opposite."""
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
