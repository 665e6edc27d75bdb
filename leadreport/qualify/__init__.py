"""Criteria and frameworks: the class of each lead, what is met, missing and not known, and what to ask next."""

from leadreport.qualify.agreement import agreement, disagreements, policy_against_crm, qualification_summary
from leadreport.qualify.classes import class_counts, classify_leads
from leadreport.qualify.criteria import ready_not_handed_over, ready_since
from leadreport.qualify.frameworks import (
    contradictions,
    framework_answers,
    framework_completeness,
    framework_coverage,
)
from leadreport.qualify.lists import call_now, nurture_list, recycle_back, returning_leads
from leadreport.qualify.story import explain_lead

__all__ = [
    "agreement", "call_now", "class_counts", "classify_leads", "contradictions", "disagreements",
    "explain_lead", "framework_answers", "framework_completeness", "framework_coverage", "nurture_list",
    "policy_against_crm", "qualification_summary", "ready_not_handed_over", "ready_since", "recycle_back",
    "returning_leads",
]  # fmt: skip
