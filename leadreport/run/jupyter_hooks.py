"""Every use of the internals of papermill, nbclient and jupyter_client.

tests/test_run_hooks.py fails when an upgrade changes one of them.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import papermill
import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

PROGRAM = Path(__file__).with_name("start_kernel.py")

LONGEST_SOCKET = 100
"""The longest path of a socket in bytes; systems allow 104 (macOS) or 108 (Linux) with the channel's number."""


class KernelNotStarted(Exception):
    """The Python process of a page did not start."""


class Kernels:
    """The kernels that a run started; `stop` ends them and their children, and a kernel that starts later ends too.

    Parameters
    ----------
    folder
        An existing folder for connection files, sockets and the logs of the kernels' processes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_stopped = False
        self._running: set[int] = set()
        self._lock = threading.Lock()

    def manager(self, page: str, *, number: int, environment: Mapping[str, str]) -> "PageKernel":
        """The manager of a page's kernel, not yet started; `environment` adds to its variables."""
        kernel = PageKernel(connection_file=str(self.folder / f"{number}.json"))
        kernel.transport = transport(self.folder / f"{number}-ipc-5")
        kernel.kernels = self
        kernel.log_file = self.folder / f"{page}.log"
        kernel._kernel_spec = KernelSpec(
            argv=[
                *(sys.executable, "-P", str(PROGRAM), str(kernel.log_file), "-f", "{connection_file}"),
                # Nothing from the workspace folder or the analyst's own IPython set-up may change a page.
                *("--InteractiveShellApp.ignore_cwd=True", "--HistoryManager.enabled=False"),
            ],
            env={
                **environment,
                **{"LEADREPORT_DISPLAY": "report", "PYTHONHASHSEED": "0", "IPYTHONDIR": str(self.folder / "ipython")},
            },
            display_name="leadreport",
            language="python",
        )
        return kernel

    def add(self, process: int) -> None:
        with self._lock:
            self._running.add(process)
        if self.is_stopped:
            self.end(process)

    def end(self, process: int) -> None:
        """End a kernel's process and its children, once."""
        with self._lock:
            if process not in self._running:
                return
            self._running.remove(process)
        end_process(process)

    def stop(self) -> None:
        self.is_stopped = True
        for process in sorted(self._running):
            self.end(process)


def transport(socket: Path) -> str:
    """`ipc` where sockets are files and the path is short enough, else `tcp`.

    Examples
    --------
    >>> transport(Path("/tmp") / ("x" * 100))
    'tcp'
    """
    return "ipc" if os.name == "posix" and len(os.fsencode(socket)) <= LONGEST_SOCKET else "tcp"


def end_process(process: int) -> None:
    """End a process that leads its own group, and all its children, also when the process itself is gone."""
    if hasattr(os, "killpg") and hasattr(signal, "SIGKILL"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)
        return
    # Windows has no process groups, but a child still names its parent when the parent is gone.
    children = [each for each in psutil.process_iter(["ppid"]) if process in (each.pid, each.info["ppid"])]
    for child in children:
        with contextlib.suppress(psutil.Error):
            for each in (*child.children(recursive=True), child):
                each.kill()


class PageKernel(AsyncKernelManager):
    """A kernel of this interpreter, without a kernelspec that could belong to another Python."""

    kernels: Kernels
    log_file: Path
    exit_code: int | None = None
    process: int | None = None

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        await super()._async_launch_kernel(kernel_cmd, **options)
        self.process = self.provisioner.pid  # type: ignore[attr-defined]
        self.kernels.add(self.process)

    _launch_kernel = _async_launch_kernel

    async def _async_is_alive(self) -> bool:
        # The provisioner forgets the process, and its exit code, as soon as it notices that the process has ended.
        process = getattr(self.provisioner, "process", None)
        self.exit_code = process.poll() if process else self.exit_code
        return await super()._async_is_alive()

    is_alive = _async_is_alive

    def end(self) -> None:
        if self.process is not None:
            self.kernels.end(self.process)


class PageExecution:
    """One page while papermill executes it.

    papermill works on a copy of the notebook, which is lost when the kernel dies; `notebook` is that copy.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        *,
        folder: Path,
        kernel: PageKernel,
        seconds: float,
        on_cell: Callable[[], None],
    ) -> None:
        self.notebook = notebook
        self.folder = folder
        self.kernel = kernel
        self.deadline = time.monotonic() + seconds
        self.on_cell = on_cell

    def seconds_left(self, cell: NotebookNode) -> float:
        return max(0.1, self.deadline - time.monotonic())

    def execute(self, parameters: Mapping[str, object]) -> None:
        """Execute all cells, or stop at the first that fails; the outputs are in `notebook`.

        Raises
        ------
        KernelNotStarted, DeadKernelError, CellTimeoutError
        """
        try:
            with _own_loop(), contextlib.suppress(papermill.PapermillExecutionError):
                papermill.execute_notebook(
                    self.notebook,
                    None,
                    parameters=dict(parameters),
                    engine_name="leadreport",
                    kernel_name="python3",
                    language="python",
                    progress_bar=False,
                    request_save_on_cell_execute=False,
                    autosave_cell_every=0,
                    execution=self,
                )
        except (DeadKernelError, CellTimeoutError):
            raise
        except RuntimeError as error:
            if "Kernel" not in str(error):
                raise
            raise KernelNotStarted from error
        finally:
            self.kernel.end()


@contextlib.contextmanager
def _own_loop() -> Iterator[None]:
    """An event loop for this page alone, closed at the end with everything that waits on it."""
    loop = ensure_event_loop(prefer_selector_loop=True)
    try:
        yield
    finally:
        waiting = asyncio.all_tasks(loop)
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()


class PageEngine(NBClientEngine):
    """papermill's engine with a kernel of our own and one time limit for the whole page."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, *, execution: PageExecution, **options: Any
    ) -> None:
        execution.notebook = nb_man.nb
        client = PapermillNotebookClient(
            nb_man,
            timeout_func=execution.seconds_left,
            startup_timeout=60,
            shutdown_kernel="immediate",
            record_timing=False,
            resources={"metadata": {"path": str(execution.folder)}},
            on_cell_executed=lambda **_: execution.on_cell(),
        )
        client.km = execution.kernel
        client.execute()


papermill_engines.register("leadreport", PageEngine)


def last_started(cells: Sequence[NotebookNode]) -> int:
    """The index of the last cell that papermill began; after a dead kernel it marks all cells as completed."""
    started = [index for index, cell in enumerate(cells) if cell.metadata.get("papermill", {}).get("start_time")]
    return started[-1] if started else 0


def without_traces(notebook: NotebookNode) -> NotebookNode:
    """The executed notebook without what differs from run to run: times, ids, versions.

    The values of the parameters stay where a reader looks for them: in the cell after the defaults.
    """
    cells = []
    for number, cell in enumerate(notebook.cells):
        metadata = {key: value for key, value in cell.metadata.items() if key not in ("papermill", "execution")}
        is_injected = "injected-parameters" in metadata.get("tags", [])
        identity = "injected-parameters" if is_injected else cell.get("id", f"cell-{number}")
        cells.append(NotebookNode({**cell, "metadata": metadata, "id": identity}))
    kept = {key: value for key, value in notebook.metadata.items() if key in ("kernelspec", "title", "leadreport")}
    metadata = {**kept, "language_info": {"name": "python"}}
    return NotebookNode({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
