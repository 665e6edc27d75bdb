"""Why a page stopped, for a reader: the page, the cell, what was found, what to do."""

import re
import signal
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from leadreport.errors import PageError
from leadreport.publish import place_of, plain, without_colours
from leadreport.run.jupyter_hooks import last_started

LAST_LINES = 5
"""The number of lines shown of what a kernel's process wrote last."""


def error_in_cell(page: str, cells: Sequence[NotebookNode]) -> PageError | None:
    """The error that a cell ended with, or None."""
    for index, cell in enumerate(cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return _error_of(page, place_of(cells, index), output)
    return None


def _error_of(page: str, place: str, output: NotebookNode) -> PageError:
    where = f"page {page}, {place}"
    if output.ename in ("SystemExit", "KeyboardInterrupt"):
        return PageError(
            f"{where}: the cell left the page with {output.ename}({output.evalue})",
            hint="a page runs to its last cell; raise an error where it cannot go on",
        )
    message = shortened(plain(output.evalue))
    has_parts = "\n\nHint: " in message or "\n\nFound: " in message
    if has_parts or output.ename.endswith(("PolicyError", "InputError", "PageError")):
        return _three_parts(where, message)
    message = re.sub(r"\((?:\S*[/\\])?[\w<>.-]+(?:\.py|>), line (\d+)\)", r"(line \1 of the cell)", message)
    return PageError(
        f"{where}: {output.ename}: {message}" if message else f"{where}: {output.ename}",
        found=_failing_line(output.traceback),
        hint=f"open {page}.ipynb in JupyterLab and run it to this cell",
    )


def _three_parts(where: str, message: str) -> PageError:
    """One of the package's own errors, with its three parts."""
    rest, _, hint = message.partition("\n\nHint: ")
    problem, _, found = rest.partition("\n\nFound: ")
    return PageError(f"{where}: {problem}", found=found or None, hint=hint or None)


def _failing_line(traceback: Sequence[str]) -> str | None:
    """The line of the page's own code that raised the error."""
    found = re.search(r"^-+> *\d+ (.*)$", without_colours("\n".join(traceback)), re.MULTILINE)
    return found[1].strip() if found else None


def kernel_died(page: str, cells: Sequence[NotebookNode], *, exit_code: int | None, log_file: Path) -> PageError:
    """The error for a kernel that ended under its page: how it ended, and what its process wrote last."""
    how, hint = "without an exit code", f"open {page}.ipynb in JupyterLab and run this cell"
    if exit_code is not None and exit_code < 0:
        how = f"by signal {signal.Signals(-exit_code).name}"
    elif exit_code is not None:
        how = f"with exit code {exit_code}"
    if how.endswith("SIGKILL"):
        hint = "most often the machine ran out of memory"
    place = place_of(cells, last_started(cells))
    return PageError(
        f"page {page}, {place}: the page's Python process ended {how}", found=last_lines(log_file), hint=hint
    )


def kernel_did_not_start(page: str, *, log_file: Path) -> PageError:
    return PageError(
        f"page {page}: its Python process did not start",
        found=last_lines(log_file),
        hint="'python -m ipykernel --version' must work in the environment that leadreport is installed in",
    )


def took_too_long(page: str, cells: Sequence[NotebookNode], *, seconds: float) -> PageError:
    allowed = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    return PageError(
        f"page {page}, {place_of(cells, last_started(cells))}: the page took longer than {allowed}",
        hint="ask the page for less, or give it more time with page_seconds",
    )


def did_not_end(page: str, cells: Sequence[NotebookNode]) -> PageError:
    return PageError(
        f"page {page} ended before its last cell, in {place_of(cells, last_started(cells))}",
        hint=f"open {page}.ipynb in JupyterLab and run it to its end",
    )


def last_lines(log_file: Path) -> str | None:
    """The last lines that a kernel's process wrote outside the page."""
    if not log_file.is_file():
        return None
    lines = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return plain("\n".join(lines[-LAST_LINES:])) or None


def shortened(text: str, *, most: int = 400) -> str:
    """The first `most` characters of a message; libraries list every column that a frame has.

    Examples
    --------
    >>> shortened("unable to find column x; valid columns: " + "a, " * 300, most=50)
    'unable to find column x; valid columns: a, a, a, a …'
    """
    return text if len(text) <= most else f"{text[:most]} …"
