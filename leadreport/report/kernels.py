"""The kernels of a run: started over a socket file, and none left behind."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

PROGRAM = Path(__file__).with_name("kernel.py")

LONGEST_SOCKET = 100
"""Bytes of a socket's path that every system allows (104 on macOS, 108 on Linux, with the channel's number)."""


class Kernels:
    """The kernels that a run has started; `stop` ends them and all their children, and lets no new one start.

    Parameters
    ----------
    folder
        An existing folder for connection files, sockets and what the kernels' processes say.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_stopped = False
        self._groups: set[int] = set()
        self._lock = threading.Lock()

    def manager(self, page: str, *, number: int, environment: Mapping[str, str] | None = None) -> "PageKernel":
        """A manager for the kernel of a page, not yet started; `environment` adds to its variables."""
        kernel = PageKernel(connection_file=str(self.folder / f"{number}.json"))
        kernel.transport = "ipc" if len(str(self.folder / f"{number}-ipc-5")) <= LONGEST_SOCKET else "tcp"
        kernel.kernels = self
        kernel.log_file = self.folder / f"{page}.log"
        kernel._kernel_spec = KernelSpec(
            argv=[
                *(sys.executable, "-P", str(PROGRAM), str(kernel.log_file), "-f", "{connection_file}"),
                # Nothing from the workspace folder or the analyst's own IPython set-up may change a page.
                *("--InteractiveShellApp.ignore_cwd=True", "--HistoryManager.enabled=False"),
            ],
            env={
                **(environment or {}),
                **{"LEADREPORT_DISPLAY": "report", "PYTHONHASHSEED": "0", "IPYTHONDIR": str(self.folder / "ipython")},
            },
            display_name="leadreport",
            language="python",
        )
        return kernel

    def add(self, group: int) -> None:
        with self._lock:
            self._groups.add(group)
        if self.is_stopped:
            self.end(group)

    def end(self, group: int) -> None:
        """End a kernel's process group: a kernel that is gone may have left children."""
        with self._lock:
            if group not in self._groups:
                return
            self._groups.remove(group)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)

    def stop(self) -> None:
        self.is_stopped = True
        for group in sorted(self._groups):
            self.end(group)


class PageKernel(AsyncKernelManager):
    """A kernel of this interpreter: no kernelspec that could belong to another Python, no port to race for."""

    kernels: Kernels
    log_file: Path
    exit_code: int | None = None
    group: int | None = None

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        await super()._async_launch_kernel(kernel_cmd, **options)
        self.group = self.provisioner.pgid  # type: ignore[union-attr]
        self.kernels.add(self.group)

    _launch_kernel = _async_launch_kernel

    async def _async_is_alive(self) -> bool:
        # Once the provisioner has noticed the end of the process it forgets the process, and with it the exit code.
        process = getattr(self.provisioner, "process", None)
        self.exit_code = process.poll() if process else self.exit_code
        return await super()._async_is_alive()

    is_alive = _async_is_alive

    def end(self) -> None:
        if self.group is not None:
            self.kernels.end(self.group)
