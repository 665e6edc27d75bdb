"""Which further columns of the leads may be attributes."""

from leadreport.policy import CRITERIA, Policy
from leadreport.words import EXITS, STAGES

COMPUTED: frozenset[str] = frozenset(
    [
        *(f"{stage}_at" for stage in STAGES + EXITS),
        *(f"is_{stage}" for stage in STAGES),
        *(f"is_{stage}_imputed" for stage in STAGES),
        *(f"{stage}_reason" for stage in EXITS),
        *(f"answer_{name}{part}" for name in CRITERIA for part in ("", "_at", "_by")),
        *("stage", "stage_at", "merged_leads", "episodes", "episode_mql_at", "episode_sal_at"),
        *("activities", "activities_30d", "last_activity_at", "engagement", "pulse"),
        *("first_sales_touch_at", "first_touch_after_mql_at", "sales_touches"),
        *("deals", "won_deals", "lost_deals", "open_deals", "won_at", "won_amount", "open_amount", "currency"),
    ]
)
"""Names that the facts of a lead use; an attribute of the same name would be mistaken for them."""


def computed_names(policy: Policy) -> frozenset[str]:
    """The names that no attribute may have: what the facts compute, the counts that the policy's criteria ask for too.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> names = computed_names(parse_policy(preset_text("startup")))
    >>> "won_amount" in names, "trial_started_count" in names, "industry" in names
    (True, True, False)
    """
    return COMPUTED | {each.column for each in policy.behaviours()}
