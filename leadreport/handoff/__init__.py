"""Where marketing ends and sales begins: speed, acceptance, the bridge between both counts."""

from leadreport.handoff.leads import handed_over, handed_over_leads
from leadreport.handoff.speed import overdue_leads, speed_to_lead, touch_curve
from leadreport.handoff.verdicts import acceptance, rejection_reasons

__all__ = [
    "acceptance",
    "handed_over",
    "handed_over_leads",
    "overdue_leads",
    "rejection_reasons",
    "speed_to_lead",
    "touch_curve",
]
