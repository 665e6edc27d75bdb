"""Criteria and frameworks: what each lead is, what is met, missing and not known, and what to ask next."""

from leadreport.qualify.agreement import agreement, disagreements, policy_against_crm
from leadreport.qualify.classes import CLASSES, classify_leads
from leadreport.qualify.frameworks import contradictions, framework_answers, framework_completeness
from leadreport.qualify.lists import call_now, nurture_list, recycle_back, returning_leads
from leadreport.qualify.readiness import ready_since, untold_leads
from leadreport.qualify.story import explain_lead

__all__ = [
    "CLASSES",
    "agreement",
    "call_now",
    "classify_leads",
    "contradictions",
    "disagreements",
    "explain_lead",
    "framework_answers",
    "framework_completeness",
    "nurture_list",
    "policy_against_crm",
    "ready_since",
    "recycle_back",
    "returning_leads",
    "untold_leads",
]
