"""Cohorts by age: what is settled, what is not, on one chart."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import LINES, PERCENT, legend, with_label
from leadreport.charts.draw import drawable, embedded, finished, tips, told_columns
from leadreport.charts.palette import MAIN, QUIET
from leadreport.charts.theme import GROUND
from leadreport.charts.words import extremes, last, sentences
from leadreport.words import STAGE_NAMES

STATES = {"settled": "final", "young": "still open, so far", "cut": "not all on record"}
"""What may be said of a cohort."""

STYLES = {
    STATES["settled"]: (MAIN, MAIN, "circle"), STATES["young"]: (GROUND, MAIN, "circle"),
    STATES["cut"]: (GROUND, QUIET, "square"),
}  # fmt: skip
"""Fill, stroke and shape of each."""

COHORTS = (
    "cohort",
    "leads",
    "state",
    "shown_rate",
    "converted",
    "open",
    "lost",
    "km_days",
    "expected_rate",
    "horizon_days",
)


GHOST = 7
"""So many pixels beside what was counted stands what is expected."""

FEW = 12
"""So many cohorts have room for their number of leads below their name."""


def cohort_chart(cohorts: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """Final conversion of old cohorts, solid; the Kaplan-Meier estimate of young ones, hollow; both with interval.

    `cohorts` has one row per cohort: cohort, leads, is_final, conversion_rate with low and high, km_rate with km_low
    and km_high. When there, is_truncated marks cohorts whose conversions were not yet on record, and expected_rate with
    its interval says where young ones may end.
    """
    drawable(cohorts, "cohort", "leads", "is_final", "conversion_rate", "low", "high", "km_rate", "km_low", "km_high")
    frame = with_state(cohorts)
    frame = with_label(frame, group="cohort", n="leads") if frame.height <= FEW else frame.with_columns(label="cohort")
    told = told_columns(frame, *COHORTS)
    plotted = ["label", "state", "shown_rate", "shown_low", "shown_high"]
    expected = [name for name in ("expected_rate", "expected_low", "expected_high") if name in frame.columns]
    base = alt.Chart(embedded(frame, plotted + expected, told), height=280).encode(
        x=cohort_axis(frame), tooltip=tips(told)
    )
    names = [name for name in STYLES if name in frame["state"]]
    drawn = measured(base, names) if not expected else ghosts(base) + measured(base, names)
    count = {name: frame.filter(pl.col("state") == STATES[name]).height for name in STATES}
    size = f"{formats.count(frame['leads'].min())} to {formats.count(frame['leads'].max())} leads each"
    below = f"{frame.height} cohorts of {size}; {count['young']} still open. Lines: 95 % interval."
    if expected and count["young"]:
        below += " Grey: where open ones may end."
    return finished(
        drawn,
        frame,
        told,
        title=title or "How many of each cohort convert?",
        subtitle=subtitle or below,
        description=sentences(
            f"Points with intervals, one per cohort: {count['settled']} final, {count['young']} still open, "
            f"{count['cut']} from before the record was complete.",
            extremes(frame, group="cohort", value="conversion_rate", kind="rate"),
            last(frame, group="cohort", value="conversion_rate", kind="rate"),
        ),
    )


def with_state(cohorts: pl.DataFrame) -> pl.DataFrame:
    """Which of its two numbers a cohort shows, and as what; old ones without a final rate were not all on record."""
    is_settled = pl.col("conversion_rate").is_not_null()
    is_cut = pl.col("is_final") | (pl.col("is_truncated") if "is_truncated" in cohorts.columns else False)
    state = pl.when(is_settled).then(pl.lit("settled")).when(is_cut).then(pl.lit("cut")).otherwise(pl.lit("young"))
    return cohorts.with_columns(
        state=state.replace(STATES),
        shown_rate=pl.coalesce("conversion_rate", "km_rate"),
        shown_low=pl.when(is_settled).then("low").otherwise("km_low"),
        shown_high=pl.when(is_settled).then("high").otherwise("km_high"),
    )


def cohort_axis(frame: pl.DataFrame) -> alt.X:
    """Cohorts in their order; when they are few, with how many leads each has."""
    names = alt.Axis(labelAngle=0, labelPadding=8, labelExpr=LINES, labelLineHeight=14)
    return alt.X("label:O", sort=frame["label"].to_list(), title=None, axis=names)


def measured(base: alt.Chart, names: list[str]) -> alt.LayerChart:
    """What was counted or estimated so far."""
    styles = [STYLES[name] for name in names]
    axis = {"title": "Converted", "axis": alt.Axis(format=PERCENT, tickCount=5), "scale": alt.Scale(zero=True)}
    dash = alt.condition(alt.datum.state == STATES["settled"], alt.value([1, 0]), alt.value([4, 3]))
    spans = base.mark_rule(strokeWidth=2).encode(y=alt.Y("shown_low:Q", **axis), y2="shown_high:Q", strokeDash=dash)
    points = base.mark_point(size=80, strokeWidth=2, filled=False).encode(
        y=alt.Y("shown_rate:Q", **axis),
        fill=alt.Fill(
            "state:N",
            scale=alt.Scale(domain=names, range=[fill for fill, _, _ in styles]),
            sort=names,
            legend=legend(names),
        ),
        stroke=alt.Stroke(
            "state:N", scale=alt.Scale(domain=names, range=[stroke for _, stroke, _ in styles]), sort=names
        ),
        shape=alt.Shape(
            "state:N",
            scale=alt.Scale(domain=names, range=[shape for _, _, shape in styles]),
            sort=names,
            legend=legend(names),
        ),
    )
    return spans + points


def ghosts(base: alt.Chart) -> alt.LayerChart:
    """Where the open cohorts may end."""
    spans = base.mark_rule(stroke=QUIET, strokeWidth=6, strokeOpacity=0.45, strokeCap="round", xOffset=GHOST).encode(
        y="expected_low:Q", y2="expected_high:Q"
    )
    return alt.layer(
        spans, base.mark_tick(color=QUIET, thickness=2, size=10, xOffset=GHOST).encode(y="expected_rate:Q")
    )


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
    told = told_columns(cells, y, x, value, n)
    kind = next(column.kind for column in told if column.name == value)
    top = max((abs(size) for size in cells[value].drop_nulls()), default=1) or 1
    figures = pl.Series([_short(size, kind) for size in cells[value]], dtype=pl.String)
    frame = cells.with_columns(pl.col(x, y).cast(pl.String).replace(STAGE_NAMES), figure=figures)
    base = alt.Chart(embedded(frame, [x, y, value, "figure"], told), height=alt.Step(28)).encode(
        x=alt.X(f"{x}:O", sort=None, title=None, axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False)),
        y=alt.Y(f"{y}:O", sort=None, title=None),
        tooltip=tips(told),
    )
    shade = alt.FillOpacity(f"{value}:Q", scale=alt.Scale(domain=[0, top], range=[0.04, 0.62]), legend=None)
    drawn = base.mark_rect(fill=MAIN, stroke=GROUND, strokeWidth=2).encode(fillOpacity=shade)
    return finished(
        drawn + base.mark_text().encode(text="figure:N"),
        frame,
        told,
        title=title or f"{formats.label_of(value)} by {formats.label_of(y).lower()} and {formats.label_of(x).lower()}",
        subtitle=subtitle
        or f"Each cell stands on {formats.count(cells[n].min())} to {formats.count(cells[n].max())} {n}.",
        description=sentences(
            f"A grid of {cells[y].n_unique()} rows and {cells[x].n_unique()} columns.",
            extremes(cells, group=y, value=value, kind=kind),
        ),
    )


def _short(size: float | None, kind: str) -> str:
    if size is None:
        return ""
    return formats.rate(size, decimals=0) if kind == "rate" else formats.shown(size, kind)
