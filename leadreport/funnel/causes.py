"""What a change of level came from: one group of leads, the mix of leads, or all of them alike."""

import math
from datetime import date, datetime, timedelta

import polars as pl
from scipy.special import chdtrc, ndtri

from leadreport.clock import local_date
from leadreport.facts import reached_at
from leadreport.funnel.bottleneck import mix_and_rate
from leadreport.funnel.cohorts import final_cohorts
from leadreport.policy import Policy
from leadreport.rates import named_groups
from leadreport.words import COUNTED

RATES = {
    "lead_to_mql_rate": ("lead", "mql"),
    "mql_to_sql_rate": ("mql", "sql"),
    "lead_to_customer_rate": ("lead", "customer"),
}
"""The headline rates, and the step whose final cohorts they are of."""

CAUSES = ("channel", "campaign", "source", "owner")
"""The columns that a change is sought in."""

CLEAR = 0.001
"""Groups changed differently when chance explains the difference between them in fewer cases than this."""

MOST_OF_IT = 0.6
"""A group is the cause when it makes up at least this share of the change."""


def level_cause(facts: pl.DataFrame, name: str, row: dict, *, as_of: datetime, policy: Policy) -> str | None:
    """The group that a change of level came from, with its level before and after; None when no group stands out.

    `row` is a row of `rates.weekly_headline` with changed_on and level_from_on. Each of channel, campaign, source and
    owner is tested for groups that changed differently from the rest (likelihood ratio, chi squared); the one that
    explains most for its number of groups (Akaike) is taken, and its largest group named when it makes up most of the
    change.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> lr.week_on_week(ws.facts, as_of=ws.as_of, policy=ws.policy)["cause"].first()
    'paid_social: 10 → 57'
    """
    columns = [column for column in CAUSES if column in facts.columns]
    split = count_groups if name in COUNTED else rate_groups
    found = [split(facts, name, column, row, as_of=as_of, policy=policy) for column in columns]
    clear = [each for each in found if each is not None]
    return max(clear)[1] if clear else None


def count_groups(
    facts: pl.DataFrame, name: str, column: str, row: dict, *, as_of: datetime, policy: Policy
) -> tuple[float, str] | None:
    """What one column explains of a change of a weekly count, and the group that makes up most of it."""
    zone, changed_on = policy.company.time_zone, row["changed_on"]
    on = local_date(reached_at(COUNTED[name]), zone=zone)
    end_on = row["week_on"] + timedelta(days=7)
    entered = named_groups(facts, column).select(column, on=on)
    entered = entered.filter(pl.col("on").is_between(row["level_from_on"], end_on, closed="left"))
    counts = entered.group_by(column).agg(
        before=(pl.col("on") < changed_on).sum().cast(pl.Float64),
        after=(pl.col("on") >= changed_on).sum().cast(pl.Float64),
    )
    explained = uneven(counts)
    if explained is None:
        return None
    weeks_before, weeks_after = weeks_between(row["level_from_on"], changed_on), weeks_between(changed_on, end_on)
    weekly = counts.with_columns(pl.col("before") / weeks_before, pl.col("after") / weeks_after)
    largest = largest_share(weekly.with_columns(effect=pl.col("after") - pl.col("before")))
    if largest is None:
        return None
    return explained, f"{largest[column]}: {largest['before']:.0f} → {largest['after']:.0f}"


def rate_groups(
    facts: pl.DataFrame, name: str, column: str, row: dict, *, as_of: datetime, policy: Policy
) -> tuple[float, str] | None:
    """What one column explains of a change of a rate: its mix of groups, or the rate within one group."""
    from_stage, to_stage = RATES[name]
    cohorts = final_cohorts(facts, from_stage=from_stage, to_stage=to_stage, by=column, as_of=as_of, policy=policy)
    cohorts = cohorts.filter(pl.col("cohort_on") >= row["level_from_on"])
    is_after = pl.col("cohort_on") >= row["changed_on"]
    split = mix_and_rate(cohorts.filter(~is_after), cohorts.filter(is_after), by=column)
    total, mix = split["effect"].sum(), split["mix_effect"].sum()
    if split.height < 2 or total == 0:
        return None
    if mix / total >= MOST_OF_IT:
        moved = split.sort((pl.col("share_after") - pl.col("share_before")).abs()).row(-1, named=True)
        return math.inf, f"{moved[column]}: {moved['share_before']:.0%} → {moved['share_after']:.0%} of the leads"
    largest = largest_share(split.with_columns(effect="rate_effect"))
    if largest is None or not stands_out(largest, split.filter(pl.col(column) != largest[column])):
        return None
    text = f"{largest[column]}: {largest['rate_before'] or 0:.0%} → {largest['rate_after'] or 0:.0%}"
    return abs(largest["effect"] / total), text


def uneven(counts: pl.DataFrame) -> float | None:
    """How clearly groups changed differently: the likelihood ratio statistic less twice its degrees of freedom.

    Without a difference each group's counts after and before would be divided like the total; None when chance explains
    the difference, or when there is one group.
    """
    totals = counts.select(pl.col("before", "after").sum()).row(0, named=True)
    share = totals["after"] / (totals["before"] + totals["after"])
    both = pl.col("before") + pl.col("after")
    parts = [
        pl.when(side > 0).then(side * (side / (both * part)).log()).otherwise(0.0)
        for side, part in ((pl.col("after"), share), (pl.col("before"), 1 - share))
    ]
    statistic, freedom = 2 * counts.select(pl.sum_horizontal(parts).sum()).item(), counts.height - 1
    if freedom < 1 or chdtrc(freedom, statistic) > CLEAR:
        return None
    return statistic - 2 * freedom


def largest_share(groups: pl.DataFrame) -> dict | None:
    """The group that makes up most of a change (its `effect`), if one does."""
    total = groups["effect"].sum()
    if not total:
        return None
    first = groups.sort(pl.col("effect") / total).row(-1, named=True)
    return first if first["effect"] / total >= MOST_OF_IT else None


def stands_out(group: dict, rest: pl.DataFrame) -> bool:
    """Whether the rate of one group changed more than that of the rest, beyond chance (difference of differences)."""
    others = rest.select(
        *(pl.col(f"leads_{side}").sum() for side in ("before", "after")),
        k_before=(pl.col("rate_before").fill_null(0) * pl.col("leads_before")).sum(),
        k_after=(pl.col("rate_after").fill_null(0) * pl.col("leads_after")).sum(),
    ).row(0, named=True)
    moved, variance = 0.0, 0.0
    for sign, side in ((1, "after"), (-1, "before")):
        for direction, n, k in (
            (sign, group[f"leads_{side}"], (group[f"rate_{side}"] or 0) * group[f"leads_{side}"]),
            (-sign, others[f"leads_{side}"], others[f"k_{side}"]),
        ):
            share = (k + 1) / (n + 2)
            moved += direction * share
            variance += share * (1 - share) / (n + 2)
    return abs(moved) > ndtri(1 - CLEAR / 2) * math.sqrt(variance)


def weeks_between(start: date, end: date) -> int:
    return (end - start).days // 7
