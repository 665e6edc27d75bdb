"""What leads cost, what they are worth, and what one may cost at most."""

from leadreport.cost.attribution import attribute_credit, credit_by_model
from leadreport.cost.change import cost_change
from leadreport.cost.lag import spend_lag
from leadreport.cost.money import in_currency
from leadreport.cost.per_stage import cost_per_sql
from leadreport.cost.shift import move_budget
from leadreport.cost.value import channels_above_value, lead_value
from leadreport.cost.velocity import sales_velocity

__all__ = [
    "attribute_credit",
    "channels_above_value",
    "cost_change",
    "cost_per_sql",
    "credit_by_model",
    "in_currency",
    "lead_value",
    "move_budget",
    "sales_velocity",
    "spend_lag",
]
