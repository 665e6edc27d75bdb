"""How far leads get, conversion of cohorts, time in stage, weekly change, mix and rate, forecast, restatement."""

from leadreport.funnel.bottleneck import bottleneck, losing_steps, mix_and_rate, recent_mix, total_effects
from leadreport.funnel.cohorts import cohort_conversion, cohort_heatmap, cohort_status, first_age
from leadreport.funnel.durations import learnt_horizons, longest_wait, time_in_stage
from leadreport.funnel.forecast import forecast, forecast_record, forecast_score, forecast_total, seen_at
from leadreport.funnel.record import import_spikes, left_truncation, tracking_gaps
from leadreport.funnel.restated import published_numbers, restated
from leadreport.funnel.stages import biggest_drop, funnel_steps, most_overdue, settled_leads, stage_flow, stage_stock
from leadreport.funnel.weekly import changed, lead_velocity, week_on_week, weekly_entries

__all__ = [
    "biggest_drop",
    "bottleneck",
    "changed",
    "cohort_conversion",
    "cohort_heatmap",
    "cohort_status",
    "first_age",
    "forecast",
    "forecast_record",
    "forecast_score",
    "forecast_total",
    "funnel_steps",
    "import_spikes",
    "lead_velocity",
    "learnt_horizons",
    "left_truncation",
    "longest_wait",
    "losing_steps",
    "mix_and_rate",
    "most_overdue",
    "published_numbers",
    "recent_mix",
    "restated",
    "seen_at",
    "settled_leads",
    "stage_flow",
    "stage_stock",
    "time_in_stage",
    "total_effects",
    "tracking_gaps",
    "week_on_week",
    "weekly_entries",
]
