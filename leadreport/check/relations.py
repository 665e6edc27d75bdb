"""Rows that speak of a lead that is not there."""

import polars as pl

from leadreport.check.rules import FAILURES


def orphans(rows: pl.DataFrame, *, leads: pl.Series) -> pl.DataFrame:
    """[row, column, reason]: rows whose `lead_id` is none of the good leads'; an empty one is another rule's business.

    Examples
    --------
    >>> rows = pl.DataFrame({"lead_id": ["a", "b", None]})
    >>> orphans(rows, leads=pl.Series(["a"])).rows()
    [(1, 'lead_id', 'no such lead')]
    """
    if "lead_id" not in rows.columns:
        return pl.DataFrame(schema=FAILURES)
    known = leads.alias("lead_id").to_frame()
    unknown = rows.select("lead_id").with_row_index("row").drop_nulls().join(known, on="lead_id", how="anti")
    return unknown.select("row", pl.lit("lead_id").alias("column"), pl.lit("no such lead").alias("reason")).cast(
        FAILURES
    )
