"""The lists that people work from, as tables and as CSV: whom to call, who waits, whom to nurture, whom to recycle."""

import polars as pl
import polars.selectors as cs

from leadreport.check import defuse_formulas
from leadreport.clock import Period
from leadreport.handoff import bridge_leads, overdue_leads
from leadreport.policy import Policy
from leadreport.qualify import call_now, classify_leads, nurture_list, recycle_back
from leadreport.scoring import Scorecard, open_leads_by_score, score_leads, scored_leads
from leadreport.sources import own_name
from leadreport.words import NEEDS
from leadreport.workspace import Workspace

WEEKS = 13
"""The bridge is that of the handoff page: the last quarter."""


def work_lists(ws: Workspace) -> dict[str, pl.DataFrame]:
    """The lists that people work from, by name: call_now, call_by_value, overdue, nurture, recycle_back, bridge_leads.

    A run writes each as a CSV file beside the report. `call_now` has the leads likeliest to become customers,
    `call_by_value` those with the most expected money, each at most `calls_per_week` of the policy's `[lists]`; no lead
    on either is on `nurture`. Overdue is every lead that waits too long, however old; it is
    left out when activities or MQLs are not on record up to the end of the week: then it is not known who was called
    (definitions 4a and 8a).

    Examples
    --------
    >>> import leadreport as lr
    >>> lists = lr.work_lists(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> sorted(lists)
    ['bridge_leads', 'call_by_value', 'call_now', 'nurture', 'overdue', 'recycle_back']
    """
    classified = classified_leads(ws)
    quarter = Period(ws.week.shifted(1 - WEEKS).start_on, ws.week.end_on, ws.policy.company.time_zone)
    at_most = ws.policy.lists.calls_per_week
    calls = {
        "call_now": call_now(classified, at_most=at_most),
        "call_by_value": call_now(classified, by="expected_won_amount", at_most=at_most),
    }
    is_known = not ws.withheld(*NEEDS["overdue_leads"])
    overdue = {"overdue": overdue_leads(ws.facts, policy=ws.policy, as_of=ws.as_of)} if is_known else {}
    return {
        **calls,
        **overdue,
        "nurture": nurture_list(classified, *calls.values()),
        "recycle_back": recycle_back(classified),
        "bridge_leads": bridge_leads(
            ws.facts, ws.leads, ws.stages, period=quarter, policy=ws.policy, as_of=ws.as_of
        ),
    }  # fmt: skip


def classified_leads(ws: Workspace) -> pl.DataFrame:
    """Every lead of a workspace with its score and its class; see `scored_leads` and `classify_leads`.

    Raises
    ------
    InputError
        When the policy names an attribute that the leads lack.

    Examples
    --------
    >>> import leadreport as lr
    >>> classified = lr.classified_leads(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> classified.select("score", "class", "why").columns
    ['score', 'class', 'why']
    """
    return classify_leads(scored_leads(ws), policy=ws.policy, activities=ws.activities, leads=ws.leads)


def crm_scores(ws: Workspace, card: Scorecard, *, score_name: str, reasons_name: str) -> pl.DataFrame:
    """The scores of all open leads, highest first: id, score, expected_close_rate, reasons, under the CRM's names.

    The rate is what is left of it today (definition 18a); null while the workspace has fewer than 10 customers.
    """
    left = scored_leads(ws).select("lead_id", "close_rate_left")
    scores = open_leads_by_score(score_leads(ws.facts, card)).join(left, on="lead_id", maintain_order="left")
    names = {"lead_id": own_name(ws.folder, "lead_id"), "score": score_name, "reasons": reasons_name}
    return scores.select(
        "lead_id", "score", pl.col("close_rate_left").round(4).alias("expected_close_rate"), "reasons"
    ).rename(names)


def as_csv(frame: pl.DataFrame, *, policy: Policy) -> bytes:
    """A list as a CSV file that people open: local times, no formulas.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from leadreport.policy import parse_policy, preset_text
    >>> frame = pl.DataFrame({"lead_id": ["=1+1"], "at": [datetime(2026, 1, 5, 9, tzinfo=UTC)]})
    >>> as_csv(frame, policy=parse_policy(preset_text("startup")))
    b"lead_id,at\\n'=1+1,2026-01-05 10:00\\n"
    """
    local = cs.datetime().dt.convert_time_zone(policy.company.time_zone).dt.strftime("%Y-%m-%d %H:%M")
    return defuse_formulas(frame.with_columns(local)).write_csv().encode()
