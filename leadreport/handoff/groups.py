"""The groups of a handoff table: a column, or the week of the hand-over."""

import polars as pl

from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, named_groups


def keyed(facts: pl.DataFrame, *, by: str | None, policy: Policy | None) -> pl.DataFrame:
    """The facts with the group's column as text and its gaps named; `week` is the ISO week of the hand-over."""
    if by == "week" and by not in facts.columns and policy:
        local = pl.col("episode_mql_at").dt.convert_time_zone(policy.company.time_zone)
        facts = facts.with_columns(week=local.dt.strftime("%G-W%V").fill_null(UNKNOWN))
    return named_groups(facts, by)
