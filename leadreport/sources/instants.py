"""From text to instants: ISO 8601, written formats, epochs; local times by their time zone."""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

INSTANT = pl.Datetime("us", "UTC")

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
"""What ISO 8601 means here, in the order in which it is tried."""

EPOCHS = {"epoch_ms": (r"^-?\d{1,15}$", 1_000), "epoch_s": (r"^-?\d{1,12}$", 1_000_000)}
"""The pattern of an epoch, and how many microseconds one of it is."""

SAMPLE = 100
"""So many cells tell which variant to try first; no text fits two of them."""

DAY = timedelta(days=1)


def instants(text: pl.Series, *, formats: list[str], zone: str) -> pl.Series:
    """Instants in UTC; null where no format fits. A date is its local midnight, an offset in the text is honoured.

    Examples
    --------
    >>> text = pl.Series(["2026-01-31", "2026-01-31T14:05:00-05:00", "31.02.2026"])
    >>> instants(text, formats=["iso"], zone="Europe/Berlin").dt.to_string("%F %R").to_list()
    ['2026-01-30 23:00', '2026-01-31 19:05', None]
    """
    read = pl.Series(text.name, [None], dtype=INSTANT).new_from_index(0, len(text))
    for format in spelled_out(formats, sample=text.drop_nulls().head(SAMPLE)):
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


def spelled_out(formats: list[str], *, sample: pl.Series) -> Iterator[str]:
    """Every format to try, in the order given; of the variants of ISO, the one that reads most of a sample first."""

    def unread(variant: str) -> int:
        return by_format(sample, format=variant, zone="UTC").null_count()

    for format in formats:
        yield from sorted(ISO, key=unread) if format == "iso" else (format,)


def by_format(text: pl.Series, *, format: str, zone: str) -> pl.Series:
    """Instants by one format."""
    if format in EPOCHS:
        pattern, unit = EPOCHS[format]
        count = text.set(~text.str.contains(pattern), None).cast(pl.Int64)
        return (count * unit).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if "z" in format:
        return text.str.to_datetime(format, strict=False, time_unit="us").cast(INSTANT)
    if has_time(format):
        return as_utc(text.str.to_datetime(format, strict=False, time_unit="us"), zone=zone)
    return as_utc(text.str.to_date(format, strict=False).cast(pl.Datetime("us")), zone=zone)


def has_time(format: str) -> bool:
    return any(code in format for code in ("%H", "%I", "%T", "%R"))


def as_utc(local: pl.Series, *, zone: str) -> pl.Series:
    """The instant of a local time. Of an hour that comes twice, the first; a time that the clock skips is read by the
    clock of before: where summer time begins at midnight, that is the day's first instant.

    Examples
    --------
    >>> from datetime import datetime
    >>> skipped = pl.Series([datetime(2017, 10, 15)], dtype=pl.Datetime("us"))
    >>> as_utc(skipped, zone="America/Sao_Paulo").dt.convert_time_zone("America/Sao_Paulo").dt.to_string("%F %R").item()
    '2017-10-15 01:00'
    """
    utc = in_zone(local, zone=zone)
    if utc.null_count() == local.null_count():
        return utc
    return utc.zip_with(utc.is_not_null(), in_zone(local - DAY, zone=zone) + DAY)


def in_zone(local: pl.Series, *, zone: str) -> pl.Series:
    aware = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return aware.dt.convert_time_zone("UTC")
