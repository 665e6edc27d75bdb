"""Execute the pages of a run side by side; only a page that ran to its last cell comes back."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from leadreport.errors import PageError
from leadreport.run import failure
from leadreport.run.jupyter_hooks import KernelNotStarted, Kernels, PageExecution, without_traces
from leadreport.run.progress import Progress, Stopwatch

PAGE_SECONDS = 1800.0
"""The time limit of a page."""

ATTENTION = 0.2
"""Seconds between two looks at the signals: only the main thread can act on them, and it waits for the others."""

THE_END = "the page ran to its end"


@dataclass(frozen=True)
class Job:
    """A page to execute: its notebook, its working folder, its parameters, and variables for its environment."""

    page: str
    notebook: NotebookNode
    folder: Path
    parameters: Mapping[str, object]
    seconds: float = PAGE_SECONDS
    environment: Mapping[str, str] = field(default_factory=dict)


def execute_all(jobs: Sequence[Job], *, is_shown: bool, watch: Stopwatch) -> dict[str, NotebookNode]:
    """The executed notebook of each page; every page runs, so that all failures are reported together."""
    shown = Progress([(job.page, len(job.notebook.cells)) for job in jobs], is_shown=is_shown)

    def work(job: Job, number: int) -> NotebookNode:
        with shown.running(job.page), watch.timing("execution", page=job.page):
            return execute_page(job, kernels=kernels, number=number, on_cell=shown.stepper(job.page))

    with tempfile.TemporaryDirectory(prefix="lr-", ignore_cleanup_errors=True) as folder, contextlib.closing(shown):
        kernels = Kernels(Path(folder))
        with _threads(kernels) as threads:
            done = {job.page: threads.submit(work, job, number) for number, job in enumerate(jobs)}
            while wait(done.values(), timeout=ATTENTION).not_done:
                pass
    raise_failures([future.exception() for future in done.values()])
    return {page: future.result() for page, future in done.items()}


@contextlib.contextmanager
def _threads(kernels: Kernels) -> Iterator[ThreadPoolExecutor]:
    """One thread per core, each waiting for a kernel; an interrupted run ends the kernels, and so the threads."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = ThreadPoolExecutor(max_workers=cores, thread_name_prefix="page")
    try:
        yield threads
    finally:
        kernels.stop()
        threads.shutdown(wait=True, cancel_futures=True)


def raise_failures(errors: Sequence[BaseException | None]) -> None:
    """Raise the error of the page that failed, or one error with those of all pages that failed."""
    failed = [error for error in errors if error is not None]
    if len(failed) > 1 and all(isinstance(error, PageError) for error in failed):
        raise PageError(f"{len(failed)} pages failed\n\n" + "\n\n".join(str(error) for error in failed))
    if failed:
        raise failed[0]


def execute_page(
    job: Job, *, kernels: Kernels, number: int = 0, on_cell: Callable[[], None] = lambda: None
) -> NotebookNode:
    """The notebook with its outputs, without traces of the machine and the time it ran.

    Parameters
    ----------
    number
        Distinguishes the kernels of a run.
    on_cell
        Called after every cell.

    Raises
    ------
    PageError
        When a cell fails or leaves early, the kernel dies or does not start, or the page takes too long.
    """
    kernel = kernels.manager(job.page, number=number, environment=job.environment)
    execution = PageExecution(
        with_last_cell(job.notebook), folder=job.folder, kernel=kernel, seconds=job.seconds, on_cell=on_cell
    )
    try:
        execution.execute(job.parameters)
    except CellTimeoutError:
        raise failure.took_too_long(job.page, execution.notebook.cells, seconds=job.seconds) from None
    except DeadKernelError:
        raise failure.kernel_died(
            job.page, execution.notebook.cells, exit_code=kernel.exit_code, log_file=kernel.log_file
        ) from None
    except KernelNotStarted:
        raise failure.kernel_did_not_start(job.page, log_file=kernel.log_file) from None
    *cells, last = execution.notebook.cells
    error = failure.error_in_cell(job.page, [*cells, last])
    if error is not None:
        raise error
    if not any(output.get("data", {}).get("text/plain") == repr(THE_END) for output in last.outputs):
        raise failure.did_not_end(job.page, [*cells, last])
    return without_traces(nbformat.from_dict({**execution.notebook, "cells": cells}))


def with_last_cell(notebook: NotebookNode) -> NotebookNode:
    """The notebook with one more cell; when its output is there, all cells before it ran."""
    last = nbformat.v4.new_code_cell(repr(THE_END), id="the-end")
    return nbformat.from_dict({**notebook, "cells": [*notebook.cells, last]})
