"""The uses of papermill, nbclient and jupyter_client internals still fit what is installed.

Each test names one thing that an upgrade may move; `leadreport/run/jupyter_hooks.py` is the only file to change then.
"""

import ast
import asyncio
import inspect
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from leadreport.publish.sections import ADDED_TAGS
from leadreport.run import jupyter_hooks
from leadreport.run.execution import Job, execute_page
from leadreport.run.jupyter_hooks import LONGEST_SOCKET, Kernels, PageEngine, PageKernel, end_process, transport

RUN = Path(jupyter_hooks.__file__).parent


def names(function) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", ["_async_launch_kernel", "_launch_kernel", "_async_is_alive", "is_alive"])
def test_a_kernel_manager_has_the_methods_that_ours_replaces(name):
    assert inspect.isfunction(getattr(AsyncKernelManager, name))
    assert names(getattr(PageKernel, name))[:2] == names(getattr(AsyncKernelManager, name))[:2]


def test_a_kernel_manager_takes_a_specification_and_a_transport_from_outside():
    assert {"transport", "connection_file"} <= set(AsyncKernelManager.class_trait_names())
    assert inspect.isdatadescriptor(AsyncKernelManager.kernel_spec)
    assert "self._kernel_spec is None" in inspect.getsource(AsyncKernelManager.kernel_spec.fget)


def test_a_kernel_process_leads_its_own_group_and_its_provisioner_knows_it():
    assert (LocalProvisioner.pid, LocalProvisioner.process) == (None, None)
    from jupyter_client import launcher

    assert "start_new_session" in inspect.getsource(launcher.launch_kernel)


def test_papermill_hands_our_engine_what_it_expects():
    assert papermill_engines.get_engine("leadreport") is PageEngine
    assert names(NBClientEngine.execute_managed_notebook)[:2] == ["nb_man", "kernel_name"]
    assert names(PapermillNotebookClient.__init__)[:3] == ["self", "nb_man", "km"]
    given = {"parameters", "engine_name", "kernel_name", "language", "progress_bar", "request_save_on_cell_execute"}
    assert given <= set(names(papermill.execute_notebook))
    assert "autosave_cell_every" in names(papermill_engines.get_engine("nbclient").execute_notebook)


def test_the_client_takes_a_time_limit_per_cell_and_a_call_after_each():
    wanted = {"timeout_func", "startup_timeout", "shutdown_kernel", "record_timing", "resources", "on_cell_executed"}
    assert wanted <= set(NotebookClient.class_trait_names())
    assert NotebookClient(new_notebook(), km=(manager := AsyncKernelManager())).km is manager


def test_a_kernel_that_does_not_start_is_a_runtime_error_with_this_word():
    source = "".join(inspect.getsource(sys.modules[name]) for name in ("nbclient.client", "jupyter_client.client"))
    assert re.search(r"RuntimeError\([^)]*Kernel", source)
    assert issubclass(DeadKernelError, RuntimeError) and issubclass(CellTimeoutError, TimeoutError)


def test_papermill_tags_the_cells_it_adds_and_times_each_cell(tmp_path):
    cells = [
        new_code_cell("as_of = 1", metadata={"tags": ["parameters"]}), new_code_cell("as_of"), new_code_cell("1 / 0")
    ]  # fmt: skip
    kernel = Kernels(tmp_path).manager("page", number=0, environment={})
    execution = jupyter_hooks.PageExecution(
        new_notebook(cells=cells), folder=tmp_path, kernel=kernel, seconds=60, on_cell=lambda: None
    )
    execution.execute({"as_of": 2})
    added = [tag for cell in execution.notebook.cells for tag in cell.metadata.tags]
    assert "injected-parameters" in added and set(added) - {"parameters"} <= ADDED_TAGS
    assert jupyter_hooks.last_started(execution.notebook.cells) == 5  # papermill put two notes before it
    kept = jupyter_hooks.without_traces(execution.notebook)
    assert sum("papermill" in cell.metadata for cell in execution.notebook.cells) >= 4
    assert not any("papermill" in cell.metadata for cell in kept.cells) and "papermill" not in kept.metadata


def test_a_page_runs_over_tcp_where_its_socket_would_have_too_long_a_path(tmp_path):
    folder = tmp_path / ("x" * LONGEST_SOCKET)
    folder.mkdir()
    notebook = new_notebook(cells=[new_code_cell("", metadata={"tags": ["parameters"]}), new_code_cell("6 * 7")])
    executed = execute_page(Job("page", notebook, tmp_path, {}), kernels=Kernels(folder))
    assert executed.cells[-1].outputs[0].data["text/plain"] == "42"
    nbformat.validate(executed)


@pytest.mark.parametrize(("length", "expected"), [(LONGEST_SOCKET, "ipc"), (LONGEST_SOCKET + 1, "tcp")])
def test_a_socket_has_a_path_that_every_system_allows(length, expected):
    assert transport(Path("/" + "x" * (length - 1))) == expected


def test_each_page_has_an_event_loop_of_its_own_which_is_closed():
    with jupyter_hooks._own_loop():
        loop = asyncio.get_event_loop_policy().get_event_loop()
        assert not loop.is_closed()
    assert loop.is_closed()


def test_a_system_without_process_groups_ends_a_kernel_and_its_children_too(monkeypatch):
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()']); print(1, flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    import psutil

    children = psutil.Process(process.pid).children()
    monkeypatch.delattr(os, "killpg")
    end_process(process.pid)
    assert process.wait(timeout=10) == -signal.SIGKILL
    assert len(children) == 1 and psutil.wait_procs(children, timeout=10)[1] == []
    process.stdin.close()
    process.stdout.close()


def test_a_run_does_not_wait_for_a_grammar_that_no_page_needs():
    code = "import sys, leadreport.run as r; print({'jsonschema', 'lark', 'rfc3987_syntax'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{'jsonschema'}\n"


PRIVATE = {"papermill", "nbclient", "jupyter_client", "jupyter_core", "ipykernel"}


def test_internals_of_jupyter_are_used_in_one_file():
    """nbclient's exceptions are its documented face; the program of a kernel is a file of its own."""
    users = {
        path.name: imported
        for path in RUN.glob("*.py")
        if (imported := {name for name in imports(path) if name.split(".")[0] in PRIVATE})
    }
    assert users.pop("execution.py") == {"nbclient.exceptions"}
    assert users.pop("start_kernel.py") == {"ipykernel.kernelapp"}
    assert set(users) == {"jupyter_hooks.py"}


def imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
