"""What a lead, an MQL, an SQL and a customer cost: ratios of sums over the same scope."""

from datetime import datetime

import polars as pl
from scipy.special import ndtr

from leadreport.clock import Period
from leadreport.cost.scope import (
    Basis,
    Scope,
    Spread,
    ends_of_counts,
    refuse_mixed_currencies,
    scope_of,
    scope_sums,
    week_unevenness,
)
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, headlines, rate
from leadreport.words import COUNTED, DOWN, HEADLINES, LEAST_COUNT, NORMAL_VARIATION, TOO_FEW, UP


def cost_per_sql(
    facts: pl.DataFrame,
    spend: pl.DataFrame,
    *,
    by: str | None = None,
    basis: Basis = "period",
    period: Period | None = None,
    policy: Policy,
    as_of: datetime | None = None,
    spread: Spread | None = None,
) -> pl.DataFrame:
    """Spend over SQLs, and over leads, MQLs and customers: CPSQL, CPL, CPMQL, CAC (definitions 25, 26).

    On the basis "period" the spend of the period (of all days, when none is given) is divided by the entries of the
    period; on "cohort" by the leads created on the same days, which must be old enough at `as_of` to have become SQLs,
    and by what these became within the policy's horizons.

    The policy's cost basis decides what spend is: "loaded" is marketing and sales, "media" marketing only. Sales spend
    that names no group is spread over the groups by the policy's `cost.spread`, or by `spread` when given: by "sqls",
    "mqls" or "leads", or "none" to leave it unattributed; in whole cents, so that groups sum to the total.

    One row per group ("unknown" for leads and spend that name none), sorted; one in all without `by`. Columns: leads,
    mqls, sqls, customers, signed_sqls (of the sqls, those that meet the signed criteria; null unless the facts are
    those of `qualify.classify_leads`), marketing_spend, sales_spend, spread_spend (of sales_spend, what was spread),
    spend, cost_per_lead, cost_per_mql, cost_per_sql with cost_per_sql_low and cost_per_sql_high (95 %, as wide as the
    SQLs of the last 52 weeks are uneven; with fewer than eight weeks chance alone), cost_per_signed_sql,
    cost_per_customer, cost_basis. Without SQLs there is no cost per SQL: it is null. A cohort too young for its
    customers has no cost_per_customer.

    Raises
    ------
    InputError
        When the spend mixes currencies, or cannot be grouped by `by`.

    Examples
    --------
    >>> from datetime import UTC, date
    >>> from leadreport.policy import parse_policy, preset_text
    >>> policy = parse_policy(preset_text("startup"))
    >>> days = [datetime(2026, 1, 5, tzinfo=UTC)] * 2
    >>> facts = pl.DataFrame({"created_at": days, "mql_at": days, "sql_at": [days[0], None]}).with_columns(
    ...     customer_at="sql_at", won_amount=pl.when(pl.col("sql_at").is_not_null()).then(900.0), currency=pl.lit("EUR")
    ... )
    >>> spend = pl.DataFrame({"spent_on": [date(2026, 1, 5)], "amount": [300.0]}).with_columns(
    ...     department=pl.lit("marketing"), currency=pl.lit("EUR")
    ... )
    >>> cost_per_sql(facts, spend, policy=policy).select("leads", "sqls", "cost_per_lead", "cost_per_sql").row(0)
    (2, 1, 150.0, 300.0)
    """
    refuse_mixed_currencies(spend, what="spend", currency=policy.company.currency)
    scope = scope_of(basis=basis, period=period, policy=policy, as_of=as_of)
    sums = scope_sums(facts, spend, scope, by=by, spread=spread or policy.cost.spread)
    costs = with_costs(sums, is_loaded=policy.cost.basis == "loaded")
    costs = costs.with_columns(ends_of_counts(costs, facts, scope, stage="sql", by=by))
    low, high = rate("spend", "most"), rate("spend", "fewest")
    costs = costs.with_columns(cost_per_sql_low=low, cost_per_sql_high=high)
    if basis == "cohort" and not has_time_for_customers(scope, policy=policy, as_of=as_of):
        costs = costs.with_columns(cost_per_customer=pl.lit(None, dtype=pl.Float64))
    return unknown_without(spend, costs).select(*([by] if by else []), *COLUMNS)


def with_total(costs: pl.DataFrame, total: pl.DataFrame, *, by: str = "channel") -> pl.DataFrame:
    """The groups' costs with those of all leads, the ratio of the sums, as a last row named "total"."""
    return pl.concat([costs, total.with_columns(pl.lit(TOTAL).alias(by))], how="diagonal")


TOTAL = "total"


def unassigned(costs: pl.DataFrame, *, by: str = "channel") -> pl.DataFrame:
    """The row of the spend and the leads that name no group; none where no spend is on record."""
    return costs.filter(pl.col(by) == UNKNOWN, pl.col("spend").is_not_null())


def unknown_without(spend: pl.DataFrame, costs: pl.DataFrame) -> pl.DataFrame:
    """Without any record of spend a cost is unknown; it is not 0."""
    unknown = [pl.lit(None, dtype=pl.Float64).alias(name) for name in MONEY]
    return costs.with_columns(unknown) if spend.is_empty() else costs


MONEY = (
    *("marketing_spend", "sales_spend", "spread_spend", "spend", "cost_per_lead", "cost_per_mql"),
    *("cost_per_sql", "cost_per_sql_low", "cost_per_sql_high", "cost_per_signed_sql", "cost_per_customer"),
)

COLUMNS = (
    *("leads", "mqls", "sqls", "signed_sqls", "customers", "marketing_spend", "sales_spend", "spread_spend", "spend"),
    *("cost_per_lead", "cost_per_mql", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high"),
    *("cost_per_signed_sql", "cost_per_customer", "cost_basis"),
)


def with_costs(sums: pl.DataFrame, *, is_loaded: bool) -> pl.DataFrame:
    """The ratios, of whole cents, so that doubled spend doubles them exactly."""
    spent = pl.col("marketing_cents") + (pl.col("sales_cents") if is_loaded else 0)
    costs = {f"cost_per_{stage}": rate(spent, name) / 100 for name, stage in COUNTED.items()}
    return sums.with_columns(
        **costs,
        cost_per_signed_sql=rate(spent, "signed_sqls") / 100,
        marketing_spend=pl.col("marketing_cents") / 100,
        sales_spend=pl.col("sales_cents") / 100,
        spread_spend=pl.col("spread_cents") / 100,
        spend=spent / 100,
        cost_basis=pl.lit("loaded" if is_loaded else "media"),
    )


def has_time_for_customers(scope: Scope, *, policy: Policy, as_of: datetime | None) -> bool:
    """Whether the whole scope is old enough for a close rate."""
    mature = scope_of(basis="cohort", period=None, policy=policy, as_of=as_of, until="customer")
    return scope.end_on is not None and mature.end_on is not None and scope.end_on <= mature.end_on


ALARMS = HEADLINES["cost_per_sql"].false_alarms
"""The promise behind the verdict on the cost of an SQL."""


def cost_change(facts: pl.DataFrame, spend: pl.DataFrame, *, period: Period, policy: Policy) -> pl.DataFrame:
    """What an SQL cost in a period, against the period of the same length before.

    One headline, cost_per_sql, in the columns of `rates.HEADLINE_COLUMNS`: value with low and high, previous, change,
    n (SQLs), verdict. The verdict is "up" or "down" when the two counts of SQLs differ by more than their spend and the
    unevenness of weeks explain (one false alarm in four hundred), "normal variation" when not, "too few to say" with
    fewer than ten SQLs on a side or eight weeks on record.

    Raises
    ------
    InputError
        When the spend mixes currencies.
    """
    now, before = (cost_per_sql(facts, spend, period=one, policy=policy) for one in (period, period.shifted(-1)))
    scope = scope_of(basis="period", period=period, policy=policy, as_of=None)
    uneven = week_unevenness(facts, scope, stage="sql", by=None, error=ALARMS).get("")
    word = cost_verdict(now.row(0, named=True), before.row(0, named=True), uneven=uneven)
    row = now.select(
        name=pl.lit("cost_per_sql"),
        value="cost_per_sql",
        low="cost_per_sql_low",
        high="cost_per_sql_high",
        previous=before["cost_per_sql"],
        change=(pl.col("cost_per_sql") - before["cost_per_sql"]).round(2),
        n="sqls",
        verdict=pl.lit(word),
    )
    return headlines(row)


def cost_verdict(now: dict, before: dict, *, uneven: float | None) -> str:
    """Whether an SQL costs more or less than before, beyond chance.

    Given the n SQLs of both periods, those of this one are binomial, and without a change their expected share s is
    this period's share of the spend (Przyborowski and Wilenski 1940, Biometrika 31, 313-323). Weeks that are uneven by
    a factor d multiply the variance: z = (k - n s) / sqrt(d n s (1 - s)), normal.
    """
    if min(now["sqls"], before["sqls"]) < LEAST_COUNT or not (now["spend"] and before["spend"] and uneven):
        return TOO_FEW
    share, n = now["spend"] / (now["spend"] + before["spend"]), now["sqls"] + before["sqls"]
    distance = abs(now["sqls"] - n * share) / (uneven * n * share * (1 - share)) ** 0.5
    if 2 * ndtr(-distance) >= ALARMS:
        return NORMAL_VARIATION
    return UP if now["cost_per_sql"] > before["cost_per_sql"] else DOWN
