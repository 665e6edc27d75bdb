"""What `sources.toml` may say: how each file is written, and how its columns become the columns of our tables."""

import codecs
import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt, field_validator, model_validator

from leadreport.errors import did_you_mean, listed
from leadreport.policy.criteria import Strict
from leadreport.policy.sections import Company
from leadreport.tables import ALLOWED_VALUES, TABLES, column_types, required_columns
from leadreport.words import EXITS, STAGES

NAMED_FORMATS = ("iso", "epoch_ms", "epoch_s")
"""Formats with a name: ISO 8601 (the default), milliseconds or seconds since 1970."""

FORMAT_CODE = re.compile(r"%(?:[YymdbBeHIMSpzZjaATRFD%]|\.?[369]?f|[#:]z)")
"""One code of a written format, such as %d."""


UNITS = ("k", "m", "mm", "b", "bn", "t", "tsd", "tsd.", "mio", "mio.", "mrd", "mrd.", "mn", "md")
"""Words behind a number that multiply it."""


SUPPLIED = {table: {"currency"} for table in TABLES} | {"leads": {"lead_id"}, "deals": {"currency", "deal_id"}}
"""Required columns that a mapping may lack: the policy has a currency, and rows without an id are numbered."""


def is_an_encoding(name: str) -> str:
    try:
        "".encode(codecs.lookup(name).name)
    except (LookupError, TypeError):
        choice = did_you_mean(name, ["utf-8", "utf-16", "cp1252", "latin1"])
        raise ValueError(f"no such encoding; {choice}") from None
    return name


def is_a_format(text: str) -> str:
    """A named format, or one made of % codes, with a year among them."""
    has_year = any(code in text for code in ("%Y", "%y", "%F", "%D"))
    if text in NAMED_FORMATS or (has_year and "%" not in FORMAT_CODE.sub("", text)):
        return text
    names = ", ".join(NAMED_FORMATS)
    raise ValueError(f"is not a format; write one of {names}, or codes such as %d.%m.%Y %H:%M (31.01.2026 14:05)")


def is_a_delimiter(text: str) -> str:
    if len(text) != 1 or text in '"\n\r':
        raise ValueError('is not one character; for example ";" or "\\t"')
    return text


def in_a_list(value: Any) -> Any:
    """A list of one for a single text or table; anything else unchanged."""
    return [value] if isinstance(value, str | dict) else value


def as_column(value: Any) -> Any:
    """A column without options for a bare name or list of names; anything else unchanged."""
    return {"column": value} if isinstance(value, str | list) else value


Texts = Annotated[list[str], BeforeValidator(in_a_list), Field(min_length=1)]
Formats = Annotated[list[Annotated[str, AfterValidator(is_a_format)]], BeforeValidator(in_a_list)]


class Condition(Strict):
    """A test of one cell of a row: it is one of some texts, begins with one, or is empty."""

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
    """How instants and numbers are written; options that a column leaves out come from its file."""

    format: Formats | None = None
    time_zone: Annotated[str, AfterValidator(Company.is_a_zone)] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ".", ",", " ", "'", "’"] | None = None
    remove: Texts | None = None
    units: dict[str, float] | None = None
    true: Texts | None = None
    false: Texts | None = None

    @model_validator(mode="after")
    def marks_differ(self) -> "Notation":
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        units = [sign for sign in self.remove or [] if sign.strip().lower() in UNITS]
        if units:
            advice = ", ".join(f"{unit!r} = 1000" for unit in units).replace("'", '"')
            raise ValueError(f"'remove' would drop {listed(units)}, a unit; say what it means: units = {{ {advice} }}")
        return self


class Column(Notation):
    """A column of the file: its name, or several names, of which the first that the file has is read."""

    column: Texts
    type: Literal["text", "number", "boolean"] | None = None


Columns = dict[str, Annotated[Column, BeforeValidator(as_column)]]


class File(Notation):
    """One file, or several of the same form, and how to read them.

    `count` names a column with the number of leads (or other rows) that each row of the file stands for.
    """

    path: Texts
    delimiter: Annotated[str, AfterValidator(is_a_delimiter)] = ","
    encoding: Annotated[str, AfterValidator(is_an_encoding)] | None = None
    quote: Literal['"', "'", ""] = '"'
    skip_lines: NonNegativeInt = 0
    missing: Annotated[list[str], BeforeValidator(in_a_list)] = []
    drop: list[Condition] = []
    may_be_empty: bool = False
    count: str | None = None


class Link(Strict):
    """A file in which one id leads to another: in column `key` the one, in column `gives` the other.

    A cell may hold several ids with semicolons between them.
    """

    from_: str = Field(alias="from")
    key: Texts
    gives: Texts


class Mapping(Strict):
    """How the rows of a file become rows of one of our tables. Without `columns`, the file uses our column names.

    `link` leads to the lead through one file or several, beginning with the row's lead_id, else its deal_id. With
    `older_leads` most rows may be of leads that the export does not hold.
    """

    table: ClassVar[str]

    from_: str = Field(alias="from")
    columns: Columns | None = None
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    only: list[Condition] = []
    drop: list[Condition] = []
    link: Annotated[list[Link], BeforeValidator(in_a_list)] = []
    older_leads: bool = False

    def filled(self) -> set[str]:
        """The columns of our table that the mapping fills."""
        return {*(self.columns or {}), *self.constants}

    def extra_columns(self) -> Columns:
        """Columns beside those of our table: the attributes of leads."""
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
            raise ValueError(f"{listed(twice)} is both under 'columns' and under 'constants'")
        needed = [name for name in required_columns(self.table) if name not in SUPPLIED[self.table]]
        missing = [name for name in needed if name not in self.filled()]
        if self.columns is not None and missing:
            raise ValueError(f"does not say where {', '.join(missing)} comes from; add it to 'columns' or 'constants'")
        return self

    @model_validator(mode="after")
    def uses_allowed_values(self) -> "Mapping":
        known = {*column_types(self.table), *self.extra_columns()}
        for column in self.values:
            if column not in known:
                raise ValueError(f"'values' names '{column}'; {did_you_mean(column, sorted(known))}")
        mapped = [(column, value) for column, named in self.values.items() for value in named.values() if value]
        for column, value in (*self.constants.items(), *mapped):
            allowed = ALLOWED_VALUES.get((self.table, column))
            if allowed and value not in allowed:
                raise ValueError(f"'{value}' is no {column} in {self.table}; {did_you_mean(value, allowed)}")
        return self


class LeadsMapping(Mapping):
    """Leads; a column under `attributes` becomes an attribute of the name before it."""

    table: ClassVar[str] = "leads"
    attributes: Columns = {}

    def extra_columns(self) -> Columns:
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

    def filled(self) -> set[str]:
        return super().filled() | ({"reached_at", "stage"} if self.dates else set())

    @model_validator(mode="after")
    def dates_give_the_stage(self) -> "StagesMapping":
        twice = {"reached_at", "stage"} & super().filled()
        if self.dates and twice:
            raise ValueError(f"'dates' already gives {listed({'reached_at', 'stage'})}; remove {listed(twice)}")
        return self


class ActivitiesMapping(Mapping):
    """What happened with a lead."""

    table: ClassVar[str] = "activities"


class DealsMapping(Mapping):
    """Deals."""

    table: ClassVar[str] = "deals"


class SpendMapping(Mapping):
    """What was spent; without a currency, it is in the policy's.

    A cost of several days is spread over them: `until` is the column of its last day, `each` the length of every row.
    """

    table: ClassVar[str] = "spend"
    until: Annotated[Column, BeforeValidator(as_column)] | None = None
    each: Literal["week", "month", "quarter", "year"] | None = None


class AnswersMapping(Mapping):
    """Answers to qualification criteria."""

    table: ClassVar[str] = "answers"


class FeedbackMapping(Mapping):
    """What sales thinks of a lead."""

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

    format: Literal[1] = 1
    folder: str = "."
    files: dict[str, File]
    leads: list[LeadsMapping] = []
    activities: list[ActivitiesMapping] = []
    stages: list[StagesMapping] = []
    deals: list[DealsMapping] = []
    spend: list[SpendMapping] = []
    answers: list[AnswersMapping] = []
    feedback: list[FeedbackMapping] = []
    merges: list[Link] = []
    """Where it stands which lead (`key`) was merged into which (`gives`)."""

    def mappings(self) -> list[Mapping]:
        """All mappings, table by table."""
        return [mapping for table in TABLES for mapping in getattr(self, table)]

    def links(self) -> list[Link]:
        """All links from id to id."""
        return [*self.merges, *(link for mapping in self.mappings() for link in mapping.link)]

    @model_validator(mode="after")
    def every_file_is_known(self) -> "Sources":
        if not self.mappings():
            raise ValueError(f"maps no table; add at least one of {', '.join(f'[[{name}]]' for name in TABLES)}")
        readers = [(each.table, each.from_) for each in self.mappings()] + [
            ("link", each.from_) for each in self.links()
        ]
        for reader, key in readers:
            if key not in self.files:
                choice = did_you_mean(key, list(self.files))
                raise ValueError(f"[[{reader}]] reads from '{key}', but there is no such file; {choice}")
        return self
