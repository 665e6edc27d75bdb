"""The statistics of a rate: interval, difference, survival, normal variation."""

from leadreport.rates.intervals import (
    UNKNOWN,
    named_groups,
    per_group,
    rate,
    rate_difference,
    rate_interval,
    rate_with_ends,
    wilson_high,
    wilson_low,
    within,
)
from leadreport.rates.limits import HEADLINE_COLUMNS, RECENT_PERIODS, control_limits, drift, headlines, verdict
from leadreport.rates.survival import age_at_share, converted_by, kaplan_meier, kaplan_meier_by, late_record

__all__ = [
    "HEADLINE_COLUMNS",
    "RECENT_PERIODS",
    "UNKNOWN",
    "age_at_share",
    "control_limits",
    "converted_by",
    "drift",
    "headlines",
    "kaplan_meier",
    "kaplan_meier_by",
    "late_record",
    "named_groups",
    "per_group",
    "rate",
    "rate_difference",
    "rate_interval",
    "rate_with_ends",
    "verdict",
    "wilson_high",
    "wilson_low",
    "within",
]
