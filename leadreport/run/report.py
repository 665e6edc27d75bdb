"""A run: execute every page, print them all, and put the report in place at once, or not at all."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadreport.errors import InputError, listed
from leadreport.publish import WorkspaceSummary
from leadreport.run.execution import PAGE_SECONDS, Job, execute_all
from leadreport.run.parameters import Values, assigned, chosen_notebooks, declared
from leadreport.run.progress import Stopwatch
from leadreport.run.record import (
    FAILED,
    Record,
    keep_failure,
    published_weeks,
    read_json,
    read_records,
    write_report,
    write_reports_index,
)
from leadreport.run.reports_folder import (
    ReportsFolderError,
    draft_of,
    ended_by_signals,
    locked,
    put_in_place,
)
from leadreport.words import PUBLISHED_FILE, REPORTS_VARIABLE


@dataclass(frozen=True)
class RunResult:
    """A finished report: its folder, the page to open first, its record."""

    folder: Path
    record: Record

    @property
    def index(self) -> Path:
        return self.folder / "index.html"


def run_report(
    workspace_folder: Path,
    *,
    summary: WorkspaceSummary,
    reports_folder: Path,
    notebooks_folder: Path,
    pages: Sequence[str] | None = None,
    parameters: Values | None = None,
    beside: Mapping[str, bytes] | None = None,
    progress: bool = True,
    page_seconds: float = PAGE_SECONDS,
    watch: Stopwatch | None = None,
) -> RunResult:
    """Run the pages on a workspace and keep the report under `reports_folder/<ISO week>`, whole or not at all.

    Parameters
    ----------
    summary
        What the report states about the workspace; the pages' `as_of` and the folder's name come from it.
    pages
        Names of notebooks without `.ipynb`; all of `notebooks_folder`, in the order of their names, when None.
    parameters
        Further values, each given to the pages that declare it.
    beside
        Further files of the report, by name, such as `rejected.csv`.
    watch
        A stopwatch that timed the steps before, so that the record covers the whole run.

    Raises
    ------
    ReportsFolderError
        When another run writes to the folder, or a newer version wrote to it.
    InputError
        When a page or a parameter is unknown, or a value has the wrong type.
    PageError
        When a page fails or must not be published. An earlier report of the week is not touched.
    """
    watch = watch or Stopwatch()
    with locked(reports_folder), ended_by_signals(), failure_kept(reports_folder, week=summary.week):
        read_records(reports_folder)  # fails on a newer format before the pages run, and not after
        notebooks = chosen_notebooks(notebooks_folder, pages)
        defaults = {page: declared(notebook, page=page) for page, notebook in notebooks.items()}
        earlier = published_earlier(reports_folder, week=summary.week, pages=defaults)
        values = assigned(
            defaults,
            to_all={"workspace": ".", "as_of": summary.as_of_text},
            to_some={**earlier, **(parameters or {})},
        )
        environment = {REPORTS_VARIABLE: str(reports_folder.resolve())}
        jobs = [
            Job(page, notebook, workspace_folder, values[page], page_seconds, environment)
            for page, notebook in notebooks.items()
        ]
        with draft_of(reports_folder, summary.week) as draft:
            with watch.timing("execution"), files_unchanged(workspace_folder, summary):
                executed = execute_all(jobs, is_shown=progress, watch=watch)
            record = write_report(draft, executed, summary=summary, parameters=values, beside=beside or {}, watch=watch)
            folder = put_in_place(draft, reports=reports_folder, week=summary.week)
        (reports_folder / f"{summary.week}{FAILED}").unlink(missing_ok=True)
        write_reports_index(reports_folder)
    return RunResult(folder, record)


def published_earlier(reports: Path, *, week: str, pages: Mapping[str, Values]) -> dict[str, object]:
    """The parameter that names the latest week before this one with published numbers; empty when there is none.

    The week's own folder does not count: a report that is run again is the same report.

    Raises
    ------
    ReportsFolderError
        When a newer version published those numbers.
    """
    earlier = [each for each in published_weeks(reports) if each < week]
    is_declared = any("published" in defaults for defaults in pages.values())
    if not earlier or not is_declared:
        return {}
    read_json(reports / earlier[-1] / PUBLISHED_FILE)
    return {"published": earlier[-1]}


def refuse_to_drop_pages(reports: Path, *, week: str, pages: Iterable[str]) -> None:
    """Raise when a report with fewer pages would replace one that has more."""
    present = next((record for record in read_records(reports) if record["folder"] == week), None)
    lost = [page["page"] for page in present["pages"] if page["page"] not in pages] if present else []
    if lost:
        raise InputError(
            f"the report of {week} in {reports} has pages that this run does not make",
            found=listed(lost),
            hint="run all pages, or keep the new ones elsewhere with --reports",
        )


@contextlib.contextmanager
def files_unchanged(workspace: Path, summary: WorkspaceSummary) -> Iterator[None]:
    """Watch the workspace's files while the pages run, because all pages must read the same data.

    Raises
    ------
    InputError
        When a file changed meanwhile.
    """
    paths = [workspace / name for name in ("policy.toml", "sources.toml", *(file.file for file in summary.inputs))]
    before = {path: _size_and_time(path) for path in paths}
    yield
    changed = sorted(path.name for path in paths if _size_and_time(path) != before[path])
    if changed:
        raise InputError(
            f"{listed(changed)} changed while the pages ran, so the pages may show different data",
            hint="run again when no program writes to the files",
        )


def _size_and_time(path: Path) -> tuple[int, int] | None:
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None


@contextlib.contextmanager
def failure_kept(reports: Path, *, week: str | None) -> Iterator[None]:
    """Keep the error that ends a run of a week, also a bug or a stop from outside, but not a person's Ctrl-C.

    Nothing is kept when the week is unknown, or when the folder of reports cannot be used.
    """
    try:
        yield
    except ReportsFolderError:
        raise
    except (Exception, SystemExit) as error:
        if week is not None:
            keep_failure(reports, week=week, error=error)
        raise
