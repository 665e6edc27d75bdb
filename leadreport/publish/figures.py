"""A chart as a figure of a page: caption, drawing, description, and its data as a table."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadreport import formats
from leadreport.errors import PageError
from leadreport.publish.content_rules import check_chart, datasets

COMPOSED = ("facet", "repeat", "hconcat", "vconcat", "concat")

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class DataTable:
    """The rows that a chart draws, formatted for a reader."""

    headings: Sequence[str]
    is_number: Sequence[bool]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """What the template needs to show a chart.

    Parameters
    ----------
    data
        The chart as JSON for the script that draws it, escaped so that a browser cannot read it as markup.
    is_wide
        Whether it consists of several plots of fixed width, which scroll on a narrow screen.
    """

    title: str
    subtitle: str
    description: str
    data: str
    is_wide: bool
    tables: Sequence[DataTable]


def figure(text: str, *, page: str, number: int, language: str) -> Figure:
    """The figure of a chart, given as one JSON text.

    Raises
    ------
    PageError
        When the chart has no title or description, has too many rows, or would publish lead ids.

    Examples
    --------
    >>> data = {"values": [{"leads": 12}]}
    >>> chart = {"title": "Leads a week", "description": "12 leads.", "mark": "bar", "data": data}
    >>> drawn = figure(json.dumps(chart), page="02_funnel", number=1, language="en")
    >>> drawn.title, drawn.tables[0].headings, drawn.tables[0].rows
    ('Leads a week', ['Leads'], [['12']])
    """
    spec = json.loads(text)
    title, subtitle = _titles(spec)
    where = f"page {page}: chart {number}" + (f" '{title}'" if title else "")
    for what, words in (("title", title), ("description", spec.get("description"))):
        if not words:
            raise PageError(
                f"{where} has no {what}",
                hint="a screen reader reads it to people who cannot see the chart",
            )
    check_chart(spec, where=where)
    tables = _own_tables(spec) or [
        _table(rows, fields=_fields(spec), language=language) for rows in datasets(spec) if rows
    ]
    drawn = {key: value for key, value in spec.items() if key not in ("title", "description", "usermeta", "background")}
    return Figure(title, subtitle, str(spec["description"]), script_json(drawn), _is_composed(spec), tables)


def script_json(value: object) -> str:
    """JSON for a script element; no text in it can end the element or begin another.

    Examples
    --------
    >>> script_json({"lead": "</script><b>"})
    '{"lead":"\\\\u003c/script\\\\u003e\\\\u003cb\\\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _is_composed(spec: Spec) -> bool:
    """Whether a chart has several plots side by side, whose widths the page cannot change."""
    channels = spec.get("encoding", {})
    return any(key in spec for key in COMPOSED) or any(key in channels for key in ("facet", "row", "column"))


def _own_tables(spec: Spec) -> list[DataTable]:
    """The table that a chart of this package carries."""
    table = spec.get("usermeta", {}).get("leadreport", {}).get("table")
    if not table:
        return []
    heads = table["columns"]
    return [DataTable([head["label"] for head in heads], [head["is_number"] for head in heads], table["rows"])]


def _titles(spec: Spec) -> tuple[str, str]:
    title = spec.get("title") or ""
    if isinstance(title, dict):
        return _line(title.get("text", "")), _line(title.get("subtitle", ""))
    return _line(title), ""


def _line(text: object) -> str:
    return " ".join(str(part) for part in text) if isinstance(text, list) else str(text)


def _fields(spec: Spec) -> dict[str, str]:
    """The columns that are drawn or shown on hover, with their titles."""
    titles: dict[str, str] = {}
    for channel in _channels(spec):
        field = channel.get("field")
        if isinstance(field, str):
            title = channel.get("title") or _inner_title(channel)
            titles[field] = titles.get(field) or (_line(title) if title else "")
    return titles


def _inner_title(channel: Spec) -> object:
    parts = [channel.get(part) for part in ("axis", "legend", "header")]
    return next((part["title"] for part in parts if isinstance(part, dict) and part.get("title")), None)


def _channels(node: object) -> Iterator[Spec]:
    """The encoding channels of a chart and of all charts inside it, tooltips first."""
    if isinstance(node, list):
        for child in node:
            yield from _channels(child)
    if isinstance(node, dict):
        encoding = node.get("encoding")
        if isinstance(encoding, dict):
            for name in sorted(encoding, key=lambda name: name != "tooltip"):
                yield from encoding[name] if isinstance(encoding[name], list) else [encoding[name]]
        for key in ("layer", "spec", *COMPOSED):
            yield from _channels(node.get(key))
        if "facet" in node and isinstance(node["facet"], dict):
            yield from [child for child in (node["facet"], *node["facet"].values()) if isinstance(child, dict)]


def _table(rows: Sequence[Spec], *, fields: Mapping[str, str], language: str) -> DataTable:
    names = list(dict.fromkeys(name for row in rows for name in row))
    chosen = [name for name in names if name in fields] or names
    kinds = {name: _kind(name, [row.get(name) for row in rows]) for name in chosen}
    shown = [[_shown(row.get(name), kinds[name], language=language) for name in chosen] for row in rows]
    headings = [fields.get(name) or formats.label_of(name) for name in chosen]
    return DataTable(headings, [kinds[name] not in ("text", "date", "instant", "flag") for name in chosen], shown)


def _kind(name: str, values: Sequence[object]) -> str:
    sample = next((value for value in values if value is not None), None)
    if isinstance(sample, str):
        return "date" if all(value is None or _day(value) for value in values) else "text"
    return formats.kind_of(name, sample=sample)


def _shown(value: object, kind: str, *, language: str) -> str:
    return formats.shown(_day(value) if kind == "date" else value, kind, language=language)


def _day(value: object) -> date | None:
    """The date in a text such as 2026-11-16 or 2026-11-16T00:00:00, the two forms that charts use."""
    text = str(value)
    if text[10:] not in ("", "T00:00:00", "T00:00:00.000", "T00:00:00.000000"):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
