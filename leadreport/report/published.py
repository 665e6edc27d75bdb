"""The numbers that a week published: kept beside its pages, and handed to the pages of later weeks."""

from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from leadreport.report.parameters import Values

PUBLISHED_MIME = "application/vnd.leadreport.published"

PUBLISHED = "published.json"

PARAMETER = "published"
"""A page that declares it is given the latest earlier week whose numbers are on file."""

REPORTS = "LEADREPORT_REPORTS"
"""The variable that tells pages where the reports are: a path would differ from machine to machine, a week does not."""


def published_by(executed: Mapping[str, NotebookNode]) -> dict[str, bytes]:
    """The file of the numbers that the pages of a run publish; no file when they publish none."""
    outputs = [out for page in executed.values() for cell in page.cells for out in cell.get("outputs", [])]
    kept = [data[PUBLISHED_MIME] for out in outputs if PUBLISHED_MIME in (data := out.get("data", {}))]
    return {PUBLISHED: (kept[0] + "\n").encode()} if kept else {}


def published_earlier(reports: Path, *, week: str, pages: Mapping[str, Values]) -> dict[str, object]:
    """The parameter that names the latest week before this one with published numbers; none when there is none.

    The week's own folder does not count: a report that is run again is the same report.
    """
    weeks = [path.parent.name for path in reports.glob(f"*/{PUBLISHED}") if not path.parent.name.startswith(".")]
    earlier = max((one for one in weeks if one < week), default=None)
    is_asked = any(PARAMETER in defaults for defaults in pages.values())
    return {PARAMETER: earlier} if earlier and is_asked else {}
