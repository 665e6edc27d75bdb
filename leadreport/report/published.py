"""The numbers that a week published: kept beside its pages, and handed to the pages of later weeks."""

from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from leadreport.report.parameters import Values
from leadreport.words import PUBLISHED_FILE, PUBLISHED_MIME

PARAMETER = "published"
"""A page that declares it is given the latest earlier week whose numbers are on file."""


def published_by(executed: Mapping[str, NotebookNode]) -> dict[str, bytes]:
    """The file of the numbers that the pages of a run publish; no file when they publish none."""
    outputs = [out for page in executed.values() for cell in page.cells for out in cell.get("outputs", [])]
    kept = [data[PUBLISHED_MIME] for out in outputs if PUBLISHED_MIME in (data := out.get("data", {}))]
    return {PUBLISHED_FILE: (kept[0] + "\n").encode()} if kept else {}


def published_earlier(reports: Path, *, week: str, pages: Mapping[str, Values]) -> dict[str, object]:
    """The parameter that names the latest week before this one with published numbers; none when there is none.

    The week's own folder does not count: a report that is run again is the same report.
    """
    weeks = [path.parent.name for path in reports.glob(f"*/{PUBLISHED_FILE}") if not path.parent.name.startswith(".")]
    earlier = max((one for one in weeks if one < week), default=None)
    is_asked = any(PARAMETER in defaults for defaults in pages.values())
    return {PARAMETER: earlier} if earlier and is_asked else {}
