"""Periods, ISO weeks, time zones and working time."""

from leadreport.clock.periods import Period, as_instant, iso_week, local_date, week_before

__all__ = ["Period", "as_instant", "iso_week", "local_date", "week_before"]
