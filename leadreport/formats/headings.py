"""What a column is called where people read it, in tables and charts alike."""

import re

from leadreport.formats.spoken import known
from leadreport.words import COLUMNS

ACRONYMS = {"mql", "sal", "sql", "cpl", "cpmql", "cpsql", "cac", "sla", "auc", "psi", "crm", "bant", "id", "iso", "roi"}


def label_of(column: str, *, language: str | None = None) -> str:
    """The heading of a column; one that is not listed is spelled from its name.

    Examples
    --------
    >>> label_of("cost_per_sql"), label_of("cost_per_sql", language="de"), label_of("sqls"), label_of("first_touch_at")
    ('Cost per SQL', 'Kosten je SQL', 'SQLs', 'First touch')
    """
    if column in COLUMNS:
        named = COLUMNS[column]
        return (named.german or named.label) if known(language) == "de" else named.label
    words = re.sub(r"^(is|has)_|_(on|at)$", "", column).split("_")
    spelled = [_word(word) for word in words]
    return " ".join([spelled[0][:1].upper() + spelled[0][1:], *spelled[1:]])


def _word(word: str) -> str:
    if word in ACRONYMS:
        return word.upper()
    if word.endswith("s") and word[:-1] in ACRONYMS:
        return word[:-1].upper() + "s"
    return word
