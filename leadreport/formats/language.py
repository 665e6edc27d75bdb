"""Language, currency and time zone of a page, and its fixed words in each language."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")

MODES: tuple[str, ...] = ("lab", "report", "text")


@dataclass(frozen=True)
class Settings:
    """Language, currency and time zone of a page."""

    language: Language = "en"
    currency: str = "EUR"
    zone: str = "UTC"


_now = Settings()


def use(*, language: str | None = None, currency: str | None = None, zone: str | ZoneInfo | None = None) -> Settings:
    """Set language, currency and time zone once for a page; what is left out stays as it is.

    Raises
    ------
    ValueError
        For a language other than "en" and "de".

    Examples
    --------
    >>> use(language="en", currency="EUR", zone="Europe/Berlin")
    Settings(language='en', currency='EUR', zone='Europe/Berlin')
    >>> use(zone="UTC").zone
    'UTC'
    """
    global _now
    asked = {"language": language and known(language), "currency": currency, "zone": zone and str(zone)}
    _now = replace(_now, **{name: value for name, value in asked.items() if value})
    return _now


def settings() -> Settings:
    """Language, currency and time zone that the page uses now."""
    return _now


def known(language: str | None) -> Language:
    """The given language, or the page's own without one."""
    chosen = language or _now.language
    if chosen not in LANGUAGES:
        raise ValueError(f"no language '{chosen}'; allowed: {', '.join(LANGUAGES)}")
    return chosen


def display_mode() -> str:
    """Where displays go, read each time one is shown: "lab", "report" or "text" (environment LEADREPORT_DISPLAY).

    Raises
    ------
    ValueError
        When the variable holds another word.
    """
    mode = os.environ.get("LEADREPORT_DISPLAY") or "lab"
    if mode not in MODES:
        raise ValueError(f"LEADREPORT_DISPLAY is '{mode}'; allowed: {', '.join(MODES)}")
    return mode


PHRASES: dict[str, tuple[str, str]] = {
    "and": ("and", "und"),
    "to": ("to", "bis"),
    "of": ("of", "von"),
    "day": ("day", "Tag"),
    "days": ("days", "Tage"),
    "h": ("h", "Std."),
    "min": ("min", "Min."),
    "pts": ("pts", "Pp."),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
    "up": ("up", "gestiegen"),
    "down": ("down", "gefallen"),
    "since": ("since", "seit"),
    "normal variation": ("normal variation", "im Rauschen"),
    "too few to say": ("too few to say", "zu wenige für ein Urteil"),
    "partial": ("week not complete", "Woche unvollständig"),
    "not known": ("not known", "nicht bekannt"),
    "last known": ("last known: {value} ({week})", "zuletzt bekannt: {value} ({week})"),
    "better": ("better", "besser"),
    "worse": ("worse", "schlechter"),
    "target": ("target", "Ziel"),
    "shown": ("{some} of {all} shown", "{some} von {all} gezeigt"),
    "attention": ("What needs attention", "Was Aufmerksamkeit braucht"),
    "calm": ("Nothing stands out this week.", "Diese Woche fällt nichts auf."),
    "period": ("Period", "Zeitraum"),
    "as of": ("As of", "Stand"),
    "policy": ("Policy version", "Fassung der Vereinbarung"),
    "rejected": ("Rows rejected", "Abgewiesene Zeilen"),
    "read": ("read", "gelesen"),
    "missing": (
        "This page cannot show {what}: there is no {table} table. {hint}",
        "Diese Seite kann {what} nicht zeigen: Es gibt keine Tabelle {table}. {hint}",
    ),
    "missing hint": (
        "Add a file {table}.csv or {table}.parquet to the workspace, or map one in sources.toml.",
        "Legen Sie {table}.csv oder {table}.parquet in den Arbeitsordner oder tragen Sie sie in sources.toml ein.",
    ),
    "see also": ("See also", "Siehe auch"),
    "info": ("Note", "Hinweis"),
    "warning": ("Careful", "Vorsicht"),
    "lacking": ("Not shown", "Nicht gezeigt"),
}


def phrase(key: str, *, language: str | None = None, **parts: str) -> str:
    """A fixed word or phrase of the page.

    Examples
    --------
    >>> phrase("normal variation"), phrase("shown", language="de", some="25", all="143")
    ('normal variation', '25 von 143 gezeigt')
    """
    chosen = PHRASES[key][LANGUAGES.index(known(language))]
    return chosen.format(**parts) if parts else chosen


def listed(names: Iterable[str], *, language: str | None = None) -> str:
    """Names in a sentence.

    Examples
    --------
    >>> listed(["ads", "events", "referrals"])
    'ads, events and referrals'
    """
    *others, last = [*names] or [""]
    return f"{', '.join(others)} {phrase('and', language=language)} {last}" if others else last
