"""The lists that people work from, for files beside the report: whom to call, who waits, whom to warm up."""

import polars as pl
import polars.selectors as cs

from leadreport.check import defuse_formulas
from leadreport.clock import Period
from leadreport.handoff import bridge_leads, overdue_leads
from leadreport.policy import Policy
from leadreport.qualify import call_now, classify_leads, nurture_list, recycle_back
from leadreport.scoring import scored_leads
from leadreport.workspace import Workspace

WEEKS = 13
"""The bridge is that of the handoff page: the last quarter."""


def work_lists(ws: Workspace) -> dict[str, pl.DataFrame]:
    """The lists by the name of their file: call_now, overdue, nurture, recycle_back, bridge_leads.

    Overdue is every lead that waits too long, however old; it is left out when no activities tell who was called.

    Examples
    --------
    >>> import leadreport as lr
    >>> lists = work_lists(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> sorted(lists)
    ['bridge_leads', 'call_now', 'nurture', 'overdue', 'recycle_back']
    """
    named = named_leads(ws)
    quarter = Period(ws.week.shifted(1 - WEEKS).start_on, ws.week.end_on, ws.policy.company.time_zone)
    overdue = {"overdue": overdue_leads(ws.facts, policy=ws.policy, as_of=ws.as_of)} if ws.has("activities") else {}
    return {
        "call_now": call_now(named),
        **overdue,
        "nurture": nurture_list(named),
        "recycle_back": recycle_back(named),
        "bridge_leads": bridge_leads(
            ws.facts, ws.leads, ws.stages, period=quarter, policy=ws.policy, as_of=ws.as_of
        ),
    }  # fmt: skip


def named_leads(ws: Workspace) -> pl.DataFrame:
    """Every lead with its class, and its score where the workspace can be scored."""
    seen = ws.activities.filter(pl.col("happened_at") < ws.as_of)
    return classify_leads(scored_leads(ws), policy=ws.policy, activities=seen)


def as_csv(frame: pl.DataFrame, *, policy: Policy) -> bytes:
    """A list as people open it: local times, several things in one cell parted by semicolons, no formulas.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> frame = pl.DataFrame({"lead_id": ["=1+1"], "criteria_missing": [["a", "b"]]})
    >>> as_csv(frame, policy=parse_policy(preset_text("startup")))
    b"lead_id,criteria_missing\\n'=1+1,a; b\\n"
    """
    local = cs.datetime().dt.convert_time_zone(policy.company.time_zone).dt.strftime("%Y-%m-%d %H:%M")
    texts = frame.with_columns(local, cs.by_dtype(pl.List(pl.String)).list.join("; "))
    return defuse_formulas(texts).write_csv().encode()
