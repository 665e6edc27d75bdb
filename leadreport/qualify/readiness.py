"""Since when leads meet their criteria, as far as the record shows, and which ready leads were never handed over."""

import narwhals.stable.v2 as nw
import polars as pl

from leadreport.facts import is_counted, reached_at
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
    same_meaning,
)
from leadreport.qualify.criteria import holds
from leadreport.qualify.frameworks import answered, known_at
from leadreport.qualify.wording import phrase
from leadreport.words import EXITS

INSTANT = pl.Datetime("us", "UTC")


def ready_since(facts: pl.DataFrame, activities: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """The facts with `ready_at`: when the lead first met the criteria of MQL; null when it never did.

    Activities count at the instant of the one that completed their number; answers at the instant of the answer that
    counts today; stages when they were reached. An attribute has no history and counts from the lead's creation; a
    score has none either and never counts. Criteria once met stay met. The table must hold no activities at or after
    the date of the facts; activities of a merged-away record are not seen.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> ready = ready_since(ws.facts, ws.activities, policy=ws.policy)
    >>> (ready["ready_at"] >= ready["created_at"]).all()
    True
    """
    timed = with_met_times(facts, activities, policy=policy)
    return timed.rename({"mql_met_at": "ready_at"}).drop("sal_met_at", "sql_met_at")


def ready_not_handed_over(ready: pl.DataFrame) -> pl.DataFrame:
    """Leads that meet the criteria of MQL but were never handed over, the longest ready first.

    Reads the answer of `ready_since`. Columns: lead_id, owner, source, channel, ready_at, last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> waiting = ready_not_handed_over(ready_since(ws.facts, ws.activities, policy=ws.policy))
    >>> waiting["ready_at"].is_sorted()
    True
    """
    is_waiting = pl.col("ready_at").is_not_null() & pl.col("mql_at").is_null() & ~pl.col("stage").is_in(EXITS)
    return (
        ready.filter(is_waiting)
        .sort("ready_at", "lead_id")
        .select("lead_id", "owner", "source", "channel", "ready_at", "last_activity_at")
    )


def with_met_times(facts: pl.DataFrame, activities: pl.DataFrame | None, *, policy: Policy) -> pl.DataFrame:
    """The facts with `mql_met_at`, `sal_met_at`, `sql_met_at`: when a lead first met the criteria of each.

    By the rules of `ready_since`; null when they were not met on record, and without activities for what counts them.
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
    """When a lead earned its class: when the last of its criteria was met, or when its deal or exit came about.

    Reads class, the instants of the facts, and those of `with_met_times`. Null when it rests on what has no history.
    """
    instants = {
        "lead": pl.col("created_at"),
        "mql": pl.col("mql_met_at"),
        "sal": later("mql_met_at", "sal_met_at"),
        "sql": later("mql_met_at", "sql_met_at"),
        "opportunity": pl.col("opportunity_at"),
        "customer": pl.col("customer_at"),
        **dict.fromkeys(EXITS, pl.col("stage_at")),
    }
    return pl.coalesce(pl.when(pl.col("class") == name).then(instant) for name, instant in instants.items())


def later(one: str, other: str) -> pl.Expr:
    """The later of two instants; null unless both are known."""
    return pl.when(pl.col(one).is_not_null() & pl.col(other).is_not_null()).then(pl.max_horizontal(one, other))


def completed_column(criterion: ActivityCriterion) -> str:
    """A column's name that no CRM has."""
    return f"completed: {phrase(criterion)}"


def first_time(activities: pl.DataFrame, criterion: ActivityCriterion) -> pl.DataFrame:
    """When each lead first did something the wanted number of times within the wanted days: [lead_id, met_at]."""
    rows = nw.from_native(activities).filter(is_counted(criterion.behaviour)).to_native()
    rows = rows.select("lead_id", "happened_at").sort("lead_id", "happened_at")
    earlier = pl.col("happened_at").shift(criterion.count - 1).over("lead_id")
    is_met = earlier.is_not_null()
    if criterion.within_days is not None:
        is_met &= pl.col("happened_at") - earlier < pl.duration(days=criterion.within_days)
    return rows.filter(is_met).group_by("lead_id").agg(met_at=pl.col("happened_at").min())


def met_at(criterion: Criterion, *, schema: pl.Schema) -> pl.Expr:
    """The instant at which a criterion was first met; null when it was not, or when that is not on record."""
    match criterion:
        case Group():
            return nth([met_at(member, schema=schema) for member in criterion.members], criterion.needed)
        case ActivityCriterion():
            return pl.col(completed_column(criterion))
        case StageCriterion():
            return reached_at(criterion.stage)
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
    others = pl.max_horizontal(*(known_at(name) for name in same_meaning(criterion)), None)
    return pl.when(answered(criterion) == wanted).then(pl.coalesce(known_at(criterion), others))


def nth(instants: list[pl.Expr], needed: int) -> pl.Expr:
    """The instant at which the needed number of them was reached."""
    return pl.concat_list(instants).list.drop_nulls().list.sort().list.get(needed - 1, null_on_oob=True)
