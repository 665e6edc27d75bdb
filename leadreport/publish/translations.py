"""The fixed texts of the HTML templates in each language."""

LANGUAGES = ("en", "de")

TEXTS: dict[str, tuple[str, str]] = {
    "report": ("Lead report", "Lead-Bericht"),
    "skip": ("Skip to the report", "Zum Bericht springen"),
    "pages": ("Pages of this report", "Seiten dieses Berichts"),
    "contents": ("On this page", "Auf dieser Seite"),
    "week": ("Week", "Woche"),
    "as of": ("As of", "Stand"),
    "data through": ("Data through", "Daten bis"),
    "policy": ("Policy version", "Fassung der Regeln"),
    "rejected": ("Rows rejected", "Zurückgewiesene Zeilen"),
    "of": ("of", "von"),
    "data": ("The data as a table", "Die Daten als Tabelle"),
    "data of": ("Data: {title}", "Daten: {title}"),
    "code": ("Code", "Code"),
    "set-up": ("Code: parameters and set-up", "Code: Parameter und Vorbereitung"),
    "show code": ("Show the code", "Den Code zeigen"),
    "drawing": (
        "This chart is drawn by a script. Its data are in the table below.",
        "Dieses Diagramm zeichnet ein Skript. Seine Daten stehen in der Tabelle darunter.",
    ),
    "picture": ("Picture: {title}", "Bild: {title}"),
    "before": ("Previous page", "Vorige Seite"),
    "after": ("Next page", "Nächste Seite"),
    "all pages": ("All pages", "Alle Seiten"),
    "all runs": ("All reports", "Alle Berichte"),
    "about": ("Where these numbers come from", "Woher diese Zahlen kommen"),
    "files": ("Files that were read", "Gelesene Dateien"),
    "file": ("File", "Datei"),
    "table": ("Table", "Tabelle"),
    "rows": ("Rows", "Zeilen"),
    "size": ("Size", "Größe"),
    "hash": ("SHA-256", "SHA-256"),
    "rejected by table": ("Rows read and rejected", "Gelesene und zurückgewiesene Zeilen"),
    "read": ("Read", "Gelesen"),
    "good": ("Good", "Gut"),
    "rejected short": ("Rejected", "Zurückgewiesen"),
    "made": ("Made by leadreport {version}", "Erstellt mit leadreport {version}"),
    "offline": (
        "This page contains everything it shows; nothing is loaded from anywhere.",
        "Diese Seite enthält alles, was sie zeigt; nichts wird nachgeladen.",
    ),
    "definitions": (
        "The definitions behind these numbers are the policy of {company}, version {version}.",
        "Die Definitionen hinter diesen Zahlen sind die Regeln von {company}, Fassung {version}.",
    ),
    "headlines": ("The week in numbers", "Die Woche in Zahlen"),
    "in this report": ("In this report", "In diesem Bericht"),
    "run details": ("Details of the run", "Einzelheiten des Laufs"),
    "beside": ("Files beside this report", "Dateien neben diesem Bericht"),
    "notebooks": ("The executed notebooks", "Die ausgeführten Notebooks"),
    "record": ("The record of the run", "Das Protokoll des Laufs"),
    "versions": ("Versions", "Versionen"),
    "reports": ("Reports", "Berichte"),
    "latest": ("Latest", "Neuester"),
    "no runs": ("No report has been made yet.", "Noch wurde kein Bericht erstellt."),
    "failed": ("Failed", "Fehlgeschlagen"),
    "failed said": (
        "The report of this week could not be made. What went wrong:",
        "Der Bericht dieser Woche konnte nicht erstellt werden. Was schiefging:",
    ),
    "kept": (
        "An earlier report of this week is still there and was not touched.",
        "Ein früherer Bericht dieser Woche steht noch da und wurde nicht angerührt.",
    ),
    "before that": ("Earlier reports", "Frühere Berichte"),
    "found": ("Found", "Gefunden"),
    "hint": ("What to do", "Was zu tun ist"),
}
"""Each text in the order of LANGUAGES."""


def texts_in(language: str) -> dict[str, str]:
    """The texts in a language; English for a language that is not translated.

    Examples
    --------
    >>> texts_in("de")["week"], texts_in("fr")["week"]
    ('Woche', 'Week')
    """
    place = LANGUAGES.index(language) if language in LANGUAGES else 0
    return {name: texts[place] for name, texts in TEXTS.items()}
