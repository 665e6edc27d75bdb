"""What `sources.toml` may say: the files, and how their columns become ours."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, NonNegativeInt, field_validator, model_validator

from leadreport.errors import did_you_mean, listed
from leadreport.policy.criteria import Strict
from leadreport.policy.model import EXITS, LADDER
from leadreport.sources.options import Delimiter, Encoding, Format, Zone
from leadreport.tables import TABLES, WORDS, column_types, required_columns


def in_a_list(value: Any) -> Any:
    """One text may stand for a list of one."""
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(in_a_list), Field(min_length=1)]
Formats = Annotated[list[Format], BeforeValidator(in_a_list)]


class Condition(Strict):
    """Something that a row's cell is: one of some texts, a text that begins so, or empty."""

    column: Texts
    is_: Texts | None = Field(default=None, alias="is")
    starts_with: Texts | None = None
    is_empty: bool | None = None

    @model_validator(mode="after")
    def asks_one_thing(self) -> "Condition":
        if sum(part is not None for part in (self.is_, self.starts_with, self.is_empty)) != 1:
            raise ValueError("needs exactly one of 'is', 'starts_with', 'is_empty'")
        return self


class Notation(Strict):
    """How instants and numbers are written; what a column does not say, its file says."""

    format: Formats | None = None
    time_zone: Zone | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ".", ",", " ", "'", "’"] | None = None
    remove: Texts | None = None
    true: Texts | None = None
    false: Texts | None = None

    @model_validator(mode="after")
    def marks_differ(self) -> "Notation":
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        return self


class Column(Notation):
    """A column of the file: its name, or several names of which the first that the file has is read."""

    column: Texts
    type: Literal["text", "number", "boolean"] | None = None


def as_column(value: Any) -> Any:
    """A bare name, or a list of names, is a column without further words."""
    return {"column": value} if isinstance(value, str | list) else value


Columns = dict[str, Annotated[Column, BeforeValidator(as_column)]]


class File(Notation):
    """One file, or several that look alike, and how to read them."""

    path: Texts
    delimiter: Delimiter = ","
    encoding: Encoding | None = None
    quote: Literal['"', "'", ""] = '"'
    skip_lines: NonNegativeInt = 0
    missing: Annotated[list[str], BeforeValidator(in_a_list)] = []
    drop: list[Condition] = []
    may_be_empty: bool = False


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
    dates: dict[Literal[LADDER + EXITS], Annotated[Column, BeforeValidator(as_column)]] = {}  # type: ignore[valid-type]

    def given(self) -> set[str]:
        return super().given() | ({"reached_at", "stage"} if self.dates else set())


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


class Sources(Strict):
    """Where the seven tables come from.

    Examples
    --------
    >>> from leadreport.policy.load import parse_model
    >>> text = '''
    ... [files.contacts]
    ... path = "hubspot-*.csv"
    ... [[leads]]
    ... from = "contacts"
    ... columns = { lead_id = "Record ID", created_at = "Create Date" }
    ... '''
    >>> sources = parse_model(text, model=Sources, name="sources.toml")
    >>> sources.leads[0].columns["created_at"].column
    ['Create Date']
    """

    folder: str = "."
    files: dict[str, File]
    leads: list[LeadsMapping] = []
    activities: list[ActivitiesMapping] = []
    stages: list[StagesMapping] = []
    deals: list[DealsMapping] = []
    spend: list[SpendMapping] = []
    answers: list[AnswersMapping] = []
    feedback: list[FeedbackMapping] = []

    def mappings(self) -> list[Mapping]:
        """All mappings, table by table."""
        return [mapping for table in TABLES for mapping in getattr(self, table)]

    @model_validator(mode="after")
    def every_file_is_known(self) -> "Sources":
        if not self.mappings():
            raise ValueError(f"maps no table; add at least one of {', '.join(f'[[{name}]]' for name in TABLES)}")
        for mapping in self.mappings():
            if mapping.from_ not in self.files:
                choice = did_you_mean(mapping.from_, list(self.files))
                raise ValueError(
                    f"[[{mapping.table}]] reads from '{mapping.from_}', but there is no such file; {choice}"
                )
        return self
