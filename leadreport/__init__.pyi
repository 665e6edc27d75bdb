"""The names at the package's face, each with the room it comes from: what `import leadreport as lr` offers."""

from . import charts, formats, page, rates
from .check import describe_rejected
from .clock import Period, as_instant, working_deadline, working_hours
from .cost import (
    attribute_credit,
    cost_change,
    cost_per_sql,
    credit_by_model,
    in_currency,
    lead_value,
    move_budget,
    sales_velocity,
    spend_lag,
)
from .errors import InputError, LeadreportError, PageError, PolicyError
from .funnel import (
    bottleneck,
    cohort_conversion,
    cohort_heatmap,
    forecast,
    forecast_record,
    funnel_steps,
    import_spikes,
    lead_velocity,
    learnt_horizons,
    left_truncation,
    mix_and_rate,
    policies_side_by_side,
    published_numbers,
    restated,
    seen_at,
    stage_flow,
    stage_stock,
    time_in_stage,
    week_on_week,
    weekly_entries,
)
from .handoff import (
    acceptance,
    bridge_leads,
    consistency,
    handed_over,
    handed_over_leads,
    handoff_bridge,
    handoff_change,
    overdue_leads,
    pulse,
    rejection_reasons,
    speed_to_lead,
    too_early_too_late,
    touch_curve,
    touches_until_verdict,
)
from .qualify import (
    CLASSES,
    agreement,
    call_now,
    classify_leads,
    contradictions,
    disagreements,
    explain_lead,
    framework_answers,
    framework_completeness,
    nurture_list,
    policy_against_crm,
    ready_since,
    recycle_back,
    returning_leads,
    untold_leads,
)
from .rates import rate_difference, rate_interval
from .scoring import (
    Scorecard,
    audited_attributes,
    backtest,
    close_rates,
    closed_loop,
    fit_scorecard,
    leakage_audit,
    mature_leads,
    parse_scorecard,
    points_of,
    policy_scorecard,
    reanchor,
    recent_leads,
    score_leads,
    scorecard_text,
    split_by_time,
    stability,
    threshold_table,
)
from .workspace import Workspace, open_workspace
