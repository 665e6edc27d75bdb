"""A finished chart: its title, its words, the table behind it; and where it goes: JupyterLab, the report, or text.

In "report" mode a chart becomes the MIME type `application/vnd.leadreport.chart`: one JSON string, because papermill
rewrites nested outputs again and again, and altair's own type is not valid in a notebook file. Beside the Vega-Lite
spec it carries `usermeta.leadreport`: `title`, `subtitle`, `description` and `table` ({"columns": [{"label",
"is_number"}], "rows": [[text]]}), so that a page can print the chart's data as a table.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import polars as pl

from leadreport import formats
from leadreport.charts.drawing import Column
from leadreport.charts.theme import theme
from leadreport.formats import WORDLIKE, display_mode
from leadreport.words import CHART_MIME

NAME = "leadreport"
"""The name of our renderer and theme in altair."""

_others: dict[str, Callable[..., Any]] = {}


class Blank(alt.LayerChart):
    """A chart without rows: no output at all, in a notebook and in a report."""

    def _ipython_display_(self) -> None:
        """Take the place of every other output."""


def finished(
    chart: alt.LayerChart | alt.VConcatChart,
    frame: pl.DataFrame,
    columns: Sequence[Column],
    *,
    title: str,
    subtitle: str,
    description: Sequence[str],
) -> alt.LayerChart | alt.VConcatChart:
    """A chart with its title, its sentences, the table behind it, and the width of the page; nothing without rows."""
    words = " ".join(filter(None, description))
    rows = [list(row) for row in zip(*(column.texts(frame) for column in columns), strict=True)]
    heads = [{"label": column.label, "is_number": column.kind not in WORDLIKE} for column in columns]
    meta = {"title": title, "subtitle": subtitle, "description": words, "table": {"columns": heads, "rows": rows}}
    named = (Blank([]) if frame.is_empty() else chart).properties(
        title=alt.TitleParams(text=wrapped(title), subtitle=wrapped(subtitle, width=104)),
        description=words,
        usermeta={"leadreport": meta},
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )
    return named if isinstance(named, alt.VConcatChart) else named.properties(width="container")


def wrapped(text: str, *, width: int = 80) -> list[str]:
    """A title in lines that fit a page: Vega does not break them.

    Examples
    --------
    >>> wrapped("one two three", width=8)
    ['one two', 'three']
    """
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def extremes(frame: pl.DataFrame, *, group: str, value: str, kind: str) -> str:
    """The groups with the highest and the lowest number, for the description of a chart.

    Examples
    --------
    >>> frame = pl.DataFrame({"channel": ["ads", "events"], "close_rate": [0.05, 0.2]})
    >>> extremes(frame, group="channel", value="close_rate", kind="rate")
    'Highest: events, 20.0\\u202f%. Lowest: ads, 5.0\\u202f%.'
    """
    known = frame.drop_nulls(value)
    if known.is_empty():
        return "No number is known."
    top, bottom = known[value].arg_max(), known[value].arg_min()
    if top == bottom:
        return each(known.head(1), group=group, value=value, kind=kind)
    high, low = (each(known[row], group=group, value=value, kind=kind) for row in (top, bottom))
    return f"Highest: {high} Lowest: {low}"


def each(frame: pl.DataFrame, *, group: str, value: str, kind: str, most: int = 12) -> str:
    """Every group with its number; a long list is cut.

    Examples
    --------
    >>> each(pl.DataFrame({"stage": ["lead", "mql"], "leads": [1200, 300]}), group="stage", value="leads", kind="count")
    'lead, 1,200; mql, 300.'
    """
    rows = [f"{name}, {formats.shown(size, kind)}" for name, size in frame.head(most).select(group, value).iter_rows()]
    left = frame.height - len(rows)
    return "; ".join(rows) + (f"; and {left} more." if left else ".")


def render(spec: dict[str, Any], **options: Any) -> Any:
    """The outputs of one chart, in the mode that is on when it is shown."""
    mode = display_mode()
    if mode == "text":
        return {"text/plain": in_words(spec)}
    if mode == "report":
        return {CHART_MIME: as_text(spec), "text/plain": in_words(spec)}
    return _others["lab"](spec, **options)


def as_text(spec: dict[str, Any]) -> str:
    """The spec as one line of JSON, the same for the same chart.

    altair counts views and parameters over the whole session; here they are counted per chart.

    Examples
    --------
    >>> as_text({"name": "view_7", "params": [{"views": ["view_7"], "name": "param_12"}]})
    '{"name": "view_1", "params": [{"views": ["view_1"], "name": "param_1"}]}'
    """
    text = json.dumps(spec, ensure_ascii=False, allow_nan=False)
    for kind in ("view", "param"):
        names = dict.fromkeys(re.findall(rf"\b{kind}_\d+\b", text))
        new = {name: f"{kind}_{place}" for place, name in enumerate(names, start=1)}
        text = re.sub(rf"\b{kind}_\d+\b", lambda found, new=new: new[found[0]], text)
    return text


def in_words(spec: dict[str, Any]) -> str:
    """A chart in words: its title and its description."""
    title = spec.get("title") or ""
    heading = title.get("text", "") if isinstance(title, dict) else title
    heading = " ".join(heading) if isinstance(heading, list) else heading
    return "\n".join(filter(None, [heading, spec.get("description", "")]))


def enable() -> None:
    """Make this renderer and this theme the ones that altair uses; outside a report, what was active before goes on."""
    if alt.renderers.active != NAME:
        _others["lab"] = alt.renderers.get()
    alt.theme.register(NAME, enable=True)(lambda: alt.theme.ThemeConfig(theme()))
    alt.renderers.register(NAME, render)
    alt.renderers.enable(NAME)
