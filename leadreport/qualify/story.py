"""The story of one lead: its journey, its score, its criteria, its answers, and what to ask next."""

from datetime import datetime
from operator import itemgetter
from typing import Any

import polars as pl

from leadreport.clock import working_hours
from leadreport.errors import InputError, did_you_mean
from leadreport.policy import FRAMEWORKS, Policy, same_meaning
from leadreport.qualify.frameworks import answered, known_answer
from leadreport.qualify.wording import spaced
from leadreport.words import EXITS, JUDGED, STAGE_NAMES, STAGES

EARNED = JUDGED[1:]
"""The classes that are earned by criteria."""


def explain_lead(classified: pl.DataFrame, *, lead_id: str, policy: Policy) -> str:
    """What a lead is and why, its journey, its score, the criteria, the framework, and what to ask next.

    `classified` is the answer of `classify_leads`; the score is shown with its reasons when the frame has them.

    Raises
    ------
    InputError
        When there is no such lead; the story of a merged lead is under its survivor.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> story = explain_lead(classified, lead_id=classified["lead_id"][0], policy=ws.policy)
    >>> [line for line in story.splitlines() if line in ("Journey", "BANT", "Next question")]
    ['Journey', 'BANT', 'Next question']
    """
    found = classified.filter(pl.col("lead_id") == lead_id)
    if found.is_empty():
        raise InputError(
            f"there is no lead '{lead_id}' as of the report's date",
            hint=f"{did_you_mean(lead_id, classified['lead_id'].to_list())} A merged lead is found under its survivor.",
        )
    wait = working_hours(pl.col("episode_mql_at"), pl.col("first_touch_after_mql_at"), policy=policy)
    lead = found.with_columns(**answer_columns(policy), wait_hours=wait).row(0, named=True)
    parts = [
        headline(lead),
        section("Journey", journey(lead, policy=policy)),
        section("Score", score(lead)),
        section(f"Criteria for {STAGE_NAMES[lead['criteria_for']]}", criteria(lead)),
        section(FRAMEWORKS[policy.qualification.framework].name, framework(lead, policy=policy)),
        section("Next question", [lead["next_question"] or nothing_to_ask(lead)]),
    ]
    return "\n\n".join(part for part in parts if part)


def headline(lead: dict[str, Any]) -> str:
    team = f" ({lead['team']})" if lead["team"] else ""
    origin = [f"owner: {lead['owner']}{team}" if lead["owner"] else "no owner"]
    origin += [f"{name}: {spaced(lead[name])}" for name in ("source", "channel", "campaign") if lead[name]]
    title = f"{lead['lead_id']}: {STAGE_NAMES[lead['class']]}{', hot' if lead['is_hot'] else ''}"
    return "\n".join([title, "; ".join(origin), lead["why"], *remarks(lead)])


def remarks(lead: dict[str, Any]) -> list[str]:
    """What a salesperson asks first: why the CRM shows another stage, and whether anyone has called."""
    if lead["class"] not in EARNED and lead["stage"] not in EARNED:
        return []
    lines = []
    if lead["class"] != lead["stage"]:
        lines.append(f"In the CRM it is {STAGE_NAMES[lead['stage']]}; the line above follows the agreed criteria.")
    is_waiting = lead["episode_mql_at"] is not None and lead["first_touch_after_mql_at"] is None
    if is_waiting and lead["stage"] in EARNED:
        lines.append("No touch by sales is on record since the handover.")
    return lines


def journey(lead: dict[str, Any], *, policy: Policy) -> list[str]:
    """Each event with its local time, in the order of time; of events at one instant an exit comes last."""
    events = [(lead["created_at"], "created")]
    if lead["episodes"] > 1:
        events.append((lead["episode_mql_at"], "MQL again, after recycling"))
    for stage in STAGES[1:]:
        note = " (not recorded; a later stage implies it)" if lead[f"is_{stage}_imputed"] else ""
        events.append((lead[f"{stage}_at"], STAGE_NAMES[stage] + note))
    if lead["class"] in EARNED:
        events.append((lead["earned_at"], f"the agreed criteria for {STAGE_NAMES[lead['class']]} are met"))
    if lead["wait_hours"] is not None:
        agreed = policy.handoff.sla_hours
        late = f" (agreed: {agreed:g})" if lead["wait_hours"] > agreed else ""
        touch = f"first touch by sales after MQL, {lead['wait_hours']:.1f} working hours later{late}"
        events.append((lead["first_touch_after_mql_at"], touch))
    events.append((lead["last_activity_at"], "last activity of the lead"))
    for name in EXITS:
        reason = lead[f"{name}_reason"]
        events.append((lead[f"{name}_at"], STAGE_NAMES[name] + (f": {reason}" if reason else "")))
    known = sorted(((at, text) for at, text in events if at is not None), key=itemgetter(0))
    return [f"{local(at, policy=policy)}  {text}" for at, text in known]


def score(lead: dict[str, Any]) -> list[str]:
    if lead.get("score") is None:
        return []
    parts = [
        f"{lead[f'{name}_score']:g} for {name}"
        for name in ("fit", "engagement")
        if lead.get(f"{name}_score") is not None
    ]
    line = f"{lead['score']:g} of 100" + (f" ({', '.join(parts)})" if parts else "")
    if lead.get("close_rate_left") is not None:
        line += f"; of 100 open leads like this, about {100 * lead['close_rate_left']:.0f} still buy"
    return [line, *([lead["reasons"]] if lead.get("reasons") else [])]


def criteria(lead: dict[str, Any]) -> list[str]:
    kinds = {"met": "criteria_met", "missing": "criteria_missing", "open": "criteria_unknown"}
    return [f"{kind:<8} {text}" for kind, column in kinds.items() for text in lead[column]]


def framework(lead: dict[str, Any], *, policy: Policy) -> list[str]:
    """Each criterion with its answer, who gave it, when, and to which question."""
    names = FRAMEWORKS[policy.qualification.framework].criteria
    width = max(len(name) for name in names)
    return [f"{spaced(name):<{width}}  {answer(lead, name, policy=policy)}" for name in names]


def answer(lead: dict[str, Any], criterion: str, *, policy: Policy) -> str:
    """The answer that counts: "no, by Ada on 2026-01-10, as money"; "open" without one."""
    counts = lead[f"counts_{criterion}"]
    if counts == "unknown":
        return "open"
    same = [name for name in same_meaning(criterion) if lead[f"own_{name}"] == counts]
    asked = criterion if lead[f"own_{criterion}"] else max(same, key=lambda name: lead[f"answer_{name}_at"])
    by = f"by {lead[f'answer_{asked}_by']} " if lead[f"answer_{asked}_by"] else ""
    via = f", as {spaced(asked)}" if asked != criterion else ""
    return f"{counts}, {by}on {local(lead[f'answer_{asked}_at'], policy=policy)[:10]}{via}"


def nothing_to_ask(lead: dict[str, Any]) -> str:
    if lead["class"] == "customer":
        return "none: it has bought"
    return "none: the lead is closed" if lead["class"] in EXITS else "none: every question has an answer"


def answer_columns(policy: Policy) -> dict[str, pl.Expr]:
    """The answers that count for the framework, and the own answers of every criterion of the same meaning."""
    names = FRAMEWORKS[policy.qualification.framework].criteria
    others = {each for name in names for each in (name, *same_meaning(name))}
    return {f"counts_{name}": answered(name) for name in names} | {
        f"own_{name}": known_answer(name) for name in sorted(others)
    }


def section(title: str, lines: list[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def local(instant: datetime, *, policy: Policy) -> str:
    return instant.astimezone(policy.zone).strftime("%Y-%m-%d %H:%M")
