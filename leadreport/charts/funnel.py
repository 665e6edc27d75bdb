"""How many leads get how far, how long it takes, and what moved the total."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import ROW, label_axis, legend, with_label
from leadreport.charts.draw import drawable, embedded, finished, group_of, tips, told_columns
from leadreport.charts.palette import BLUE, GREEN, MAIN, QUIET
from leadreport.charts.words import each, extremes, sentences
from leadreport.errors import PageError
from leadreport.words import STAGE_NAMES

FUNNEL = ("stage", "leads", "observed", "imputed", "lost", "open", "step_rate", "reach_rate")

STAYS = ("step", "leads", "q25_days", "median_days", "q75_days", "open", "to_next_days")

EFFECTS = ("mix_effect", "rate_effect", "effect", "share_before", "share_after", "rate_before", "rate_after")


def funnel_chart(steps: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """How many leads reached each stage, which share of the stage before, and what was only implied by a later stage.

    `steps` has one row per stage: stage, leads, observed, step_rate with low and high; imputed, lost, open and
    reach_rate are told when there.

    Raises
    ------
    PageError
        When a stage has more than one row: filter to one group, or draw groups with `heatmap_chart`.
    """
    drawable(steps, "stage", "leads", "observed", "step_rate")
    if steps["stage"].is_duplicated().any():
        raise PageError("a funnel has one row per stage", hint="filter the steps to one group, or use heatmap_chart")
    frame = steps.with_columns(
        stage=pl.col("stage").replace(STAGE_NAMES),
        label=pl.col("stage").replace(STAGE_NAMES),
        words=pl.Series("words", _reached(steps), dtype=pl.String),
    )
    told = told_columns(frame, *FUNNEL)
    rows = embedded(frame, ["label", "leads", "observed", "words"], told)
    base = alt.Chart(rows, height=alt.Step(40)).encode(y=label_axis(frame), tooltip=tips(told))
    room = alt.Scale(domain=[0, 1.45 * max(steps["leads"].max() or 0, 1)], nice=False)
    seen = base.mark_bar(height=24).encode(x=alt.X("observed:Q", title=None, axis=None, scale=room))
    implied = base.transform_filter("datum.leads > datum.observed").mark_bar(height=24, fillOpacity=0.25, stroke=MAIN)
    words = base.mark_text(align="left", dx=8, fontSize=13).encode(x="leads:Q", text="words:N")
    below = "How many reached each stage, and their share of the stage before. Pale: implied by a later stage only."
    return finished(
        seen + implied.encode(x="observed:Q", x2="leads:Q") + words,
        frame,
        told,
        title=title or "How far do leads get?",
        subtitle=subtitle or below,
        description=f"Bars, one per stage. {each(frame, group='stage', value='words', kind='text')}",
    )


def time_in_stage_chart(
    times: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """How many days leads stay in a stage: the middle half as a bar, the median as a point.

    `times` has one row per step: from_stage, to_stage, leads, q25_days, median_days, q75_days. A quartile that the
    record does not reach has no end: the row then says so.
    """
    drawable(times, "from_stage", "to_stage", "leads", "q25_days", "median_days", "q75_days")
    named = times.with_columns(
        step=pl.format("{} to {}", pl.col("from_stage").replace(STAGE_NAMES), pl.col("to_stage").replace(STAGE_NAMES)),
        end_days=pl.coalesce("q75_days", "median_days", "q25_days"),
        is_endless=pl.col("q75_days").is_null(),
    )
    frame = with_label(named, group="step", n="leads")
    told = told_columns(frame, *STAYS)
    plotted = ["label", "q25_days", "median_days", "end_days", "is_endless"]
    base = alt.Chart(embedded(frame, plotted, told), height=alt.Step(ROW)).encode(
        y=label_axis(frame), tooltip=tips(told)
    )
    axis = {"title": "Days until a lead moves on or is lost", "axis": alt.Axis(tickCount=6)}
    half = base.mark_bar(height=12, fillOpacity=0.3, stroke=MAIN).encode(x=alt.X("q25_days:Q", **axis), x2="end_days:Q")
    middle = base.mark_point(size=110).encode(x=alt.X("median_days:Q", **axis))
    endless = base.transform_filter("datum.is_endless").encode(x=alt.X("end_days:Q", **axis))
    open_end = endless.mark_rule(strokeDash=[2, 3], strokeWidth=1.5).encode(x2=alt.value("width"))
    note = endless.mark_text(align="left", dx=10, dy=-9, fontSize=11.5, text="a quarter stays longer")
    return finished(
        half + open_end + middle + note,
        frame,
        told,
        title=title or "How long do leads stay in each stage?",
        subtitle=subtitle
        or "Point: half have left. Bar: from a quarter to three quarters. Leads still there are counted in.",
        description=sentences(
            "Ranges of days, one per step, with the median.",
            extremes(frame, group="step", value="median_days", kind="days"),
        ),
    )


def mix_chart(
    decomposition: pl.DataFrame, *, by: str | None = None, title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """What moved a conversion rate: each group's change of share, and its change of rate, in points.

    `decomposition` has one row per group: mix_effect, rate_effect; effect, shares and rates are told when there.
    """
    group = group_of(decomposition, by)
    drawable(decomposition, group, "mix_effect", "rate_effect")
    frame = with_label(decomposition, group=group, n="leads_after")
    told = told_columns(frame, group, *EFFECTS)
    rows = embedded(frame, ["label", "mix_effect", "rate_effect"], told)
    causes = {"mix_effect": "its share of leads changed", "rate_effect": "its own rate changed"}
    base = alt.Chart(rows, height=alt.Step(44, **{"for": "position"})).transform_fold(
        list(causes), as_=["cause", "size"]
    )
    named = base.transform_calculate(
        reason=f"datum.cause == 'mix_effect' ? '{causes['mix_effect']}' : '{causes['rate_effect']}'"
    )
    points = alt.Axis(labelExpr="format(datum.value * 100, '.2~f')", tickCount=7)
    bars = named.mark_bar().encode(
        y=label_axis(frame),
        yOffset=alt.YOffset("reason:N", sort=list(causes.values()), scale=alt.Scale(paddingOuter=0.35)),
        x=alt.X("size:Q", title="Change of the total rate (percentage points)", axis=points),
        fill=alt.Fill(
            "reason:N",
            scale=alt.Scale(domain=list(causes.values()), range=[BLUE, GREEN]),
            legend=legend(list(causes.values())),
        ),
        tooltip=tips(told),
    )
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(stroke=QUIET, strokeWidth=1).encode(x="zero:Q")
    mix, rate = (decomposition[name].sum() for name in causes)
    parts = f"{formats.points(mix)} from the mix, {formats.points(rate)} from the rates"
    total = f"In all {formats.points(mix + rate)}: {parts}."
    return finished(
        bars + zero,
        frame,
        told,
        title=title or "Did the rates change, or the mix?",
        subtitle=subtitle or total,
        description=sentences(
            "Two bars per group around zero.", total, extremes(frame, group=group, value="effect", kind="points")
        ),
    )


def _reached(steps: pl.DataFrame) -> list[str]:
    return [
        formats.count(leads) if rate is None else f"{formats.count(leads)}  \N{MIDDLE DOT}  {formats.rate(rate)}"
        for leads, rate in steps.select("leads", "step_rate").iter_rows()
    ]
