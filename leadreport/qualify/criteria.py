"""Whether a lead meets a criterion: true, false, or null where that is not known."""

from collections.abc import Callable, Sequence

import polars as pl

from leadreport.errors import InputError, did_you_mean, listed
from leadreport.policy import (
    FRAMEWORKS,
    ActivityCriterion,
    AnswerCriterion,
    AttributeCriterion,
    Criterion,
    FrameworkCriterion,
    Group,
    ScoreCriterion,
    StageCriterion,
)
from leadreport.policy.criteria import Leaf
from leadreport.qualify.frameworks import answered


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
