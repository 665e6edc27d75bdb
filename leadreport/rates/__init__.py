"""The statistics of a rate: interval, difference, survival, normal variation."""

from leadreport.rates.intervals import (
    UNKNOWN,
    count_ends,
    named_groups,
    per_group,
    rate,
    rate_difference,
    rate_interval,
    rate_with_ends,
    unevenness,
    wilson_high,
    wilson_low,
    within,
)
from leadreport.rates.levels import find_levels, scaled_counts, scaled_rates
from leadreport.rates.limits import HEADLINE_COLUMNS, headlines, verdict, weekly_headline
from leadreport.rates.survival import age_at_share, converted_by, kaplan_meier, kaplan_meier_by, late_record

__all__ = [
    "HEADLINE_COLUMNS",
    "UNKNOWN",
    "age_at_share",
    "converted_by",
    "count_ends",
    "find_levels",
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
    "scaled_counts",
    "scaled_rates",
    "unevenness",
    "verdict",
    "weekly_headline",
    "wilson_high",
    "wilson_low",
    "within",
]
