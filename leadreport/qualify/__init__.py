"""Criteria and frameworks: what each lead is, what is met, missing and not known, and what to ask next."""

from leadreport.qualify.classes import CLASSES, classify_leads

__all__ = ["CLASSES", "classify_leads"]
