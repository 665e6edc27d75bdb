"""A criterion in plain words, and in one sentence why a lead has its class."""

import polars as pl

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
from leadreport.words import EXITS, STAGE_NAMES

ANSWERED = {"yes": "confirmed", "no": "denied", "unknown": "not known"}


def phrase(criterion: Criterion) -> str:
    """What a criterion asks, in words.

    Examples
    --------
    >>> phrase(ActivityCriterion(activity="trial_started", within_days=30))
    'trial started in the last 30 days'
    >>> phrase(Group(any=[{"answer": "budget"}, {"answer": "timeline", "is": "no"}]))
    'budget confirmed or timeline denied'
    """
    match criterion:
        case Group():
            return group_phrase(criterion)
        case AttributeCriterion():
            return attribute_phrase(criterion)
        case ActivityCriterion():
            return activity_phrase(criterion)
        case ScoreCriterion():
            return f"score of at least {criterion.score_at_least:g}"
        case StageCriterion():
            return f"{STAGE_NAMES[criterion.stage]} in the CRM"
        case AnswerCriterion():
            return f"{spaced(criterion.answer)} {ANSWERED[criterion.is_]}"
        case FrameworkCriterion():
            return framework_phrase(criterion)


def group_phrase(group: Group) -> str:
    """Members joined by "and" or "or"; a group inside a group stands in brackets."""
    members = [
        f"({phrase(member)})" if isinstance(member, Group) and len(member.members) > 1 else phrase(member)
        for member in group.members
    ]
    if group.of and group.needed < len(members):
        return f"at least {group.needed} of: {', '.join(members)}"
    return (" and " if group.needed == len(members) else " or ").join(members)


def attribute_phrase(criterion: AttributeCriterion) -> str:
    name = spaced(criterion.attribute)
    parts = []
    if criterion.is_ == [True]:
        parts.append(name)
    elif criterion.is_ is not None:
        parts.append(f"{name} is {' or '.join(shown(value) for value in criterion.is_)}")
    if criterion.at_least is not None:
        parts.append(f"{name} of at least {criterion.at_least:g}")
    if criterion.at_most is not None:
        parts.append(f"{name} of at most {criterion.at_most:g}")
    return " and ".join(parts)


def activity_phrase(criterion: ActivityCriterion) -> str:
    counted = criterion.behaviour
    kinds = " or ".join(spaced(kind) for kind in counted.kinds)
    channels = f" from {' or '.join(spaced(each) for each in counted.channels)}" if counted.channels else ""
    by = {None: "", "lead": " by the lead itself", "third_party": " seen by a third party"}[counted.by]
    times = f" at least {criterion.count} times" if criterion.count > 1 else ""
    days = counted.within_days
    recency = "" if days is None else " in the last day" if days == 1 else f" in the last {days} days"
    return kinds + channels + by + times + recency


def framework_phrase(criterion: FrameworkCriterion) -> str:
    framework = FRAMEWORKS[criterion.framework]
    size = len(framework.criteria)
    needed = criterion.at_least or size
    return f"{framework.name} with {'all' if needed == size else f'at least {needed} of'} {size} confirmed"


def shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value}"


def spaced(name: str) -> str:
    return name.replace("_", " ")


def why(*, zone: str) -> pl.Expr:
    """Why a lead has its class, and what is missing for the next one, in one sentence.

    Reads class, stage_at, the dates of its deal, the reasons of its exit, and the texts of its criteria: met_text_mql,
    met_text_sql, open_text_mql, open_text_sql.
    """
    name = pl.col("class").replace_strict(STAGE_NAMES)
    endings = {
        "lead": [pl.lit("."), pl.col("open_text_mql")],
        "sql": [pl.col("met_text_sql"), pl.lit(".")],
        "opportunity": [pl.lit(" since "), on_day("opportunity_at", zone=zone), pl.lit(", per the CRM.")],
        "customer": [pl.lit(" since "), on_day("customer_at", zone=zone), pl.lit(", per the CRM.")],
        **{name: exit_ending(name, zone=zone) for name in EXITS},
    }
    known = [pl.when(pl.col("class") == each).then(pl.concat_str(name, *end)) for each, end in endings.items()]
    return pl.coalesce(*known, pl.concat_str(name, pl.col("met_text_mql"), pl.lit("."), pl.col("open_text_sql")))


def exit_ending(name: str, *, zone: str) -> list[pl.Expr]:
    """Disqualified " on 2026-01-05: no budget."."""
    reason = (pl.lit(": ") + pl.col(f"{name}_reason")).fill_null("")
    return [pl.lit(" on "), on_day("stage_at", zone=zone), reason, pl.lit(".")]


def met_text(name: str) -> pl.Expr:
    """The criteria of a class that are met: ": trial started, demo session", or nothing."""
    return clause(": ", pl.col(f"met_of_{name}"))


def open_text(name: str) -> pl.Expr:
    """The criteria of a class that are missing or not known: " For SQL, missing: demo session; still open: budget."."""
    missing = clause(" missing: ", pl.col(f"missing_of_{name}"))
    unknown = clause(" still open: ", pl.col(f"unknown_of_{name}"))
    between = pl.when((missing != "") & (unknown != "")).then(pl.lit(";")).otherwise(pl.lit(""))
    text = pl.concat_str(pl.lit(f" For {STAGE_NAMES[name]},"), missing, between, unknown, pl.lit("."))
    return pl.when((missing != "") | (unknown != "")).then(text).otherwise(pl.lit(""))


def clause(lead_in: str, texts: pl.Expr) -> pl.Expr:
    """Some texts after a lead-in; nothing when there are none."""
    return pl.when(texts.list.len() > 0).then(pl.lit(lead_in) + texts.list.join(", ")).otherwise(pl.lit(""))


def on_day(instant: str, *, zone: str) -> pl.Expr:
    return pl.col(instant).dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d")
