"""What leads cost, what they are worth, and what one may cost at most."""

from leadreport.cost.attribution import attribute_credit, credit_by_model, model_gaps, named_touches
from leadreport.cost.pace import arrival_ages, pipeline_coverage, sales_velocity, spend_lag
from leadreport.cost.per_stage import cost_change, cost_per_sql, unassigned, with_total
from leadreport.cost.scope import cohort_period, in_currency
from leadreport.cost.value import budget_advice, channels_above_value, lead_value, move_budget

__all__ = [
    "arrival_ages", "attribute_credit", "budget_advice", "channels_above_value", "cohort_period", "cost_change",
    "cost_per_sql", "credit_by_model", "in_currency", "lead_value", "model_gaps", "move_budget", "named_touches",
    "pipeline_coverage", "sales_velocity", "spend_lag", "unassigned", "with_total",
]  # fmt: skip
