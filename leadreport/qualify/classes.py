"""What each lead is by the policy, and why."""

import polars as pl

from leadreport.policy import Policy
from leadreport.qualify.answers import framework_columns, next_question
from leadreport.qualify.earned import earned_at, with_met_times
from leadreport.qualify.patterns import TEMPORARY, with_verdicts
from leadreport.qualify.sentences import why
from leadreport.words import EXITS

CLASSES = ("lead", "mql", "sal", "sql", "opportunity", "customer", *EXITS)
"""Every class, in the order of a report."""


def classify_leads(facts: pl.DataFrame, *, policy: Policy, activities: pl.DataFrame | None = None) -> pl.DataFrame:
    """Each lead's class by the policy's criteria, with what is met, missing and not known, and the next question.

    Adds, in the order of the facts:

    - class: customer (a deal won), else lost, disqualified or recycled (the stage it is in), else opportunity (a deal),
      else by criteria: sql (MQL's and SQL's both met), sal (MQL's and SAL's), mql, lead. SAL is a decision by sales and
      no quality of the lead, so a lead may be sql by policy before sales accepts it: the hand-over is late then.
    - earned_at: when the class was earned. By criteria, the instant at which the record first shows all of them met;
      with the table `activities` for those that count what leads did (nothing at or after the facts' date may be in
      it). Null when that rests on a score, which has no history, or on activities that were not given.
    - is_hot: meets the criteria of hot or of SQL, or is an SQL in the CRM, and has not left. Every SQL is hot.
    - meets_mql, meets_sal, meets_sql, meets_hot: true, false, or null where it depends on what is not known.
    - criteria_for ("mql" for a lead, else "sql"), and of that class criteria_met, criteria_missing, criteria_unknown.
    - framework_met, framework_yes, framework_no, framework_unknown for the policy's framework.
    - why (one sentence) and next_question (null when nothing is open, the lead has left, or has bought).

    Scores are read from the column `score` when it is there; without it they are not known.

    Raises
    ------
    InputError
        When a criterion names an attribute that the leads do not have.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> named = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> named.filter(pl.col("class") == "sql")["is_hot"].all()
    True
    """
    framework = policy.qualification.framework
    named = with_verdicts(facts, policy=policy).with_columns(
        **framework_columns(framework=framework, needed=policy.qualification.at_least),
        next_question=next_question(framework=framework),
        meets_hot=pl.col("meets_hot") | pl.col("meets_sql") | pl.col("is_sql"),
    )
    named = (
        with_met_times(named, activities, policy=policy)
        .with_columns(**{"class": class_of()})
        .with_columns(
            earned_at=earned_at(),
            is_hot=pl.col("meets_hot").fill_null(False) & ~pl.col("class").is_in(EXITS),
            criteria_for=pl.when(pl.col("class") == "lead").then(pl.lit("mql")).otherwise(pl.lit("sql")),
            next_question=pl.when(~pl.col("class").is_in([*EXITS, "customer"])).then("next_question"),
        )
    )
    return named.with_columns(**criteria_columns(), why=why(zone=policy.company.time_zone)).drop(
        TEMPORARY, "mql_met_at", "sal_met_at", "sql_met_at"
    )


def class_of() -> pl.Expr:
    """Deals and exits as they happened; the rungs between by criteria, none without those of MQL."""
    is_mql, is_sal, is_sql = (pl.col(f"meets_{name}").fill_null(False) for name in ("mql", "sal", "sql"))
    return (
        pl.when("is_customer")
        .then(pl.lit("customer"))
        .when(pl.col("stage").is_in(EXITS))
        .then(pl.col("stage"))
        .when("is_opportunity")
        .then(pl.lit("opportunity"))
        .when(is_mql & is_sql)
        .then(pl.lit("sql"))
        .when(is_mql & is_sal)
        .then(pl.lit("sal"))
        .when(is_mql)
        .then(pl.lit("mql"))
        .otherwise(pl.lit("lead"))
    )


def criteria_columns() -> dict[str, pl.Expr]:
    """The lists of criteria met, missing and not known, for the class that `criteria_for` names."""
    for_mql = pl.col("criteria_for") == "mql"
    return {
        f"criteria_{part}": pl.when(for_mql).then(f"{part}_of_mql").otherwise(f"{part}_of_sql")
        for part in ("met", "missing", "unknown")
    }
