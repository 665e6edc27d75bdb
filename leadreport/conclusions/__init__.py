"""What is true this week and worth acting on: the headline numbers, the signed targets, and the findings."""

from leadreport.conclusions.claims import findings
from leadreport.conclusions.weekly import headlines, not_shown, target_states

__all__ = ["findings", "headlines", "not_shown", "target_states"]
