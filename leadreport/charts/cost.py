"""What leads cost, and whether they are worth it."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.drawing import (
    AMOUNT,
    columns_of,
    drawable,
    group_of,
    number_axis,
    reference,
    row_texts,
    rows_of,
    styled,
    with_label,
)
from leadreport.charts.output import extremes, finished
from leadreport.charts.theme import ALARM, GROUND, MAIN, QUIET
from leadreport.words import ABOVE_VALUE, TOO_CLOSE, TOO_FEW, WORTH_IT

COSTS = (
    *("leads", "mqls", "sqls", "customers", "spend"),
    *("cost_per_lead", "cost_per_mql", "cost_per_sql", "cost_per_customer"),
)

VALUES = (
    *("leads", "customers", "close_rate", "won_amount", "lead_value", "cost_per_lead", "value_per_cost"),
    *("highest_price_per_lead", "verdict"),
)

VERDICTS = {
    WORTH_IT: (MAIN, MAIN, "circle"), ABOVE_VALUE: (ALARM, ALARM, "square"),
    TOO_CLOSE: (GROUND, QUIET, "diamond"), TOO_FEW: (GROUND, QUIET, "triangle-up"),
}  # fmt: skip
"""Each has a fill, a stroke, a shape, and its word beside the point."""

LEAST, MOST = 1 / 16, 64
"""Ratios beyond these are drawn at the edge; the tooltip and the table have the number."""


def cost_chart(
    costs: pl.DataFrame,
    *,
    by: str | None = None,
    target: float | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """Cost per SQL per group, with interval and n; a group without SQLs shows its spend.

    `costs` has one row per group: spend, sqls, cost_per_sql with cost_per_sql_low and cost_per_sql_high.
    """
    group = group_of(costs, by)
    drawable(costs, group, "spend", "sqls", "cost_per_sql", "cost_per_sql_low", "cost_per_sql_high")
    frame = with_label(costs, group=group, n="sqls", unit="SQLs").with_columns(
        words=row_texts(costs.select("spend", "sqls"), _no_sql)
    )
    columns = columns_of(frame, group, *COSTS)
    base = rows_of(frame, ["cost_per_sql", "cost_per_sql_low", "cost_per_sql_high", "words"], columns)
    axis = number_axis(f"Cost per SQL ({formats.symbol()})", form=AMOUNT, scale=_room(frame))
    known = base.transform_filter("isValid(datum.cost_per_sql)")
    spans = known.mark_rule(strokeWidth=2.5, clip=True).encode(
        x=alt.X("cost_per_sql_low:Q", **axis), x2="cost_per_sql_high:Q"
    )
    points = known.mark_point(size=100).encode(x=alt.X("cost_per_sql:Q", **axis))
    drawn = spans + points + base.mark_text(align="left", fontSize=11).encode(x=alt.value(4), text="words:N")
    if target is not None:
        drawn += reference(target, label=f"{formats.phrase('target')} {formats.money(target)}")
    name = formats.label_of(group).lower()
    none = [f"{each}: {words}." for each, words in frame.select(group, "words").iter_rows() if words]
    found = extremes(frame, group=group, value="cost_per_sql", kind="money")
    return finished(
        drawn,
        frame,
        columns,
        title=title or f"What does an SQL cost, by {name}?",
        subtitle=subtitle or _basis(costs),
        description=[f"Points with intervals, one per {name}: spend per SQL.", found, *none],
    )


def value_chart(
    values: pl.DataFrame, *, by: str | None = None, title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """The value of a lead in multiples of its cost, per group: left of the line it costs more than it is worth.

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
        words=row_texts(values.select("cost_per_lead", "lead_value", "verdict"), _worth),
    )
    columns = columns_of(frame, group, *VALUES)
    base = rows_of(frame, ["ratio", "ratio_low", "ratio_high", "verdict", "words"], columns, step=44)
    axis = {"title": "Value of a lead, in multiples of its cost", "axis": _times(), "scale": _powers()}
    style = styled("verdict", {name: VERDICTS[name] for name in VERDICTS if name in values["verdict"]})
    spans = base.mark_rule(strokeWidth=2.5, yOffset=7).encode(
        x=alt.X("ratio_low:Q", **axis), x2="ratio_high:Q", stroke=style["stroke"]
    )
    points = base.mark_point(size=110, strokeWidth=2, yOffset=7).encode(x=alt.X("ratio:Q", **axis), **style)
    words = base.mark_text(align="left", yOffset=-10, fontSize=11.5).encode(x=alt.value(4), text="words:N")
    name = formats.label_of(group).lower()
    below = "Left of the line a lead costs more than it is worth. Lines: 95 % interval. n: mature leads."
    found = [f"{each}: {verdict}." for each, verdict in frame.select(group, "words").iter_rows()]
    return finished(
        spans + points + words + reference(1, label="worth what it costs"),
        frame,
        columns,
        title=title or f"Is a lead worth what it costs, by {name}?",
        subtitle=subtitle or below,
        description=[f"Points with intervals, one per {name}, around where cost and value meet.", *found],
    )


def _no_sql(spend: float | None, sqls: int) -> str:
    return f"no SQL for {formats.money(spend)}" if sqls == 0 and spend else ""


def _room(frame: pl.DataFrame) -> alt.Scale:
    """The scale follows the costs, not the far end of an interval, which few SQLs put very far away."""
    top, ends = frame["cost_per_sql"].max(), frame["cost_per_sql_high"].max()
    if not top:
        return alt.Scale(zero=True)
    return alt.Scale(zero=True, domainMin=0, domainMax=round(min(2 * top, ends or 2 * top), 6))


def _basis(costs: pl.DataFrame) -> str:
    names = {"loaded": "Marketing and sales spend over SQLs", "media": "Marketing spend only, over SQLs"}
    basis = costs["cost_basis"][0] if "cost_basis" in costs.columns and costs.height else None
    return f"{names.get(basis, 'Spend over SQLs')}; lines: 95 % interval, cut at the edge of the chart."


def _worth(cost: float | None, value: float | None, verdict: str) -> str:
    if cost is None:
        return f"no spend on record, worth {formats.money(value)}"
    return f"{verdict}: costs {formats.money(cost)}, worth {formats.money(value)}"


def _powers() -> alt.Scale:
    return alt.Scale(type="log", base=2)


def _times() -> alt.Axis:
    labels = "(datum.value < 1 ? '1/' + (1 / datum.value) : datum.value) + ' \N{MULTIPLICATION SIGN}'"
    return alt.Axis(values=[2**power for power in range(-4, 7)], labelExpr=labels)
