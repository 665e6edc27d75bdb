"""A policy as a whole: its sections, its horizons, and the versions of its definitions."""

import hashlib
import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import PositiveInt, field_validator

from leadreport.errors import PolicyError, did_you_mean
from leadreport.policy import sections
from leadreport.policy.criteria import ActivityCriterion, Behaviour, Strict
from leadreport.words import STAGES, STEPS, Stage

DEFINITIONS: tuple[str, ...] = (
    *("company.time_zone", "company.currency", "stages", "horizons", "criteria", "qualification"),
    *("scoring", "handoff", "working_hours", "cost"),
)
"""The keys of a policy that define numbers; `Policy.version` covers these and nothing else."""

STAGE_ENTRY = ("company.time_zone", "stages")
"""What the week of an entry into a stage depends on."""

USED_BY: dict[str, tuple[str, ...]] = {
    "leads": ("company.time_zone",),
    "mqls": STAGE_ENTRY,
    "sqls": STAGE_ENTRY,
    "customers": STAGE_ENTRY,
    "lead_to_mql_rate": (*STAGE_ENTRY, "horizons.lead_to_mql"),
    "mql_to_sql_rate": (*STAGE_ENTRY, "horizons.mql_to_sql"),
    "lead_to_customer_rate": (*STAGE_ENTRY, "horizons.lead_to_customer"),
    "attainment_rate": (*STAGE_ENTRY, "handoff", "working_hours"),
    "acceptance_rate": (*STAGE_ENTRY, "horizons.mql_to_sal"),
    "cost_per_sql": (*STAGE_ENTRY, "cost.basis", "cost.spread", "company.currency"),
}
"""The published numbers, and the keys of a policy that each one uses; the horizon of several steps is their sum."""


class Policy(Strict):
    """The definitions that marketing and sales agreed on.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> policy = parse_policy(preset_text("startup"))
    >>> policy.company.currency, policy.horizon_days("lead", "customer")
    ('EUR', 120)
    """

    format: Literal[1] = 1
    company: sections.Company
    agreement: sections.Agreement = sections.Agreement()
    changes: list[sections.Change] = []
    stages: sections.Stages = sections.Stages()
    horizons: dict[str, PositiveInt]
    criteria: sections.Criteria
    qualification: sections.Qualification = sections.Qualification()
    scoring: sections.Scoring = sections.Scoring()
    handoff: sections.Handoff = sections.Handoff()
    working_hours: sections.WorkingHours = sections.WorkingHours()
    cost: sections.Cost = sections.Cost()
    checks: sections.Checks = sections.Checks()
    report: sections.Report = sections.Report()
    lists: sections.Lists = sections.Lists()
    targets: sections.Targets = sections.Targets()

    @field_validator("horizons")
    @classmethod
    def name_two_stages(cls, horizons: dict[str, int]) -> dict[str, int]:
        allowed = [f"{one}_to_{two}" for i, one in enumerate(STAGES) for two in STAGES[i + 1 :]]
        for key in horizons:
            if key not in allowed:
                raise ValueError(f"'{key}' is not a step from a stage to a later one; {did_you_mean(key, allowed)}")
        needed = [*(f"{one}_to_{two}" for one, two in STEPS), "lead_to_customer"]
        missing = [key for key in needed if key not in horizons]
        if missing:
            raise ValueError(f"misses {', '.join(missing)}")
        return horizons

    @property
    def version(self) -> str:
        """Eight hex digits over every definition.

        Comments, the order of keys, the company's name, its language, signatures, dated changes, checks, the report's
        settings, lists and targets define no number: they do not change it.
        """
        return digest(self.content(DEFINITIONS))

    def definition_version(self, number: str) -> str:
        """Eight hex digits over the definitions that one published number uses, and no others.

        Raises
        ------
        PolicyError
            When no number of that name is published.

        Examples
        --------
        >>> from leadreport.policy import parse_policy, preset_text
        >>> text = preset_text("startup")
        >>> before, now = parse_policy(text), parse_policy(text.replace("sla_hours = 8.0", "sla_hours = 4.0"))
        >>> before.definition_version("sqls") == now.definition_version("sqls")
        True
        >>> before.definition_version("attainment_rate") == now.definition_version("attainment_rate")
        False
        """
        if number not in USED_BY:
            raise PolicyError(f"no number is published as '{number}'", hint=did_you_mean(number, list(USED_BY)))
        return digest(self.content(USED_BY[number]))

    def content(self, keys: Iterable[str]) -> dict[str, object]:
        """What the policy says under some keys, such as `handoff` or `company.currency`, ready for JSON."""
        written = self.model_dump(mode="json", by_alias=True)
        return {key: self.value_of(key, written) for key in keys}

    def value_of(self, key: str, written: dict[str, Any]) -> object:
        section, _, name = key.partition(".")
        if section == "horizons" and name:
            return self.horizon_days(*name.split("_to_"))
        return written[section][name] if name else written[section]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.company.time_zone)

    def horizon_days(self, from_stage: Stage, to_stage: Stage) -> int:
        """Days after which a cohort's conversion is final (definition 10): as written, else the sum of its steps."""
        named = self.horizons.get(f"{from_stage}_to_{to_stage}")
        if named is not None:
            return named
        steps = STAGES[STAGES.index(from_stage) : STAGES.index(to_stage) + 1]
        return sum(self.horizons[f"{one}_to_{two}"] for one, two in pairwise(steps))

    def behaviours(self) -> list[Behaviour]:
        """The behaviours that the criteria count, sorted, each once."""
        counted = {leaf.behaviour for leaf in self.criteria.leaves() if isinstance(leaf, ActivityCriterion)}
        return sorted(counted, key=lambda each: (each.kinds, each.within_days or 0, each.channels, each.by or ""))


def digest(content: object) -> str:
    """Eight hex digits of the SHA-256 of some content; the order of its keys does not change them."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
