"""The scorecard: points, whether they keep their word, and what a threshold would mean."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import PERCENT, ROW, label_axis, with_label
from leadreport.charts.draw import Column, drawable, embedded, finished, tips, told_columns
from leadreport.charts.palette import ALARM, MAIN, QUIET
from leadreport.charts.words import extremes, sentences

POINTS = {
    "attribute": "Attribute", "value": ("Value", "text"), "points": "Points", "leads": "Leads", "customers": "Customers",
    "close_rate": "Close rate", "shrunken_rate": "Close rate, shrunken", "lift": "Lift",
}  # fmt: skip


def points_chart(table: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.VConcatChart:
    """Points per attribute value around zero, one block per attribute.

    `table` is a scorecard's: attribute, value, leads, points; close rates are told when there.
    """
    drawable(table, "attribute", "value", "leads", "points")
    shown = [formats.number(points, decimals=0, is_signed=True) for points in table["points"]]
    frame = with_label(table, group="value", n="leads").with_columns(shown=pl.Series(shown, dtype=pl.String))
    told = told_columns(frame, POINTS)
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
    scale = alt.Scale(domain=[-1.15 * far, 1.15 * far], nice=False)
    x = alt.X("points:Q", title=None, axis=None, scale=scale)
    is_loss = "datum.points < 0"
    bars = base.mark_bar(height=14).encode(x=x, fill=alt.condition(is_loss, alt.value(ALARM), alt.value(MAIN)))
    gains = base.transform_filter("datum.points >= 0").mark_text(align="left", dx=5).encode(x=x, text="shown:N")
    losses = base.transform_filter(is_loss).mark_text(align="right", dx=-5).encode(x=x, text="shown:N")
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(stroke=QUIET, strokeWidth=1)
    zero = zero.encode(x=alt.X("zero:Q", scale=scale, axis=None, title=None))
    name = alt.TitleParams(formats.label_of(rows["attribute"][0]), fontSize=12.5, offset=4)
    return alt.layer(bars, zero, gains, losses, title=name, height=alt.Step(ROW - 6), width="container")


BANDS = {
    "band": "Band of scores", "leads": "Leads", "customers": "Customers", "expected_rate": "Expected", "close_rate": "Closed",
}  # fmt: skip

THRESHOLDS = {
    "threshold": ("MQL from a score of", "score"), "leads": "Leads above it", "customers": "Customers among them",
    "close_rate": "Close rate above it", "missed_customers": "Customers missed",
}  # fmt: skip


def calibration_chart(bands: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """What was expected of each band of scores, and what closed: points on the line keep their word.

    `bands` has one row per band: band, leads, expected_rate, close_rate with low and high.
    """
    drawable(bands, "band", "leads", "expected_rate", "close_rate", "low", "high")
    told = told_columns(bands, BANDS)
    sizes = pl.Series([f"n = {formats.count(leads)}" for leads in bands["leads"]], dtype=pl.String)
    frame = bands.with_columns(words=sizes)
    rows = embedded(frame, ["expected_rate", "close_rate", "low", "high", "words"], told)
    top = max(frame.select(pl.max_horizontal("expected_rate", "high").max()).item() or 0, 0.01)
    scale = alt.Scale(domain=[0, round(1.08 * top, 6)], nice=False)
    base = alt.Chart(rows, height=300).encode(
        x=alt.X(
            "expected_rate:Q", title="Expected close rate", axis=alt.Axis(format=PERCENT, tickCount=5), scale=scale
        ),
        tooltip=tips(told),
    )
    axis = {"title": "Observed close rate", "axis": alt.Axis(format=PERCENT, tickCount=5), "scale": scale}
    spans = base.mark_rule(strokeWidth=2.5).encode(y=alt.Y("low:Q", **axis), y2="high:Q")
    points = base.mark_point(size=100).encode(y=alt.Y("close_rate:Q", **axis))
    words = base.mark_text(align="left", dx=8, dy=-2, fontSize=11).encode(
        y=alt.Y("close_rate:Q", **axis), text="words:N"
    )
    ends = alt.InlineData(
        values=[{"expected": 0, "observed": 0}, {"expected": round(top, 6), "observed": round(top, 6)}]
    )
    line = alt.Chart(ends).mark_line(stroke=QUIET, strokeDash=[5, 4], strokeWidth=1.5)
    return finished(
        line.encode(x="expected:Q", y="observed:Q") + spans + points + words,
        frame,
        told,
        title=title or "Does the score keep its word?",
        subtitle=subtitle
        or "One point per band of scores; on the dashed line, as many closed as expected. Lines: 95 % interval.",
        description=sentences(
            "Points with intervals around a diagonal: observed against expected close rate per band of scores.",
            " ".join(
                f"{band}: expected {formats.rate(expected)}, observed {formats.rate(seen)}."
                for band, expected, seen in bands.select("band", "expected_rate", "close_rate").iter_rows()
            ),
        ),
    )


CONSEQUENCES = {
    "close_rate": "Close rate of the leads above it", "leads": "Leads above it", "missed_customers": "Customers missed",
}  # fmt: skip
"""What a threshold means, one panel each."""


def threshold_chart(
    thresholds: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None
) -> alt.VConcatChart:
    """What calling leads MQL from a score on would mean: close rate, volume, customers missed; hover to read off.

    `thresholds` has one row per threshold: threshold, leads, close_rate with low and high, missed_customers.
    """
    drawable(thresholds, "threshold", "leads", "close_rate", "low", "high", "missed_customers")
    told = told_columns(thresholds, THRESHOLDS)
    pointed = [_pointed(value) for value in CONSEQUENCES]
    here = pointed[0] | pointed[1] | pointed[2]
    panels = [
        panel(thresholds, told, selection, here, value=value)
        for value, selection in zip(CONSEQUENCES, pointed, strict=True)
    ]
    return finished(
        alt.vconcat(*panels, spacing=16),
        thresholds,
        told,
        title=title or "What would another threshold mean?",
        subtitle=subtitle or "Leads at or above a score count as MQLs. Point at a score to read off all three.",
        description=sentences(
            "Three lines over the threshold: close rate, leads above it, customers missed.",
            " ".join(
                f"From {formats.shown(score, 'score')}: {formats.plural(leads, 'lead')}, closing at {formats.rate(rate)}."
                for score, leads, rate in thresholds.select("threshold", "leads", "close_rate").iter_rows()
            )
            if thresholds.height <= 12
            else extremes(thresholds, group="threshold", value="close_rate", kind="rate"),
        ),
    )


def panel(
    thresholds: pl.DataFrame,
    told: list[Column],
    pointed: alt.Parameter,
    here: alt.PredicateComposition,
    *,
    value: str,
) -> alt.LayerChart:
    """One consequence over the thresholds, with a rule at the score that is pointed at."""
    ends = ["low", "high"] if value == "close_rate" else []
    is_last = value == list(CONSEQUENCES)[-1]
    scores = alt.Axis(tickCount=10) if is_last else alt.Axis(labels=False, ticks=False)
    title = "Score from which a lead is an MQL" if is_last else None
    x = alt.X("threshold:Q", title=title, axis=scores, scale=alt.Scale(nice=False, zero=False))
    number = alt.Axis(format=PERCENT if ends else ",~f", tickCount=3)
    y = {name: alt.Y(f"{name}:Q", title=None, axis=number, scale=alt.Scale(zero=True)) for name in (value, *ends)}
    seen = alt.condition(here, alt.value(1), alt.value(0), empty=False)
    shown = next(column.field for column in told if column.name == value)
    base = alt.Chart(embedded(thresholds, ["threshold", value, *ends], told)).encode(x=x)
    layers = [
        base.mark_line().encode(y=y[value]),
        base.mark_rule(stroke=QUIET, strokeWidth=1).encode(opacity=seen),
        base.mark_point(size=50).encode(y=y[value], tooltip=tips(told)).add_params(pointed),
        base.mark_text(align="left", dx=7, dy=-9, fontWeight=600).encode(y=y[value], text=f"{shown}:N", opacity=seen),
    ]
    if ends:
        layers.insert(0, base.mark_area(fill=MAIN, fillOpacity=0.15).encode(y=y["low"], y2="high:Q"))
    name = alt.TitleParams(CONSEQUENCES[value], fontSize=12.5, offset=6)
    return alt.layer(*layers, title=name, height=90, width="container")


def _pointed(value: str) -> alt.Parameter:
    """The score that a pointer is nearest to in one panel."""
    over = {"on": "pointerover", "clear": "pointerout", "nearest": True}
    return alt.selection_point(name=f"pointed_{value}", fields=["threshold"], empty=False, **over)
