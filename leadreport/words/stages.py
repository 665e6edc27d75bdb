"""The stages of a lead, their order, the exits, and how each is written in a sentence."""

from itertools import pairwise
from typing import Literal

Stage = Literal["lead", "mql", "sal", "sql", "opportunity", "customer"]

STAGES: tuple[Stage, ...] = ("lead", "mql", "sal", "sql", "opportunity", "customer")
"""The stages in their order; a later one implies the earlier ones."""

EXITS: tuple[str, ...] = ("lost", "disqualified", "recycled")
"""Ways out of the funnel; a recycled lead may come back."""

LOST: tuple[str, ...] = ("lost", "disqualified")
"""Exits for good. A recycled lead is not among them: it went back to nurture and may return."""

CLOSED: tuple[str, ...] = (*EXITS, "customer")
"""A lead in one of these is no longer open."""

ACCEPTED: tuple[Stage, ...] = STAGES[2:]
"""Stages that a lead only reaches once sales has accepted it."""

JUDGED: tuple[Stage, ...] = STAGES[:4]
"""Stages that a policy's criteria decide; the later ones and the exits are taken from the CRM."""

STEPS: tuple[tuple[Stage, Stage], ...] = tuple(pairwise(STAGES))
"""Each stage with the next one."""

CLASSES: tuple[str, ...] = (*STAGES, *EXITS)
"""Every class that a lead may have under a policy, in order."""

COUNTED: dict[str, Stage] = {"leads": "lead", "mqls": "mql", "sqls": "sql", "customers": "customer"}
"""The headline counts, and the stage whose first entries they count."""

STAGE_NAMES = {
    "lead": "Lead",
    "mql": "MQL",
    "sal": "SAL",
    "sql": "SQL",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "lost": "Lost",
    "disqualified": "Disqualified",
    "recycled": "Recycled",
}
"""How a stage or class is written in a sentence."""
