"""The numbers that a report publishes of each week, and those that have changed since, with the reason."""

from datetime import datetime

import polars as pl

from leadreport.funnel.weekly import RATES, final_rates, weekly_entries
from leadreport.policy import Policy
from leadreport.words import COUNTED

NAMES = (*COUNTED, *RATES)
"""The published numbers, in the order in which they are shown."""

DEFINITION, MERGES, ROWS = "new definition", "merged leads", "late or changed rows"
UNCLEAR = "changed rows or another policy"
"""Why a published number has changed. It is unclear where an old report kept only the version of its whole policy."""


def published_numbers(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 26) -> pl.DataFrame:
    """The headline numbers of each of the last complete weeks, as a report publishes them (definition 35).

    One row per number and week: name, week, value, n (the leads that a rate stands on; for a count the count),
    policy_version, definition_version (of the parts of the policy that this number uses), merged_leads (of all facts).
    Counts are of the last `weeks` complete weeks, rates of the last `weeks` weekly cohorts that are final; sorted as
    the headlines are, then by week.
    """
    entries = weekly_entries(facts, as_of=as_of, policy=policy, weeks=weeks).filter(~pl.col("is_partial"))
    counts = [
        entries.filter(pl.col("stage") == stage).select(name=pl.lit(name), week="week", value="entries", n="entries")
        for name, stage in COUNTED.items()
    ]
    rates = [
        final_rates(facts, name, as_of=as_of, policy=policy)
        .filter(pl.col("n") > 0)
        .tail(weeks)
        .select(pl.lit(name).alias("name"), "week", pl.col("value").round(10), "n")
        for name in RATES
    ]
    merged = facts["merged_leads"].sum() if "merged_leads" in facts.columns else 0
    numbers = pl.concat([each.cast({"value": pl.Float64, "n": pl.Int64}) for each in (*counts, *rates)])
    definitions = {name: policy.definition_version(name) for name in NAMES}
    return numbers.with_columns(
        policy_version=pl.lit(policy.version),
        definition_version=pl.col("name").replace_strict(definitions, return_dtype=pl.String),
        merged_leads=pl.lit(merged, dtype=pl.Int64),
    )


def restated(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Published numbers that have changed since, and why.

    Both frames are those of `published_numbers`, on two days. One row per number that differs, of the weeks that both
    reach: name, week, published, now (null when it is no longer given), change, why. The reason is "new definition"
    when a definition that this number uses has changed; else "merged leads" when more leads are merged than then and
    the number lost leads; else "late or changed rows". Reports that kept no definition_version cannot show which
    definition changed: under another policy_version the reason is then "changed rows or another policy".

    Examples
    --------
    >>> rows = {"name": ["leads", "sqls"], "week": ["2026-W45"] * 2, "value": [9.0, 2.0], "n": [9, 2]}
    >>> before = pl.DataFrame(rows).with_columns(
    ...     policy_version=pl.lit("a1"), definition_version=pl.lit("b2"), merged_leads=pl.lit(0)
    ... )
    >>> now = before.with_columns(pl.col("value") + pl.Series([0.0, 1.0]))
    >>> restated(before, now).row(0)
    ('sqls', '2026-W45', 2.0, 3.0, 1.0, 'late or changed rows')
    """
    since = now.group_by("name").agg(
        pl.col("policy_version", "definition_version", "merged_leads").first().name.suffix("_now"),
        first_week=pl.col("week").min(),
    )
    values = now.select("name", "week", value_now="value", n_now="n")
    both = before.join(since, on="name").filter(pl.col("week") >= pl.col("first_week"))
    both = both.join(values, on=["name", "week"], how="left")
    moved = both.filter(pl.col("value").round(10).ne_missing(pl.col("value_now").round(10)))
    order = pl.col("name").cast(pl.Enum([*dict.fromkeys([*NAMES, *before["name"]])]))
    return moved.sort(order, "week").select(
        *("name", "week"),
        published="value",
        now="value_now",
        change=(pl.col("value_now") - pl.col("value")).round(10),
        why=reason(),
    )


def reason() -> pl.Expr:
    """The most likely reason for a change."""
    has_lost = (pl.col("n_now") < pl.col("n")).fill_null(True)
    has_another_policy = pl.col("policy_version") != pl.col("policy_version_now")
    return (
        pl.when(pl.col("definition_version") != pl.col("definition_version_now"))
        .then(pl.lit(DEFINITION))
        .when((pl.col("merged_leads_now") > pl.col("merged_leads")) & has_lost)
        .then(pl.lit(MERGES))
        .when(pl.col("definition_version").is_null() & has_another_policy)
        .then(pl.lit(UNCLEAR))
        .otherwise(pl.lit(ROWS))
    )
