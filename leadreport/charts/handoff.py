"""The handoff: how fast sales answers, and how many leads it takes on."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import PERCENT, dots, legend, reference, with_label
from leadreport.charts.draw import drawable, embedded, finished, group_of, tips, told_columns
from leadreport.charts.palette import CATEGORIES, DASHES, MAIN
from leadreport.charts.words import extremes, sentences
from leadreport.errors import PageError

SPEED = (
    "leads",
    "attainment_rate",
    "in_time",
    "late",
    "overdue",
    "not_due",
    "median_hours",
    "p90_hours",
    "never_contacted",
)

ACCEPTANCE = (
    "handed_over",
    "acceptance_rate",
    "accepted",
    "rejected",
    "recycled",
    "undecided",
    "touched_in_time_rate",
    "accepted_untouched",
)

CURVE = ("at", "converted_rate", "at_risk")


def speed_chart(
    speed: pl.DataFrame,
    *,
    by: str | None = None,
    target: float | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """The share of leads answered within the agreed time, per group, with interval and n.

    `speed` has one row per group: attainment_rate with low and high, leads; hours and counts are told when there.
    """
    group = group_of(speed, by)
    drawable(speed, group, "attainment_rate", "low", "high", "leads")
    frame = with_label(speed, group=group, n="leads")
    told = told_columns(frame, group, *SPEED)
    drawn = dots(frame, told, value="attainment_rate", ends=("low", "high"), title="Answered in time")
    return finished(
        _with_target(drawn, target),
        frame,
        told,
        title=title or f"Who answers in time, by {formats.label_of(group).lower()}?",
        subtitle=subtitle or "Share of the leads that were due; lines: 95 % interval. n: handed over.",
        description=sentences(
            f"Points with intervals, one per {formats.label_of(group).lower()}: the share of leads answered in time.",
            extremes(frame, group=group, value="attainment_rate", kind="rate"),
        ),
    )


def acceptance_chart(
    acceptance: pl.DataFrame,
    *,
    by: str | None = None,
    target: float | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """The share of handed-over leads that sales took on, per group, with interval and n.

    `acceptance` has one row per group: handed_over, acceptance_rate with low and high.
    """
    group = group_of(acceptance, by)
    drawable(acceptance, group, "acceptance_rate", "low", "high", "handed_over")
    frame = with_label(acceptance, group=group, n="handed_over")
    told = told_columns(frame, group, *ACCEPTANCE)
    drawn = dots(frame, told, value="acceptance_rate", ends=("low", "high"), title="Accepted by sales")
    return finished(
        _with_target(drawn, target),
        frame,
        told,
        title=title or f"Which leads does sales take on, by {formats.label_of(group).lower()}?",
        subtitle=subtitle or "Of the leads that had their time; lines: 95 % interval. n: handed over.",
        description=sentences(
            f"Points with intervals, one per {formats.label_of(group).lower()}: the share that sales accepted.",
            extremes(frame, group=group, value="acceptance_rate", kind="rate"),
        ),
    )


def touch_curve_chart(
    curve: pl.DataFrame,
    *,
    by: str | None = None,
    sla_hours: float | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """The share of leads touched within so many working hours; at most five groups, each with its own dash.

    `curve` has one row per time (and group): at, converted_rate, low, high. A curve with thousands of times is read off
    at chosen hours first, with `rates.converted_by`.
    """
    drawable(curve, "at", "converted_rate", "low", "high", *([by] if by else []))
    told = told_columns(curve, *([by] if by else []), *CURVE, kinds={"at": "hours"})
    rows = embedded(curve, ["at", "converted_rate", "low", "high", *([by] if by else [])], told)
    hours = alt.X("at:Q", title="Working hours since the hand-over", scale=alt.Scale(nice=False))
    share = {"title": "Touched", "axis": alt.Axis(format=PERCENT, tickCount=5), "scale": alt.Scale(domain=[0, 1])}
    base = alt.Chart(rows, height=260).encode(x=hours, tooltip=tips(told))
    area = base.mark_area(interpolate="step-after", fill=MAIN, fillOpacity=0.15)
    line = base.mark_line(interpolate="step-after", point=alt.OverlayMarkDef(opacity=0, size=120))
    line = line.encode(y=alt.Y("converted_rate:Q", **share))
    if by:
        drawn = alt.layer(line.encode(**_told_apart(curve, by)))
    else:
        drawn = area.encode(y=alt.Y("low:Q", **share), y2="high:Q") + line
    if sla_hours is not None:
        drawn = drawn + reference(sla_hours, label=f"agreed: {formats.hours(sla_hours)}")
    return finished(
        drawn,
        curve,
        told,
        title=title or "How long until somebody calls?",
        subtitle=subtitle or "Kaplan-Meier: a lead that nobody has called counts for as long as it has waited.",
        description=sentences(
            "A rising curve: the share of leads touched, over working hours since the hand-over.", _ends(curve, by)
        ),
    )


def _with_target(drawn: alt.LayerChart, target: float | None) -> alt.LayerChart:
    if target is None:
        return drawn
    return drawn + reference(target, label=f"{formats.phrase('target')} {formats.rate(target)}")


def _told_apart(curve: pl.DataFrame, by: str) -> dict[str, alt.Stroke | alt.StrokeDash]:
    """Groups by colour and dash, in one legend."""
    groups = curve[by].unique(maintain_order=True).to_list()
    if len(groups) > len(CATEGORIES):
        raise PageError(f"{len(groups)} curves are not told apart", hint=f"draw {len(CATEGORIES)} groups or fewer")
    colours, dashes = list(CATEGORIES[: len(groups)]), [list(dash) for dash in DASHES[: len(groups)]]
    lines = legend(groups, has_lines=True)
    return {
        "stroke": alt.Stroke(f"{by}:N", sort=groups, scale=alt.Scale(domain=groups, range=colours), legend=lines),
        "strokeDash": alt.StrokeDash(
            f"{by}:N", sort=groups, scale=alt.Scale(domain=groups, range=dashes), legend=lines
        ),
    }


def _ends(curve: pl.DataFrame, by: str | None) -> str:
    """Where each curve ends."""
    groups = [curve] if by is None else curve.partition_by(by, maintain_order=True)
    ends = [(group[by][0] if by else "All leads", group.tail(1)) for group in groups if group.height]
    return " ".join(
        f"{name}: {formats.rate(end['converted_rate'][0])} within {formats.hours(end['at'][0])}." for name, end in ends
    )
