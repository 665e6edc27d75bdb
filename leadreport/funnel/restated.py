"""What a report publishes of each week, what has changed of it since, and what another definition makes of it."""

from datetime import datetime

import polars as pl

from leadreport.funnel.change import RATES, final_rates
from leadreport.funnel.weeks import weekly_entries
from leadreport.policy import Policy
from leadreport.words import COUNTED

NAMES = (*COUNTED, *(f"{one}_to_{two}_rate" for one, two in RATES))
"""The published numbers, in the order in which they are shown."""

DEFINITION, MERGES, ROWS = "new definition", "merged leads", "late or changed rows"
"""Why a published number may be another one today."""


def published_numbers(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 26) -> pl.DataFrame:
    """The headline numbers of each of the last complete weeks, as a report publishes them (SEMANTICS 35).

    One row per number and week: name, week, value, n (the leads that a rate stands on; for a count the count),
    policy_version, merged_leads (of all facts). Counts are of the last `weeks` complete weeks, rates of the last
    `weeks` weekly cohorts that are final; sorted as the headlines are, then by week.
    """
    entries = weekly_entries(facts, as_of=as_of, policy=policy, weeks=weeks).filter(~pl.col("is_partial"))
    counts = [
        entries.filter(pl.col("stage") == stage).select(name=pl.lit(name), week="week", value="entries", n="entries")
        for name, stage in COUNTED.items()
    ]
    rates = [
        final_rates(facts, one, two, as_of=as_of, policy=policy)
        .filter(pl.col("n") > 0)
        .tail(weeks)
        .select(pl.lit(f"{one}_to_{two}_rate").alias("name"), "week", pl.col("value").round(10), "n")
        for one, two in RATES
    ]
    merged = facts["merged_leads"].sum() if "merged_leads" in facts.columns else 0
    kept = pl.concat([each.cast({"value": pl.Float64, "n": pl.Int64}) for each in (*counts, *rates)])
    return kept.with_columns(policy_version=pl.lit(policy.version), merged_leads=pl.lit(merged, dtype=pl.Int64))


def restated(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Which numbers that were published earlier are others today, and why.

    Both frames are those of `published_numbers`, on two days. One row per number that differs, of the weeks that both
    reach: name, week, published, now (null when it is no longer given), change, why. It is a "new definition" when the
    policy has another version (leads that came in are not a matter of definition); else "merged leads" when more leads
    are merged than then and the number lost leads; else "late or changed rows".

    Examples
    --------
    >>> rows = {"name": ["leads", "sqls"], "week": ["2026-W45"] * 2, "value": [9.0, 2.0], "n": [9, 2]}
    >>> before = pl.DataFrame(rows).with_columns(policy_version=pl.lit("a1"), merged_leads=pl.lit(0))
    >>> now = before.with_columns(pl.col("value") + pl.Series([0.0, 1.0]))
    >>> restated(before, now).row(0)
    ('sqls', '2026-W45', 2.0, 3.0, 1.0, 'late or changed rows')
    """
    reached = now.group_by("name").agg(first_week=pl.col("week").min())
    both = before.join(reached, on="name").filter(pl.col("week") >= pl.col("first_week"))
    both = both.join(now, on=["name", "week"], how="left", suffix="_now")
    moved = both.filter(pl.col("value").round(10).ne_missing(pl.col("value_now").round(10)))
    order = pl.col("name").cast(pl.Enum([*dict.fromkeys([*NAMES, *before["name"]])]))
    return moved.sort(order, "week").select(
        *("name", "week"),
        published="value",
        now="value_now",
        change=(pl.col("value_now") - pl.col("value")).round(10),
        why=reason(before, now),
    )


def reason(before: pl.DataFrame, now: pl.DataFrame) -> pl.Expr:
    """What tells best why a number is another one."""
    has_new_policy = before["policy_version"].unique().to_list() != now["policy_version"].unique().to_list()
    has_merged = (now["merged_leads"].max() or 0) > (before["merged_leads"].max() or 0)
    has_lost = (pl.col("n_now") < pl.col("n")).fill_null(True)
    return (
        pl.when(pl.lit(has_new_policy) & (pl.col("name") != "leads"))
        .then(pl.lit(DEFINITION))
        .when(pl.lit(has_merged) & has_lost)
        .then(pl.lit(MERGES))
        .otherwise(pl.lit(ROWS))
    )


def policies_side_by_side(
    old_facts: pl.DataFrame,
    new_facts: pl.DataFrame,
    *,
    old_policy: Policy,
    new_policy: Policy,
    as_of: datetime,
    weeks: int = 26,
) -> pl.DataFrame:
    """The same published numbers under two policies over the same history.

    The facts are those of the same tables, built under each policy. One row per number and week that either gives:
    name, week, old, new, change, old_n, new_n; a number that one of them does not give (a rate that is not yet final
    under a longer horizon, say) is null there.
    """
    old = published_numbers(old_facts, as_of=as_of, policy=old_policy, weeks=weeks)
    new = published_numbers(new_facts, as_of=as_of, policy=new_policy, weeks=weeks)
    both = old.join(new, on=["name", "week"], how="full", coalesce=True, suffix="_new")
    return both.sort(pl.col("name").cast(pl.Enum(NAMES)), "week").select(
        *("name", "week"),
        old="value",
        new="value_new",
        change=(pl.col("value_new") - pl.col("value")).round(10),
        old_n="n",
        new_n="n_new",
    )
