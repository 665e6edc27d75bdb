"""Cohorts: final and open ones on one chart, and numbers by pairs of groups."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.drawing import LINES, chart_of, columns_of, drawable, number_axis, styled, texts, with_label
from leadreport.charts.output import each, extremes, finished
from leadreport.charts.theme import GROUND, MAIN, QUIET
from leadreport.words import STAGE_NAMES

FINAL, YOUNG, CUT = "final", "still open, so far", "not all on record"

STATES = {FINAL: (MAIN, MAIN, "circle"), YOUNG: (GROUND, MAIN, "circle"), CUT: (GROUND, QUIET, "square")}
"""The states of a cohort, each with fill, stroke and shape."""

COHORTS = (
    *("cohort", "leads", "state", "shown_rate", "converted", "open", "lost", "km_days", "expected_rate"),
    "horizon_days",
)

GHOST = 7
"""Pixels between what is counted and what is expected."""

FEW = 12
"""Up to this number of cohorts, each has room for its number of leads below its name."""


def cohort_chart(cohorts: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """Final conversion of old cohorts, solid; the Kaplan-Meier estimate of young ones, hollow; both with interval.

    `cohorts` has one row per cohort: cohort, leads, is_final, conversion_rate with low and high, km_rate with km_low
    and km_high. Two more are optional: is_truncated marks cohorts whose conversions were not yet recorded, and
    expected_rate with its interval says where young ones may end.
    """
    drawable(cohorts, "cohort", "leads", "is_final", "conversion_rate", "low", "high", "km_rate", "km_low", "km_high")
    frame = _with_state(cohorts)
    frame = with_label(frame, group="cohort", n="leads") if frame.height <= FEW else frame.with_columns(label="cohort")
    columns = columns_of(frame, *COHORTS)
    expected = [name for name in ("expected_rate", "expected_low", "expected_high") if name in frame.columns]
    plotted = ["label", "state", "shown_rate", "shown_low", "shown_high", *expected]
    base = chart_of(frame, plotted, columns, height=280).encode(x=_cohort_axis(frame))
    drawn = _measured(base, {name: STATES[name] for name in STATES if name in frame["state"]})
    final, young, cut = (frame["state"].eq(name).sum() for name in STATES)
    size = f"{formats.count(frame['leads'].min())} to {formats.count(frame['leads'].max())} leads each"
    below = f"{frame.height} cohorts of {size}; {young} still open. Lines: 95 % interval."
    ghosts = " Grey: where open ones may end." if expected and young else ""
    known = frame.drop_nulls("conversion_rate").tail(1)
    last = each(known, group="cohort", value="conversion_rate", kind="rate")
    counted = f"{final} final, {young} still open, {cut} from before the record was complete."
    return finished(
        _ghosts(base) + drawn if expected else drawn,
        frame,
        columns,
        title=title or "How many of each cohort convert?",
        subtitle=subtitle or below + ghosts,
        description=[
            f"Points with intervals, one per cohort: {counted}",
            extremes(frame, group="cohort", value="conversion_rate", kind="rate"),
            "" if known.is_empty() else f"Last: {last}",
        ],
    )


def _with_state(cohorts: pl.DataFrame) -> pl.DataFrame:
    """The state of each cohort and the rate to show; an old one without a final rate was not all on record."""
    is_final = pl.col("conversion_rate").is_not_null()
    is_cut = pl.col("is_final") | (pl.col("is_truncated") if "is_truncated" in cohorts.columns else False)
    return cohorts.with_columns(
        state=pl.when(is_final).then(pl.lit(FINAL)).when(is_cut).then(pl.lit(CUT)).otherwise(pl.lit(YOUNG)),
        shown_rate=pl.coalesce("conversion_rate", "km_rate"),
        shown_low=pl.when(is_final).then("low").otherwise("km_low"),
        shown_high=pl.when(is_final).then("high").otherwise("km_high"),
    )


def _cohort_axis(frame: pl.DataFrame) -> alt.X:
    """Cohorts in their order."""
    names = alt.Axis(labelAngle=0, labelPadding=8, labelExpr=LINES, labelLineHeight=14)
    return alt.X("label:O", sort=frame["label"].to_list(), title=None, axis=names)


def _measured(base: alt.Chart, states: dict[str, tuple[str, str, str]]) -> alt.LayerChart:
    """What is counted, or estimated so far."""
    axis = number_axis("Converted")
    dash = alt.condition(alt.datum.state == FINAL, alt.value([1, 0]), alt.value([4, 3]))
    spans = base.mark_rule(strokeWidth=2).encode(y=alt.Y("shown_low:Q", **axis), y2="shown_high:Q", strokeDash=dash)
    points = base.mark_point(size=80, strokeWidth=2, filled=False)
    return spans + points.encode(y=alt.Y("shown_rate:Q", **axis), **styled("state", states, outlined=False))


def _ghosts(base: alt.Chart) -> alt.LayerChart:
    """Where the open cohorts may end."""
    spans = base.mark_rule(stroke=QUIET, strokeWidth=6, strokeOpacity=0.45, strokeCap="round", xOffset=GHOST)
    ticks = base.mark_tick(color=QUIET, thickness=2, size=10, xOffset=GHOST)
    return alt.layer(spans.encode(y="expected_low:Q", y2="expected_high:Q"), ticks.encode(y="expected_rate:Q"))


def heatmap_chart(
    cells: pl.DataFrame,
    *,
    x: str,
    y: str,
    value: str,
    n: str = "leads",
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """A number for each pair of groups, such as cohort and age: shade and figure say the same.

    `cells` has one row per pair: the columns named by `x`, `y`, `value` and `n`. Cells without a number stay empty.
    """
    drawable(cells, x, y, value, n)
    columns = columns_of(cells, y, x, value, n)
    kind = columns[2].kind
    top = max((abs(size) for size in cells[value].drop_nulls()), default=1) or 1
    figures = texts(cells[value], lambda size: _short(size, kind))
    frame = cells.with_columns(pl.col(x, y).cast(pl.String).replace(STAGE_NAMES), figure=figures)
    base = chart_of(frame, [x, y, value, "figure"], columns, height=alt.Step(28)).encode(
        x=alt.X(f"{x}:O", sort=None, title=None, axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False)),
        y=alt.Y(f"{y}:O", sort=None, title=None),
    )
    shade = alt.FillOpacity(f"{value}:Q", scale=alt.Scale(domain=[0, top], range=[0.04, 0.62]), legend=None)
    drawn = base.mark_rect(fill=MAIN, stroke=GROUND, strokeWidth=2).encode(fillOpacity=shade)
    below = f"Each cell is based on {formats.count(cells[n].min())} to {formats.count(cells[n].max())} {n}."
    names = [formats.label_of(name).lower() for name in (y, x)]
    return finished(
        drawn + base.mark_text().encode(text="figure:N"),
        frame,
        columns,
        title=title or f"{formats.label_of(value)} by {' and '.join(names)}",
        subtitle=subtitle or below,
        description=[
            f"A grid of {cells[y].n_unique()} rows and {cells[x].n_unique()} columns.",
            extremes(cells, group=y, value=value, kind=kind),
        ],
    )


def _short(size: float | None, kind: str) -> str:
    if size is None:
        return ""
    return formats.rate(size, decimals=0) if kind == "rate" else formats.shown(size, kind)
