"""What stands above and what below the line: the same groups, over the same days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import polars as pl

from leadreport.clock import Period, local_date
from leadreport.errors import InputError, did_you_mean
from leadreport.policy import Policy
from leadreport.rates import named_groups, per_group
from leadreport.words import COUNTED

Basis = Literal["period", "cohort"]


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
    """The scope of a basis; that of cohorts ends so early that its youngest lead has had its time to become `until`."""
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


def today(as_of: datetime, *, zone: str) -> date:
    """The local date at the instant, which is the first day that is not visible in full."""
    return pl.select(local_date(pl.lit(as_of), zone=zone)).item()


def earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def counts_in(facts: pl.DataFrame, scope: Scope, *, by: str | None) -> pl.DataFrame:
    """Leads, MQLs, SQLs and customers per group: entries within the scope, or what the scope's leads became."""
    created_on = local_date(pl.col("created_at"), zone=scope.zone)
    columns = {}
    for name, stage in COUNTED.items():
        at = pl.col("created_at") if stage == "lead" else pl.col(f"{stage}_at")
        if scope.horizon_days is None:
            counted = scope.holds(local_date(at, zone=scope.zone))
        elif stage == "lead":
            counted = scope.holds(created_on)
        else:
            in_time = local_date(at, zone=scope.zone) <= created_on + timedelta(days=scope.horizon_days[stage])
            counted = scope.holds(created_on) & in_time.fill_null(False)
        columns[name] = counted.sum().cast(pl.Int64)
    return per_group(facts, by, **columns)


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
