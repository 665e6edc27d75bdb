"""How each column of a mapping is read: what the column says, else its file, else the policy."""

from typing import Any

import polars as pl

from leadreport.policy import Policy
from leadreport.sources.convert import Reading
from leadreport.sources.mappings import Mapping
from leadreport.sources.notation import Column, File
from leadreport.tables import ALLOWED_VALUES as WORDS
from leadreport.tables import column_types

ATTRIBUTES: dict[str | None, pl.DataType | None] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    None: None,
}
"""The type of an attribute by the word in `sources.toml`; without a word the cells tell."""


def reading_of(name: str, column: Column, *, mapping: Mapping, file: File, policy: Policy) -> Reading:
    """The reading of one of our columns or of an attribute.

    Stage names go through the policy's names too, so that they need not be repeated in `sources.toml`.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.sources.mappings import StagesMapping
    >>> policy = parse_policy(preset_text("startup"))
    >>> mapping = StagesMapping.model_validate({"from": "contacts"})
    >>> file = File(path="contacts.csv", format="%d.%m.%Y")
    >>> reading = reading_of("reached_at", Column(column="Date"), mapping=mapping, file=file, policy=policy)
    >>> reading.formats, reading.zone
    (['%d.%m.%Y'], 'Europe/Berlin')
    """
    types = column_types(mapping.table)
    names = policy.stages.names if (mapping.table, name) == ("stages", "stage") else {}
    return Reading(
        dtype=types[name] if name in types else ATTRIBUTES[column.type],
        formats=first(column.format, file.format, ["iso"]),
        zone=first(column.time_zone, file.time_zone, policy.company.time_zone),
        decimal=first(column.decimal, file.decimal, "."),
        thousands=first(column.thousands, file.thousands, ""),
        remove=first(column.remove, file.remove, []),
        true=first(column.true, file.true, None),
        false=first(column.false, file.false, None),
        missing=file.missing,
        values={**names, **mapping.values.get(name, {})},
        allowed=WORDS.get((mapping.table, name), ()),
    )


def first(*choices: Any) -> Any:
    """The first choice that was made."""
    return next((choice for choice in choices if choice is not None), None)
