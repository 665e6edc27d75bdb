"""A number per group with its interval: the chart behind speed, acceptance and cost."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.draw import Column, embedded, tips
from leadreport.charts.palette import QUIET

ROW = 38
"""Pixels per group: its name, and below it how many stand behind."""

LINES = "split(datum.label, '\\n')"
"""Labels of more than one line."""

PERCENT = ".2~%"
AMOUNT = ",.2~f"


def with_label(frame: pl.DataFrame, *, group: str, n: str, unit: str | None = None) -> pl.DataFrame:
    """Adds `label`: each group's name and, in a second line, how many stand behind it."""
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


def legend(names: Sequence[str], *, has_lines: bool = False) -> alt.Legend:
    """A legend that fits a phone: what is too long for one row stands in columns."""
    is_short = sum(map(len, names)) + (9 if has_lines else 4) * len(names) <= 42
    columns = 0 if is_short else 2 if max(map(len, names), default=0) <= 18 else 1
    if has_lines:
        return alt.Legend(columns=columns, rowPadding=4, symbolType="stroke", symbolSize=300)
    return alt.Legend(columns=columns, rowPadding=4)


def dots(
    frame: pl.DataFrame,
    told: Sequence[Column],
    *,
    value: str,
    ends: tuple[str, str] | None,
    title: str,
    number: str = PERCENT,
) -> alt.LayerChart:
    """Points with intervals over a frame that has a column `label`; a missing number leaves its row empty."""
    rows = embedded(frame, ["label", value, *(ends or ())], told)
    base = alt.Chart(rows, height=alt.Step(ROW)).encode(y=label_axis(frame), tooltip=tips(told))
    axis = {"title": title, "axis": alt.Axis(format=number, tickCount=5), "scale": alt.Scale(zero=True)}
    points = base.mark_point(size=100).encode(x=alt.X(f"{value}:Q", **axis))
    if ends is None:
        return alt.layer(points)
    return base.mark_rule(strokeWidth=2.5).encode(x=alt.X(f"{ends[0]}:Q", **axis), x2=f"{ends[1]}:Q") + points


def reference(value: float, *, label: str) -> alt.LayerChart:
    """A dashed line at a number that was agreed or expected, with its name above."""
    here = alt.Chart(alt.InlineData(values=[{"reference": round(value, 6), "words": label}]))
    line = here.mark_rule(stroke=QUIET, strokeDash=[5, 4], strokeWidth=1.5).encode(x="reference:Q")
    words = here.mark_text(align="center", baseline="bottom", dy=-5, fontSize=11.5).encode(
        x="reference:Q", y=alt.value(0), text="words:N"
    )
    return line + words
