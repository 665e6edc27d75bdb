"""A criterion in plain words, as the two departments would say it to each other."""

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
from leadreport.words import STAGE_NAMES

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
