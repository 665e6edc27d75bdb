"""One currency per report."""

from collections.abc import Mapping

import polars as pl

from leadreport.errors import InputError


def with_currency(rows: pl.DataFrame, *, currency: str) -> pl.DataFrame:
    """Codes in capitals; where a row names no currency it is the policy's. Tables without money stay as they are.

    Examples
    --------
    >>> spend = pl.DataFrame({"amount": [1.0, 2.0], "currency": ["usd", None]})
    >>> with_currency(spend, currency="EUR")["currency"].to_list()
    ['USD', 'EUR']
    """
    if "currency" not in rows.columns or "amount" not in rows.columns:
        return rows
    return rows.with_columns(pl.col("currency").str.to_uppercase().fill_null(currency))


def one_currency(tables: Mapping[str, pl.DataFrame], *, currency: str) -> None:
    """Stops when deals or spend have rows in another currency than the policy's.

    Raises
    ------
    InputError
        Naming the currencies and how many rows of each.
    """
    counted = [
        tables[name].group_by("currency").len("rows").with_columns(table=pl.lit(name)) for name in ("deals", "spend")
    ]
    rows = pl.concat(counted).sort("table", "currency")
    if rows.filter(pl.col("currency") != currency).is_empty():
        return
    found = [f"{table}: {count:,} x {code}" for code, count, table in rows.iter_rows()]
    raise InputError(
        f"amounts must all be in {currency}, the policy's currency; sums over several currencies mean nothing",
        found="; ".join(found),
        hint="convert the amounts, drop those rows in sources.toml, or change company.currency in policy.toml",
    )
