"""Since when a lead has met the criteria: who was ready long before anybody was told."""

import polars as pl

from leadreport.policy import (
    EXITS,
    FRAMEWORKS,
    ActivityCriterion,
    AnswerCriterion,
    Criterion,
    FrameworkCriterion,
    Group,
    Policy,
    StageCriterion,
)
from leadreport.qualify.answers import answered, known_at, serving
from leadreport.qualify.logic import holds

INSTANT = pl.Datetime("us", "UTC")


def ready_since(facts: pl.DataFrame, activities: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """The facts with `ready_at`: when the lead first met the criteria of MQL; null when it never did.

    Activities are taken from the table, at the instant of the one that completed the count; answers at the instant of
    the answer that counts today; stages when they were reached. An attribute has no history and counts from the lead's
    creation; a score has none either and never counts. A criterion that was met once is taken as kept. Activities at or
    after the facts' date must not be in the table; those of a merged-away record are not seen.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> ready = ready_since(ws.facts, ws.activities, policy=ws.policy)
    >>> (ready["ready_at"] >= ready["created_at"]).all()
    True
    """
    seen = activities.filter(pl.col("by").is_in(["lead", "third_party"])).select("lead_id", "kind", "happened_at")
    kinds = {
        leaf: first_time(seen, leaf) for leaf in policy.criteria.mql.leaves() if isinstance(leaf, ActivityCriterion)
    }
    with_times = facts
    names = {leaf: f"first_{place}_at" for place, leaf in enumerate(kinds)}
    for leaf, times in kinds.items():
        with_times = with_times.join(times.rename({"met_at": names[leaf]}), on="lead_id", how="left")
    ready_at = met_at(policy.criteria.mql, names=names, schema=facts.schema)
    return with_times.with_columns(ready_at=ready_at).drop(names.values())


def untold_leads(ready: pl.DataFrame) -> pl.DataFrame:
    """Leads that meet the criteria of MQL and that nobody has handed over, the longest ready first.

    Reads the answer of `ready_since`. Columns: lead_id, owner, source, channel, ready_at, last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> untold = untold_leads(ready_since(ws.facts, ws.activities, policy=ws.policy))
    >>> untold["ready_at"].is_sorted()
    True
    """
    is_untold = pl.col("ready_at").is_not_null() & pl.col("mql_at").is_null() & ~pl.col("stage").is_in(EXITS)
    return (
        ready.filter(is_untold)
        .sort("ready_at", "lead_id")
        .select("lead_id", "owner", "source", "channel", "ready_at", "last_activity_at")
    )


def first_time(activities: pl.DataFrame, criterion: ActivityCriterion) -> pl.DataFrame:
    """When each lead did something the wanted number of times within the wanted days: [lead_id, met_at]."""
    rows = activities.filter(pl.col("kind") == criterion.activity).sort("lead_id", "happened_at")
    earlier = pl.col("happened_at").shift(criterion.count - 1).over("lead_id")
    is_met = earlier.is_not_null()
    if criterion.within_days is not None:
        is_met &= pl.col("happened_at") - earlier < pl.duration(days=criterion.within_days)
    return rows.filter(is_met).group_by("lead_id").agg(met_at=pl.col("happened_at").min())


def met_at(criterion: Criterion, *, names: dict[ActivityCriterion, str], schema: pl.Schema) -> pl.Expr:
    """The instant at which a criterion was first met; null when it was not."""
    match criterion:
        case Group():
            return nth([met_at(member, names=names, schema=schema) for member in criterion.members], criterion.needed)
        case ActivityCriterion():
            return pl.col(names[criterion])
        case StageCriterion():
            return pl.col("created_at" if criterion.stage == "lead" else f"{criterion.stage}_at")
        case AnswerCriterion(is_="unknown"):
            return pl.col("created_at")
        case AnswerCriterion():
            return answer_at(criterion.answer, wanted=criterion.is_)
        case FrameworkCriterion():
            asked = FRAMEWORKS[criterion.framework].criteria
            return nth([answer_at(name, wanted="yes") for name in asked], criterion.at_least or len(asked))
        case _:
            never = pl.lit(None, dtype=INSTANT)
            has_history = hasattr(criterion, "attribute")
            return pl.when(holds(criterion, schema=schema)).then("created_at") if has_history else never


def answer_at(criterion: str, *, wanted: str) -> pl.Expr:
    """When the answer that counts was given, if it is the wanted one."""
    given_at = pl.coalesce(
        known_at(criterion), pl.max_horizontal(*(known_at(name) for name in serving(criterion)), None)
    )
    return pl.when(answered(criterion) == wanted).then(given_at)


def nth(instants: list[pl.Expr], needed: int) -> pl.Expr:
    """The instant at which so many were met."""
    return pl.concat_list(instants).list.drop_nulls().list.sort().list.get(needed - 1, null_on_oob=True)
