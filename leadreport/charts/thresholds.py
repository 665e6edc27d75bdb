"""What calling leads MQL from another score on would mean."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import PERCENT
from leadreport.charts.draw import Column, drawable, embedded, finished, tips, told_columns
from leadreport.charts.palette import MAIN, QUIET
from leadreport.charts.words import extremes, sentences

THRESHOLDS = ("threshold", "leads", "customers", "close_rate", "missed_customers")


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
    told = told_columns(thresholds, *THRESHOLDS, kinds={"threshold": "score"})
    pointed = [_pointed(value) for value in CONSEQUENCES]
    panels = [panel(thresholds, told, pointed, value=value) for value in CONSEQUENCES]
    return finished(
        alt.vconcat(*panels, spacing=16),
        thresholds,
        told,
        title=title or "What would another threshold mean?",
        subtitle=subtitle or "Leads at or above a score count as MQLs. Point at a score to read off all three.",
        description=sentences(
            "Three lines over the threshold: close rate, leads above it, customers missed.",
            " ".join(
                f"From {formats.shown(score, 'score')}: {formats.plural(leads, 'lead')}, {formats.rate(rate)} close."
                for score, leads, rate in thresholds.select("threshold", "leads", "close_rate").iter_rows()
            )
            if thresholds.height <= 12
            else extremes(thresholds, group="threshold", value="close_rate", kind="rate"),
        ),
    )


def panel(
    thresholds: pl.DataFrame,
    told: list[Column],
    pointed: list[alt.Parameter],
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
    frame = thresholds.with_columns(read=pl.Series(_read(thresholds, value), dtype=pl.String))
    base = alt.Chart(embedded(frame, ["threshold", value, *ends, "read"], told)).encode(x=x)
    seen = _if_pointed_at(pointed)
    own = pointed[list(CONSEQUENCES).index(value)]
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
    layers.append(base.mark_rule(strokeWidth=wide, opacity=0).encode(tooltip=tips(told)).add_params(own))
    if ends:
        layers.insert(0, base.mark_area(fill=MAIN, fillOpacity=0.15).encode(y=y["low"], y2="high:Q"))
    name = alt.TitleParams(CONSEQUENCES[value], fontSize=12.5, offset=6, frame="group")
    return alt.layer(*layers, title=name, height=90, width="container")


def _pointed(value: str) -> alt.Parameter:
    """The score that a pointer is over in one panel."""
    over = {"on": "pointerover", "clear": "pointerout"}
    return alt.selection_point(name=f"pointed_{value}", fields=["threshold"], empty=False, **over)


def _if_pointed_at(pointed: list[alt.Parameter]) -> alt.Opacity:
    """Seen at the score that is pointed at in any panel, and nowhere before."""
    first, *others = pointed
    seen = alt.when(first, empty=False).then(alt.value(1))
    for selection in others:
        seen = seen.when(selection, empty=False).then(alt.value(1))
    return seen.otherwise(alt.value(0))


def _read(thresholds: pl.DataFrame, value: str) -> list[str]:
    kind = formats.kind_of(value, sample=next(iter(thresholds[value].drop_nulls()), None))
    pairs = thresholds.select("threshold", value).iter_rows()
    return [f"from {formats.shown(score, 'score')}: {formats.shown(size, kind)}" for score, size in pairs]
