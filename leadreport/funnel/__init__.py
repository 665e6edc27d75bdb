"""Reach, conversion of cohorts that know their age, time in stage, change told from noise, mix told from rate."""

from leadreport.funnel.change import week_on_week
from leadreport.funnel.cohorts import cohort_conversion
from leadreport.funnel.durations import time_in_stage
from leadreport.funnel.history import import_spikes, left_truncation
from leadreport.funnel.mix import mix_and_rate
from leadreport.funnel.steps import funnel_steps
from leadreport.funnel.weeks import weekly_entries

__all__ = [
    "cohort_conversion",
    "funnel_steps",
    "import_spikes",
    "left_truncation",
    "mix_and_rate",
    "time_in_stage",
    "week_on_week",
    "weekly_entries",
]
