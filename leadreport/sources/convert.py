"""From the cells of one column to values of our type, and the reason where a cell does not become a value."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl

from leadreport.errors import InputError, did_you_mean, listed
from leadreport.sources import values
from leadreport.sources.columns import Reading
from leadreport.sources.values import INSTANT, constant

MOST_SUGGESTIONS = 200
"""The nearest known word is looked up for this many different unknown words of a column."""

NOTATIONS = [(".", ""), (".", ","), (",", "."), (",", ""), (".", " "), (",", " "), (".", "'"), (",", "'")]
"""Decimal mark and thousands separator, as numbers are written anywhere."""

SEPARATED = r"\d[.,'’ \x{a0}\x{202f}]\d"
"""Two digits with a separator between them."""

DECIDED_BY = 0.05
"""A notation is decided when every other one fails for more than this share of the separated numbers."""

UNIT = r"^[^A-Za-z]*\d\s*(?i:k|mm?|bn?|t|tsd\.?|mio\.?|mrd\.?)$"
"""A number with a unit behind it."""

GROUPED = r"^[-+]?\d[\d.,'’ \x{a0}\x{202f}]*$"
"""A number in another notation."""

DATE_CLUES = {
    r"^\d{13}$": 'looks like milliseconds since 1970; set format = "epoch_ms" in sources.toml',
    r"^\d{10}$": 'looks like seconds since 1970; set format = "epoch_s" in sources.toml',
    r"\d [A-Z]{3,5}$": "ends in a time zone that has no one offset; write the offset, or name it by time_zone",
    r"^\d{4}-\d{2}-\d{2}(?:$|[T ])": "is not a valid date",
}
"""For patterns of an unreadable instant, the reason."""

FORMAT_NAMES = {
    "iso": "a date such as 2026-01-31 or 2026-01-31 14:05",
    "epoch_ms": "milliseconds since 1970",
    "epoch_s": "seconds since 1970",
}


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


def decided(reading: Reading, columns: Sequence[pl.Series], *, where: str) -> Reading:
    """The reading with the one notation that fits a whole column, whatever number of files it stands in.

    Raises
    ------
    InputError
        When its cells can be read in two ways: 1.250 alone, or 03/04/2026 under two formats. A column whose type the
        cells decide stays text instead.

    Examples
    --------
    >>> reading = decided(Reading(pl.Float64()), [pl.Series(["1.250", "80"]), pl.Series(["12,50"])], where="Cost")
    >>> reading.decimal, reading.thousands
    (',', '.')
    """
    if len(reading.formats) > 1 and reading.dtype in (INSTANT, pl.Date):
        variants = {text: partial(dated, format=text, zone=reading.zone) for text in reading.formats}
        text = distinct_texts(columns, reading=reading)
        name, others = best_variant(text, variants, share=0)
        if others is None:
            return replace(reading, formats=[name]) if name else reading
        raise two_readings(where, others, advice="keep the one format that is meant")
    is_number = reading.dtype in (pl.Float64(), pl.Int64(), None)
    if not is_number or None not in (reading.decimal, reading.thousands):
        return reading
    text = values.without_signs(distinct_texts(columns, reading=reading), remove=reading.remove)
    text = text.filter(text.str.contains(SEPARATED))
    fitting = [
        pair for pair in NOTATIONS if reading.decimal in (None, pair[0]) and reading.thousands in (None, pair[1])
    ]
    units = reading.units
    variants = {pair: partial(values.numbers, decimal=pair[0], thousands=pair[1], units=units) for pair in fitting}
    if text.is_empty() or not variants:
        return reading
    pair, others = best_variant(text, variants, share=DECIDED_BY)
    if others is None:
        return replace(reading, decimal=pair[0], thousands=pair[1]) if pair else reading
    if reading.dtype is None:
        return replace(reading, dtype=pl.String(), is_kept_as_text=True)
    advice = 'write for its file in sources.toml either decimal = "." or decimal = ","'
    raise two_readings(where, others, advice=advice)


def distinct_texts(columns: Sequence[pl.Series], *, reading: Reading) -> pl.Series:
    """The different texts of a column."""
    own = [each for each in columns if each.dtype == pl.String]
    texts = [present(each, missing=reading.missing, mapped=reading.values).unique() for each in own]
    return pl.concat(texts).drop_nulls().unique().sort() if texts else pl.Series([], dtype=pl.String)


def dated(text: pl.Series, *, format: str, zone: str) -> pl.Series:
    """Instants by one format; null in years that no CRM means."""
    read = values.instants(text, formats=[format], zone=zone)
    return read.set(~read.dt.year().is_between(1990, 2100).fill_null(True), None)


def best_variant(
    text: pl.Series, variants: dict[Any, Callable[[pl.Series], pl.Series]], *, share: float
) -> tuple[Any, pl.DataFrame | None]:
    """The variant that reads most of the texts, and what stays undecided: [text, one, other], None when it is decided.

    It is decided when no other variant reads as many, but for `share` of them, and reads one of them as another value.
    No variant is named where two read texts that the other does not, and agree where both read.
    """
    read = {name: by(text) for name, by in variants.items()}
    best = max(read, key=lambda name: read[name].count())
    is_whole = all((read[best].is_not_null() | other.is_null()).all() for other in read.values())
    for name, other in read.items():
        differs = (read[best] != other).fill_null(False)
        unread = (read[best].is_not_null() & other.is_null()).sum()
        if differs.any() and (unread <= share * read[best].count() or (share == 0 and not is_whole)):
            shown = pl.DataFrame({"text": text, "one": read[best], "other": other}).filter(differs)
            return name, shown.select(pl.all().cast(pl.String))
    return (best if is_whole or share else None), None


def two_readings(where: str, shown: pl.DataFrame, *, advice: str) -> InputError:
    """The error for a column that stops the reading until a person decides."""
    examples = [f"'{text}' is {one} or {other}" for text, one, other in shown.head(3).iter_rows()]
    return InputError(
        f"{where} can be read in two ways, and no other cell decides which", found="; ".join(examples), hint=advice
    )


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
    notation = {"decimal": reading.decimal or ".", "thousands": reading.thousands or ""}
    if reading.dtype == INSTANT:
        return values.instants(named, formats=reading.formats, zone=reading.zone)
    if reading.dtype == pl.Date:
        return values.dates(named, formats=reading.formats, zone=reading.zone)
    if reading.dtype == pl.Float64:
        return values.numbers(named, remove=reading.remove, units=reading.units, **notation)
    if reading.dtype == pl.Int64:
        return values.whole_numbers(named, remove=reading.remove, units=reading.units, **notation)
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
        clues = {
            GROUPED: "is not a number; set decimal and thousands in sources.toml",
            UNIT: "ends in a unit; say in sources.toml what it means, such as units = { K = 1000, M = 1000000 }",
        }
        return first_that_holds(text, clues, "is not a number")
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
