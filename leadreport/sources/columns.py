"""Which columns of a file a mapping means, how each is read, and one clear error when they are not there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from leadreport.errors import InputError, listed, nearest
from leadreport.policy import Policy
from leadreport.sources.files import Content
from leadreport.sources.mapping import (
    Column,
    Condition,
    File,
    LeadsMapping,
    Mapping,
    Sources,
    StagesMapping,
)
from leadreport.tables import ALLOWED_VALUES, column_types, computed_names, required_columns

FROM_POLICY = "currency"
"""The one required column that a file may lack: the policy supplies it."""

ATTRIBUTE_TYPES: dict[str | None, pl.DataType | None] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    None: None,
}
"""The type of an attribute by its `type` in `sources.toml`; without one, the cells decide."""


@dataclass(frozen=True)
class PlainMapping:
    """A mapping without date columns: every row of the file gives one row, or none where `filled` is empty.

    Of the plain mappings of one mapping, only the first reports malformed rows (`reports_malformed`).
    """

    mapping: Mapping
    columns: dict[str, Column] | None
    constants: dict[str, str]
    filled: Column | None = None
    reports_malformed: bool = True

    @property
    def table(self) -> str:
        return self.mapping.table

    @property
    def attributes(self) -> dict[str, Column]:
        return self.mapping.attributes if isinstance(self.mapping, LeadsMapping) else {}

    def conditions(self) -> list[Condition]:
        return [*self.mapping.only, *self.mapping.drop]


def plain_mappings(sources: Sources) -> list[tuple[str, PlainMapping]]:
    """The plain mappings of all mappings, each with the key of the file it reads."""
    return [(mapping.from_, plain) for mapping in sources.mappings() for plain in one_per_date(mapping)]


def one_per_date(mapping: Mapping) -> list[PlainMapping]:
    """One plain mapping per date column of a stage mapping; one for any other mapping."""
    if not isinstance(mapping, StagesMapping) or not mapping.dates:
        return [PlainMapping(mapping, mapping.columns, mapping.constants)]
    columns = {"lead_id": Column(column=["lead_id"])} if mapping.columns is None else mapping.columns
    return [
        PlainMapping(mapping, columns | {"reached_at": at}, mapping.constants | {"stage": stage}, at, number == 0)
        for number, (stage, at) in enumerate(mapping.dates.items())
    ]


@dataclass(frozen=True)
class FoundColumns:
    """Columns and attributes with their positions in a file; `unused` are other columns, each with a hint."""

    columns: dict[str, tuple[int, Column]]
    attributes: dict[str, tuple[int, Column]] = field(default_factory=dict)
    unused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def all(self) -> dict[str, tuple[int, Column]]:
        return self.columns | self.attributes


def find_columns(plain: PlainMapping, *, content: Content, file: File, policy: Policy) -> FoundColumns:
    """The positions of a mapping's columns in a file.

    Raises
    ------
    InputError
        One error for all columns that are missing, with the header and the nearest names; also when the header has a
        name twice, or an attribute has the name of a computed column.
    """
    found = own_columns(plain, content=content) if plain.columns is None else mapped_columns(plain, content=content)
    missing = missing_columns(plain, found)
    if missing:
        raise columns_missing(content, wanted=missing, file=file)
    taken = computed_names(policy) & {*found.attributes}
    if taken:
        raise InputError(
            f"{content.name} has attributes with the names of computed columns: {listed(taken)}",
            hint="rename the columns, or leave them out: sources.toml keeps only the attributes that it lists",
        )
    return found


def mapped_columns(plain: PlainMapping, *, content: Content) -> FoundColumns:
    """Columns by the names in `sources.toml`."""
    return FoundColumns(located(plain.columns or {}, content=content), located(plain.attributes, content=content))


def own_columns(plain: PlainMapping, *, content: Content) -> FoundColumns:
    """Columns by our own names; of a file of leads, the other columns too are attributes unless some are listed."""
    named = {ours: Column(column=[ours]) for ours in column_types(plain.table) if ours not in plain.constants}
    columns = located(named, content=content)
    taken = {position for position, _ in columns.values()}
    others = [name for at, name in enumerate(content.header) if at not in taken]
    keeps_all = plain.table == "leads" and not plain.attributes
    kept = {name: Column(column=[name]) for name in others if name} if keeps_all else plain.attributes
    absent = [ours for ours in named if ours not in columns]
    unused = [(name, hint_for(name, absent=absent, is_kept=keeps_all)) for name in others]
    return FoundColumns(columns, located(kept, content=content), [each for each in unused if each[1]])


def located(columns: dict[str, Column], *, content: Content) -> dict[str, tuple[int, Column]]:
    """The columns that a file has, with their positions."""
    found = {name: (position_of(content, names=column.column), column) for name, column in columns.items()}
    return {name: (position, column) for name, (position, column) in found.items() if position is not None}


def hint_for(name: str, *, absent: list[str], is_kept: bool) -> str:
    """A hint for a column that is none of ours; empty for an attribute that resembles no absent column."""
    if not name:
        return "has no name"
    near = nearest(name, absent, most=1, cutoff=0.75)
    question = f"; did you mean '{near[0]}'?" if near else ""
    if is_kept:
        return f"is kept as an attribute{question}" if near else ""
    return f"is not used{question}"


def missing_columns(plain: PlainMapping, found: FoundColumns) -> list[tuple[list[str], str]]:
    """Columns that the mapping names or the table requires, and the file lacks: possible names and purpose."""
    named = {**(plain.columns or {}), **plain.attributes}
    missing = [(each.column, f"for {ours} of {plain.table}") for ours, each in named.items() if ours not in found.all]
    if plain.columns is None:
        required = [ours for ours in required_columns(plain.table) if ours not in (FROM_POLICY, *plain.constants)]
        missing += [([ours], f"required in {plain.table}") for ours in required if ours not in found.columns]
    return missing


def position_of(content: Content, *, names: Iterable[str]) -> int | None:
    """The position of a column: the first name that the header has, letter by letter, else in any case and spacing.

    Raises
    ------
    InputError
        When the header has the name more than once.
    """
    for same in (str, any_case):
        header = [same(name) for name in content.header]
        for name in names:
            found = [at for at, held in enumerate(header) if held == same(name)]
            if len(found) > 1:
                columns = " and ".join(str(at + 1) for at in found)
                raise InputError(
                    f"{content.name} has the column '{name}' more than once: columns {columns}",
                    hint="rename or delete one of them, so that it is clear which is meant",
                )
            if found:
                return found[0]
    return None


def any_case(name: str) -> str:
    """A header without its case and surplus spaces.

    Examples
    --------
    >>> any_case("Create  Date ")
    'create date'
    """
    return " ".join(name.casefold().split())


def columns_missing(content: Content, *, wanted: list[tuple[list[str], str]], file: File) -> InputError:
    """One error for all missing columns, each with its possible names and its purpose."""
    missing = " and ".join(f"no column {' or '.join(map(repr, names))} ({purpose})" for names, purpose in wanted)
    near = [
        f"'{match}' is near to '{names[0]}'"
        for names, _ in wanted
        for match in dict.fromkeys(match for name in names for match in nearest(name, content.header))
    ]
    advice = "rename the column, or map it in sources.toml; skip_lines is the number of lines before the header"
    return InputError(
        f"{content.name} has {missing}",
        found=listed(content.header, most=30),
        hint=other_delimiter(content, file=file) or "; ".join([*near, advice]),
    )


def other_delimiter(content: Content, *, file: File) -> str | None:
    """The hint for a header that looks as if it was split at the wrong delimiter."""
    header = file.delimiter.join(content.header)
    counts = {sign: header.count(sign) for sign in (",", ";", "\t", "|") if sign != file.delimiter}
    sign = max(counts, key=lambda each: counts[each])
    if not content.is_text or counts[sign] < len(content.header):
        return None
    spelled = "\\t" if sign == "\t" else sign
    split = f"the header was split at {file.delimiter!r} but is full of {sign!r}"
    return f'{split}; set delimiter = "{spelled}" for this file in sources.toml'


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read; without a `dtype`, a decimal mark or thousands the cells decide."""

    dtype: pl.DataType | None
    formats: list[str] = field(default_factory=lambda: ["iso"])
    zone: str = "UTC"
    decimal: str | None = None
    thousands: str | None = None
    remove: list[str] = field(default_factory=list)
    units: dict[str, float] | None = None
    true: list[str] | None = None
    false: list[str] | None = None
    missing: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()
    is_kept_as_text: bool = False


def reading_of(name: str, column: Column, *, mapping: Mapping, file: File, policy: Policy) -> Reading:
    """The reading of one of our columns or of an attribute: by the column's options, else the file's, else the policy.

    Stage names are also looked up in the policy's names, so that `sources.toml` need not repeat them.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.sources.mapping import StagesMapping
    >>> policy = parse_policy(preset_text("startup"))
    >>> mapping = StagesMapping.model_validate({"from": "contacts"})
    >>> file = File(path="contacts.csv", format="%d.%m.%Y")
    >>> reading = reading_of("reached_at", Column(column="Date"), mapping=mapping, file=file, policy=policy)
    >>> reading.formats, reading.zone
    (['%d.%m.%Y'], 'Europe/Berlin')
    """

    def option(key: str, default: Any) -> Any:
        chosen = (getattr(column, key), getattr(file, key))
        return next((choice for choice in chosen if choice is not None), default)

    types = column_types(mapping.table)
    stage_names = policy.stages.names if (mapping.table, name) == ("stages", "stage") else {}
    return Reading(
        dtype=types[name] if name in types else ATTRIBUTE_TYPES[column.type],
        formats=option("format", ["iso"]),
        zone=option("time_zone", policy.company.time_zone),
        decimal=option("decimal", None),
        thousands=option("thousands", None),
        remove=option("remove", []),
        units=option("units", None),
        true=option("true", None),
        false=option("false", None),
        missing=file.missing,
        values={**stage_names, **mapping.values.get(name, {})},
        allowed=ALLOWED_VALUES.get((mapping.table, name), ()),
    )
