"""Answers to the questions of a framework: which answer counts, how complete they are, and how often leads then buy."""

from datetime import datetime

import narwhals.stable.v2 as nw
import polars as pl

from leadreport.errors import PolicyError, did_you_mean
from leadreport.facts import is_mature, visible_rows
from leadreport.policy import FRAMEWORKS, Framework, Policy, same_meaning
from leadreport.rates import rate, rate_with_ends

ANSWERS = ("yes", "no", "unknown")


def framework_answers(
    facts: pl.DataFrame, *, framework: str | None = None, policy: Policy, as_of: datetime
) -> pl.DataFrame:
    """How each criterion of a framework is answered, and the close rate that goes with each answer (definition 20).

    The framework is the policy's unless another one is named.

    Three rows per criterion, in the framework's order: criterion, question, answer (yes, no, unknown), leads,
    share_rate (of all leads), via_other_framework (leads whose answer was given to another framework's criterion of the
    same meaning), mature, customers (of the mature), close_rate with low and high. A lead is mature when the policy's
    horizon from lead to customer has passed since its creation; younger leads are open, not lost.

    Raises
    ------
    PolicyError
        When there is no such framework.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> asked = framework_answers(ws.facts, framework="bant", policy=ws.policy, as_of=ws.as_of)
    >>> asked["criterion"].unique(maintain_order=True).to_list()
    ['budget', 'authority', 'need', 'timeline']
    """
    questions = named_framework(framework or policy.qualification.framework).questions
    parts = [
        every(
            pl.DataFrame({"answer": ANSWERS}),
            facts.group_by(answer=answered(name)).agg(
                via_other_framework=is_via_other(name).sum().cast(pl.Int64), **counts(policy=policy, as_of=as_of)
            ),
        ).with_columns(criterion=pl.lit(name), question=pl.lit(question))
        for name, question in questions.items()
    ]
    return pl.concat(parts).select(
        "criterion", "question", "answer", "leads", "share_rate", "via_other_framework", "mature", "customers",
        "close_rate", "low", "high",
    )  # fmt: skip


def framework_completeness(
    facts: pl.DataFrame, *, framework: str | None = None, policy: Policy, as_of: datetime
) -> pl.DataFrame:
    """How many leads have how many criteria of a framework answered, and how often they buy.

    The framework is the policy's unless another one is named.

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
    names = named_framework(framework or policy.qualification.framework).criteria
    answers = pl.sum_horizontal(answered(name) != "unknown" for name in names).cast(pl.Int64)
    rows = pl.DataFrame({"answers": range(len(names) + 1)}, schema={"answers": pl.Int64})
    return every(rows, facts.group_by(answers=answers).agg(**counts(policy=policy, as_of=as_of))).select(
        "answers", "leads", "share_rate", "mature", "customers", "close_rate", "low", "high"
    )


def framework_coverage(facts: pl.DataFrame) -> pl.DataFrame:
    """How many leads have an answer to each criterion, read by each framework in turn.

    One row per framework and criterion, in their order: framework, criterion, answered, answered_rate (of all leads),
    via_other_framework (of the answered, those whose answer was given to another framework's question).

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> framework_coverage(ws.facts)["framework"].unique(maintain_order=True).to_list()
    ['BANT', 'CHAMP', 'MEDDIC', 'ANUM', 'SPIN']
    """
    each = [(framework.name, name) for framework in FRAMEWORKS.values() for name in framework.criteria]
    counted = [
        facts.select(
            answered=(answered(name) != "unknown").sum().cast(pl.Int64),
            via_other_framework=is_via_other(name).sum().cast(pl.Int64),
        )
        for _, name in each
    ]
    named = pl.DataFrame(each, schema=["framework", "criterion"], orient="row")
    return named.hstack(pl.concat(counted)).select(
        *("framework", "criterion", "answered"),
        answered_rate=rate("answered", pl.lit(facts.height)).round(10),
        via_other_framework="via_other_framework",
    )


def contradictions(answers: pl.DataFrame, *, as_of: datetime) -> pl.DataFrame:
    """Where one person says yes and another no, each by their latest word before `as_of`.

    Reads the table `answers`. One row per lead and criterion: lead_id, criterion, yes_by, yes_at, no_by, no_at, counts
    (the answer that counts: the later one, "no" when both came at once).

    Examples
    --------
    >>> given = {"lead_id": ["a", "a"], "criterion": ["need", "need"], "answer": ["yes", "no"], "by": ["Ada", "Ben"]}
    >>> days = [datetime(2026, 1, 5), datetime(2026, 1, 7)]
    >>> found = contradictions(pl.DataFrame(given | {"answered_at": days}), as_of=datetime(2026, 2, 1))
    >>> found.select("yes_by", "no_by", "counts").row(0)
    ('Ada', 'Ben', 'no')
    """
    visible = visible_rows(nw.from_native(answers).lazy(), "answers", as_of=as_of).to_native().collect()
    named = visible.with_columns(pl.col("by").fill_null("unknown"))
    keys = ["lead_id", "criterion"]
    last = named.sort("answered_at", pl.col("answer") == "no").group_by(*keys, "by", maintain_order=True).last()
    sides = [
        last.filter(pl.col("answer") == side)
        .sort("answered_at", "by")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("by").last().alias(f"{side}_by"), pl.col("answered_at").last().alias(f"{side}_at"))
        for side in ("yes", "no")
    ]
    is_yes = pl.col("yes_at") > pl.col("no_at")
    counted = pl.when(is_yes).then(pl.lit("yes")).otherwise(pl.lit("no"))
    return sides[0].join(sides[1], on=keys).with_columns(counts=counted).sort(keys)


def answered(criterion: str) -> pl.Expr:
    """The answer to a criterion: yes, no or unknown. Without its own, the latest to a question of the same meaning.

    When two such answers came at the same instant and differ, "no" counts.
    """
    own = known_answer(criterion)
    others = same_meaning(criterion)
    if not others:
        return own.fill_null("unknown")
    latest = pl.max_horizontal(known_at(name) for name in others)
    is_no = pl.any_horizontal((known_at(name) == latest) & (known_answer(name) == "no") for name in others)
    elsewhere = pl.when(is_no).then(pl.lit("no")).when(latest.is_not_null()).then(pl.lit("yes"))
    return pl.coalesce(own, elsewhere, pl.lit("unknown"))


def known_answer(criterion: str) -> pl.Expr:
    """Yes or no; null when the question was never asked or its answer is not known."""
    answer = pl.col(f"answer_{criterion}")
    return pl.when(answer.is_in(["yes", "no"])).then(answer)


def known_at(criterion: str) -> pl.Expr:
    """When a yes or a no was given."""
    return pl.when(known_answer(criterion).is_not_null()).then(pl.col(f"answer_{criterion}_at"))


def is_via_other(criterion: str) -> pl.Expr:
    """Whether the answer was given to another framework's question of the same meaning."""
    return (answered(criterion) != "unknown") & known_answer(criterion).is_null()


def framework_columns(*, framework: str, needed: int | None) -> dict[str, pl.Expr]:
    """Whether a framework is met, and how many of its criteria are answered yes, no, not at all.

    Met is null while it depends on open questions, and always for SPIN, which no lead passes or fails (definition 20).
    """
    each = FRAMEWORKS[framework]
    answers = [answered(name) for name in each.criteria]
    count = {value: pl.sum_horizontal(answer == value for answer in answers) for value in ANSWERS}
    enough = needed or len(answers)
    met = pl.when(count["yes"] >= enough).then(True).when(count["yes"] + count["unknown"] < enough).then(False)
    return {
        "framework_met": met if each.is_checklist else pl.lit(None, dtype=pl.Boolean),
        **{f"framework_{value}": number.cast(pl.Int64) for value, number in count.items()},
    }


def next_question(*, framework: str) -> pl.Expr:
    """The first question of a framework that is still open, in the framework's own order; null when none is."""
    questions = FRAMEWORKS[framework].questions
    return pl.coalesce(
        pl.when(answered(name) == "unknown").then(pl.lit(question)) for name, question in questions.items()
    )


def counts(*, policy: Policy, as_of: datetime) -> dict[str, pl.Expr]:
    """Leads, mature ones, and the customers among the mature."""
    mature = is_mature(policy=policy, as_of=as_of)
    each = {"leads": pl.len(), "mature": mature.sum(), "customers": (mature & pl.col("is_customer")).sum()}
    return {name: count.cast(pl.Int64) for name, count in each.items()}


def every(rows: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """Counts for every row, 0 where nothing was counted, with the share of all leads and the close rate."""
    return (
        rows.join(counted, on=rows.columns, how="left", maintain_order="left")
        .with_columns(pl.exclude(rows.columns).fill_null(0))
        .with_columns(
            share_rate=rate("leads", pl.col("leads").sum()).round(10),
            **rate_with_ends("customers", "mature", name="close_rate", decimals=10),
        )
    )


def named_framework(name: str) -> Framework:
    if name not in FRAMEWORKS:
        raise PolicyError(f"there is no framework '{name}'", hint=did_you_mean(name, list(FRAMEWORKS)))
    return FRAMEWORKS[name]
