"""Good rows, rejected rows with their reasons, counts that add up, and what the good rows can carry."""

from leadreport.check.checked import Checked, check_tables, row_totals
from leadreport.check.profile import profile_changes, table_profile
from leadreport.check.quality import empty_rates, odd_leads, refuse_unknown_attributes
from leadreport.check.report import check_json, check_report, defuse_formulas, describe_rejected, stop_if_too_many
from leadreport.check.weeks import stop_if_rejected_lately

__all__ = [
    "Checked",
    "check_json",
    "check_report",
    "check_tables",
    "defuse_formulas",
    "describe_rejected",
    "empty_rates",
    "odd_leads",
    "profile_changes",
    "refuse_unknown_attributes",
    "row_totals",
    "stop_if_rejected_lately",
    "stop_if_too_many",
    "table_profile",
]
