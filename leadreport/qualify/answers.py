"""Answers to qualification questions: who serves whom, how complete they are, what to ask next."""

import polars as pl

from leadreport.policy import CRITERIA, FRAMEWORKS

MEANING: dict[str, str] = {
    "budget": "money",
    "money": "money",
    "authority": "authority",
    "economic_buyer": "authority",
    "need": "need",
    "challenges": "need",
    "identify_pain": "need",
    "problem": "need",
    "implication": "need",
    "timeline": "time",
    "urgency": "time",
    "prioritization": "time",
    "decision_criteria": "process",
    "decision_process": "process",
    "champion": "advocate",
    "metrics": "proof",
    "need_payoff": "proof",
    "situation": "situation",
}
"""What each criterion is about. MEDDIC's economic buyer is a person, so it answers for authority and not for money."""


def serving(criterion: str) -> list[str]:
    """The criteria whose answers serve this one: same meaning, and never two questions of one framework.

    Examples
    --------
    >>> serving("budget"), serving("identify_pain"), serving("decision_process")
    (['money'], ['need', 'challenges', 'problem', 'implication'], [])
    """
    together = {name for each in FRAMEWORKS.values() if criterion in each.criteria for name in each.criteria}
    return [name for name in CRITERIA if MEANING[name] == MEANING[criterion] and name not in together]


def answered(criterion: str) -> pl.Expr:
    """The answer to a criterion, "yes" or "no" or "unknown"; when its own is open, the latest that serves it.

    Of two serving answers at one instant the less hopeful counts.
    """
    own = known_answer(criterion)
    others = serving(criterion)
    if not others:
        return own.fill_null("unknown")
    latest = pl.max_horizontal(known_at(name) for name in others)
    is_latest = {name: (known_at(name) == latest) for name in others}
    said_no = pl.any_horizontal(is_latest[name] & (known_answer(name) == "no") for name in others)
    served = pl.when(said_no).then(pl.lit("no")).when(latest.is_not_null()).then(pl.lit("yes"))
    return pl.coalesce(own, served, pl.lit("unknown"))


def known_answer(criterion: str) -> pl.Expr:
    """Yes or no; null when never asked or not known."""
    answer = pl.col(f"answer_{criterion}")
    return pl.when(answer.is_in(["yes", "no"])).then(answer)


def known_at(criterion: str) -> pl.Expr:
    return pl.when(known_answer(criterion).is_not_null()).then(pl.col(f"answer_{criterion}_at"))


def framework_columns(*, framework: str, needed: int | None) -> dict[str, pl.Expr]:
    """Whether a framework is met, and how many of its criteria are answered yes, no, not at all.

    Met is null while it depends on open questions, and always for SPIN, which nobody passes or fails.
    """
    each = FRAMEWORKS[framework]
    answers = [answered(name) for name in each.criteria]
    count = {value: pl.sum_horizontal(answer == value for answer in answers) for value in ("yes", "no", "unknown")}
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
        *(pl.when(answered(name) == "unknown").then(pl.lit(question)) for name, question in questions.items())
    )
