"""The real pages, made from the sample by the command that everybody runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PHONE, WIDE, opened

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """The folder of the sample's report."""
    reports = tmp_path_factory.mktemp("reports")
    command = [sys.executable, "-m", "leadreport", "run", str(ROOT / "data" / "sample"), "--reports", str(reports)]
    subprocess.run(command, check=True, capture_output=True)
    (record,) = reports.glob("*/run.json")
    return record.parent


@pytest.mark.parametrize("page_name", [*PAGES, "index"])
@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide-light", "phone-dark"])
def test_a_page_draws_all_charts_asks_for_nothing_excludes_nobody_and_fits(browser, week, page_name, viewport, scheme):
    page = opened(browser, week / f"{page_name}.html", viewport=viewport, scheme=scheme)
    assert page.asked == [(week / f"{page_name}.html").as_uri()]
    assert page.complaints == []
    violations = Axe().run(page).response["violations"]
    assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    plots = page.locator(".lr-plot").count()
    assert page.locator(".lr-plot svg").count() == plots
    assert page.locator(".lr-figure details.lr-data table").count() >= plots
    page.context.close()


def test_the_record_holds_the_headlines_of_the_week(week):
    record = json.loads((week / "run.json").read_text(encoding="utf-8"))
    assert record["warnings"] == {}
    assert {"leads", "mqls", "sqls"} <= {headline["name"] for headline in record["headlines"]}
    assert [page["page"] for page in record["pages"]] == PAGES
