"""A mapping, taken apart into plain ones, and its columns found in a file."""

from dataclasses import dataclass, field
from difflib import get_close_matches

from leadreport.errors import InputError, listed
from leadreport.policy import Policy
from leadreport.sources.content import Content
from leadreport.sources.headers import Wanted, not_there, position_of
from leadreport.sources.mappings import LeadsMapping, Mapping, StagesMapping
from leadreport.sources.model import Sources
from leadreport.sources.notation import Column, Condition, File
from leadreport.tables import column_types, computed_names, required_columns

FROM_POLICY = "currency"
"""The one required column that a file may leave out: the policy says it."""


@dataclass(frozen=True)
class Part:
    """A mapping without date columns: every row of the file gives one row, or none where `filled` is empty.

    Of several parts of one mapping only the first speaks of torn rows (`tells_torn`).
    """

    mapping: Mapping
    columns: dict[str, Column] | None
    constants: dict[str, str]
    filled: Column | None = None
    tells_torn: bool = True

    @property
    def table(self) -> str:
        return self.mapping.table

    @property
    def attributes(self) -> dict[str, Column]:
        return self.mapping.attributes if isinstance(self.mapping, LeadsMapping) else {}

    def conditions(self) -> list[Condition]:
        return [*self.mapping.only, *self.mapping.drop]


@dataclass(frozen=True)
class Located:
    """Where the columns of a part stand in a file; `unused` are columns that nobody asked for, with a hint."""

    columns: dict[str, tuple[int, Column]]
    attributes: dict[str, tuple[int, Column]] = field(default_factory=dict)
    unused: list[tuple[str, str]] = field(default_factory=list)

    def positions(self) -> set[int]:
        return {position for position, _ in (*self.columns.values(), *self.attributes.values())}


def parts_of(sources: Sources) -> list[tuple[str, Part]]:
    """The parts of all mappings, each with the key of the file it reads."""
    return [(mapping.from_, part) for mapping in sources.mappings() for part in taken_apart(mapping)]


def taken_apart(mapping: Mapping) -> list[Part]:
    """One part for each date column of a stage mapping; any other mapping is a part as it is."""
    if not isinstance(mapping, StagesMapping) or not mapping.dates:
        return [Part(mapping, mapping.columns, mapping.constants)]
    columns = {"lead_id": Column(column=["lead_id"])} if mapping.columns is None else mapping.columns
    return [
        Part(mapping, columns | {"reached_at": at}, mapping.constants | {"stage": stage}, at, tells_torn=number == 0)
        for number, (stage, at) in enumerate(mapping.dates.items())
    ]


def locate(part: Part, *, content: Content, file: File, policy: Policy) -> Located:
    """The positions of a part's columns in a file.

    Raises
    ------
    InputError
        One error for all columns that are missing, with what was found and the nearest names; also when a name stands
        twice in the header, or an attribute has a name that the facts use.
    """
    located = own_columns(part, content=content) if part.columns is None else mapped_columns(part, content=content)
    missing = missing_columns(part, located)
    if missing:
        raise not_there(content, wanted=missing, file=file)
    taken = computed_names(policy) & {*located.attributes}
    if taken:
        raise InputError(
            f"{content.name} has attributes named as the report's own figures: {listed(taken)}",
            hint="rename the columns, or leave them out: sources.toml keeps the attributes that it lists",
        )
    return located


def mapped_columns(part: Part, *, content: Content) -> Located:
    """Columns by the names that `sources.toml` gives."""
    found = {ours: (position_of(content, names=column.column), column) for ours, column in (part.columns or {}).items()}
    kept = {name: (position_of(content, names=column.column), column) for name, column in part.attributes.items()}
    return Located(there(found), there(kept))


def there(found: dict[str, tuple[int | None, Column]]) -> dict[str, tuple[int, Column]]:
    return {name: (position, column) for name, (position, column) in found.items() if position is not None}


def own_columns(part: Part, *, content: Content) -> Located:
    """Columns by our own names; what is left over in a file of leads are its attributes."""
    named = {ours: Column(column=[ours]) for ours in column_types(part.table) if ours not in part.constants}
    columns = there({ours: (position_of(content, names=[ours]), column) for ours, column in named.items()})
    taken = {position for position, _ in columns.values()}
    left = [name for at, name in enumerate(content.header) if at not in taken]
    is_leads = part.table == "leads"
    kept = {name: (position_of(content, names=[name]), Column(column=[name])) for name in left if name and is_leads}
    absent = [ours for ours in named if ours not in columns]
    return Located(columns, there(kept), [(name, doubt(name, absent=absent, is_kept=is_leads)) for name in left])


def doubt(name: str, *, absent: list[str], is_kept: bool) -> str:
    """What to say of a column that is none of ours; nothing of an attribute that resembles no column that is absent."""
    if not name:
        return "has no name"
    near = get_close_matches(name.casefold(), absent, n=1, cutoff=0.75)
    if is_kept:
        return f"is kept as an attribute; did you mean '{near[0]}'?" if near else ""
    return f"is not used; did you mean '{near[0]}'?" if near else "is not used"


def missing_columns(part: Part, located: Located) -> list[Wanted]:
    """Columns that the mapping names, or the table requires, and the file does not have."""
    named = {**(part.columns or {}), **part.attributes}
    there = {*located.columns, *located.attributes}
    missing = [
        Wanted(tuple(column.column), f"for {ours} of {part.table}")
        for ours, column in named.items()
        if ours not in there
    ]
    if part.columns is None:
        needed = [ours for ours in required_columns(part.table) if ours != FROM_POLICY and ours not in part.constants]
        missing += [Wanted((ours,), f"required in {part.table}") for ours in needed if ours not in there]
    return missing
