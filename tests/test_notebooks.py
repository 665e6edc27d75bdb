"""The pages are written as pages, and their stored figures are held."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
PAGES = sorted(NOTEBOOKS.glob("*.ipynb"))
CHART = "nbval-ignore-output"


def cells(path: Path, kind: str | None = None) -> list:
    page = nbformat.read(path, as_version=4)
    nbformat.validate(page)
    return [cell for cell in page.cells if kind in (None, cell.cell_type)]


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


def test_the_pages_are_there_in_reading_order():
    assert [path.stem for path in PAGES][:6] == [
        "00_overview", "01_data_check", "02_funnel", "03_handoff", "04_scoring", "05_cost",
    ]  # fmt: skip


@each_page
def test_a_page_begins_with_its_title_its_reader_and_its_question(path):
    first = cells(path)[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "**For**" in first.source and "?" in first.source


@each_page
def test_a_page_has_one_parameters_cell_of_literals_with_a_comment_on_each_line(path):
    (parameters,) = [cell for cell in cells(path, "code") if "parameters" in tags(cell)]
    assert all(re.fullmatch(r'\w+ = ("[^"]*"|\d+|True|False)  # .+', line) for line in parameters.source.splitlines())


@each_page
def test_half_of_a_page_is_prose(path):
    assert len(cells(path, "markdown")) >= len(cells(path, "code"))


@each_page
def test_a_code_cell_is_short_and_its_lines_fit(path):
    for cell in cells(path, "code"):
        lines = cell.source.splitlines()
        assert len(lines) <= 12, cell.source
        assert max(map(len, lines)) <= 120, cell.source


RULES = (ast.IfExp, ast.If, ast.Compare, ast.BoolOp, ast.For, ast.While, ast.Lambda)
MACHINERY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try, ast.With)


@each_page
def test_a_cell_only_calls(path):
    """No rule, no threshold, no machinery: these are functions of a room, with tests of their own."""
    for cell in cells(path, "code"):
        nodes = list(ast.walk(ast.parse(cell.source)))
        assert [ast.unparse(node) for node in nodes if isinstance(node, (*RULES, *MACHINERY))] == []
        assert [ast.unparse(node) for node in nodes if isinstance(node, ast.Dict) and is_wordlist(node)] == []
        assert "filterwarnings" not in cell.source


def is_wordlist(node: ast.Dict) -> bool:
    """Whether a dictionary gives names to more than two things: labels and formats live in the catalogue of columns."""
    pairs = [pair for pair in zip(node.keys, node.values, strict=True) if all(map(is_text, pair))]
    return len(pairs) > 2


def is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_all_pages_together_stay_within_their_lines():
    assert sum(code_lines(cell.source) for path in PAGES for cell in cells(path, "code")) <= 350


def code_lines(source: str) -> int:
    """Lines that are neither blank nor only a comment."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source.splitlines())


@each_page
def test_a_page_ends_with_definitions_and_limits(path):
    last = cells(path)[-1]
    assert (
        last.cell_type == "markdown" and "definitions" in last.source.casefold() and "limits" in last.source.casefold()
    )


@each_page
def test_figures_are_stored_as_text_and_charts_not_at_all(path):
    for cell in cells(path, "code"):
        if CHART in tags(cell):
            assert cell.outputs == []
        for output in cell.outputs:
            assert set(output.get("data", {"text/plain": ""})) == {"text/plain"}
            assert output.output_type in ("execute_result", "display_data")


@each_page
def test_a_page_stores_figures(path):
    stored = "".join(output["data"]["text/plain"] for cell in cells(path, "code") for output in cell.outputs)
    assert len(re.findall(r"\d", stored)) > 100


def test_a_changed_figure_is_a_failing_test(tmp_path):
    page = nbformat.read(NOTEBOOKS / "01_data_check.ipynb", as_version=4)
    output = next(
        output
        for cell in page.cells
        for output in cell.get("outputs", [])
        if re.search(r"\d", output["data"]["text/plain"])
    )
    shown = output["data"]["text/plain"]
    digit = re.search(r"\d", shown).group()
    output["data"]["text/plain"] = shown.replace(digit, str((int(digit) + 1) % 10), 1)
    parameters = next(cell for cell in page.cells if "parameters" in tags(cell))
    parameters.source = parameters.source.replace("data/sample", str(NOTEBOOKS.parent / "data" / "sample"))
    nbformat.write(page, tmp_path / "changed.ipynb")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", "-c", os.devnull, str(tmp_path)],
        env={**os.environ, "LEADREPORT_DISPLAY": "text"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout
    assert "1 failed" in run.stdout and shown.splitlines()[0].split()[0] in run.stdout
