"""How the rows of a file become rows of one of our tables."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from leadreport.errors import did_you_mean, listed
from leadreport.policy.criteria import Strict
from leadreport.sources.notation import Column, Columns, Condition, as_column
from leadreport.tables import ALLOWED_VALUES as WORDS
from leadreport.tables import column_types, required_columns
from leadreport.words import EXITS, STAGES


class Mapping(Strict):
    """How the rows of a file become rows of one of our tables. Without `columns` the file has our names already."""

    table: ClassVar[str]

    from_: str = Field(alias="from")
    columns: Columns | None = None
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    only: list[Condition] = []
    drop: list[Condition] = []

    def given(self) -> set[str]:
        """The columns of our table that the mapping fills."""
        return {*(self.columns or {}), *self.constants}

    def further(self) -> dict[str, Any]:
        """Columns beside those of our table."""
        return {}

    @field_validator("columns", "constants")
    @classmethod
    def are_ours(cls, named: dict[str, Any] | None) -> dict[str, Any] | None:
        ours = list(column_types(cls.table))
        for column in named or {}:
            if column not in ours:
                raise ValueError(f"{cls.table} has no column '{column}'; {did_you_mean(column, ours)}")
        return named

    @model_validator(mode="after")
    def fills_what_is_required(self) -> "Mapping":
        twice = {*(self.columns or {})} & {*self.constants}
        if twice:
            raise ValueError(f"{listed(twice)} stands under 'columns' and under 'constants'")
        needed = [name for name in required_columns(self.table) if name != "currency"]
        missing = [name for name in needed if name not in self.given()]
        if self.columns is not None and missing:
            raise ValueError(f"does not say where {', '.join(missing)} comes from; add it to 'columns' or 'constants'")
        return self

    @model_validator(mode="after")
    def speaks_agreed_words(self) -> "Mapping":
        for column, words in ((column, [word]) for column, word in self.constants.items()):
            agreed(self.table, column, words)
        for column, mapped in self.values.items():
            known = {*column_types(self.table), *self.further()}
            if column not in known:
                raise ValueError(f"'values' speaks of '{column}'; {did_you_mean(column, sorted(known))}")
            agreed(self.table, column, [word for word in mapped.values() if word])
        return self


def agreed(table: str, column: str, words: list[str]) -> None:
    """Raises when a column that takes agreed words only is given another."""
    allowed = WORDS.get((table, column))
    for word in words:
        if allowed and word not in allowed:
            raise ValueError(f"'{word}' is no {column} in {table}; {did_you_mean(word, allowed)}")


class LeadsMapping(Mapping):
    """Leads; columns under `attributes` are kept under the name that stands before them."""

    table: ClassVar[str] = "leads"
    attributes: Columns = {}

    def further(self) -> dict[str, Any]:
        return self.attributes

    @field_validator("attributes")
    @classmethod
    def are_not_ours(cls, attributes: dict[str, Any]) -> dict[str, Any]:
        ours = {*attributes} & {*column_types("leads")}
        if ours:
            raise ValueError(f"{listed(ours)} is a column of leads, not an attribute; name it under 'columns'")
        return attributes


class StagesMapping(Mapping):
    """Stage history; each column under `dates` becomes one row wherever it is filled."""

    table: ClassVar[str] = "stages"
    dates: dict[Literal[STAGES + EXITS], Annotated[Column, BeforeValidator(as_column)]] = {}  # type: ignore[valid-type]

    def given(self) -> set[str]:
        return super().given() | ({"reached_at", "stage"} if self.dates else set())

    @model_validator(mode="after")
    def dates_say_the_stage(self) -> "StagesMapping":
        twice = {"reached_at", "stage"} & super().given()
        if self.dates and twice:
            raise ValueError(f"'dates' says {listed({'reached_at', 'stage'})} already; take {listed(twice)} out")
        return self


class ActivitiesMapping(Mapping):
    """What happened."""

    table: ClassVar[str] = "activities"


class DealsMapping(Mapping):
    """Deals."""

    table: ClassVar[str] = "deals"


class SpendMapping(Mapping):
    """What was spent; without a currency it is the policy's."""

    table: ClassVar[str] = "spend"


class AnswersMapping(Mapping):
    """Qualification."""

    table: ClassVar[str] = "answers"


class FeedbackMapping(Mapping):
    """What sales thinks."""

    table: ClassVar[str] = "feedback"
