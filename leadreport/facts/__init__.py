"""One row per lead, as of an instant: the only step that touches the big tables."""

from leadreport.facts.activity import is_counted
from leadreport.facts.build import lead_facts
from leadreport.facts.history import INSTANTS, of_survivors, visible_rows
from leadreport.facts.reached import furthest_rank, is_closed, is_lost, is_mature, reached_at, recorded_at

__all__ = [
    "INSTANTS",
    "furthest_rank",
    "is_closed",
    "is_counted",
    "is_lost",
    "is_mature",
    "lead_facts",
    "of_survivors",
    "reached_at",
    "recorded_at",
    "visible_rows",
]
