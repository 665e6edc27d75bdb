"""What leads cost, and whether they are worth it."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import AMOUNT, ROW, label_axis, legend, reference, with_label
from leadreport.charts.draw import drawable, embedded, finished, group_of, tips, told_columns
from leadreport.charts.palette import ALARM, MAIN, QUIET
from leadreport.charts.theme import GROUND
from leadreport.charts.words import extremes, sentences

COSTS = (
    "leads",
    "mqls",
    "sqls",
    "customers",
    "spend",
    "cost_per_lead",
    "cost_per_mql",
    "cost_per_sql",
    "cost_per_customer",
)

VALUES = (
    "leads",
    "customers",
    "close_rate",
    "won_amount",
    "lead_value",
    "cost_per_lead",
    "value_per_cost",
    "highest_price_per_lead",
    "verdict",
)

VERDICTS = {
    "worth it": (MAIN, MAIN, "circle"), "costs more than it is worth": (ALARM, ALARM, "square"),
    "too close to call": (GROUND, QUIET, "diamond"), "too few to say": (GROUND, QUIET, "triangle-up"),
}  # fmt: skip
"""Each has a fill, a stroke, a shape, and its word beside the point."""

LEAST, MOST = 1 / 16, 64
"""Ratios beyond these are drawn at the edge; the tooltip and the table say what they are."""


def cost_chart(
    costs: pl.DataFrame,
    *,
    by: str | None = None,
    target: float | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """Cost per SQL per group, with interval and n; a group without SQLs shows what was spent for none.

    `costs` has one row per group: spend, sqls, cost_per_sql with cost_per_sql_low and cost_per_sql_high.
    """
    group = group_of(costs, by)
    drawable(costs, group, "spend", "sqls", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high")
    frame = with_label(costs, group=group, n="sqls", unit="SQLs").with_columns(
        words=pl.Series([_for_none(*row) for row in costs.select("spend", "sqls").iter_rows()], dtype=pl.String)
    )
    told = told_columns(frame, group, *COSTS)
    plotted = ["label", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high", "words"]
    base = alt.Chart(embedded(frame, plotted, told), height=alt.Step(ROW)).encode(
        y=label_axis(frame), tooltip=tips(told)
    )
    axis = {
        "title": f"Cost per SQL ({formats.symbol()})",
        "axis": alt.Axis(format=AMOUNT, tickCount=5),
        "scale": _room(frame),
    }
    known = base.transform_filter("isValid(datum.cost_per_sql)")
    spans = known.mark_rule(strokeWidth=2.5, clip=True).encode(
        x=alt.X("cost_per_sql_low:Q", **axis), x2="cost_per_sql_high:Q"
    )
    points = known.mark_point(size=100).encode(x=alt.X("cost_per_sql:Q", **axis))
    words = base.mark_text(align="left", fontSize=11).encode(x=alt.value(4), text="words:N")
    drawn = spans + points + words
    if target is not None:
        drawn = drawn + reference(target, label=f"{formats.phrase('target')} {formats.money(target)}")
    return finished(
        drawn,
        frame,
        told,
        title=title or f"What does an SQL cost, by {formats.label_of(group).lower()}?",
        subtitle=subtitle or _basis(costs),
        description=sentences(
            f"Points with intervals, one per {formats.label_of(group).lower()}: spend per SQL.",
            extremes(frame, group=group, value="cost_per_sql", kind="money"),
            _none(frame, group),
        ),
    )


def value_chart(
    values: pl.DataFrame, *, by: str | None = None, title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """How many times its cost a lead is worth, per group: left of the line it costs more than it is worth.

    `values` has one row per group: leads, cost_per_lead, lead_value with lead_value_low and lead_value_high,
    value_per_cost, verdict ("worth it", "costs more than it is worth", "too close to call", "too few to say").
    """
    group = group_of(values, by)
    drawable(
        values, group, "cost_per_lead", "lead_value", "lead_value_low", "lead_value_high", "value_per_cost", "verdict"
    )
    cost = pl.col("cost_per_lead")
    frame = with_label(values, group=group, n="leads").with_columns(
        ratio=pl.col("value_per_cost").clip(LEAST, MOST),
        ratio_low=(pl.col("lead_value_low") / cost).clip(LEAST, MOST),
        ratio_high=(pl.col("lead_value_high") / cost).clip(LEAST, MOST),
        words=pl.Series([_worth(*row) for row in values.select("cost_per_lead", "lead_value", "verdict").iter_rows()]),
    )
    told = told_columns(frame, group, *VALUES)
    fill, stroke, shape = _verdicts(values)
    rows = embedded(frame, ["label", "ratio", "ratio_low", "ratio_high", "verdict", "words"], told)
    base = alt.Chart(rows, height=alt.Step(44)).encode(y=label_axis(frame), tooltip=tips(told))
    axis = {
        "title": "Value of a lead, in multiples of its cost",
        "axis": _times(),
        "scale": alt.Scale(type="log", base=2),
    }
    spans = base.mark_rule(strokeWidth=2.5, yOffset=7).encode(
        x=alt.X("ratio_low:Q", **axis), x2="ratio_high:Q", stroke=stroke
    )
    points = base.mark_point(size=110, strokeWidth=2, yOffset=7).encode(
        x=alt.X("ratio:Q", **axis),
        fill=fill,
        stroke=stroke,
        shape=shape,
    )
    words = base.mark_text(align="left", yOffset=-10, fontSize=11.5).encode(x=alt.value(4), text="words:N")
    return finished(
        spans + points + words + reference(1, label="worth what it costs"),
        frame,
        told,
        title=title or f"Is a lead worth what it costs, by {formats.label_of(group).lower()}?",
        subtitle=subtitle
        or "Left of the line a lead costs more than it is worth. Lines: 95 % interval. n: mature leads.",
        description=sentences(
            f"Points with intervals, one per {formats.label_of(group).lower()}, around where cost and value meet.",
            " ".join(f"{name}: {words}." for name, words in frame.select(group, "words").iter_rows()),
        ),
    )


def _for_none(spend: float | None, sqls: int) -> str:
    return f"no SQL for {formats.money(spend)}" if sqls == 0 and spend else ""


def _none(frame: pl.DataFrame, group: str) -> str:
    rows = frame.filter(pl.col("words") != "").select(group, "words").iter_rows()
    return " ".join(f"{name}: {words}." for name, words in rows)


def _room(frame: pl.DataFrame) -> alt.Scale:
    """The axis follows the numbers, not the far end of an interval that few SQLs make endless."""
    top = frame["cost_per_sql"].max()
    ends = frame["cost_per_sql_high"].max()
    return (
        alt.Scale(zero=True, domainMin=0, domainMax=round(min(2 * top, ends or 2 * top), 6))
        if top
        else alt.Scale(zero=True)
    )


def _basis(costs: pl.DataFrame) -> str:
    said = {"loaded": "Marketing and sales spend over SQLs", "media": "Marketing spend only, over SQLs"}
    basis = costs["cost_basis"][0] if "cost_basis" in costs.columns and costs.height else None
    return f"{said.get(basis, 'Spend over SQLs')}; lines: 95 % interval, cut where it is endless."


def _worth(cost: float | None, value: float | None, verdict: str) -> str:
    if cost is None:
        return f"no spend on record, worth {formats.money(value)}"
    return f"{verdict}: costs {formats.money(cost)}, worth {formats.money(value)}"


def _times() -> alt.Axis:
    ticks = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64]
    return alt.Axis(
        values=ticks,
        labelExpr="(datum.value < 1 ? '1/' + (1 / datum.value) : datum.value) + ' \N{MULTIPLICATION SIGN}'",
    )


def _verdicts(values: pl.DataFrame) -> list[alt.Fill | alt.Stroke | alt.Shape]:
    """Fill, stroke and shape of the verdicts that occur, in one legend."""
    names = [name for name in VERDICTS if name in values["verdict"]]
    channels = (alt.Fill, alt.Stroke, alt.Shape)
    ranges = [[VERDICTS[name][place] for name in names] for place in range(len(channels))]
    return [
        channel("verdict:N", scale=alt.Scale(domain=names, range=styles), sort=names, legend=legend(names))
        for channel, styles in zip(channels, ranges, strict=True)
    ]
