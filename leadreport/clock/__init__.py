"""Periods, ISO weeks, time zones and working time."""

from leadreport.clock.periods import Period, as_instant, iso_week, local_date, week_before
from leadreport.clock.working import working_deadline, working_hours

__all__ = [
    "Period",
    "as_instant",
    "iso_week",
    "local_date",
    "week_before",
    "working_deadline",
    "working_hours",
]
