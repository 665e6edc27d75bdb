"""What every metric needs to be known: the tables and stages without which its numbers are not shown."""

from leadreport.words.stages import STAGES

LADDER = " ".join(STAGES[1:])
"""Metrics over all stages need them all."""

_METRICS = {
    "": "biggest_drop changed close_rates cohort_conversion cohort_heatmap cohort_period cohort_status "
    "contradictions describe_rejected empty_rates findings first_age forecast_score headlines import_spikes "
    "longest_wait losing_steps most_overdue named_touches newest_leads not_shown odd_leads open_workspace "
    "profile_changes refit_note restated row_totals settled_leads stability target_states tracking_gaps with_total",
    "mql": "handed_over lead_velocity rejection_reasons recent_mix total_effects",
    "sql": "arrival_ages credit_by_model model_gaps spend_lag",
    "customer": "audited_attributes closed_loop high_scores_note leaks_note mature_leads open_leads_by_score points_of "
    "policy_backtest policy_scorecard policy_thresholds real_differences score_leads scorecard scored_leads "
    "threshold_table training_leads unseen_leads",
    "opportunity customer": "expected_customers pipeline_coverage sales_velocity",
    LADDER: "bottleneck forecast forecast_record forecast_total funnel_steps learnt_horizons left_truncation "
    "published_numbers stage_flow stage_stock time_in_stage week_on_week weekly_entries",
    "activities": "class_counts classified_leads ready_since returning_leads work_lists",
    "activities mql": "overdue_leads ready_not_handed_over slow_owners speed_to_lead touch_curve touches_until_verdict",
    "activities mql customer": "too_early_too_late",
    "activities mql sql": "agreement disagreements policy_against_crm qualification_summary",
    "stages activities mql sal": "bridge_leads handoff_bridge",
    "mql sal": "acceptance consistency outside_limits",
    "feedback mql": "pulse",
    "feedback mql sal customer": "disliked sales_opinion",
    "answers": "framework_answers framework_completeness framework_coverage",
    "spend mql sql customer": "channels_above_value cost_per_sql lead_value move_budget budget_advice unassigned",
}

NEEDS: dict[str, tuple[str, ...]] = {
    metric: tuple(needs.split()) for needs, metrics in _METRICS.items() for metric in metrics.split()
}
"""The tables and stages that each public metric needs beside leads; what it is given may need more."""
