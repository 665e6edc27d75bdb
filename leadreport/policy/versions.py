"""What a version covers: all definitions of a policy, or those that one published number uses."""

import hashlib
import json

DEFINITIONS: tuple[str, ...] = (
    *("company.time_zone", "company.currency", "stages", "horizons", "criteria", "qualification"),
    *("scoring", "handoff", "working_hours", "cost"),
)
"""The keys of a policy that define numbers; `Policy.version` covers these and nothing else."""

STAGE_ENTRY = ("company.time_zone", "stages")
"""What the week of an entry into a stage depends on."""

USED_BY: dict[str, tuple[str, ...]] = {
    "leads": ("company.time_zone",),
    "mqls": STAGE_ENTRY,
    "sqls": STAGE_ENTRY,
    "customers": STAGE_ENTRY,
    "lead_to_mql_rate": (*STAGE_ENTRY, "horizons.lead_to_mql"),
    "mql_to_sql_rate": (*STAGE_ENTRY, "horizons.mql_to_sql"),
    "lead_to_customer_rate": (*STAGE_ENTRY, "horizons.lead_to_customer"),
    "attainment_rate": (*STAGE_ENTRY, "handoff", "working_hours"),
    "acceptance_rate": (*STAGE_ENTRY, "horizons.mql_to_sal"),
    "cost_per_sql": (*STAGE_ENTRY, "cost.basis", "cost.spread", "company.currency"),
}
"""The published numbers, and the keys of a policy that each one uses; the horizon of several steps is their sum."""


def digest(content: object) -> str:
    """Eight hex digits of the SHA-256 of some content; the order of its keys does not change them."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
