"""Bars: the bridge from marketing's count to sales' count, reasons, and rejected rows."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.drawing import ROW, columns_of, drawable, legend, row_texts, rows_of, texts
from leadreport.charts.output import each, finished
from leadreport.charts.theme import MAIN, ORANGE, QUIET

BRIDGE = ("step", "reason", "shown", "detail")

KINDS = ("a count", "taken away", "added")
"""What a bar of the bridge is."""


def bridge_chart(bridge: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """A waterfall from the leads that marketing counts to those that sales worked, step by step.

    `bridge` has one row per step, in order: step, leads, sign (+1 adds, -1 takes away, 0 is the total at that point).
    """
    drawable(bridge, "step", "leads", "sign")
    frame = bridge.with_columns(*_levels(), label=_step(bridge), kind=_kind())
    stands = pl.when(pl.col("kind") == KINDS[0]).then(0).otherwise("sign")
    shown = row_texts(frame.select("leads", stands), _signed)
    frame = frame.with_columns(shown=shown, right=pl.max_horizontal("start", "end"))
    columns = columns_of(frame, *BRIDGE)
    base = rows_of(frame, ["start", "end", "right", "shown", "kind"], columns, step=ROW - 4)
    room = alt.Scale(domain=[0, 1.12 * max(frame["right"].max() or 0, 1)], nice=False)
    kinds = alt.Scale(domain=list(KINDS), range=[MAIN, ORANGE, QUIET])
    bars = base.mark_bar(height=18).encode(
        x=alt.X("start:Q", title="Leads", scale=room, axis=alt.Axis(format=",~f", tickCount=6)),
        x2="end:Q",
        fill=alt.Fill("kind:N", scale=kinds, sort=list(KINDS), legend=legend(KINDS)),
    )
    words = base.mark_text(align="left", dx=6).encode(x=alt.X("right:Q", scale=room), text="shown:N")
    return finished(
        bars + words,
        frame,
        columns,
        title=title or "From marketing's count to sales' count",
        subtitle=subtitle or "Every lead is in one step; the steps add up.",
        description=["A waterfall of leads.", each(frame, group="label", value="shown", kind="text", most=20)],
    )


def reasons_chart(reasons: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """Leads per reason for which sales rejected or recycled them.

    `reasons` has one row per verdict and reason: verdict, reason, leads.
    """
    drawable(reasons, "verdict", "reason", "leads")
    return _bars(
        reasons.with_columns(label=pl.format("{}\n({})", "reason", "verdict")),
        "leads",
        ("verdict", "reason", "leads", "share_rate"),
        axis_title="Leads",
        title=title or "Why are leads rejected or sent back?",
        subtitle=subtitle or f"{formats.plural(reasons['leads'].sum(), 'lead')} rejected or recycled.",
        description="Bars, one per reason.",
    )


def rejected_chart(
    reasons: pl.DataFrame, *, rows: str = "rows", title: str | None = None, subtitle: str | None = None
) -> alt.LayerChart:
    """Rejected rows per table and reason.

    `reasons` has one row per table and reason: table, reason, and the count named by `rows`.
    """
    drawable(reasons, "table", "reason", rows)
    return _bars(
        reasons.with_columns(label=pl.format("{}:\n{}", "table", "reason")),
        rows,
        ("table", "column", "reason", rows),
        axis_title=None,
        title=title or "Which rows were rejected, and why?",
        subtitle=subtitle or f"{formats.plural(reasons[rows].sum(), 'row')} rejected.",
        description="Bars, one per table and reason.",
    )


def _bars(
    frame: pl.DataFrame,
    value: str,
    names: tuple[str, ...],
    *,
    axis_title: str | None,
    title: str,
    subtitle: str,
    description: str,
) -> alt.LayerChart:
    """One bar per label, with its count at the end."""
    frame = frame.with_columns(shown=texts(frame[value], formats.count))
    columns = columns_of(frame, *names)
    base = rows_of(frame, [value, "shown"], columns).encode(x=alt.X(f"{value}:Q", title=axis_title, axis=None))
    return finished(
        base.mark_bar(height=16) + base.mark_text(align="left", dx=6).encode(text="shown:N"),
        frame,
        columns,
        title=title,
        subtitle=subtitle,
        description=[description, each(frame, group="label", value="shown", kind="text")],
    )


def _levels() -> list[pl.Expr]:
    """Where each bar begins and ends: a step begins where the one before it ended."""
    moves = (pl.col("leads") * pl.col("sign")).cum_sum()
    return [
        pl.when(pl.col("sign") == 0).then(0).otherwise(moves.shift(1, fill_value=0)).alias("start"),
        pl.when(pl.col("sign") == 0).then("leads").otherwise(moves).alias("end"),
    ]


def _step(bridge: pl.DataFrame) -> pl.Expr:
    """The step's name, with the reason where there is one."""
    if "reason" not in bridge.columns:
        return pl.col("step")
    return pl.when(pl.col("reason").is_null()).then("step").otherwise(pl.format("{}:\n{}", "step", "reason"))


def _kind() -> pl.Expr:
    is_first = pl.int_range(pl.len()) == 0
    stands, taken, added = (pl.lit(kind) for kind in KINDS)
    return pl.when(is_first | (pl.col("sign") == 0)).then(stands).when(pl.col("sign") < 0).then(taken).otherwise(added)


def _signed(leads: int, sign: int) -> str:
    return formats.count(leads) if sign == 0 else formats.count(leads * sign, is_signed=True)
