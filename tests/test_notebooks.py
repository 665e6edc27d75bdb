"""The pages are written as pages, and their stored figures are held."""

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
def test_a_code_cell_is_short_and_holds_no_machinery(path):
    for cell in cells(path, "code"):
        assert len(cell.source.splitlines()) <= 12, cell.source
        assert not re.search(r"^\s*(def|class|try)\b|filterwarnings|lambda", cell.source, flags=re.MULTILINE), (
            cell.source
        )


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
