"""How fast money moves: from spend to SQLs, and through the pipeline to customers."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.cost.scope import cents, refuse_mixed_currencies
from leadreport.policy import Policy
from leadreport.rates import converted_by, kaplan_meier, per_group, rate, rate_with_ends

SECONDS_A_DAY = 86_400

HALF, NINE_TENTHS = 0.5, 0.9
"""The shares of a day's SQLs whose arrival `arrival_ages` dates."""


def spend_lag(
    facts: pl.DataFrame, *, to_stage: str = "sql", as_of: datetime, policy: Policy, weeks: int | None = None
) -> pl.DataFrame:
    """Which share of the SQLs that a day's spend will bring has arrived after one week, two weeks, and so on.

    A lead arrives on the day of its spend; from then on the share of leads that reached `to_stage` (Kaplan-Meier, so
    young leads are open) is divided by the share that does so within the policy's horizon. One row per whole week up to
    that horizon (or `weeks`): age_days, reached_rate with low and high, arrived_rate (of those that will arrive). Null
    beyond what the history shows.
    """
    horizon = policy.horizon_days("lead", to_stage)
    watched = facts.select(
        days=pl.coalesce(days_between("created_at", f"{to_stage}_at"), days_between("created_at", pl.lit(as_of))),
        has_come=pl.col(f"{to_stage}_at").is_not_null(),
    )
    ends = [float(7 * week) for week in range(1, (weeks or horizon // 7) + 1)]
    curve = kaplan_meier(watched["days"], watched["has_come"])
    found = converted_by(curve, sorted({*ends, float(horizon)}))
    final = found.filter(at=float(horizon))["converted_rate"].item()
    return found.filter(pl.col("at").is_in(ends)).select(
        age_days=pl.col("at").cast(pl.Int64),
        reached_rate=pl.col("converted_rate").round(10),
        low=pl.col("low").round(10),
        high=pl.col("high").round(10),
        arrived_rate=pl.when(pl.lit(final, dtype=pl.Float64) > 0).then(pl.col("converted_rate") / final).round(10),
    )


def arrival_ages(lag: pl.DataFrame) -> pl.DataFrame:
    """The ages by which half, and nine tenths, of a day's SQLs have arrived: one row of half_days and nine_tenths_days.

    `lag` has the rows of `spend_lag`. No row when it does not reach both shares.
    """
    ages = {
        name: pl.col("age_days").filter(pl.col("arrived_rate") >= share).min()
        for name, share in (("half_days", HALF), ("nine_tenths_days", NINE_TENTHS))
    }
    return lag.select(**ages).drop_nulls()


def sales_velocity(
    facts: pl.DataFrame,
    *,
    by: str | None = None,
    policy: Policy,
    target_amount: float | None = None,
    unlinked: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Sales velocity: open opportunities x average won amount x win rate / days from opportunity to customer.

    One row per group: opportunities (leads with an open deal), open_amount, won, lost, win_rate (won / (won + lost), by
    count) with low and high, won_amount (mean of a customer), cycle_days (median of the won), velocity_value (money a
    day), expected_value (open amount x win rate) and, with a `target_amount`, coverage (open amount over the target).

    `unlinked` are deals whose lead is not known (`Workspace.unlinked_deals`): they count in the totals and in the win
    rate, under the group that is null (definition 13). Groups without any deal are left out. The win rate is of deals,
    not of leads: it is not the close rate (definition 11).

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
    if unlinked is not None:
        facts = pl.concat([facts, deal_rows(unlinked)], how="diagonal_relaxed")
    has_amount = pl.col("won_amount").is_not_null() | pl.col("open_amount").is_not_null()
    refuse_mixed_currencies(facts.filter(has_amount), what="the deals' amount", currency=policy.company.currency)
    counts = per_group(
        facts,
        by,
        opportunities=(pl.col("open_deals") > 0).sum().cast(pl.Int64),
        open_amount=cents("open_amount").sum() / 100,
        won=pl.col("won_deals").sum().cast(pl.Int64),
        lost=pl.col("lost_deals").sum().cast(pl.Int64),
        won_amount=rate(cents("won_amount").sum(), pl.col("won_amount").count()) / 100,
        cycle_days=days_between("opportunity_at", "customer_at").median(),
    )
    counts = counts.filter(pl.sum_horizontal("opportunities", "won", "lost") > 0)
    win_rate = rate_with_ends("won", pl.col("won") + pl.col("lost"), name="win_rate")
    return counts.with_columns(**win_rate).select(
        *([by] if by else []),
        *("opportunities", "open_amount", "won", "lost", "win_rate", "low", "high", "won_amount", "cycle_days"),
        velocity_value=rate(pl.col("opportunities") * pl.col("won_amount") * pl.col("win_rate"), "cycle_days"),
        expected_value=pl.col("open_amount") * pl.col("win_rate"),
        coverage=rate("open_amount", pl.lit(target_amount, dtype=pl.Float64)),
    )


def deal_rows(deals: pl.DataFrame) -> pl.DataFrame:
    """Deals with the columns that `sales_velocity` reads of leads, one row per deal."""
    status = {name: pl.col("status") == name for name in ("open", "won", "lost")}
    return deals.select(
        "currency",
        *((is_it.cast(pl.Int64)).alias(f"{name}_deals") for name, is_it in status.items()),
        *(pl.when(status[name]).then("amount").alias(f"{name}_amount") for name in ("open", "won")),
        opportunity_at=pl.col("created_at"),
        customer_at=pl.when(status["won"]).then("closed_at"),
    )


def pipeline_coverage(facts: pl.DataFrame, *, policy: Policy, as_of: datetime, weeks: int = 13) -> pl.DataFrame:
    """The open amount against what was won in the last weeks.

    One row: open_amount, recent_amount (won in the `weeks` weeks before `as_of`), coverage (open over recent),
    expected_value (open amount x win rate). No row when nothing is open, or nothing was won.
    """
    is_recent = pl.col("won_at") >= as_of - timedelta(weeks=weeks)
    recent = facts.filter(is_recent).select(cents("won_amount").sum() / 100).item()
    pipe = sales_velocity(facts, policy=policy, target_amount=recent)
    found = pipe.select("open_amount", pl.lit(recent).alias("recent_amount"), "coverage", "expected_value")
    return found.filter(pl.col("open_amount") > 0, pl.col("recent_amount") > 0)


def days_between(start: str, end: str | pl.Expr) -> pl.Expr:
    later = pl.col(end) if isinstance(end, str) else end
    return (later - pl.col(start)).dt.total_seconds(fractional=True) / SECONDS_A_DAY
