"""What is true this week and worth acting on: the headline numbers, the signed targets, and the findings."""

from leadreport.conclusions.claims import findings
from leadreport.conclusions.weekly import headlines, target_states

__all__ = ["findings", "headlines", "target_states"]
