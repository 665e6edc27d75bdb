"""Companies whose truth is known: leads of five channels, uneven weeks, a mix that drifts, and what may be planted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from leadreport.funnel import seen_at
from leadreport.policy import parse_policy, preset_text
from leadreport.policy.sections import Change
from leadreport.words import STAGES

START = datetime(2025, 1, 6, tzinfo=UTC)
WEEKS, LATER_WEEKS = 70, 18
AS_OF = START + timedelta(weeks=WEEKS)
STEPS = STAGES[1:]
CHANNELS = ("ads", "events", "outbound", "search", "webinar")
HORIZONS = {
    "lead_to_mql": 21,
    "mql_to_sal": 14,
    "sal_to_sql": 45,
    "sql_to_opportunity": 30,
    "opportunity_to_customer": 75,
    "lead_to_customer": 120,
}


@dataclass(frozen=True)
class Company:
    """The truths of one company: leads a week, rates in log-odds by channel and step, lags in days."""

    leads_a_week: float
    unevenness: float
    odds: np.ndarray
    lag_days: np.ndarray
    drift: float
    changed_week: int | None = None
    planted: dict[int, float] = field(default_factory=dict)
    """Step -> change of its log-odds for leads created in the last 26 weeks."""

    @property
    def policy(self):
        """The startup preset in UTC, with the change of definition dated."""
        agreed = parse_policy(preset_text("startup").replace("Europe/Berlin", "UTC"))
        changed = self.changed_week and START.date() + timedelta(weeks=self.changed_week)
        changes = [Change(on=changed, note="stricter MQL")] if changed else []
        return agreed.model_copy(update={"horizons": agreed.horizons | HORIZONS, "changes": changes})


def draw_company(rng, *, drift=1.0, **planted):
    """Between 15 and 200 leads a week; channels differ by 0.5 in log-odds on every step, weeks by up to a quarter."""
    base = rng.uniform([-0.6, 0.3, -0.6, 0.3, -0.6], [0.4, 1.5, 0.6, 1.5, 0.6])
    return Company(
        leads_a_week=float(np.exp(rng.uniform(np.log(15), np.log(200)))),
        unevenness=float(rng.choice([0.0, 0.1, 0.25])),
        odds=base + rng.normal(0, 0.5, (len(CHANNELS), 1)) + rng.normal(0, 0.1, (len(CHANNELS), 5)),
        lag_days=rng.uniform([1, 0.5, 3, 2, 8], [5, 3, 10, 7, 18]),
        drift=drift,
        **planted,
    )


def journeys(company, rng):
    """The facts of all leads, with everything that will ever happen to them; about a third of the rest is lost."""
    weeks = WEEKS + LATER_WEEKS
    walk = rng.normal(0, 0.12 * company.drift, (weeks, len(CHANNELS))).cumsum(axis=0)
    stepped = np.arange(weeks)[:, None] >= rng.integers(WEEKS - 12, WEEKS)
    walk = rng.normal(0, 0.7, len(CHANNELS)) + walk + stepped * rng.normal(0, 0.6 * company.drift, len(CHANNELS))
    shares = np.exp(walk) / np.exp(walk[0]).sum()
    means = company.leads_a_week * shares
    if company.unevenness:
        shape = 1 / company.unevenness**2
        means = means * rng.gamma(shape, 1 / shape, (weeks, 1))
    counts = rng.poisson(means)
    week = np.repeat(np.repeat(np.arange(weeks), len(CHANNELS)), counts.ravel())
    channel = np.repeat(np.tile(np.arange(len(CHANNELS)), weeks), counts.ravel())
    created = week * 7 + rng.uniform(0, 7, len(week))
    odds = company.odds[channel].copy()
    if company.changed_week:
        odds[week < company.changed_week, 0] += 0.8
        odds[week < company.changed_week, 1] -= 0.8
    for step, effect in company.planted.items():
        odds[(week >= WEEKS - 26), step] += effect
    goes_on = (rng.random(odds.shape) < 1 / (1 + np.exp(-odds))).cumprod(axis=1).astype(bool)
    days = created[:, None] + rng.exponential(company.lag_days, goes_on.shape).cumsum(axis=1)
    reached = goes_on.sum(axis=1)
    ends = np.where(reached > 0, np.take_along_axis(days, np.maximum(reached - 1, 0)[:, None], axis=1)[:, 0], created)
    lost_days = ends + rng.exponential(company.lag_days[np.minimum(reached, 4)] * 1.5)
    is_lost = (reached < 5) & (rng.random(len(week)) < 0.35)
    frame = pl.DataFrame(
        {f"{stage}_at": np.where(goes_on[:, i], days[:, i], np.nan) for i, stage in enumerate(STEPS)}
        | {"created_at": created, "out": np.where(is_lost, lost_days, np.nan)}
    ).fill_nan(None)
    frame = frame.select(
        (pl.duration(microseconds=(pl.col(name) * 86_400e6).cast(pl.Int64)) + START).alias(name)
        for name in frame.columns
    )
    top = pl.Series(STAGES).gather(reached.tolist())
    return frame.with_columns(
        lead_id=pl.Series(np.arange(len(week)).astype(str)),
        channel=pl.Series(CHANNELS).gather(channel.tolist()),
        stage=pl.when(pl.col("out").is_null()).then(top).otherwise(pl.lit("lost")),
        stage_at=pl.coalesce("out", pl.max_horizontal("created_at", *(f"{name}_at" for name in STEPS))),
        **{f"is_{name}_imputed": pl.lit(False) for name in STEPS},
    ).drop("out")


def as_seen(facts):
    """The facts on the day of the report."""
    return seen_at(facts, AS_OF)
