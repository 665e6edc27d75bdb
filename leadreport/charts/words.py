"""What a chart shows, in plain words, for those who do not see it."""

import polars as pl

from leadreport import formats


def extremes(frame: pl.DataFrame, *, group: str, value: str, kind: str) -> str:
    """Which group has the highest and the lowest number.

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
        return said(known, 0, group=group, value=value, kind=kind) + "."
    high, low = (said(known, row, group=group, value=value, kind=kind) for row in (top, bottom))
    return f"Highest: {high}. Lowest: {low}."


def last(frame: pl.DataFrame, *, group: str, value: str, kind: str) -> str:
    """The last number of a series.

    Examples
    --------
    >>> frame = pl.DataFrame({"week": ["2026-W45", "2026-W46"], "sqls": [40, 42]})
    >>> last(frame, group="week", value="sqls", kind="count")
    'Last: 2026-W46, 42.'
    """
    known = frame.drop_nulls(value)
    if known.is_empty():
        return ""
    return f"Last: {said(known, known.height - 1, group=group, value=value, kind=kind)}."


def each(frame: pl.DataFrame, *, group: str, value: str, kind: str, most: int = 12) -> str:
    """Every group with its number; a long list is cut.

    Examples
    --------
    >>> each(pl.DataFrame({"stage": ["lead", "mql"], "leads": [1200, 300]}), group="stage", value="leads", kind="count")
    'lead, 1,200; mql, 300.'
    """
    rows = [said(frame, row, group=group, value=value, kind=kind) for row in range(min(frame.height, most))]
    left = frame.height - len(rows)
    return "; ".join(rows) + (f"; and {left} more." if left else ".")


def said(frame: pl.DataFrame, row: int, *, group: str, value: str, kind: str) -> str:
    return f"{frame[group][row]}, {formats.shown(frame[value][row], kind)}"


def sentences(*parts: str) -> str:
    """Sentences in a row; empty ones are left out."""
    return " ".join(part for part in parts if part)
