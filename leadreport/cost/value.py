"""What a lead is worth, what one may cost at most, and where a part of the budget would bring more customers."""

from datetime import datetime
from statistics import NormalDist

import polars as pl

from leadreport.clock import Period, local_date
from leadreport.cost.per_stage import unknown_without, with_costs
from leadreport.cost.scope import Spread, cents, ends_of_counts, refuse_mixed_currencies, scope_of, scope_sums
from leadreport.errors import InputError
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, per_group, rate, rate_with_ends
from leadreport.words import ABOVE_VALUE, TOO_CLOSE, TOO_FEW, WORTH_IT

Z = NormalDist().inv_cdf(0.975)

GAINS, LOSES = "gains", "loses"

ELASTICITIES = (1.0, 0.75, 0.5)
"""By how many per cent leads rise for one per cent more marketing: in proportion, with some and strong saturation."""

LEAST_MARKETING_SHARE = 0.25
"""Where marketing is a smaller share of the spend, it is not marketing that brings the leads: such a channel neither
gives nor takes budget."""


def lead_value(
    facts: pl.DataFrame,
    spend: pl.DataFrame,
    *,
    by: str | None = None,
    period: Period | None = None,
    policy: Policy,
    as_of: datetime,
    spread: Spread | None = None,
) -> pl.DataFrame:
    """The value of a lead, close rate x average won amount x margin, against what the lead cost (definition 27).

    Only leads old enough to have closed count, on both sides: created at least the policy's lead-to-customer horizon
    before `as_of` (and within `period`, when given), with the spend of the same days.

    One row per group. Columns: leads, mqls, sqls, customers, close_rate with close_rate_low and close_rate_high
    (Wilson), won_amount (mean of a customer), is_amount_pooled (the group has no won amount, so it is that of all),
    lead_value with lead_value_low and lead_value_high, cost_per_lead, value_per_cost, highest_price_per_lead,
    highest_price_per_mql and highest_price_per_sql (where cost and value meet), marketing_spend, spend, customers_low
    and customers_high (95 % of the count, as wide as its weeks are uneven), is_above_value (a lead costs more than it
    is worth), verdict: "costs more than it is worth" or "worth it" when the cost is outside the value's interval,
    "too close to call" when it is inside, "too few to say" when either is missing.

    Raises
    ------
    InputError
        When spend or won amounts mix currencies.

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
    >>> value = lead_value(facts, spend, policy=policy, as_of=datetime(2026, 11, 16, tzinfo=UTC))
    >>> value.select("close_rate", "won_amount", "lead_value", "cost_per_lead", "is_above_value").row(0)
    (0.5, 900.0, 450.0, 150.0, False)
    """
    refuse_mixed_currencies(spend, what="spend", currency=policy.company.currency)
    won = facts.filter(pl.col("won_amount").is_not_null())
    refuse_mixed_currencies(won, what="won_amount", currency=policy.company.currency)
    scope = scope_of(basis="cohort", period=period, policy=policy, as_of=as_of, until="customer")
    mature = facts.filter(scope.holds(local_date(pl.col("created_at"), zone=scope.zone)))
    sums = scope_sums(mature, spend, scope, by=by, spread=spread or policy.cost.spread)
    costs = unknown_without(spend, with_costs(sums, is_loaded=policy.cost.basis == "loaded"))
    costs = costs.drop("customers", "mqls", "sqls")
    counts = outcome_counts(mature, by=by)
    keys = [by] if by else []
    joined = costs.join(counts, on=by, how="left").sort(by) if by else costs.hstack(counts)
    joined = joined.with_columns(pl.col("customers", "mqls", "sqls", "amounts", "amount_cents").fill_null(0))
    fewest, most = ends_of_counts(joined, mature, scope, stage="customer", by=by)
    joined = joined.with_columns(customers_low=fewest, customers_high=most)
    return with_verdict(with_value(joined, mature, margin=policy.cost.margin)).select(*keys, *COLUMNS)


def channels_above_value(facts: pl.DataFrame, spend: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The channels whose leads clearly cost more than they are worth: rows of `lead_value` with that verdict.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> lr.channels_above_value(ws.facts, ws.spend, policy=ws.policy, as_of=ws.as_of)["channel"].to_list()
    ['events']
    """
    values = lead_value(facts, spend, by="channel", policy=policy, as_of=as_of)
    return values.filter(pl.col("verdict") == ABOVE_VALUE)


COLUMNS = (
    *("leads", "mqls", "sqls", "customers", "close_rate", "close_rate_low", "close_rate_high"),
    *("won_amount", "is_amount_pooled", "lead_value", "lead_value_low", "lead_value_high"),
    *("cost_per_lead", "value_per_cost", "highest_price_per_lead", "highest_price_per_mql", "highest_price_per_sql"),
    *("marketing_spend", "spend", "customers_low", "customers_high", "is_above_value", "verdict"),
)


def outcome_counts(mature: pl.DataFrame, *, by: str | None) -> pl.DataFrame:
    """What became of the leads, at any age, and what they paid."""
    counts = {f"{stage}s": pl.col(f"{stage}_at").is_not_null().sum() for stage in ("mql", "sql", "customer")}
    counts |= {"amounts": pl.col("won_amount").is_not_null().sum(), "amount_cents": cents("won_amount").sum()}
    return per_group(mature, by, **{name: count.cast(pl.Int64) for name, count in counts.items()})


def with_value(sums: pl.DataFrame, mature: pl.DataFrame, *, margin: float) -> pl.DataFrame:
    """Close rate, mean amount and their product; a group without a won amount borrows that of all."""
    wins = mature["won_amount"].count()
    pooled = mature.select(rate(cents("won_amount").sum(), pl.lit(wins)) / 100).item()
    is_pooled = pl.col("amounts") == 0
    own = rate("amount_cents", "amounts") / 100
    valued = sums.with_columns(
        **rate_with_ends("customers", "leads", name="close_rate", low="close_rate_low", high="close_rate_high"),
        won_amount=pl.when(is_pooled).then(pl.lit(pooled, dtype=pl.Float64)).otherwise(own),
        is_amount_pooled=is_pooled,
        amount_reach=Z * relative_spread(mature) / pl.when(is_pooled).then(wins).otherwise("amounts").sqrt(),
    )
    valued = valued.with_columns(win_value=pl.col("won_amount") * margin)
    return with_value_interval(valued.with_columns(lead_value=pl.col("close_rate") * pl.col("win_value")))


def relative_spread(mature: pl.DataFrame) -> float:
    """Standard deviation of won amounts over their mean; as wide as the mean itself when fewer than two are known."""
    amounts = mature["won_amount"].drop_nulls()
    if len(amounts) < 2 or amounts.mean() == 0:
        return 1.0
    return round(float(amounts.std() / amounts.mean()), 10)


def with_value_interval(valued: pl.DataFrame) -> pl.DataFrame:
    """The interval of a lead's value from those of its close rate and of the mean won amount.

    MOVER for a product, on the log scale (Zou, Huang and Zhang 2009, Computational Statistics and Data Analysis 53,
    1080-1085): with p the close rate and l, u its Wilson ends, and g = z v / sqrt(w) for the mean of w won amounts with
    a standard deviation of v times the mean, the ends are value x exp(-sqrt(ln(p / l)^2 + g^2)) and value x
    exp(sqrt(ln(u / p)^2 + g^2)).
    """
    value, share, reach = pl.col("lead_value"), pl.col("close_rate"), pl.col("amount_reach")
    down = ((share / pl.col("close_rate_low")).log().pow(2) + reach.pow(2)).sqrt()
    up = ((pl.col("close_rate_high") / share).log().pow(2) + reach.pow(2)).sqrt()
    # A close rate of 0 has no logarithm: then the upper end is the highest close rate at the highest mean amount.
    most = pl.col("close_rate_high") * pl.col("win_value") * reach.exp()
    return valued.with_columns(
        lead_value_low=pl.when(share > 0).then(value * (-down).exp()).otherwise(value),
        lead_value_high=pl.when(share > 0).then(value * up.exp()).otherwise(most),
    )


def with_verdict(valued: pl.DataFrame) -> pl.DataFrame:
    """Cost against value, and the prices at which they would meet."""
    cost, value = pl.col("cost_per_lead"), pl.col("lead_value")
    prices = {
        f"highest_price_per_{stage}": rate(value * pl.col("leads"), f"{stage}s") for stage in ("lead", "mql", "sql")
    }
    return valued.with_columns(
        **prices,
        value_per_cost=rate(value, cost),
        is_above_value=cost > value,
        verdict=pl.when(cost > pl.col("lead_value_high"))
        .then(pl.lit(ABOVE_VALUE))
        .when(cost < pl.col("lead_value_low"))
        .then(pl.lit(WORTH_IT))
        .when(cost.is_not_null() & value.is_not_null())
        .then(pl.lit(TOO_CLOSE))
        .otherwise(pl.lit(TOO_FEW)),
    )


def move_budget(
    values: pl.DataFrame,
    *,
    by: str = "channel",
    share: float = 0.1,
    elasticities: tuple[float, ...] = ELASTICITIES,
) -> pl.DataFrame:
    """What moving marketing money from the most expensive customers to each other group would do (definition 27).

    `values` has the rows of `lead_value` by `by`: mature leads and the spend of their days. The source has the most
    marketing spend per customer; a `share` of it goes to a target, whose marketing money is at most doubled. Groups
    with less than a quarter of marketing in their spend, and what names no group, neither give nor take.

    A target's customers are assumed to follow its marketing money to the power of the elasticity e: with e = 1 the next
    euro brings as much as the last, which no channel sustains; below 1 it brings less. History alone does not show
    which one holds, so each is a row; the source loses in proportion, the most that it can. Columns: source, target,
    elasticity, moved_spend, lost_customers, gained_customers, net_customers with low and high, price_per_added_lead
    (what a further lead of the target costs, with its sales work), verdict: "gains" when the interval lies above 0 and
    that price below the lower end of what a lead is worth, "loses" when it lies below 0, else "too close to call".

    With m moved from the source's marketing A to the target's B, the source's a customers fall by a m / A and the
    target's b rise by b ((1 + m / B)^e - 1). The ends of the difference come from the intervals of both counts by MOVER
    (Zou and Donner 2008, Statistics in Medicine 27, 1693-1702): the distances of each side from its own end add as
    squares.

    Raises
    ------
    InputError
        When the share is not above 0 and at most 1.

    Examples
    --------
    >>> values = pl.DataFrame({"channel": ["fairs", "search"], "leads": [300, 900], "customers": [10, 90]})
    >>> ends = {"customers_low": pl.Series([5.1, 73.0]), "customers_high": pl.Series([17.7, 110.0])}
    >>> spend = {name: pl.lit(9000.0) for name in ("marketing_spend", "spend")}
    >>> moved = move_budget(values.with_columns(**ends, **spend, lead_value_low=pl.lit(40.0)), share=0.5)
    >>> moved.select("elasticity", pl.col("net_customers").round(1), "verdict").rows()
    [(1.0, 40.0, 'gains'), (0.75, 27.0, 'gains'), (0.5, 15.2, 'gains')]
    """
    if not 0 < share <= 1:
        raise InputError(f"a share of the budget is above 0 and at most 1; this one is {share}")
    is_bought = pl.col("marketing_spend") > LEAST_MARKETING_SHARE * pl.col("spend")
    price = pl.col("marketing_spend") / pl.col("customers")  # infinite without a customer: the most expensive
    able = values.filter(is_bought, pl.col(by) != UNKNOWN).sort(price, by, descending=[True, False])
    source = able.head(1).select(pl.all().name.prefix("source_"))
    pairs = able.slice(1).join(source, how="cross").join(pl.DataFrame({"elasticity": elasticities}), how="cross")
    marketing, losing, money = (pl.col(name) for name in ("marketing_spend", "source_marketing_spend", "moved_spend"))
    fall, rise = money / losing, (1 + money / marketing).pow("elasticity") - 1
    lost, gained, net = (pl.col(f"{kind}_customers") for kind in ("lost", "gained", "net"))
    names = [f"{side}customers" for side in ("", "source_")]
    (below, above), (source_below, source_above) = (
        [pl.col(f"{name}_{end}") - pl.col(name) for end in ("low", "high")] for name in names
    )
    return (
        pairs.with_columns(moved_spend=pl.min_horizontal(share * losing, marketing))
        .with_columns(lost_customers=fall * pl.col("source_customers"), gained_customers=rise * pl.col("customers"))
        .with_columns(net_customers=gained - lost)
        .with_columns(
            low=net - ((rise * below) ** 2 + (fall * source_above) ** 2).sqrt(),
            high=net + ((rise * above) ** 2 + (fall * source_below) ** 2).sqrt(),
            price_per_added_lead=money / (rise * pl.col("leads")) + (pl.col("spend") - marketing) / pl.col("leads"),
        )
        .with_columns(
            verdict=pl.when(pl.col("low") > 0, pl.col("price_per_added_lead") < pl.col("lead_value_low"))
            .then(pl.lit(GAINS))
            .when(pl.col("high") < 0)
            .then(pl.lit(LOSES))
            .otherwise(pl.lit(TOO_CLOSE))
        )
        .select(pl.col(f"source_{by}").alias("source"), pl.col(by).alias("target"), *MOVED)
    )


MOVED = (
    *("elasticity", "moved_spend", "lost_customers", "gained_customers", "net_customers", "low", "high"),
    *("price_per_added_lead", "verdict"),
)


def budget_advice(moves: pl.DataFrame) -> pl.DataFrame:
    """The move that gains customers however saturated its target is: rows of `move_budget`, none when there is none.

    Of several targets the one with the surest gain.
    """
    surest = pl.col("low").min().over("target")
    sure = moves.filter((pl.col("verdict") == GAINS).all().over("target"))
    return sure.filter(surest == surest.max())
