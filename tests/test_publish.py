"""What a page must not publish is refused, with the page and the place named; what it may is escaped."""

import hashlib
import json

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from report_cases import SUMMARY

from leadreport.errors import PageError
from leadreport.publish import PageLink, export_page, read_text
from leadreport.publish.content_rules import MOST_BYTES, check_html, check_size
from leadreport.publish.figures import figure
from leadreport.publish.template import VEGA, VEGA_LICENCE, bundled_versions, css_text, needed_versions
from leadreport.words import CHART_MIME


def chart(rows, **more):
    encoding = {"x": {"field": "week"}, "y": {"field": "leads", "type": "quantitative"}}
    spec = {"title": "Leads", "description": "By week.", "mark": "bar", "encoding": encoding, "data": {"values": rows}}
    return json.dumps(spec | more)


def drawn(rows, **more):
    return figure(chart(rows, **more), page="02_funnel", number=3, language="en")


def page_of(*outputs, text="## A section"):
    cells = [new_markdown_cell("# A page\n\nFor a reader."), new_markdown_cell(text)]
    return new_notebook(cells=[*cells, new_code_cell("1 + 1", outputs=list(outputs))])


def shown(**bundle):
    return new_output("display_data", data={mime.replace("_", "/", 1): value for mime, value in bundle.items()})


def html_of(notebook):
    text = read_text(notebook, page="a")
    links = [PageLink("a", text.title, text.summary)]
    return export_page(notebook, text=text, page="a", links=links, summary=SUMMARY).decode()


def test_a_chart_with_the_rows_of_a_whole_table_is_refused():
    with pytest.raises(PageError) as told:
        drawn([{"week": 1, "leads": 2}] * 2001)
    assert told.value.problem == "page 02_funnel: chart 3 'Leads' has 2,001 rows of data; a chart may have 2,000"


@pytest.mark.parametrize("column", ["lead_id", "email", "E_Mail", "contact_email", "Name", "first_name", "phone", "id"])
def test_a_chart_that_says_who_a_lead_is_is_refused(column):
    with pytest.raises(PageError, match="page 02_funnel: chart 3 'Leads' has columns that identify a lead") as told:
        drawn([{"week": 1, "leads": 2, column: "x"}])
    assert told.value.found == column


@pytest.mark.parametrize("column", ["channel", "owner", "leads", "lead_source", "email_clicks", "stage_name"])
def test_a_chart_may_say_what_it_counts(column):
    assert drawn([{"week": 1, column: 2}]).title == "Leads"


def test_named_datasets_of_altair_are_looked_into_as_well():
    with pytest.raises(PageError, match="has columns that identify a lead"):
        drawn([], data={"name": "d1"}, datasets={"d1": [{"lead_id": 7}]})


@pytest.mark.parametrize(
    "more",
    [
        {"data": {"url": "https://example.org/leads.csv"}},
        {"mark": "image", "encoding": {"url": {"field": "logo"}}},
        {"encoding": {"href": {"field": "address"}}},
        {"layer": [{"mark": "bar", "data": {"url": "leads.csv"}}]},
    ],
)
def test_a_chart_that_loads_something_is_refused(more):
    with pytest.raises(PageError, match="would load something from elsewhere"):
        drawn([{"week": 1, "leads": 2}], **more)


@pytest.mark.parametrize("part", ["title", "description"])
def test_a_chart_says_what_it_shows(part):
    with pytest.raises(PageError, match=f"has no {part}"):
        drawn([{"week": 1, "leads": 2}], **{part: ""})


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example.org/vega.js"></script>',
        "<script>alert(1)</script>",
        '<img src="https://example.org/pixel.gif">',
        '<img srcset="//example.org/a.png 2x">',
        '<link rel="stylesheet" href="style.css">',
        '<iframe src="page.html"></iframe>',
        '<p style="background: url(https://example.org/a.png)">x</p>',
        "<style>@import 'https://example.org/a.css';</style>",
        '<a href="java\nscript:alert(1)">x</a>',
        '<p onclick="alert(1)">x</p>',
        '<svg><image href="https://example.org/a.png"/></svg>',
        '<svg><use xlink:href="https://example.org/a.svg#b"/></svg>',
        '<meta http-equiv="refresh" content="0; url=https://example.org">',
        '<form action="https://example.org"><input></form>',
    ],
)
def test_an_output_that_loads_or_runs_something_is_refused(html):
    with pytest.raises(PageError) as told:
        html_of(page_of(shown(text_html=html)))
    assert (
        told.value.problem
        == "page a, cell 3 (under 'A section'): its output would run a script or load something from elsewhere"
    )
    with pytest.raises(PageError, match="page a, cell 2"):
        html_of(page_of(text=f"## A section\n\n{html}"))


@pytest.mark.parametrize(
    "html",
    ['<a href="https://example.org">x</a>', '<img src="data:image/png;base64,AA==" alt="x">', '<a href="#top">x</a>'],
)
def test_a_link_that_a_reader_follows_and_a_picture_that_is_here_are_fine(html):
    assert check_html(html, where="page a") == html


@pytest.mark.parametrize(
    "mime", ["application/javascript", "application/vnd.jupyter.widget-view+json", "image/svg+xml"]
)
def test_an_output_that_a_page_cannot_show_is_refused(mime):
    with pytest.raises(PageError, match=r"its output is .*, which a page cannot show"):
        html_of(page_of(new_output("display_data", data={mime: "x", "text/plain": "a widget"})))


def test_a_page_that_is_too_heavy_for_a_mail_is_refused():
    with pytest.raises(PageError, match=r"page a would weigh 1\.6 MB; a page may weigh 1\.5 MB"):
        check_size("x" * (MOST_BYTES + 100_000), page="a")


EVIL = "</script></style><script>alert(1)</script><!--\"'&"


def test_no_text_of_a_chart_breaks_out_of_it():
    rows = [{"week": EVIL, "leads": 2}]
    bundle = {CHART_MIME: chart(rows, title=EVIL, description=EVIL), "text/plain": EVIL}
    html = html_of(page_of(new_output("display_data", data=bundle)))
    assert "alert(1)</script>" not in html
    assert html.count("<script") == 3  # the data of the chart, the libraries, the page's own
    assert "\\u003c/script\\u003e" in html


def test_no_text_breaks_out_of_its_place():
    stream = new_output("stream", name="stdout", text=EVIL)
    html = html_of(page_of(stream, shown(text_plain=EVIL), text=f"## {EVIL.replace('<', '&lt;')}"))
    assert "alert(1)</script>" not in html.replace("&lt;script>alert(1)&lt;/script>", "")
    assert html.count("<script") == 1
    assert css_text(EVIL).isprintable()
    assert "<" not in css_text(EVIL)


def test_a_chart_becomes_a_figure_with_words_and_data():
    html = html_of(
        page_of(new_output("display_data", data={CHART_MIME: chart([{"week": "2026-11-09", "leads": 1200}])}))
    )
    assert 'role="img" aria-label="By week."' in html
    assert '<span class="lr-figure-title">Leads</span>' in html
    assert '<th scope="col">Week</th><th scope="col" class="lr-num">Leads</th>' in html
    assert '<td>9 Nov 2026</td><td class="lr-num">1,200</td>' in html


def test_the_table_that_a_chart_brings_along_is_the_one_shown():
    table = {"columns": [{"label": "Woche", "is_number": False}], "rows": [["2026-W46"]]}
    (told,) = drawn([{"week": 1, "leads": 2}], usermeta={"leadreport": {"table": table}}).tables
    assert (told.headings, told.rows) == (["Woche"], [["2026-W46"]])


def test_warnings_and_colours_of_a_terminal_do_not_enter_the_page():
    said = new_output("stream", name="stderr", text="/home/anna/x.py:3: DeprecationWarning: old")
    html = html_of(page_of(said, new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m\n 50%\r100%\n")))
    assert "DeprecationWarning" not in html
    assert ">red\n100%</pre>" in html


def test_code_is_folded_away_and_silent_cells_fold_with_what_they_lead_to():
    cells = [
        new_code_cell("import polars"),
        new_code_cell("x = 1"),
        new_code_cell("x", outputs=[shown(text_plain="1")]),
    ]
    html = html_of(new_notebook(cells=[new_markdown_cell("# A page"), *cells]))
    assert html.count('<details class="lr-code">') == 1
    assert "<code>import polars\n\nx = 1\n\nx</code>" in html


def test_a_page_has_a_title_sections_and_a_language():
    html = html_of(page_of(text="## How far?\n\n### Of whom?\n\n## How far?"))
    assert '<html lang="en">' in html
    assert "<title>A page · 2026-W46 · Acme &amp; Söhne</title>" in html
    assert '<a href="#how-far">' in html
    assert '<a href="#how-far-2">' in html
    assert '<h3 id="of-whom">' in html


def test_a_page_without_charts_carries_no_library_to_draw_them():
    assert len(html_of(page_of()).encode()) < 50_000


def test_the_kept_library_is_the_one_that_altair_writes_for():
    needed, kept = needed_versions(), bundled_versions()
    assert needed["vega_lite"].startswith(f"{kept['vega_lite']}.")
    assert kept["vega"].split(".")[0] == needed["vega"]
    assert kept["vega_embed"].split(".")[0] == needed["vega_embed"]


def test_the_kept_library_is_whole_and_carries_its_licence():
    assert hashlib.sha256(VEGA.read_bytes()).hexdigest() == bundled_versions()["sha256"]
    assert VEGA.read_text(encoding="utf-8").startswith(f"/*!\n{VEGA_LICENCE.read_text(encoding='utf-8')}*/")
