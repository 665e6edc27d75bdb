"""One row per lead, as of an instant: the only step that touches the big tables."""

from leadreport.facts.activity import is_counted
from leadreport.facts.build import lead_facts
from leadreport.facts.history import INSTANTS, merge_targets, of_survivors, visible_rows
from leadreport.facts.reach import STOPPED, table_reach
from leadreport.facts.reached import (
    furthest_rank,
    implying_tables,
    is_closed,
    is_lost,
    is_mature,
    is_recorded,
    reached_at,
    recorded_at,
)

__all__ = [
    "INSTANTS",
    "STOPPED",
    "furthest_rank",
    "implying_tables",
    "is_closed",
    "is_counted",
    "is_lost",
    "is_mature",
    "is_recorded",
    "lead_facts",
    "merge_targets",
    "of_survivors",
    "reached_at",
    "recorded_at",
    "table_reach",
    "visible_rows",
]
