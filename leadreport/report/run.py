"""A run: every page executed and printed, then all of them put in place at once, or none."""

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from leadreport.errors import InputError, did_you_mean, listed
from leadreport.report.execute import PAGE_SECONDS, Job, read_notebook
from leadreport.report.index import write_runs_index
from leadreport.report.parameters import Values, assigned, declared
from leadreport.report.published import published_by, published_earlier
from leadreport.report.record import FAILED, Record, as_json, failure_record, read_records
from leadreport.report.shelf import draft_of, ended_by_signals, locked, put_in_place, write_whole
from leadreport.report.stopwatch import Stopwatch
from leadreport.report.summary import WorkspaceSummary
from leadreport.report.workers import execute_all
from leadreport.report.writing import write_report
from leadreport.words import REPORTS_VARIABLE


@dataclass(frozen=True)
class RunResult:
    """A report that stands: its folder, the page to open first, its record."""

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
    """Run the pages on a workspace and keep the report under `reports_folder/<ISO week>`; all or nothing.

    Parameters
    ----------
    summary
        What the workspace says of itself; the pages' `as_of` and the folder's name come from it.
    pages
        Names of notebooks without `.ipynb`; all of `notebooks_folder` in the order of their names when not said.
    parameters
        Further values, each given to the pages that declare it.
    beside
        Further files of the report, by name, such as `rejected.csv`.
    watch
        Times what came before, so that the record splits the whole run.

    Raises
    ------
    Busy
        When another run writes to the folder.
    InputError
        When a page or a parameter is unknown, or a value has the wrong type.
    PageError
        When a page fails or must not be published. The report that stood there before stands untouched.
    """
    watch = watch or Stopwatch()
    with locked(reports_folder), ended_by_signals(), _failure_kept(reports_folder, summary):
        notebooks = chosen(notebooks_folder, pages)
        defaults = {page: declared(notebook, page=page) for page, notebook in notebooks.items()}
        earlier = published_earlier(reports_folder, week=summary.week, pages=defaults)
        values = assigned(
            defaults,
            to_all={"workspace": ".", "as_of": summary.as_of_text},
            to_some={**earlier, **(parameters or {})},
        )
        with draft_of(reports_folder, summary.week) as draft:
            told = {REPORTS_VARIABLE: str(reports_folder.resolve())}
            jobs = [
                Job(page, notebook, workspace_folder, values[page], page_seconds, told)
                for page, notebook in notebooks.items()
            ]
            with watch.timing("execution"), at_rest(workspace_folder, summary):
                executed = execute_all(jobs, is_shown=progress, watch=watch)
            files = {**(beside or {}), **published_by(executed)}
            record = write_report(draft, executed, summary=summary, values=values, beside=files, watch=watch)
            folder = put_in_place(draft, reports=reports_folder, week=summary.week)
        (reports_folder / f"{summary.week}{FAILED}").unlink(missing_ok=True)
        write_runs_index(reports_folder)
    return RunResult(folder, record)


def chosen(folder: Path, pages: Sequence[str] | None) -> dict[str, NotebookNode]:
    """The notebooks of a run by page name, in reading order."""
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    if not found:
        raise InputError(f"{folder} holds no notebook", hint="name the folder of the pages with --notebooks")
    for page in pages or ():
        if page not in found:
            raise InputError(f"there is no page '{page}' in {folder}", hint=did_you_mean(page, list(found)))
    return {page: read_notebook(path) for page, path in found.items() if pages is None or page in pages}


def defaults_of(folder: Path, pages: Sequence[str] | None) -> dict[str, object]:
    """Every parameter that the pages of a run declare, with the default of the first page that does."""
    defaults: dict[str, object] = {}
    for page, notebook in chosen(folder, pages).items():
        defaults = {**declared(notebook, page=page), **defaults}
    return defaults


SET_BY_THE_RUN = ("workspace", "as_of", "published")
"""What a run tells its pages itself; the command line does not offer them."""


def refuse_to_thin_out(reports: Path, *, week: str, pages: Iterable[str]) -> None:
    """Raises when a report of some pages would replace one that has more."""
    standing = next((record for record in read_records(reports) if record["folder"] == week), None)
    lost = [page["page"] for page in standing["pages"] if page["page"] not in pages] if standing else []
    if lost:
        raise InputError(
            f"the report of {week} in {reports} has pages that this run does not make",
            found=listed(lost),
            hint="run all pages, or keep the new ones elsewhere with --reports",
        )


@contextlib.contextmanager
def at_rest(workspace: Path, summary: WorkspaceSummary) -> Iterator[None]:
    """Watch the workspace's files while the pages run: each page reads them, and all must have read the same.

    Raises
    ------
    InputError
        When a file changed meanwhile.
    """
    paths = [workspace / name for name in ("policy.toml", "sources.toml", *(file.file for file in summary.inputs))]
    before = {path: _stamp(path) for path in paths}
    yield
    changed = sorted(path.name for path in paths if _stamp(path) != before[path])
    if changed:
        raise InputError(
            f"{listed(changed)} changed while the pages ran, so they may not speak of the same data",
            hint="run again when the files are at rest",
        )


def _stamp(path: Path) -> tuple[int, int] | None:
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None


@contextlib.contextmanager
def _failure_kept(reports: Path, summary: WorkspaceSummary) -> Iterator[None]:
    """Keep what ended a run, also a bug or the end of a scheduler's patience, but not a person's Ctrl-C."""
    try:
        yield
    except (Exception, SystemExit) as error:
        keep_failure(reports, week=summary.week, error=error)
        raise


def keep_failure(reports: Path, *, week: str, error: BaseException) -> None:
    """Make the index of all reports say that a week's report failed, and why; it never looks like a quiet week."""
    reports.mkdir(parents=True, exist_ok=True)
    write_whole(reports / f"{week}{FAILED}", as_json(failure_record(week, error)))
    write_runs_index(reports)
    print(f"{week}: no report was made", file=sys.stderr)
