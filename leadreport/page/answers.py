"""Sentences computed from the rows of a frame."""

import re
from collections.abc import Iterable
from typing import Any

import polars as pl

from leadreport import formats
from leadreport.errors import PageError, did_you_mean
from leadreport.formats import phrase
from leadreport.page.display import Display, Link, address_of, element, linked, one_line, safe, say
from leadreport.words import FINDINGS, HEADLINES


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
        if self.name == "name":
            return formats.listed(map(formats.headline_label, self.values if how == "all" else self.values[:1]))
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


MOST_FINDINGS = 5
"""A page shows at most this number of findings (definition 40)."""


def attention(items: pl.DataFrame | Iterable[str | Link], *, title: str | None = None) -> Display:
    """What needs attention this week: the first five rows of `lr.findings`, or sentences of your own.

    Examples
    --------
    >>> attention(["12 leads are overdue."])
    What needs attention
    - 12 leads are overdue.
    >>> attention([])
    What needs attention
    Nothing stands out this week.
    """
    listed = _sentences(items) if isinstance(items, pl.DataFrame) else items
    pairs = [(item, None) if isinstance(item, str) else (item[0], address_of(item[1])) for item in listed]
    heading = title or phrase("attention")
    points = element("ul", "".join(element("li", linked(text, address)) for text, address in pairs))
    calm = element("p", safe(phrase("calm")), class_="lr-calm")
    html = element("section", element("h3", safe(heading)) + (points if pairs else calm), class_="lr-attention")
    plain = [f"- {one_line(text)}" for text, _ in pairs] or [phrase("calm")]
    return Display(html=html, plain="\n".join([one_line(heading), *plain]))


def _sentences(items: pl.DataFrame) -> list[str | Link]:
    rows = [(_sentence(row), row["link"]) for row in items.head(MOST_FINDINGS).iter_rows(named=True)]
    more = items.height - MOST_FINDINGS
    return [*rows, f"{formats.plural(more, 'more finding')} with a smaller stake."] if more > 0 else rows


def _sentence(row: dict[str, Any]) -> str:
    """The sentence of the row's kind, with its subject, numbers, date, cause and judgement."""
    words, named = FINDINGS[row["kind"]], HEADLINES.get(row["subject"])
    own = named and ("number" if named.kind == "count" else named.kind)
    kinds = {"size": words.size or own, "against": words.against or own, "n": "count", "since": "date"}
    known: dict[str, object] = {name: formats.shown(row[name], kind) for name, kind in kinds.items()}
    low, high = row["size_low"], row["size_high"]
    known["interval"] = formats.interval(low, high, of=formats.KINDS[kinds["size"]])
    known["subject"] = formats.headline_label(row["subject"]) if named else row["subject"]
    known |= {"cause": row["cause"], "judgement": row["judgement"] and phrase(row["judgement"])}
    if named and named.kind == "count" and row["kind"] in WEEKLY:
        known["size"] = f"{known['size']} a week"
    return re.sub(r"\[(.*?)\]", lambda part: complete(part[1], known), words.text).format_map(known)


WEEKLY = ("target missed", "level up", "level down", "more but weaker")
"""The kinds whose counts are means of several weeks."""


def compared(restated: pl.DataFrame, *, earlier: pl.DataFrame, week: str) -> Display:
    """One sentence: how many numbers of an earlier report differ today, and why.

    `restated` has one row per number that differs, with `why`; `earlier` is what the report of `week` published.

    Examples
    --------
    >>> earlier = pl.DataFrame({"name": ["leads", "mqls", "sqls"]})
    >>> compared(pl.DataFrame({"why": ["merged leads"]}), earlier=earlier, week="2026-W45")
    Of 3\xa0numbers published with 2026-W45, 1 differs today: 1 by merged leads.
    >>> compared(pl.DataFrame({"why": []}), earlier=earlier, week="2026-W45")
    Of 3\xa0numbers published with 2026-W45, none has changed since.
    """
    if earlier.is_empty():
        return say("No earlier report has published numbers to compare with.")
    begins = f"Of {formats.plural(earlier.height, 'number')} published with {week}, "
    if restated.is_empty():
        return say(f"{begins}none has changed since.")
    causes = restated["why"].value_counts().sort("why").select("count", "why").iter_rows()
    listed = formats.listed(f"{formats.count(count)} by {why}" for count, why in causes)
    differs = "1 differs" if restated.height == 1 else f"{formats.count(restated.height)} differ"
    return say(f"{begins}{differs} today: {listed}.")
