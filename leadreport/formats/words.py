"""The few fixed words of a page, in each language, and words that follow a number."""

from collections.abc import Iterable

from leadreport.formats.numbers import count
from leadreport.formats.spoken import NBSP, known

WORDS: dict[str, tuple[str, str]] = {
    "and": ("and", "und"),
    "to": ("to", "bis"),
    "of": ("of", "von"),
    "day": ("day", "Tag"),
    "days": ("days", "Tage"),
    "h": ("h", "Std."),
    "min": ("min", "Min."),
    "up": ("up", "gestiegen"),
    "down": ("down", "gefallen"),
    "normal variation": ("normal variation", "im Rauschen"),
    "too few to say": ("too few to say", "zu wenige für ein Urteil"),
    "partial": ("week not complete", "Woche unvollständig"),
    "unknown": ("unknown", "unbekannt"),
    "total": ("total", "gesamt"),
    "shown": ("{some} of {all} shown", "{some} von {all} gezeigt"),
    "target": ("target", "Ziel"),
    "before": ("before", "zuvor"),
    "against": ("against", "gegenüber"),
    "interval": ("95 % interval", "95-%-Intervall"),
    "attention": ("What needs attention", "Was Aufmerksamkeit braucht"),
    "calm": ("Nothing stands out this week.", "Diese Woche fällt nichts auf."),
    "period": ("Period", "Zeitraum"),
    "as of": ("As of", "Stand"),
    "policy": ("Policy version", "Fassung der Vereinbarung"),
    "files": ("Files", "Dateien"),
    "rejected": ("Rows rejected", "Abgewiesene Zeilen"),
    "read": ("read", "gelesen"),
    "where from": ("Where these numbers come from", "Woher diese Zahlen kommen"),
    "missing": (
        "This page cannot show {what}: there is no {table} table. {hint}",
        "Diese Seite kann {what} nicht zeigen: Es gibt keine Tabelle {table}. {hint}",
    ),
    "missing hint": (
        "Add a file {table}.csv or {table}.parquet to the workspace, or map one in sources.toml.",
        "Legen Sie {table}.csv oder {table}.parquet in den Arbeitsordner oder tragen Sie sie in sources.toml ein.",
    ),
    "see also": ("See also", "Siehe auch"),
    "better": ("better", "besser"),
    "worse": ("worse", "schlechter"),
    "no change": ("no change", "unverändert"),
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
    chosen = WORDS[key][0 if known(language) == "en" else 1]
    return chosen.format(**parts) if parts else chosen


def plural(number: float | None, one: str, many: str | None = None, *, language: str | None = None) -> str:
    """A count with its noun in the right number.

    Examples
    --------
    >>> plural(1, "lead"), plural(1200, "lead"), plural(0, "company", "companies")
    ('1\\xa0lead', '1,200\\xa0leads', '0\\xa0companies')
    """
    noun = one if number == 1 else many or f"{one}s"
    return f"{count(number, language=language)}{NBSP}{noun}"


def listed(names: Iterable[str], *, language: str | None = None) -> str:
    """Names in a sentence.

    Examples
    --------
    >>> listed(["ads", "events", "referrals"])
    'ads, events and referrals'
    """
    all_names = list(names)
    if len(all_names) < 2:
        return "".join(all_names)
    return f"{', '.join(all_names[:-1])} {phrase('and', language=language)} {all_names[-1]}"
