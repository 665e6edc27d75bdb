"""Sentences filled from the rows of a frame."""

import re

import polars as pl

from leadreport import formats
from leadreport.errors import PageError, did_you_mean
from leadreport.page.display import Display
from leadreport.page.sentences import say


def answer(rows: pl.DataFrame, text: str, *, empty: str | None = None, **values: object) -> Display:
    """A computed sentence about the rows of a frame; `empty` in its place, or nothing, when there are none.

    Parameters
    ----------
    text
        `{column}` is the column's value in the first row, in the column's own format; `{column:last}` that of the last
        row; `{column:all}` the values of all rows, listed; `{column:interval}` the interval of the first row's value;
        `{column:money}` (or another format) the first row's value in that format. `{rows}` is the number of rows. A
        part in [brackets] is left out when a value in it is missing.
    values
        More values to fill in, as they are shown.

    Raises
    ------
    PageError
        For a column that the frame does not have.

    Examples
    --------
    >>> costs = pl.DataFrame({"channel": ["ads", "events"], "cost_per_sql": [500.0, 5000.0]})
    >>> answer(costs, "From {cost_per_sql} ({channel}) to {cost_per_sql:last}[; target {target}].", target=None)
    From €\u202f500 (ads) to €\u202f5,000.
    >>> answer(costs.clear(), "The cheapest is {channel}.", empty="No channel has a cost yet.")
    No channel has a cost yet.
    """
    if rows.is_empty():
        return say(empty)
    known = {name: Column(rows, name) for name in rows.columns} | {"rows": formats.count(rows.height)} | values
    try:
        return say(re.sub(r"\[(.*?)\]", lambda part: complete(part[1], known), text).format_map(known))
    except KeyError as unknown:
        name = unknown.args[0]
        raise PageError(f"the frame has no column '{name}'", hint=did_you_mean(name, list(known))) from None


def complete(part: str, known: dict[str, object]) -> str:
    """A part of a sentence, or nothing when one of its values is missing."""
    fields = re.findall(r"\{(\w+)[:}]", part)
    return "" if any(str(known.get(field)) in ("None", formats.DASH) for field in fields) else part


class Column:
    """The values of a column as a sentence writes them."""

    def __init__(self, rows: pl.DataFrame, name: str) -> None:
        self.rows, self.name, self.values = rows, name, rows[name].to_list()

    def __str__(self) -> str:
        return format(self)

    def __format__(self, how: str) -> str:
        kind = formats.kind_of(self.name, sample=next((each for each in self.values if each is not None), None))
        match how:
            case "last":
                return formats.shown(self.values[-1], kind)
            case "all":
                return formats.listed(formats.shown(each, kind) for each in self.values)
            case "interval":
                low, high = formats.intervals_of(self.rows.columns)[self.name]
                return formats.interval(self.rows[low][0], self.rows[high][0], of=formats.KINDS[kind])
            case _:
                return formats.shown(self.values[0], how or kind)
