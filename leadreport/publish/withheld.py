"""What a page must not show: outputs that rest on a table or a stage that is not known (definitions 4a and 8a)."""

import ast
from collections.abc import Iterator, Mapping, Set

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from leadreport.formats import phrase
from leadreport.words import NEEDS, STAGES

TABLES = ("leads", "activities", "stages", "deals", "spend", "answers", "feedback")
"""The tables of a workspace that a page may read as `ws.spend`; leads are behind all facts."""


def shown_only(notebook: NotebookNode, *, withheld: Mapping[str, str]) -> NotebookNode:
    """The executed page without the outputs that need what is `withheld`: for a table or a stage the reason.

    A section says once what is not shown, and why; its prose goes with its last output. What a cell needs is read from
    its code: the metrics that it calls, the tables and the stages that it names, and what its variables are made from.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook, new_output
    >>> code = new_code_cell("lr.pulse(facts)", outputs=[new_output("display_data", {"text/plain": "7"})])
    >>> page = new_notebook(cells=[new_markdown_cell("## What does sales think?"), code])
    >>> shown = shown_only(page, withheld={"feedback": "there is no feedback table"})
    >>> [cell.source for cell in shown.cells if cell.cell_type == "markdown"]
    ['## What does sales think?', '**Not shown:** there is no feedback table.']
    >>> shown.cells[-1].outputs
    []
    """
    if not withheld:
        return notebook
    needs = needs_by_cell(notebook)
    parts = [shown_section(section, needs, withheld=withheld) for section in sections_of(notebook)]
    return NotebookNode({**notebook, "cells": [cell for part in parts for cell in part]})


def sections_of(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """The cells before the first heading of the second level, then those of each section."""
    sections: list[list[NotebookNode]] = [[]]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            sections.append([])
        sections[-1].append(cell)
    return sections


def shown_section(
    cells: list[NotebookNode], needs: Mapping[str, Set[str]], *, withheld: Mapping[str, str]
) -> list[NotebookNode]:
    """The cells of a section with the reasons in place of the outputs that are not shown."""
    has_output = [cell for cell in cells if cell.cell_type == "code" and cell.get("outputs")]
    hidden = [cell for cell in has_output if withheld.keys() & needs[cell.id]]
    if not hidden:
        return cells
    is_empty = len(hidden) == len(has_output)
    reasons = {why for cell in hidden for need, why in withheld.items() if need in needs[cell.id]}
    said = new_markdown_cell(f"**{phrase('lacking')}:** {'; '.join(sorted(reasons))}.", id=f"why-{hidden[0].id}"[:64])
    heading, rest = cells[:1], cells[1:]
    if is_empty and heading[0].cell_type == "markdown":
        heading = [NotebookNode({**heading[0], "source": heading[0].source.splitlines()[0]})]
        rest = [cell for cell in rest if cell.cell_type == "code"]
    bare = [NotebookNode({**cell, "outputs": []}) if cell in hidden else cell for cell in rest]
    return [*heading, said, *bare]


def needs_by_cell(notebook: NotebookNode) -> dict[str, frozenset[str]]:
    """What the output of each code cell needs, by the cell's id: its last line, and the variables in it."""
    made: dict[str, frozenset[str]] = {}
    found: dict[str, frozenset[str]] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        found[cell.id] = frozenset()
        for line in lines_of(cell.source):
            found[cell.id] = frozenset().union(*needs_of(line, made))
            before = made if isinstance(line, ast.AugAssign) else {}
            stored = (
                node.id for node in ast.walk(line) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )
            made |= {name: found[cell.id] | before.get(name, frozenset()) for name in stored}
    return found


def lines_of(source: str) -> list[ast.stmt]:
    """The statements of a cell; none when it is not plain Python."""
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def needs_of(line: ast.stmt, made: Mapping[str, frozenset[str]]) -> Iterator[Set[str]]:
    """What each part of a statement needs: `lr.metric`, `ws.table`, `to_stage="sql"`, and variables made before."""
    for node in ast.walk(line):
        match node:
            case ast.Attribute(value=ast.Name(id="lr"), attr=metric):
                yield {"leads", *NEEDS[metric]} if NEEDS.get(metric) else set()
            case ast.Attribute(value=ast.Name(id="ws"), attr=table) if table in TABLES:
                yield {table}
            case ast.Attribute(value=ast.Name(id="ws"), attr="facts"):
                yield {"leads"}
            case ast.Constant(value=str(stage)) if stage in STAGES[1:]:
                yield {stage}
            case ast.Name(id=name):
                yield made.get(name, frozenset())
