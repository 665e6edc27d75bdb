"""What a run leaves in its folder, and the records that later runs read.

`run.json` has all that is needed to make the same report again and to compare it with another.
"""

import dataclasses
import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from leadreport.errors import LeadreportError
from leadreport.publish import (
    PageLink,
    WorkspaceSummary,
    export_page,
    read_text,
    report_index,
    reports_index,
    shown_only,
    warnings_of,
)
from leadreport.run.progress import Stopwatch
from leadreport.run.reports_folder import ReportsFolderError, write_atomically
from leadreport.words import HEADLINES_MIME, NORMAL_VARIATION, PUBLISHED_FILE, PUBLISHED_MIME, RECORD, REPORT_FORMAT

FAILED = ".failed.json"

EARLIER_VERDICTS = {"within noise": NORMAL_VARIATION}
"""Verdict words of records without a format number, and today's words for them."""

LIBRARIES = (
    *("altair", "babel", "dataframely", "ipykernel", "narwhals"),
    *("nbclient", "nbconvert", "papermill", "polars", "scipy"),
)

Record = dict[str, Any]


def write_report(
    draft: Path,
    executed: Mapping[str, NotebookNode],
    *,
    summary: WorkspaceSummary,
    parameters: Mapping[str, Mapping[str, object]],
    beside: Mapping[str, bytes],
    watch: Stopwatch,
) -> Record:
    """Write pages, executed notebooks, further files, the front page and the record into a draft; gives the record."""
    executed = {page: shown_only(notebook, withheld=summary.withheld) for page, notebook in executed.items()}
    files = {**beside, **published_file(executed)}
    with watch.timing("export"):
        texts = {page: read_text(notebook, page=page) for page, notebook in executed.items()}
        links = [PageLink(page, text.title, text.summary) for page, text in texts.items()]
        html: dict[str, bytes] = {}
        for page, notebook in executed.items():
            with watch.timing("export", page=page):
                html[page] = export_page(
                    notebook, text=texts[page], page=page, links=links, summary=summary, beside=list(files)
                )
        record = make_record(executed, html, links=links, summary=summary, parameters=parameters, files=files)
        front = {"index.html": report_index(record, links=links, summary=summary)}
        write_files(draft, {**{f"{page}.html": content for page, content in html.items()}, **files, **front})
        write_files(draft / "notebooks", {f"{page}.ipynb": as_notebook(each) for page, each in executed.items()})
    record["timings"] = watch.as_record()
    write_files(draft, {RECORD: as_json(record)})
    return record


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def as_notebook(notebook: NotebookNode) -> bytes:
    return (nbformat.writes(notebook) + "\n").encode()


def as_json(record: Mapping[str, object]) -> bytes:
    return (json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def make_record(
    executed: Mapping[str, NotebookNode],
    html: Mapping[str, bytes],
    *,
    links: Sequence[PageLink],
    summary: WorkspaceSummary,
    parameters: Mapping[str, Mapping[str, object]],
    files: Mapping[str, bytes],
) -> Record:
    """The content of `run.json`, without the timings."""
    warnings = {page: list(warnings_of(notebook)) for page, notebook in executed.items()}
    return {
        "format": REPORT_FORMAT,
        "as_of": summary.as_of.isoformat(),
        "company": summary.company,
        "data_through_on": summary.data_through_on.isoformat(),
        "files": [file_record(name, content) for name, content in files.items()],
        "headlines": [headline for text in outputs_of(executed, HEADLINES_MIME) for headline in json.loads(text)],
        "inputs": [dataclasses.asdict(file) for file in summary.inputs],
        "language": summary.language,
        "pages": [
            {**dataclasses.asdict(link), "label": link.label, **file_record(link.address, html[link.page])}
            for link in links
        ],
        "parameters": {page: dict(values) for page, values in parameters.items()},
        "policy_version": summary.policy_version,
        "profile": [dict(row) for row in summary.profile],
        "remark": summary.remark,
        "tables": [dataclasses.asdict(table) for table in summary.tables],
        "versions": {
            **{name: version(name) for name in ("leadreport", *LIBRARIES)},
            "python": platform.python_version(),
        },
        "warnings": {page: lines for page, lines in warnings.items() if lines},
        "week": summary.week,
        "zone": summary.zone,
    }


def outputs_of(executed: Mapping[str, NotebookNode], mime: str) -> list[str]:
    """All outputs of a type, in the order of the pages."""
    cells = [cell for notebook in executed.values() for cell in notebook.cells]
    bundles = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return [data[mime] for data in bundles if mime in data]


def file_record(name: str, content: bytes) -> Record:
    """Name, size and hash of a file of the report."""
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def published_file(executed: Mapping[str, NotebookNode]) -> dict[str, bytes]:
    """The file with the numbers that the pages publish; no file when they publish none."""
    published = outputs_of(executed, PUBLISHED_MIME)
    return {PUBLISHED_FILE: f"{published[0]}\n".encode()} if published else {}


def published_weeks(reports: Path) -> list[str]:
    """The weeks whose report has published numbers, in order."""
    return sorted(
        path.parent.name for path in reports.glob(f"*/{PUBLISHED_FILE}") if not path.parent.name.startswith(".")
    )


def read_records(reports: Path) -> list[Record]:
    """The records of all reports in a folder, newest week first, those of earlier formats in today's words."""
    paths = [path for path in reports.glob(f"*/{RECORD}") if not path.parent.name.startswith(".")]
    records = [in_todays_words(read_json(path)) | {"folder": path.parent.name} for path in paths]
    return sorted(records, key=lambda record: (record["as_of"], record["folder"]), reverse=True)


def read_json(path: Path) -> Record:
    """The content of a file that a run left.

    Raises
    ------
    ReportsFolderError
        When a newer version of leadreport wrote it.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("format", 0) > REPORT_FORMAT:
        raise ReportsFolderError(
            f"{path} was written by a newer version of leadreport",
            found=f"format {content['format']}; this version reads formats up to {REPORT_FORMAT}",
            hint="upgrade leadreport, or keep the reports of this version in a folder of their own with --reports",
        )
    return content


def in_todays_words(record: Record) -> Record:
    """A record with the verdict words of today."""
    if "format" in record:
        return record
    headlines = [
        {**headline, "verdict": EARLIER_VERDICTS.get(headline["verdict"], headline["verdict"])}
        for headline in record.get("headlines", [])
    ]
    return {**record, "headlines": headlines}


def keep_failure(reports: Path, *, week: str, error: BaseException) -> None:
    """Show in the index of all reports that a week's report failed, and why; a failed week never looks quiet."""
    reports.mkdir(parents=True, exist_ok=True)
    write_atomically(reports / f"{week}{FAILED}", as_json(failure_record(week, error)))
    write_reports_index(reports)
    print(f"{week}: no report was made", file=sys.stderr)


def failure_record(week: str, error: BaseException) -> Record:
    """A failed run: the week, and the error in its three parts."""
    if isinstance(error, LeadreportError):
        parts = {"problem": error.problem, "found": error.found, "hint": error.hint}
    elif isinstance(error, SystemExit):
        parts = {"problem": "the run was stopped from outside", "found": None, "hint": None}
    else:
        parts = {"problem": f"{type(error).__name__}: {error}", "found": None, "hint": None}
    return {"format": REPORT_FORMAT, "week": week, **parts}


def write_reports_index(reports: Path) -> None:
    """Write the index of all reports from the records and failures in the folder."""
    paths = sorted(reports.glob(f"*{FAILED}"), reverse=True)
    failures = [read_json(path) for path in paths if not path.name.startswith(".")]
    write_atomically(reports / "index.html", reports_index(read_records(reports), failures))
