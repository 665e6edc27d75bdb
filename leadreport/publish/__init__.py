"""From an executed notebook to HTML: one page, the front page of a report, and the index of all reports."""

import sys

# jsonschema, which nbformat imports, would compile a grammar for international addresses: 1.3 s for a check that no
# page uses. The name is free again after jsonschema has looked for it.
if "jsonschema" not in sys.modules and "rfc3987_syntax" not in sys.modules:
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    import jsonschema  # noqa: F401

    del sys.modules["rfc3987_syntax"]

from leadreport.publish.outputs import plain, warnings_of, without_colours
from leadreport.publish.pages import PageLink, export_page, report_index, reports_index
from leadreport.publish.sections import PageText, place_of, read_text
from leadreport.publish.summary import InputFile, TableRows, WorkspaceSummary, summary_of
from leadreport.publish.withheld import shown_only

__all__ = [
    "InputFile",
    "PageLink",
    "PageText",
    "TableRows",
    "WorkspaceSummary",
    "export_page",
    "place_of",
    "plain",
    "read_text",
    "report_index",
    "reports_index",
    "shown_only",
    "summary_of",
    "warnings_of",
    "without_colours",
]
