"""What charts share: the rows they embed, tooltips, labelled rows, axes, legends and reference lines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl
import polars.selectors as cs

from leadreport import formats
from leadreport.charts.theme import QUIET
from leadreport.errors import PageError

MOST_ROWS = 2_000
"""The most rows that a chart embeds."""

ROW = 38
"""Pixels per group: its name, and its n below."""

LINES = "split(datum.label, '\\n')"
"""Labels of more than one line."""

PERCENT = ".2~%"
AMOUNT = ",.2~f"
POINTS = "format(datum.value * 100, '.2~f')"
"""Number formats of an axis; the last is a label expression in percentage points."""

DASHED = {"stroke": QUIET, "strokeDash": [5, 4]}
"""The style of lines at a number that is expected."""


@dataclass(frozen=True)
class Column:
    """A column as readers see it: in the tooltip, and in the table behind the chart."""

    name: str
    label: str
    kind: str
    ends: tuple[str, str] | None

    @property
    def field(self) -> str:
        return f"shown_{self.name}"

    def texts(self, frame: pl.DataFrame) -> list[str]:
        """Every value formatted, with its interval where it has one."""
        ends = frame.select(self.ends).rows() if self.ends else None
        return [
            cell.text for cell in formats.cells_of(self.name, frame[self.name].to_list(), kind=self.kind, ends=ends)
        ]


def columns_of(frame: pl.DataFrame, *names: str, kinds: Mapping[str, str] | None = None) -> list[Column]:
    """The named columns that the frame has, as readers see them; `kinds` overrules the catalogue."""
    intervals = formats.intervals_of(frame.columns)
    return [
        Column(name, formats.label_of(name), (kinds or {}).get(name) or kind_in(frame, name), intervals.get(name))
        for name in names
        if name in frame.columns
    ]


def kind_in(frame: pl.DataFrame, name: str) -> str:
    """What a column of the frame measures."""
    return formats.kind_of(name, sample=next(iter(frame[name].drop_nulls()), None))


def texts(values: Iterable[Any], form: Callable[..., str]) -> pl.Series:
    """Values in words, as a column of text."""
    return pl.Series([form(value) for value in values], dtype=pl.String)


def row_texts(rows: pl.DataFrame, form: Callable[..., str]) -> pl.Series:
    """Each row in words, as a column of text; the form takes the row's values in order."""
    return pl.Series([form(*row) for row in rows.iter_rows()], dtype=pl.String)


def drawable(frame: pl.DataFrame, *needed: str) -> None:
    """Refuse what a chart must not embed: single leads, whole tables, missing columns.

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
    """The column that names the rows: `by`, else the first that holds text."""
    texts = frame.select(cs.string()).columns
    if by is None and not texts:
        raise PageError("no column names the rows of this chart", found=", ".join(frame.columns), hint="give by=")
    return by or texts[0]


def embedded(frame: pl.DataFrame, plotted: Sequence[str], columns: Sequence[Column]) -> alt.InlineData:
    """The rows of a frame, in their order, with only what is plotted or shown to readers; numbers rounded.

    A number that is not finite (0/0) is null: JSON cannot hold it, and no mark can show it.
    """
    number = cs.float()
    words = [pl.Series(column.field, column.texts(frame), dtype=pl.String) for column in columns]
    kept = frame.select(list(dict.fromkeys(plotted))).with_columns(
        pl.when(number.is_finite()).then(number.round(6)).name.keep(), cs.temporal().cast(pl.String)
    )
    return alt.InlineData(values=kept.hstack(words).to_dicts())


def tips(columns: Sequence[Column]) -> list[alt.Tooltip]:
    """The tooltip: every column that readers see, formatted."""
    return [alt.Tooltip(f"{column.field}:N", title=column.label) for column in columns]


def chart_of(frame: pl.DataFrame, plotted: Sequence[str], columns: Sequence[Column], **size: Any) -> alt.Chart:
    """A chart of the frame's rows with their tooltip, before its marks."""
    return alt.Chart(embedded(frame, plotted, columns), **size).encode(tooltip=tips(columns))


def rows_of(frame: pl.DataFrame, plotted: Sequence[str], columns: Sequence[Column], *, step: int = ROW) -> alt.Chart:
    """A chart with one row per `label` of the frame, from top to bottom, before its marks."""
    base = chart_of(frame, ["label", *plotted], columns, height=alt.Step(step))
    return base.encode(y=label_axis(frame))


def with_label(frame: pl.DataFrame, *, group: str, n: str, unit: str | None = None) -> pl.DataFrame:
    """The frame with `label`: each group's name and, in a second line, its n."""
    sizes = [f"{formats.count(size)} {unit}" if unit else f"n = {formats.count(size)}" for size in frame[n]]
    names = [formats.shown(name, "text") for name in frame[group]]
    shown = [f"{name}\n{size}" for name, size in zip(names, sizes, strict=True)]
    return frame.with_columns(label=pl.Series(shown, dtype=pl.String))


def label_axis(frame: pl.DataFrame) -> alt.Y:
    """Groups from top to bottom, in the order of the frame, also where a layer draws only some of them."""
    names = frame["label"].unique(maintain_order=True).to_list()
    up = alt.condition("indexof(datum.label, '\\n') > 0", alt.value(-7), alt.value(0))
    lines = alt.Axis(labelLimit=190, labelExpr=LINES, labelLineHeight=14, labelOffset=up)
    return alt.Y("label:N", sort=names, title=None, axis=lines)


def number_axis(title: str, *, form: str = PERCENT, scale: alt.Scale | None = None) -> dict[str, Any]:
    """Title, ticks and scale of an axis of numbers, which begins at 0 without a scale of its own."""
    return {"title": title, "axis": alt.Axis(format=form, tickCount=5), "scale": scale or alt.Scale(zero=True)}


def legend(names: Sequence[str], *, has_lines: bool = False) -> alt.Legend:
    """A legend that fits a phone: what is too long for one row stands in columns."""
    is_short = sum(map(len, names)) + (9 if has_lines else 4) * len(names) <= 42
    columns = 0 if is_short else 2 if max(map(len, names), default=0) <= 18 else 1
    lines = {"symbolType": "stroke", "symbolSize": 300} if has_lines else {}
    return alt.Legend(columns=columns, rowPadding=4, **lines)


def styled(field: str, styles: Mapping[str, tuple[str, str, str]], *, outlined: bool = True) -> dict[str, Any]:
    """Fill, stroke and shape of the groups in a column, each group with its own style, in one legend."""
    names = list(styles)
    channels = (alt.Fill, alt.Stroke, alt.Shape)
    drawn = [
        channel(
            f"{field}:N",
            scale=alt.Scale(domain=names, range=[style[place] for style in styles.values()]),
            sort=names,
            **({"legend": legend(names)} if outlined or channel is not alt.Stroke else {}),
        )
        for place, channel in enumerate(channels)
    ]
    return dict(zip(("fill", "stroke", "shape"), drawn, strict=True))


def line_at(value: float, *, on: str, name: str = "zero", **style: Any) -> alt.Chart:
    """A line across the chart at a number on the x or y axis."""
    here = alt.Chart(alt.InlineData(values=[{name: value}]))
    return here.mark_rule(**(style or {"stroke": QUIET, "strokeWidth": 1})).encode(**{on: f"{name}:Q"})


def reference(value: float, *, label: str) -> alt.LayerChart:
    """A dashed line at a number that is agreed or expected, with its name above."""
    here = alt.Chart(alt.InlineData(values=[{"reference": round(value, 6), "words": label}]))
    line = here.mark_rule(**DASHED, strokeWidth=1.5).encode(x="reference:Q")
    words = here.mark_text(align="center", baseline="bottom", dy=-5, fontSize=11.5).encode(
        x="reference:Q", y=alt.value(0), text="words:N"
    )
    return line + words
