"""What each section of a policy may hold."""

from datetime import date, time
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from leadreport.errors import did_you_mean
from leadreport.policy.criteria import Group, Leaf, Strict
from leadreport.policy.frameworks import FRAMEWORKS
from leadreport.words import EXITS, STAGES

Rate = Annotated[float, Field(ge=0, le=1)]


@cache
def zone_names() -> list[str]:
    """Every IANA time zone, sorted; read from disk once."""
    return sorted(available_timezones())


class Company(Strict):
    """Whose report this is, and its time zone, currency and language."""

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
    """Which stage or exit each of the CRM's stage names means."""

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
    """The framework that reps fill in, and how many of its criteria must be met (all by default)."""

    framework: Literal[tuple(FRAMEWORKS)] = "bant"  # type: ignore[valid-type]
    at_least: PositiveInt | None = None


class Scoring(Strict):
    """Which attributes make the score, and how fast engagement fades."""

    attributes: list[str] = Field(default=["channel", "source"], min_length=1)
    allowed_despite_leak: list[str] = []
    method: Literal["close_rate", "lift", "weighted"] = "weighted"
    engagement_half_life_days: PositiveFloat = 14.0
    engagement_weights: dict[str, float] = {}


class Handoff(Strict):
    """How fast sales should answer, and which activities count as an answer by a person."""

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
    """Which spend counts, how it is spread, and the margin of a sale."""

    basis: Literal["loaded", "media"] = "loaded"
    spread: Literal["sqls", "mqls", "leads", "none"] = "sqls"
    margin: Rate = 1.0
    attribution_half_life_days: PositiveFloat = 7.0


class Checks(Strict):
    """The share of rejected rows above which no report is made."""

    max_rejected_rate: Rate = 0.05


class Report(Strict):
    """What a scheduled run does when the data end before the week does."""

    if_data_end_early: Literal["stop", "banner"] = "stop"


class Lists(Strict):
    """How many leads sales can call in a week: the length of the lists of calls."""

    calls_per_week: PositiveInt = 50


class Targets(Strict):
    """What the departments promised, per week or as a rate; a reference in tables and charts."""

    mqls_per_week: PositiveFloat | None = None
    sqls_per_week: PositiveFloat | None = None
    cost_per_sql: PositiveFloat | None = None
    acceptance_rate: Rate | None = None
    attainment_rate: Rate | None = None
