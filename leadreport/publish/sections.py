"""A page's text: its title, its introduction, its sections, and where a cell stands in them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape

from nbformat import NotebookNode

from leadreport.publish.nbconvert_hooks import markdown_html

HEADING = re.compile(r"<h([1-6])[^>]*>(.*?)</h\1>", re.DOTALL)

TEMPLATE_IDS = {"main", "contents", "about", "top", "code-toggle"}
"""Ids that the template uses itself."""

ADDED_TAGS = {"injected-parameters", "papermill-error-cell-tag"}
"""Tags of the cells that papermill adds; a reader of the notebook does not count them."""


@dataclass(frozen=True)
class Section:
    """A heading of the second level, and its id."""

    title: str
    anchor: str


@dataclass(frozen=True)
class Piece:
    """Part of a Markdown cell as HTML, and whether a section begins with it."""

    html: str
    begins_section: bool


@dataclass(frozen=True)
class PageText:
    """The text of a page.

    Parameters
    ----------
    title
        The first heading, as text.
    lead
        What follows it in the same cell, as HTML.
    summary
        The first paragraph of the lead, as text.
    cells
        The pieces of each further Markdown cell, by the cell's index; headings have ids.
    """

    title: str
    lead: str
    summary: str
    cells: dict[int, list[Piece]]
    sections: list[Section]


def read_text(notebook: NotebookNode, *, page: str) -> PageText:
    """The Markdown of a notebook as HTML, with the page's title and its sections.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> cells = [new_markdown_cell("# The funnel\\n\\nFor both."), new_markdown_cell("## How far?")]
    >>> text = read_text(new_notebook(cells=cells), page="02_funnel")
    >>> text.title, text.summary, text.sections
    ('The funnel', 'For both.', [Section(title='How far?', anchor='how-far')])
    """
    anchors = Anchors()
    texts = {
        index: anchors.mark(markdown_html(cell))
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown"
    }
    first = min(texts, default=None)
    title, lead = split_title(texts.pop(first)) if first is not None else ("", "")
    summary = text_of(re.split("</p>", lead, maxsplit=1)[0])
    return PageText(
        title or page, lead, summary, {index: pieces_of(text) for index, text in texts.items()}, anchors.sections
    )


def pieces_of(html: str) -> list[Piece]:
    """A cell's HTML, cut before each heading of the second level: a section begins there.

    Examples
    --------
    >>> [piece.begins_section for piece in pieces_of('<p>So.</p><h2 id="next">Next</h2><p>Well.</p>')]
    [False, True]
    """
    return [Piece(part, part.startswith("<h2")) for part in re.split(r"(?=<h2 id=)", html.strip()) if part.strip()]


def split_title(html: str) -> tuple[str, str]:
    """The first heading as text, and the rest.

    Examples
    --------
    >>> split_title("<h1>Win &amp; lose</h1><p>For sales.</p>")
    ('Win & lose', '<p>For sales.</p>')
    """
    found = re.match(r"\s*<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return (text_of(found[1]), html[found.end() :].strip()) if found else ("", html.strip())


def text_of(html: str) -> str:
    """HTML without its tags, in one line.

    Examples
    --------
    >>> text_of("<p>For <em>marketing</em> &amp; sales</p>")
    'For marketing & sales'
    """
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


class Anchors:
    """Gives each heading an id made from its words; a second first-level heading becomes a section."""

    def __init__(self) -> None:
        self.taken = set(TEMPLATE_IDS)
        self.sections: list[Section] = []
        self.has_title = False

    def mark(self, html: str) -> str:
        return HEADING.sub(self._marked, html)

    def _marked(self, found: re.Match[str]) -> str:
        level = int(found[1])
        if level == 1 and not self.has_title:
            self.has_title = True
            return found[0]
        level = max(level, 2)
        anchor = self._free(slug(text_of(found[2])))
        if level == 2:
            self.sections.append(Section(text_of(found[2]), anchor))
        return f'<h{level} id="{escape(anchor)}">{found[2]}</h{level}>'

    def _free(self, wanted: str) -> str:
        names = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(self.taken) + 2))
        anchor = next(name for name in names if name not in self.taken)
        self.taken.add(anchor)
        return anchor


def slug(text: str) -> str:
    """Words joined by hyphens, for an address.

    Examples
    --------
    >>> slug("How far do MQLs get?"), slug("Wie weit kommen Geschäfte?"), slug("???")
    ('how-far-do-mqls-get', 'wie-weit-kommen-geschafte', 'section')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) or "section"


def place_of(cells: Sequence[NotebookNode], index: int) -> str:
    """Where a cell is, as a reader finds it: its number and the heading above it.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_markdown_cell
    >>> place_of([new_markdown_cell("## How fast?"), new_code_cell("1 / 0")], 1)
    "cell 2 (under 'How fast?')"
    """
    before = [cell for cell in cells[: index + 1] if not ADDED_TAGS.intersection(cell.metadata.get("tags", []))]
    titles = [
        line.lstrip("#").strip()
        for cell in before
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.match(r"#{1,6} ", line)
    ]
    return f"cell {len(before)}" + (f" (under '{titles[-1]}')" if titles else "")
