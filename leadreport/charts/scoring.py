"""The scorecard: points per value."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import ROW, label_axis, with_label
from leadreport.charts.draw import Column, drawable, embedded, finished, tips, told_columns
from leadreport.charts.palette import ALARM, MAIN, QUIET
from leadreport.charts.words import extremes, sentences

POINTS = ("attribute", "value", "points", "leads", "customers", "close_rate", "shrunken_rate", "lift")


def points_chart(table: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.VConcatChart:
    """Points per attribute value around zero, one block per attribute.

    `table` is a scorecard's: attribute, value, leads, points; close rates are told when there.
    """
    drawable(table, "attribute", "value", "leads", "points")
    shown = [formats.number(points, decimals=0, is_signed=True) for points in table["points"]]
    frame = with_label(table, group="value", n="leads").with_columns(shown=pl.Series(shown, dtype=pl.String))
    told = told_columns(frame, *POINTS, kinds={"value": "text"})
    far = max((abs(points) for points in frame["points"]), default=1) or 1
    blocks = frame.partition_by("attribute", maintain_order=True)
    ranked = frame.with_columns(named=pl.format("{} {}", "attribute", "value"))
    return finished(
        alt.vconcat(*(block(rows, told, far=far) for rows in blocks), spacing=10),
        frame,
        told,
        title=title or "Which values earn points, and which cost some?",
        subtitle=subtitle or "Points per value; n: leads behind it. Blue to the right: above the benchmark.",
        description=sentences(
            f"Bars around zero in {len(blocks)} blocks, one per attribute.",
            extremes(ranked, group="named", value="points", kind="score"),
        ),
    )


def block(rows: pl.DataFrame, told: list[Column], *, far: float) -> alt.LayerChart:
    """The values of one attribute."""
    base = alt.Chart(embedded(rows, ["label", "points", "shown"], told)).encode(y=label_axis(rows), tooltip=tips(told))
    scale = alt.Scale(domain=[-1.4 * far, 1.4 * far], nice=False)
    x = alt.X("points:Q", title=None, axis=None, scale=scale)
    is_loss = "datum.points < 0"
    bars = base.mark_bar(height=14).encode(x=x, fill=alt.condition(is_loss, alt.value(ALARM), alt.value(MAIN)))
    gains = base.transform_filter("datum.points >= 0").mark_text(align="left", dx=5).encode(x=x, text="shown:N")
    losses = base.transform_filter(is_loss).mark_text(align="right", dx=-5).encode(x=x, text="shown:N")
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(stroke=QUIET, strokeWidth=1)
    zero = zero.encode(x=alt.X("zero:Q", scale=scale, axis=None, title=None))
    name = alt.TitleParams(formats.label_of(rows["attribute"][0]), fontSize=12.5, offset=4, frame="group")
    return alt.layer(bars, zero, gains, losses, title=name, height=alt.Step(ROW - 6), width="container")
