"""What marketing counts: every entry into MQL that the CRM recorded in a period."""

from datetime import datetime

import polars as pl

from leadreport.clock import Period

MERGES_IN_A_ROW = 16


def mql_entries(
    facts: pl.DataFrame, leads: pl.DataFrame | None, stages: pl.DataFrame | None, *, period: Period, as_of: datetime
) -> pl.DataFrame:
    """One row per recorded entry into MQL: record_id, lead_id (its survivor), mql_at, nth_of_record, nth_of_lead.

    `nth_of_record` numbers the entries of one record in the order of time, `nth_of_lead` the records that are one lead
    today, the surviving one first.
    """
    if leads is None or stages is None:
        entries = from_facts(facts, period=period)
    else:
        entries = from_tables(leads, stages, facts=facts, period=period, as_of=as_of)
    is_own = pl.col("record_id") == pl.col("lead_id")
    return (
        entries.with_columns(own=is_own)
        .sort("lead_id", "own", "record_id", "mql_at", descending=[False, True, False, False])
        .with_columns(
            nth_of_record=pl.int_range(1, pl.len() + 1).over("record_id"),
            nth_of_lead=pl.col("record_id").rle_id().rank("dense").over("lead_id").cast(pl.Int64),
        )
        .drop("own")
    )


def from_tables(
    leads: pl.DataFrame, stages: pl.DataFrame, *, facts: pl.DataFrame, period: Period, as_of: datetime
) -> pl.DataFrame:
    """Rows of the stage history, each with the lead that its record became."""
    is_entry = (pl.col("stage") == "mql") & period.holds(pl.col("reached_at")) & (pl.col("reached_at") < as_of)
    entries = stages.filter(is_entry).select(record_id="lead_id", mql_at="reached_at")
    merged = leads.filter(pl.col("merged_into").is_not_null()).select(at="lead_id", into="merged_into")
    entries = entries.with_columns(lead_id="record_id")
    for _ in range(MERGES_IN_A_ROW):
        entries = entries.join(merged, left_on="lead_id", right_on="at", how="left")
        entries = entries.with_columns(lead_id=pl.coalesce("into", "lead_id")).drop("into")
    return entries.join(facts.select("lead_id"), on="lead_id", how="semi").select("record_id", "lead_id", "mql_at")


def from_facts(facts: pl.DataFrame, *, period: Period) -> pl.DataFrame:
    """Without the tables: the recorded MQLs of the period, and one more for every lead merged into them."""
    recorded = facts.filter(~pl.col("is_mql_imputed") | (pl.col("episodes") > 1))
    entered_at = pl.when(period.holds(pl.col("episode_mql_at"))).then("episode_mql_at").otherwise("mql_at")
    mqls = recorded.with_columns(mql_at=entered_at).filter(period.holds(pl.col("mql_at")))
    own = mqls.select("lead_id", "mql_at", record_id="lead_id")
    merged = (
        mqls.select("lead_id", "mql_at", number=pl.int_ranges(1, pl.col("merged_leads") + 1))
        .explode("number")
        .drop_nulls("number")
    )
    others = merged.select("lead_id", "mql_at", record_id=pl.format("{} (merged {})", "lead_id", "number"))
    return pl.concat([own, others]).select("record_id", "lead_id", "mql_at")
