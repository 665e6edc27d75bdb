"""From marketing's count to sales' count, and why leads were turned away."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.dots import ROW, label_axis, legend
from leadreport.charts.draw import drawable, embedded, finished, tips, told_columns
from leadreport.charts.palette import MAIN, ORANGE, QUIET
from leadreport.charts.words import each

BRIDGE = ("step", "reason", "shown", "detail")


def bridge_chart(bridge: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """From the leads that marketing counts to those that sales worked, step by step.

    `bridge` has one row per step, in order: step, leads, sign (+1 adds, -1 takes away, 0 is what stands at that point).
    """
    drawable(bridge, "step", "leads", "sign")
    frame = bridge.with_columns(*_levels(), label=_step(bridge), kind=_kind())
    stands = frame["kind"] == KINDS[0]
    signs = pl.select(pl.when(stands).then(0).otherwise(frame["sign"])).to_series()
    shown = [_signed(leads, sign) for leads, sign in zip(frame["leads"], signs, strict=True)]
    frame = frame.with_columns(shown=pl.Series(shown, dtype=pl.String), right=pl.max_horizontal("start", "end"))
    told = told_columns(frame, *BRIDGE)
    rows = embedded(frame, ["label", "start", "end", "right", "shown", "kind"], told)
    base = alt.Chart(rows, height=alt.Step(ROW - 4)).encode(y=label_axis(frame), tooltip=tips(told))
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
        told,
        title=title or "From marketing's count to sales' count",
        subtitle=subtitle or "Every lead is in one step; the steps add up.",
        description=f"A waterfall of leads. {each(frame, group='label', value='shown', kind='text', most=20)}",
    )


KINDS = ("a count", "taken away", "added")


def reasons_chart(reasons: pl.DataFrame, *, title: str | None = None, subtitle: str | None = None) -> alt.LayerChart:
    """Why leads were turned away: leads per reason, rejected and recycled.

    `reasons` has one row per verdict and reason: verdict, reason, leads.
    """
    drawable(reasons, "verdict", "reason", "leads")
    frame = reasons.with_columns(
        label=pl.format("{}\n({})", "reason", "verdict"),
        shown=pl.Series([formats.count(leads) for leads in reasons["leads"]], dtype=pl.String),
    )
    told = told_columns(frame, "verdict", "reason", "leads", "share_rate")
    base = alt.Chart(embedded(frame, ["label", "leads", "shown"], told), height=alt.Step(ROW))
    base = base.encode(y=label_axis(frame), x=alt.X("leads:Q", title="Leads", axis=None), tooltip=tips(told))
    return finished(
        base.mark_bar(height=16) + base.mark_text(align="left", dx=6).encode(text="shown:N"),
        frame,
        told,
        title=title or "Why are leads turned away?",
        subtitle=subtitle or f"{formats.plural(reasons['leads'].sum(), 'lead')} turned away.",
        description=f"Bars, one per reason. {each(frame, group='label', value='shown', kind='text')}",
    )


def _levels() -> list[pl.Expr]:
    """Where each bar begins and ends: a step hangs where the one before it stopped."""
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
