"""One row per lead, as of an instant: the only step that touches the big tables."""

from leadreport.facts.build import lead_facts

__all__ = ["lead_facts"]
