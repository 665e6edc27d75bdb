"""Scores: points per value, whether they predict the close rate, and what another threshold means."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.drawing import (
    DASHED,
    PERCENT,
    ROW,
    Column,
    chart_of,
    columns_of,
    drawable,
    embedded,
    kind_in,
    line_at,
    number_axis,
    rows_of,
    texts,
    tips,
    with_label,
)
from leadreport.charts.output import each, extremes, finished
from leadreport.charts.theme import ALARM, MAIN, QUIET

POINTS = ("attribute", "value", "points", "leads", "customers", "close_rate", "shrunken_rate", "lift")


def points_chart(table: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.VConcatChart:
    """Points per attribute value around zero, one block per attribute.

    `table` is a scorecard's: attribute, value, leads, points; close rates appear in the tooltip.
    """
    drawable(table, "attribute", "value", "leads", "points")
    shown = texts(table["points"], lambda points: formats.number(points, decimals=0, is_signed=True))
    frame = with_label(table, group="value", n="leads").with_columns(shown=shown)
    columns = columns_of(frame, *POINTS, kinds={"value": "text"})
    far = max((abs(points) for points in frame["points"]), default=1) or 1
    blocks = frame.partition_by("attribute", maintain_order=True)
    ranked = frame.with_columns(named=pl.format("{} {}", "attribute", "value"))
    return finished(
        alt.vconcat(*(_block(rows, columns, far=far) for rows in blocks), spacing=10),
        frame,
        columns,
        title=title or "Which values earn points, and which cost some?",
        subtitle=subtitle or "Points per value; n: leads behind it. Blue to the right: above the benchmark.",
        description=[
            f"Bars around zero in {len(blocks)} blocks, one per attribute.",
            extremes(ranked, group="named", value="points", kind="score"),
        ],
    )


def _block(rows: pl.DataFrame, columns: list[Column], *, far: float) -> alt.LayerChart:
    """The values of one attribute."""
    scale = alt.Scale(domain=[-1.4 * far, 1.4 * far], nice=False)
    bare = {"title": None, "axis": None, "scale": scale}
    base = rows_of(rows, ["points", "shown"], columns, step=ROW - 6).encode(x=alt.X("points:Q", **bare))
    is_loss = "datum.points < 0"
    bars = base.mark_bar(height=14).encode(fill=alt.condition(is_loss, alt.value(ALARM), alt.value(MAIN)))
    gains = base.transform_filter("datum.points >= 0").mark_text(align="left", dx=5).encode(text="shown:N")
    losses = base.transform_filter(is_loss).mark_text(align="right", dx=-5).encode(text="shown:N")
    name = alt.TitleParams(formats.label_of(rows["attribute"][0]), fontSize=12.5, offset=4, frame="group")
    zero = line_at(0, on="x").encode(x=alt.X("zero:Q", **bare))
    return alt.layer(bars, zero, gains, losses, title=name, width="container")


def calibration_chart(bands: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """Expected against observed close rate per band of scores: on the diagonal the two agree.

    `bands` has one row per band: band, leads, expected_rate, close_rate with low and high.
    """
    drawable(bands, "band", "leads", "expected_rate", "close_rate", "low", "high")
    columns = columns_of(bands, "band", "leads", "customers", "expected_rate", "close_rate", kinds={"band": "text"})
    frame = bands.with_columns(words=texts(bands["leads"], lambda leads: f"n = {formats.count(leads)}"))
    top = max(frame.select(pl.max_horizontal("expected_rate", "high").max()).item() or 0, 0.01)
    scale = alt.Scale(domain=[0, round(1.08 * top, 6)], nice=False)
    base = chart_of(frame, ["expected_rate", "close_rate", "low", "high", "words"], columns, height=300).encode(
        x=alt.X("expected_rate:Q", **number_axis("Expected close rate", scale=scale))
    )
    axis = number_axis("Observed close rate", scale=scale)
    spans = base.mark_rule(strokeWidth=2.5).encode(y=alt.Y("low:Q", **axis), y2="high:Q")
    points = base.encode(y=alt.Y("close_rate:Q", **axis))
    words = points.mark_text(align="left", dx=8, dy=-2, fontSize=11).encode(text="words:N")
    ends = [{"expected": end, "observed": end} for end in (0, round(top, 6))]
    line = alt.Chart(alt.InlineData(values=ends)).mark_line(**DASHED, strokeWidth=1.5)
    below = "One point per band of scores. On the dashed line, as many closed as expected. Lines: 95 % interval."
    rows = bands.select("band", "expected_rate", "close_rate").iter_rows()
    found = [f"{name}: expected {formats.rate(due)}, observed {formats.rate(seen)}." for name, due, seen in rows]
    return finished(
        line.encode(x="expected:Q", y="observed:Q") + spans + points.mark_point(size=100) + words,
        frame,
        columns,
        title=title or "Does the score predict the close rate?",
        subtitle=subtitle or below,
        description=[
            "Points with intervals around a diagonal: observed against expected close rate per band of scores.", *found
        ],
    )  # fmt: skip


def lift_chart(deciles: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """The close rate of each tenth of the leads in multiples of the average, best scores first.

    `deciles` has one row per tenth: decile, leads, close_rate, lift; customers_rate appears in the tooltip.
    """
    drawable(deciles, "decile", "leads", "close_rate", "lift")
    names = ("decile", "leads", "customers", "close_rate", "lift", "customers_rate")
    columns = columns_of(deciles, *names, kinds={"leads": "count", "customers": "score"})
    frame = deciles.with_columns(shown=texts(deciles["lift"], lambda lift: formats.ratio(lift, decimals=1)))
    base = chart_of(frame, ["decile", "lift", "shown"], columns, height=240).encode(
        x=alt.X("decile:O", title="Tenth of the leads, best scores first", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("lift:Q", title="Close rate, in multiples of the average", axis=alt.Axis(tickCount=5)),
    )
    words = base.mark_text(baseline="bottom", dy=-4, fontSize=11).encode(text="shown:N")
    size = f"{formats.number(deciles['leads'].sum(), decimals=0)} leads in {deciles.height} parts of equal size."
    return finished(
        base.mark_bar(size=22) + line_at(1, on="y", name="average", **DASHED) + words,
        frame,
        columns,
        title=title or "Do the best scores close best?",
        subtitle=subtitle or f"{size} Dashed: the average of all.",
        description=["Bars, one per tenth of the leads.", each(frame, group="decile", value="shown", kind="text")],
    )


CONSEQUENCES = {
    "close_rate": "Close rate of the leads above it", "leads": "Leads above it", "missed_customers": "Customers missed",
}  # fmt: skip
"""What a threshold means, one panel each."""


def threshold_chart(
    thresholds: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None
) -> alt.VConcatChart:
    """Close rate, leads and missed customers if leads count as MQLs from a score on; hover to read off.

    `thresholds` has one row per threshold: threshold, leads, close_rate with low and high, missed_customers.
    """
    drawable(thresholds, "threshold", "leads", "close_rate", "low", "high", "missed_customers")
    columns = columns_of(thresholds, "threshold", "leads", "customers", "close_rate", "missed_customers")
    pointed = {value: _pointed(value) for value in CONSEQUENCES}
    panels = [_panel(thresholds, columns, pointed, value=value) for value in CONSEQUENCES]
    rows = thresholds.select("threshold", "leads", "close_rate").iter_rows()
    found = [
        f"From {formats.shown(score, 'score')}: {formats.plural(leads, 'lead')}, {formats.rate(rate)} close."
        for score, leads, rate in rows
    ]
    if thresholds.height > 12:
        found = [extremes(thresholds, group="threshold", value="close_rate", kind="rate")]
    return finished(
        alt.vconcat(*panels, spacing=16),
        thresholds,
        columns,
        title=title or "What would another threshold mean?",
        subtitle=subtitle or "Leads at or above a score count as MQLs. Point at a score to read off all three.",
        description=["Three lines over the threshold: close rate, leads above it, customers missed.", *found],
    )


def _panel(
    thresholds: pl.DataFrame, columns: list[Column], pointed: dict[str, alt.Parameter], *, value: str
) -> alt.LayerChart:
    """One consequence over the thresholds, with a rule at the score that is pointed at."""
    ends = ["low", "high"] if value == "close_rate" else []
    is_last = value == list(CONSEQUENCES)[-1]
    scores = alt.Axis(tickCount=10) if is_last else alt.Axis(labels=False, ticks=False)
    title = "Score from which a lead is an MQL" if is_last else None
    x = alt.X("threshold:Q", title=title, axis=scores, scale=alt.Scale(nice=False, zero=False))
    number = alt.Axis(format=PERCENT if ends else ",~f", tickCount=3)
    y = {name: alt.Y(f"{name}:Q", title=None, axis=number, scale=alt.Scale(zero=True)) for name in (value, *ends)}
    frame = thresholds.with_columns(read=pl.Series(_read(thresholds, value), dtype=pl.String))
    base = alt.Chart(embedded(frame, ["threshold", value, *ends, "read"], columns)).encode(x=x)
    seen = _if_pointed_at(list(pointed.values()))
    layers = [
        base.mark_line().encode(y=y[value]),
        base.mark_rule(stroke=QUIET, strokeWidth=1).encode(opacity=seen),
        base.mark_point(size=50).encode(y=y[value]),
        base.mark_text(align="right", baseline="bottom", fontSize=12.5, fontWeight=600).encode(
            x=alt.value("width"), y=alt.value(-7), text="read:N", opacity=seen
        ),
    ]
    # What a pointer meets: stripes that fill the panel. Vega's own search for the nearest point loses the tooltip.
    wide = alt.ExprRef(f"width / {max(thresholds.height - 1, 1)}")
    stripes = base.mark_rule(strokeWidth=wide, opacity=0).encode(tooltip=tips(columns))
    layers.append(stripes.add_params(pointed[value]))
    if ends:
        layers.insert(0, base.mark_area(fill=MAIN, fillOpacity=0.15).encode(y=y["low"], y2="high:Q"))
    name = alt.TitleParams(CONSEQUENCES[value], fontSize=12.5, offset=6, frame="group")
    return alt.layer(*layers, title=name, height=90, width="container")


def _pointed(value: str) -> alt.Parameter:
    """The score that a pointer is over in one panel."""
    over = {"on": "pointerover", "clear": "pointerout"}
    return alt.selection_point(name=f"pointed_{value}", fields=["threshold"], empty=False, **over)


def _if_pointed_at(pointed: list[alt.Parameter]) -> alt.Opacity:
    """Visible at the score that is pointed at in any panel, hidden elsewhere."""
    first, *others = pointed
    seen = alt.when(first, empty=False).then(alt.value(1))
    for selection in others:
        seen = seen.when(selection, empty=False).then(alt.value(1))
    return seen.otherwise(alt.value(0))


def _read(thresholds: pl.DataFrame, value: str) -> list[str]:
    kind = kind_in(thresholds, value)
    pairs = thresholds.select("threshold", value).iter_rows()
    return [f"from {formats.shown(score, 'score')}: {formats.shown(size, kind)}" for score, size in pairs]
