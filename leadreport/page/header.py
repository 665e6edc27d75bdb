"""What a page counts, as of when, from which files, under which policy."""

from datetime import date, datetime
from typing import Any, Protocol

import polars as pl

from leadreport import formats
from leadreport.formats import phrase
from leadreport.page.display import Display, element, safe
from leadreport.page.speak import use
from leadreport.page.table import table


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


def begin(ws: Opened) -> Display:
    """Set the page's language, currency and time zone from the policy, and show where its numbers come from.

    Raises
    ------
    PageError
        When the policy asks for a language that pages do not have.
    """
    company = ws.policy.company
    use(language=company.language, currency=company.currency, zone=ws.policy.zone)
    read, rejected = (ws.counts[name].sum() for name in ("read", "rejected"))
    return header(
        as_of=ws.as_of,
        period=ws.week,
        policy_version=ws.policy.version,
        company=company.name,
        rejected=rejected,
        read=read,
    )


def header(
    *,
    as_of: datetime,
    period: Days,
    policy_version: str,
    company: str | None = None,
    files: pl.DataFrame | None = None,
    rejected: int = 0,
    read: int | None = None,
) -> Display:
    """The block below a page's title that says where its numbers come from.

    Parameters
    ----------
    files
        One row per file, such as `file`, `table`, `rows`, `sha256`; hashes are cut to eight signs.
    rejected, read
        How many rows were turned away, of how many.

    Examples
    --------
    >>> from types import SimpleNamespace as Week
    >>> week = Week(name="2026-W46", start_on=date(2026, 11, 9), end_on=date(2026, 11, 16))
    >>> header(as_of=datetime(2026, 11, 16), period=week, policy_version="a1b2c3d4", rejected=3, read=6000)
    Period: 2026-W46, 9 Nov to 15 Nov 2026
    As of: 16 Nov 2026, 00:00
    Policy version: a1b2c3d4
    Rows rejected: 3 of 6,000 read
    """
    days = formats.span(period.start_on, period.end_on)
    lines = [
        ("period", f"{period.name}, {days}" if period.name[5:6] == "W" else days),
        ("as of", formats.instant(as_of) + (f" {formats.spoken().zone}" if as_of.tzinfo else "")),
        ("policy", policy_version),
        ("rejected", _of(rejected, read)),
    ]
    terms = "".join(element("div", element("dt", phrase(key)) + element("dd", safe(text))) for key, text in lines)
    known = _files(files) if files is not None else None
    html = element("dl", terms, class_="lr-provenance") + (_folded(known) if known else "")
    plain = [f"{phrase(key)}: {text}" for key, text in lines] + ([known.plain] if known else [])
    if company:
        html, plain = element("p", safe(company), class_="lr-company") + html, [company, *plain]
    return Display(html=element("header", html, class_="lr-header"), plain="\n".join(plain))


def _of(rejected: int, read: int | None) -> str:
    if read is None:
        return formats.count(rejected)
    return f"{formats.count(rejected)} {phrase('of')} {formats.count(read)} {phrase('read')}"


def _files(files: pl.DataFrame) -> Display:
    hashes = [name for name in files.columns if name.startswith("sha")]
    short = files.with_columns(pl.col(name).str.slice(0, 8) for name in hashes)
    return table(short, caption=phrase("where from"), labels=dict.fromkeys(hashes, "SHA-256"))


def _folded(known: Display) -> str:
    return element("details", element("summary", phrase("files")) + known.html, class_="lr-files")
