"""The handoff: how fast sales answers, how many leads it accepts, and whether its people judge alike."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.drawing import (
    DASHED,
    chart_of,
    columns_of,
    drawable,
    embedded,
    group_of,
    legend,
    line_at,
    number_axis,
    reference,
    rows_of,
    tips,
    with_label,
)
from leadreport.charts.output import extremes, finished
from leadreport.charts.theme import ALARM, CATEGORIES, DASHES, MAIN, QUIET
from leadreport.errors import PageError

SPEED = (
    *("leads", "attainment_rate", "in_time", "late", "overdue", "not_due", "median_hours", "p90_hours"),
    "never_contacted",
)

ACCEPTANCE = (
    *("handed_over", "acceptance_rate", "accepted", "rejected", "recycled", "undecided", "touched_in_time_rate"),
    "accepted_untouched",
)


def speed_chart(
    speed: pl.DataFrame,
    *,
    by: str | None = None,
    target: float | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """The share of leads answered within the agreed time, per group, with interval and n.

    `speed` has one row per group: attainment_rate with low and high, leads; hours and counts appear in the tooltip.
    """
    group = group_of(speed, by)
    name = formats.label_of(group).lower()
    return _rates(
        speed, group, SPEED, value="attainment_rate", n="leads", target=target, axis_title="Answered in time",
        title=title or f"Who answers in time, by {name}?",
        subtitle=subtitle or "Share of the leads that were due; lines: 95 % interval. n: handed over.",
        description=f"Points with intervals, one per {name}: the share of leads answered in time.",
    )  # fmt: skip


def acceptance_chart(
    acceptance: pl.DataFrame,
    *,
    by: str | None = None,
    target: float | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """The share of handed-over leads that sales accepted, per group, with interval and n.

    `acceptance` has one row per group: handed_over, acceptance_rate with low and high.
    """
    group = group_of(acceptance, by)
    name = formats.label_of(group).lower()
    return _rates(
        acceptance, group, ACCEPTANCE, value="acceptance_rate", n="handed_over", target=target,
        axis_title="Accepted by sales",
        title=title or f"Which leads does sales accept, by {name}?",
        subtitle=subtitle or "Of the leads old enough to be decided; lines: 95 % interval. n: handed over.",
        description=f"Points with intervals, one per {name}: the share that sales accepted.",
    )  # fmt: skip


def _rates(
    frame: pl.DataFrame,
    group: str,
    names: Sequence[str],
    *,
    value: str,
    n: str,
    target: float | None,
    axis_title: str,
    title: str,
    subtitle: str,
    description: str,
) -> alt.LayerChart:
    """A rate per group as a point with its interval; a missing rate leaves its row empty."""
    drawable(frame, group, value, "low", "high", n)
    labelled = with_label(frame, group=group, n=n)
    columns = columns_of(labelled, group, *names)
    base = rows_of(labelled, [value, "low", "high"], columns)
    axis = number_axis(axis_title)
    spans = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", **axis), x2="high:Q")
    drawn = spans + base.mark_point(size=100).encode(x=alt.X(f"{value}:Q", **axis))
    if target is not None:
        drawn += reference(target, label=f"{formats.phrase('target')} {formats.rate(target)}")
    found = extremes(labelled, group=group, value=value, kind="rate")
    return finished(drawn, labelled, columns, title=title, subtitle=subtitle, description=[description, found])


def touch_curve_chart(
    curve: pl.DataFrame,
    *,
    by: str | None = None,
    sla_hours: float | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """The share of leads touched within a number of working hours; at most five groups, each with its own dash.

    `curve` has one row per time (and group): at, converted_rate, low, high. Read a curve of thousands of times off at
    chosen hours first, with `rates.converted_by`.
    """
    groups = [by] if by else []
    drawable(curve, "at", "converted_rate", "low", "high", *groups)
    named = curve.rename({"converted_rate": "touched_rate"}).with_columns(converted_rate="touched_rate")
    columns = columns_of(named, *groups, "at", "touched_rate", "at_risk")
    base = chart_of(named, ["at", "converted_rate", "low", "high", *groups], columns, height=260)
    base = base.encode(x=alt.X("at:Q", title="Working hours since the hand-over", scale=alt.Scale(nice=False)))
    share = number_axis("Touched", scale=alt.Scale(domain=[0, 1]))
    line = base.mark_line(interpolate="step-after", point=alt.OverlayMarkDef(opacity=0, size=120))
    line = line.encode(y=alt.Y("converted_rate:Q", **share))
    if by:
        drawn = alt.layer(line.encode(**_lines(curve, by)))
    else:
        area = base.mark_area(interpolate="step-after", fill=MAIN, fillOpacity=0.15)
        drawn = area.encode(y=alt.Y("low:Q", **share), y2="high:Q") + line
    if sla_hours is not None:
        drawn += reference(sla_hours, label=f"agreed: {formats.hours(sla_hours)}")
    return finished(
        drawn,
        named,
        columns,
        title=title or "How long until the first touch?",
        subtitle=subtitle or "Kaplan-Meier: a lead without a touch counts for as long as it has waited.",
        description=[
            "A rising curve: the share of leads touched, over working hours since the hand-over.", *_ends(curve, by)
        ],
    )  # fmt: skip


def _lines(curve: pl.DataFrame, by: str) -> dict[str, alt.Stroke | alt.StrokeDash]:
    """A colour and a dash per group, in one legend."""
    groups = curve[by].unique(maintain_order=True).to_list()
    if len(groups) > len(CATEGORIES):
        problem = f"{len(groups)} curves cannot be distinguished"
        raise PageError(problem, hint=f"draw {len(CATEGORIES)} groups or fewer")
    colours, dashes = list(CATEGORIES[: len(groups)]), [list(dash) for dash in DASHES[: len(groups)]]
    same = {"sort": groups, "legend": legend(groups, has_lines=True)}
    return {
        "stroke": alt.Stroke(f"{by}:N", scale=alt.Scale(domain=groups, range=colours), **same),
        "strokeDash": alt.StrokeDash(f"{by}:N", scale=alt.Scale(domain=groups, range=dashes), **same),
    }


def _ends(curve: pl.DataFrame, by: str | None) -> list[str]:
    """Where each curve ends."""
    groups = [curve] if by is None else curve.partition_by(by, maintain_order=True)
    ends = [(group[by][0] if by else "All leads", group.row(-1, named=True)) for group in groups if group.height]
    return [f"{name}: {formats.rate(end['converted_rate'])} within {formats.hours(end['at'])}." for name, end in ends]


LIMITS = ("low_95", "high_95", "low_limit_rate", "high_limit_rate")


def consistency_chart(
    consistency: pl.DataFrame, *, by: str | None = None, title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """A funnel plot: each group's rate less what its leads predict, over its number of leads, between limits.

    `consistency` has one row per group: leads, observed_rate, expected_rate, the limits low_95, high_95, low_limit_rate
    and high_limit_rate around the expected rate, and standing. Only groups outside the wider limits are named: this is
    no ranking.
    """
    group = group_of(consistency, by)
    drawable(consistency, group, "leads", "observed_rate", "expected_rate", *LIMITS, "standing")
    frame = consistency.with_columns(label=pl.col(group), is_outside=pl.col("standing") != "as expected")
    columns = columns_of(frame, group, "leads", "observed", "observed_rate", "expected_rate", "standing")
    plotted = ["label", "leads", "observed_rate", "expected_rate", *LIMITS, "is_outside"]
    points = alt.Axis(labelExpr="format(datum.value * 100, '+.2~f')", tickCount=7)
    base = alt.Chart(embedded(frame, plotted, columns), height=300).encode(
        x=alt.X("leads:Q", title="Leads with a verdict", scale=alt.Scale(zero=False, padding=24)),
        y=alt.Y("apart:Q", title="Observed less expected (percentage points)", axis=points),
    )
    limits = [_limit(base, name) for name in LIMITS]
    apart = base.encode(tooltip=tips(columns)).transform_calculate(apart="datum.observed_rate - datum.expected_rate")
    within = apart.transform_filter("!datum.is_outside").mark_point(size=90, fill=MAIN)
    far = apart.transform_filter("datum.is_outside")
    outside = far.mark_point(size=150, fill=ALARM, shape="diamond")
    names = far.mark_text(align="right", dx=-13, fontSize=12.5).encode(text="label:N")
    below = "0: as others judge similar leads. Outside by chance: dashed 1 rep in 20; solid any rep in 1 team of 200."
    return finished(
        alt.layer(*limits, line_at(0, on="y"), within, outside, names),
        frame,
        columns,
        title=title or "Who judges similar leads differently?",
        subtitle=subtitle or below,
        description=["Points between limits that narrow with the number of leads.", _outside(frame, group)],
    )


def _limit(base: alt.Chart, name: str) -> alt.Chart:
    """One limit, as a line over the number of leads."""
    style = DASHED if name.endswith("95") else {"stroke": QUIET, "strokeDash": [1, 0]}
    return base.transform_calculate(apart=f"datum.{name} - datum.expected_rate").mark_line(**style, strokeWidth=1.5)


def _outside(frame: pl.DataFrame, group: str) -> str:
    """The groups outside the wider limits, each with its direction."""
    far = frame.filter("is_outside")
    if far.is_empty():
        return "All are within the limits."
    rows = far.select(group, "standing", "observed_rate", "expected_rate").iter_rows()
    named = [
        f"{name} is {way} what is expected: {formats.rate(seen)} against {formats.rate(due)}"
        for name, way, seen, due in rows
    ]
    return f"{'; '.join(named)}. All others are as expected."
