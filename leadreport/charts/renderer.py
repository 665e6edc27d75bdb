"""Where a chart goes: JupyterLab as altair does it, the report as one string, or text only.

In "report" mode a chart becomes the MIME type `application/vnd.leadreport.chart`: one JSON string, because papermill
rewrites nested outputs again and again, and altair's own type is not valid in a notebook file. Beside the Vega-Lite
spec it carries `usermeta.leadreport`: `title`, `subtitle`, `description` and `table` ({"columns": [{"label",
"is_number"}], "rows": [[text]]}), so that a page can print the chart's data as a table.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import altair as alt

from leadreport.charts.theme import theme
from leadreport.formats import display_mode
from leadreport.words import CHART_MIME

NAME = "leadreport"

_others: dict[str, Callable[..., Any]] = {}


def render(spec: dict[str, Any], **options: Any) -> Any:
    """The outputs of one chart, in the mode that is on when it is shown."""
    mode = display_mode()
    if mode == "text":
        return {"text/plain": told(spec)}
    if mode == "report":
        return {CHART_MIME: as_text(spec), "text/plain": told(spec)}
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


def told(spec: dict[str, Any]) -> str:
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
