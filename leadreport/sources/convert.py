"""From the cells of one column to values of our type, and the reason where a cell does not become one."""

from dataclasses import dataclass, field

import polars as pl

from leadreport.errors import did_you_mean, listed
from leadreport.sources.instants import INSTANT, dates, instants
from leadreport.sources.typed import as_text, taken_over
from leadreport.sources.values import booleans, inferred, means_nothing, numbers, whole_numbers, words

NEAREST = 200
"""For so many different unknown words the nearest known one is looked for."""


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read; without a `dtype` the cells tell."""

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


def convert(cells: pl.Series, *, reading: Reading) -> tuple[pl.Series, pl.Series]:
    """The values, and the problem of each cell that holds something and did not become a value.

    Examples
    --------
    >>> value, problem = convert(pl.Series([" 12 ", "", "a dozen"]), reading=Reading(pl.Float64()))
    >>> value.to_list(), problem.to_list()
    ([12.0, None, None], [None, None, 'is not a number'])
    """
    value = None if cells.dtype == pl.String else taken_over(cells, dtype=reading.dtype, zone=reading.zone)
    if value is not None and not reading.values:
        return value, no_problem(len(cells))
    text = present(cells, missing=reading.missing, values=reading.values)
    value = by_type(text, reading=reading)
    is_bad = text.is_not_null() & value.is_null()
    return value, reasons(text.set(~is_bad, None), reading=reading) if is_bad.any() else no_problem(len(cells))


def no_problem(length: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, length)


def present(cells: pl.Series, *, missing: list[str], values: dict[str, str]) -> pl.Series:
    """Trimmed text; null where the cell is empty or holds a word that means so."""
    text = as_text(cells).str.strip_chars()
    text = text.set(text.is_in(["", *(word.strip() for word in missing)]), None)
    return text.set(means_nothing(text, values=values), None) if values else text


def by_type(text: pl.Series, *, reading: Reading) -> pl.Series:
    """The values of a text column in the type that is wanted."""
    named = words(text, values={word: to for word, to in reading.values.items() if to}, allowed=reading.allowed)
    notation = {"decimal": reading.decimal, "thousands": reading.thousands}
    if reading.dtype == INSTANT:
        return instants(named, formats=reading.formats, zone=reading.zone)
    if reading.dtype == pl.Date:
        return dates(named, formats=reading.formats, zone=reading.zone)
    if reading.dtype == pl.Float64:
        return numbers(named, remove=reading.remove, **notation)
    if reading.dtype == pl.Int64:
        return whole_numbers(named, remove=reading.remove, **notation)
    if reading.dtype == pl.Boolean:
        return booleans(named, true=reading.true, false=reading.false)
    return inferred(named, **notation) if reading.dtype is None else named


def reasons(text: pl.Series, *, reading: Reading) -> pl.Series:
    """Why each text became no value; null stays null."""
    if reading.allowed:
        return unknown_words(text, reading=reading)
    if reading.dtype in (INSTANT, pl.Date):
        return first_that_holds(text, MOMENTS, f"does not read as {' or '.join(map(spoken, reading.formats))}")
    if reading.dtype == pl.Float64:
        return first_that_holds(text, {GROUPED: f"is not a number{MARKS}"}, "is not a number")
    if reading.dtype == pl.Int64:
        return first_that_holds(text, {}, "is not a whole number")
    return first_that_holds(text, {}, "is neither of the words for true and false")


GROUPED = r"^[-+]?\d[\d.,'’ \x{a0}\x{202f}]*$"
MARKS = "; say in sources.toml which sign is decimal and which separates thousands"
"""What a number in another notation looks like, and what to say of it."""

MOMENTS = {
    r"^\d{13}$": 'looks like milliseconds since 1970; say format = "epoch_ms" in sources.toml',
    r"^\d{10}$": 'looks like seconds since 1970; say format = "epoch_s" in sources.toml',
    r"^\d{4}-\d{2}-\d{2}(?:$|[T ])": "is not a date that exists, or has something behind it",
}
"""What an unreadable instant looks like, and what to say of it."""


def spoken(format: str) -> str:
    return {
        "iso": "a date such as 2026-01-31 or 2026-01-31 14:05",
        "epoch_ms": "milliseconds since 1970",
        "epoch_s": "seconds since 1970",
    }.get(format, f"'{format}'")


def first_that_holds(text: pl.Series, clues: dict[str, str], otherwise: str) -> pl.Series:
    """The reason of the first pattern that fits, else the general one."""
    reason = pl.when(pl.col("text").is_null()).then(None)
    for pattern, said in clues.items():
        reason = reason.when(pl.col("text").str.contains(pattern)).then(pl.lit(said))
    return text.to_frame("text").select(reason.otherwise(pl.lit(otherwise)).cast(pl.String)).to_series()


def unknown_words(text: pl.Series, *, reading: Reading) -> pl.Series:
    """For each unknown word the nearest words that are known."""
    known = sorted({*reading.allowed, *(word for word in reading.values if word not in ("", "*"))})
    unknown = text.drop_nulls().unique().sort()
    said = {word: f"is not known; {did_you_mean(word, known)}" for word in unknown.head(NEAREST)}
    return text.replace_strict(
        said, default=no_problem(len(text)).set(text.is_not_null(), f"is not known; allowed: {listed(known, most=20)}")
    )
