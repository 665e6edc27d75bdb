"""Thirteen weeks per headline: the line, and between which limits chance alone would keep it."""

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.draw import Column, drawable, embedded, finished, tips, told_columns
from leadreport.charts.palette import MAIN, QUIET
from leadreport.charts.theme import GROUND
from leadreport.charts.words import sentences

WEEKS = ("week", "stage", "entries", "imputed", "is_partial")

HEIGHT = 92
"""Pixels per headline."""

PLURALS = {
    "lead": "Leads", "mql": "MQLs", "sal": "SALs", "sql": "SQLs", "opportunity": "Opportunities",
    "customer": "Customers",
}  # fmt: skip

NAMES = {
    "leads": "lead",
    "mqls": "mql",
    "sals": "sal",
    "sqls": "sql",
    "opportunities": "opportunity",
    "customers": "customer",
}


def weekly_chart(
    entries: pl.DataFrame, limits: pl.DataFrame | None = None, *, title: str | None = None, subtitle: str | None = None
) -> alt.VConcatChart:
    """Entries per week, one panel per stage, with the band that chance explains; a week under way is hollow.

    `entries` has one row per week and stage: week, stage, entries, is_partial. `limits` has one row per headline: name
    (leads, mqls, ...), value, low_limit, high_limit, verdict, as `week_on_week` gives them; others are left out.
    """
    drawable(entries, "week", "stage", "entries", "is_partial")
    told = told_columns(entries, *WEEKS)
    stages = entries["stage"].unique(maintain_order=True).to_list()
    bands = {} if limits is None else {NAMES.get(row["name"]): row for row in limits.iter_rows(named=True)}
    panels = [
        panel(
            entries.filter(stage=pl.lit(stage)),
            told,
            band=bands.get(stage),
            heading=heading(stage, bands.get(stage)),
            is_last=stage == stages[-1],
        )
        for stage in stages
    ]
    return finished(
        alt.vconcat(*panels, spacing=22),
        entries,
        told,
        title=title or "What changed, and what is noise?",
        subtitle=subtitle
        or "Entries per week. Band: what chance alone would give. Hollow: a week that is not complete.",
        description=sentences(
            "One line per stage, week by week.",
            *("; ".join(heading(stage, bands.get(stage))) + "." for stage in stages),
        ),
    )


def panel(
    rows: pl.DataFrame, told: list[Column], *, band: dict | None, heading: list[str], is_last: bool
) -> alt.LayerChart:
    """One headline over the weeks."""
    weeks = (
        alt.Axis(labelAngle=0, labelExpr="slice(datum.label, 5)") if is_last else alt.Axis(labels=False, ticks=False)
    )
    base = alt.Chart(embedded(rows, ["week", "entries", "is_partial"], told)).encode(
        x=alt.X("week:O", sort=None, title=None, axis=weeks), tooltip=tips(told)
    )
    y = alt.Y("entries:Q", title=None, axis=alt.Axis(tickCount=3), scale=alt.Scale(zero=True))
    line = base.transform_filter("!datum.is_partial").mark_line().encode(y=y)
    inside = alt.condition("datum.is_partial", alt.value(GROUND), alt.value(MAIN))
    points = base.mark_point(size=45, stroke=MAIN, strokeWidth=2).encode(y=y, fill=inside)
    layers = [line, points] if band is None or band["low_limit"] is None else [chance(band), line, points]
    words = alt.TitleParams(heading[0], subtitle=heading[1:], fontSize=13, subtitlePadding=3, offset=8, frame="group")
    return alt.layer(*layers, title=words, height=HEIGHT, width="container")


def chance(band: dict) -> alt.LayerChart:
    """The band between the limits, and what was expected."""
    ends = {name: round(band[name], 6) for name in ("low_limit", "high_limit", "expected")}
    base = alt.Chart(alt.InlineData(values=[ends]))
    area = base.mark_rect(fill=QUIET, fillOpacity=0.16).encode(y="low_limit:Q", y2="high_limit:Q")
    return area + base.mark_rule(stroke=QUIET, strokeDash=[5, 4], strokeWidth=1).encode(y="expected:Q")


def heading(stage: str, band: dict | None) -> list[str]:
    """The finding of one panel, and what it is measured against."""
    name = PLURALS.get(stage, stage)
    if band is None or band["value"] is None:
        return [name]
    said = f"{name}: {formats.count(band['value'])}, {formats.phrase(band['verdict'])}"
    if band["low_limit"] is None:
        return [said, f"{band['week']}; too few weeks before it to compare with"]
    return [
        said,
        f"{band['week']}; chance gives {formats.count(band['low_limit'])} to {formats.count(band['high_limit'])}",
    ]
