"""What a finding is worth: one figure to order by, in money or in customers, over 13 weeks."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from leadreport.clock import Period
from leadreport.conclusions.weekly import QUARTER
from leadreport.cost import lead_value
from leadreport.facts import reached_at
from leadreport.rates import named_groups, rate_difference
from leadreport.words import COUNTED, STAGES
from leadreport.workspace import Workspace

CUSTOMERS = "customers"

RATES = {
    "lead_to_mql_rate": ("leads", "mqls"),
    "mql_to_sql_rate": ("mqls", "sqls"),
    "lead_to_customer_rate": ("leads", "customers"),
    "attainment_rate": ("mqls", "mqls"),
    "acceptance_rate": ("mqls", "mqls"),
}
"""What a headline rate is a share of, and what a lead that is in the share has become."""

PRIOR_LEADS = 20
"""Leads at the close rate of all that are added to each channel, so that a few leads make no channel look brilliant."""

WEAKER = 0.1
"""Entries are weaker when their channels' close rates lie this share lower than before, and certainly lower."""

CERTAIN = 1.645
"""The one-sided normal quantile of 95 %."""


@dataclass(frozen=True)
class Stakes:
    """What an entry into each counted stage is worth, and how many entered in the last 13 weeks.

    `worth` is close rate x won amount x margin of an entry (definition 27), or the close rate alone where no amount is
    on record; then `unit` is "customers" in place of the currency.
    """

    unit: str
    worth: dict[str, float]
    entries: dict[str, int]

    def of(self, name: str | None, gap: float | None) -> float | None:
        """What a gap in a headline is worth over 13 weeks: a count a week, a rate, or the cost of an SQL.

        Examples
        --------
        >>> stakes = Stakes("EUR", worth={"mqls": 200.0}, entries={"mqls": 100, "sqls": 30})
        >>> stakes.of("mqls", -5.0), stakes.of("attainment_rate", 0.1), stakes.of("cost_per_sql", 50.0)
        (13000.0, 2000.0, 1500.0)
        """
        if gap is None or name is None:
            return None
        if name == "cost_per_sql":
            return None if self.unit == CUSTOMERS else abs(gap) * self.entries["sqls"]
        base, reached = RATES.get(name, (None, name))
        return abs(gap) * (self.entries[base] if base else QUARTER) * self.worth[reached]


def stakes_of(ws: Workspace) -> Stakes:
    """The stakes of a workspace, from the leads that are old enough to have closed."""
    quarter = ws.week.last_weeks(QUARTER)
    value = lead_value(ws.facts, ws.spend, policy=ws.policy, as_of=ws.as_of).row(0, named=True)
    won = value["won_amount"] and value["won_amount"] * ws.policy.cost.margin
    shares = {name: value["customers"] / value[name] if value[name] else 0.0 for name in COUNTED}
    counts = {name: quarter.holds(reached_at(stage)).sum() for name, stage in COUNTED.items()}
    return Stakes(
        unit=ws.policy.company.currency if won else CUSTOMERS,
        worth={name: share * (won or 1.0) for name, share in shares.items()},
        entries=ws.facts.select(**counts).row(0, named=True),
    )


@dataclass(frozen=True)
class Quality:
    """How likely to buy the entries into a stage are: as a ratio to those before, and whether they are weaker."""

    ratio: float
    is_weaker: bool


SAME = Quality(1.0, is_weaker=False)


def quality(ws: Workspace, name: str, *, since_on: date) -> Quality:
    """The entries into a count's stage since a day against those of the 13 weeks before it.

    `ratio` compares the mean close rates of the channels that they came by. They are weaker when it is certainly lower
    (Welch's test, and at least a tenth), or when certainly fewer of those that are old enough took the next step.
    """
    stage = COUNTED[name]
    since = Period(since_on, ws.week.end_on, ws.week.zone)
    before = Period(since_on, since_on + timedelta(weeks=QUARTER), ws.week.zone).shifted(-1)
    now, then = (ws.facts.filter(period.holds(reached_at(stage))) for period in (since, before))
    channels = lead_value(ws.facts, ws.spend, by="channel", policy=ws.policy, as_of=ws.as_of)
    new, old = closing(now, channels), closing(then, channels)
    if min(new.len(), old.len()) < 2 or not old.mean():
        return SAME
    by_chance = CERTAIN * math.sqrt(new.var() / new.len() + old.var() / old.len())
    mix_fell = old.mean() - new.mean() > max(WEAKER * old.mean(), by_chance)
    return Quality(new.mean() / old.mean(), is_weaker=mix_fell or next_step_fell(ws, stage, now=now, then=then))


def closing(leads: pl.DataFrame, channels: pl.DataFrame) -> pl.Series:
    """The close rate of each lead's channel: of its mature leads, and PRIOR_LEADS more at the close rate of all."""
    usual = channels["customers"].sum() / max(channels["leads"].sum(), 1)
    shrunk = (pl.col("customers") + PRIOR_LEADS * usual) / (pl.col("leads") + PRIOR_LEADS)
    rates = channels.select("channel", close_rate=shrunk)
    return named_groups(leads, "channel").join(rates, on="channel", how="left")["close_rate"].fill_null(usual)


def next_step_fell(ws: Workspace, stage: str, *, now: pl.DataFrame, then: pl.DataFrame) -> bool:
    """Whether certainly fewer of those that are old enough took the next step in time (Newcombe, 95 %)."""
    if stage == STAGES[-1]:
        return False
    onward = STAGES[STAGES.index(stage) + 1]
    horizon = timedelta(days=ws.policy.horizon_days(stage, onward))
    ends_at = reached_at(stage) + horizon
    counted = ((reached_at(onward) <= ends_at).fill_null(False).sum(), pl.len())
    now, then = (part.filter(ends_at <= ws.as_of).select(*counted).row(0) for part in (now, then))
    return bool((rate_difference(*now, *then)["high"] < 0).any())
