"""What was published stays on file, and a later report is told of it."""

import json
from dataclasses import replace

import nbformat
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from report_cases import SUMMARY

from leadreport import page
from leadreport.errors import PageError
from leadreport.page import published
from leadreport.run import run_report
from leadreport.run.report import published_earlier
from leadreport.words import PUBLISHED_MIME

NUMBERS = pl.DataFrame(
    {"name": ["leads", "sqls"], "week": ["2026-W45"] * 2, "value": [9.0, 2.0], "n": [9, 2]}
).with_columns(policy_version=pl.lit("a1b2c3d4"), merged_leads=pl.lit(0))

CODE = """
import polars as pl

from leadreport.words import PUBLISHED_MIME
from leadreport import page
row = {"name": "sqls", "week": as_of, "value": 2.0, "n": 2, "policy_version": "a1", "merged_leads": 0}
page.say(f"Published earlier: {page.published(published)['week'].to_list()}.")
"""


@pytest.fixture
def reports(tmp_path):
    """Reports of three weeks in a row, of a page that publishes one number under its date."""
    cells = [
        new_markdown_cell("# What was published?\n\n**For** everybody. Which numbers?", id="title"),
        new_code_cell(
            'workspace = "."  # folder\nas_of = "latest"  # date\npublished = ""  # week whose numbers to compare with',
            metadata={"tags": ["parameters"]},
            id="parameters",
        ),
        new_code_cell(CODE.strip(), id="say"),
        new_code_cell("page.publish(pl.DataFrame([row]))", id="publish"),
    ]
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(new_notebook(cells=cells), folder / "00_page.ipynb")
    for number in (46, 47, 48):
        run_week(tmp_path / "reports", number, notebooks=folder)
    return tmp_path / "reports"


def run_week(reports, number, *, notebooks):
    day = SUMMARY.as_of.replace(day=15 + 7 * (number - 46)) if number < 48 else SUMMARY.as_of.replace(day=29)
    summary = replace(SUMMARY, week=f"2026-W{number}", as_of=day)
    run_report(notebooks, summary=summary, reports_folder=reports, notebooks_folder=notebooks, progress=False)


def test_each_report_is_given_the_latest_earlier_week_and_run_again_it_is_the_same(reports):
    told = {
        week: (reports / week / "00_page.html").read_text(encoding="utf-8")
        for week in ("2026-W46", "2026-W47", "2026-W48")
    }
    assert "Published earlier: []." in told["2026-W46"]
    assert "Published earlier: [&#x27;2026-11-16&#x27;]." in told["2026-W47"]
    assert "Published earlier: [&#x27;2026-11-23&#x27;]." in told["2026-W48"]
    run_week(reports, 47, notebooks=reports.parent / "notebooks")
    assert (reports / "2026-W47" / "00_page.html").read_text(encoding="utf-8") == told["2026-W47"]


def test_the_published_numbers_are_a_file_of_the_report_and_no_path_of_the_machine_is_told(reports):
    folder = reports / "2026-W47"
    assert json.loads((folder / "published.json").read_text(encoding="utf-8"))["numbers"]["value"] == [2.0]
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert [file["name"] for file in record["files"]] == ["published.json"]
    assert record["parameters"]["00_page"]["published"] == "2026-W46"
    for file in folder.rglob("*.*"):
        assert str(reports.parent) not in file.read_text(encoding="utf-8"), file


def test_only_a_page_that_asks_is_told_and_only_of_weeks_that_are_on_file(tmp_path):
    for week in ("2026-W44", "2026-W45", "2026-W46", ".draft-2026-W43"):
        (tmp_path / week).mkdir()
    for week in ("2026-W44", "2026-W46", ".draft-2026-W43"):
        (tmp_path / week / "published.json").write_text("{}")
    asking, silent = {"00": {"published": ""}}, {"00": {"as_of": "latest"}}
    assert published_earlier(tmp_path, week="2026-W46", pages=asking) == {"published": "2026-W44"}
    assert published_earlier(tmp_path, week="2026-W44", pages=asking) == {}
    assert published_earlier(tmp_path, week="2026-W46", pages=silent) == {}


def test_numbers_come_back_as_they_were_published(tmp_path, monkeypatch):
    monkeypatch.setenv("LEADREPORT_REPORTS", str(tmp_path))
    monkeypatch.setenv("LEADREPORT_DISPLAY", "report")
    (tmp_path / "2026-W45").mkdir()
    bundle = page.publish(NUMBERS)._repr_mimebundle_()
    (tmp_path / "2026-W45" / "published.json").write_text(bundle[PUBLISHED_MIME], encoding="utf-8")
    kept = published("2026-W45")
    assert kept.drop("definition_version").equals(NUMBERS)
    assert kept["definition_version"].to_list() == [None] * NUMBERS.height
    assert published("").is_empty()


def test_a_week_without_published_numbers_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("LEADREPORT_REPORTS", str(tmp_path))
    with pytest.raises(PageError, match="no published numbers of 2026-W01"):
        published("2026-W01")
