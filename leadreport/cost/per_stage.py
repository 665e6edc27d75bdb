"""What a lead, an MQL, an SQL and a customer cost: ratios of sums over the same scope."""

from datetime import datetime

import polars as pl
from scipy.special import gammaincinv

from leadreport.clock import Period
from leadreport.cost.scope import Basis, Scope, Spread, refuse_mixed_currencies, scope_of, scope_sums
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, headlines, rate
from leadreport.words import COUNTED, DOWN, FALSE_ALARM_RATE, LEAST_COUNT, NORMAL_VARIATION, TOO_FEW, UP


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
    mqls, sqls, customers, marketing_spend, sales_spend, spread_spend (of sales_spend, what was spread), spend,
    cost_per_lead, cost_per_mql, cost_per_sql with cost_per_sql_low and cost_per_sql_high (exact Poisson 95 % of the SQL
    count: chance alone, so somewhat too narrow where weeks are more uneven than that), cost_per_customer, cost_basis.
    Without SQLs there is no cost per SQL: it is null. A cohort too young for its customers has no cost_per_customer.

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
    *("cost_per_sql", "cost_per_sql_low", "cost_per_sql_high", "cost_per_customer"),
)

COLUMNS = (
    *("leads", "mqls", "sqls", "customers", "marketing_spend", "sales_spend", "spread_spend", "spend"),
    *("cost_per_lead", "cost_per_mql", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high"),
    *("cost_per_customer", "cost_basis"),
)


def with_costs(sums: pl.DataFrame, *, is_loaded: bool) -> pl.DataFrame:
    """The ratios, of whole cents, so that doubled spend doubles them exactly."""
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
    """The exact Poisson 95 % interval of counts, as series `fewest` and `most`.

    Garwood (1936), Biometrika 28, 437-442: of a count k the ends are the 2.5 % quantile of a gamma distribution with
    shape k (0 when k is 0) and the 97.5 % quantile of one with shape k + 1. A cost is the spend over these ends.
    """
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


def cost_change(facts: pl.DataFrame, spend: pl.DataFrame, *, period: Period, policy: Policy) -> pl.DataFrame:
    """What an SQL cost in a period, against the period of the same length before.

    One headline, cost_per_sql, in the columns of `rates.HEADLINE_COLUMNS`: value with low and high, previous, change,
    n (SQLs), verdict. The verdict is "up" or "down" when the two counts of SQLs differ by more than their spend
    explains (exact conditional test of two Poisson rates, 1 %), "normal variation" when not, "too few to say" with
    fewer than ten SQLs on a side.

    Raises
    ------
    InputError
        When the spend mixes currencies.
    """
    now, before = (cost_per_sql(facts, spend, period=one, policy=policy) for one in (period, period.shifted(-1)))
    row = now.select(
        name=pl.lit("cost_per_sql"),
        value="cost_per_sql",
        low="cost_per_sql_low",
        high="cost_per_sql_high",
        previous=before["cost_per_sql"],
        change=(pl.col("cost_per_sql") - before["cost_per_sql"]).round(2),
        n="sqls",
        verdict=pl.lit(cost_verdict(now.row(0, named=True), before.row(0, named=True))),
    )
    return headlines(row)


def cost_verdict(now: dict, before: dict) -> str:
    """Whether an SQL costs more or less than before, beyond chance.

    Przyborowski and Wilenski (1940), Biometrika 31, 313-323: given all SQLs of both periods, those of this one are
    binomial, and without a change their expected share is this period's share of the spend.
    """
    if min(now["sqls"], before["sqls"]) < LEAST_COUNT or not (now["spend"] and before["spend"]):
        return TOO_FEW
    from scipy.stats import binomtest  # half a second that a page without this headline need not wait

    share = now["spend"] / (now["spend"] + before["spend"])
    if binomtest(now["sqls"], now["sqls"] + before["sqls"], share).pvalue >= FALSE_ALARM_RATE:
        return NORMAL_VARIATION
    return UP if now["cost_per_sql"] > before["cost_per_sql"] else DOWN
