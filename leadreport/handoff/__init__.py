"""Where marketing ends and sales begins: speed, acceptance, the bridge between both counts."""

from leadreport.handoff.bridge import bridge_leads, handoff_bridge
from leadreport.handoff.change import handoff_change
from leadreport.handoff.consistency import consistency
from leadreport.handoff.leads import handed_over, handed_over_leads
from leadreport.handoff.pulse import pulse
from leadreport.handoff.speed import overdue_leads, slow_owners, speed_to_lead, touch_curve
from leadreport.handoff.timing import too_early_too_late, with_timing
from leadreport.handoff.verdicts import acceptance, rejection_reasons, touches_until_verdict

__all__ = [
    "acceptance",
    "bridge_leads",
    "consistency",
    "handed_over",
    "handed_over_leads",
    "handoff_bridge",
    "handoff_change",
    "overdue_leads",
    "pulse",
    "rejection_reasons",
    "slow_owners",
    "speed_to_lead",
    "too_early_too_late",
    "touch_curve",
    "touches_until_verdict",
    "with_timing",
]
