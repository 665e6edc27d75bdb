"""The shape of headlines: whichever room makes them, they stand in one table."""

import polars as pl

HEADLINE_COLUMNS: dict[str, type[pl.DataType]] = {
    "name": pl.String,
    "week": pl.String,
    "week_on": pl.Date,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "previous": pl.Float64,
    "change": pl.Float64,
    "n": pl.Int64,
    "expected": pl.Float64,
    "low_limit": pl.Float64,
    "high_limit": pl.Float64,
    "verdict": pl.String,
    "trend": pl.String,
    "note": pl.String,
}
"""The columns of every headline: `low` and `high` are the 95 % interval of the value, `low_limit` and `high_limit` the
range of normal variation; `n` is what the value stands on."""


def headlines(rows: pl.DataFrame) -> pl.DataFrame:
    """Headlines with exactly the columns of `HEADLINE_COLUMNS`; null where a headline has no such value.

    Examples
    --------
    >>> row = headlines(pl.DataFrame({"name": ["sqls"], "value": [12], "n": [12], "verdict": ["up"]}))
    >>> row.columns == list(HEADLINE_COLUMNS), row.select("value", "previous").row(0)
    (True, (12.0, None))
    """
    missing = [pl.lit(None).alias(name) for name in HEADLINE_COLUMNS if name not in rows.columns]
    return rows.with_columns(missing).select(HEADLINE_COLUMNS.keys()).cast(HEADLINE_COLUMNS)
