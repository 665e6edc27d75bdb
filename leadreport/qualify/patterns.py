"""Leads that meet the same criteria get the same words: judged once per pattern, not once per lead."""

import polars as pl

from leadreport.policy import Criterion, Group, Policy
from leadreport.policy.criteria import Leaf
from leadreport.qualify.logic import combined, leaf_holds
from leadreport.qualify.sentences import earned, lacking
from leadreport.qualify.words import phrase

JUDGED = ("mql", "sql")
"""The classes of which a report says what is met and what is missing."""

TEMPORARY = [f"{part}_of_{name}" for part in ("met", "missing", "unknown", "earned", "lacking") for name in JUDGED]
"""Columns for the sentences; the classified leads do not keep them."""


def with_verdicts(facts: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """The facts with meets_hot, meets_mql, meets_sal, meets_sql, and the words in TEMPORARY."""
    leaves = {column_of(leaf): leaf_holds(leaf, schema=facts.schema) for leaf in policy.criteria.leaves()}
    known = facts.with_columns(**leaves)
    patterns = known.select(leaves.keys()).unique()
    judged = patterns.with_columns(**verdicts(policy)).with_columns(**sentences())
    return known.join(judged, on=list(leaves), how="left", nulls_equal=True, maintain_order="left").drop(leaves.keys())


def column_of(leaf: Leaf) -> str:
    """A column's name that no CRM has."""
    return f"holds: {phrase(leaf)}"


def truth(leaf: Leaf) -> pl.Expr:
    return pl.col(column_of(leaf))


def verdicts(policy: Policy) -> dict[str, pl.Expr]:
    """The truth of each class, and the lists of what is met, missing and not known."""
    groups = {name: getattr(policy.criteria, name) for name in ("hot", "mql", "sal", "sql")}
    truths = {f"meets_{name}": combined(group, leaf=truth) for name, group in groups.items()}
    return truths | {f"{part}_of_{name}": each for name in JUDGED for part, each in lists(groups[name]).items()}


def sentences() -> dict[str, pl.Expr]:
    parts = {"earned": earned, "lacking": lacking}
    return {f"{part}_of_{name}": said(name) for part, said in parts.items() for name in JUDGED}


def lists(group: Group) -> dict[str, pl.Expr]:
    """Criteria met, missing and not known, in words.

    Missing is what cannot hold any more as things stand: alternatives that all fail stand in one phrase. Not known is
    every open criterion on which it still depends.
    """
    parts = [(part, combined(part, leaf=truth)) for part in demands(group)]
    on_which_it_depends = [
        (leaf, holding.is_null() & truth(leaf).is_null())
        for part, holding in parts
        for leaf in (part.leaves() if isinstance(part, Group) else [part])
    ]
    return {
        "met": phrases([(leaf, truth(leaf)) for leaf in group.leaves()]),
        "missing": phrases([(part, ~holding) for part, holding in parts]),
        "unknown": phrases(on_which_it_depends),
    }


def demands(criterion: Criterion) -> list[Criterion]:
    """What must hold, one by one: the members of "all", and each group of alternatives as one."""
    if isinstance(criterion, Group) and criterion.needed == len(criterion.members):
        return [part for member in criterion.members for part in demands(member)]
    return [criterion]


def phrases(conditions: list[tuple[Criterion, pl.Expr]]) -> pl.Expr:
    """The words of the criteria whose condition is true, as a list, each once."""
    words = [pl.when(holding).then(pl.lit(phrase(criterion))) for criterion, holding in conditions]
    return pl.concat_list(words).list.drop_nulls().list.unique(maintain_order=True)
