"""Which column of a file is meant, and a clear word when it is not there."""

from dataclasses import dataclass
from difflib import get_close_matches

from leadreport.errors import InputError, listed
from leadreport.sources.content import Content
from leadreport.sources.notation import File


@dataclass(frozen=True)
class Wanted:
    """A column that is looked for under one of several names, and what it is for."""

    names: tuple[str, ...]
    purpose: str


def position_of(content: Content, *, names: tuple[str, ...] | list[str]) -> int | None:
    """Where a column stands: the first name that the header has, letter by letter, else in any case and spacing.

    Raises
    ------
    InputError
        When the header has the name more than once.
    """
    for same in (str, folded):
        header = [same(name) for name in content.header]
        for name in names:
            found = [at for at, held in enumerate(header) if held == same(name)]
            if len(found) > 1:
                raise twice(content, name=name, positions=found)
            if found:
                return found[0]
    return None


def folded(name: str) -> str:
    """A header without its case and surplus spaces.

    Examples
    --------
    >>> folded("Create  Date ")
    'create date'
    """
    return " ".join(name.casefold().split())


def twice(content: Content, *, name: str, positions: list[int]) -> InputError:
    columns = " and ".join(str(at + 1) for at in positions)
    return InputError(
        f"{content.name} has the column '{name}' more than once: columns {columns}",
        hint="rename or delete one of them; otherwise nobody knows which is meant",
    )


def not_there(content: Content, *, wanted: list[Wanted], file: File) -> InputError:
    """One error for all columns that are missing: what the file has, and the nearest names."""
    missing = " and ".join(f"no column {' or '.join(map(repr, each.names))} ({each.purpose})" for each in wanted)
    return InputError(
        f"{content.name} has {missing}",
        found=listed(content.header, most=30),
        hint=other_delimiter(content, file=file) or nearest(content, wanted=wanted),
    )


def other_delimiter(content: Content, *, file: File) -> str | None:
    """What to say when the header looks as if it were cut at the wrong sign."""
    header = file.delimiter.join(content.header)
    counts = {sign: header.count(sign) for sign in (",", ";", "\t", "|") if sign != file.delimiter}
    sign = max(counts, key=lambda each: counts[each])
    if not content.is_text or counts[sign] < len(content.header):
        return None
    spelled = "\\t" if sign == "\t" else sign
    cut = f"the header was cut at {file.delimiter!r} but is full of {sign!r}"
    return f'{cut}; say delimiter = "{spelled}" for this file in sources.toml'


def nearest(content: Content, *, wanted: list[Wanted]) -> str:
    """The header's names that are nearest to what is missing."""
    header = {folded(name).replace("_", " "): name for name in content.header}
    near = []
    for each in wanted:
        found = [
            match
            for name in each.names
            for match in get_close_matches(folded(name).replace("_", " "), list(header), n=2)
        ]
        near += [f"'{header[match]}' is near to '{each.names[0]}'" for match in dict.fromkeys(found)]
    advice = "rename the column, or map it in sources.toml; skip_lines says how many lines stand before the header"
    return "; ".join([*near, advice])
