"""The numerator and the denominator of a cost: the same groups, the same days, one currency, whole cents."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Literal

import numpy as np
import polars as pl

from leadreport.clock import Period, local_date
from leadreport.errors import InputError, did_you_mean, listed
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, count_ends, named_groups, per_group, unevenness
from leadreport.words import COUNTED

Basis = Literal["period", "cohort"]

Spread = Literal["sqls", "mqls", "leads", "none"]

HISTORY_WEEKS = 52
"""The weeks from which their unevenness is estimated."""

SPREADS = ("sqls", "mqls", "leads", "none")
"""The counts in proportion to which sales spend may be spread over groups."""


@dataclass(frozen=True)
class Scope:
    """The days that count, and whether an entry counts on its own day or on the day its lead came in.

    `start_on` and `end_on` may be open; `horizon_days` are set for cohorts only, where a conversion counts within them.
    """

    start_on: date | None
    end_on: date | None
    zone: str
    horizon_days: dict[str, int] | None = None

    def holds(self, day: pl.Expr) -> pl.Expr:
        """Whether a local date is in the scope."""
        start = pl.lit(True) if self.start_on is None else day >= self.start_on
        return day.is_not_null() & start & (pl.lit(True) if self.end_on is None else day < self.end_on)


def scope_of(
    *, basis: Basis, period: Period | None, policy: Policy, as_of: datetime | None, until: str = "sql"
) -> Scope:
    """The scope of a basis; a scope of cohorts ends where its youngest lead has had the time to become `until`."""
    zone = policy.company.time_zone
    start_on, end_on = (period.start_on, period.end_on) if period else (None, None)
    if basis == "period":
        return Scope(start_on, earliest(end_on, as_of and today(as_of, zone=zone)), zone)
    if basis != "cohort":
        raise InputError(f"'{basis}' is not a basis of costs", hint=did_you_mean(str(basis), ["period", "cohort"]))
    if as_of is None:
        raise InputError(
            "costs of cohorts need as_of", hint="a cohort is counted once it is old enough; as_of says when"
        )
    horizons = {stage: policy.horizon_days("lead", stage) for stage in ("mql", "sql", "customer")}
    mature_on = today(as_of, zone=zone) - timedelta(days=horizons[until])
    return Scope(start_on, earliest(end_on, mature_on), zone, horizons)


def cohort_period(period: Period, *, policy: Policy) -> Period:
    """The latest period of the same length, a whole number of lengths back, whose leads are old enough for an SQL.

    Old enough at the end of the given period, by the policy's horizon from lead to SQL.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> week = Period(date(2026, 11, 9), date(2026, 11, 16), zone="Europe/Berlin")
    >>> policy = parse_policy(preset_text("startup"))
    >>> policy.horizon_days("lead", "sql"), cohort_period(week, policy=policy).name
    (74, '2026-W35')
    """
    return period.shifted(-ceil(policy.horizon_days("lead", "sql") / period.days))


def today(as_of: datetime, *, zone: str) -> date:
    """The local date at the instant: the first day that is not visible in full."""
    return pl.select(local_date(pl.lit(as_of), zone=zone)).item()


def earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def counted_on(stage: str, scope: Scope) -> pl.Expr:
    """The local date on which a stage counts: its own, or that of the lead's creation when the scope is of cohorts."""
    created_on = local_date(pl.col("created_at"), zone=scope.zone)
    if stage == "lead":
        return created_on
    on = local_date(pl.col(f"{stage}_at"), zone=scope.zone)
    if scope.horizon_days is None:
        return on
    return pl.when(on <= created_on + timedelta(days=scope.horizon_days[stage])).then(created_on)


def counts_in(facts: pl.DataFrame, scope: Scope, *, by: str | None) -> pl.DataFrame:
    """Leads, MQLs, SQLs and customers per group: entries within the scope, or what the scope's leads became.

    Of the SQLs, `signed_sqls` meet the signed criteria; null unless the facts say so (`qualify.classify_leads`).
    """
    holds = {name: scope.holds(counted_on(stage, scope)) for name, stage in COUNTED.items()}
    counts = {name: each.sum().cast(pl.Int64) for name, each in holds.items()}
    is_judged = {"meets_mql", "meets_sql"} <= set(facts.columns)
    signed = (holds["sqls"] & pl.col("meets_mql") & pl.col("meets_sql")).sum() if is_judged else pl.lit(None)
    return per_group(facts, by, **counts, signed_sqls=signed.cast(pl.Int64))


def week_unevenness(
    facts: pl.DataFrame, scope: Scope, *, stage: str, by: str | None, error: float = 0.05
) -> dict[str, float | None]:
    """How uneven the weeks of each group are in what reached a stage, over the year before the scope's end.

    Groups with nothing have no entry; without `by` there is one group, named "".
    """
    rows = named_groups(facts, by).select(
        pl.lit("").alias("group") if by is None else pl.col(by).alias("group"),
        counted_on=counted_on(stage, scope),
        created_on=counted_on("lead", scope),
    )
    if (last_on := rows["counted_on"].max()) is None:
        return {}
    end_on = scope.end_on or last_on + timedelta(days=1)
    weeks = min(HISTORY_WEEKS, (end_on - rows["created_on"].min()).days // 7)
    ago = rows.select("group", week=((end_on - pl.col("counted_on")).dt.total_days() - 1) // 7)
    inside = ago.filter(pl.col("week").is_between(0, weeks - 1)).group_by("group")
    return {name: unevenness(np.bincount(part["week"], minlength=weeks), error=error) for (name,), part in inside}


def ends_of_counts(
    counts: pl.DataFrame, facts: pl.DataFrame, scope: Scope, *, stage: str, by: str | None
) -> list[pl.Series]:
    """The 95 % interval of each group's SQLs or customers, as wide as their weeks are uneven: `fewest`, `most`."""
    uneven = week_unevenness(facts, scope, stage=stage, by=by)
    factors = [uneven.get(name) or 1.0 for name in (counts[by] if by else [""])]
    return count_ends(counts[f"{stage}s"], pl.Series(factors, dtype=pl.Float64))


def spend_in(spend: pl.DataFrame, scope: Scope, *, by: str | None) -> pl.DataFrame:
    """Marketing and sales spend per group, in cents."""
    if by is not None and by not in spend.columns:
        raise InputError(
            f"the spend has no column '{by}', so no cost can be given by it", hint="group by channel or campaign"
        )
    inside = named_groups(spend, by).filter(scope.holds(pl.col("spent_on")))
    parts = {f"{department}_cents": cents_of(department).sum().cast(pl.Int64) for department in ("marketing", "sales")}
    return per_group(inside, by, **parts)


def cents_of(department: str) -> pl.Expr:
    return pl.when(pl.col("department") == department).then("cents").otherwise(0)


def scope_sums(
    facts: pl.DataFrame, spend: pl.DataFrame, scope: Scope, *, by: str | None, spread: Spread
) -> pl.DataFrame:
    """Counts and cents per group; a group with spend and no leads is a row too, and so is the reverse."""
    if spread not in SPREADS:
        raise InputError(f"'{spread}' is no way to spread sales spend", hint=did_you_mean(str(spread), SPREADS))
    counts = counts_in(facts, scope, by=by)
    amounts = spend_in(spend.with_columns(cents=cents()), scope, by=by)
    if by is None:
        return counts.hstack(amounts).with_columns(spread_cents=pl.lit(0, dtype=pl.Int64))
    both = counts.join(amounts, on=by, how="full", coalesce=True).sort(by)
    both = both.with_columns(pl.exclude(by, "signed_sqls").fill_null(0))
    return spread_sales(both, by=by, spread=spread)


def spread_sales(sums: pl.DataFrame, *, by: str, spread: Spread) -> pl.DataFrame:
    """Spreads the sales spend that names no group over the groups; with nothing to spread by it stays unknown."""
    is_unnamed = pl.col(by) == UNKNOWN
    if spread == "none" or sums[spread].sum() == 0:
        return sums.with_columns(spread_cents=pl.lit(0, dtype=pl.Int64))
    unnamed = pl.when(is_unnamed).then("sales_cents").otherwise(0)
    return sums.with_columns(spread_cents=spread_cents(unnamed.sum(), pl.col(spread))).with_columns(
        sales_cents=pl.col("sales_cents") - unnamed + pl.col("spread_cents")
    )


def cents(amount: str = "amount") -> pl.Expr:
    """An amount in whole cents: integers have the same sum in any order."""
    return (pl.col(amount) * 100).round(0).cast(pl.Int64)


def refuse_mixed_currencies(rows: pl.DataFrame, *, what: str, currency: str) -> None:
    """Adding euros to dollars gives neither (definition 4); a row without a currency is in the policy's."""
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
    """The rows in one currency, each at the latest rate of its own day or before.

    `exchange` has the columns valid_from_on, currency, exchange_rate (units of `to` for one of `currency`). Adds
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
