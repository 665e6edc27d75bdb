"""Published numbers stay on file, and later reports compare with them, also across versions."""

import json
from dataclasses import replace
from shutil import copytree

import nbformat
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from report_cases import FIXTURES, SUMMARY

from leadreport import page
from leadreport.errors import PageError
from leadreport.page import published
from leadreport.run import ReportsFolderError, run_report
from leadreport.run.record import read_records, write_reports_index
from leadreport.run.report import published_earlier
from leadreport.words import PUBLISHED_MIME, REPORT_FORMAT

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
def notebooks(tmp_path):
    """A folder with one page that publishes one number under its date."""
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
    return folder


@pytest.fixture
def reports(tmp_path, notebooks):
    """Reports of three weeks in a row."""
    for number in (46, 47, 48):
        run_week(tmp_path / "reports", number, notebooks=notebooks)
    return tmp_path / "reports"


def run_week(reports, number, *, notebooks):
    day = SUMMARY.as_of.replace(day=15 + 7 * (number - 46)) if number < 48 else SUMMARY.as_of.replace(day=29)
    summary = replace(SUMMARY, week=f"2026-W{number}", as_of=day)
    run_report(notebooks, summary=summary, reports_folder=reports, notebooks_folder=notebooks, progress=False)


def test_each_report_is_given_the_latest_earlier_week_and_run_again_it_is_the_same(reports):
    html = {
        week: (reports / week / "00_page.html").read_text(encoding="utf-8")
        for week in ("2026-W46", "2026-W47", "2026-W48")
    }
    assert "Published earlier: []." in html["2026-W46"]
    assert "Published earlier: [&#x27;2026-11-16&#x27;]." in html["2026-W47"]
    assert "Published earlier: [&#x27;2026-11-23&#x27;]." in html["2026-W48"]
    run_week(reports, 47, notebooks=reports.parent / "notebooks")
    assert (reports / "2026-W47" / "00_page.html").read_text(encoding="utf-8") == html["2026-W47"]


def test_the_published_numbers_are_a_file_of_the_report_and_show_no_path_of_the_machine(reports):
    folder = reports / "2026-W47"
    assert json.loads((folder / "published.json").read_text(encoding="utf-8"))["numbers"]["value"] == [2.0]
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert [file["name"] for file in record["files"]] == ["published.json"]
    assert record["parameters"]["00_page"]["published"] == "2026-W46"
    for file in folder.rglob("*.*"):
        assert str(reports.parent) not in file.read_text(encoding="utf-8"), file


def test_only_a_page_that_asks_gets_an_earlier_week_and_only_one_that_is_on_file(tmp_path):
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


def test_a_week_without_published_numbers_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("LEADREPORT_REPORTS", str(tmp_path))
    with pytest.raises(PageError, match="no published numbers of 2026-W01"):
        published("2026-W01")


# Reports of the version before this one, as it wrote them, and of a version after it


@pytest.fixture
def earlier(tmp_path):
    """The report of 2026-W45 and the failure of 2026-W47 by the version that wrote no format number, shortened."""
    return copytree(FIXTURES / "earlier_reports", tmp_path / "reports")


def test_the_index_is_built_over_reports_of_the_version_before(earlier):
    write_reports_index(earlier)
    html = (earlier / "index.html").read_text(encoding="utf-8")
    assert 'href="2026-W45/index.html"' in html
    assert "The data reach until 2026-11-15; the week 2026-W47 ends on 2026-11-22." in html
    assert "normal variation" in html and "within noise" not in html


def test_a_new_run_compares_with_the_numbers_of_the_version_before(earlier, notebooks):
    run_week(earlier, 46, notebooks=notebooks)
    html = (earlier / "2026-W46" / "00_page.html").read_text(encoding="utf-8")
    weeks = "&#x27;2026-W44&#x27;, &#x27;2026-W45&#x27;, &#x27;2026-W44&#x27;, &#x27;2026-W45&#x27;"
    assert f"Published earlier: [{weeks}]." in html
    assert [record["week"] for record in read_records(earlier)] == ["2026-W46", "2026-W45"]


def test_numbers_of_the_version_before_are_read_as_they_are(earlier, monkeypatch):
    monkeypatch.setenv("LEADREPORT_REPORTS", str(earlier))
    assert published("2026-W45").select("name", "week", "value").rows() == [
        ("leads", "2026-W44", 105.0),
        ("leads", "2026-W45", 116.0),
        ("sqls", "2026-W44", 20.0),
        ("sqls", "2026-W45", 12.0),
    ]


@pytest.mark.parametrize("name", ["run.json", "published.json"])
@pytest.mark.parametrize(("number", "is_read"), [(REPORT_FORMAT, True), (REPORT_FORMAT + 1, False)])
def test_files_of_a_newer_version_stop_the_run_before_any_page(earlier, notebooks, name, number, is_read):
    file = earlier / "2026-W45" / name
    content = json.loads(file.read_text(encoding="utf-8"))
    content = content if name == "run.json" else {"numbers": content}
    file.write_text(json.dumps(content | {"format": number}), encoding="utf-8")
    if is_read:
        run_week(earlier, 46, notebooks=notebooks)
        return
    with pytest.raises(ReportsFolderError, match="was written by a newer version of leadreport") as error:
        run_week(earlier, 46, notebooks=notebooks)
    assert error.value.found == f"format {number}; this version reads formats up to {REPORT_FORMAT}"
    assert not (earlier / "2026-W46").exists() and not (earlier / "2026-W46.failed.json").exists()


def test_a_page_refuses_published_numbers_of_a_newer_version(earlier, monkeypatch):
    monkeypatch.setenv("LEADREPORT_REPORTS", str(earlier))
    (earlier / "2026-W45" / "published.json").write_text(json.dumps({"format": REPORT_FORMAT + 1, "numbers": {}}))
    with pytest.raises(PageError, match=r"numbers of 2026-W45 were written by a newer version"):
        published("2026-W45")


def test_what_a_run_writes_has_its_format(reports):
    for name in ("run.json", "published.json"):
        content = json.loads((reports / "2026-W47" / name).read_text(encoding="utf-8"))
        assert content["format"] == REPORT_FORMAT, name
