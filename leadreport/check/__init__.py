"""Good rows, rejected rows with their reasons, and counts that add up."""

from leadreport.check.defuse import defuse_formulas
from leadreport.check.judge import Checked, check_tables
from leadreport.check.report import check_report, describe_rejected, stop_if_too_many

__all__ = ["Checked", "check_report", "check_tables", "defuse_formulas", "describe_rejected", "stop_if_too_many"]
