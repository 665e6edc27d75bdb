"""The statistics of a rate: interval, difference, survival, what chance explains."""

from leadreport.rates.intervals import rate, rate_difference, rate_interval, wilson_high, wilson_low
from leadreport.rates.survival import age_at_share, converted_by, kaplan_meier, kaplan_meier_by

__all__ = [
    "age_at_share",
    "converted_by",
    "kaplan_meier",
    "kaplan_meier_by",
    "rate",
    "rate_difference",
    "rate_interval",
    "wilson_high",
    "wilson_low",
]
