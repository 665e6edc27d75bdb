"""What a run leaves in its folder: pages, executed notebooks, further files, the index, the record."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from leadreport import formats
from leadreport.report.export import PageLink, export_page
from leadreport.report.index import run_index
from leadreport.report.outline import Prose, read_prose
from leadreport.report.outputs import warnings_of
from leadreport.report.parameters import Values
from leadreport.report.record import RECORD, Record, as_json, file_record, headlines_of, make_record
from leadreport.report.stopwatch import Stopwatch
from leadreport.report.summary import WorkspaceSummary


def write_report(
    draft: Path,
    executed: Mapping[str, NotebookNode],
    *,
    summary: WorkspaceSummary,
    values: Mapping[str, Values],
    beside: Mapping[str, bytes],
    watch: Stopwatch,
) -> Record:
    """Write pages, executed notebooks, further files, the week's index and the record into a draft."""
    prose = {page: read_prose(notebook, page=page) for page, notebook in executed.items()}
    links = [PageLink(page, text.title, text.summary, label_of(page)) for page, text in prose.items()]
    files = [file_record(name, content) for name, content in beside.items()]
    with watch.timing("export"):
        pages = [
            _write_page(
                draft,
                notebook,
                prose=prose[page],
                page=page,
                links=links,
                summary=summary,
                beside=list(beside),
                watch=watch,
            )
            for page, notebook in executed.items()
        ]
        for name, content in beside.items():
            (draft / name).write_bytes(content)
        record = make_record(
            summary=summary,
            pages=pages,
            parameters=values,
            headlines=[headline for notebook in executed.values() for headline in headlines_of(notebook)],
            beside=files,
            warnings={page: list(warnings_of(notebook)) for page, notebook in executed.items()},
        )
        (draft / "index.html").write_bytes(run_index(record, links=links, summary=summary))
    record["timings"] = watch.as_record()
    (draft / RECORD).write_bytes(as_json(record))
    return record


def label_of(page: str) -> str:
    """The short name of a page: its file's, without the number that puts it in order.

    Examples
    --------
    >>> label_of("01_data_check"), label_of("04_sql_costs")
    ('Data check', 'SQL costs')
    """
    return formats.label_of(page.lstrip("0123456789_") or page)


def _write_page(
    draft: Path,
    notebook: NotebookNode,
    *,
    prose: Prose,
    page: str,
    links: Sequence[PageLink],
    summary: WorkspaceSummary,
    beside: Sequence[str],
    watch: Stopwatch,
) -> Record:
    with watch.timing("export", page=page):
        html = export_page(notebook, prose=prose, page=page, links=links, summary=summary, beside=beside)
    (draft / f"{page}.html").write_bytes(html)
    (draft / "notebooks").mkdir(exist_ok=True)
    (draft / "notebooks" / f"{page}.ipynb").write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return {
        "page": page,
        "summary": prose.summary,
        "title": prose.title,
        "label": label_of(page),
        **file_record(f"{page}.html", html),
    }
