"""What a column is called where people read it, in tables and charts alike."""

import re

from leadreport.formats.spoken import known

HEADINGS: dict[str, tuple[str, str]] = {
    "n": ("n", "n"),
    "name": ("Number", "Kennzahl"),
    "value": ("Value", "Wert"),
    "previous": ("Before", "Zuvor"),
    "change": ("Change", "Änderung"),
    "expected": ("Expected", "Erwartet"),
    "low_limit": ("Chance, lowest", "Zufall, mindestens"),
    "high_limit": ("Chance, highest", "Zufall, höchstens"),
    "verdict": ("Verdict", "Urteil"),
    "trend": ("Trend", "Trend"),
    "week": ("Week", "Woche"),
    "channel": ("Channel", "Kanal"),
    "source": ("Source", "Herkunft"),
    "campaign": ("Campaign", "Kampagne"),
    "owner": ("Owner", "Betreut von"),
    "team": ("Team", "Team"),
    "stage": ("Stage", "Stufe"),
    "from_stage": ("From", "Von"),
    "to_stage": ("To", "Nach"),
    "step": ("Step", "Schritt"),
    "reason": ("Reason", "Grund"),
    "leads": ("Leads", "Leads"),
    "lead": ("Lead", "Lead"),
    "opportunity": ("Opportunity", "Chance"),
    "opportunities": ("Opportunities", "Chancen"),
    "customer": ("Customer", "Kunde"),
    "customers": ("Customers", "Kunden"),
    "entries": ("Entries", "Eintritte"),
    "observed": ("On record", "Verzeichnet"),
    "imputed": ("Implied", "Erschlossen"),
    "lost": ("Lost", "Verloren"),
    "open": ("Still open", "Noch offen"),
    "negative": ("Out of order", "Verkehrte Folge"),
    "step_rate": ("Of the stage before", "Von der Stufe davor"),
    "reach_rate": ("Of all leads", "Von allen Leads"),
    "share_rate": ("Share", "Anteil"),
    "q25_days": ("A quarter within", "Ein Viertel in"),
    "median_days": ("Half within", "Die Hälfte in"),
    "q75_days": ("Three quarters within", "Drei Viertel in"),
    "to_next_days": ("Half of those that move on", "Hälfte derer, die aufsteigen"),
    "cohort": ("Cohort", "Jahrgang"),
    "converted": ("Converted", "Umgewandelt"),
    "conversion_rate": ("Converted, final", "Umgewandelt, endgültig"),
    "km_rate": ("Converted so far", "Umgewandelt bisher"),
    "km_days": ("At an age of", "Im Alter von"),
    "expected_rate": ("Expected", "Erwartet"),
    "horizon_days": ("Final after", "Endgültig nach"),
    "converted_rate": ("Touched by then", "Bis dahin angesprochen"),
    "at_risk": ("Still watched", "Noch beobachtet"),
    "is_partial": ("Not complete", "Unvollständig"),
    "share_before": ("Share before", "Anteil zuvor"),
    "share_after": ("Share after", "Anteil danach"),
    "rate_before": ("Rate before", "Quote zuvor"),
    "rate_after": ("Rate after", "Quote danach"),
    "mix_effect": ("By its share", "Durch den Anteil"),
    "rate_effect": ("By its own rate", "Durch die Quote"),
    "effect": ("Together", "Zusammen"),
    "attainment_rate": ("Answered in time", "Rechtzeitig beantwortet"),
    "in_time": ("In time", "Rechtzeitig"),
    "late": ("Late", "Verspätet"),
    "overdue": ("Overdue", "Überfällig"),
    "not_due": ("Not yet due", "Noch nicht fällig"),
    "closed_untouched": ("Closed untouched", "Unberührt beendet"),
    "median_hours": ("Half within", "Die Hälfte in"),
    "p90_hours": ("Nine in ten within", "Neun von zehn in"),
    "waiting_hours": ("Waiting", "Wartet seit"),
    "over_by_hours": ("Over by", "Drüber um"),
    "never_contacted": ("Never contacted", "Nie angesprochen"),
    "handed_over": ("Handed over", "Übergeben"),
    "accepted": ("Accepted", "Angenommen"),
    "acceptance_rate": ("Acceptance rate", "Annahmequote"),
    "rejected": ("Rejected", "Abgelehnt"),
    "recycled": ("Recycled", "Zurückgestellt"),
    "undecided": ("Undecided", "Unentschieden"),
    "touched_in_time_rate": ("Touched in time", "Rechtzeitig angesprochen"),
    "accepted_untouched": ("Accepted, not touched", "Angenommen, unberührt"),
    "detail": ("What it counts", "Was gezählt wird"),
    "spend": ("Spend", "Ausgaben"),
    "marketing_spend": ("Marketing spend", "Ausgaben Marketing"),
    "sales_spend": ("Sales spend", "Ausgaben Vertrieb"),
    "spread_spend": ("Of this spread", "Davon umgelegt"),
    "cost_per_lead": ("Cost per lead", "Kosten je Lead"),
    "cost_per_mql": ("Cost per MQL", "Kosten je MQL"),
    "cost_per_sql": ("Cost per SQL", "Kosten je SQL"),
    "cost_per_customer": ("Cost per customer", "Kosten je Kunde"),
    "cost_basis": ("Cost basis", "Kostenbasis"),
    "close_rate": ("Close rate", "Abschlussquote"),
    "win_rate": ("Win rate", "Gewinnquote"),
    "won_amount": ("Average won amount", "Mittlerer Erlös"),
    "lead_value": ("Value of a lead", "Wert eines Leads"),
    "value_per_cost": ("Value per cost", "Wert zu Kosten"),
    "highest_price_per_lead": ("Highest price of a lead", "Höchstpreis eines Leads"),
    "highest_price_per_mql": ("Highest price of an MQL", "Höchstpreis eines MQL"),
    "highest_price_per_sql": ("Highest price of an SQL", "Höchstpreis eines SQL"),
    "attribute": ("Attribute", "Merkmal"),
    "points": ("Points", "Punkte"),
    "score": ("Score", "Wertung"),
    "reasons": ("Reasons", "Gründe"),
    "shrunken_rate": ("Close rate, shrunken", "Abschlussquote, geglättet"),
    "expected_close_rate": ("Expected close rate", "Erwartete Abschlussquote"),
    "lift": ("Lift", "Vielfaches"),
    "customers_rate": ("Of all customers, so far down", "Von allen Kunden, bis hier"),
    "missed_customers": ("Customers missed", "Verpasste Kunden"),
    "missed_rate": ("Share missed", "Anteil verpasst"),
    "at": ("Working hours", "Arbeitsstunden"),
    "band": ("Band of scores", "Wertungsstufe"),
    "decile": ("Tenth, best first", "Zehntel, bestes zuerst"),
    "threshold": ("From a score of", "Ab einer Wertung von"),
    "state": ("State", "Stand"),
    "shown": ("Leads", "Leads"),
    "shown_rate": ("Converted", "Umgewandelt"),
    "rows": ("Rows", "Zeilen"),
    "read": ("Read", "Gelesen"),
    "good": ("Good", "Gültig"),
    "table": ("Table", "Tabelle"),
    "file": ("File", "Datei"),
    "column": ("Column", "Spalte"),
    "examples": ("Examples", "Beispiele"),
}
"""Where the name alone would not tell a reader enough, or would not tell it in German."""

ACRONYMS = {"mql", "sal", "sql", "cpl", "cpmql", "cpsql", "cac", "sla", "auc", "psi", "crm", "bant", "id", "iso", "roi"}


def label_of(column: str, *, language: str | None = None) -> str:
    """The heading of a column; one that is not listed is spelled from its name.

    Examples
    --------
    >>> label_of("cost_per_sql"), label_of("cost_per_sql", language="de"), label_of("sqls"), label_of("first_touch_at")
    ('Cost per SQL', 'Kosten je SQL', 'SQLs', 'First touch')
    """
    if column in HEADINGS:
        return HEADINGS[column][known(language) == "de"]
    words = re.sub(r"^(is|has)_|_(on|at)$", "", column).split("_")
    spelled = [_word(word) for word in words]
    return " ".join([spelled[0][:1].upper() + spelled[0][1:], *spelled[1:]])


def _word(word: str) -> str:
    if word in ACRONYMS:
        return word.upper()
    if word.endswith("s") and word[:-1] in ACRONYMS:
        return word[:-1].upper() + "s"
    return word
