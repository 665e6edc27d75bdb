"""Pieces of a page that show themselves: sentences, banners and lists of links."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal, Protocol

from leadreport.errors import PageError
from leadreport.formats import display_mode, phrase

Link = tuple[str, str] | tuple[str, str, str]


class Workspace(Protocol):
    """A workspace that knows which tables it has; see `leadreport.open_workspace`."""

    def has(self, table: str) -> bool: ...


@dataclass(frozen=True)
class Display:
    """A piece of a page: HTML for a browser, text for everything else.

    Examples
    --------
    >>> Display(html="<p>Hello</p>", plain="Hello")
    Hello
    """

    html: str
    plain: str

    def __repr__(self) -> str:
        return self.plain

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        if display_mode() == "text":
            return {"text/plain": self.plain}
        return {"text/html": self.html, "text/plain": self.plain} | self.extra()

    def extra(self) -> dict[str, str]:
        """Further MIME types, for the machine that archives the page."""
        return {}


@dataclass(frozen=True, repr=False)
class Nothing(Display):
    """A piece of a page that is not there: no output at all, in a notebook and in a report."""

    html: str = ""
    plain: str = ""

    def _ipython_display_(self) -> None:
        """Take the place of every other output."""


NOTHING = Nothing()
"""What a page shows where there is nothing to show."""


def element(tag: str, content: str, **attributes: str | None) -> str:
    """An HTML element; attribute values are escaped, content is taken as HTML that is already safe.

    Examples
    --------
    >>> element("p", safe("1 < 2"), class_="lr-finding", aria_label=None)
    '<p class="lr-finding">1 &lt; 2</p>'
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}>{content}</{tag}>"


def safe(text: object) -> str:
    """Text that no browser takes for markup.

    Examples
    --------
    >>> safe("</script> & 'quotes'")
    '&lt;/script&gt; &amp; &#x27;quotes&#x27;'
    """
    return escape(one_line(text))


def one_line(text: object) -> str:
    """Text without line breaks, so that a cell stays a cell."""
    return str(text).replace("\r", " ").replace("\n", " ").replace("\t", " ").strip()


def say(text: str | None) -> Display:
    """One computed sentence: the answer to the question of its section; nothing without a text.

    Examples
    --------
    >>> say("Of 430 leads, 42 became SQLs.").html
    '<p class="lr-finding">Of 430 leads, 42 became SQLs.</p>'
    """
    if not text:
        return NOTHING
    return Display(html=element("p", safe(text), class_="lr-finding"), plain=one_line(text))


NOTES = {"info": "info", "warning": "warning", "missing": "lacking"}
"""The kinds of a banner, each with the phrase that begins it."""


def note(text: str | None, *, kind: Literal["info", "warning", "missing"] = "info") -> Display:
    """A banner that a reader must not overlook; nothing without a text.

    Examples
    --------
    >>> note("The last week is not complete.", kind="warning")
    Careful: The last week is not complete.
    """
    if kind not in NOTES:
        raise PageError(f"a note has no kind '{kind}'", hint=f"allowed: {', '.join(NOTES)}")
    if not text:
        return NOTHING
    begins = phrase(NOTES[kind])
    html = f"{element('strong', safe(begins), class_='lr-note-kind')}: {safe(text)}"
    framed = element("div", html, class_=f"lr-note lr-note-{kind}", role="note")
    return Display(html=framed, plain=f"{begins}: {one_line(text)}")


def missing(ws: Workspace, table: str, what: str, *, hint: str | None = None) -> Display:
    """What a page cannot show when the workspace lacks a table, and how to add it; nothing when it has the table.

    Examples
    --------
    >>> from types import SimpleNamespace as Opened
    >>> missing(Opened(has=lambda table: False), "spend", "what a lead costs", hint="Add spend.csv.")
    Not shown: This page cannot show what a lead costs: there is no spend table. Add spend.csv.
    >>> missing(Opened(has=lambda table: True), "spend", "what a lead costs").plain
    ''
    """
    if ws.has(table):
        return NOTHING
    advice = hint or phrase("missing hint", table=table)
    return note(phrase("missing", what=what, table=table, hint=advice), kind="missing")


def links(items: Iterable[Link], *, title: str | None = None) -> Display:
    """Links to other pages and files: text, address, and perhaps a remark.

    Raises
    ------
    PageError
        For an address that is neither a path nor a web or mail address.

    Examples
    --------
    >>> links([("Funnel", "02_funnel.html", "where leads are lost")])
    See also
    - Funnel (02_funnel.html): where leads are lost
    """
    heading = title or phrase("see also")
    rows = [(item[0], address_of(item[1]), item[2] if len(item) > 2 else None) for item in items]
    shown = "".join(
        element("li", linked(text, to) + (f" {safe(remark)}" if remark else "")) for text, to, remark in rows
    )
    html = element("nav", element("ul", shown), class_="lr-links", aria_label=heading)
    plain = [f"- {one_line(text)} ({to})" + (f": {one_line(remark)}" if remark else "") for text, to, remark in rows]
    return Display(html=html, plain="\n".join([heading, *plain]))


def linked(text: str, address: str | None) -> str:
    """A text that is a link when it has an address."""
    return element("a", safe(text), href=address) if address else safe(text)


def address_of(address: str) -> str:
    """The address itself; one that runs something is refused."""
    scheme = re.match(r"\s*([a-zA-Z][a-zA-Z0-9+.-]*):", address)
    if scheme and scheme[1].lower() not in ("https", "http", "mailto"):
        raise PageError(f"a page does not link to '{address}'", hint="give a path beside the page, or a web address")
    return address
