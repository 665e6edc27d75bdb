"""What a page may publish: nothing that loads or runs, no lead ids, and limits on rows and bytes."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

from leadreport.errors import PageError, listed

MOST_BYTES = 1_500_000
"""The largest page, so that a mail can carry it."""

MOST_ROWS = 2_000
"""The most rows of data in a chart."""

PERSONAL = re.compile(
    r"(^|_)(lead|contact|person|deal|account|user|customer)_?ids?$|^ids?$|^merged_into$"
    r"|(^|_)e?_?mails?($|_address)|(^|_)(phone|mobile|telephone|fax)(_number)?$"
    r"|^(full|first|last|sur|given|family|contact|lead|person)_?names?$|^names?$|(^|_)(street|postcode|zip|ip)(_address)?$",
    re.IGNORECASE,
)
"""Columns that identify a lead. A chart contains its data, and it needs none of these columns."""

LOADING = {"src", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href", "manifest", "ping"}
"""Attributes whose address a browser loads by itself."""

FORBIDDEN = {"script", "iframe", "object", "embed", "base", "link", "meta", "form", "frame", "applet", "portal"}

STYLE_LOADS = re.compile(r"url\(\s*['\"]?(?!data:|#)|@import", re.IGNORECASE)


def check_html(html: str, *, where: str) -> str:
    """The HTML unchanged, when it loads nothing and runs nothing.

    Raises
    ------
    PageError
        For an address that a browser would load, a script, or an element that embeds another page.

    Examples
    --------
    >>> check_html('<p><a href="https://example.org">read on</a></p>', where="page a, cell 2")
    '<p><a href="https://example.org">read on</a></p>'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.found:
        raise PageError(
            f"{where}: its output would run a script or load something from elsewhere",
            found=reader.found[0],
            hint="a page contains all it shows; charts are drawn when the notebook imports leadreport before it draws",
        )
    return html


class _Reader(HTMLParser):
    """Collects what a browser would load or run, in `found`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_style = tag == "style"
        if tag in FORBIDDEN:
            self.found.append(self.get_starttag_text() or tag)
        for name, value in attrs:
            if _is_bad(tag, name, value or ""):
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        if self.is_style and STYLE_LOADS.search(data):
            self.found.append(data.strip()[:200])

    def handle_endtag(self, tag: str) -> None:
        self.is_style = False


def _is_bad(tag: str, name: str, value: str) -> bool:
    address = re.sub(r"[\x00-\x20]", "", value).lower()
    if name.startswith("on") or address.startswith(("javascript:", "vbscript:")):
        return True
    if name == "style":
        return bool(STYLE_LOADS.search(value))
    if name in LOADING:
        return not address.startswith(("data:", "#"))
    return name == "href" and tag not in ("a", "area") and not address.startswith("#")


def check_chart(spec: Mapping[str, object], *, where: str) -> None:
    """Refuse a chart that has too many rows, identifies leads, or loads something.

    Raises
    ------
    PageError
        Naming the page and the chart.
    """
    for rows in datasets(spec):
        if len(rows) > MOST_ROWS:
            raise PageError(
                f"{where} has {len(rows):,} rows of data; a chart may have {MOST_ROWS:,}",
                hint="aggregate first, select the columns that are drawn, round, then draw",
            )
        personal = sorted({column for row in rows for column in row if PERSONAL.search(column)})
        if personal:
            raise PageError(
                f"{where} has columns that identify a lead",
                found=listed(personal),
                hint="select only the columns that are drawn; call a column what it counts, such as channel or owner",
            )
    loads = sorted(set(_addresses(spec)))
    if loads:
        raise PageError(
            f"{where} would load something from elsewhere", found=listed(loads), hint="give it the data itself"
        )


def datasets(spec: Mapping[str, object]) -> list[list[dict[str, object]]]:
    """All rows of data in a chart, named datasets first."""
    named = spec.get("datasets")
    shared = list(named.values()) if isinstance(named, dict) else []
    inline = [values for values in _values(spec) if isinstance(values, list)]
    return [[row if isinstance(row, dict) else {"value": row} for row in rows] for rows in [*shared, *inline]]


def _values(node: object) -> Iterator[object]:
    """Rows written into the chart where they are used; named datasets are not searched."""
    if isinstance(node, dict):
        data = node.get("data")
        if isinstance(data, dict) and "values" in data:
            yield data["values"]
        for key, child in node.items():
            if key not in ("datasets", "data", "usermeta"):
                yield from _values(child)
    elif isinstance(node, list):
        for child in node:
            yield from _values(child)


def _addresses(node: object) -> Iterator[str]:
    """The addresses that a chart would load or link to: data, pictures, links."""
    if isinstance(node, dict):
        for key, child in node.items():
            if key == "url" and isinstance(child, str) and not child.startswith("data:"):
                yield child
            elif key in ("url", "href") and isinstance(child, dict):
                yield f"{key}: {child.get('field') or child.get('value') or child.get('signal')}"
            elif key not in ("datasets", "values", "usermeta", "$schema"):
                yield from _addresses(child)
    elif isinstance(node, list):
        for child in node:
            yield from _addresses(child)


def check_size(html: str, *, page: str) -> bytes:
    """The page as bytes, when it is small enough to be sent by mail.

    Raises
    ------
    PageError
        When the page is over 1.5 MB.
    """
    content = html.encode()
    if len(content) > MOST_BYTES:
        raise PageError(
            f"page {page} would weigh {len(content) / 1e6:.1f} MB; a page may weigh {MOST_BYTES / 1e6} MB",
            hint="show fewer rows in tables, draw from aggregated data, leave out pictures",
        )
    return content
