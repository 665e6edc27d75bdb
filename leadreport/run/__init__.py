"""Run a report: execute the pages on a workspace, and keep the result in a folder, whole or not at all."""

# publish comes first: it keeps jsonschema from a slow import before nbformat imports jsonschema
from leadreport.publish import WorkspaceSummary
from leadreport.run.parameters import defaults_of, read_values
from leadreport.run.progress import Stopwatch
from leadreport.run.report import RunResult, failure_kept, refuse_to_drop_pages, run_report
from leadreport.run.reports_folder import ReportsFolderError

__all__ = [
    "ReportsFolderError",
    "RunResult",
    "Stopwatch",
    "WorkspaceSummary",
    "defaults_of",
    "failure_kept",
    "read_values",
    "refuse_to_drop_pages",
    "run_report",
]
