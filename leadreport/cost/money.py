"""Money in whole cents and in one currency, so that sums are exact and mean something."""

import polars as pl

from leadreport.errors import InputError, listed


def cents(amount: str = "amount") -> pl.Expr:
    """An amount in whole cents: integers add up to the same in any order."""
    return (pl.col(amount) * 100).round(0).cast(pl.Int64)


def refuse_mixed_currencies(rows: pl.DataFrame, *, what: str, currency: str) -> None:
    """Adding euros to dollars gives neither (SEMANTICS 4); a row without a currency is in the policy's."""
    counts = rows.group_by(pl.col("currency").fill_null(currency)).len().sort("currency")
    if counts.is_empty() or counts["currency"].to_list() == [currency]:
        return
    found = ", ".join(f"{n} {'row' if n == 1 else 'rows'} in {name}" for name, n in counts.iter_rows())
    problem = "mixes currencies" if counts.height > 1 else f"is not in {currency}, the policy's currency"
    raise InputError(
        f"{what} {problem}", found=found, hint=f"convert it first: in_currency({what}, exchange, to='{currency}', ...)"
    )


def in_currency(
    rows: pl.DataFrame, exchange: pl.DataFrame, *, to: str, on: str = "spent_on", amount: str = "amount"
) -> pl.DataFrame:
    """The rows in one currency, each at the latest rate of its own day or before; what they said stays beside it.

    `exchange` has the columns valid_from_on, currency, exchange_rate: so many `to` for one of `currency`. Adds
    original_amount and original_currency.

    Raises
    ------
    InputError
        When a currency has no rate on or before a row's day.

    Examples
    --------
    >>> from datetime import date
    >>> rows = pl.DataFrame({"spent_on": [date(2026, 1, 9)], "amount": [100.0], "currency": ["USD"]})
    >>> rates = pl.DataFrame({"valid_from_on": [date(2026, 1, 1)], "currency": ["USD"], "exchange_rate": [0.9]})
    >>> in_currency(rows, rates, to="EUR").select("amount", "currency", "original_amount").rows()
    [(90.0, 'EUR', 100.0)]
    """
    ordered = exchange.select(pl.col("valid_from_on").alias(on), "currency", "exchange_rate").sort(on)
    numbered = rows.with_row_index("row").sort(on, "row")
    found = numbered.join_asof(ordered, on=on, by="currency", check_sortedness=False).sort("row")
    rate = pl.when(pl.col("currency").fill_null(to) == to).then(1.0).otherwise(pl.col("exchange_rate"))
    found = found.with_columns(exchange_rate=rate)
    missing = found.filter(pl.col("exchange_rate").is_null())
    if not missing.is_empty():
        raise InputError(
            f"{missing.height} of {rows.height} rows have no exchange rate to {to}",
            found=listed(pl.select(pl.format("{} on {}", missing["currency"], missing[on])).to_series()),
            hint="add rows to the exchange table: valid_from_on, currency, exchange_rate",
        )
    return found.with_columns(
        (pl.col(amount) * pl.col("exchange_rate")).round(2),
        currency=pl.lit(to),
        original_amount=pl.col(amount),
        original_currency="currency",
    ).drop("row", "exchange_rate")


def spread_cents(total: pl.Expr, weight: pl.Expr) -> pl.Expr:
    """A sum split in proportion to integer weights, to the cent: the parts add up to it exactly."""
    reached = (total * weight.cum_sum()) // weight.sum()
    return reached - reached.shift(1, fill_value=0)
