"""A run: every page executed and printed, then all of them put in place at once, or none."""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from leadreport import formats
from leadreport.errors import InputError, LeadreportError, PageError, did_you_mean
from leadreport.report.execute import PAGE_SECONDS, Job, execute_page, read_notebook
from leadreport.report.export import PageLink, export_page
from leadreport.report.index import run_index, write_runs_index
from leadreport.report.kernels import Kernels
from leadreport.report.outline import Prose, read_prose
from leadreport.report.outputs import warnings_of
from leadreport.report.parameters import Values, assigned, declared
from leadreport.report.progress import Progress
from leadreport.report.record import (
    FAILED,
    RECORD,
    Record,
    as_json,
    failure_record,
    file_record,
    headlines_of,
    make_record,
)
from leadreport.report.shelf import draft_of, ended_by_signals, locked, put_in_place, write_whole
from leadreport.report.stopwatch import Stopwatch
from leadreport.report.summary import WorkspaceSummary

ATTENTION = 0.2
"""Seconds after which the main thread looks up: a signal may reach another thread, and only the main one can act."""


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
        values = assigned(
            {page: declared(notebook, page=page) for page, notebook in notebooks.items()},
            to_all={"workspace": ".", "as_of": summary.as_of_text},
            to_some=parameters or {},
        )
        with draft_of(reports_folder, summary.week) as draft:
            jobs = [
                Job(page, notebook, workspace_folder, values[page], page_seconds)
                for page, notebook in notebooks.items()
            ]
            with watch.timing("execution"):
                executed = execute_all(jobs, is_shown=progress, watch=watch)
            record = write_report(draft, executed, summary=summary, values=values, beside=beside or {}, watch=watch)
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


def execute_all(jobs: Sequence[Job], *, is_shown: bool, watch: Stopwatch) -> dict[str, NotebookNode]:
    """All pages executed, as many side by side as there are cores; every page runs, so that every failure is told."""
    shown = Progress([(job.page, len(job.notebook.cells)) for job in jobs], is_shown=is_shown)
    with tempfile.TemporaryDirectory(prefix="lr-", ignore_cleanup_errors=True) as folder, contextlib.closing(shown):
        kernels = Kernels(Path(folder))
        with _workers(kernels) as workers:
            work = partial(_execute, kernels=kernels, shown=shown, watch=watch)
            done = {job.page: workers.submit(work, job, number=number) for number, job in enumerate(jobs)}
            while wait(done.values(), timeout=ATTENTION).not_done:
                pass
    _raise_failures([future.exception() for future in done.values()])
    return {page: future.result() for page, future in done.items()}


@contextlib.contextmanager
def _workers(kernels: Kernels) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for kernels; when the run is interrupted the kernels are ended, and so the threads."""
    workers = ThreadPoolExecutor(max_workers=_cores(), thread_name_prefix="page")
    try:
        yield workers
    finally:
        kernels.stop()
        workers.shutdown(wait=True, cancel_futures=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _execute(job: Job, *, number: int, kernels: Kernels, shown: Progress, watch: Stopwatch) -> NotebookNode:
    shown.began(job.page)
    begun = time.perf_counter()
    try:
        with watch.timing("execution", page=job.page):
            executed = execute_page(job, kernels=kernels, number=number, on_cell=shown.stepper(job.page))
    except LeadreportError:
        shown.failed(job.page)
        raise
    shown.ended(job.page, time.perf_counter() - begun)
    return executed


def _raise_failures(errors: Sequence[BaseException | None]) -> None:
    """One failing page tells its error whole; several are told together."""
    failed = [error for error in errors if error is not None]
    if len(failed) > 1 and all(isinstance(error, PageError) for error in failed):
        raise PageError(f"{len(failed)} pages failed\n\n" + "\n\n".join(str(error) for error in failed))
    if failed:
        raise failed[0]


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
