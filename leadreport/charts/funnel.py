"""The funnel: how many leads get how far, how long it takes, what moved the total, and the last weeks."""

from typing import Any

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.drawing import (
    DASHED,
    POINTS,
    Column,
    chart_of,
    columns_of,
    drawable,
    group_of,
    legend,
    line_at,
    row_texts,
    rows_of,
    with_label,
)
from leadreport.charts.output import each, extremes, finished
from leadreport.charts.theme import BLUE, GREEN, GROUND, MAIN, QUIET
from leadreport.errors import PageError
from leadreport.words import STAGE_NAMES

FUNNEL = ("stage", "leads", "observed", "imputed", "lost", "open", "step_rate", "reach_rate")

STAYS = ("step", "converted", "q25_days", "median_days", "q75_days", "lost", "open")

EFFECTS = ("mix_effect", "rate_effect", "effect", "share_before", "share_after", "rate_before", "rate_after")


def funnel_chart(steps: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """The leads that reached each stage, their share of the stage before, and those only implied by a later stage.

    `steps` has one row per stage: stage, leads, observed, step_rate with low and high; imputed, lost, open and
    reach_rate appear in the tooltip.

    Raises
    ------
    PageError
        When a stage has more than one row: filter to one group, or draw groups with `heatmap_chart`.
    """
    drawable(steps, "stage", "leads", "observed", "step_rate")
    if steps["stage"].is_duplicated().any():
        raise PageError("a funnel has one row per stage", hint="filter the steps to one group, or use heatmap_chart")
    names = pl.col("stage").replace(STAGE_NAMES)
    words = row_texts(steps.select("leads", "step_rate"), _reached)
    frame = steps.with_columns(stage=names, label=names, words=words)
    columns = columns_of(frame, *FUNNEL)
    base = rows_of(frame, ["leads", "observed", "words"], columns, step=40)
    room = alt.Scale(domain=[0, 1.45 * max(steps["leads"].max() or 0, 1)], nice=False)
    seen = base.mark_bar(height=24).encode(x=alt.X("observed:Q", title=None, axis=None, scale=room))
    implied = base.transform_filter("datum.leads > datum.observed").mark_bar(height=24, fillOpacity=0.25, stroke=MAIN)
    shown = base.mark_text(align="left", dx=8, fontSize=13).encode(x="leads:Q", text="words:N")
    below = "Leads that reached each stage, and their share of the stage before. Pale: implied by a later stage only."
    return finished(
        seen + implied.encode(x="observed:Q", x2="leads:Q") + shown,
        frame,
        columns,
        title=title or "How far do leads get?",
        subtitle=subtitle or below,
        description=["Bars, one per stage.", each(frame, group="stage", value="words", kind="text")],
    )


def _reached(leads: int, rate: float | None) -> str:
    return formats.count(leads) + ("" if rate is None else f"  \N{MIDDLE DOT}  {formats.rate(rate)}")


def time_in_stage_chart(
    times: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """The days that a step took the leads which took it: the middle half as a bar, the median as a point.

    `times` has one row per step: from_stage, to_stage, converted, q25_days, median_days, q75_days.
    """
    drawable(times, "from_stage", "to_stage", "converted", "q25_days", "median_days", "q75_days")
    stages = (pl.col(name).replace(STAGE_NAMES) for name in ("from_stage", "to_stage"))
    frame = with_label(times.with_columns(step=pl.format("{} to {}", *stages)), group="step", n="converted")
    columns = columns_of(frame, *STAYS)
    base = rows_of(frame, ["q25_days", "median_days", "q75_days"], columns)
    axis = {"title": "Days that the step took the leads which took it", "axis": alt.Axis(tickCount=6)}
    half = base.mark_bar(height=12, fillOpacity=0.3, stroke=MAIN).encode(x=alt.X("q25_days:Q", **axis), x2="q75_days:Q")
    middle = base.mark_point(size=110).encode(x=alt.X("median_days:Q", **axis))
    return finished(
        half + middle,
        frame,
        columns,
        title=title or "How long does each step take?",
        subtitle=subtitle or "Point: median. Bar: the middle half. Only leads that took the step.",
        description=[
            "Ranges of days, one per step, with the median.",
            extremes(frame, group="step", value="median_days", kind="days"),
        ],
    )


CAUSES = {"mix_effect": "its share of leads changed", "rate_effect": "its own rate changed"}
"""What changes a total rate, in the words of the legend."""


def mix_chart(
    decomposition: pl.DataFrame, *, by: str | None = None, title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """What moved a conversion rate: each group's change of share, and its change of rate, in points.

    `decomposition` has one row per group: mix_effect, rate_effect; effect, shares and rates appear in the tooltip.
    """
    group = group_of(decomposition, by)
    drawable(decomposition, group, *CAUSES)
    frame = with_label(decomposition, group=group, n="leads_after")
    columns = columns_of(frame, group, *EFFECTS)
    names = list(CAUSES.values())
    reason = f"datum.cause == 'mix_effect' ? '{names[0]}' : '{names[1]}'"
    base = rows_of(frame, list(CAUSES), columns).properties(height=alt.Step(44, **{"for": "position"}))
    bars = base.transform_fold(list(CAUSES), as_=["cause", "size"]).transform_calculate(reason=reason)
    axis = alt.Axis(labelExpr=POINTS, tickCount=7)
    bars = bars.mark_bar().encode(
        yOffset=alt.YOffset("reason:N", sort=names, scale=alt.Scale(paddingOuter=0.35)),
        x=alt.X("size:Q", title="Change of the total rate (percentage points)", axis=axis),
        fill=alt.Fill("reason:N", scale=alt.Scale(domain=names, range=[BLUE, GREEN]), legend=legend(names)),
    )
    mix, rate = (decomposition[name].sum() for name in CAUSES)
    parts = f"{formats.points(mix)} from the mix, {formats.points(rate)} from the rates"
    total = f"Total {formats.points(mix + rate)}: {parts}."
    return finished(
        bars + line_at(0, on="x"),
        frame,
        columns,
        title=title or "Did the rates change, or the mix?",
        subtitle=subtitle or total,
        description=[
            "Two bars per group around zero.", total, extremes(frame, group=group, value="effect", kind="points")
        ],
    )  # fmt: skip


HEIGHT = 92
"""Pixels per stage of the weekly chart."""

PLURALS = {
    "lead": "leads", "mql": "mqls", "sal": "sals", "sql": "sqls", "opportunity": "opportunities",
    "customer": "customers",
}  # fmt: skip
"""The name of the headline that counts a stage."""


def weekly_chart(
    entries: pl.DataFrame, limits: pl.DataFrame | None = None, *, title: str | None = None, subtitle: str | None = None
) -> alt.VConcatChart:
    """Entries per week, one panel per stage, with the range of normal variation; a week under way is hollow.

    `entries` has one row per week and stage: week, stage, entries, is_partial. `limits` has one row per headline: name
    (leads, mqls, ...), value, low_limit, high_limit, verdict, as `lr.headlines` gives them; others are left out.
    """
    drawable(entries, "week", "stage", "entries", "is_partial")
    columns = columns_of(entries, "week", "stage", "entries", "imputed", "is_partial")
    bands = {} if limits is None else {row["name"]: row for row in limits.iter_rows(named=True)}
    stages = entries.partition_by("stage", maintain_order=True)
    named = [(rows, PLURALS.get(rows["stage"][0], rows["stage"][0])) for rows in stages]
    headings = [_heading(name, bands.get(name)) for _, name in named]
    panels = [
        _panel(rows, columns, band=bands.get(name), heading=heading, is_last=heading is headings[-1])
        for (rows, name), heading in zip(named, headings, strict=True)
    ]
    return finished(
        alt.vconcat(*panels, spacing=22),
        entries,
        columns,
        title=title or "What changed, and what is normal variation?",
        subtitle=subtitle
        or "New entries per stage and week. Grey: the expected range. Hollow: a week that is not complete.",
        description=["One line per stage, week by week.", *("; ".join(heading) + "." for heading in headings)],
    )


def _panel(
    rows: pl.DataFrame, columns: list[Column], *, band: dict[str, Any] | None, heading: list[str], is_last: bool
) -> alt.LayerChart:
    """One stage over the weeks."""
    weeks = {"labelAngle": 0, "labelExpr": "slice(datum.label, 5)"} if is_last else {"labels": False, "ticks": False}
    base = chart_of(rows, ["week", "entries", "is_partial"], columns).encode(
        x=alt.X("week:O", sort=None, title=None, axis=alt.Axis(**weeks)),
        y=alt.Y("entries:Q", title=None, axis=alt.Axis(tickCount=3), scale=alt.Scale(zero=True)),
    )
    line = base.transform_filter("!datum.is_partial").mark_line()
    inside = alt.condition("datum.is_partial", alt.value(GROUND), alt.value(MAIN))
    points = base.mark_point(size=45, stroke=MAIN, strokeWidth=2).encode(fill=inside)
    layers = [line, points] if band is None or band["low_limit"] is None else [_expected(band), line, points]
    words = alt.TitleParams(heading[0], subtitle=heading[1:], fontSize=13, subtitlePadding=3, offset=8, frame="group")
    return alt.layer(*layers, title=words, height=HEIGHT, width="container")


def _expected(band: dict[str, Any]) -> alt.LayerChart:
    """The range between the limits, and the expected number."""
    ends = {name: round(band[name], 6) for name in ("low_limit", "high_limit", "expected")}
    base = alt.Chart(alt.InlineData(values=[ends]))
    area = base.mark_rect(fill=QUIET, fillOpacity=0.16).encode(y="low_limit:Q", y2="high_limit:Q")
    return area + base.mark_rule(**DASHED, strokeWidth=1).encode(y="expected:Q")


def _heading(name: str, band: dict[str, Any] | None) -> list[str]:
    """The finding of one panel, and what it is compared with."""
    label = formats.label_of(name)
    if band is None or band["value"] is None:
        return [label]
    found = f"{label}: {formats.count(band['value'])}, {formats.phrase(band['verdict'])}"
    if band["low_limit"] is None:
        return [found, f"{band['week']}; too few earlier weeks to compare with"]
    low, high = (formats.count(band[name]) for name in ("low_limit", "high_limit"))
    return [found, f"{band['week']}; expected range {low} to {high}"]
