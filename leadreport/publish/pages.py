"""The HTML of a report: each page, the front page of the report, and the index of all reports.

Every file contains all it needs, and the same outputs give the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from nbconvert import HTMLExporter
from nbformat import NotebookNode

from leadreport import formats
from leadreport.publish.content_rules import check_size
from leadreport.publish.nbconvert_hooks import html_exporter, page_html
from leadreport.publish.outputs import SHOWN_TYPES, prepared
from leadreport.publish.sections import PageText
from leadreport.publish.summary import WorkspaceSummary
from leadreport.publish.template import (
    INDEX_POLICY,
    TEMPLATES,
    index_templates,
    page_policy,
    prepare_environment,
    scripts,
)
from leadreport.publish.translations import texts_in


@dataclass(frozen=True)
class PageLink:
    """A page of the report, as the other pages link to it."""

    page: str
    title: str
    summary: str

    @property
    def address(self) -> str:
        return f"{self.page}.html"

    @property
    def label(self) -> str:
        """The file's name in words, without the number that orders the pages.

        Examples
        --------
        >>> PageLink("01_data_check", "Data check", "").label, PageLink("04_sql_costs", "Costs", "").label
        ('Data check', 'SQL costs')
        """
        return formats.label_of(self.page.lstrip("0123456789_") or self.page)


def export_page(
    notebook: NotebookNode,
    *,
    text: PageText,
    page: str,
    links: Sequence[PageLink],
    summary: WorkspaceSummary,
    beside: Sequence[str] = (),
) -> bytes:
    """The page as HTML.

    Parameters
    ----------
    text
        The page's text, from `read_text`.
    links
        All pages of the report, in reading order.
    beside
        Names of the files that the report has beside its pages.

    Raises
    ------
    PageError
        When an output would load something, run a script or publish lead ids, or the page is too large.
    """
    formats.use(language=summary.language, zone=summary.zone)
    shown = prepared(notebook, text=text, page=page, language=summary.language)
    has_charts = any(
        "figure" in output.get("metadata", {}) for cell in shown.cells for output in cell.get("outputs", [])
    )
    place = [link.page for link in links].index(page)
    view = {
        "page": page,
        "prose": text,
        "links": links,
        "before": links[place - 1] if place else None,
        "after": links[place + 1] if place + 1 < len(links) else None,
        "summary": summary,
        "beside": beside,
        "words": texts_in(summary.language),
        "content_policy": page_policy(has_charts=has_charts),
    }
    html = page_html(_exporter(), shown, view=view)
    code = "\n".join(f'<script type="module">{code}</script>' for code in scripts(has_charts=has_charts))
    return check_size(html.replace("<!--scripts-->", code), page=page)


@cache
def _exporter() -> HTMLExporter:
    return html_exporter(template="leadreport", folder=TEMPLATES, shown_types=SHOWN_TYPES, prepare=prepare_environment)


def report_index(record: Mapping[str, Any], *, links: Sequence[PageLink], summary: WorkspaceSummary) -> bytes:
    """The front page of a report: headline numbers, pages, files that were read, details of the run."""
    return _index("run.html.j2", summary.language, summary.zone, record=record, links=links, summary=summary)


def reports_index(records: Sequence[Mapping[str, Any]], failures: Sequence[Mapping[str, Any]]) -> bytes:
    """The index of all reports: newest first with its headline numbers, and the weeks whose last run failed."""
    newest = records[0] if records else {}
    language = newest.get("language", "en")
    return _index(
        "runs.html.j2",
        language,
        newest.get("zone"),
        records=records,
        failures=failures,
        newest=newest,
        weeks={record["week"] for record in records},
        columns={headline["name"]: headline["label"] for headline in newest.get("headlines", [])},
        language=language,
    )


def _index(template: str, spoken: str, zone: str | None, **values: object) -> bytes:
    formats.use(language=spoken, zone=zone)
    chosen = index_templates().get_template(template)
    return chosen.render(words=texts_in(spoken), content_policy=INDEX_POLICY, **values).encode()
