"""What the cells of a page show, checked and made ready for the template."""

import copy
from collections.abc import Iterator

from nbformat import NotebookNode

from leadreport.errors import PageError
from leadreport.report.failure import ANSI, place_of, plain
from leadreport.report.figure import figure
from leadreport.report.guard import check_html
from leadreport.report.outline import Prose, silent_before
from leadreport.words import CHART_MIME

TYPES = (CHART_MIME, "text/html", "text/markdown", "image/png", "image/jpeg", "text/plain")
"""What a page can show; the first of an output's types is shown."""

REFUSED = ("application/javascript", "application/vnd.jupyter.widget-view+json", "image/svg+xml")
"""What would bring a script along, or need one from elsewhere."""


def prepared(notebook: NotebookNode, *, prose: Prose, page: str, language: str) -> NotebookNode:
    """A copy of the notebook in which every cell carries what the template needs of it.

    Markdown cells get their HTML and the section they begin, code cells the code that belongs to what they show, charts
    become figures. Warnings that the page wrote are left out here; `warnings_of` has them.

    Raises
    ------
    PageError
        When an output cannot be published.
    """
    shown = copy.deepcopy(notebook)
    check_html(prose.lead, where=f"page {page}, the lead")
    number = 0
    for index, cell in enumerate(shown.cells):
        where = f"page {page}, {place_of(shown.cells, index)}"
        if cell.cell_type == "markdown":
            cell.metadata["pieces"] = prose.cells.get(index, [])
            for piece in cell.metadata["pieces"]:
                check_html(piece.html, where=where)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _is_shown(output)]
            for output in cell.outputs:
                number += _prepare(output, where=where, page=page, number=number + 1, language=language)
    _gather_code(shown)
    return shown


def _is_shown(output: NotebookNode) -> bool:
    if output.output_type == "stream":
        return output.name == "stdout" and bool(output.text.strip())
    # The masthead of the page already says what a page's own header says in JupyterLab.
    return not str(output.data.get("text/html", "")).startswith('<header class="lr-header"')


def _prepare(output: NotebookNode, *, where: str, page: str, number: int, language: str) -> int:
    """Check one output; says how many charts it was."""
    if output.output_type == "stream":
        output["text"] = plain_lines(output.text)
        return 0
    refused = [mime for mime in output.data if mime in REFUSED or mime.startswith("application/vnd.vega")]
    if refused and CHART_MIME not in output.data:
        raise PageError(
            f"{where}: its output is {refused[0]}, which a page cannot show",
            found=plain(str(output.data.get("text/plain", ""))) or None,
            hint="show a table or a chart of leadreport; for a chart of Altair, import leadreport before drawing it",
        )
    if CHART_MIME in output.data:
        output.metadata["figure"] = figure(output.data[CHART_MIME], page=page, number=number, language=language)
        return 1
    if "text/html" in output.data:
        check_html(output.data["text/html"], where=where)
    return 0


def plain_lines(text: str) -> str:
    """Printed text without terminal colours and without the lines that a progress bar wrote over."""
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in ANSI.sub("", text).rstrip().split("\n"))


def _gather_code(notebook: NotebookNode) -> None:
    """Give each cell that shows something the code of the silent cells before it, so that code is folded away once."""
    cells = notebook.cells
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        follows = index + 1 < len(cells) and cells[index + 1].cell_type == "code"
        is_last = bool(cell.outputs) or not follows
        parts = [*silent_before(cells, index), index] if is_last else []
        cell.metadata["code"] = "\n\n".join(cells[part].source.strip() for part in parts)


def warnings_of(notebook: NotebookNode) -> Iterator[str]:
    """What the cells wrote as warnings: cell, and the first lines of it."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr" and output.text.strip():
                yield f"{place_of(notebook.cells, index)}: {plain(output.text)}"
