"""What is left of an open lead's close rate: by how long it has been open, its stage, and its last activity."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from scipy.stats import gamma

from leadreport.facts import is_closed, is_mature, reached_at
from leadreport.policy import Policy
from leadreport.rates import converted_by, kaplan_meier, late_record
from leadreport.rates.shrinkage import as_rate
from leadreport.scoring.values import find_values
from leadreport.words import CLASSES, CLOSED, STAGES

Array = np.ndarray

AGES = (1 / 12, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1)
SILENCES = (1 / 16, 1 / 8, 1 / 4)
"""Ages, and times since the last activity, at which the odds may step, as shares of the horizon."""

STEPS = {"age_step": len(AGES), "stage_rank": len(STAGES) - 2, "silent_step": len(SILENCES)}
"""What steps the odds, and the number of steps: age, every stage reached before customer, silence."""

LOOKS = 16
"""Earlier leads are looked at this many times per horizon."""

LONGEST = 2
"""Earlier leads are followed for this many horizons."""

PULL = 0.25
"""Every step is pulled towards no step, as by a normal prior with a standard deviation of 2."""

LEAST_CUSTOMERS, MOST_LEADS = 10, 10_000
"""With fewer customers nothing is learnt; of more leads the newest are used."""

PRIOR_AMOUNTS = 10.0
"""A value's effect on the won amount is shrunk as if so many customers had paid the average."""


@dataclass(frozen=True)
class RateLeft:
    """log-odds of still buying = base + slope x log-odds of the fresh close rate + steps by age, stage and silence."""

    weights: Array
    covariance: Array

    def rates(self, states: pl.DataFrame) -> Array:
        """The chance of every open lead to become a customer from now on."""
        return as_rate(design_of(states) @ self.weights)

    def customers(self, states: pl.DataFrame) -> tuple[float, float, float]:
        """The customers expected of open leads, with a 95 % interval for the number that comes.

        A gamma distribution with the variance sum of p (1 - p), for chance, plus g'Cg for what the rates are not sure
        of: g is the sum of p (1 - p) x over the leads, C the covariance of the weights.
        """
        design, rates = design_of(states), self.rates(states)
        gradient = (rates * (1 - rates)) @ design
        mean, variance = rates.sum(), (rates * (1 - rates)).sum() + gradient @ self.covariance @ gradient
        if variance <= 0:
            return 0.0, 0.0, 0.0
        low, high = gamma.ppf((0.025, 0.975), mean**2 / variance, scale=variance / mean)
        return float(mean), float(np.floor(low)), float(np.ceil(high))


def with_rate_left(
    scored: pl.DataFrame, activities: pl.DataFrame, *, learnt: RateLeft | None, policy: Policy, as_of: datetime
) -> pl.DataFrame:
    """The leads with close_rate_left, and expected_won_amount, that rate times the amount (definition 18a).

    `close_rate_left` is the chance that an open lead still becomes a customer, given how long it has been open, the
    stage it has reached and how long it has been silent: near nothing past the horizon. Without scores only these three
    count. The amount is that of the open deals, else what customers with such attributes paid. Both are null for a lead
    that is not open, and when nothing was learnt.
    """
    null = pl.lit(None, dtype=pl.Float64)
    if learnt is None:
        return scored.with_columns(close_rate_left=null, expected_won_amount=null)
    states = open_states(scored, activities, policy=policy, as_of=as_of)
    rates = states.select("lead_id", close_rate_left=pl.Series(learnt.rates(states)).round(6))
    amount = pl.coalesce("open_amount", pl.Series(usual_amounts(scored, attributes=policy.scoring.attributes)))
    return scored.join(rates, on="lead_id", how="left", maintain_order="left").with_columns(
        expected_won_amount=(pl.col("close_rate_left") * amount.fill_nan(None)).round(2)
    )


def learn_rate_left(
    scored: pl.DataFrame, activities: pl.DataFrame, *, policy: Policy, as_of: datetime
) -> RateLeft | None:
    """What age, stage and silence do to a lead's odds, from earlier leads looked at again and again while open.

    A logistic regression of "became a customer later", one row per lead and look (landmarking: van Houwelingen 2007,
    Scandinavian Journal of Statistics 34, 70-85). From mature leads created since customers are on record; while these
    have fewer than 10 customers from all of them, each row with the share of the closing times still to come that has
    been watched as its offset. None with fewer than 10 customers.
    """
    covered = covered_leads(scored, as_of=as_of)
    mature = covered.filter(is_mature(policy=policy, as_of=as_of))
    known = mature if mature["is_customer"].sum() >= LEAST_CUSTOMERS else covered
    if known["is_customer"].sum() < LEAST_CUSTOMERS:
        return None
    used = ("lead_id", "is_customer", "expected_close_rate", *[f"{stage}_at" for stage in CLASSES], "created_at")
    known = known.sort("created_at", "lead_id").tail(MOST_LEADS).select(name for name in used if name in known.columns)
    looks = states_at(looks_at(known, policy=policy, as_of=as_of), activities, policy=policy).sort("lead_id", "at")
    watched = watched_share(looks, lives_of(covered, as_of=as_of), policy=policy, as_of=as_of).round(2).clip(0.01)
    return fitted(looks.with_columns(pl.col("fresh_odds").round(1), watched=pl.Series(watched)), leads=known.height)


def covered_leads(facts: pl.DataFrame, *, as_of: datetime) -> pl.DataFrame:
    """The leads created since customers are on record; all of them unless that record begins late (`late_record`)."""
    since = late_record(lives_of(facts, as_of=as_of), facts["customer_at"])[3]
    return facts if since is None else facts.filter(pl.col("created_at") >= since)


def lives_of(facts: pl.DataFrame, *, as_of: datetime) -> pl.DataFrame:
    """How long each lead was watched until it bought: entered_at, watched_days, is_converted."""
    days = (pl.min_horizontal("customer_at", pl.lit(as_of)) - pl.col("created_at")).dt.total_seconds() / 86_400
    lives = facts.select(entered_at="created_at", watched_days=days, is_converted="is_customer")
    return lives.filter(pl.col("watched_days") >= 0)


def looks_at(leads: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """A row per lead and look while the lead was open: its columns, `at`, and `end_at`, when it closed."""
    every = timedelta(days=policy.horizon_days("lead", "customer")) / LOOKS
    looks = pl.DataFrame({"after": [every * (look + 0.02) for look in range(LONGEST * LOOKS)]})
    at = (pl.col("created_at") + pl.col("after")).alias("at")
    end_at = pl.min_horizontal(*[f"{stage}_at" for stage in CLOSED], pl.lit(as_of))
    return leads.with_columns(end_at=end_at).join(looks, how="cross").with_columns(at).filter(at < pl.col("end_at"))


def states_at(leads: pl.DataFrame, activities: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """How each lead stood at its instant `at`: age_step, stage_rank, silent_step, fresh_odds, is_customer."""
    at, horizon = pl.col("at"), timedelta(days=policy.horizon_days("lead", "customer"))
    ranks = [pl.when(reached_at(stage) < at).then(rank) for rank, stage in enumerate(STAGES[:-1])]
    own = activities.filter(pl.col("by").is_in(["lead", "third_party"])).select("lead_id", active_at="happened_at")
    fresh = pl.col("expected_close_rate") if "expected_close_rate" in leads.columns else pl.lit(0.5)
    found = leads.sort("at").join_asof(
        own.sort("active_at"), left_on="at", right_on="active_at", by="lead_id", check_sortedness=False,
        allow_exact_matches=False,
    )  # fmt: skip
    return found.select(
        "lead_id", "created_at", "at", "is_customer",
        age_step=steps_of(at - pl.col("created_at"), AGES, horizon=horizon),
        stage_rank=pl.max_horizontal(pl.lit(0), *ranks),
        silent_step=steps_of(at - pl.col("active_at"), SILENCES, horizon=horizon).fill_null(len(SILENCES)),
        fresh_odds=(fresh / (1 - fresh)).log().clip(-12, 12),
    )  # fmt: skip


def steps_of(time: pl.Expr, steps: tuple[float, ...], *, horizon: timedelta) -> pl.Expr:
    """The number of steps that a time has reached; null without a time."""
    return pl.sum_horizontal((time >= horizon * step).cast(pl.Int32) for step in steps) + (time * 0).dt.total_days()


def open_states(scored: pl.DataFrame, activities: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """How the open leads stand now; see `states_at`."""
    now = scored.filter(~is_closed()).with_columns(at=pl.lit(as_of).cast(pl.Datetime("us", "UTC")))
    return states_at(now, activities, policy=policy)


def design_of(states: pl.DataFrame) -> Array:
    """1, the log-odds of the fresh close rate, and 1 for every step that a lead has reached."""
    steps = [states[name].to_numpy() > step for name, steps in STEPS.items() for step in range(steps)]
    return np.column_stack([np.ones(states.height), states["fresh_odds"].to_numpy(), *steps]).astype(float)


def watched_share(looks: pl.DataFrame, lives: pl.DataFrame, *, policy: Policy, as_of: datetime) -> Array:
    """The share of the closing times after each look, up to the horizon, that lies before `as_of`.

    (F(now) - F(look)) / (F(horizon) - F(look)), F the share converted by an age (Kaplan-Meier); 1 for mature leads.
    """
    curve = kaplan_meier(*lives.select("watched_days", "is_converted"))
    most = min(float(policy.horizon_days("lead", "customer")), curve["at"].max())
    grid = np.linspace(0, most, 200)
    shares = converted_by(curve, grid)["converted_rate"].to_numpy()
    ages = [(instant - pl.col("created_at")).dt.total_seconds() / 86_400 for instant in (pl.col("at"), pl.lit(as_of))]
    then, until = (np.interp(looks.select(age).to_series().to_numpy(), grid, shares) for age in ages)
    left = shares[-1] - then
    return np.where(left > 1e-9, (until - then) / np.maximum(left, 1e-9), 1.0).clip(0, 1)


def fitted(looks: pl.DataFrame, *, leads: int) -> RateLeft:
    """The penalised fit (Newton's method), with the covariance of its weights clustered by lead.

    All looks at a lead together count as one lead does, on average; looks that are alike are one row of the fit.
    Covariance: H^-1 (sum over leads of s s') H^-1, H the curvature and s a lead's score vector (Liang and Zeger 1986).
    """
    alike = looks.group_by(*STEPS, "fresh_odds", "watched").agg(looks=pl.len(), won=pl.col("is_customer").sum())
    alike = alike.sort(pl.all())
    design, counts, won = design_of(alike), alike["looks"].to_numpy(), alike["won"].to_numpy()
    watched, share = alike["watched"].log().to_numpy(), leads / looks.height
    pulls = np.array([1e-6, 1.0, *[PULL] * (design.shape[1] - 2)])
    aim = np.eye(design.shape[1])[1]
    weights = aim
    for _ in range(40):
        expected = as_rate(design @ weights + watched)
        curvature = share * (design * (counts * expected * (1 - expected))[:, None]).T @ design + np.diag(pulls)
        step = np.linalg.solve(curvature, share * design.T @ (won - counts * expected) - pulls * (weights - aim))
        weights = weights + step.clip(-2, 2)
        if np.abs(step).max() < 1e-6:
            break
    every = design_of(looks)
    missed = looks["is_customer"].to_numpy() - as_rate(every @ weights + looks["watched"].log().to_numpy())
    starts = np.flatnonzero(looks["lead_id"].ne_missing(looks["lead_id"].shift(1)).to_numpy())
    scores = share * np.add.reduceat(every * missed[:, None], starts)
    inverse = np.linalg.inv(curvature)
    return RateLeft(weights, inverse @ (scores.T @ scores) @ inverse)


def usual_amounts(leads: pl.DataFrame, *, attributes: list[str]) -> Array:
    """What each lead would pay: the average won amount, more or less by its attribute values (ridge regression).

    Amounts are divided by their average; each value's effect is shrunk as if 10 customers had paid the average; at
    least a tenth of the average. Null without a won amount.
    """
    paid = leads.filter(pl.col("won_amount") > 0)
    if paid.is_empty():
        return np.full(leads.height, np.nan)
    average = paid["won_amount"].mean()
    far = paid["won_amount"].to_numpy() / average - 1
    found = [find_values(leads[name], leads["is_customer"].cast(pl.Float64).to_numpy()) for name in attributes]
    before, after = (
        np.column_stack([np.eye(len(each.values))[each.codes(frame[each.name])] for each in found])
        for frame in (paid, leads)
    )
    effects = np.linalg.solve(before.T @ before + PRIOR_AMOUNTS * np.eye(before.shape[1]), before.T @ far)
    return average * (1 + after @ effects).clip(0.1)
