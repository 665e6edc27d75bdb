"""What every chart does: take only the columns it needs, say what it shows, carry its data as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import polars as pl
import polars.selectors as cs

from leadreport import formats
from leadreport.errors import PageError

MOST_ROWS = 2_000


@dataclass(frozen=True)
class Column:
    """A column as readers meet it: in the tooltip and in the table behind the chart."""

    name: str
    label: str
    kind: str
    ends: tuple[str, str] | None

    @property
    def field(self) -> str:
        return f"shown_{self.name}"

    def texts(self, frame: pl.DataFrame) -> list[str]:
        """Every value formatted, with its interval where it has one."""
        form = formats.format_of(self.kind, frame[self.name])
        values = [form(value) for value in frame[self.name]]
        if self.ends is None:
            return values
        return [
            value if low is None and high is None else f"{value} {formats.interval(low, high, of=form)}"
            for value, (low, high) in zip(values, frame.select(self.ends).iter_rows(), strict=True)
        ]


def drawable(frame: pl.DataFrame, *needed: str) -> None:
    """Refuse what a chart must not carry: single leads, whole tables, missing columns.

    Raises
    ------
    PageError
        When the frame has `lead_id`, more than 2,000 rows, or lacks a column.
    """
    if "lead_id" in frame.columns:
        raise PageError("a chart embeds its rows, and these are single leads", hint="draw a metric's frame instead")
    if frame.height > MOST_ROWS:
        hint = f"summarise them to {MOST_ROWS:,} or fewer first"
        raise PageError(f"a chart embeds its rows, and these are {frame.height:,}", hint=hint)
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise PageError(f"the chart needs {', '.join(missing)}", found=", ".join(frame.columns))


def group_of(frame: pl.DataFrame, by: str | None) -> str:
    """The column that names the rows: the one said, else the first that holds text."""
    texts = frame.select(cs.string()).columns
    if by is None and not texts:
        raise PageError("no column names the rows of this chart", found=", ".join(frame.columns), hint="say by=")
    return by or texts[0]


def told_columns(frame: pl.DataFrame, *names: str, kinds: Mapping[str, str] | None = None) -> list[Column]:
    """The columns that readers see, of those that the frame has; their names give headings and formats."""
    return [_told(frame, name, (kinds or {}).get(name)) for name in names if name in frame.columns]


def embedded(frame: pl.DataFrame, plotted: Sequence[str], told: Sequence[Column]) -> alt.InlineData:
    """The rows of a frame, in their order, with nothing but what is plotted and told; numbers rounded."""
    texts = [pl.Series(column.field, column.texts(frame), dtype=pl.String) for column in told]
    kept = frame.select(list(dict.fromkeys(plotted))).with_columns(cs.float().round(6), cs.temporal().cast(pl.String))
    return alt.InlineData(values=kept.hstack(texts).to_dicts())


def tips(told: Sequence[Column]) -> list[alt.Tooltip]:
    """The tooltip: every told column, formatted."""
    return [alt.Tooltip(f"{column.field}:N", title=column.label) for column in told]


def finished(
    chart: alt.LayerChart | alt.VConcatChart,
    frame: pl.DataFrame,
    told: Sequence[Column],
    *,
    title: str,
    subtitle: str,
    description: str,
) -> alt.LayerChart | alt.VConcatChart:
    """A chart with its title, its words, the table behind it, and the width of the page; nothing without rows."""
    rows = [list(row) for row in zip(*(column.texts(frame) for column in told), strict=True)]
    heads = [{"label": column.label, "is_number": column.kind not in WORDY} for column in told]
    meta = {"title": title, "subtitle": subtitle, "description": description, "table": {"columns": heads, "rows": rows}}
    named = (Blank([]) if frame.is_empty() else chart).properties(
        title=alt.TitleParams(text=wrapped(title), subtitle=wrapped(subtitle, width=104)),
        description=description,
        usermeta={"leadreport": meta},
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )
    return named if isinstance(named, alt.VConcatChart) else named.properties(width="container")


class Blank(alt.LayerChart):
    """A chart without rows: no output at all, in a notebook and in a report."""

    def _ipython_display_(self) -> None:
        """Take the place of every other output."""


WORDY = ("text", "stage", "date", "instant", "week", "flag")


def wrapped(text: str, *, width: int = 80) -> list[str]:
    """A title in lines that fit a page: Vega does not break them.

    Examples
    --------
    >>> wrapped("one two three", width=8)
    ['one two', 'three']
    """
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _told(frame: pl.DataFrame, name: str, kind: str | None) -> Column:
    sample = next((value for value in frame[name] if value is not None), None)
    ends = formats.intervals_of(frame.columns).get(name)
    return Column(name, formats.label_of(name), kind or formats.kind_of(name, sample=sample), ends)
