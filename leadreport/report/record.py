"""The record of a run, `run.json`: which files, policy and versions went in, which pages and numbers came out."""

import dataclasses
import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from leadreport.errors import LeadreportError
from leadreport.report.summary import WorkspaceSummary
from leadreport.words import HEADLINES_MIME

RECORD = "run.json"
FAILED = ".failed.json"

LIBRARIES = (
    "altair",
    "babel",
    "dataframely",
    "ipykernel",
    "narwhals",
    "nbclient",
    "nbconvert",
    "papermill",
    "polars",
    "scipy",
)

Record = dict[str, Any]


def headlines_of(notebook: NotebookNode) -> list[dict[str, Any]]:
    """The headline numbers that a page shows, in their order."""
    bundles = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    return [headline for data in bundles if HEADLINES_MIME in data for headline in json.loads(data[HEADLINES_MIME])]


def file_record(name: str, content: bytes) -> Record:
    """Name, size and hash of a file that the run leaves."""
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def make_record(
    *,
    summary: WorkspaceSummary,
    pages: Sequence[Record],
    parameters: Mapping[str, Mapping[str, object]],
    headlines: Iterable[Mapping[str, object]],
    beside: Sequence[Record],
    warnings: Mapping[str, Sequence[str]],
) -> Record:
    """All that must be known to make the same report again and to compare it with another; timings come at the end."""
    return {
        "as_of": summary.as_of.isoformat(),
        "company": summary.company,
        "data_through_on": summary.data_through_on.isoformat(),
        "files": list(beside),
        "headlines": list(headlines),
        "inputs": [dataclasses.asdict(file) for file in summary.inputs],
        "language": summary.language,
        "pages": list(pages),
        "parameters": {page: dict(values) for page, values in parameters.items()},
        "policy_version": summary.policy_version,
        "remark": summary.remark,
        "tables": [dataclasses.asdict(table) for table in summary.tables],
        "versions": {
            "leadreport": version("leadreport"),
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
        "warnings": {page: list(said) for page, said in warnings.items() if said},
        "week": summary.week,
        "zone": summary.zone,
    }


def as_json(record: Mapping[str, object]) -> bytes:
    return (json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def read_records(reports: Path) -> list[Record]:
    """The records of all runs that stand in a folder of reports, newest week first."""
    paths = [path for path in reports.glob(f"*/{RECORD}") if not path.parent.name.startswith(".")]
    records = [json.loads(path.read_text(encoding="utf-8")) | {"folder": path.parent.name} for path in paths]
    return sorted(records, key=lambda record: (record["as_of"], record["folder"]), reverse=True)


def read_failures(reports: Path) -> list[Record]:
    """The weeks whose last attempt failed."""
    paths = sorted(reports.glob(f"*{FAILED}"), reverse=True)
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if not path.name.startswith(".")]


def failure_record(week: str, error: BaseException) -> Record:
    """A failed attempt: which week, and the error in its three parts."""
    if isinstance(error, LeadreportError):
        return {"week": week, "problem": error.problem, "found": error.found, "hint": error.hint}
    told = "the run was stopped from outside" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
    return {"week": week, "problem": told, "found": None, "hint": None}
