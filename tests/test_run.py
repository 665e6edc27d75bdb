"""A report appears whole or not at all, the same from the same files, and never when a page did not run to its end."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import nbformat
import pytest
from report_cases import NOTEBOOKS, SUMMARY

from leadreport.errors import InputError, LeadreportError, PageError
from leadreport.run import ReportsFolderError, Stopwatch, defaults_of, run_report
from leadreport.run.execution import Job, execute_page, raise_failures
from leadreport.run.jupyter_hooks import Kernels
from leadreport.run.parameters import read_notebook
from leadreport.run.progress import Progress
from leadreport.run.record import keep_failure
from leadreport.run.report import files_unchanged
from leadreport.run.reports_folder import locked

PAGES = NOTEBOOKS / "pages"
FAILING = NOTEBOOKS / "failing"


def run_pages(reports, *, workspace, notebooks=PAGES, **options):
    options = {"progress": False, "beside": {"rejected.csv": b"table,reason\n"}} | options
    return run_report(
        workspace,
        summary=options.pop("summary", SUMMARY),
        reports_folder=reports,
        notebooks_folder=notebooks,
        **options,
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a-workspace")
    (folder / "policy.toml").touch()
    (folder / "json.py").write_text("raise RuntimeError('a file of the workspace was taken for a library')")
    return folder


@pytest.fixture(scope="module")
def reports(tmp_path_factory, workspace):
    folder = tmp_path_factory.mktemp("reports")
    run_pages(folder, workspace=workspace, parameters={"weeks": 13})
    return folder


@pytest.fixture
def kept(reports, tmp_path):
    """A folder of reports that a test may change."""
    return copytree(reports, tmp_path / "reports")


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def week(reports):
    return reports / SUMMARY.week


def test_a_run_leaves_pages_index_record_notebooks_and_what_lies_beside(reports):
    assert sorted(files(reports)) == [
        "2026-W46/00_first.html", "2026-W46/01_charts.html", "2026-W46/index.html", "2026-W46/notebooks/00_first.ipynb",
        "2026-W46/notebooks/01_charts.ipynb", "2026-W46/rejected.csv", "2026-W46/run.json", "index.html",
    ]  # fmt: skip


def test_everybody_may_read_what_a_run_leaves(reports):
    mask = os.umask(0)
    os.umask(mask)
    for path in reports.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o777 if path.is_dir() else 0o666) & ~mask, path


def test_a_page_gets_its_values_runs_in_its_workspace_and_sees_no_more_of_the_machine(reports, workspace):
    html = (week(reports) / "00_first.html").read_text(encoding="utf-8")
    assert "13 2026-11-16 report . [&#39;json.py&#39;, &#39;policy.toml&#39;]" in html
    for name, content in files(week(reports)).items():
        assert str(workspace).encode() not in content, name
        assert str(Path.home()).encode() not in content or str(Path.home()) == "/", name


def test_the_masthead_says_what_a_pages_own_header_says(reports):
    html = (week(reports) / "00_first.html").read_text(encoding="utf-8")
    assert "<p>said by the masthead already" not in html
    for told in (
        "9 Nov to 15 Nov 2026",
        "16 Nov 2026, 00:00",
        "15 Nov 2026",
        "4f1c2a90b3d1",
        "12 of 6,412",
        "abababababab",
    ):
        assert told in html, told


def test_the_executed_notebooks_are_kept_without_times_and_without_the_last_cell(reports):
    page = nbformat.read(week(reports) / "notebooks" / "00_first.ipynb", as_version=4)
    nbformat.validate(page)
    assert "papermill" not in json.dumps(page)
    assert page.cells[2].source == '# Parameters\nworkspace = "."\nas_of = "2026-11-16"\nweeks = 13\n'
    assert "the page ran to its end" not in json.dumps(page)


def test_the_record_says_what_went_in_and_what_came_out(reports):
    record = json.loads((week(reports) / "run.json").read_text(encoding="utf-8"))
    assert record["week"] == "2026-W46"
    assert record["as_of"] == "2026-11-15T23:00:00+00:00"
    assert record["parameters"]["00_first"] == {"workspace": ".", "as_of": "2026-11-16", "weeks": 13}
    assert record["inputs"][0] == {
        "file": "leads.parquet", "table": "leads", "size": 812345, "rows": 6012, "sha256": "ab" * 32,
    }  # fmt: skip
    assert record["tables"][0] == {"table": "leads", "read": 6012, "rejected": 12}
    assert [headline["name"] for headline in record["headlines"]] == ["sqls", "leads"]
    assert {"leadreport", "python", "polars", "papermill"} <= set(record["versions"])
    assert [(page["page"], page["title"]) for page in record["pages"]] == [
        ("00_first", "What was the week like?"), ("01_charts", "How do charts come through?"),
    ]  # fmt: skip
    for page in record["pages"]:
        assert page["size"] == (week(reports) / page["name"]).stat().st_size <= 1_500_000
    assert list(record["timings"]["parts"]) == ["execution", "export"]
    assert list(record) == sorted(record)


def test_the_same_files_give_the_same_bytes(reports, workspace, tmp_path):
    run_pages(tmp_path, workspace=workspace, parameters={"weeks": 13})
    first, second = files(reports), files(tmp_path)
    records = [json.loads(one.pop("2026-W46/run.json")) for one in (first, second)]
    assert first == second
    assert [record.pop("timings") for record in records]
    assert records[0] == records[1]


def test_the_indices_tell_headlines_and_link_to_everything(reports):
    for index in (reports / "index.html", week(reports) / "index.html"):
        html = index.read_text(encoding="utf-8")
        assert "SQLs" in html
        assert "normal variation" in html
        for link in (part.split('"')[0] for part in html.split('href="')[1:]):
            assert link.startswith("#") or link == "../index.html" or (index.parent / link).is_file(), link


def test_a_second_week_stands_beside_the_first_newest_first(kept, workspace):
    after = replace(SUMMARY, week="2026-W47", as_of=SUMMARY.as_of.replace(day=22))
    run_pages(kept, workspace=workspace, summary=after, pages=["00_first"])
    html = (kept / "index.html").read_text(encoding="utf-8")
    assert 0 < html.index("2026-W47/index.html") < html.index("2026-W46/index.html")


# Pages that fail


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """The error of each failing page, by its name; they run side by side."""
    folder, workspace = tmp_path_factory.mktemp("k"), tmp_path_factory.mktemp("workspace")
    kernels = Kernels(folder)

    def error_of(number, page):
        notebook = read_notebook(FAILING / f"{page}.ipynb")
        job = Job(
            page, notebook, workspace, {"workspace": ".", "as_of": "2026-11-16"}, 3.0 if page == "lasts" else 60.0
        )
        with pytest.raises(PageError) as told:
            execute_page(job, kernels=kernels, number=number)
        return told.value

    pages = ["raises", "tells", "leaves", "dies", "lasts"]
    with ThreadPoolExecutor(3) as workers:
        errors = dict(zip(pages, workers.map(error_of, range(len(pages)), pages), strict=True))
    return errors | {"child": int((workspace / "child.txt").read_text())}


def test_an_error_names_page_cell_and_heading_and_shows_the_line_in_plain_words(failures):
    assert str(failures["raises"]) == (
        "page raises, cell 5 (under 'Where it fails'): KeyError: 'mqls'\n\n"
        'Found: counts["mqls"]\n\n'
        "Hint: open raises.ipynb in JupyterLab and run it to this cell"
    )


def test_an_error_of_the_package_keeps_its_three_parts(failures):
    told = failures["tells"]
    assert told.problem == "page tells, cell 4 (under 'Where it fails'): leads.csv has no column 'lead_id'"
    assert (told.found, told.hint) == ("id, name", "map it in sources.toml")


def test_a_page_that_leaves_early_has_not_succeeded(failures):
    assert (
        failures["leaves"].problem
        == "page leaves, cell 4 (under 'Where it fails'): the cell left the page with SystemExit(0)"
    )


def test_a_kernel_that_dies_is_told_with_its_signal_and_its_last_words(failures):
    told = failures["dies"]
    assert (
        told.problem == "page dies, cell 4 (under 'Where it fails'): the page's Python process ended by signal SIGKILL"
    )
    assert told.found == "out of sheep"
    assert told.hint == "most often the machine ran out of memory"


def test_a_kernel_that_dies_leaves_no_children(failures):
    assert is_gone(failures["child"])


def test_a_page_that_lasts_too_long_is_stopped(failures):
    told = failures["lasts"]
    assert told.problem == "page lasts, cell 4 (under 'Where it fails'): the page took longer than 3 seconds"


def test_a_kernel_that_does_not_start_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("leadreport.run.jupyter_hooks.PROGRAM", tmp_path / "absent.py")
    job = Job("raises", read_notebook(FAILING / "raises.ipynb"), tmp_path, {"as_of": "latest"})
    with pytest.raises(PageError, match="page raises: its Python process did not start"):
        execute_page(job, kernels=Kernels(tmp_path))


def test_a_failed_run_touches_nothing_but_the_index_and_says_why(kept, workspace):
    before = files(week(kept))
    with pytest.raises(PageError, match="page raises, cell 5"):
        run_pages(kept, workspace=workspace, notebooks=FAILING, pages=["raises"])
    assert files(week(kept)) == before
    assert sorted(path.name for path in kept.iterdir()) == ["2026-W46", "2026-W46.failed.json", "index.html"]
    html = (kept / "index.html").read_text(encoding="utf-8")
    assert "Failed" in html
    assert "KeyError: &#39;mqls&#39;" in html
    assert "was not touched" in html


def test_a_run_that_succeeds_after_all_forgets_that_it_failed(kept, workspace):
    keep_failure(kept, week=SUMMARY.week, error=InputError("no <b>leads</b>.csv"))
    assert "no &lt;b&gt;leads&lt;/b&gt;.csv" in (kept / "index.html").read_text(encoding="utf-8")
    run_pages(kept, workspace=workspace, pages=["00_first"])
    assert "Failed" not in (kept / "index.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in kept.iterdir()) == ["2026-W46", "index.html"]


def test_pages_that_may_have_read_different_files_make_no_report(tmp_path):
    (tmp_path / "policy.toml").write_text("sla_hours = 8")
    with (
        pytest.raises(InputError, match=r"policy\.toml changed while the pages ran"),
        files_unchanged(tmp_path, SUMMARY),
    ):
        (tmp_path / "policy.toml").write_text("sla_hours = 24")
    with files_unchanged(tmp_path, SUMMARY):
        pass


def test_several_failing_pages_are_told_together():
    errors = [PageError("page a: x", hint="do"), None, PageError("page b: y")]
    with pytest.raises(PageError, match=r"2 pages failed\n\npage a: x\n\nHint: do\n\npage b: y"):
        raise_failures(errors)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"pages": ["00_frist"]}, "there is no page '00_frist' in"),
        ({"parameters": {"weks": 3}}, "no page has a parameter 'weks'"),
        ({"notebooks": FAILING, "pages": ["untagged"]}, "page untagged has no cell tagged 'parameters'"),
        ({"notebooks": NOTEBOOKS}, "holds no notebook"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_runs(tmp_path, workspace, options, problem):
    with pytest.raises(LeadreportError, match=problem):
        run_pages(tmp_path / "reports", workspace=workspace, **options)


def test_defaults_of_all_pages_are_known_to_the_command_line():
    assert defaults_of(PAGES, None) == {"workspace": "data/sample", "as_of": "latest", "weeks": 26}


# One run at a time, and what interrupted ones leave


def test_two_runs_do_not_write_to_the_same_folder(kept, workspace):
    with locked(kept), pytest.raises(ReportsFolderError, match="another run is writing to"):
        run_pages(kept, workspace=workspace)
    assert not list(kept.glob("*.failed.json"))


def test_what_a_killed_run_left_is_cleared_up(kept):
    before = files(kept)
    (kept / ".draft-2026-W47").mkdir()
    (kept / "2026-W46").rename(kept / ".aside-2026-W46")
    with locked(kept):
        pass
    assert files(kept) == before
    copytree(kept / "2026-W46", kept / ".aside-2026-W46")
    with locked(kept):
        pass
    assert files(kept) == before


def is_gone(process):
    for _ in range(50):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


CALL = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from report_cases import NOTEBOOKS, SUMMARY
from leadreport.run import run_report
run_report(Path({workspace!r}), summary=SUMMARY, reports_folder=Path({reports!r}),
           notebooks_folder=NOTEBOOKS / "failing", pages=["lasts"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process_and_no_file(kept, workspace, number):
    before = files(kept)
    call = CALL.format(tests=str(Path(__file__).parent), workspace=str(workspace), reports=str(kept))
    process = subprocess.Popen([sys.executable, "-c", call], stderr=subprocess.PIPE, text=True)
    kernels = wait_for(lambda: children_of(process.pid))
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode in (128 + number, -number)
    assert all(is_gone(kernel) for kernel in kernels)
    assert "\r" not in said
    assert said.startswith("lasts: running\n")
    if number == signal.SIGTERM:  # nobody may be looking, so the index tells
        assert "stopped from outside" in (kept / "index.html").read_text(encoding="utf-8")
        assert week(kept).is_dir()
    else:
        assert files(kept) == before
    assert not list(kept.glob(".*"))


def wait_for(found, *, seconds=20):
    for _ in range(seconds * 10):
        if result := found():
            time.sleep(0.5)
            return result
        time.sleep(0.1)
    raise TimeoutError


def children_of(process):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False)
    return [int(child) for child in listed.stdout.split()]


# Telling how far a run is


class Terminal(io.StringIO):
    def isatty(self):
        return True


def told(to):
    progress = Progress([("00_first", 3), ("01_charts", 2)], to=to)
    with progress.running("00_first"):
        for _ in range(5):
            progress.stepper("00_first")()
    progress.close()
    return to.getvalue()


def test_a_terminal_gets_a_bar_per_page():
    shown = told(Terminal())
    assert "00_first " in shown
    assert "3/3" in shown
    assert "01_charts" in shown
    assert "\r" in shown


def test_anything_else_gets_plain_lines():
    assert told(io.StringIO()) == "00_first: running\n00_first: ran in 0.0 s\n"


def test_a_watch_splits_the_run_and_sums_it_up():
    watch = Stopwatch.since_start()
    with watch.timing("facts"), watch.timing("export", page="a"):
        time.sleep(0.02)
    record = watch.as_record()
    assert list(record["parts"]) == ["start-up", "facts"]
    assert record["parts"]["start-up"] > 0
    assert record["pages"] == {"a": {"export": pytest.approx(0.02, abs=0.02)}}
    assert watch.line.startswith("start-up ")
    assert "facts 0.0 s, total " in watch.line
