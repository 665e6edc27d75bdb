"""The headline numbers of the week: each with its change, its n, and whether the change is normal variation."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl

from leadreport import formats
from leadreport.errors import PageError, did_you_mean
from leadreport.formats import phrase
from leadreport.page.display import NOTHING, Display, element, safe
from leadreport.words import DOWN, HEADLINES, HEADLINES_MIME, NORMAL_VARIATION, NOT_KNOWN, PARTIAL, TOO_FEW, UP

CLASSES = {UP: "up", DOWN: "down", NORMAL_VARIATION: "noise", TOO_FEW: "few", PARTIAL: "partial", NOT_KNOWN: "partial"}
"""The verdicts, each with the end of its CSS class."""

ARROWS = {UP: "\N{BLACK UP-POINTING TRIANGLE}", DOWN: "\N{BLACK DOWN-POINTING TRIANGLE}"}

KEPT = ("name", "label", "value", "shown", "change", "shown_change", "n", "verdict")
"""What the archive keeps of a headline."""


@dataclass(frozen=True)
class Headline:
    """One number of the week; made by `headline`."""

    name: str
    label: str
    value: float | None
    kind: str
    change: float | None
    verdict: str | None
    n: int | None
    n_of: str
    low: float | None
    high: float | None
    target: float | None
    better: Literal["up", "down"] | None
    note: str | None = None
    since: date | None = None

    @property
    def shown(self) -> str:
        return formats.shown(self.value, self.kind)

    @property
    def shown_change(self) -> str | None:
        """The change with its sign, in the unit of a change; None when there is none to show."""
        return None if self.change is None else formats.signed(self.change, self.kind)

    @property
    def judgement(self) -> str | None:
        """Whether an up or a down is better or worse; None when that is not known."""
        if self.better is None or self.verdict not in (UP, DOWN):
            return None
        return "better" if self.verdict == self.better else "worse"

    def parts(self) -> dict[str, str]:
        """Interval, change, verdict, n and target in words, those that there are."""
        ends = None if self.low is None and self.high is None else (self.low, self.high)
        judged = f" ({phrase(self.judgement)})" if self.judgement else ""
        since = f" {phrase('since')} {self.since:%G-W%V}" if self.since else ""
        texts = {
            "interval": ends and formats.interval(*ends, of=formats.KINDS[self.kind]),
            "change": self.shown_change,
            "verdict": self.verdict and phrase(self.verdict) + since + judged + (f": {self.note}" if self.note else ""),
            "n": None if self.n is None else f"n = {formats.plural(self.n, self.n_of, self.n_of)}",
            "target": None if self.target is None else f"{phrase('target')} {formats.shown(self.target, self.kind)}",
        }  # fmt: skip
        return {name: text for name, text in texts.items() if text}


@dataclass(frozen=True, repr=False)
class Cards(Display):
    """Cards on a page, and the same for the archive."""

    headlines: tuple[Headline, ...] = ()

    def extra(self) -> dict[str, str]:
        kept = [{name: getattr(one, name) for name in KEPT} for one in self.headlines]
        return {HEADLINES_MIME: json.dumps(kept, ensure_ascii=False)}


def headline(
    name: str,
    value: float | None,
    *,
    label: str | None = None,
    kind: str | None = None,
    before: float | None = None,
    change: float | None = None,
    verdict: str | None = None,
    n: int | None = None,
    n_of: str = "leads",
    low: float | None = None,
    high: float | None = None,
    target: float | None = None,
    better: Literal["up", "down"] | None = None,
    note: str | None = None,
    since: date | None = None,
) -> Headline:
    """A number of the week for `cards`.

    Parameters
    ----------
    name
        The name under which the archive keeps the number, such as `sqls` or `cost_per_sql`.
    label, kind
        Its label and its format; by default those of the catalogue, or what the name says.
    before, change
        The number of the period before, or the change itself; neither when the period is not complete.
    verdict
        "up", "down", "normal variation", "too few to say", "partial" or "not known".
    n, n_of
        The number of cases behind the value, and what they are.
    better
        The direction that is an improvement, if there is one.
    note
        What is said behind the verdict, such as why a number is not known.
    since
        The first week of the new level when the verdict is of a change that lasts.

    Raises
    ------
    PageError
        For a verdict or a format that does not exist.

    Examples
    --------
    >>> one = headline("sqls", 42, before=37, verdict="normal variation", n=430)
    >>> one.label, one.shown, one.shown_change
    ('SQLs', '42', '+5')
    """
    known = HEADLINES[name].kind if name in HEADLINES else formats.kind_of(name, sample=value)
    for what, word, allowed in (("format", kind, formats.KINDS), ("verdict", verdict, CLASSES)):
        if word is not None and word not in allowed:
            raise PageError(f"headline '{name}' has no {what} '{word}'", hint=did_you_mean(word, list(allowed)))
    if change is None and value is not None and before is not None:
        change = round(value - before, 10)
    title = label or formats.headline_label(name)
    return Headline(name, title, value, kind or known, change, verdict, n, n_of, low, high, target, better, note, since)


def headlines_of(changes: pl.DataFrame, *, targets: Mapping[str, float | None] | None = None) -> list[Headline]:
    """A headline for every row of `lr.headlines`: name, week, value, previous, n, verdict, low and high.

    The catalogue of headlines says what each number's n counts and which direction is better; the n of a count is not
    shown, as it is the count itself. A number of other weeks than the latest names them. A count that is up or down is
    neither better nor worse: that depends on what came. A number that is not
    known says why, and what it was when it was last known: its row has the reason as `note`, that number as `previous`.

    Examples
    --------
    >>> rows = {"name": ["sqls"], "value": [42.0], "previous": [37.0], "n": [42], "verdict": ["normal variation"]}
    >>> headlines_of(pl.DataFrame(rows))[0].shown_change
    '+5'
    """
    latest = changes["week"].max() if "week" in changes.columns else None
    return [_headline_of(row, latest, (targets or {}).get(row["name"])) for row in changes.iter_rows(named=True)]


def _headline_of(row: dict[str, Any], latest: str | None, target: float | None) -> Headline:
    known = HEADLINES.get(row["name"])
    n_of = known and known.n_of
    if row["verdict"] == NOT_KNOWN:
        kind = known.kind if known else formats.kind_of(row["name"])
        last = phrase("last known", value=formats.shown(row["previous"], kind), week=row["week"])
        said = row["note"] if row["previous"] is None else f"{row['note']}; {last}"
        return headline(row["name"], None, verdict=NOT_KNOWN, note=said)
    return headline(
        row["name"],
        row["value"],
        before=row["previous"],
        verdict=row["verdict"],
        n=row["n"] if n_of else None,
        n_of=(n_of or "") + _weeks_of(row, latest),
        low=row.get("low"),
        high=row.get("high"),
        target=target,
        better=known.better if known and known.kind != "count" else None,
        since=row.get("changed_on"),
    )


def _weeks_of(row: dict[str, Any], latest: str | None) -> str:
    """The weeks that a number is of, when it is not simply the latest week."""
    week, weeks = row.get("week"), row.get("weeks") or 1
    if week is None or (weeks == 1 and week == latest):
        return ""
    return f" of {week}" if weeks == 1 else f" of {weeks} weeks to {week}"


def cards(headlines: pl.DataFrame | Iterable[Headline]) -> Display:
    """Big numbers side by side: the rows of `lr.headlines`, or headlines of your own.

    Examples
    --------
    >>> cards([headline("close_rate", 0.05, before=0.04, verdict="up", n=400, low=0.03, high=0.08, better="up")])
    Close rate: 5.0\u202f% (3.0\u202f% to 8.0\u202f%), +1.0\xa0pts, up (better), n = 400\xa0leads
    """
    kept = tuple(headlines_of(headlines) if isinstance(headlines, pl.DataFrame) else headlines)
    if not kept:
        return NOTHING
    html = element("ul", "\n".join(map(_card, kept)), class_="lr-cards")
    return Cards(html=html, plain="\n".join(map(_line, kept)), headlines=kept)


def _line(one: Headline) -> str:
    parts = one.parts()
    number = " ".join(filter(None, [one.shown, parts.pop("interval", None)]))
    return f"{one.label}: " + ", ".join([number, *parts.values()])


def _card(one: Headline) -> str:
    texts = one.parts()
    spans = {name: element("span", safe(text), class_=f"lr-card-{name}") for name, text in texts.items()}
    parts = [
        element("span", safe(one.label), class_="lr-card-label"),
        element("strong", safe(one.shown), class_="lr-card-value"),
        _change(one, texts),
        *(spans.get(name) for name in ("interval", "n", "target")),
    ]
    verdict = one.verdict and f"lr-verdict-{CLASSES[one.verdict]}"
    classes = " ".join(filter(None, ["lr-card", verdict, one.judgement and f"lr-{one.judgement}"]))
    return element("li", "<br>".join(filter(None, parts)), class_=classes)


def _change(one: Headline, texts: Mapping[str, str]) -> str | None:
    """The arrow, the change and the verdict."""
    arrow, change, verdict = ARROWS.get(one.verdict or ""), texts.get("change"), texts.get("verdict")
    parts = [
        arrow and element("span", arrow, class_="lr-arrow", aria_hidden="true"),
        change and safe(change),
        verdict and element("span", safe(verdict), class_="lr-verdict"),
    ]
    inside = " ".join(filter(None, parts))
    return element("span", inside, class_="lr-card-change") if inside else None
