"""One row per value of a column, or one row for all."""

import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.policy import Policy


def keyed(facts: pl.DataFrame, *, by: str | None, policy: Policy | None) -> pl.DataFrame:
    """The facts with the group's column as text and its gaps called "unknown"; `week` is the week of the hand-over."""
    if by is None:
        return facts
    if by == "week" and by not in facts.columns and policy:
        local = pl.col("episode_mql_at").dt.convert_time_zone(policy.company.time_zone)
        return facts.with_columns(week=local.dt.strftime("%G-W%V").fill_null("unknown"))
    if by not in facts.columns:
        raise InputError(f"there is no column '{by}' to group by", hint=did_you_mean(by, facts.columns))
    return facts.with_columns(pl.col(by).cast(pl.String).fill_null("unknown"))


def counted(frame: pl.DataFrame, *, by: str | None, **counts: pl.Expr) -> pl.DataFrame:
    """Sums per group, in the order of the groups; one row of totals when there is no group."""
    if by is None:
        return frame.select(**counts)
    return frame.group_by(by).agg(**counts).sort(by)
