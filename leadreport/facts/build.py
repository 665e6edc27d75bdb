"""One row per lead, joined from the tables as they stood at an instant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw

from leadreport.facts import activity, history, journey
from leadreport.policy import Policy
from leadreport.words import EXITS, STAGES


def lead_facts(tables: Mapping[str, Any], *, policy: Policy, as_of: datetime) -> Any:
    """One row per lead as of an instant, in the engine that the tables came in.

    `tables` holds checked frames (polars, DuckDB, Spark, ...) named leads, activities, stages, deals, answers and
    feedback; `as_of` is an instant in UTC: nothing at or after it is visible. The result is lazy where the engine is,
    and has no order. Its columns are listed in data/README.md.

    Examples
    --------
    >>> import polars as pl
    >>> from leadreport.clock import as_instant
    >>> from leadreport.policy import parse_policy, preset_text
    >>> from leadreport.tables import TABLES, empty_table
    >>> day = as_instant("2026-01-05", zone="UTC")
    >>> tables = {name: empty_table(name) for name in TABLES}
    >>> lead = {"lead_id": ["a"], "created_at": [day]}
    >>> tables["leads"] = pl.concat([tables["leads"], pl.DataFrame(lead)], how="diagonal_relaxed")
    >>> policy = parse_policy(preset_text("startup"))
    >>> facts = lead_facts(tables, policy=policy, as_of=as_instant("2026-02-01", zone="UTC")).collect()
    >>> facts.select("lead_id", "is_mql", "activities").rows()
    [('a', False, 0)]
    """
    seen = history.visible(tables, as_of=as_of)
    targets = history.merge_targets(seen["leads"])
    leads = history.surviving_leads(seen["leads"], targets)
    own = {name: history.repointed(seen[name], targets) for name in seen if name != "leads"}

    deals = own["deals"].filter(~nw.col("lead_id").is_null())

    facts = with_journey(leads, journey.stage_entries(own["stages"], deals))
    episode_mqls = facts.select("lead_id", "episode_mql_at")
    parts = [
        activity.lead_activity(own["activities"], policy=policy, as_of=as_of),
        activity.sales_touches(own["activities"], episode_mqls, policy=policy),
        activity.deal_outcomes(deals),
        activity.latest_answers(own["answers"]),
        activity.latest_pulse(own["feedback"]),
    ]
    for part in parts:
        facts = facts.join(part, on="lead_id", how="left")
    return with_zero_counts(facts, policy=policy).to_native()


def with_journey(leads: nw.LazyFrame, entries: nw.LazyFrame) -> nw.LazyFrame:
    """Leads with the times and flags of every stage, the latest stage, the exits and the latest episode."""
    facts = leads
    parts = [journey.first_reached(entries), journey.stage_now(entries), journey.episodes(entries)]
    parts += [journey.exits(entries, name) for name in EXITS]
    for part in parts:
        facts = facts.join(part, on="lead_id", how="left")
    is_customer = ~nw.col("customer_at").is_null()
    return facts.with_columns(
        *((~nw.col(f"{stage}_at").is_null()).alias(f"is_{stage}") for stage in STAGES[1:]),
        *(nw.col(f"is_{stage}_imputed").fill_null(False) for stage in STAGES[1:]),
        lead_at=nw.col("created_at"),
        stage=nw.coalesce(nw.col("stage"), nw.lit("lead")),
        stage_at=nw.coalesce(nw.col("stage_at"), nw.col("created_at")),
        lost_at=nw.when(~is_customer).then(nw.col("lost_at")),
        lost_reason=nw.when(~is_customer).then(nw.col("lost_reason")),
        episodes=nw.coalesce(nw.col("returns"), nw.lit(0)) + 1,
        episode_mql_at=nw.coalesce(nw.col("return_mql_at"), nw.col("mql_at")),
        episode_sal_at=nw.when(nw.col("return_mql_at").is_null())
        .then(nw.col("sal_at"))
        .otherwise(nw.col("return_sal_at")),
    ).drop("returns", "return_mql_at", "return_sal_at")


def with_zero_counts(facts: nw.LazyFrame, *, policy: Policy) -> nw.LazyFrame:
    """A lead without rows in a table has none of them: its counts are 0, not unknown."""
    behaviours = [each.column for each in policy.behaviours()]
    counts = ["activities", "activities_30d", "sales_touches", "deals", "won_deals", "lost_deals", "open_deals"]
    return facts.with_columns(
        *(nw.col(name).fill_null(0) for name in counts + behaviours), nw.col("engagement").fill_null(0.0)
    )
