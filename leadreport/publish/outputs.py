"""The outputs of a page's cells, checked and ready for the template."""

import copy
import re
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from leadreport.errors import PageError
from leadreport.publish.content_rules import check_html
from leadreport.publish.figures import figure
from leadreport.publish.sections import PageText, place_of
from leadreport.words import CHART_MIME

SHOWN_TYPES = (CHART_MIME, "text/html", "text/markdown", "image/png", "image/jpeg", "text/plain")
"""The types that a page shows; the first that an output has is shown."""

REFUSED_TYPES = ("application/javascript", "application/vnd.jupyter.widget-view+json", "image/svg+xml")
"""Types that contain a script or need one from elsewhere."""

TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")

MOST_LINES = 12
"""The longest error text that is shown, in lines."""


def prepared(notebook: NotebookNode, *, text: PageText, page: str, language: str) -> NotebookNode:
    """A copy of the notebook in which every cell has what the template needs.

    Markdown cells get their HTML and the sections that begin in them, code cells the code behind their output, and
    charts become figures. Warnings that a cell wrote are left out; `warnings_of` lists them.

    Raises
    ------
    PageError
        When an output cannot be published.
    """
    shown = copy.deepcopy(notebook)
    check_html(text.lead, where=f"page {page}, the lead")
    charts = 0
    for index, cell in enumerate(shown.cells):
        where = f"page {page}, {place_of(shown.cells, index)}"
        if cell.cell_type == "markdown":
            cell.metadata["pieces"] = text.cells.get(index, [])
            for piece in cell.metadata["pieces"]:
                check_html(piece.html, where=where)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _is_shown(output)]
            for output in cell.outputs:
                charts += CHART_MIME in output.get("data", {})
                _prepare(output, where=where, page=page, number=charts, language=language)
    _gather_code(shown.cells)
    return shown


def _is_shown(output: NotebookNode) -> bool:
    if output.output_type == "stream":
        return output.name == "stdout" and bool(output.text.strip())
    # The top of the page already states what a page's own header states in JupyterLab.
    return not str(output.data.get("text/html", "")).startswith('<header class="lr-header"')


def _prepare(output: NotebookNode, *, where: str, page: str, number: int, language: str) -> None:
    """Check one output; a chart becomes a figure, `number` is its number on the page."""
    if output.output_type == "stream":
        output["text"] = plain_lines(output.text)
    elif CHART_MIME in output.data:
        output.metadata["figure"] = figure(output.data[CHART_MIME], page=page, number=number, language=language)
    else:
        _refuse_types(output, where=where)
        check_html(output.data.get("text/html", ""), where=where)


def _refuse_types(output: NotebookNode, *, where: str) -> None:
    refused = [mime for mime in output.data if mime in REFUSED_TYPES or mime.startswith("application/vnd.vega")]
    if refused:
        raise PageError(
            f"{where}: its output is {refused[0]}, which a page cannot show",
            found=plain(str(output.data.get("text/plain", ""))) or None,
            hint="show a table or a chart of leadreport; for a chart of Altair, import leadreport before drawing it",
        )


def plain_lines(text: str) -> str:
    """Printed text without terminal colours and without the lines that a progress bar overwrote."""
    lines = without_colours(text).rstrip().split("\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)


def without_colours(text: str) -> str:
    """Text without the codes that colour it in a terminal."""
    return TERMINAL_COLOURS.sub("", text)


def plain(text: str) -> str:
    """Text without terminal colours, cut after MOST_LINES lines.

    Examples
    --------
    >>> plain("\\x1b[31mno such column\\x1b[0m")
    'no such column'
    """
    lines = without_colours(text).strip().splitlines()
    return "\n".join([*lines[:MOST_LINES], "..."] if len(lines) > MOST_LINES else lines)


def _gather_code(cells: Sequence[NotebookNode]) -> None:
    """Give each cell with output the code of the cells before it that have none, so that all folds away together."""
    gathered: list[str] = []
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        gathered.append(cell.source.strip())
        is_followed = index + 1 < len(cells) and cells[index + 1].cell_type == "code"
        is_last = bool(cell.outputs) or not is_followed
        cell.metadata["code"] = "\n\n".join(gathered) if is_last else ""
        gathered = [] if is_last else gathered


def warnings_of(notebook: NotebookNode) -> Iterator[str]:
    """The warnings that the cells wrote: the cell, and the first lines of the text."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr" and output.text.strip():
                yield f"{place_of(notebook.cells, index)}: {plain(output.text)}"
