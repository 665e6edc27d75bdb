"""The columns that take agreed words only, and which words."""

from leadreport.policy import CRITERIA, EXITS, LADDER

WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("activities", "by"): ("lead", "marketing", "sales", "third_party"),
    ("stages", "stage"): LADDER + EXITS,
    ("deals", "status"): ("open", "won", "lost"),
    ("spend", "department"): ("marketing", "sales"),
    ("answers", "criterion"): CRITERIA,
    ("answers", "answer"): ("yes", "no", "unknown"),
}
"""For a table's column, the words it may hold."""
