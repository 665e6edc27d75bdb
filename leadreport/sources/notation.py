"""How a file is written: its signs, its dates, its columns, and the rows that are not meant."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, NonNegativeInt, model_validator

from leadreport.policy.criteria import Strict
from leadreport.sources.options import Delimiter, Encoding, Format, Zone


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
    """One file, or several that look alike, and how to read them; `count` names a column of how many a row is."""

    path: Texts
    delimiter: Delimiter = ","
    encoding: Encoding | None = None
    quote: Literal['"', "'", ""] = '"'
    skip_lines: NonNegativeInt = 0
    missing: Annotated[list[str], BeforeValidator(in_a_list)] = []
    drop: list[Condition] = []
    may_be_empty: bool = False
    count: str | None = None
