"""The columns that take agreed words only, and which words."""

from leadreport.policy import CRITERIA
from leadreport.words import EXITS, STAGES

WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("activities", "by"): ("lead", "marketing", "sales", "third_party"),
    ("stages", "stage"): STAGES + EXITS,
    ("deals", "status"): ("open", "won", "lost"),
    ("spend", "department"): ("marketing", "sales"),
    ("answers", "criterion"): CRITERIA,
    ("answers", "answer"): ("yes", "no", "unknown"),
}
"""For a table's column, the words it may hold."""
