"""Sentences, banners and links."""

import re
from collections.abc import Iterable
from typing import Literal, Protocol

from leadreport.errors import PageError
from leadreport.formats import phrase
from leadreport.page.display import NOTHING, Display, element, one_line, safe

Link = tuple[str, str] | tuple[str, str, str]


class Workspace(Protocol):
    """A workspace that knows which tables it has; see `leadreport.open_workspace`."""

    def has(self, table: str) -> bool: ...


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


def note(text: str | None, *, kind: Literal["info", "warning", "missing"] = "info") -> Display:
    """A banner that a reader must not overlook; nothing without a text.

    Examples
    --------
    >>> note("The last week is not complete.", kind="warning")
    Careful: The last week is not complete.
    """
    words = {"info": "info", "warning": "warning", "missing": "lacking"}
    if kind not in words:
        raise PageError(f"a note has no kind '{kind}'", hint=f"allowed: {', '.join(words)}")
    if not text:
        return NOTHING
    begins = phrase(words[kind])
    html = f"{element('strong', safe(begins), class_='lr-note-kind')}: {safe(text)}"
    return Display(
        html=element("div", html, class_=f"lr-note lr-note-{kind}", role="note"), plain=f"{begins}: {one_line(text)}"
    )


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


def attention(items: Iterable[str | Link], *, title: str | None = None) -> Display:
    """What needs attention this week; each item is a sentence, or a sentence and where to read on.

    Examples
    --------
    >>> attention(["12 leads are overdue."])
    What needs attention
    - 12 leads are overdue.
    >>> attention([])
    What needs attention
    Nothing stands out this week.
    """
    pairs = [(item, None) if isinstance(item, str) else (item[0], _address(item[1])) for item in items]
    heading = title or phrase("attention")
    listed = "".join(element("li", _linked(text, address)) for text, address in pairs)
    calm = element("p", safe(phrase("calm")), class_="lr-calm")
    html = element(
        "section", element("h3", safe(heading)) + (element("ul", listed) if pairs else calm), class_="lr-attention"
    )
    plain = [f"- {one_line(text)}" for text, _ in pairs] or [phrase("calm")]
    return Display(html=html, plain="\n".join([one_line(heading), *plain]))


def links(items: Iterable[Link], *, title: str | None = None) -> Display:
    """Where to read on: text, address, and perhaps a remark.

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
    rows = [(item[0], _address(item[1]), item[2] if len(item) > 2 else None) for item in items]
    shown = "".join(
        element("li", _linked(text, to) + (f" {safe(remark)}" if remark else "")) for text, to, remark in rows
    )
    html = element("nav", element("ul", shown), class_="lr-links", aria_label=heading)
    plain = [f"- {one_line(text)} ({to})" + (f": {one_line(remark)}" if remark else "") for text, to, remark in rows]
    return Display(html=html, plain="\n".join([heading, *plain]))


def _linked(text: str, address: str | None) -> str:
    return element("a", safe(text), href=address) if address else safe(text)


def _address(address: str) -> str:
    scheme = re.match(r"\s*([a-zA-Z][a-zA-Z0-9+.-]*):", address)
    if scheme and scheme[1].lower() not in ("https", "http", "mailto"):
        raise PageError(f"a page does not link to '{address}'", hint="give a path beside the page, or a web address")
    return address
