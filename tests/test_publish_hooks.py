"""The uses of nbconvert's internals still fit what is installed.

`leadreport/publish/nbconvert_hooks.py` is the only file to change when one of these tests fails after an upgrade.
"""

import inspect
import re
from pathlib import Path

import pytest
from jinja2 import Environment
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from leadreport.publish import nbconvert_hooks
from leadreport.publish.nbconvert_hooks import html_exporter, markdown_html, page_html
from leadreport.publish.template import FOLDER

PUBLISH = Path(nbconvert_hooks.__file__).parent


@pytest.fixture
def exporter(tmp_path):
    """An exporter with a small template on nbconvert's `base`, which shows text before HTML."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "conf.json").write_text((FOLDER / "conf.json").read_text())
    (folder / "index.html.j2").write_text(
        "{%- extends 'base/display_priority.j2' -%}"
        "{%- block body_header -%}{{ resources.view.title | shout }}{%- endblock -%}"
        "{%- block data_text -%}text {{ output.data['text/plain'] }}{%- endblock -%}"
        "{%- block data_html -%}html{%- endblock -%}"
    )

    def prepare(environment: Environment) -> None:
        environment.autoescape = True
        environment.filters["shout"] = str.upper

    return html_exporter(template="small", folder=tmp_path, shown_types=("text/plain", "text/html"), prepare=prepare)


def test_the_exporter_takes_our_template_our_filters_and_our_order_of_types(exporter):
    output = new_output("display_data", data={"text/html": "<b>x</b>", "text/plain": "a < b"})
    html = page_html(exporter, new_notebook(cells=[new_code_cell("x", outputs=[output])]), view={"title": "funnel"})
    assert "FUNNEL" in html and "text a &lt; b" in html and "html" not in html


def test_every_block_that_our_template_fills_is_one_of_nbconverts():
    folders = [Path(folder) for folder in HTMLExporter().template_paths if Path(folder).name == "base"]
    offered = set()
    for name in ("display_priority.j2", "null.j2"):
        (text,) = [(folder / name).read_text() for folder in folders if (folder / name).is_file()][:1]
        offered |= set(re.findall(r"block (\w+)", text))
    filled = set(re.findall(r"block (\w+)", (FOLDER / "index.html.j2").read_text(encoding="utf-8")))
    assert filled <= offered


def test_a_page_is_not_parsed_once_more_after_it_is_made():
    assert HTMLExporter.from_notebook_node is not TemplateExporter.from_notebook_node
    assert list(inspect.signature(TemplateExporter.from_notebook_node).parameters)[:3] == ["self", "nb", "resources"]


def test_markdown_is_rendered_with_attached_pictures_and_without_links_at_headings():
    cell = new_markdown_cell("## How far?\n\n![x](attachment:a.png) <b>bold</b>")
    cell["attachments"] = {"a.png": {"image/png": "AA=="}}
    html = markdown_html(cell)
    assert 'src="data:image/png;base64,AA=="' in html and "<b>bold</b>" in html
    assert re.search(r"<h2[^>]*>How far\?</h2>", html)
    assert {"escape", "exclude_anchor_links", "attachments"} <= set(inspect.signature(IPythonRenderer).parameters)


def test_internals_of_nbconvert_are_used_in_one_file():
    users = {
        path.name
        for path in PUBLISH.parent.rglob("*.py")
        if re.search(r"^ *(from|import) nbconvert", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert users == {"nbconvert_hooks.py"}
