"""How complete a framework's answers are, what they go with, and where people contradict each other."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.errors import PolicyError, did_you_mean
from leadreport.policy import FRAMEWORKS, Framework, Policy
from leadreport.qualify.answers import answered, known_answer
from leadreport.rates import rate, wilson_high, wilson_low

ANSWERS = ("yes", "no", "unknown")


def framework_answers(facts: pl.DataFrame, *, framework: str, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """How each criterion of a framework is answered, and the close rate that goes with each answer.

    Three rows per criterion, in the framework's order: criterion, question, answer (yes, no, unknown), leads,
    share_rate (of all leads), served (leads whose answer stems from another framework's criterion of the same meaning),
    mature, customers (of the mature), close_rate with low and high. A lead is mature when the policy's horizon from
    lead to customer has passed since it was created; younger ones are open, not lost.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> asked = framework_answers(ws.facts, framework="bant", policy=ws.policy, as_of=ws.as_of)
    >>> asked["criterion"].unique(maintain_order=True).to_list()
    ['budget', 'authority', 'need', 'timeline']
    """
    each = named_framework(framework)
    parts = [criterion_answers(facts, criterion=name, policy=policy, as_of=as_of) for name in each.criteria]
    questions = pl.DataFrame({"criterion": each.criteria, "question": list(each.questions.values())})
    return (
        pl.concat(parts)
        .join(questions, on="criterion", how="left", maintain_order="left")
        .with_columns(**close_rate())
        .select(
            "criterion", "question", "answer", "leads", "share_rate", "served", "mature", "customers",
            "close_rate", "low", "high",
        )
    )  # fmt: skip


def framework_completeness(facts: pl.DataFrame, *, framework: str, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """How many leads have how many criteria of a framework answered, and how they close.

    One row per number of answers, from none to all: answers, leads, share_rate, mature, customers, close_rate, low,
    high. For SPIN this is its coverage: how far the conversation got.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> complete = framework_completeness(ws.facts, framework="bant", policy=ws.policy, as_of=ws.as_of)
    >>> complete["leads"].sum() == ws.facts.height
    True
    """
    names = named_framework(framework).criteria
    answers = pl.sum_horizontal(answered(name) != "unknown" for name in names).cast(pl.Int64)
    every = pl.DataFrame({"answers": range(len(names) + 1)}, schema={"answers": pl.Int64})
    counts = facts.group_by(answers=answers).agg(**counted(policy=policy, as_of=as_of))
    return (
        every.join(counts, on="answers", how="left", maintain_order="left")
        .with_columns(pl.col("leads", "mature", "customers").fill_null(0))
        .with_columns(share_rate=rate("leads", pl.col("leads").sum()).round(10), **close_rate())
        .select("answers", "leads", "share_rate", "mature", "customers", "close_rate", "low", "high")
    )


def contradictions(answers: pl.DataFrame, *, as_of: datetime) -> pl.DataFrame:
    """Where one person says yes and another no, each by their latest word before `as_of`.

    Reads the table `answers`. One row per lead and criterion: lead_id, criterion, yes_by, yes_at, no_by, no_at, counts
    (the answer that counts: the later one, "no" when both came at once).

    Examples
    --------
    >>> said = {"lead_id": ["a", "a"], "criterion": ["need", "need"], "answer": ["yes", "no"], "by": ["Ada", "Ben"]}
    >>> days = [datetime(2026, 1, 5), datetime(2026, 1, 7)]
    >>> found = contradictions(pl.DataFrame(said | {"answered_at": days}), as_of=datetime(2026, 2, 1))
    >>> found.select("yes_by", "no_by", "counts").row(0)
    ('Ada', 'Ben', 'no')
    """
    said = answers.filter(pl.col("answered_at") < as_of).with_columns(pl.col("by").fill_null("unknown"))
    keys = ["lead_id", "criterion"]
    last = said.sort("answered_at", pl.col("answer") == "no").group_by(*keys, "by", maintain_order=True).last()
    sides = [
        last.filter(pl.col("answer") == side)
        .sort("answered_at", "by")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("by").last().alias(f"{side}_by"), pl.col("answered_at").last().alias(f"{side}_at"))
        for side in ("yes", "no")
    ]
    is_yes = pl.col("yes_at") > pl.col("no_at")
    counts = pl.when(is_yes).then(pl.lit("yes")).otherwise(pl.lit("no"))
    return sides[0].join(sides[1], on=keys).with_columns(counts=counts).sort(keys)


def criterion_answers(facts: pl.DataFrame, *, criterion: str, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The three answers of one criterion with their counts."""
    is_served = (answered(criterion) != "unknown") & known_answer(criterion).is_null()
    every = pl.DataFrame({"answer": ANSWERS})
    counts = facts.group_by(answer=answered(criterion)).agg(
        served=is_served.sum().cast(pl.Int64), **counted(policy=policy, as_of=as_of)
    )
    return (
        every.join(counts, on="answer", how="left", maintain_order="left")
        .with_columns(pl.col("served", "leads", "mature", "customers").fill_null(0))
        .with_columns(criterion=pl.lit(criterion), share_rate=rate("leads", pl.col("leads").sum()).round(10))
    )


def counted(*, policy: Policy, as_of: datetime) -> dict[str, pl.Expr]:
    """Leads, mature ones, and the customers among those."""
    is_mature = pl.col("created_at") <= as_of - timedelta(days=policy.horizon_days("lead", "customer"))
    counts = {"leads": pl.len(), "mature": is_mature.sum(), "customers": (is_mature & pl.col("is_customer")).sum()}
    return {name: count.cast(pl.Int64) for name, count in counts.items()}


def close_rate() -> dict[str, pl.Expr]:
    ends = {"close_rate": rate, "low": wilson_low, "high": wilson_high}
    return {name: end("customers", "mature").round(10) for name, end in ends.items()}


def named_framework(name: str) -> Framework:
    if name not in FRAMEWORKS:
        raise PolicyError(f"there is no framework '{name}'", hint=did_you_mean(name, list(FRAMEWORKS)))
    return FRAMEWORKS[name]
