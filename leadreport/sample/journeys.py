"""How far each lead gets, and when: one latent number per lead decides, so that every planted effect is exact.

A lead reaches a step with log-odds = the step's threshold + its own propensity. The same luck serves all steps, so
no lead reaches a later one without the earlier ones, and an effect is the same at every step.
"""

from datetime import timedelta

import numpy as np
import polars as pl

from leadreport.sample import truths
from leadreport.sample.calendar import DAY, Calendar


def make_journeys(people: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """People with `depth` (0 lead to 5 customer, in the end) and the instant of every step.

    Instants may lie after the end of the history; the tables leave those out.
    """
    chances = step_chances(people, calendar)
    luck = draw_luck(people, chances, rng)
    people = people.with_columns(
        depth=pl.Series((luck[:, None] < chances).sum(axis=1)),
        is_loose_mql=pl.Series((luck < chances[:, 0]) & (luck >= strict_chances(people)[:, 0])),
    )
    return with_instants(with_habits(people, rng), calendar, rng)


def strict_chances(people: pl.DataFrame) -> np.ndarray:
    """The probability of reaching each step under today's definitions, before any rep judges the lead."""
    thresholds = np.where(people["is_bought"].to_numpy()[:, None], truths.STEPS["bought_list"], truths.STEPS["usual"])
    return 1 / (1 + np.exp(-(thresholds + people["propensity"].to_numpy()[:, None])))


def step_chances(people: pl.DataFrame, calendar: Calendar) -> np.ndarray:
    """The same with the looser MQL of the first months and the lenient rep."""
    chances = strict_chances(people)
    is_old = (people["created"] < calendar.second(truths.CHANGE_ON)).to_numpy()
    odds = chances[:, 0] / (1 - chances[:, 0]) * np.exp(truths.LOOSE_MQL * is_old)
    chances[:, 0] = odds / (1 + odds)
    lenient = (people["owner"] == truths.LENIENT_REP).to_numpy()
    chances[lenient, 1] = chances[lenient, 0] * truths.LENIENT_ACCEPTS
    chances[lenient, 2] = chances[lenient, 1] * truths.LENIENT_PASSES
    return chances


def draw_luck(people: pl.DataFrame, chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One uniform number per lead; for the unlucky rep's leads, the one of 200 draws that is bad to the wanted degree.

    Acceptance and close rate both lie closest to 1.4 standard errors below their expectation: luck that one rep in
    twelve has.
    """
    luck = rng.random(people.height)
    theirs = (people["owner"] == truths.UNLUCKY_REP).to_numpy()
    draws = rng.random((200, theirs.sum()))
    reached = (draws[:, :, None] < chances[theirs]).sum(axis=1)
    shares = np.column_stack([reached[:, 1] / reached[:, 0], reached[:, 4]])
    distance = np.abs((shares - shares.mean(axis=0)) / shares.std(axis=0) + 1.4).sum(axis=1)
    luck[theirs] = draws[distance.argmin()]
    return luck


def with_instants(people: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """People with the instant of each step and of the first touch, and with the detour of parked leads that return."""
    size, depth = people.height, people["depth"].to_numpy()

    def hours(median: float | np.ndarray, spread: float) -> np.ndarray:
        return median * np.exp(rng.normal(0, spread, size))

    mql = marketing_qualifies(people, calendar, rng)
    patience = people["owner"].replace_strict({name: rep[2] for name, rep in truths.REPS.items()}).to_numpy()
    touch = calendar.later(mql, hours(patience, 0.9))
    sal = calendar.later(mql, hours(5, 1.0))
    detour = (depth >= 3) & (rng.random(size) < 0.07) | (depth == 2) & (rng.random(size) < 0.10)
    parked = calendar.later(np.maximum(sal, touch), hours(30, 0.6))
    again = np.where(detour, calendar.by_day(parked + rng.integers(40, 110, size) * DAY, rng), mql)
    resumed = np.where(detour, calendar.later(again, hours(patience, 0.9)), np.maximum(sal, touch))
    sql = calendar.later(resumed, hours(44, 0.7))
    opportunity = calendar.later(sql, hours(18, 0.7))
    closed = calendar.later(opportunity, hours(np.where(depth == 5, 115, 140), 0.55))
    ways = {"mql": mql, "touch": touch, "sal": sal, "is_detour": detour, "parked": parked, "again": again}
    ways |= {"resumed": resumed, "sql": sql, "opportunity": opportunity, "closed": closed}
    return people.with_columns(pl.Series(name, values) for name, values in ways.items())


def with_habits(people: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """People with flags: starts the requested trial, is never touched, has no owner."""
    size, depth = people.height, people["depth"].to_numpy()
    starts = np.where((depth >= 1) & ~people["is_loose_mql"].to_numpy(), 0.85, 0.35)
    return people.with_columns(
        pl.Series("is_trial_starter", people["trial_requested"].to_numpy() & (rng.random(size) < starts)),
        pl.Series("is_untouched", (depth < 2) & (rng.random(size) < 0.16)),
        pl.Series("is_unowned", (depth < 2) & (rng.random(size) < 0.05)),
    )


def marketing_qualifies(people: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> np.ndarray:
    """The instant of each MQL: a third at once, the others within days; loose MQLs before the change of definition."""
    created = people["created"].to_numpy()
    at_once = created + rng.integers(120, 7200, people.height)
    days = np.ceil(4 * np.exp(rng.normal(0, 0.8, people.height))).astype(np.int64)
    mql = np.where(rng.random(people.height) < 0.35, at_once, calendar.by_day(created + days * DAY, rng))
    last = calendar.second(truths.CHANGE_ON - timedelta(days=1)) + rng.integers(8, 18, people.height) * 3600
    mql = np.where(people["is_loose_mql"].to_numpy(), np.maximum(np.minimum(mql, last), created + 60), mql)
    return np.where(people["is_imported"].to_numpy(), created, mql)
