"""A frame as a table on a page."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from leadreport import formats as fm
from leadreport.errors import PageError, did_you_mean
from leadreport.formats import DASH, KINDS, WORDLIKE, Cell, count, phrase
from leadreport.page.display import Display, element, one_line, safe, say
from leadreport.words import HEADLINES

OF_HEADLINES = (
    *("value", "previous", "change", "expected", "low_limit", "high_limit", "target"),
    *("published", "now", "old", "new"),
)
"""Columns of a frame of headlines: the `name` of the row shows what they measure."""

Ends = tuple[str, str]


@dataclass(frozen=True)
class Column:
    """A heading, its side, and the cells below it."""

    name: str
    label: str
    is_number: bool
    cells: Sequence[Cell]


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
    """A table to be read: the catalogue of columns gives headings, formats and intervals, or else the columns' names.

    Parameters
    ----------
    caption
        What the table shows, in words.
    formats
        Column to format, for columns of your own: text, rate, points (difference of rates), count, change, number,
        score, ratio, money, days, hours, date, instant, week, flag.
    labels
        Column to heading, for columns of your own.
    intervals
        Column to the two columns that hold the ends of its interval, for columns of your own; `x_low` and `x_high`,
        and `low` and `high` behind their number, are found without it.
    columns
        Which columns, and in which order; all by default. Ends of intervals come along with their number.
    limit
        The most rows to show; a note below says how many there are.
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
    chosen = _chosen(_columns(top, formats or {}, labels or {}, intervals or {}), columns)
    below = [notes] if isinstance(notes, str) else list(notes)
    if top.height < frame.height:
        below.insert(0, phrase("shown", some=count(top.height), all=count(frame.height)))
    return Display(html=_html(chosen, caption, below, has_total), plain=_plain(chosen, caption, below))


def _columns(
    frame: pl.DataFrame, kinds: Mapping[str, str], labels: Mapping[str, str], intervals: Mapping[str, Ends]
) -> list[Column]:
    """Every column of the frame as readers see it; the ends of an interval are in the cells of their number."""
    _refuse_unknown([*kinds, *labels, *intervals, *(end for ends in intervals.values() for end in ends)], frame.columns)
    around = fm.intervals_of(frame.columns) | dict(intervals)
    ends = {end for pair in around.values() for end in pair}
    return [
        Column(name, labels.get(name, fm.label_of(name)), *_cells(frame, name, kinds.get(name), around.get(name)))
        for name in frame.columns
        if name not in ends
    ]


def _cells(frame: pl.DataFrame, name: str, kind: str | None, ends: Ends | None) -> tuple[bool, Sequence[Cell]]:
    """Whether a column is of numbers, and its cells."""
    if "name" in frame.columns and not HEADLINES.keys().isdisjoint(frame["name"]):
        if name == "name":
            return False, [Cell(fm.headline_label(value)) for value in frame["name"]]
        if name in OF_HEADLINES and kind is None:
            sides = frame.select("name", name, *(pl.col(end).alias(f"of {end}") for end in ends or ())).rows()
            return True, [_headline_cell(*row, column=name) for row in sides]
    values = frame[name].to_list()
    kind = kind or fm.kind_of(name, sample=next((value for value in values if value is not None), None))
    if kind not in KINDS:
        raise PageError(f"column '{name}' has no format '{kind}'", hint=did_you_mean(kind, list(KINDS)))
    rows = frame.select(ends).rows() if ends else None
    return kind not in WORDLIKE, fm.cells_of(name, values, kind=kind, ends=rows)


def _headline_cell(name: str, value: float | None, *ends: float | None, column: str) -> Cell:
    """A number in the format of its headline, with its interval; what is expected of a count is no whole number."""
    kind = HEADLINES[name].kind if name in HEADLINES else fm.kind_of(name, sample=1)
    if column == "change":
        return Cell(fm.signed(value, kind))
    around = fm.interval(*ends, of=fm.KINDS[kind]) if any(end is not None for end in ends) else None
    return Cell(fm.shown(value, "number" if column == "expected" and kind == "count" else kind), around)


def _chosen(columns: list[Column], names: Sequence[str] | None) -> list[Column]:
    by_name = {column.name: column for column in columns}
    _refuse_unknown(names or (), list(by_name))
    return columns if names is None else [by_name[name] for name in names]


def _refuse_unknown(names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            hint = did_you_mean(name, list(known))
            raise PageError(f"the table has no column '{name}'", found=", ".join(known), hint=hint)


def _html(columns: list[Column], caption: str, notes: list[str], has_total: bool) -> str:
    head = "".join(element("th", safe(column.label), scope="col", class_=_side(column)) for column in columns)
    rows = list(zip(*(column.cells for column in columns), strict=True))
    body = [_row(columns, row, is_total=has_total and place == len(rows)) for place, row in enumerate(rows, start=1)]
    inside = [
        element("caption", safe(caption)),
        element("thead", element("tr", head)),
        element("tbody", "\n".join(body)),
    ]
    drawn = element("table", "\n".join(inside), class_="lr-table")
    framed = element("div", drawn, class_="lr-table-wrap", role="region", tabindex="0", aria_label=one_line(caption))
    return "\n".join([framed, *(element("p", safe(note), class_="lr-table-note") for note in notes)])


def _row(columns: list[Column], row: Sequence[Cell], *, is_total: bool) -> str:
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
    """The table as aligned text."""
    texts = [[one_line(column.label), *(one_line(cell.text) for cell in column.cells)] for column in columns]
    widths = [max(map(_width, cells)) for cells in texts]
    padded = [
        [_padded(cell, width, column.is_number) for cell in cells]
        for cells, width, column in zip(texts, widths, columns, strict=True)
    ]
    head, *body = ("  ".join(row).rstrip() for row in zip(*padded, strict=True))
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([one_line(caption), head, rule, *body, *map(one_line, notes)])


def _padded(text: str, width: int, is_number: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if is_number else text + blanks


def _width(text: str) -> int:
    """How many places a text takes in a terminal: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )
