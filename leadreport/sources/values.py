"""From the text of a cell to a value: numbers, booleans, known words, instants; and the type of an attribute."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import polars as pl

INSTANT = pl.Datetime("us", "UTC")

GROUPING = {" ": "[ \u00a0\u202f]", "'": "['’]", "’": "['’]", ".": r"\.", ",": ",", "": ""}
"""Thousands separators as people type them, each as a pattern."""

TRUE = ["true", "yes", "1"]
FALSE = ["false", "no", "0"]

LARGEST_EXACT = 2**53
"""Above it a Float64 no longer holds every whole number."""

ISO = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M%#z",
)
"""The variants of ISO 8601, in the order in which they are tried."""

EPOCHS = {"epoch_ms": (r"^-?\d{1,15}$", 1_000), "epoch_s": (r"^-?\d{1,12}$", 1_000_000)}
"""The pattern of an epoch, and its unit in microseconds."""

ZONES = {
    **dict.fromkeys(("UTC", "GMT"), "+00:00"),
    **dict.fromkeys(("CET", "MEZ"), "+01:00"),
    **dict.fromkeys(("CEST", "MESZ"), "+02:00"),
    **{"EST": "-05:00", "EDT": "-04:00", "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00", "PDT": "-07:00"},
}
"""Words for a time zone that mean one offset everywhere; CST, BST and IST do not."""

ZONE_WORD = rf"\b(?:{'|'.join(ZONES)})\b"
DAY_CODES = ("%d", "%e", "%j", "%F", "%D")

SAMPLE = 100
"""Number of cells that decide which variant to try first; no text fits two of them."""

DAY = timedelta(days=1)


def constant(value: Any, length: int, *, dtype: Any = pl.String) -> pl.Series:
    """The same value in every row."""
    return pl.Series([value], dtype=dtype).new_from_index(0, length)


def numbers(
    text: pl.Series,
    *,
    decimal: str = ".",
    thousands: str = "",
    remove: list[str] | None = None,
    units: Mapping[str, float] | None = None,
) -> pl.Series:
    """Finite numbers; null where the text is no number, or its thousands are not grouped as thousands are.

    A word of `units` behind the number, in any case, multiplies it.

    Examples
    --------
    >>> numbers(pl.Series(["1.234,50", "12,5", "1,234.50", "1e5", "inf"]), decimal=",", thousands=".").to_list()
    [1234.5, 12.5, None, 100000.0, None]
    >>> numbers(pl.Series(["$1.20K", "$0.01M", "$7"]), remove=["$"], units={"K": 1e3, "M": 1e6}).to_list()
    [1200.0, 10000.0, 7.0]
    """
    text = without_signs(text, remove=remove)
    if units:
        words = sorted(units, key=len, reverse=True)
        parts = text.str.extract_groups(rf"(?i)^(.*?)\s*({'|'.join(map(re.escape, words))})?$").struct.unnest()
        factor = (
            parts["2"]
            .str.to_lowercase()
            .replace_strict(
                {word.lower(): times for word, times in units.items()}, default=1.0, return_dtype=pl.Float64
            )
        )
        return (numbers(parts["1"], decimal=decimal, thousands=thousands) * factor).round(9)
    group, point = GROUPING[thousands], GROUPING[decimal]
    grouped = rf"[1-9]\d{{0,2}}(?:{group}\d{{2,3}})*{group}\d{{3}}|" if thousands else ""
    is_number = text.str.contains(rf"^[+-]?(?:(?:{grouped}\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?$")
    plain = text.set(~is_number, None)
    if thousands:
        plain = plain.str.replace_all(group, "")
    read = plain.str.replace(decimal, ".", literal=True).cast(pl.Float64, strict=False)
    return read.set(read.is_infinite(), None)


def without_signs(text: pl.Series, *, remove: list[str] | None) -> pl.Series:
    """Numbers as text without the signs to remove, with a plain minus."""
    for sign in remove or []:
        text = text.str.replace_all(sign, "", literal=True)
    return text.str.strip_chars().str.replace("−", "-", literal=True)


def whole_numbers(text: pl.Series, **notation: Any) -> pl.Series:
    """Whole numbers in the notation of `numbers`; null where the text is no number or has a fraction.

    Examples
    --------
    >>> whole_numbers(pl.Series(["7", "7.0", "7.5"])).to_list()
    [7, 7, None]
    """
    read = numbers(text, **notation)
    return read.set((read != read.floor()) | (read.abs() > LARGEST_EXACT), None).cast(pl.Int64)


def booleans(text: pl.Series, *, true: list[str] | None = None, false: list[str] | None = None) -> pl.Series:
    """True and false by their words, in any case; null where the text is neither.

    Examples
    --------
    >>> booleans(pl.Series(["Ja", "nein", "vielleicht"]), true=["ja"], false=["nein"]).to_list()
    [True, False, None]
    """
    words = {word.lower(): True for word in true or TRUE} | {word.lower(): False for word in false or FALSE}
    return text.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)


def mapped_words(text: pl.Series, *, values: Mapping[str, str], allowed: tuple[str, ...] = ()) -> pl.Series:
    """Texts replaced as `values` says, in any case; with `allowed`, null where the result is not an allowed word.

    In `values`, "*" stands for every text that has no entry, and "" for an empty cell.

    Examples
    --------
    >>> stages = pl.Series(["Closed Won", "OPEN", "Demo", None])
    >>> mapped_words(stages, values={"closed won": "won"}, allowed=("open", "won")).to_list()
    ['won', 'open', None, None]
    """
    named = {word: word for word in allowed} | {word.lower(): to for word, to in values.items()}
    other, empty = named.pop("*", None), named.pop("", None)
    if allowed or values:
        default = text if other is None and not allowed else constant(other, len(text))
        default = default.set(text.is_null(), None)
        lower = text.str.to_lowercase()
        text = lower.replace_strict(named, default=default, return_dtype=pl.String) if named else default
    return text.fill_null(empty) if empty else text


def means_nothing(text: pl.Series, *, values: Mapping[str, str]) -> pl.Series:
    """Which texts the mapping declares empty: `"(not set)" = ""`.

    Examples
    --------
    >>> means_nothing(pl.Series(["(Not set)", "Web"]), values={"(not set)": "", "web": "website"}).to_list()
    [True, False]
    """
    nothing = {word.lower() for word, to in values.items() if not to}
    lower = text.str.to_lowercase()
    if "*" in nothing:
        return ~lower.is_in([word.lower() for word, to in values.items() if to])
    return lower.is_in(sorted(nothing))


def inferred(text: pl.Series, *, decimal: str = ".", thousands: str = "") -> pl.Series:
    """An attribute without a declared type: booleans, numbers or text, whichever fits all of its cells.

    Leading zeros, a leading plus and more than 15 digits make text: those are codes, not quantities.

    Examples
    --------
    >>> inferred(pl.Series(["10", "2", None])).dtype, inferred(pl.Series(["01067", "10115"])).dtype
    (Int64, String)
    >>> inferred(pl.Series(["True", "false"])).to_list()
    [True, False]
    """
    given = text.drop_nulls()
    if given.is_empty():
        return text
    if given.str.to_lowercase().is_in(["true", "false"]).all():
        return booleans(text)
    if given.str.contains(r"^(?:\+|-?0\d)|\d{16}|[eE]").any():
        return text
    read = numbers(text, decimal=decimal, thousands=thousands)
    if read.null_count() > text.null_count():
        return text
    return read.cast(pl.Int64) if (read == read.floor()).all() else read


def instants(text: pl.Series, *, formats: list[str], zone: str) -> pl.Series:
    """Instants in UTC; null where no format fits. A date is its local midnight; an offset in the text is respected.

    Examples
    --------
    >>> text = pl.Series(["2026-01-31", "2026-01-31T14:05:00-05:00", "31.02.2026"])
    >>> instants(text, formats=["iso"], zone="Europe/Berlin").dt.to_string("%F %R").to_list()
    ['2026-01-30 23:00', '2026-01-31 19:05', None]
    """
    read = constant(None, len(text), dtype=INSTANT)
    if "iso" in formats and text.str.contains(r"[ A-Z][+-]?[\d:]*[A-Z]{3,4}$| [+-][\d:]{5,6}$").any():
        text = with_offsets(text).str.replace(r"\s+([+-]\d\d:?\d\d)$", "$1")
    for format in formats_to_try(formats, sample=text.drop_nulls().head(SAMPLE)):
        left = text.set(read.is_not_null(), None)
        if left.null_count() == len(left):
            break
        read = read.zip_with(left.is_null(), by_format(left, format=format, zone=zone))
    return read


def dates(text: pl.Series, *, formats: list[str], zone: str) -> pl.Series:
    """Local dates; the time of day, where there is one, is dropped.

    Examples
    --------
    >>> dates(pl.Series(["08/31/2026"]), formats=["%m/%d/%Y"], zone="Europe/Berlin").to_list()
    [datetime.date(2026, 8, 31)]
    """
    return instants(text, formats=formats, zone=zone).dt.convert_time_zone(zone).dt.date()


def formats_to_try(formats: list[str], *, sample: pl.Series) -> Iterator[str]:
    """Every format, in the order given; of the variants of ISO, the one that reads most of a sample first."""

    def unread(variant: str) -> int:
        return by_format(sample, format=variant, zone="UTC").null_count()

    for format in formats:
        yield from sorted(ISO, key=unread) if format == "iso" else (format,)


def by_format(text: pl.Series, *, format: str, zone: str) -> pl.Series:
    """Instants by one format; a word for a time zone in it is read, and a format without a day gives the first."""
    if format in EPOCHS:
        pattern, unit = EPOCHS[format]
        count = text.set(~text.str.contains(pattern), None).cast(pl.Int64)
        return (count * unit).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if re.search(rf"%Z|{ZONE_WORD}|Z$", format):
        text, format = with_offsets(text), re.sub(rf"%Z|{ZONE_WORD}|Z$", "%#z", format)
    if not has_day(format):
        text, format = text + " 1", f"{format} %d"
    if "z" in format:
        return text.str.to_datetime(format, strict=False, time_unit="us").cast(INSTANT)
    if any(code in format for code in ("%H", "%I", "%T", "%R")):
        return as_utc(text.str.to_datetime(format, strict=False, time_unit="us"), zone=zone)
    return as_utc(text.str.to_date(format, strict=False).cast(pl.Datetime("us")), zone=zone)


def has_day(format: str) -> bool:
    """Whether a written format names a day, not only a month."""
    return any(code in format for code in DAY_CODES)


def with_offsets(text: pl.Series) -> pl.Series:
    """Texts with a word for a time zone replaced by its offset; an offset that is already there stays.

    Examples
    --------
    >>> with_offsets(pl.Series(["22:18 UTC", "22:18 CEST", "22:18 +0000 UTC", "22:18 CST"])).to_list()
    ['22:18 +00:00', '22:18 +02:00', '22:18 +0000', '22:18 CST']
    """
    text = text.str.replace(rf"([+-]\d\d:?\d\d)\s*{ZONE_WORD}", "$1")
    for word, offset in ZONES.items():
        text = text.str.replace(rf"\b{word}\b", offset)
    return text


def as_utc(local: pl.Series, *, zone: str) -> pl.Series:
    """The instant of a local time: of an hour that occurs twice, the first; of a skipped time, by the clock before it.

    Where summer time begins at midnight, the skipped midnight is thus the day's first instant.

    Examples
    --------
    >>> from datetime import datetime
    >>> skipped = pl.Series([datetime(2017, 10, 15)], dtype=pl.Datetime("us"))
    >>> as_utc(skipped, zone="America/Sao_Paulo").dt.convert_time_zone("America/Sao_Paulo").dt.to_string("%F %R").item()
    '2017-10-15 01:00'
    """

    def in_zone(times: pl.Series) -> pl.Series:
        aware = times.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return aware.dt.convert_time_zone("UTC")

    utc = in_zone(local)
    if utc.null_count() == local.null_count():
        return utc
    return utc.zip_with(utc.is_not_null(), in_zone(local - DAY) + DAY)
