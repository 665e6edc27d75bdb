"""Cells that a Parquet file holds in a type of its own."""

import polars as pl

from leadreport.sources.instants import INSTANT, as_utc


def taken_over(cells: pl.Series, *, dtype: pl.DataType | None, zone: str) -> pl.Series | None:
    """The cells in our type without a detour over text, or None where only text will do.

    A `dtype` of None is an attribute: it stays what the file says. NaN is how some tools write a missing number.

    Examples
    --------
    >>> taken_over(pl.Series([1.0, float("nan")]), dtype=pl.Float64(), zone="UTC").to_list()
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
    is_zoned = cells.dtype == pl.Datetime and cells.dtype.time_zone is not None
    at = cells.cast(INSTANT) if is_zoned else as_utc(cells.cast(pl.Datetime("us")), zone=zone)
    return at if dtype == INSTANT else at.dt.convert_time_zone(zone).dt.date()


def as_text(cells: pl.Series) -> pl.Series:
    """Any cells as text; whole numbers lose the .0 that a missing neighbour gave them.

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
