"""Qualification frameworks as data: which questions they ask, in which order."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Framework:
    """A list of criteria in the order in which they are asked.

    `questions` maps each criterion to the question a salesperson can put; `is_checklist` is false for SPIN, which is a
    sequence of questions: a report shows its coverage, and no lead passes or fails it (definition 20).
    """

    name: str
    questions: dict[str, str]
    is_checklist: bool = True

    @property
    def criteria(self) -> tuple[str, ...]:
        return tuple(self.questions)


FRAMEWORKS: dict[str, Framework] = {
    "bant": Framework(
        "BANT",
        {
            "budget": "Is there a budget for this, and how large is it?",
            "authority": "Who decides, and are we talking to them?",
            "need": "Which problem must this solve?",
            "timeline": "By when does it have to work?",
        },
    ),
    "champ": Framework(
        "CHAMP",
        {
            "challenges": "Which challenges do they want to overcome?",
            "authority": "Who decides, and are we talking to them?",
            "money": "What may the solution cost?",
            "prioritization": "How high is this on their list?",
        },
    ),
    "meddic": Framework(
        "MEDDIC",
        {
            "metrics": "Which figure will show that it was worth it?",
            "economic_buyer": "Who signs for the money?",
            "decision_criteria": "By what will they judge the offers?",
            "decision_process": "Which steps lead to the decision?",
            "identify_pain": "What does it cost them to do nothing?",
            "champion": "Who inside argues for us?",
        },
    ),
    "anum": Framework(
        "ANUM",
        {
            "authority": "Who decides, and are we talking to them?",
            "need": "Which problem must this solve?",
            "urgency": "Why now, and not next year?",
            "money": "What may the solution cost?",
        },
    ),
    "spin": Framework(
        "SPIN",
        {
            "situation": "How do they work today?",
            "problem": "What goes wrong in that?",
            "implication": "What follows when it goes wrong?",
            "need_payoff": "What would change for them if it were solved?",
        },
        is_checklist=False,
    ),
}

CRITERIA: tuple[str, ...] = tuple(dict.fromkeys(name for each in FRAMEWORKS.values() for name in each.criteria))
"""Every criterion of every framework, once."""

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
"""What each criterion is about. MEDDIC's economic buyer is a person and counts as authority, not as money."""


def same_meaning(criterion: str) -> list[str]:
    """The criteria of other frameworks that ask the same, so that an answer to one of them answers this one too.

    Two questions of one framework never stand in for each other.

    Examples
    --------
    >>> same_meaning("budget"), same_meaning("identify_pain"), same_meaning("decision_process")
    (['money'], ['need', 'challenges', 'problem', 'implication'], [])
    """
    together = {name for each in FRAMEWORKS.values() if criterion in each.criteria for name in each.criteria}
    return [name for name in CRITERIA if MEANING[name] == MEANING[criterion] and name not in together]
