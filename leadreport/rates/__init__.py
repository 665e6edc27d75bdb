"""The statistics of a rate: interval, difference, survival, what chance explains."""

from leadreport.rates.groups import UNKNOWN, named_groups, per_group
from leadreport.rates.headlines import HEADLINE_COLUMNS, headlines
from leadreport.rates.intervals import rate, rate_difference, rate_interval, rate_with_ends, wilson_high, wilson_low
from leadreport.rates.limits import control_limits, drift, verdict
from leadreport.rates.survival import age_at_share, converted_by, kaplan_meier, kaplan_meier_by

__all__ = [
    "HEADLINE_COLUMNS",
    "UNKNOWN",
    "age_at_share",
    "control_limits",
    "converted_by",
    "drift",
    "headlines",
    "kaplan_meier",
    "kaplan_meier_by",
    "named_groups",
    "per_group",
    "rate",
    "rate_difference",
    "rate_interval",
    "rate_with_ends",
    "verdict",
    "wilson_high",
    "wilson_low",
]
