"""The latest row of each lead, without windows: the greatest instant, joined back."""

import narwhals.stable.v2 as nw


def latest_rows(rows: nw.LazyFrame, *, at: str, keys: list[str], values: list[str]) -> nw.LazyFrame:
    """The values of each key's latest row; of rows at the same instant the smallest value of each column."""
    newest = rows.group_by(keys).agg(nw.col(at).max().alias("newest_at"))
    ties = rows.join(newest, on=keys, how="inner").filter(nw.col(at) == nw.col("newest_at"))
    return ties.group_by(keys).agg(nw.col(at).max(), *(nw.col(value).min() for value in values))
