"""Since when criteria have been met, as far as the record shows it."""

import polars as pl

from leadreport.policy import (
    FRAMEWORKS,
    ActivityCriterion,
    AnswerCriterion,
    AttributeCriterion,
    Criterion,
    FrameworkCriterion,
    Group,
    Policy,
    ScoreCriterion,
    StageCriterion,
)
from leadreport.qualify.answers import answered, known_at, serving
from leadreport.qualify.logic import holds
from leadreport.qualify.words import phrase
from leadreport.words import EXITS

INSTANT = pl.Datetime("us", "UTC")


def with_met_times(facts: pl.DataFrame, activities: pl.DataFrame | None, *, policy: Policy) -> pl.DataFrame:
    """The facts with `mql_met_at`, `sal_met_at`, `sql_met_at`: when criteria were first met; null when not on record.

    Activities count at the instant of the one that completed their number; answers at the instant of the answer that
    counts today; stages when they were reached. An attribute has no history and counts from the lead's creation. A
    score has none either, and never counts; without the table, nor do activities. What was met once is taken as kept.
    """
    groups = {name: getattr(policy.criteria, name) for name in ("mql", "sal", "sql")}
    asked = [leaf for group in groups.values() for leaf in group.leaves() if isinstance(leaf, ActivityCriterion)]
    timed = facts
    for name, leaf in {completed_column(leaf): leaf for leaf in asked}.items():
        if activities is None:
            timed = timed.with_columns(pl.lit(None, dtype=INSTANT).alias(name))
        else:
            times = first_time(activities, leaf).rename({"met_at": name})
            timed = timed.join(times, on="lead_id", how="left", maintain_order="left")
    met = {f"{name}_met_at": met_at(group, schema=facts.schema) for name, group in groups.items()}
    return timed.with_columns(**met).drop({completed_column(leaf) for leaf in asked})


def earned_at() -> pl.Expr:
    """When the class was earned: by criteria when the last of them was met, by deals and exits when they came about.

    Reads class, the instants of the facts, and those of `with_met_times`. Null when it rests on what has no history.
    """
    name = pl.col("class")
    return (
        pl.when(name == "lead")
        .then("created_at")
        .when(name == "mql")
        .then("mql_met_at")
        .when(name == "sal")
        .then(both("mql_met_at", "sal_met_at"))
        .when(name == "sql")
        .then(both("mql_met_at", "sql_met_at"))
        .when(name == "opportunity")
        .then("opportunity_at")
        .when(name == "customer")
        .then("customer_at")
        .when(name.is_in(EXITS))
        .then("stage_at")
    )


def both(one: str, other: str) -> pl.Expr:
    """The later of two instants, when both are known."""
    return pl.when(pl.col(one).is_not_null() & pl.col(other).is_not_null()).then(pl.max_horizontal(one, other))


def completed_column(criterion: ActivityCriterion) -> str:
    """A column's name that no CRM has."""
    return f"completed: {phrase(criterion)}"


def first_time(activities: pl.DataFrame, criterion: ActivityCriterion) -> pl.DataFrame:
    """When each lead did something the wanted number of times within the wanted days: [lead_id, met_at]."""
    counted = criterion.behaviour
    parties = [counted.by] if counted.by else ["lead", "third_party"]
    is_one = pl.col("kind").is_in(counted.kinds) & pl.col("by").is_in(parties)
    if counted.channels:
        is_one &= pl.col("channel").is_in(counted.channels)
    rows = activities.filter(is_one).select("lead_id", "happened_at").sort("lead_id", "happened_at")
    earlier = pl.col("happened_at").shift(criterion.count - 1).over("lead_id")
    is_met = earlier.is_not_null()
    if counted.within_days is not None:
        is_met &= pl.col("happened_at") - earlier < pl.duration(days=counted.within_days)
    return rows.filter(is_met).group_by("lead_id").agg(met_at=pl.col("happened_at").min())


def met_at(criterion: Criterion, *, schema: pl.Schema) -> pl.Expr:
    """The instant at which a criterion was first met; null when it was not, or when nobody can know."""
    match criterion:
        case Group():
            return nth([met_at(member, schema=schema) for member in criterion.members], criterion.needed)
        case ActivityCriterion():
            return pl.col(completed_column(criterion))
        case StageCriterion():
            return pl.col("created_at" if criterion.stage == "lead" else f"{criterion.stage}_at")
        case AnswerCriterion(is_="unknown"):
            return pl.when(answered(criterion.answer) == "unknown").then("created_at")
        case AnswerCriterion():
            return answer_at(criterion.answer, wanted=criterion.is_)
        case FrameworkCriterion():
            asked = FRAMEWORKS[criterion.framework].criteria
            return nth([answer_at(name, wanted="yes") for name in asked], criterion.at_least or len(asked))
        case AttributeCriterion():
            return pl.when(holds(criterion, schema=schema)).then("created_at")
        case ScoreCriterion():
            return pl.lit(None, dtype=INSTANT)
    raise TypeError(criterion)


def answer_at(criterion: str, *, wanted: str) -> pl.Expr:
    """When the answer that counts was given, if it is the wanted one."""
    given_at = pl.coalesce(
        known_at(criterion), pl.max_horizontal(*(known_at(name) for name in serving(criterion)), None)
    )
    return pl.when(answered(criterion) == wanted).then(given_at)


def nth(instants: list[pl.Expr], needed: int) -> pl.Expr:
    """The instant at which so many were met."""
    return pl.concat_list(instants).list.drop_nulls().list.sort().list.get(needed - 1, null_on_oob=True)
