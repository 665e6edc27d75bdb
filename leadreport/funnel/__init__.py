"""Reach, conversion of cohorts that know their age, time in stage, change told from noise, mix told from rate."""

from leadreport.funnel.bottleneck import bottleneck
from leadreport.funnel.change import week_on_week
from leadreport.funnel.cohorts import cohort_conversion
from leadreport.funnel.durations import time_in_stage
from leadreport.funnel.forecast import forecast
from leadreport.funnel.gaps import tracking_gaps
from leadreport.funnel.heatmap import cohort_heatmap
from leadreport.funnel.history import import_spikes, learnt_horizons, left_truncation
from leadreport.funnel.mix import mix_and_rate
from leadreport.funnel.past import forecast_record, seen_at
from leadreport.funnel.restated import policies_side_by_side, published_numbers, restated
from leadreport.funnel.steps import funnel_steps
from leadreport.funnel.stock import stage_flow, stage_stock
from leadreport.funnel.velocity import lead_velocity
from leadreport.funnel.weeks import weekly_entries

__all__ = [
    "bottleneck",
    "cohort_conversion",
    "cohort_heatmap",
    "forecast",
    "forecast_record",
    "funnel_steps",
    "import_spikes",
    "lead_velocity",
    "learnt_horizons",
    "left_truncation",
    "mix_and_rate",
    "policies_side_by_side",
    "published_numbers",
    "restated",
    "seen_at",
    "stage_flow",
    "stage_stock",
    "time_in_stage",
    "tracking_gaps",
    "week_on_week",
    "weekly_entries",
]
