"""The pages of a run side by side, as many at once as there are cores; none outlives the run."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from nbformat import NotebookNode

from leadreport.errors import LeadreportError, PageError
from leadreport.report.execute import Job, execute_page
from leadreport.report.kernels import Kernels
from leadreport.report.progress import Progress
from leadreport.report.stopwatch import Stopwatch

ATTENTION = 0.2
"""Seconds after which the main thread looks up: a signal may reach another thread, and only the main one can act."""


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
    raise_failures([future.exception() for future in done.values()])
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


def raise_failures(errors: Sequence[BaseException | None]) -> None:
    """One failing page tells its error whole; several are told together."""
    failed = [error for error in errors if error is not None]
    if len(failed) > 1 and all(isinstance(error, PageError) for error in failed):
        raise PageError(f"{len(failed)} pages failed\n\n" + "\n\n".join(str(error) for error in failed))
    if failed:
        raise failed[0]
