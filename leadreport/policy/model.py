"""What a policy holds, section by section."""

import itertools
from collections.abc import Iterable
from datetime import date, time
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from leadreport.errors import PolicyError, did_you_mean
from leadreport.policy.criteria import ActivityCriterion, Behaviour, Group, Leaf, Strict
from leadreport.policy.frameworks import FRAMEWORKS
from leadreport.policy.versions import DEFINITIONS, USED_BY, digest
from leadreport.words import EXITS, STAGES, Stage

Rate = Annotated[float, Field(ge=0, le=1)]


@cache
def zone_names() -> list[str]:
    """Every IANA name, sorted; they are read from disk once."""
    return sorted(available_timezones())


class Company(Strict):
    """Whose report this is, and in which clock, money and language it speaks."""

    name: str
    time_zone: str
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    language: Literal["en", "de"] = "en"

    @field_validator("time_zone")
    @classmethod
    def is_a_zone(cls, name: str) -> str:
        if name not in zone_names():
            raise ValueError(f"no such time zone; {did_you_mean(name, zone_names())}")
        return name


class Agreement(Strict):
    """Who signed, and since when."""

    signed_by: list[str] = []
    signed_on: date | None = None


class Change(Strict):
    """A dated change of a definition, so that a jump on that day is not read as a change of the business."""

    on: date
    note: str


class Stages(Strict):
    """How the CRM's stage names map to the ladder and its exits."""

    names: dict[str, Literal[STAGES + EXITS]] = {}  # type: ignore[valid-type]


class Criteria(Strict):
    """What makes a lead hot, an MQL, an SAL, an SQL."""

    hot: Group
    mql: Group
    sal: Group
    sql: Group

    def leaves(self) -> list[Leaf]:
        return [leaf for group in (self.hot, self.mql, self.sal, self.sql) for leaf in group.leaves()]


class Qualification(Strict):
    """The framework that reps fill in, and how many of its criteria make it met (all, when not said)."""

    framework: Literal[tuple(FRAMEWORKS)] = "bant"  # type: ignore[valid-type]
    at_least: PositiveInt | None = None


class Scoring(Strict):
    """From which attributes the score is made, and how engagement fades."""

    attributes: list[str] = Field(default=["channel", "source"], min_length=1)
    allowed_despite_leak: list[str] = []
    method: Literal["close_rate", "lift", "weighted"] = "weighted"
    engagement_half_life_days: PositiveFloat = 14.0
    engagement_weights: dict[str, float] = {}


class Handoff(Strict):
    """How fast sales should answer, and what counts as an answer by a person."""

    sla_hours: PositiveFloat = 8.0
    human_touches: list[str] = ["call", "email", "meeting"]


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class WorkingHours(Strict):
    """Opening and closing time of each weekday in the policy's time zone; a day without times is closed."""

    monday: tuple[time, time] | None = (time(9), time(17))
    tuesday: tuple[time, time] | None = (time(9), time(17))
    wednesday: tuple[time, time] | None = (time(9), time(17))
    thursday: tuple[time, time] | None = (time(9), time(17))
    friday: tuple[time, time] | None = (time(9), time(17))
    saturday: tuple[time, time] | None = None
    sunday: tuple[time, time] | None = None
    holidays: list[date] = []

    @field_validator(*DAYS, mode="before")
    @classmethod
    def reads_times(cls, value: object) -> object:
        """TOML writes a day as [09:00:00, 17:00:00]; an empty list is a closed day."""
        if isinstance(value, list):
            return tuple(value) or None
        return value

    @model_validator(mode="after")
    def opens_before_it_closes(self) -> "WorkingHours":
        for day in DAYS:
            hours = getattr(self, day)
            if hours and hours[0] >= hours[1]:
                raise ValueError(f"{day} opens at {hours[0]} and closes at {hours[1]}")
        if not any(getattr(self, day) for day in DAYS):
            raise ValueError("every day is closed")
        return self

    def by_weekday(self) -> list[tuple[time, time] | None]:
        """Monday first."""
        return [getattr(self, day) for day in DAYS]


class Cost(Strict):
    """What spend is counted, how it is shared out, and what a sale leaves."""

    basis: Literal["loaded", "media"] = "loaded"
    spread: Literal["sqls", "mqls", "leads", "none"] = "sqls"
    margin: Rate = 1.0
    attribution_half_life_days: PositiveFloat = 7.0


class Checks(Strict):
    """How much may be wrong with the files before a report would be half the truth."""

    max_rejected_rate: Rate = 0.05


class Report(Strict):
    """What a scheduled run does when the data end before the week does."""

    if_data_end_early: Literal["stop", "banner"] = "stop"


class Targets(Strict):
    """What was promised, per week or as a rate; shown as a reference, never as a colour."""

    mqls_per_week: PositiveFloat | None = None
    sqls_per_week: PositiveFloat | None = None
    cost_per_sql: PositiveFloat | None = None
    acceptance_rate: Rate | None = None
    attainment_rate: Rate | None = None


class Policy(Strict):
    """The agreement between marketing and sales.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> policy = parse_policy(preset_text("startup"))
    >>> policy.company.currency, policy.horizon_days("lead", "customer")
    ('EUR', 120)
    """

    format: Literal[1] = 1
    company: Company
    agreement: Agreement = Agreement()
    changes: list[Change] = []
    stages: Stages = Stages()
    horizons: dict[str, PositiveInt]
    criteria: Criteria
    qualification: Qualification = Qualification()
    scoring: Scoring = Scoring()
    handoff: Handoff = Handoff()
    working_hours: WorkingHours = WorkingHours()
    cost: Cost = Cost()
    checks: Checks = Checks()
    report: Report = Report()
    targets: Targets = Targets()

    @field_validator("horizons")
    @classmethod
    def names_two_stages(cls, horizons: dict[str, int]) -> dict[str, int]:
        allowed = [f"{one}_to_{two}" for i, one in enumerate(STAGES) for two in STAGES[i + 1 :]]
        for key in horizons:
            if key not in allowed:
                raise ValueError(f"'{key}' is not a step up the ladder; {did_you_mean(key, allowed)}")
        needed = [f"{one}_to_{two}" for one, two in itertools.pairwise(STAGES)] + ["lead_to_customer"]
        missing = [key for key in needed if key not in horizons]
        if missing:
            raise ValueError(f"misses {', '.join(missing)}")
        return horizons

    @property
    def version(self) -> str:
        """Eight hex digits over every definition.

        Comments, the order of keys, the company's name, its language, signatures, dated changes, checks, the report's
        settings and targets define no number: they do not change it.
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
        """Days after which a cohort's conversion is final: as written, else the sum of the steps between."""
        named = self.horizons.get(f"{from_stage}_to_{to_stage}")
        if named is not None:
            return named
        steps = STAGES[STAGES.index(from_stage) : STAGES.index(to_stage) + 1]
        return sum(self.horizons[f"{one}_to_{two}"] for one, two in itertools.pairwise(steps))

    def behaviours(self) -> list[Behaviour]:
        """What the criteria count, sorted and once each."""
        counted = {leaf.behaviour for leaf in self.criteria.leaves() if isinstance(leaf, ActivityCriterion)}
        return sorted(counted, key=lambda each: (each.kinds, each.within_days or 0, each.channels, each.by or ""))
