"""Every use of nbconvert's internals; tests/test_publish_hooks.py fails when an upgrade changes one of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets.config import Config


def html_exporter(
    *, template: str, folder: Path, shown_types: Sequence[str], prepare: Callable[[Environment], None]
) -> HTMLExporter:
    """nbconvert's exporter with a template of our own, which extends nbconvert's `base`.

    Parameters
    ----------
    shown_types
        The types that an output may have; the first that an output has is shown.
    prepare
        Adds filters and globals to the template's environment.
    """
    exporter = HTMLExporter(
        config=Config({"NbConvertBase": {"display_data_priority": list(shown_types)}}),
        template_name=template,
        extra_template_basedirs=[str(folder)],
    )
    prepare(exporter.environment)
    return exporter


def page_html(exporter: HTMLExporter, notebook: NotebookNode, *, view: Mapping[str, object]) -> str:
    """The notebook as HTML; the template finds `view` in its `resources`."""
    # HTMLExporter's own method parses the finished page once more, to add what our template already contains.
    html, _ = TemplateExporter.from_notebook_node(exporter, notebook, resources={"view": dict(view)})
    return html


def markdown_html(cell: NotebookNode) -> str:
    """A Markdown cell as HTML, including the pictures attached to it."""
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True, attachments=cell.get("attachments", {}))
    return MarkdownWithMath(renderer=renderer).render(cell.source)
