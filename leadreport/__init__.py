"""Marketing's leads and sales' leads, on one page.

Everything an analyst needs is here by name; every metric is a function from frames to a frame:

    ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    lr.speed_to_lead(ws.facts, by="team", policy=ws.policy, as_of=ws.as_of)
"""

from leadreport import charts, formats, page, rates
from leadreport.check import describe_rejected
from leadreport.clock import Period, as_instant, working_hours
from leadreport.cost import attribute_credit, cost_change, cost_per_sql, lead_value
from leadreport.errors import InputError, LeadreportError, PageError, PolicyError
from leadreport.funnel import (
    cohort_conversion,
    funnel_steps,
    import_spikes,
    left_truncation,
    mix_and_rate,
    time_in_stage,
    week_on_week,
    weekly_entries,
)
from leadreport.handoff import (
    acceptance,
    bridge_leads,
    handed_over,
    handoff_bridge,
    handoff_change,
    overdue_leads,
    pulse,
    rejection_reasons,
    speed_to_lead,
    too_early_too_late,
    touch_curve,
)
from leadreport.qualify import (
    CLASSES,
    agreement,
    call_now,
    classify_leads,
    contradictions,
    disagreements,
    explain_lead,
    framework_answers,
    framework_completeness,
    nurture_list,
    policy_against_crm,
    recycle_back,
)
from leadreport.rates import rate_difference, rate_interval
from leadreport.scoring import Scorecard, fit_scorecard, mature_leads, score_leads
from leadreport.workspace import Workspace, open_workspace
