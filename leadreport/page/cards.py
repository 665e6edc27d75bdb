"""The week in a handful of numbers: each with its change, its n, and whether it is noise."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from leadreport import formats
from leadreport.errors import PageError, did_you_mean
from leadreport.formats import phrase
from leadreport.page.display import Display, element, safe
from leadreport.words import HEADLINES_MIME

CLASSES = {"up": "up", "down": "down", "normal variation": "noise", "too few to say": "few", "partial": "partial"}
ARROWS = {"up": "\N{BLACK UP-POINTING TRIANGLE}", "down": "\N{BLACK DOWN-POINTING TRIANGLE}"}


@dataclass(frozen=True)
class Headline:
    """One number of the week; made by `headline`."""

    name: str
    label: str
    value: float | None
    kind: str
    change: float | None
    n: int | None
    n_of: str
    verdict: str | None
    low: float | None
    high: float | None
    target: float | None
    better: Literal["up", "down"] | None

    @property
    def shown(self) -> str:
        return formats.shown(self.value, self.kind)

    @property
    def shown_change(self) -> str | None:
        """The change with its sign, in the unit of a change; nothing when it is withheld."""
        return None if self.change is None else formats.signed(self.change, self.kind)

    @property
    def judgement(self) -> str | None:
        """Whether an up or a down is for the better; nothing when that is not for a page to say."""
        if self.better is None or self.verdict not in ("up", "down"):
            return None
        return "better" if self.verdict == self.better else "worse"


@dataclass(frozen=True, repr=False)
class Cards(Display):
    """Cards on a page, and the same for the archive."""

    headlines: tuple[Headline, ...] = ()

    def extra(self) -> dict[str, str]:
        names = ("name", "label", "value", "shown", "change", "shown_change", "n", "verdict")
        kept = [{name: getattr(one, name) for name in names} for one in self.headlines]
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
) -> Headline:
    """A number of the week for `cards`.

    Parameters
    ----------
    name
        The name under which the archive keeps the number, such as `sqls` or `cost_per_sql`.
    kind
        Its format; by the conventions of the name when not said.
    before, change
        The number of the period before, or the change itself. Of a period that is not complete, give neither.
    verdict
        "up", "down", "normal variation", "too few to say" or "partial".
    n, n_of
        How many of what stand behind the number.
    better
        Which direction is for the better, when one is.

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
    chosen = kind or formats.kind_of(name, sample=value)
    for what, word, allowed in (("format", chosen, formats.KINDS), ("verdict", verdict, CLASSES)):
        if word is not None and word not in allowed:
            raise PageError(f"headline '{name}' has no {what} '{word}'", hint=did_you_mean(word, list(allowed)))
    if change is None and None not in (value, before):
        change = round(value - before, 10)
    title = label or formats.label_of(name)
    return Headline(name, title, value, chosen, change, n, n_of, verdict, low, high, target, better)


def headlines_of(
    changes: pl.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    better: Mapping[str, Literal["up", "down"]] | None = None,
    n_of: Mapping[str, str] | None = None,
    targets: Mapping[str, float | None] | None = None,
) -> list[Headline]:
    """A headline for every row of a frame of changes: name, value, previous, n, verdict, and low and high when there.

    `labels`, `kinds` (formats), `better`, `n_of` and `targets` say by name what the frame does not know; without `n_of`
    no n is shown: a count is its own n. A number that belongs to an older week than the latest says so: the rate of a
    cohort is final only later.

    Examples
    --------
    >>> rows = {"name": ["sqls"], "value": [42.0], "previous": [37.0], "n": [42], "verdict": ["normal variation"]}
    >>> headlines_of(pl.DataFrame(rows), kinds={"sqls": "count"})[0].shown_change
    '+5'
    """
    labels, kinds, better, n_of, targets = (given or {} for given in (labels, kinds, better, n_of, targets))
    latest = changes["week"].max() if "week" in changes.columns else None
    return [
        headline(
            row["name"],
            row["value"],
            label=labels.get(row["name"]),
            kind=kinds.get(row["name"]),
            before=row["previous"],
            verdict=row["verdict"],
            n=row["n"] if row["name"] in n_of else None,
            n_of=n_of.get(row["name"], "leads") + _of_week(row.get("week"), latest),
            low=row.get("low"),
            high=row.get("high"),
            target=targets.get(row["name"]),
            better=better.get(row["name"]),
        )
        for row in changes.iter_rows(named=True)
    ]


def cards(headlines: Iterable[Headline]) -> Cards:
    """Big numbers side by side.

    Examples
    --------
    >>> cards([headline("close_rate", 0.05, before=0.04, verdict="up", n=400, low=0.03, high=0.08, better="up")])
    Close rate: 5.0\u202f% (3.0\u202f% to 8.0\u202f%), +1.0\xa0pts, up (better), n = 400\xa0leads
    """
    kept = tuple(headlines)
    html = element("ul", "\n".join(map(_card, kept)), class_="lr-cards")
    return Cards(html=html, plain="\n".join(map(_line, kept)), headlines=kept)


def _of_week(week: str | None, latest: str | None) -> str:
    return "" if week in (None, latest) else f" of {week}"


def _interval(one: Headline) -> str | None:
    if one.low is None and one.high is None:
        return None
    return formats.interval(one.low, one.high, of=formats.KINDS[one.kind])


def _verdict(one: Headline) -> str | None:
    if one.verdict is None:
        return None
    said = phrase(one.verdict)
    return f"{said} ({phrase(one.judgement)})" if one.judgement else said


def _n(one: Headline) -> str | None:
    return None if one.n is None else f"n = {formats.plural(one.n, one.n_of, one.n_of)}"


def _target(one: Headline) -> str | None:
    return None if one.target is None else f"{phrase('target')} {formats.shown(one.target, one.kind)}"


def _line(one: Headline) -> str:
    number = " ".join(filter(None, [one.shown, _interval(one)]))
    parts = [number, one.shown_change, _verdict(one), _n(one), _target(one)]
    return f"{one.label}: " + ", ".join(filter(None, parts))


def _card(one: Headline) -> str:
    parts = [
        element("span", safe(one.label), class_="lr-card-label"),
        element("strong", safe(one.shown), class_="lr-card-value"),
        *(
            element("span", safe(text), class_=f"lr-card-{name}")
            for name, text in (("interval", _interval(one)), ("n", _n(one)), ("target", _target(one)))
            if text
        ),
    ]
    if one.verdict or one.shown_change:
        parts.insert(2, _change(one))
    verdict = f"lr-verdict-{CLASSES[one.verdict]}" if one.verdict else None
    named = " ".join(filter(None, ["lr-card", verdict, one.judgement and f"lr-{one.judgement}"]))
    return element("li", "<br>".join(parts), class_=named)


def _change(one: Headline) -> str:
    arrow = ARROWS.get(one.verdict or "")
    parts = [
        arrow and element("span", arrow, class_="lr-arrow", aria_hidden="true"),
        one.shown_change and safe(one.shown_change),
        (said := _verdict(one)) and element("span", safe(said), class_="lr-verdict"),
    ]
    return element("span", " ".join(filter(None, parts)), class_="lr-card-change")
