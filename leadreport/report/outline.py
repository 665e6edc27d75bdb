"""A page's prose: its title, its lead, its sections and their headings."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

HEADING = re.compile(r"<h([1-6])[^>]*>(.*?)</h\1>", re.DOTALL)

RESERVED = {"main", "contents", "about", "top", "code-toggle"}
"""Ids that the template uses itself."""


@dataclass(frozen=True)
class Section:
    """A heading of the second level and where it is found."""

    title: str
    anchor: str


@dataclass(frozen=True)
class Piece:
    """Some HTML of a cell, and whether a section begins with it."""

    html: str
    begins_section: bool


@dataclass(frozen=True)
class Prose:
    """The text of a page.

    Parameters
    ----------
    title
        The first heading, as text.
    lead
        What stands below it in the same cell, as HTML.
    cells
        The index of each further Markdown cell and its pieces; headings have ids.
    """

    title: str
    lead: str
    summary: str
    cells: dict[int, list[Piece]]
    sections: list[Section]


def read_prose(notebook: NotebookNode, *, page: str) -> Prose:
    """The Markdown of a notebook as HTML, with the page's title and its sections.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> cells = [new_markdown_cell("# The funnel\\n\\nFor both."), new_markdown_cell("## How far?")]
    >>> prose = read_prose(new_notebook(cells=cells), page="02_funnel")
    >>> prose.title, prose.summary, prose.sections
    ('The funnel', 'For both.', [Section(title='How far?', anchor='how-far')])
    """
    anchors = Anchors()
    texts = {
        index: anchors.mark(html_of(cell)) for index, cell in enumerate(notebook.cells) if cell.cell_type == "markdown"
    }
    first = min(texts, default=None)
    title, lead = split_title(texts.pop(first)) if first is not None else ("", "")
    summary = text_of(re.split("</p>", lead, maxsplit=1)[0])
    pieces = {index: pieces_of(text) for index, text in texts.items()}
    return Prose(title or page, lead, summary, pieces, anchors.sections)


def pieces_of(html: str) -> list[Piece]:
    """A cell's HTML, cut before each heading of the second level: there a section begins.

    Examples
    --------
    >>> [piece.begins_section for piece in pieces_of('<p>So.</p><h2 id="next">Next</h2><p>Well.</p>')]
    [False, True]
    """
    return [Piece(part, part.startswith("<h2")) for part in re.split(r"(?=<h2 id=)", html.strip()) if part.strip()]


def html_of(cell: NotebookNode) -> str:
    """A Markdown cell as HTML, pictures that are attached to it included."""
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True, attachments=cell.get("attachments", {}))
    return MarkdownWithMath(renderer=renderer).render(cell.source)


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
    """Gives each heading an id that stays as long as its words do; a second first-level heading becomes a section."""

    def __init__(self) -> None:
        self.taken = set(RESERVED)
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


def silent_before(cells: Sequence[NotebookNode], index: int) -> list[int]:
    """The code cells without output directly before a cell: their code belongs to what that cell shows."""
    found: list[int] = []
    for before in range(index - 1, -1, -1):
        cell = cells[before]
        if cell.cell_type != "code" or cell.outputs:
            break
        found.insert(0, before)
    return found
