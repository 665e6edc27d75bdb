"""The class of each lead by the policy, what is met, missing and not known, and how many leads have each class."""

import polars as pl

from leadreport.clock import Period
from leadreport.policy import Criterion, Group, Policy
from leadreport.policy.criteria import Leaf
from leadreport.qualify.criteria import combined, earned_at, leaf_holds, with_met_times
from leadreport.qualify.frameworks import framework_columns, next_question
from leadreport.qualify.wording import met_text, open_text, phrase, why
from leadreport.words import CLASSES, CLOSED, EXITS

EXPLAINED = ("mql", "sql")
"""The classes whose criteria a report lists as met, missing or not known."""

TEMPORARY = [
    *(
        f"{part}_{name}"
        for part in ("met_of", "missing_of", "unknown_of", "met_text", "open_text")
        for name in EXPLAINED
    ),
    *("mql_met_at", "sal_met_at", "sql_met_at"),
]
"""Columns that lead to a class and its sentence; the classified leads do not keep them."""


def classify_leads(
    facts: pl.DataFrame,
    *,
    policy: Policy,
    activities: pl.DataFrame | None = None,
    leads: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Each lead's class by the policy's criteria, with what is met, missing and not known, and the next question.

    Adds, in the order of the facts (definition 21):

    - class: customer (a won deal), else lost, disqualified or recycled (its stage), else opportunity (a deal), else by
      criteria: sql (MQL's and SQL's both met), sal (MQL's and SAL's), mql, lead. SAL is a decision of sales and not a
      quality of the lead, so a lead may be sql by the policy before sales accepts it: it should be handed over.
    - earned_at: when the lead earned its class. By criteria, the instant at which the record first shows all of them
      met; criteria that count activities need the table `activities`, which must hold nothing at or after the date of
      the facts, and `leads` to see those of merged-away records (definition 7). Null when it rests on a score, which
      has no history, or on activities that were not given.
    - is_hot: meets the criteria of hot or of SQL, or is an SQL in the CRM, and has not left. Every SQL is hot.
    - meets_mql, meets_sal, meets_sql, meets_hot: true, false, or null where it depends on something not known.
    - criteria_for ("mql" for a lead, else "sql"), and of that class criteria_met, criteria_missing, criteria_unknown.
    - framework_met, framework_yes, framework_no, framework_unknown for the policy's framework.
    - why (one sentence) and next_question (null when nothing is open, or the lead has left or bought).

    Scores come from the column `score`; without it they are not known.

    Raises
    ------
    InputError
        When a criterion names an attribute that the leads do not have.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> classified.filter(pl.col("class") == "sql")["is_hot"].all()
    True
    """
    framework = policy.qualification.framework
    judged = with_met_times(with_verdicts(facts, policy=policy), activities, leads, policy=policy).with_columns(
        **framework_columns(framework=framework, needed=policy.qualification.at_least),
        meets_hot=pl.col("meets_hot") | pl.col("meets_sql") | pl.col("is_sql"),
        **{"class": class_of()},
    )
    return (
        judged.with_columns(
            earned_at=earned_at(),
            is_hot=pl.col("meets_hot").fill_null(False) & ~pl.col("class").is_in(EXITS),
            criteria_for=pl.when(pl.col("class") == "lead").then(pl.lit("mql")).otherwise(pl.lit("sql")),
            next_question=pl.when(~pl.col("class").is_in(CLOSED)).then(next_question(framework=framework)),
        )
        .with_columns(**criteria_columns(), why=why(zone=policy.company.time_zone))
        .drop(TEMPORARY)
    )


def class_counts(classified: pl.DataFrame, *, week: Period) -> pl.DataFrame:
    """How many leads have each class: class, leads, hot, newly_earned (in the week), undated (without `earned_at`).

    One row per class that occurs, in the order of the classes.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> counts = class_counts(lr.classify_leads(ws.facts, policy=ws.policy), week=ws.week)
    >>> counts["leads"].sum() == ws.facts.height
    True
    """
    counts = {
        "leads": pl.len(),
        "hot": pl.col("is_hot").sum(),
        "newly_earned": week.holds(pl.col("earned_at")).sum(),
        "undated": pl.col("earned_at").is_null().sum(),
    }
    counted = classified.group_by("class").agg(**{name: count.cast(pl.Int64) for name, count in counts.items()})
    return counted.sort(pl.col("class").cast(pl.Enum(CLASSES)))


def class_of() -> pl.Expr:
    """Deals and exits as they happened; the classes between them by criteria, and none without MQL's criteria."""
    meets = {name: pl.col(f"meets_{name}").fill_null(False) for name in ("sql", "sal", "mql")}
    return pl.coalesce(
        pl.when("is_customer").then(pl.lit("customer")),
        pl.when(pl.col("stage").is_in(EXITS)).then("stage"),
        pl.when("is_opportunity").then(pl.lit("opportunity")),
        *(pl.when(meets["mql"] & is_met).then(pl.lit(name)) for name, is_met in meets.items()),
        pl.lit("lead"),
    )


def criteria_columns() -> dict[str, pl.Expr]:
    """The criteria met, missing and not known of the class that `criteria_for` names."""
    for_mql = pl.col("criteria_for") == "mql"
    return {
        f"criteria_{part}": pl.when(for_mql).then(f"{part}_of_mql").otherwise(f"{part}_of_sql")
        for part in ("met", "missing", "unknown")
    }


def with_verdicts(facts: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """The facts with meets_hot, meets_mql, meets_sal, meets_sql, and the criteria of EXPLAINED in words.

    Leads that meet the same criteria get the same words, so these are made once per pattern and not once per lead.
    """
    leaves = {column_of(leaf): leaf_holds(leaf, schema=facts.schema) for leaf in policy.criteria.leaves()}
    known = facts.with_columns(**leaves)
    texts = {f"{part.__name__}_{name}": part(name) for part in (met_text, open_text) for name in EXPLAINED}
    patterns = known.select(list(leaves)).unique().with_columns(**verdicts(policy)).with_columns(**texts)
    return known.join(patterns, on=list(leaves), how="left", nulls_equal=True, maintain_order="left").drop(list(leaves))


def column_of(leaf: Leaf) -> str:
    """A column's name that no CRM has."""
    return f"holds: {phrase(leaf)}"


def truth(leaf: Leaf) -> pl.Expr:
    return pl.col(column_of(leaf))


def verdicts(policy: Policy) -> dict[str, pl.Expr]:
    """The truth of each class, and the criteria met, missing and not known of those in EXPLAINED."""
    groups = {name: getattr(policy.criteria, name) for name in ("hot", "mql", "sal", "sql")}
    truths = {f"meets_{name}": combined(group, leaf=truth) for name, group in groups.items()}
    return truths | {f"{part}_of_{name}": each for name in EXPLAINED for part, each in lists(groups[name]).items()}


def lists(group: Group) -> dict[str, pl.Expr]:
    """Criteria met, missing and not known, in words.

    Missing are criteria that cannot hold with what is known; alternatives that all fail make one phrase. Not known are
    the open criteria on which the class still depends.
    """
    parts = [(part, combined(part, leaf=truth)) for part in demands(group)]
    depends_on = [
        (leaf, holding.is_null() & truth(leaf).is_null())
        for part, holding in parts
        for leaf in (part.leaves() if isinstance(part, Group) else [part])
    ]
    return {
        "met": phrases([(leaf, truth(leaf)) for leaf in group.leaves()]),
        "missing": phrases([(part, ~holding) for part, holding in parts]),
        "unknown": phrases(depends_on),
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
