"""The beginning of a page: its language, and where its numbers come from."""

from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import polars as pl

from leadreport import formats
from leadreport.errors import PageError
from leadreport.formats import phrase
from leadreport.page.display import Display, element, safe


class Days(Protocol):
    """A period: its name, its first day, and the day after its last."""

    @property
    def name(self) -> str: ...
    @property
    def start_on(self) -> date: ...
    @property
    def end_on(self) -> date: ...


class Opened(Protocol):
    """A workspace opened as of an instant; see `leadreport.open_workspace`."""

    policy: Any
    as_of: datetime
    counts: pl.DataFrame

    @property
    def week(self) -> Days: ...


def use(*, language: str | None = None, currency: str | None = None, zone: str | ZoneInfo | None = None) -> None:
    """Set language, currency and time zone of a page; `begin` does it from the policy.

    Raises
    ------
    PageError
        For a language that pages do not have.

    Examples
    --------
    >>> use(language="en", currency="EUR")
    """
    try:
        formats.use(language=language, currency=currency, zone=zone)
    except ValueError as trouble:
        raise PageError(str(trouble), hint="write one of them under [company] in policy.toml") from None


def begin(ws: Opened) -> Display:
    """Set the page's language, currency and time zone from the policy, and show where its numbers come from.

    The header names the company, the period, the instant, the policy's version, and how many rows were rejected.

    Raises
    ------
    PageError
        When the policy asks for a language that pages do not have.

    Examples
    --------
    >>> import leadreport as lr
    >>> begin(lr.open_workspace("data/sample", as_of="2026-11-16")).plain.splitlines()[:2]
    ['Nordlicht Software (sample)', 'Period: 2026-W46, 9 Nov to 15 Nov 2026']
    """
    company, week = ws.policy.company, ws.week
    use(language=company.language, currency=company.currency, zone=ws.policy.zone)
    read, rejected = (formats.count(ws.counts[name].sum()) for name in ("read", "rejected"))
    lines = {
        "period": f"{week.name}, {formats.span(week.start_on, week.end_on)}",
        "as of": f"{formats.instant(ws.as_of)} {formats.settings().zone}",
        "policy": ws.policy.version,
        "rejected": f"{rejected} {phrase('of')} {read} {phrase('read')}",
    }
    return _header(company.name, {phrase(key): text for key, text in lines.items()})


def _header(company: str, lines: dict[str, str]) -> Display:
    terms = "".join(element("div", element("dt", key) + element("dd", safe(text))) for key, text in lines.items())
    named = element("p", safe(company), class_="lr-company") if company else ""
    html = element("header", named + element("dl", terms, class_="lr-provenance"), class_="lr-header")
    plain = [f"{key}: {text}" for key, text in lines.items()]
    return Display(html=html, plain="\n".join([company, *plain] if company else plain))
