"""From the cells of one column to values of our type, and the reason where a cell does not become a value."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from leadreport.errors import did_you_mean, listed
from leadreport.policy import Policy
from leadreport.sources import values
from leadreport.sources.mapping import Column, File, Mapping
from leadreport.sources.values import INSTANT, constant
from leadreport.tables import ALLOWED_VALUES, column_types

ATTRIBUTE_TYPES: dict[str | None, pl.DataType | None] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    None: None,
}
"""The type of an attribute by its `type` in `sources.toml`; without one, the cells decide."""

MOST_SUGGESTIONS = 200
"""The nearest known word is looked up for this many different unknown words of a column."""

GROUPED = r"^[-+]?\d[\d.,'’ \x{a0}\x{202f}]*$"
"""A number in another notation."""

DATE_CLUES = {
    r"^\d{13}$": 'looks like milliseconds since 1970; set format = "epoch_ms" in sources.toml',
    r"^\d{10}$": 'looks like seconds since 1970; set format = "epoch_s" in sources.toml',
    r"^\d{4}-\d{2}-\d{2}(?:$|[T ])": "is not a valid date",
}
"""For patterns of an unreadable instant, the reason."""

FORMAT_NAMES = {
    "iso": "a date such as 2026-01-31 or 2026-01-31 14:05",
    "epoch_ms": "milliseconds since 1970",
    "epoch_s": "seconds since 1970",
}


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read; without a `dtype` the cells decide."""

    dtype: pl.DataType | None
    formats: list[str] = field(default_factory=lambda: ["iso"])
    zone: str = "UTC"
    decimal: str = "."
    thousands: str = ""
    remove: list[str] = field(default_factory=list)
    true: list[str] | None = None
    false: list[str] | None = None
    missing: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()


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
        decimal=option("decimal", "."),
        thousands=option("thousands", ""),
        remove=option("remove", []),
        true=option("true", None),
        false=option("false", None),
        missing=file.missing,
        values={**stage_names, **mapping.values.get(name, {})},
        allowed=ALLOWED_VALUES.get((mapping.table, name), ()),
    )


def convert(cells: pl.Series, *, reading: Reading) -> tuple[pl.Series, pl.Series]:
    """The values, and the problem of each cell that holds something and does not become a value.

    Examples
    --------
    >>> value, problem = convert(pl.Series([" 12 ", "", "a dozen"]), reading=Reading(pl.Float64()))
    >>> value.to_list(), problem.to_list()
    ([12.0, None, None], [None, None, 'is not a number'])
    """
    no_problem = constant(None, len(cells))
    value = None if cells.dtype == pl.String else typed(cells, dtype=reading.dtype, zone=reading.zone)
    if value is not None and not reading.values:
        return value, no_problem
    text = present(cells, missing=reading.missing, mapped=reading.values)
    value = by_type(text, reading=reading)
    is_bad = text.is_not_null() & value.is_null()
    return value, reasons(text.set(~is_bad, None), reading=reading) if is_bad.any() else no_problem


def typed(cells: pl.Series, *, dtype: pl.DataType | None, zone: str) -> pl.Series | None:
    """The typed cells of a Parquet file in our type, or None where they must be read as text.

    A `dtype` of None is an attribute: it keeps the type of the file. Some tools write a missing number as NaN.

    Examples
    --------
    >>> typed(pl.Series([1.0, float("nan")]), dtype=pl.Float64(), zone="UTC").to_list()
    [1.0, None]
    """
    held = cells.dtype
    if held in (pl.Date, pl.Datetime) and dtype in (INSTANT, pl.Date):
        return as_moment(cells, dtype=dtype, zone=zone)
    if (held.is_float() or held.is_decimal()) and dtype in (None, pl.Float64):
        return cells.cast(pl.Float64).fill_nan(None)
    if held.is_integer() and dtype in (None, pl.Int64, pl.Float64):
        return cells.cast(dtype or (pl.Float64 if held == pl.UInt64 else pl.Int64))
    if held == pl.Boolean and dtype in (None, pl.Boolean):
        return cells
    return as_text(cells) if dtype is None else None


def as_moment(cells: pl.Series, *, dtype: pl.DataType, zone: str) -> pl.Series:
    """Dates and datetimes as instants or local dates; a datetime without a zone is read in `zone`."""
    if cells.dtype == pl.Date and dtype == pl.Date:
        return cells
    is_zoned = cells.dtype == pl.Datetime and cells.dtype.time_zone is not None  # type: ignore[attr-defined]
    at = cells.cast(INSTANT) if is_zoned else values.as_utc(cells.cast(pl.Datetime("us")), zone=zone)
    return at if dtype == INSTANT else at.dt.convert_time_zone(zone).dt.date()


def as_text(cells: pl.Series) -> pl.Series:
    """Any cells as text; whole numbers lose the .0 that an empty neighbour gave them.

    Examples
    --------
    >>> as_text(pl.Series([12345678.0, None])).to_list()
    ['12345678', None]
    """
    if cells.dtype.is_float():
        cells = cells.fill_nan(None)
        given = cells.drop_nulls()
        if ((given == given.floor()) & (given.abs() < 2**63)).all():
            return cells.cast(pl.Int64).cast(pl.String)
    return cells.cast(pl.String)


def present(cells: pl.Series, *, missing: list[str], mapped: dict[str, str]) -> pl.Series:
    """Trimmed text; null where the cell is empty or holds a word that stands for empty."""
    text = as_text(cells).str.strip_chars()
    text = text.set(text.is_in(["", *(word.strip() for word in missing)]), None)
    return text.set(values.means_nothing(text, values=mapped), None) if mapped else text


def by_type(text: pl.Series, *, reading: Reading) -> pl.Series:
    """The values of a text column in the type of the reading."""
    filled = {word: to for word, to in reading.values.items() if to}
    named = values.mapped_words(text, values=filled, allowed=reading.allowed)
    notation = {"decimal": reading.decimal, "thousands": reading.thousands}
    if reading.dtype == INSTANT:
        return values.instants(named, formats=reading.formats, zone=reading.zone)
    if reading.dtype == pl.Date:
        return values.dates(named, formats=reading.formats, zone=reading.zone)
    if reading.dtype == pl.Float64:
        return values.numbers(named, remove=reading.remove, **notation)
    if reading.dtype == pl.Int64:
        return values.whole_numbers(named, remove=reading.remove, **notation)
    if reading.dtype == pl.Boolean:
        return values.booleans(named, true=reading.true, false=reading.false)
    return values.inferred(named, **notation) if reading.dtype is None else named


def reasons(text: pl.Series, *, reading: Reading) -> pl.Series:
    """Why each text did not become a value; null stays null."""
    if reading.allowed:
        return unknown_words(text, reading=reading)
    if reading.dtype in (INSTANT, pl.Date):
        written = [FORMAT_NAMES.get(format, f"a date written as '{format}'") for format in reading.formats]
        return first_that_holds(text, DATE_CLUES, f"is not {' or '.join(written)}")
    if reading.dtype == pl.Float64:
        return first_that_holds(
            text, {GROUPED: "is not a number; set decimal and thousands in sources.toml"}, "is not a number"
        )
    if reading.dtype == pl.Int64:
        return first_that_holds(text, {}, "is not a whole number")
    return first_that_holds(text, {}, "is not one of the words for true and false")


def first_that_holds(text: pl.Series, clues: dict[str, str], otherwise: str) -> pl.Series:
    """The reason of the first pattern that fits, else the general one."""
    reason = pl.when(pl.col("text").is_null()).then(None)
    for pattern, clue in clues.items():
        reason = reason.when(pl.col("text").str.contains(pattern)).then(pl.lit(clue))
    return text.to_frame("text").select(reason.otherwise(pl.lit(otherwise)).cast(pl.String)).to_series()


def unknown_words(text: pl.Series, *, reading: Reading) -> pl.Series:
    """For each unknown word the nearest known words."""
    known = sorted({*reading.allowed, *(word for word in reading.values if word not in ("", "*"))})
    unknown = text.drop_nulls().unique().sort().head(MOST_SUGGESTIONS)
    suggestions = {word: f"is not known; {did_you_mean(word, known)}" for word in unknown}
    all_known = f"is not known; allowed: {listed(known, most=20)}"
    return text.replace_strict(suggestions, default=constant(all_known, len(text)).set(text.is_null(), None))
