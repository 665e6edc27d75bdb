"""From notebooks to a kept report: papermill runs the pages, nbconvert prints them, a folder keeps them."""

import sys

# jsonschema, which papermill and nbconvert bring along, would compile a grammar for international addresses: 1.3 s for
# a check that nobody here asks for. The name is free again once jsonschema has looked.
if "jsonschema" not in sys.modules and "rfc3987_syntax" not in sys.modules:
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    import jsonschema  # noqa: F401

    del sys.modules["rfc3987_syntax"]

from leadreport.report.parameters import read_values
from leadreport.report.run import SET_BY_THE_RUN, RunResult, defaults_of, keep_failure, refuse_to_thin_out, run_report
from leadreport.report.shelf import Busy
from leadreport.report.stopwatch import Stopwatch
from leadreport.report.summary import InputFile, TableRows, WorkspaceSummary

__all__ = [
    "SET_BY_THE_RUN",
    "Busy",
    "InputFile",
    "RunResult",
    "Stopwatch",
    "TableRows",
    "WorkspaceSummary",
    "defaults_of",
    "keep_failure",
    "read_values",
    "refuse_to_thin_out",
    "run_report",
]  # fmt: skip
