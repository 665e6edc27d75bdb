"""How far people are from what their leads predict: a funnel plot."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.draw import drawable, embedded, finished, group_of, tips, told_columns
from leadreport.charts.palette import ALARM, MAIN, QUIET
from leadreport.charts.words import sentences

LIMITS = ("low_95", "high_95", "low_998", "high_998")

TOLD = ("leads", "observed", "observed_rate", "expected_rate", "standing")


def consistency_chart(
    consistency: pl.DataFrame, *, by: str | None = None, title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """What each group did less what its leads predict, over how many leads, between the limits of chance.

    `consistency` has one row per group: leads, observed_rate, expected_rate, the limits low_95, high_95, low_998 and
    high_998 around the expected rate, and standing. Only who is outside the wider limits is named: this is no ranking.
    """
    group = group_of(consistency, by)
    drawable(consistency, group, "leads", "observed_rate", "expected_rate", *LIMITS, "standing")
    frame = consistency.with_columns(label=pl.col(group), is_outside=pl.col("standing") != "as expected")
    told = told_columns(frame, group, *TOLD)
    plotted = ["label", "leads", "observed_rate", "expected_rate", *LIMITS, "is_outside"]
    base = alt.Chart(embedded(frame, plotted, told), height=300)
    points = alt.Axis(labelExpr="format(datum.value * 100, '+.2~f')", tickCount=7)
    leads = alt.X("leads:Q", title="Leads with a verdict", scale=alt.Scale(zero=False, padding=24))
    height = alt.Y("apart:Q", title="Observed less expected (percentage points)", axis=points)
    limits = [_limit(base, name, x=leads, y=height) for name in LIMITS]
    apart = base.transform_calculate(apart="datum.observed_rate - datum.expected_rate").encode(
        x=leads, y=height, tooltip=tips(told)
    )
    within = apart.transform_filter("!datum.is_outside").mark_point(size=90, fill=MAIN)
    outside = apart.transform_filter("datum.is_outside").mark_point(size=150, fill=ALARM, shape="diamond")
    names = apart.transform_filter("datum.is_outside").mark_text(align="right", dx=-13, fontSize=12.5)
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(stroke=QUIET, strokeWidth=1).encode(y="zero:Q")
    below = "0: as others judge like leads. Dashed: one in twenty is outside by chance; solid: one in five hundred."
    return finished(
        alt.layer(*limits, zero, within, outside, names.encode(text="label:N")),
        frame,
        told,
        title=title or "Who judges like leads differently?",
        subtitle=subtitle or below,
        description=sentences("Points between limits that narrow with the number of leads.", _outside(frame, group)),
    )


def _limit(base: alt.Chart, name: str, *, x: alt.X, y: alt.Y) -> alt.Chart:
    """One limit, as a line over the number of leads."""
    dash = [5, 4] if name.endswith("95") else [1, 0]
    line = base.transform_calculate(apart=f"datum.{name} - datum.expected_rate")
    return line.mark_line(stroke=QUIET, strokeDash=dash, strokeWidth=1.5).encode(x=x, y=y)


def _outside(frame: pl.DataFrame, group: str) -> str:
    """Who is outside the wider limits, and which way."""
    far = frame.filter("is_outside")
    if far.is_empty():
        return "Nobody is outside the limits."
    rows = far.select(group, "standing", "observed_rate", "expected_rate").iter_rows()
    said = [
        f"{name} is {way} what is expected: {formats.rate(seen)} against {formats.rate(due)}"
        for name, way, seen, due in rows
    ]
    return f"{'; '.join(said)}. All others are as expected."
