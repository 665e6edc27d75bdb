"""The kinds of criteria that a policy may combine."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PositiveInt, Tag, field_validator, model_validator

from leadreport.policy.frameworks import CRITERIA, FRAMEWORKS
from leadreport.words import Stage


class Strict(BaseModel):
    """Unknown keys are errors, types are not coerced, values do not change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AttributeCriterion(Strict):
    """A lead's attribute is one of some values, or a number within bounds."""

    attribute: str
    is_: list[str | bool | int | float] | None = Field(default=None, alias="is")
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def asks_something(self) -> "AttributeCriterion":
        if self.is_ is None and self.at_least is None and self.at_most is None:
            raise ValueError("needs 'is', 'at_least' or 'at_most'")
        return self


class Behaviour(NamedTuple):
    """What a criterion counts: kinds of activity in a number of days, from some channels, by one party."""

    kinds: tuple[str, ...]
    within_days: int | None = None
    channels: tuple[str, ...] = ()
    by: str | None = None

    @property
    def column(self) -> str:
        """The column of the facts that counts it.

        Examples
        --------
        >>> Behaviour(("webinar",), 90).column, Behaviour(("webinar",)).column
        ('webinar_count_90d', 'webinar_count')
        >>> Behaviour(("download", "webinar"), 30, ("web",), "third_party").column
        'download_or_webinar_from_web_by_third_party_count_30d'
        """
        channels = f"_from_{'_or_'.join(self.channels)}" if self.channels else ""
        by = f"_by_{self.by}" if self.by else ""
        days = "" if self.within_days is None else f"_{self.within_days}d"
        return f"{'_or_'.join(self.kinds)}{channels}{by}_count{days}"


def is_absent(value: object) -> bool:
    return value is None


class ActivityCriterion(Strict):
    """The lead did something at least `count` times in the last `within_days` days (ever, without days).

    `activity` is a kind of activity, or a list of kinds that count alike. `channel` asks where it happened (web,
    e-mail, social, an event), `by` whether the lead did it or a third party saw it (intent).
    """

    activity: str | list[str]
    count: PositiveInt = 1
    within_days: PositiveInt | None = None
    # Left out of the version when absent: they came later, and a policy without them keeps its version.
    channel: str | list[str] | None = Field(default=None, exclude_if=is_absent)
    by: Literal["lead", "third_party"] | None = Field(default=None, exclude_if=is_absent)

    @field_validator("activity", "channel", mode="before")
    @classmethod
    def names_something(cls, value: object) -> object:
        names = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(name, str) and name for name in names):
            raise ValueError("needs a name, or a list of names")
        return value

    @property
    def behaviour(self) -> Behaviour:
        """What it counts: criteria that differ in how often only count the same."""
        return Behaviour(listed_once(self.activity), self.within_days, listed_once(self.channel), self.by)


def listed_once(names: str | list[str] | None) -> tuple[str, ...]:
    return tuple(sorted({names} if isinstance(names, str) else set(names or ())))


class ScoreCriterion(Strict):
    """The lead's score reaches a value between 0 and 100."""

    score_at_least: Annotated[float, Field(ge=0, le=100)]


class StageCriterion(Strict):
    """The CRM shows that the lead reached a stage; skipped stages count (definition 5)."""

    stage: Stage


class AnswerCriterion(Strict):
    """The latest answer to one qualification criterion is yes, no or unknown."""

    answer: Literal[CRITERIA]  # type: ignore[valid-type]
    is_: Literal["yes", "no", "unknown"] = Field(default="yes", alias="is")


class FrameworkCriterion(Strict):
    """Enough criteria of a framework are answered yes: `at_least`, or all of them."""

    framework: Literal[tuple(name for name, each in FRAMEWORKS.items() if each.is_checklist)]  # type: ignore[valid-type]
    at_least: PositiveInt | None = None

    @model_validator(mode="after")
    def at_least_can_be_met(self) -> "FrameworkCriterion":
        size = len(FRAMEWORKS[self.framework].criteria)
        if self.at_least is not None and self.at_least > size:
            raise ValueError(f"'at_least' is {self.at_least}, but {self.framework} has {size} criteria")
        return self


class Group(Strict):
    """Criteria that must all hold, of which any holds, or of which at least k hold."""

    all_: list["Criterion"] | None = Field(default=None, alias="all", min_length=1)
    any_: list["Criterion"] | None = Field(default=None, alias="any", min_length=1)
    at_least: PositiveInt | None = None
    of: list["Criterion"] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def one_way_to_combine(self) -> "Group":
        if sum(part is not None for part in (self.all_, self.any_, self.of)) != 1:
            raise ValueError("needs exactly one of 'all', 'any', 'of' ('of' with 'at_least')")
        if (self.of is None) != (self.at_least is None):
            raise ValueError("'at_least' and 'of' belong together")
        if self.of is not None and self.at_least is not None and self.at_least > len(self.of):
            raise ValueError(f"'at_least' is {self.at_least}, but 'of' lists {len(self.of)}")
        return self

    @property
    def members(self) -> list["Criterion"]:
        return self.all_ or self.any_ or self.of or []

    @property
    def needed(self) -> int:
        """How many members must hold."""
        if self.all_:
            return len(self.all_)
        return self.at_least or 1

    def leaves(self) -> Iterator["Leaf"]:
        """Every criterion below this group, in the order of the file."""
        for member in self.members:
            if isinstance(member, Group):
                yield from member.leaves()
            else:
                yield member


Leaf = AttributeCriterion | ActivityCriterion | ScoreCriterion | StageCriterion | AnswerCriterion | FrameworkCriterion

SUBJECTS = {
    "attribute": "attribute",
    "activity": "activity",
    "score_at_least": "score_at_least",
    "stage": "stage",
    "answer": "answer",
    "framework": "framework",
    "all": "group",
    "any": "group",
    "of": "group",
}
"""The key that names the subject of a criterion, and the kind of criterion."""


def subject_of(value: Any) -> str | None:
    """The kind of a criterion, from the key that names its subject."""
    if isinstance(value, dict):
        return next((kind for key, kind in SUBJECTS.items() if key in value), None)
    return next((tag for tag, kind in KINDS.items() if isinstance(value, kind)), None)


KINDS: dict[str, type[Strict]] = {
    "attribute": AttributeCriterion,
    "activity": ActivityCriterion,
    "score_at_least": ScoreCriterion,
    "stage": StageCriterion,
    "answer": AnswerCriterion,
    "framework": FrameworkCriterion,
    "group": Group,
}

Criterion = Annotated[
    Union[  # noqa: UP007 - a tagged union needs its members spelled out
        Annotated[AttributeCriterion, Tag("attribute")],
        Annotated[ActivityCriterion, Tag("activity")],
        Annotated[ScoreCriterion, Tag("score_at_least")],
        Annotated[StageCriterion, Tag("stage")],
        Annotated[AnswerCriterion, Tag("answer")],
        Annotated[FrameworkCriterion, Tag("framework")],
        Annotated[Group, Tag("group")],
    ],
    Discriminator(subject_of),
]
Group.model_rebuild()
