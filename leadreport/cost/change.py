"""The cost headline: these weeks against as many before, and whether chance explains the difference."""

import polars as pl

from leadreport.clock import Period
from leadreport.cost.per_stage import cost_per_sql
from leadreport.policy import Policy
from leadreport.words import DOWN, FALSE_ALARM_RATE, LEAST_COUNT, NORMAL_VARIATION, TOO_FEW, UP


def cost_change(facts: pl.DataFrame, spend: pl.DataFrame, *, period: Period, policy: Policy) -> pl.DataFrame:
    """What an SQL cost in a period, against the period of the same length before.

    One row: name (cost_per_sql), value with low and high, previous, change, n (SQLs), verdict. The verdict is "up" or
    "down" when the two counts of SQLs differ by more than their spend explains (exact conditional test of two Poisson
    rates, 1 %), "normal variation" when not, "too few to say" with fewer than ten SQLs on a side.

    Raises
    ------
    InputError
        When the spend mixes currencies.
    """
    now, before = (
        cost_per_sql(facts, spend, period=one, policy=policy).row(0, named=True) for one in (period, period.shifted(-1))
    )
    value, previous = now["cost_per_sql"], before["cost_per_sql"]
    change = None if None in (value, previous) else round(value - previous, 2)
    row = ("cost_per_sql", value, now["cost_per_sql_low"], now["cost_per_sql_high"], previous, change, now["sqls"])
    columns = ["name", "value", "low", "high", "previous", "change", "n", "verdict"]
    kinds = [pl.String, *[pl.Float64] * 5, pl.Int64, pl.String]
    schema = dict(zip(columns, kinds, strict=True))
    return pl.DataFrame([(*row, cost_verdict(now, before))], schema=schema, orient="row")


def cost_verdict(now: dict, before: dict) -> str:
    """Given all SQLs of both periods, those of this one are binomial with its share of the spend."""
    if min(now["sqls"], before["sqls"]) < LEAST_COUNT or not (now["spend"] and before["spend"]):
        return TOO_FEW
    from scipy.stats import binomtest  # half a second that a page without this headline need not pay

    share = now["spend"] / (now["spend"] + before["spend"])
    if binomtest(now["sqls"], now["sqls"] + before["sqls"], share).pvalue >= FALSE_ALARM_RATE:
        return NORMAL_VARIATION
    return UP if now["cost_per_sql"] > before["cost_per_sql"] else DOWN
