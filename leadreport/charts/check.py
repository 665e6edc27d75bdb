"""Which rows were turned away, and why."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import ROW, label_axis
from leadreport.charts.draw import drawable, embedded, finished, tips, told_columns
from leadreport.charts.words import each


def rejected_chart(
    reasons: pl.DataFrame, *, rows: str = "rows", title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """Rejected rows per table and reason.

    `reasons` has one row per table and reason: table, reason, and the count named by `rows`.
    """
    drawable(reasons, "table", "reason", rows)
    frame = reasons.with_columns(
        label=pl.format("{}:\n{}", "table", "reason"),
        shown=pl.Series([formats.count(size) for size in reasons[rows]], dtype=pl.String),
    )
    told = told_columns(frame, "table", "column", "reason", rows)
    base = alt.Chart(embedded(frame, ["label", rows, "shown"], told), height=alt.Step(ROW))
    base = base.encode(y=label_axis(frame), x=alt.X(f"{rows}:Q", title=None, axis=None), tooltip=tips(told))
    return finished(
        base.mark_bar(height=16) + base.mark_text(align="left", dx=6).encode(text="shown:N"),
        frame,
        told,
        title=title or "Which rows were turned away, and why?",
        subtitle=subtitle or f"{formats.plural(reasons[rows].sum(), 'row')} rejected.",
        description=f"Bars, one per table and reason. {each(frame, group='label', value='shown', kind='text')}",
    )
