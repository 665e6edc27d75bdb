"""Whether a score keeps its word on leads it has not seen."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import PERCENT
from leadreport.charts.draw import drawable, embedded, finished, tips, told_columns
from leadreport.charts.palette import QUIET
from leadreport.charts.words import each, sentences

BANDS = ("band", "leads", "customers", "expected_rate", "close_rate")


def calibration_chart(bands: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """What was expected of each band of scores, and what closed: points on the line keep their word.

    `bands` has one row per band: band, leads, expected_rate, close_rate with low and high.
    """
    drawable(bands, "band", "leads", "expected_rate", "close_rate", "low", "high")
    told = told_columns(bands, *BANDS, kinds={"band": "text"})
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
        or "One point per band of scores; on the dashed line it closed as expected. Lines: 95 % interval.",
        description=sentences(
            "Points with intervals around a diagonal: observed against expected close rate per band of scores.",
            " ".join(
                f"{band}: expected {formats.rate(expected)}, observed {formats.rate(seen)}."
                for band, expected, seen in bands.select("band", "expected_rate", "close_rate").iter_rows()
            ),
        ),
    )


DECILES = ("decile", "leads", "customers", "close_rate", "lift", "customers_rate")


def lift_chart(deciles: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """How much better each tenth of the leads closes than the average, best scores first.

    `deciles` has one row per tenth: decile, leads, close_rate, lift; customers_rate is told when there.
    """
    drawable(deciles, "decile", "leads", "close_rate", "lift")
    told = told_columns(deciles, *DECILES, kinds={"leads": "count", "customers": "score"})
    shown = pl.Series([formats.ratio(lift, decimals=1) for lift in deciles["lift"]], dtype=pl.String)
    frame = deciles.with_columns(shown=shown)
    base = alt.Chart(embedded(frame, ["decile", "lift", "shown"], told), height=240).encode(
        x=alt.X("decile:O", title="Tenth of the leads, best scores first", axis=alt.Axis(labelAngle=0)),
        tooltip=tips(told),
    )
    y = alt.Y("lift:Q", title="Close rate, in multiples of the average", axis=alt.Axis(tickCount=5))
    bars = base.mark_bar(size=22).encode(y=y)
    words = base.mark_text(baseline="bottom", dy=-4, fontSize=11).encode(y=y, text="shown:N")
    average = alt.Chart(alt.InlineData(values=[{"average": 1}])).mark_rule(stroke=QUIET, strokeDash=[5, 4])
    size = f"{formats.number(deciles['leads'].sum(), decimals=0)} leads in {deciles.height} parts of equal size."
    return finished(
        bars + average.encode(y="average:Q") + words,
        frame,
        told,
        title=title or "Do the best scores close best?",
        subtitle=subtitle or f"{size} Dashed: the average of all.",
        description=sentences(
            "Bars, one per tenth of the leads.", each(frame, group="decile", value="shown", kind="text")
        ),
    )
