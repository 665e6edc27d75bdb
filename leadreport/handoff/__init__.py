"""Where marketing ends and sales begins: speed, acceptance, the bridge between both counts."""

from leadreport.handoff.bridge import bridge_leads, handoff_bridge
from leadreport.handoff.consistency import consistency, outside_limits, slow_owners
from leadreport.handoff.leads import TOUCHES, handed_over, handed_over_leads, has_acceptances
from leadreport.handoff.speed import handoff_change, overdue_leads, speed_to_lead, touch_curve
from leadreport.handoff.timing import too_early_too_late
from leadreport.handoff.verdicts import (
    acceptance,
    disliked,
    pulse,
    rejection_reasons,
    sales_opinion,
    touches_until_verdict,
)  # fmt: skip

__all__ = [
    "TOUCHES", "acceptance", "bridge_leads", "consistency", "disliked", "handed_over", "handed_over_leads",
    "handoff_bridge", "handoff_change", "has_acceptances", "outside_limits", "overdue_leads", "pulse",
    "rejection_reasons", "sales_opinion", "slow_owners", "speed_to_lead", "too_early_too_late", "touch_curve",
    "touches_until_verdict",
]  # fmt: skip
