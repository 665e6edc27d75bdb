"""How often a report names a person: in teams whose reps are all alike, and in teams with one who is not.

    python benchmarks/people.py            # 1,000 teams of each kind
    python benchmarks/people.py --teams 100

A team has 3 to 20 reps with unequal loads that change, 4 sources of unequal difficulty that reps get in unequal shares,
hours of the day that are harder, a rate that drifts, weeks that are bad for the whole team, and (in two of three teams)
weeks that are bad for one rep alone. Speed is judged over 13 weeks, acceptance over 52.
"""

import argparse
import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from leadreport.clock import Period
from leadreport.handoff import consistency, outside_limits, slow_owners
from leadreport.policy import parse_policy, preset_text

POLICY = parse_policy(preset_text("startup").replace("Europe/Berlin", "UTC"))
START = datetime(2026, 1, 5, tzinfo=UTC)
REP_WEEKS = (0.0, 0.35, 0.7)
"""Standard deviations of the log-odds from week to week of one rep."""

TEXT, INSTANT = pl.String, pl.Datetime("us", "UTC")
EMPTY = {
    **dict.fromkeys(("channel", "team", "disqualified_reason", "recycled_reason", "lost_reason"), TEXT),
    **dict.fromkeys(("recycled_at", "lost_at", "last_activity_at"), INSTANT),
}


def as_rate(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))


def make_team(rng: np.random.Generator, *, weeks: int, reps: int, points: float, uneven: float) -> pl.DataFrame:
    """One row per lead: owner, source, mql_at, is_good; the first rep has a rate that is so many points lower."""
    load = rng.lognormal(0, 0.5, reps) * rng.uniform(1.5, 6)
    loads = load * rng.lognormal(0, 0.3, (weeks, reps)) * np.where(rng.random((weeks, reps)) < 0.08, 0.1, 1)
    counts = rng.poisson(loads).ravel()
    week, rep = (np.repeat(axis.ravel(), counts) for axis in np.indices((weeks, reps)))
    shares = rng.dirichlet([1.5] * 4, reps).cumsum(axis=1)
    source = (rng.random(len(rep))[:, None] > shares[rep]).sum(axis=1).clip(0, 3)
    hour = np.minimum(rng.integers(0, 24, len(rep)), 23)
    effects = rng.normal(0, 0.7, 4)[source] + rng.normal(0, 0.4, 8)[hour // 3]
    drift = rng.normal(0, 0.8) * (np.arange(weeks) / weeks - 0.5) + rng.normal(0, 0.3, weeks)
    own = rng.normal(0, uneven, (weeks, reps))
    rate = as_rate(rng.normal(1.2, 0.7) + effects + drift[week] + own[week, rep])
    is_good = rng.random(len(rep)) < np.clip(rate - np.where(rep == 0, points / 100, 0), 0, 1)
    minute = pl.Series("minute", week * 10_080 + rng.integers(0, 7, len(rep)) * 1_440 + hour * 60)
    mql_at = pl.select(START + pl.duration(minutes=minute)).to_series().dt.cast_time_unit("us")
    return pl.DataFrame(
        {
            "owner": [f"rep {i:02}" for i in rep],
            "source": [f"{i}" for i in source],
            "mql_at": mql_at,
            "is_good": is_good,
        }
    )


def as_facts(leads: pl.DataFrame) -> pl.DataFrame:
    """The columns that the handoff reads; a good lead is touched at once and accepted, another one neither."""
    good, mql_at = pl.col("is_good"), pl.col("mql_at")
    touched_at = pl.when(good).then(mql_at).otherwise(mql_at + pl.duration(days=6))
    rejected_at = pl.when(~good).then(mql_at + pl.duration(days=7))
    return leads.with_row_index("number").with_columns(
        lead_id=pl.format("{}", "number"),
        episode_mql_at=mql_at,
        episode_sal_at=pl.when(good).then(mql_at),
        first_sales_touch_at=touched_at,
        first_touch_after_mql_at=touched_at,
        disqualified_at=rejected_at,
        stage=pl.when(good).then(pl.lit("sal")).otherwise(pl.lit("disqualified")),
        stage_at=pl.coalesce(rejected_at, mql_at),
        episodes=pl.lit(1),
        **{name: pl.lit(None, dtype=kind) for name, kind in EMPTY.items()},
    )


def named(rng: np.random.Generator, *, weeks: int, reps: int, points: float, uneven: float) -> tuple[set[str], int]:
    """Who the report of a team names, and how many leads the first rep has."""
    facts = as_facts(make_team(rng, weeks=weeks, reps=reps, points=points, uneven=uneven))
    end_on = START.date() + timedelta(weeks=weeks)
    as_of = datetime(end_on.year, end_on.month, end_on.day, tzinfo=UTC) + timedelta(days=60)
    if weeks > 13:
        found = outside_limits(consistency(facts, policy=POLICY, as_of=as_of))
    else:
        period = Period(date(2026, 1, 5), end_on, "UTC")
        found = slow_owners(facts, period=period, policy=POLICY, as_of=as_of)
    return set(found["owner"]), facts.filter(pl.col("owner") == "rep 00").height


def measured(rng: np.random.Generator, *, teams: int, points: float, weeks: int) -> dict[str, object]:
    """Over many teams: the share of reports that name the rep who differs, and that name anyone else."""
    rows = []
    for number in range(teams):
        who, leads = named(
            rng, weeks=weeks, reps=int(rng.integers(3, 21)), points=points, uneven=REP_WEEKS[number % len(REP_WEEKS)]
        )
        is_planted = "rep 00" in who if points else False
        rows.append((leads, is_planted, bool(who - {"rep 00"} if points else who)))
    seen = pl.DataFrame(rows, schema=["leads", "found", "innocent"], orient="row")
    many = seen.filter(pl.col("leads") >= 40 if weeks <= 13 else pl.col("leads") >= 150)
    return {
        "list": "who is slow, 13 weeks" if weeks <= 13 else "who judges otherwise, 52 weeks",
        "planted": f"{points:g} points lower" if points else "all alike",
        "teams": teams,
        "anyone else named": seen["innocent"].mean(),
        "found": seen["found"].mean(),
        "found, many leads": many["found"].mean(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--teams", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng, began = np.random.default_rng(arguments.seed), time.perf_counter()
    for weeks in (13, 52):
        for points in (0, 15, 25, 40):
            teams = arguments.teams if not points else arguments.teams // 8
            print(measured(rng, teams=teams, points=points, weeks=weeks), flush=True)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
