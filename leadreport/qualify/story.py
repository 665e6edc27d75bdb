"""One lead's whole story, as a salesperson would want it told."""

from datetime import datetime
from typing import Any

import polars as pl

from leadreport.clock import working_hours
from leadreport.errors import InputError, did_you_mean
from leadreport.policy import FRAMEWORKS, Policy
from leadreport.qualify.answers import answered, known_answer, serving
from leadreport.qualify.words import spaced
from leadreport.words import EXITS, STAGE_NAMES, STAGES


def explain_lead(named: pl.DataFrame, *, lead_id: str, policy: Policy) -> str:
    """What a lead is and why, its journey, its score, the criteria, the framework, and what to ask next.

    `named` is the answer of `classify_leads`; a score is told with its reasons when the frame has them.

    Raises
    ------
    InputError
        When there is no such lead (a merged-away one is told under its survivor).

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> named = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> story = explain_lead(named, lead_id=named["lead_id"][0], policy=ws.policy)
    >>> [line for line in story.splitlines() if line in ("Journey", "BANT", "Next question")]
    ['Journey', 'BANT', 'Next question']
    """
    found = named.filter(pl.col("lead_id") == lead_id)
    if found.is_empty():
        raise InputError(
            f"there is no lead '{lead_id}' as of the report's date",
            hint=f"{did_you_mean(lead_id, named['lead_id'].to_list())} A merged lead is told under its survivor.",
        )
    wait = working_hours(pl.col("episode_mql_at"), pl.col("first_touch_after_mql_at"), policy=policy)
    lead = found.with_columns(**told_answers(policy), wait_hours=wait).row(0, named=True)
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
    told = [f"owner: {lead['owner']}{team}" if lead["owner"] else "nobody owns it"]
    told += [f"{name}: {spaced(lead[name])}" for name in ("source", "channel", "campaign") if lead[name]]
    title = f"{lead['lead_id']}: {STAGE_NAMES[lead['class']]}{', hot' if lead['is_hot'] else ''}"
    return "\n".join([title, "; ".join(told), lead["why"], *remarks(lead)])


def remarks(lead: dict[str, Any]) -> list[str]:
    """What a salesperson would ask at once: why the CRM says otherwise, and whether anybody has called."""
    if lead["class"] not in EARNED and lead["stage"] not in EARNED:
        return []
    lines = []
    if lead["class"] != lead["stage"]:
        lines.append(f"The CRM has it as {STAGE_NAMES[lead['stage']]}; the line above is what the agreed criteria say.")
    is_waiting = lead["episode_mql_at"] is not None and lead["first_touch_after_mql_at"] is None
    if is_waiting and lead["stage"] in EARNED:
        lines.append("No touch by sales is on record since it was handed over.")
    return lines


def journey(lead: dict[str, Any], *, policy: Policy) -> list[str]:
    """What happened when, in the order of time."""
    events = [(lead["created_at"], 0, "created")]
    for place, stage in enumerate(STAGES[1:], start=1):
        note = " (not recorded; a later stage implies it)" if lead[f"is_{stage}_imputed"] else ""
        events.append((lead[f"{stage}_at"], place, STAGE_NAMES[stage] + note))
    for exit_stage in EXITS:
        reason = lead[f"{exit_stage}_reason"]
        events.append((lead[f"{exit_stage}_at"], 9, STAGE_NAMES[exit_stage] + (f": {reason}" if reason else "")))
    if lead["episodes"] > 1:
        events.append((lead["episode_mql_at"], 1, "MQL again, after recycling"))
    if lead["class"] in EARNED and lead["earned_at"] is not None:
        events.append((lead["earned_at"], 7, f"the agreed criteria for {STAGE_NAMES[lead['class']]} are met"))
    if lead["wait_hours"] is not None:
        agreed = policy.handoff.sla_hours
        late = f" (agreed: {agreed:g})" if lead["wait_hours"] > agreed else ""
        touch = f"first touch by sales after MQL, {lead['wait_hours']:.1f} working hours later{late}"
        events.append((lead["first_touch_after_mql_at"], 8, touch))
    events.append((lead["last_activity_at"], 8, "last activity of the lead"))
    known = sorted({event for event in events if event[0] is not None})
    return [f"{local(at, policy=policy)}  {text}" for at, _, text in known]


def score(lead: dict[str, Any]) -> list[str]:
    if lead.get("score") is None:
        return []
    parts = [
        f"{lead[f'{name}_score']:g} for {name}"
        for name in ("fit", "engagement")
        if lead.get(f"{name}_score") is not None
    ]
    line = f"{lead['score']:g} of 100" + (f" ({', '.join(parts)})" if parts else "")
    if lead.get("expected_close_rate") is not None:
        line += f"; of 100 leads like this, about {100 * lead['expected_close_rate']:.0f} buy"
    return [line, *([lead["reasons"]] if lead.get("reasons") else [])]


def criteria(lead: dict[str, Any]) -> list[str]:
    kinds = {"met": "criteria_met", "missing": "criteria_missing", "open": "criteria_unknown"}
    return [f"{kind:<8} {text}" for kind, column in kinds.items() for text in lead[column]]


def framework(lead: dict[str, Any], *, policy: Policy) -> list[str]:
    """Each criterion with its answer, who gave it and when."""
    names = FRAMEWORKS[policy.qualification.framework].criteria
    width = max(len(name) for name in names)
    lines = []
    for name in names:
        own = lead[f"own_{name}"]
        source = (
            name if own else next((each for each in serving(name) if lead[f"own_{each}"] == lead[f"told_{name}"]), None)
        )
        said = who_said(lead, source, policy=policy) if lead[f"told_{name}"] != "unknown" else ""
        via = f", as {spaced(source)}" if source and source != name else ""
        lines.append(f"{spaced(name):<{width}}  {TOLD[lead[f'told_{name}']]}{said}{via}")
    return lines


def nothing_to_ask(lead: dict[str, Any]) -> str:
    if lead["class"] == "customer":
        return "none: it has bought"
    return "none: the lead is closed" if lead["class"] in EXITS else "none: every question has an answer"


EARNED = ("mql", "sal", "sql")
"""The classes that are earned by criteria."""

TOLD = {"yes": "yes", "no": "no", "unknown": "open"}


def who_said(lead: dict[str, Any], criterion: str, *, policy: Policy) -> str:
    by = lead[f"answer_{criterion}_by"]
    return f", {'by ' + by + ' ' if by else ''}on {local(lead[f'answer_{criterion}_at'], policy=policy)[:10]}"


def told_answers(policy: Policy) -> dict[str, pl.Expr]:
    """The answers of the framework, and the known ones of every criterion that may serve."""
    names = FRAMEWORKS[policy.qualification.framework].criteria
    others = {each for name in names for each in (name, *serving(name))}
    return {f"told_{name}": answered(name) for name in names} | {
        f"own_{name}": known_answer(name) for name in sorted(others)
    }


def section(title: str, lines: list[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def local(instant: datetime, *, policy: Policy) -> str:
    return instant.astimezone(policy.zone).strftime("%Y-%m-%d %H:%M")
