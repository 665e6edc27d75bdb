"""Why a page stopped, in plain words: which page, which cell, what was found, what to do."""

import re
import signal
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from leadreport.errors import PageError

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")

MOST_LINES = 12
"""An error that is longer than this says nothing more to a reader."""

ADDED = {"injected-parameters", "papermill-error-cell-tag"}
"""Tags of the cells that papermill adds; a reader of the notebook does not count them."""


def plain(text: str) -> str:
    """Text without terminal colours, cut where it gets too long to read.

    Examples
    --------
    >>> plain("\\x1b[31mno such column\\x1b[0m")
    'no such column'
    """
    lines = ANSI.sub("", text).strip().splitlines()
    return "\n".join([*lines[:MOST_LINES], "..."] if len(lines) > MOST_LINES else lines)


def place_of(cells: Sequence[NotebookNode], index: int) -> str:
    """Where a cell is, as a reader would find it: its number and the heading above it.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_markdown_cell
    >>> place_of([new_markdown_cell("## How fast?"), new_code_cell("1 / 0")], 1)
    "cell 2 (under 'How fast?')"
    """
    before = [cell for cell in cells[: index + 1] if not ADDED.intersection(cell.metadata.get("tags", []))]
    titles = [
        line.lstrip("#").strip()
        for cell in before
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.match(r"#{1,6} ", line)
    ]
    return f"cell {len(before)}" + (f" (under '{titles[-1]}')" if titles else "")


def last_started(cells: Sequence[NotebookNode]) -> int:
    """The index of the last cell that papermill began; after a dead kernel it marks them all as completed."""
    started = [index for index, cell in enumerate(cells) if cell.metadata.get("papermill", {}).get("start_time")]
    return started[-1] if started else 0


def error_in_cell(page: str, cells: Sequence[NotebookNode]) -> PageError | None:
    """The error that a cell ended with, if one did."""
    for index, cell in enumerate(cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return _told(page, place_of(cells, index), output)
    return None


def _told(page: str, place: str, output: NotebookNode) -> PageError:
    where = f"page {page}, {place}"
    if output.ename in ("SystemExit", "KeyboardInterrupt"):
        return PageError(
            f"{where}: the cell left the page with {output.ename}({output.evalue})",
            hint="a page runs to its last cell; raise an error where it cannot go on",
        )
    said = shortened(plain(output.evalue))
    if (
        "\n\nHint: " in said
        or "\n\nFound: " in said
        or output.ename.endswith(("PolicyError", "InputError", "PageError"))
    ):
        return _three_parts(where, said)
    said = re.sub(r"\((?:\S*[/\\])?[\w<>.-]+(?:\.py|>), line (\d+)\)", r"(line \1 of the cell)", said)
    return PageError(
        f"{where}: {output.ename}: {said}" if said else f"{where}: {output.ename}",
        found=_line_of(output.traceback),
        hint=f"open {page}.ipynb in JupyterLab and run it to this cell",
    )


def _three_parts(where: str, said: str) -> PageError:
    """One of the package's own errors keeps its three parts."""
    rest, _, hint = said.partition("\n\nHint: ")
    problem, _, found = rest.partition("\n\nFound: ")
    return PageError(f"{where}: {problem}", found=found or None, hint=hint or None)


def _line_of(traceback: Sequence[str]) -> str | None:
    """The line of the page's own code that the error came from."""
    lines = [line for line in ANSI.sub("", "\n".join(traceback)).splitlines() if re.match(r"-+> *\d+ ", line)]
    return re.sub(r"^-+> *\d+ ", "", lines[0]).strip() if lines else None


def kernel_died(page: str, cells: Sequence[NotebookNode], *, exit_code: int | None, log_file: Path) -> PageError:
    """A kernel that ended under a page: by which signal, and what its process said last."""
    how = f"with exit code {exit_code}" if exit_code is not None else "without a word"
    if exit_code is not None and exit_code < 0:
        how = f"by signal {signal.Signals(-exit_code).name}"
    memory = exit_code == -signal.SIGKILL
    return PageError(
        f"page {page}, {place_of(cells, last_started(cells))}: the page's Python process ended {how}",
        found=last_words(log_file),
        hint="most often the machine ran out of memory"
        if memory
        else f"open {page}.ipynb in JupyterLab and run this cell",
    )


def kernel_did_not_start(page: str, *, log_file: Path) -> PageError:
    return PageError(
        f"page {page}: its Python process did not start",
        found=last_words(log_file),
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


def last_words(log_file: Path) -> str | None:
    """The last lines that a kernel's process wrote outside the page."""
    if not log_file.is_file():
        return None
    lines = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return plain("\n".join(lines[-5:])) or None


def shortened(text: str, *, most: int = 400) -> str:
    """A message that a person reads to its end: libraries list every column they know.

    Examples
    --------
    >>> shortened("unable to find column x; valid columns: " + "a, " * 300, most=50)
    'unable to find column x; valid columns: a, a, a, a …'
    """
    return text if len(text) <= most else f"{text[:most]} …"
