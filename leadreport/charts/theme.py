"""One look for all charts: colours and theme.

Every mark colour is distinct for colour-blind readers and visible on white and on dark ground: its contrast is at least
3 to 1 against #ffffff and against #14181f, so a page may turn dark without repainting its marks. Colour never carries a
meaning alone: a shape, a dash, a place or a label says the same.

Four more colours are sentinels: text, grid and ground of a chart carry exactly these values and nothing else does, so
the exported page repaints them by CSS, such as `svg [fill="#1f2933"] { fill: var(--lr-ink); }`, in light and dark.
Chart functions name no text colour of their own.
"""

from typing import Any

from leadreport.formats import display_mode, settings

BLUE = "#316ac2"
ORANGE = "#c9560f"
GREEN = "#2fa468"
PINK = "#c2709d"
VIOLET = "#7e3de6"
GREY = "#7b8490"

CATEGORIES: tuple[str, ...] = (BLUE, ORANGE, GREEN, PINK, VIOLET)
"""For things without an order, in this order; more than five cannot be distinguished."""

MAIN = BLUE
"""What is observed."""

ALARM = ORANGE
"""What needs attention: below zero, above its value, outside the limits."""

QUIET = GREY
"""Benchmarks, limits, what is expected."""

DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (4, 2))
"""The line styles that go with the categories."""

INK = "#1f2933"
"""Titles, and words beside marks (fill)."""

SOFT = "#52606d"
"""Axis and legend text, subtitles (fill); also axis ticks (stroke)."""

GRID = "#e3e8ee"
"""Grid lines (stroke)."""

GROUND = "#fefefe"
"""The inside of hollow marks (fill), and the background where the page has none of its own."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"


def theme() -> dict[str, Any]:
    """The look of a chart, for altair."""
    return {
        "config": {
            "background": "transparent" if display_mode() == "report" else GROUND,
            "font": FONT,
            "padding": {"left": 4, "right": 12, "top": 4, "bottom": 4},
            "view": {"stroke": None, "continuousHeight": 260, "continuousWidth": 560, "discreteWidth": 560},
            "title": TITLE,
            "axis": AXIS,
            "axisY": {"domain": False, "ticks": False, "labelPadding": 8},
            "axisX": {"grid": False, "labelPadding": 6},
            "axisXQuantitative": {"grid": True, "domain": False, "ticks": False},
            "axisYDiscrete": {"grid": False, "labelLimit": 150},
            "legend": LEGEND,
            "header": {"title": None, "labelColor": INK, "labelFontSize": 12, "labelAnchor": "start"},
            "range": {"category": list(CATEGORIES)},
            "bar": {"fill": MAIN},
            "line": {"stroke": MAIN, "strokeWidth": 2},
            "point": {"filled": True, "fill": MAIN, "size": 70, "opacity": 1},
            "rule": {"stroke": MAIN, "strokeWidth": 2},
            "text": {"color": INK, "fontSize": 12},
            "locale": LOCALES[settings().language],
        }
    }


TITLE = {
    "anchor": "start", "frame": "bounds", "color": INK, "fontSize": 15, "fontWeight": 600, "offset": 14,
    "lineHeight": 19, "subtitleColor": SOFT, "subtitleFontSize": 12.5, "subtitleLineHeight": 17, "subtitlePadding": 5,
}  # fmt: skip

AXIS = {
    "gridColor": GRID, "domainColor": SOFT, "tickColor": SOFT, "labelColor": SOFT, "titleColor": SOFT,
    "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 10, "labelOverlap": True,
}  # fmt: skip

LEGEND = {
    "orient": "top", "title": None, "labelColor": SOFT, "labelFontSize": 12, "symbolStrokeWidth": 2, "symbolSize": 90,
    "labelLimit": 320, "columnPadding": 18, "offset": 22, "titleColor": SOFT,
}  # fmt: skip

LOCALES: dict[str, dict[str, Any]] = {
    "en": {"number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "percent": "\u202f%"}},
    "de": {"number": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", ""], "percent": "\u202f%"}},
}
"""How numbers on an axis are written; every other number comes formatted."""
