"""What a reader meets: all charts drawn, nothing asked of the network, readable by anybody, on a phone, on paper."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PHONE, WIDE, opened
from playwright.sync_api import expect
from pypdf import PdfReader
from report_cases import NOTEBOOKS, SUMMARY

from leadreport.run import run_report

FILES = ["2026-W46/00_first.html", "2026-W46/01_charts.html", "2026-W46/index.html", "index.html"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    run_report(
        tmp_path_factory.mktemp("workspace"),
        summary=SUMMARY,
        reports_folder=folder,
        notebooks_folder=NOTEBOOKS / "pages",
        beside={"rejected.csv": b"table,reason\n"},
        progress=False,
    )
    return folder


@pytest.fixture
def charts(browser, reports):
    page = opened(browser, reports / "2026-W46" / "01_charts.html")
    yield page
    page.context.close()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_page_asks_for_nothing_excludes_nobody_and_fits(browser, reports, name, scheme, viewport):
    page = opened(browser, reports / name, viewport=viewport, scheme=scheme)
    assert page.asked == [(reports / name).as_uri()]
    assert page.complaints == []
    assert [
        (found["id"], [node["html"] for node in found["nodes"]]) for found in Axe().run(page).response["violations"]
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    page.context.close()


def test_every_chart_is_drawn(charts):
    assert charts.evaluate("document.documentElement.dataset.drawn") == "3/3"
    assert charts.locator(".lr-plot svg").count() == 3
    assert charts.locator(".lr-plot svg path[aria-roledescription=bar]").count() == 3


def test_the_network_is_forbidden_even_to_a_script(charts):
    assert charts.evaluate("fetch('https://example.org/').then(() => 'answered', () => 'refused')") == "refused"


def test_a_mark_tells_its_numbers_when_pointed_at(charts):
    charts.locator(".lr-plot svg path[aria-roledescription=bar]").first.hover()
    tip = charts.locator("#vg-tooltip-element")
    expect(tip).to_be_visible()
    assert "Reached" in tip.inner_text()
    assert "6012" in tip.inner_text()
    assert "lead </script><b>" in tip.inner_text()


def test_a_chart_is_as_wide_as_its_place_also_after_the_window_changed(charts):
    plot = charts.locator(".lr-plot").first
    before = plot.locator("svg").bounding_box()["width"]
    assert before == pytest.approx(plot.bounding_box()["width"], abs=2)
    charts.set_viewport_size(PHONE)
    charts.wait_for_function("document.querySelector('.lr-plot svg').getBoundingClientRect().width < 340")


def test_dark_repaints_the_words_of_a_chart_and_paper_is_always_light(browser, reports):
    page = opened(browser, reports / "2026-W46" / "01_charts.html", scheme="dark")
    colour = "getComputedStyle(document.querySelector('.lr-plot svg .role-axis-label text')).fill"
    ground = "getComputedStyle(document.body).backgroundColor"
    assert lightness(page.evaluate(colour)) > 0.6 > 0.2 > lightness(page.evaluate(ground))
    page.emulate_media(media="print")
    assert lightness(page.evaluate(colour)) < 0.45
    assert lightness(page.evaluate(ground)) == 1
    page.context.close()


def lightness(colour: str) -> float:
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 765


def test_the_data_of_a_chart_open_with_the_keyboard(charts):
    charts.locator("details.lr-data summary").first.focus()
    charts.keyboard.press("Enter")
    table = charts.locator("details.lr-data table").first
    expect(table).to_be_visible()
    assert table.locator("tbody tr").count() == 3


def test_the_code_is_folded_until_the_keyboard_asks_for_it(charts):
    assert charts.locator("details.lr-code[open]").count() == 0
    toggle = charts.locator("#code-toggle")
    toggle.focus()
    charts.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert charts.locator("details.lr-code[open]").count() == charts.locator("details.lr-code").count() > 0
    charts.keyboard.press("Space")
    assert charts.locator("details.lr-code[open]").count() == 0


def test_the_first_step_of_the_keyboard_skips_to_the_report(charts):
    charts.keyboard.press("Tab")
    skip = charts.locator(".lr-skip")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["x"] >= 0
    charts.keyboard.press("Enter")
    assert charts.evaluate("document.activeElement.id") == "main"


def test_what_is_wider_than_a_phone_scrolls_in_its_own_box(browser, reports):
    page = opened(browser, reports / "2026-W46" / "01_charts.html", viewport=PHONE)
    for box in (page.locator(".lr-output > .lr-table-wrap"), page.locator(".lr-figure-wide .lr-plot-wrap")):
        box.focus()
        page.keyboard.press("End")
        assert box.evaluate("box => box.scrollWidth > box.clientWidth && box.tabIndex === 0")
    page.context.close()


def test_without_scripts_a_page_still_tells_its_numbers(browser, reports):
    page = opened(browser, reports / "2026-W46" / "01_charts.html", java_script_enabled=False)
    page.locator("details.lr-data summary").first.click()
    assert "6,012" in page.locator("details.lr-data table").first.inner_text()
    assert "drawn by a script" in page.locator(".lr-plot").first.inner_text()
    expect(page.locator("#code-toggle")).to_be_hidden()
    page.context.close()


def test_paper_has_running_titles_page_numbers_and_no_chart_cut_in_two(browser, reports, tmp_path):
    page = opened(browser, reports / "2026-W46" / "01_charts.html")
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True, tagged=True)
    pages = PdfReader(tmp_path / "page.pdf").pages
    texts = [" ".join(one.extract_text().split()) for one in pages]
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [595, 842]
    for number, text in enumerate(texts, start=1):
        assert "Acme & Söhne · Lead report 2026-W46 · How do charts come through?" in text
        assert f"{number} / {len(texts)}" in text
    # A chart and its caption are on one page: its first and its last words are.
    for first, last in (
        ("How far do leads get?", "840"),
        ("How does the close rate move?", "2026-W4"),
        ("SQLs by channel", "partner"),
    ):
        assert any(first in text and last in text for text in texts), first
    assert not any("The data as a table" in text or "Show the code" in text for text in texts)
    page.context.close()


def test_a_figure_asks_not_to_be_cut(charts):
    charts.emulate_media(media="print")
    kept = charts.evaluate(
        "[...document.querySelectorAll('.lr-figure')].map(each => getComputedStyle(each).breakInside)"
    )
    assert kept == ["avoid"] * 3
