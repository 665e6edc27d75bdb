"""Whether a lead meets a criterion (true, false, or null where that is not known), and since when."""

from collections.abc import Callable, Sequence

import narwhals.stable.v2 as nw
import polars as pl

from leadreport.errors import InputError, did_you_mean, listed
from leadreport.facts import is_counted, of_survivors, reached_at
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
from leadreport.policy.criteria import Leaf
from leadreport.qualify.frameworks import answered, known_at
from leadreport.qualify.wording import phrase
from leadreport.words import EXITS

INSTANT = pl.Datetime("us", "UTC")


def holds(criterion: Criterion, *, schema: pl.Schema) -> pl.Expr:
    """Whether a criterion holds: true, false, or null for "not known" (Kleene's three-valued logic).

    A missing attribute, a score that was not computed and a question without an answer are not known.

    Raises
    ------
    InputError
        When the leads lack an attribute, or have it in a type that cannot be compared with the policy's values.

    Examples
    --------
    >>> wanted = Group(any=[{"attribute": "industry", "is": ["software"]}, {"attribute": "employees", "at_least": 50}])
    >>> leads = pl.DataFrame({"industry": ["software", "retail", "retail"], "employees": [None, None, 10]})
    >>> leads.select(is_wanted=holds(wanted, schema=leads.schema))["is_wanted"].to_list()
    [True, None, False]
    """
    return combined(criterion, leaf=lambda each: leaf_holds(each, schema=schema))


def combined(criterion: Criterion, *, leaf: Callable[[Leaf], pl.Expr]) -> pl.Expr:
    """The truth of a criterion from the truth of its leaves."""
    return decided(bounds(criterion, leaf=leaf))


def bounds(criterion: Criterion, *, leaf: Callable[[Leaf], pl.Expr]) -> tuple[pl.Expr, pl.Expr]:
    """Whether a criterion holds if everything not known is false, and if it is true; neither is ever null."""
    if isinstance(criterion, Group):
        return enough([bounds(member, leaf=leaf) for member in criterion.members], needed=criterion.needed)
    return either_way(leaf(criterion))


def enough(members: Sequence[tuple[pl.Expr, pl.Expr]], *, needed: int) -> tuple[pl.Expr, pl.Expr]:
    """Whether at least `needed` members hold, if everything not known is false, and if it is true."""
    surely, possibly = zip(*members, strict=True)
    return pl.sum_horizontal(surely) >= needed, pl.sum_horizontal(possibly) >= needed


def either_way(holding: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """A truth with null read as false, and with null read as true."""
    return holding.fill_null(False), holding.fill_null(True)


def decided(either: tuple[pl.Expr, pl.Expr]) -> pl.Expr:
    """True when it holds either way, false when it holds neither way, else null."""
    surely, possibly = either
    return pl.when(surely).then(True).when(~possibly).then(False)


def leaf_holds(criterion: Leaf, *, schema: pl.Schema) -> pl.Expr:
    """The truth of a criterion that is no group."""
    match criterion:
        case AttributeCriterion():
            return attribute_holds(criterion, schema=schema)
        case ActivityCriterion():
            return pl.col(known(criterion.behaviour.column, schema=schema)) >= criterion.count
        case ScoreCriterion():
            score = pl.col("score") if "score" in schema else pl.lit(None, dtype=pl.Float64)
            return score >= criterion.score_at_least
        case StageCriterion(stage="lead"):
            return pl.lit(True)
        case StageCriterion():
            return pl.col(known(f"{criterion.stage}_at", schema=schema)).is_not_null()
        case AnswerCriterion():
            return answer_holds(criterion)
        case FrameworkCriterion():
            names = FRAMEWORKS[criterion.framework].criteria
            return decided(
                enough([either_way(is_yes(name)) for name in names], needed=criterion.at_least or len(names))
            )
    raise TypeError(criterion)


def is_yes(criterion: str) -> pl.Expr:
    """Whether a question is answered yes; null without an answer."""
    return answered(criterion).replace_strict({"yes": True, "no": False}, default=None, return_dtype=pl.Boolean)


def answer_holds(criterion: AnswerCriterion) -> pl.Expr:
    yes = is_yes(criterion.answer)
    return {"yes": yes, "no": ~yes, "unknown": yes.is_null()}[criterion.is_]


def attribute_holds(criterion: AttributeCriterion, *, schema: pl.Schema) -> pl.Expr:
    """Whether an attribute has one of the wanted values and lies within the bounds; null where it is missing."""
    name = known(criterion.attribute, schema=schema)
    is_text = schema[name] == pl.String
    number = pl.col(name).cast(pl.Float64, strict=False) if is_text else pl.col(name)
    parts = []
    if criterion.is_ is not None:
        parts.append(pl.col(name).is_in(comparable(criterion, schema[name])))
    if criterion.at_least is not None:
        parts.append(number >= criterion.at_least)
    if criterion.at_most is not None:
        parts.append(number <= criterion.at_most)
    if (criterion.at_least is not None or criterion.at_most is not None) and not (is_text or schema[name].is_numeric()):
        raise mismatch(criterion, schema[name])
    return pl.all_horizontal(parts)


def comparable(criterion: AttributeCriterion, dtype: pl.DataType) -> list[object]:
    """The values of a criterion in the column's type; CRM files may hold numbers and booleans as text."""
    values = criterion.is_ or []
    if dtype == pl.String:
        return [str(value).lower() if isinstance(value, bool) else f"{value}" for value in values]
    wanted = bool if dtype == pl.Boolean else (int, float) if dtype.is_numeric() else ()
    if not all(isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)) for value in values):
        raise mismatch(criterion, dtype)
    return list(values)


def known(column: str, *, schema: pl.Schema) -> str:
    """The name of a column that the leads have."""
    if column not in schema:
        raise InputError(
            f"the policy's criteria ask for '{column}', but the leads have no such column",
            found=listed(schema.names()),
            hint=did_you_mean(column, schema.names()),
        )
    return column


def mismatch(criterion: AttributeCriterion, dtype: pl.DataType) -> InputError:
    bounds = (criterion.at_least, criterion.at_most)
    asked = [value for value in (*(criterion.is_ or []), *bounds) if value is not None]
    return InputError(
        f"the policy compares the attribute '{criterion.attribute}' with {listed(asked)}",
        found=f"a column of type {dtype}",
        hint="write values of that type in policy.toml, or map the column in sources.toml",
    )


def ready_since(
    facts: pl.DataFrame, activities: pl.DataFrame, leads: pl.DataFrame | None = None, *, policy: Policy
) -> pl.DataFrame:
    """The facts with `ready_at`: when the lead first met the criteria of MQL; null when it never did.

    Activities count at the instant of the one that completed their number; answers at the instant of the answer that
    counts today; stages when they were reached. An attribute has no history and counts from the lead's creation; a
    score has none either and never counts. Criteria once met stay met. The table must hold no activities at or after
    the date of the facts. Activities of a merged-away record count for its survivor when the table `leads` is given
    (definition 7); without it they are not seen.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> ready = ready_since(ws.facts, ws.activities, ws.leads, policy=ws.policy)
    >>> (ready["ready_at"] >= ready["created_at"]).all()
    True
    """
    timed = with_met_times(facts, activities, leads, policy=policy)
    return timed.rename({"mql_met_at": "ready_at"}).drop("sal_met_at", "sql_met_at")


def ready_not_handed_over(ready: pl.DataFrame) -> pl.DataFrame:
    """Leads that meet the criteria of MQL but were never handed over, the longest ready first.

    Reads the answer of `ready_since`. Columns: lead_id, owner, source, channel, ready_at, last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> waiting = ready_not_handed_over(ready_since(ws.facts, ws.activities, ws.leads, policy=ws.policy))
    >>> waiting["ready_at"].is_sorted()
    True
    """
    is_waiting = pl.col("ready_at").is_not_null() & pl.col("mql_at").is_null() & ~pl.col("stage").is_in(EXITS)
    return (
        ready.filter(is_waiting)
        .sort("ready_at", "lead_id")
        .select("lead_id", "owner", "source", "channel", "ready_at", "last_activity_at")
    )


def with_met_times(
    facts: pl.DataFrame, activities: pl.DataFrame | None, leads: pl.DataFrame | None, *, policy: Policy
) -> pl.DataFrame:
    """The facts with `mql_met_at`, `sal_met_at`, `sql_met_at`: when a lead first met the criteria of each.

    By the rules of `ready_since`; null when they were not met on record, and without activities for what counts them.
    """
    groups = {name: getattr(policy.criteria, name) for name in ("mql", "sal", "sql")}
    asked = [leaf for group in groups.values() for leaf in group.leaves() if isinstance(leaf, ActivityCriterion)]
    if activities is not None and leads is not None:
        activities = of_survivors(activities, leads, facts=facts)
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
