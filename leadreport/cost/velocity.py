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

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from leadreport.policy import parse_policy, preset_text
    >>> days = [datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 25, tzinfo=UTC)]
    >>> facts = pl.DataFrame({"open_deals": [0, 1], "won_deals": [1, 0], "lost_deals": [0, 0], "currency": ["EUR"] * 2})
    >>> is_won = pl.col("won_deals") > 0
    >>> facts = facts.with_columns(
    ...     opportunity_at=pl.lit(days[0]),
    ...     customer_at=pl.when(is_won).then(pl.lit(days[1])),
    ...     won_amount=pl.when(is_won).then(900.0),
    ...     open_amount=pl.when(~is_won).then(500.0),
    ... )
    >>> velocity = sales_velocity(facts, policy=parse_policy(preset_text("startup")))
    >>> velocity.select("opportunities", "win_rate", "won_amount", "cycle_days", "velocity_value").row(0)
    (1, 1.0, 900.0, 20.0, 45.0)
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
