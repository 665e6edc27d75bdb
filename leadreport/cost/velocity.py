"""How much money moves through the pipeline in a day, and whether what is open is enough."""

import polars as pl

from leadreport.cost.money import cents, refuse_mixed_currencies
from leadreport.policy import Policy
from leadreport.rates import per_group, rate, wilson_high, wilson_low

SECONDS_A_DAY = 86_400


def sales_velocity(
    facts: pl.DataFrame,
    *,
    by: str | None = None,
    policy: Policy,
    target_amount: float | None = None,
) -> pl.DataFrame:
    """Sales velocity: open opportunities x average won amount x win rate / days from opportunity to customer.

    One row per group: opportunities (leads with an open deal), open_amount, won, lost, win_rate (won / (won + lost), by
    count) with low and high, won_amount (mean of a customer), cycle_days (median of the won), velocity_value (money a
    day), expected_value (open amount x win rate) and, with a `target_amount`, coverage (open amount over the target).

    The win rate is of deals, not of leads: it is not the close rate (SEMANTICS 11).

    Raises
    ------
    InputError
        When amounts mix currencies.
    """
    has_amount = pl.col("won_amount").is_not_null() | pl.col("open_amount").is_not_null()
    refuse_mixed_currencies(facts.filter(has_amount), what="the deals' amount", currency=policy.company.currency)
    cycle = (pl.col("customer_at") - pl.col("opportunity_at")).dt.total_seconds(fractional=True) / SECONDS_A_DAY
    counts = per_group(
        facts,
        by,
        opportunities=(pl.col("open_deals") > 0).sum().cast(pl.Int64),
        open_amount=cents("open_amount").sum() / 100,
        won=pl.col("won_deals").sum().cast(pl.Int64),
        lost=pl.col("lost_deals").sum().cast(pl.Int64),
        won_amount=rate(cents("won_amount").sum(), pl.col("won_amount").count()) / 100,
        cycle_days=cycle.median(),
    )
    decided = pl.col("won") + pl.col("lost")
    target = pl.lit(target_amount, dtype=pl.Float64)
    return counts.with_columns(
        win_rate=rate("won", decided), low=wilson_low("won", decided), high=wilson_high("won", decided)
    ).select(
        *([by] if by else []),
        *("opportunities", "open_amount", "won", "lost", "win_rate", "low", "high", "won_amount", "cycle_days"),
        velocity_value=rate(pl.col("opportunities") * pl.col("won_amount") * pl.col("win_rate"), "cycle_days"),
        expected_value=pl.col("open_amount") * pl.col("win_rate"),
        coverage=rate("open_amount", target),
    )
