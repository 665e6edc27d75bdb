"""Companies with known truth: one planted event each, or none, or a trap of which no finding may come.

`make_company(event, seed=1)` gives a workspace in memory, as good as an opened one for `lr.findings`, and the truth.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import polars as pl

from leadreport.clock import week_before
from leadreport.facts import STOPPED, table_reach
from leadreport.policy import parse_policy, preset_text
from leadreport.words import EXITS, STAGES

WEEKS = 60
START = datetime(2025, 1, 6, tzinfo=UTC)
AS_OF = START + timedelta(weeks=WEEKS)

PLANTED = (
    *("step up", "step down", "slow drift", "mix shift", "slow rep", "lenient rep"),
    *("channel above value", "missed target", "definition change"),
)
TRAPS = ("nothing", "tracking outage", "spend ends early")
EVENTS = PLANTED + TRAPS

CHANNELS = ("ads", "search", "social", "events", "referral")
SHARES = np.array([0.42, 0.22, 0.16, 0.12, 0.08])
REPS = ("Ada", "Ben", "Cleo", "Dan", "Eva")
LAGS = (3.0, 2.0, 8.0, 5.0, 20.0)
"""Mean days of each step to the next stage."""

INSTANT = pl.Datetime("us", "UTC")
START_AT = pl.lit(START, dtype=INSTANT)
POLICY = parse_policy(preset_text("startup").replace("Europe/Berlin", "UTC"))


@dataclass(frozen=True)
class Truth:
    """What holds at one time: leads a week and the rate of the first step by channel, the later steps, and the rest."""

    leads: np.ndarray
    first: np.ndarray
    later: np.ndarray
    spend: float
    attainment: float

    def levels(self) -> dict[str, float]:
        """The headline numbers that these rates lead to."""
        leads, mqls = self.leads.sum(), (self.leads * self.first).sum()
        sqls, customers = mqls * self.later[:2].prod(), mqls * self.later.prod()
        return {
            "leads": leads, "mqls": mqls, "sqls": sqls, "customers": customers, "lead_to_mql_rate": mqls / leads,
            "mql_to_sql_rate": sqls / mqls, "lead_to_customer_rate": customers / leads,
            "attainment_rate": self.attainment, "acceptance_rate": self.later[0], "cost_per_sql": self.spend / sqls,
        }  # fmt: skip


@dataclass(frozen=True)
class Company:
    """A workspace in memory and what is true of it: the event, what it is about, and the levels before and after."""

    ws: SimpleNamespace
    event: str
    subject: str | None
    channels: tuple[str, ...]
    changed_on: date
    before: dict[str, float]
    after: dict[str, float]


def make_company(event: str, *, seed: int) -> Company:
    """60 to 200 leads a week over 60 weeks, uneven beyond chance (dispersion 1 to 1.5); the event is 4 to 9 weeks old.

    A step moves all leads by half (up) or by two fifths (down), all of it in one channel; a drift loses 4.5 % a week
    over 12 weeks; a mix shift moves a third of the leads to a channel a quarter as good; a slow rep answers 35 % in
    time, a lenient one accepts 98 %; a channel costs 2.8 times what it brings; a target is missed by four standard
    errors; a new definition makes two fifths fewer leads MQL.
    """
    rng = np.random.default_rng([seed, EVENTS.index(event)])
    back, dispersion = int(rng.integers(4, 10)), float(rng.uniform(1.0, 1.5))
    amount, leads = float(rng.uniform(3_000, 15_000)), float(np.exp(rng.uniform(np.log(60), np.log(200))))
    later = np.array([rng.uniform(0.6, 0.75), *rng.uniform(0.55, 0.75, 2), rng.uniform(0.35, 0.5)])
    worth = np.array([1.15, 0.3, 1.0, 1.0, 1.0]) if event == "mix shift" else rng.uniform(0.85, 1.1, 5)
    first = rng.uniform(0.38, 0.5) * worth
    ratio = rng.uniform(0.3, 0.7, 5)
    ratio[2] = 2.8 if event == "channel above value" else ratio[2]
    price = ratio * first * later.prod() * amount
    usual = Truth(leads * SHARES, first, later, float((leads * SHARES * price).sum()), float(rng.uniform(0.87, 0.95)))
    attainment, acceptance = np.full(5, usual.attainment), np.full(5, later[0])
    attainment[1] = 0.35 if event == "slow rep" else attainment[1]
    acceptance[1] = 0.98 if event == "lenient rep" else acceptance[1]
    usual = replace(usual, attainment=attainment.mean(), later=np.array([acceptance.mean(), *later[1:]]))
    weeks = schedule(event, usual, back=back)
    now = replace(weeks[-1], spend=float((weeks[-1].leads * price).sum()))
    facts = make_facts(rng, weeks, attainment=attainment, acceptance=acceptance, dispersion=dispersion, amount=amount)
    activities = make_activities(rng)
    changed_on = (AS_OF - timedelta(weeks=back)).date()
    if event == "tracking outage":
        facts, activities = (
            without(frame, at, changed_on) for frame, at in ((facts, "created_at"), (activities, "happened_at"))
        )
    targets, subject = targets_of(rng, usual.levels(), is_missed=event == "missed target", dispersion=dispersion)
    subject = REPS[1] if event.endswith("rep") else CHANNELS[2] if event == "channel above value" else subject
    spend = make_spend(rng, weeks, price=price)
    if event == "spend ends early":
        spend = spend.filter(pl.col("spent_on") < changed_on + timedelta(weeks=3))
    changes = [SimpleNamespace(on=changed_on, note="an MQL needs a demo")] if event == "definition change" else []
    policy = POLICY.model_copy(update={"changes": changes, "targets": POLICY.targets.model_copy(update=targets)})
    seen, week = as_seen(facts), week_before(AS_OF, zone="UTC")
    reach = table_reach({"leads": seen, "activities": activities, "spend": spend}, policy=policy, as_of=AS_OF)
    stopped = reach.filter(pl.col("state") == STOPPED, pl.col("complete_on") < week.last_on)["table"].to_list()
    ws = SimpleNamespace(
        facts=seen, spend=spend, activities=activities, policy=policy, as_of=AS_OF, zone="UTC", week=week,
        has=lambda name: True, withheld=lambda *needs: next((each for each in needs if each in stopped), None),
    )  # fmt: skip
    moved = {"step up": CHANNELS[:1], "step down": CHANNELS[:1], "mix shift": CHANNELS[:2]}.get(event, ())
    return Company(ws, event, subject, moved, changed_on, usual.levels(), now.levels())


def schedule(event: str, usual: Truth, *, back: int) -> list[Truth]:
    """The truth of every week."""
    weeks = [usual] * WEEKS
    since, total = WEEKS - back, usual.leads.sum()
    for week in range(WEEKS - 12 if event == "slow drift" else since, WEEKS):
        leads, first = usual.leads.copy(), usual.first
        if event == "step up":
            leads[0] += 0.5 * total
        elif event == "step down":
            leads[0] *= 0.05
        elif event == "slow drift":
            leads *= 0.955 ** (week - WEEKS + 13)
        elif event == "mix shift":
            leads[:2] += np.array([-1.0, 1.0]) * 0.34 * total
        elif event == "definition change":
            first = first * 0.6
        weeks[week] = replace(usual, leads=leads, first=first)
    return weeks


def make_facts(rng, weeks, *, attainment, acceptance, dispersion, amount) -> pl.DataFrame:
    """One row per lead, with everything that will ever happen to it, in days since the start."""
    unevenness = (dispersion - 1) / weeks[0].leads.sum()
    luck = rng.gamma(1 / unevenness, unevenness, WEEKS) if unevenness > 1e-6 else np.ones(WEEKS)
    counts = rng.poisson(np.array([truth.leads for truth in weeks]) * luck[:, None])
    week = np.repeat(np.arange(WEEKS), counts.sum(axis=1))
    channel = np.concatenate([np.repeat(np.arange(5), row) for row in counts])
    n, rep = len(week), rng.integers(0, 5, len(week))
    at = [week * 7 + rng.uniform(0, 7, n)]
    first = np.array([truth.first for truth in weeks])[week, channel]
    chances = [first, acceptance[rep], *(np.full(n, each) for each in weeks[0].later[1:])]
    for chance, lag in zip(chances, LAGS, strict=True):
        at.append(np.where(rng.random(n) < chance, at[-1] + rng.exponential(lag, n), np.nan))
    is_in_time = rng.random(n) < attainment[rep]
    wait = np.where(is_in_time, rng.uniform(0.2, 7.8, n), 8.2 + rng.exponential(4, n))
    rejected = np.where(np.isnan(at[2]), at[1] + rng.exponential(LAGS[1], n), np.nan)
    spread = rng.lognormal(-0.125, 0.5, n)
    columns = {f"{stage}_at": days for stage, days in zip(STAGES, at, strict=True)}
    columns |= {"touch_at": after_hours(at[1], wait), "disqualified_at": rejected}
    names = np.array(CHANNELS)[channel]
    days = pl.DataFrame({name: pl.Series(each).fill_nan(None) for name, each in columns.items()})
    instants = [START_AT + pl.duration(microseconds=(pl.col(name) * 86_400e6).round()) for name in columns]
    return days.select(each.alias(name) for name, each in zip(columns, instants, strict=True)).with_columns(
        lead_id=pl.format("L{}", pl.int_range(n)), created_at="lead_at", channel=pl.Series(names),
        source=pl.Series(names), owner=pl.Series(np.array(REPS)[rep]), won_amount=pl.Series(amount * spread),
    )  # fmt: skip


def after_hours(days: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """The time at which a number of working hours, Monday to Friday from 9 to 17, have passed."""
    day, hour = np.floor(days), (days % 1) * 24
    weekday = day % 7
    worked = day // 7 * 40 + np.minimum(weekday, 5) * 8 + np.where(weekday < 5, np.clip(hour - 9, 0, 8), 0) + hours
    return worked // 40 * 7 + worked % 40 // 8 + (9 + worked % 8) / 24


def as_seen(leads: pl.DataFrame) -> pl.DataFrame:
    """The facts as of the report: what comes later has not happened."""
    instants = [name for name in leads.columns if name.endswith("_at")]
    seen = leads.filter(pl.col("created_at") < AS_OF).with_columns(
        pl.when(pl.col(name) < AS_OF).then(name).alias(name) for name in instants
    )
    never = {name: pl.lit(None, dtype=INSTANT) for exit in EXITS if (name := f"{exit}_at") not in leads.columns}
    empty = {
        name: pl.lit(None, dtype=pl.String) for name in ("campaign", "team", *(f"{exit}_reason" for exit in EXITS))
    }
    reached = [pl.when(pl.col(f"{stage}_at").is_not_null()).then(pl.lit(stage)) for stage in reversed(STAGES)]
    is_out = pl.col("disqualified_at").is_not_null()
    return seen.with_columns(
        *(pl.col(f"{stage}_at").is_not_null().alias(f"is_{stage}") for stage in STAGES[1:]),
        *(pl.lit(False).alias(f"is_{stage}_imputed") for stage in STAGES[1:]),
        **never, **empty,
        stage=pl.when(is_out).then(pl.lit("disqualified")).otherwise(pl.coalesce(reached)),
        stage_at=pl.max_horizontal("disqualified_at", *(f"{stage}_at" for stage in STAGES)),
        won_amount=pl.when(pl.col("customer_at").is_not_null()).then("won_amount"), won_at="customer_at",
        currency=pl.lit("EUR"), episodes=pl.lit(1), episode_mql_at="mql_at", episode_sal_at="sal_at",
        first_sales_touch_at="touch_at", first_touch_after_mql_at="touch_at",
    ).drop("touch_at").sort("lead_id")  # fmt: skip


def make_activities(rng) -> pl.DataFrame:
    """Page views and forms, day by day."""
    counts = {"page_view": rng.poisson(40, WEEKS * 7), "contact_form": rng.poisson(12, WEEKS * 7)}
    noon = START_AT + pl.duration(days=pl.col("day"), hours=12)
    parts = [
        pl.DataFrame({"day": np.repeat(np.arange(WEEKS * 7), count)}).select(
            happened_at=noon, kind=pl.lit(kind), by=pl.lit("lead")
        )
        for kind, count in counts.items()
    ]
    return pl.concat(parts)


def without(rows: pl.DataFrame, at: str, first_on: date) -> pl.DataFrame:
    """The rows without nine days on which the web was not tracked; one of forty still came through, referrals too."""
    start = datetime(first_on.year, first_on.month, first_on.day, tzinfo=UTC)
    is_out = pl.col(at).is_between(start, start + timedelta(days=9), closed="left") & (pl.int_range(pl.len()) % 40 > 0)
    return rows.filter(~(is_out & (pl.col("channel") != "referral")) if "channel" in rows.columns else ~is_out)


def make_spend(rng, weeks: list[Truth], *, price: np.ndarray) -> pl.DataFrame:
    """What marketing spent each day on each channel: its price per lead at the leads of the week."""
    daily = np.repeat(np.array([truth.leads for truth in weeks]) * price / 7, 7, axis=0)
    amounts = (daily * rng.lognormal(-0.02, 0.2, daily.shape)).round(2)
    return pl.DataFrame({
        "spent_on": np.repeat(pl.date_range(START.date(), AS_OF.date(), closed="left", eager=True), 5),
        "channel": CHANNELS * len(daily), "amount": amounts.ravel(), "department": "marketing", "currency": "EUR",
    }).with_columns(campaign=pl.lit(None, pl.String))  # fmt: skip


def targets_of(rng, levels: dict, *, is_missed: bool, dispersion: float) -> tuple[dict[str, float], str | None]:
    """Targets met before the event, with up to a fifth to spare, but for one that is missed by four standard errors."""
    keys = {"mqls": "mqls_per_week", "sqls": "sqls_per_week"}
    spare = {name: 1 - rng.uniform(0, 0.2) for name in ("mqls", "sqls", "acceptance_rate", "attainment_rate")}
    targets = {name: levels[name] * share for name, share in spare.items()}
    targets["cost_per_sql"] = levels["cost_per_sql"] * (1 + rng.uniform(0, 0.4))
    subject = str(rng.choice(list(targets))) if is_missed else None
    if subject:
        targets[subject] = missed_target(subject, levels, dispersion=dispersion)
    return {keys.get(name, name): float(target) for name, target in targets.items()}, subject


def missed_target(name: str, levels: dict, *, dispersion: float) -> float:
    """A target four standard errors away: of 13 weeks of a count, of four weeks of a rate or of a cost."""
    level = levels[name]
    if name == "cost_per_sql":
        return level * np.exp(-4 * np.sqrt(dispersion / (4 * levels["sqls"])))
    if name in ("mqls", "sqls"):
        return level + 4 * np.sqrt(dispersion * level / 13)
    return min(level + 4 * np.sqrt(level * (1 - level) / (4 * levels["mqls"])), 0.999)
