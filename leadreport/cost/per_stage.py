"""What a lead, an MQL, an SQL and a customer cost: ratios of sums over the same scope."""

from datetime import datetime
from typing import Literal

import polars as pl
from scipy.special import gammaincinv

from leadreport.clock import Period
from leadreport.cost.money import cents, refuse_mixed_currencies, spread_cents
from leadreport.cost.scope import Basis, Scope, counts_in, scope_of, spend_in
from leadreport.errors import InputError, did_you_mean
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, rate
from leadreport.words import COUNTED

Spread = Literal["sqls", "mqls", "leads", "none"]

SPREADS = ("sqls", "mqls", "leads", "none")


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
    """Spend over SQLs, and over leads, MQLs and customers: CPSQL, CPL, CPMQL, CAC (SEMANTICS 25, 26).

    On the basis "period" the entries of the period stand under the spend of the period (all days, when none is given);
    on "cohort" the spend stands over the leads created on the same days, which must be old enough at `as_of` to have
    become SQLs, and over what these became within the policy's horizons.

    The policy's cost basis decides what spend is: "loaded" is marketing and sales, "media" marketing only. Sales spend
    that names no group is spread over the groups by the policy's `cost.spread`, or by `spread` when given: by "sqls",
    "mqls" or "leads", or "none" to leave it unattributed; by whole cents, so that groups sum to the total.

    One row per group ("unknown" for leads and spend that name none), sorted; one in all without `by`. Columns: leads,
    mqls, sqls, customers, marketing_spend, sales_spend, spread_spend (of sales_spend, what was spread), spend,
    cost_per_lead, cost_per_mql, cost_per_sql with cost_per_sql_low and cost_per_sql_high (exact Poisson 95 % of the SQL
    count: chance alone, so it is somewhat too narrow where weeks are more uneven than that), cost_per_customer,
    cost_basis. A cost of nothing is null. A cohort too young for its customers has no cost_per_customer.

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
    currency = policy.company.currency
    refuse_mixed_currencies(spend, what="spend", currency=currency)
    spread = spread or policy.cost.spread
    if spread not in SPREADS:
        raise InputError(f"'{spread}' is no way to spread sales spend", hint=did_you_mean(str(spread), SPREADS))
    scope = scope_of(basis=basis, period=period, policy=policy, as_of=as_of)
    sums = scope_sums(facts, spend, scope, by=by, spread=spread)
    costs = with_costs(sums, is_loaded=policy.cost.basis == "loaded")
    if basis == "cohort" and not has_time_for_customers(scope, policy=policy, as_of=as_of):
        costs = costs.with_columns(cost_per_customer=pl.lit(None, dtype=pl.Float64))
    return unknown_without(spend, costs).select(*([by] if by else []), *COLUMNS)


def unknown_without(spend: pl.DataFrame, costs: pl.DataFrame) -> pl.DataFrame:
    """Without any record of spend, what things cost is not known; it is not nothing."""
    unknown = [pl.lit(None, dtype=pl.Float64).alias(name) for name in MONEY]
    return costs.with_columns(unknown) if spend.is_empty() else costs


MONEY = (
    *("marketing_spend", "sales_spend", "spread_spend", "spend", "cost_per_lead", "cost_per_mql"),
    *("cost_per_sql", "cost_per_sql_low", "cost_per_sql_high", "cost_per_customer"),
)

COLUMNS = (
    *("leads", "mqls", "sqls", "customers", "marketing_spend", "sales_spend", "spread_spend", "spend"),
    *("cost_per_lead", "cost_per_mql", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high"),
    *("cost_per_customer", "cost_basis"),
)


def scope_sums(
    facts: pl.DataFrame, spend: pl.DataFrame, scope: Scope, *, by: str | None, spread: Spread
) -> pl.DataFrame:
    """Counts and cents per group; a group with spend and no leads is a row as well, and the other way round."""
    counts = counts_in(facts, scope, by=by)
    amounts = spend_in(spend.with_columns(cents=cents()), scope, by=by)
    if by is None:
        return counts.hstack(amounts).with_columns(spread_cents=pl.lit(0, dtype=pl.Int64))
    both = counts.join(amounts, on=by, how="full", coalesce=True).with_columns(pl.exclude(by).fill_null(0)).sort(by)
    return spread_sales(both, by=by, spread=spread)


def spread_sales(sums: pl.DataFrame, *, by: str, spread: Spread) -> pl.DataFrame:
    """Shares out the sales spend of nobody's group; with nothing to go by it stays where it is."""
    is_unnamed = pl.col(by) == UNKNOWN
    weight = pl.lit(0) if spread == "none" else pl.col(spread)
    if spread == "none" or sums[spread].sum() == 0:
        return sums.with_columns(spread_cents=pl.lit(0, dtype=pl.Int64))
    unnamed = pl.when(is_unnamed).then("sales_cents").otherwise(0)
    return sums.with_columns(spread_cents=spread_cents(unnamed.sum(), weight)).with_columns(
        sales_cents=pl.col("sales_cents") - unnamed + pl.col("spread_cents")
    )


def with_costs(sums: pl.DataFrame, *, is_loaded: bool) -> pl.DataFrame:
    """The ratios; dividing whole cents, so that doubled spend doubles them exactly."""
    spent = pl.col("marketing_cents") + (pl.col("sales_cents") if is_loaded else 0)
    costs = {f"cost_per_{stage}": rate(spent, name) / 100 for name, stage in COUNTED.items()}
    with_ends = sums.with_columns(poisson_ends(sums["sqls"]))
    return with_ends.with_columns(
        **costs,
        marketing_spend=pl.col("marketing_cents") / 100,
        sales_spend=pl.col("sales_cents") / 100,
        spread_spend=pl.col("spread_cents") / 100,
        spend=spent / 100,
        cost_per_sql_low=spent / 100 / pl.col("most"),
        cost_per_sql_high=rate(spent / 100, "fewest"),
        cost_basis=pl.lit("loaded" if is_loaded else "media"),
    )


def poisson_ends(counts: pl.Series) -> list[pl.Series]:
    """The exact Poisson 95 % interval of a count (Garwood 1936): at least `fewest`, at most `most`."""
    k = counts.to_numpy()
    fewest = [float(gammaincinv(n, 0.025)) if n else 0.0 for n in k]
    return [
        pl.Series("fewest", fewest, dtype=pl.Float64),
        pl.Series("most", gammaincinv(k + 1, 0.975), dtype=pl.Float64),
    ]


def has_time_for_customers(scope: Scope, *, policy: Policy, as_of: datetime | None) -> bool:
    """Whether the whole scope is old enough for a close rate."""
    mature = scope_of(basis="cohort", period=None, policy=policy, as_of=as_of, until="customer")
    return scope.end_on is not None and mature.end_on is not None and scope.end_on <= mature.end_on
