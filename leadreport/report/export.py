"""An executed page as one HTML file that needs nothing from anywhere, the same bytes for the same outputs."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment
from nbconvert import HTMLExporter, TemplateExporter
from nbformat import NotebookNode
from traitlets.config import Config

from leadreport import formats
from leadreport.report.bundle import vega_bundle
from leadreport.report.guard import check_size
from leadreport.report.outline import Prose
from leadreport.report.outputs import TYPES, prepared
from leadreport.report.summary import WorkspaceSummary
from leadreport.report.words import words

TEMPLATES = Path(__file__).parent / "templates"

SCRIPTS = "<!--scripts-->"


@dataclass(frozen=True)
class PageLink:
    """A page of the run, as the others link to it; `label` is short enough for a row of links."""

    page: str
    title: str
    summary: str
    label: str

    @property
    def address(self) -> str:
        return f"{self.page}.html"


class PageExporter(HTMLExporter):
    """nbconvert's exporter with the package's own template on nbconvert's `base`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(template_name="leadreport", extra_template_basedirs=[str(TEMPLATES)], **options)

    @property
    def default_config(self) -> Config:
        config = super().default_config
        config.merge(Config({"NbConvertBase": {"display_data_priority": list(TYPES)}}))
        return config

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        # HTMLExporter would parse the finished page once more, to add what this template already says.
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        prepare_environment(environment)
        return environment


def prepare_environment(environment: Environment) -> None:
    """What every template of the report has at hand; whatever a template prints is escaped unless it says `safe`."""
    environment.autoescape = True
    environment.filters |= {
        "count": lambda value: formats.count(value),
        "day": lambda value: formats.date(value),
        "days": lambda value: formats.span(value, value + timedelta(days=7)),
        "instant": lambda value: formats.instant(value),
        "css_text": css_text,
        "phrase": lambda text: formats.phrase(text),
        "kilobytes": lambda value: (
            f"{formats.number(value / 1000, decimals=0 if value >= 10_000 else 1)}{formats.NNBSP}kB"
        ),
    }
    environment.globals |= {"style": style(), "version": version("leadreport")}


def css_text(text: str) -> str:
    """Text as a string of a style sheet, from which it cannot break out.

    Examples
    --------
    >>> print(css_text('</style> "A" \\\\ B'))
    "\\3c /style\\3e  \\22 A\\22  \\5c  B"
    """
    return '"' + "".join(f"\\{ord(sign):x} " if sign in "<>&\"'\\\n\r\f" else sign for sign in text) + '"'


@cache
def style() -> str:
    """The style sheets, one after the other."""
    return "\n".join(
        (TEMPLATES / "leadreport" / f"{name}.css").read_text(encoding="utf-8")
        for name in ("look", "parts", "charts", "print")
    )


@cache
def scripts(*, has_charts: bool) -> tuple[str, ...]:
    """The scripts of a page; Vega only where there is a chart to draw."""
    code = (TEMPLATES / "leadreport" / "page.js").read_text(encoding="utf-8")
    return (vega_bundle(), code) if has_charts else (code,)


@cache
def content_policy(*, has_charts: bool) -> str:
    """What a browser lets the page do: run these very scripts, style itself, show what it carries. No network."""
    hashes = " ".join(f"'{_digest(code)}'" for code in scripts(has_charts=has_charts))
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(code: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()


def export_page(
    notebook: NotebookNode,
    *,
    prose: Prose,
    page: str,
    links: Sequence[PageLink],
    summary: WorkspaceSummary,
    beside: Sequence[str] = (),
) -> bytes:
    """The page as HTML.

    Parameters
    ----------
    prose
        The page's text, from `read_prose`.
    links
        All pages of the run, in reading order.
    beside
        Names of the files that the run leaves beside the page.

    Raises
    ------
    PageError
        When an output would load something, run a script or publish who the leads are, or the page is too heavy.
    """
    formats.use(language=summary.language, zone=summary.zone)
    shown = prepared(notebook, prose=prose, page=page, language=summary.language)
    has_charts = any(
        output.get("metadata", {}).get("figure") for cell in shown.cells for output in cell.get("outputs", [])
    )
    place = [link.page for link in links].index(page)
    resources = {
        "view": {
            "page": page,
            "prose": prose,
            "links": links,
            "before": links[place - 1] if place else None,
            "after": links[place + 1] if place + 1 < len(links) else None,
            "summary": summary,
            "beside": beside,
            "words": words(summary.language),
            "content_policy": content_policy(has_charts=has_charts),
        }
    }
    html, _ = _exporter().from_notebook_node(shown, resources=resources)
    code = "\n".join(f'<script type="module">{code}</script>' for code in scripts(has_charts=has_charts))
    return check_size(html.replace(SCRIPTS, code), page=page)


@cache
def _exporter() -> PageExporter:
    return PageExporter()
