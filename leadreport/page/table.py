"""A frame as a table on a page."""

import unicodedata
from collections.abc import Mapping, Sequence

import polars as pl

from leadreport.errors import PageError, did_you_mean
from leadreport.formats import DASH, count, phrase
from leadreport.page.cells import Cell, Column, Ends, columns_of
from leadreport.page.display import Display, element, one_line, safe
from leadreport.page.sentences import say


def table(
    frame: pl.DataFrame,
    *,
    caption: str,
    formats: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    intervals: Mapping[str, Ends] | None = None,
    columns: Sequence[str] | None = None,
    notes: str | Sequence[str] = (),
    limit: int | None = None,
    has_total: bool = False,
    empty: str | None = None,
) -> Display:
    """A table to be read: headings, formats and sides follow the names of the columns unless said otherwise.

    Parameters
    ----------
    caption
        What the table shows, in words.
    formats
        Column to format: text, rate, points (difference of rates), count, change, number, score, ratio, money, days,
        hours, date, instant, week, flag.
    labels
        Column to heading.
    intervals
        Column to the two columns that hold the ends of its interval; `x_low`, `x_high`, and `low`, `high` behind
        their number, are found without being named.
    columns
        Which columns, and in which order; all when not said. Ends of intervals come along with their number.
    limit
        At most so many rows; how many there are is said below.
    has_total
        Whether the last row is a total.
    empty
        A sentence in place of a table without rows; without it, nothing is shown.

    Raises
    ------
    PageError
        For a column that the frame does not have, or a format that does not exist.

    Examples
    --------
    >>> frame = pl.DataFrame({"channel": ["ads", "events"], "leads": [1200, 35], "close_rate": [0.05, 0.2]})
    >>> table(frame, caption="Close rate by channel")
    Close rate by channel
    Channel  Leads  Close rate
    -------  -----  ----------
    ads      1,200       5.0\u202f%
    events      35      20.0\u202f%
    """
    if frame.is_empty():
        return say(empty)
    top = frame.head(limit) if limit else frame
    all_columns = columns_of(top, kinds=formats or {}, labels=labels or {}, intervals=intervals or {})
    chosen = _chosen(all_columns, columns)
    below = [notes] if isinstance(notes, str) else list(notes)
    if top.height < frame.height:
        below.insert(0, phrase("shown", some=count(top.height), all=count(frame.height)))
    return Display(html=_html(chosen, caption, below, has_total), plain=_plain(chosen, caption, below))


def _chosen(columns: list[Column], names: Sequence[str] | None) -> list[Column]:
    if names is None:
        return columns
    by_name = {column.name: column for column in columns}
    for name in names:
        if name not in by_name:
            found = ", ".join(by_name)
            raise PageError(f"the table has no column '{name}'", found=found, hint=did_you_mean(name, list(by_name)))
    return [by_name[name] for name in names]


def _rows(columns: list[Column]) -> list[tuple[Cell, ...]]:
    return list(zip(*(column.cells for column in columns), strict=True))


def _html(columns: list[Column], caption: str, notes: list[str], has_total: bool) -> str:
    head = "".join(element("th", safe(column.label), scope="col", class_=_side(column)) for column in columns)
    rows = _rows(columns)
    body = [_row(columns, row, is_total=has_total and place == len(rows)) for place, row in enumerate(rows, start=1)]
    inside = [
        element("caption", safe(caption)),
        element("thead", element("tr", head)),
        element("tbody", "\n".join(body)),
    ]
    drawn = element("table", "\n".join(inside), class_="lr-table")
    framed = element("div", drawn, class_="lr-table-wrap", role="region", tabindex="0", aria_label=one_line(caption))
    return "\n".join([framed, *(element("p", safe(note), class_="lr-table-note") for note in notes)])


def _row(columns: list[Column], row: tuple[Cell, ...], *, is_total: bool) -> str:
    first = element("th", _inside(row[0]), scope="row", class_=_side(columns[0]))
    rest = [
        element("td", _inside(cell), class_=_side(column)) for column, cell in zip(columns[1:], row[1:], strict=True)
    ]
    return element("tr", "".join([first, *rest]), class_="lr-total" if is_total else None)


def _side(column: Column) -> str | None:
    return "lr-num" if column.is_number else None


def _inside(cell: Cell) -> str:
    value = element("span", DASH, class_="lr-null") if cell.shown == DASH else safe(cell.shown)
    return f"{value} {element('span', safe(cell.around), class_='lr-interval')}" if cell.around else value


def _plain(columns: list[Column], caption: str, notes: list[str]) -> str:
    texts = [[one_line(column.label), *(one_line(cell.text) for cell in column.cells)] for column in columns]
    widths = [max(map(_width, cells)) for cells in texts]
    lines = [
        "  ".join(
            _padded(cell, width, column.is_number) for cell, width, column in zip(row, widths, columns, strict=True)
        )
        for row in zip(*texts, strict=True)
    ]
    rule = "  ".join("-" * width for width in widths)
    body = [line.rstrip() for line in lines[1:]]
    return "\n".join([one_line(caption), lines[0].rstrip(), rule, *body, *map(one_line, notes)])


def _padded(text: str, width: int, is_number: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if is_number else text + blanks


def _width(text: str) -> int:
    """How many places a text takes in a terminal: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )
