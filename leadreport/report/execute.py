"""Running a page: papermill executes the notebook, and only a page that ran to its end comes back."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

from leadreport.errors import PageError
from leadreport.report import failure
from leadreport.report.kernels import Kernels, PageKernel

PAGE_SECONDS = 1800.0
"""A page that takes longer is stopped: it asks for something that facts should have answered."""

THE_END = "the page ran to its end"


@dataclass(frozen=True)
class Job:
    """A page to run: its notebook, where it runs, the values of its parameters, what its kernel is told besides."""

    page: str
    notebook: NotebookNode
    folder: Path
    parameters: Mapping[str, object]
    seconds: float = PAGE_SECONDS
    environment: Mapping[str, str] = field(default_factory=dict)


def read_notebook(path: Path) -> NotebookNode:
    """A notebook from a file."""
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, AttributeError, OSError) as error:
        raise PageError(f"{path} is not a notebook", found=failure.plain(str(error))) from None


def execute_page(
    job: Job, *, kernels: Kernels, number: int = 0, on_cell: Callable[[], None] = lambda: None
) -> NotebookNode:
    """The notebook with its outputs, without traces of the machine and the hour it ran on.

    Parameters
    ----------
    number
        Tells the kernels of a run apart.
    on_cell
        Called after every cell.

    Raises
    ------
    PageError
        When a cell fails or leaves early, the kernel dies or does not start, or the page takes too long.
    """
    kernel = kernels.manager(job.page, number=number, environment=job.environment)
    watched = Watched(job, kernel=kernel, deadline=time.monotonic() + job.seconds, on_cell=on_cell)
    with own_loop(), contextlib.suppress(papermill.PapermillExecutionError):
        _run(watched)
    cells = watched.cells
    error = failure.error_in_cell(job.page, cells)
    if error is not None:
        raise error
    if not _has_ended(cells):
        raise failure.did_not_end(job.page, cells)
    return without_traces(watched.notebook)


@contextlib.contextmanager
def own_loop() -> Iterator[None]:
    """An event loop for this page alone, closed with all that still waits on it; else it would stay open."""
    loop = ensure_event_loop()
    try:
        yield
    finally:
        waiting = asyncio.all_tasks(loop)
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()


class Watched:
    """A page while it runs: papermill's notebook is a copy that is lost when the kernel dies, so it is kept here."""

    def __init__(self, job: Job, *, kernel: PageKernel, deadline: float, on_cell: Callable[[], None]) -> None:
        self.job = job
        self.kernel = kernel
        self.deadline = deadline
        self.on_cell = on_cell
        self.notebook: NotebookNode = job.notebook

    @property
    def cells(self) -> list[NotebookNode]:
        return self.notebook.cells

    def seconds_left(self, cell: NotebookNode) -> float:
        return max(0.1, self.deadline - time.monotonic())


def _run(watched: Watched) -> None:
    job = watched.job
    try:
        papermill.execute_notebook(
            with_sentinel(job.notebook),
            None,
            parameters=dict(job.parameters),
            engine_name="leadreport",
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            watched=watched,
        )
    except CellTimeoutError:
        raise failure.took_too_long(job.page, watched.cells, seconds=job.seconds) from None
    except DeadKernelError:
        code, log_file = watched.kernel.exit_code, watched.kernel.log_file
        raise failure.kernel_died(job.page, watched.cells, exit_code=code, log_file=log_file) from None
    except RuntimeError as error:
        if "Kernel" not in str(error):
            raise
        raise failure.kernel_did_not_start(job.page, log_file=watched.kernel.log_file) from None
    finally:
        watched.kernel.end()


class PageEngine(NBClientEngine):
    """papermill's engine with the run's own kernels and one time limit for the whole page."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, *, watched: Watched, **options: Any
    ) -> None:
        watched.notebook = nb_man.nb
        client = PapermillNotebookClient(
            nb_man,
            timeout_func=watched.seconds_left,
            startup_timeout=60,
            shutdown_kernel="immediate",
            record_timing=False,
            resources={"metadata": {"path": str(watched.job.folder)}},
            on_cell_executed=lambda **_: watched.on_cell(),
        )
        client.km = watched.kernel
        client.execute()


papermill_engines.register("leadreport", PageEngine)


def with_sentinel(notebook: NotebookNode) -> NotebookNode:
    """The notebook with one more cell: when that one ran, all before it did."""
    last = nbformat.v4.new_code_cell(repr(THE_END), id="the-end")
    return nbformat.from_dict({**notebook, "cells": [*notebook.cells, last]})


def _has_ended(cells: list[NotebookNode]) -> bool:
    return bool(cells) and any(
        output.get("data", {}).get("text/plain") == repr(THE_END) for output in cells[-1].outputs
    )


def without_traces(notebook: NotebookNode) -> NotebookNode:
    """The executed notebook without the last cell and without what differs from run to run: times, ids, versions.

    The values of the parameters stay where a reader looks for them: in the cell after the defaults.
    """
    cells = []
    for number, cell in enumerate(notebook.cells[:-1]):
        metadata = {key: value for key, value in cell.metadata.items() if key not in ("papermill", "execution")}
        is_injected = "injected-parameters" in metadata.get("tags", [])
        identity = "injected-parameters" if is_injected else cell.get("id", f"cell-{number}")
        cells.append({**cell, "metadata": metadata, "id": identity})
    kept = {key: value for key, value in notebook.metadata.items() if key in ("kernelspec", "title", "leadreport")}
    metadata = {**kept, "language_info": {"name": "python"}}
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
