"""From the count that marketing reports to the count that sales worked, lead by lead."""

from datetime import datetime

import polars as pl

from leadreport.clock import Period
from leadreport.facts import of_survivors, recorded_at
from leadreport.handoff.leads import TURNED_AWAY, handed_over, handed_over_leads
from leadreport.policy import Policy

COUNTED, NEW, HANDED_OVER, WORKED = "MQLs in the CRM", "New MQLs", "Handed over", "Worked by sales"
"""The counts between which the bridge runs; every count of MQLs of a period on any page is one of them."""

STEPS = {
    COUNTED: (1, "entries into MQL that the CRM recorded in the period"),
    "Counted twice": (-1, "the same record entered MQL again within the period"),
    "Merged duplicate": (-1, "a record that was merged into another one counted in the period"),
    "MQL before the period": (-1, "the lead had been an MQL before: it came back, or a later stage implies it"),
    "Skipped the MQL stage": (1, "sales moved the lead on without an MQL entry: the CRM does not count it, sales does"),
    NEW: (0, "leads that became MQL for the first time in the period, each person once: the count of the funnel"),
    "Came back": (1, "MQLs of an earlier period that were recycled and handed over again"),
    "Handed over again later": (-1, "recycled since, and handed over again after the period"),
    HANDED_OVER: (0, "leads whose hand-over falls into the period, each person once"),
    "Unassigned": (-1, "no owner, and no touch by sales"),
    "Not touched in time": (-1, "has an owner, has waited longer than agreed, and has no touch by sales"),
    "Rejected": (-1, "disqualified or lost before sales accepted it"),
    "Recycled": (-1, "sent back to nurture before sales accepted it"),
    "Closed without a touch": (-1, "accepted and closed since, with no touch by a person on record"),
    "Not yet due": (-1, "no touch by sales yet, and the agreed time is not over"),
    WORKED: (0, "touched by a person in sales after the hand-over, and not turned away"),
}
"""The bars in their order, each with its sign (1 adds, -1 takes away, 0 is a sum so far) and what it counts."""


def handoff_bridge(
    facts: pl.DataFrame,
    leads: pl.DataFrame | None = None,
    stages: pl.DataFrame | None = None,
    *,
    period: Period,
    policy: Policy,
    as_of: datetime | None = None,
) -> pl.DataFrame:
    """How marketing's count of a period becomes the count that sales worked (definition 31).

    One row per bar in the order of the bridge: step, reason (of a rejection, else null), leads, sign (1 adds, -1 takes
    away, 0 is a sum so far), total (after the step), detail (what the bar counts). The sum of sign times leads is the
    last bar.

    The first bar is every entry into MQL that the CRM recorded in the period, under whichever id. It is read from the
    tables `leads` and `stages` when they are given; the facts alone have only the number of leads merged into each, and
    each of these then counts as one more MQL. `as_of` is the instant until which sales had time: the period's end
    unless given.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> bridge = lr.handoff_bridge(ws.facts, ws.leads, ws.stages, period=ws.week, policy=ws.policy, as_of=ws.as_of)
    >>> bridge.select((pl.col("leads") * pl.col("sign")).sum()).item() == bridge["leads"].last()
    True
    """
    bars = bridge_leads(facts, leads, stages, period=period, policy=policy, as_of=as_of)
    counts = bars.group_by("step", "reason").agg(leads=pl.len().cast(pl.Int64))
    change = pl.col("leads") * pl.col("sign")
    return (
        bars_in_order()
        .join(counts, on="step", how="left")
        .with_columns(pl.col("leads").fill_null(0))
        .sort("place", pl.col("leads"), "reason", descending=[False, True, False])
        .select("step", "reason", "leads", "sign", total=change.cum_sum(), detail="detail")
    )


def bars_in_order() -> pl.DataFrame:
    rows = [(place, step, sign, detail) for place, (step, (sign, detail)) in enumerate(STEPS.items())]
    return pl.DataFrame(rows, schema=["place", "step", "sign", "detail"], orient="row")


def bridge_leads(
    facts: pl.DataFrame,
    leads: pl.DataFrame | None = None,
    stages: pl.DataFrame | None = None,
    *,
    period: Period,
    policy: Policy,
    as_of: datetime | None = None,
    differences_only: bool = False,
) -> pl.DataFrame:
    """The leads behind every bar of the bridge, or only behind those that add or take away.

    One row per bar and count: step, reason, record_id (the id when it was counted), lead_id (the id it has today),
    owner, source, channel, mql_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> bars = lr.bridge_leads(ws.facts, ws.leads, ws.stages, period=ws.week, policy=ws.policy, as_of=ws.as_of)
    >>> bars["step"].first(), bars["step"].last()
    ('MQLs in the CRM', 'Worked by sales')
    """
    as_of = as_of or period.end_at
    entries = mql_entries(facts, leads, stages, period=period, as_of=as_of)
    ours = handed_over_leads(handed_over(facts, period=period), policy=policy, as_of=as_of)
    new = facts.filter(period.holds(pl.col("mql_at"))).select("lead_id", "mql_at", record_id="lead_id")
    rows = [*counted_rows(entries, new, ours.select("lead_id", mql_at="episode_mql_at", record_id="lead_id"))]
    rows.append(worked_rows(ours))
    shown = [step for step, (sign, _) in STEPS.items() if not differences_only or (sign and step != COUNTED)]
    about = facts.select("lead_id", "owner", "source", "channel")
    return (
        pl.concat(rows)
        .filter(pl.col("step").is_in(shown))
        .join(about, on="lead_id", how="left")
        .join(bars_in_order(), on="step")
        .sort("place", "reason", "mql_at", "record_id", nulls_last=True)
        .select("step", "reason", "record_id", "lead_id", "owner", "source", "channel", "mql_at")
    )


def counted_rows(entries: pl.DataFrame, new: pl.DataFrame, ours: pl.DataFrame) -> list[pl.DataFrame]:
    """The first half: marketing's count, what is counted more than once or elsewhere, and what it misses."""
    again, merged = pl.col("is_again"), pl.col("is_merged")
    once = entries.filter(~again & ~merged)
    counted = (entries, entries.filter(again), entries.filter(~again & merged), missing(once, new), missing(new, once))
    bars = (*counted, new, missing(ours, new), missing(new, ours), ours)
    return [bar_of(rows, step=step) for rows, step in zip(bars, STEPS, strict=False)]


def missing(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The rows whose lead the others do not have."""
    return rows.join(others, on="lead_id", how="anti")


def worked_rows(ours: pl.DataFrame) -> pl.DataFrame:
    """The second half: each lead handed over in the first bar that fits."""
    is_untouched = pl.col("touch").is_in(["overdue", "not_due"])
    step = (
        pl.when(pl.col("owner").is_null() & is_untouched)
        .then(pl.lit("Unassigned"))
        .when(pl.col("touch") == "overdue")
        .then(pl.lit("Not touched in time"))
        .when(pl.col("touch") == "not_due")
        .then(pl.lit("Not yet due"))
        .when(pl.col("verdict").is_in(TURNED_AWAY))
        .then(pl.col("verdict").str.to_titlecase())
        .when(pl.col("touch").str.starts_with("closed"))
        .then(pl.lit("Closed without a touch"))
        .otherwise(pl.lit(WORKED))
    )
    reason = pl.when(pl.col("step") == "Rejected").then("verdict_reason")
    last = ours.with_columns(step=step).with_columns(reason=reason)
    return last.select("step", "reason", record_id="lead_id", lead_id="lead_id", mql_at="episode_mql_at")


def bar_of(rows: pl.DataFrame, *, step: str) -> pl.DataFrame:
    return rows.select(
        step=pl.lit(step),
        reason=pl.lit(None, dtype=pl.String),
        record_id="record_id",
        lead_id="lead_id",
        mql_at="mql_at",
    )


def mql_entries(
    facts: pl.DataFrame, leads: pl.DataFrame | None, stages: pl.DataFrame | None, *, period: Period, as_of: datetime
) -> pl.DataFrame:
    """One row per recorded entry into MQL: record_id, lead_id (its survivor), mql_at, is_again, is_merged.

    `is_again` marks a record that has entered before in the period, `is_merged` one whose lead is counted under another
    record, which is the surviving one where that has entered too.
    """
    if leads is None or stages is None:
        entries = entries_of_facts(facts, period=period)
    else:
        entries = entries_of_tables(leads, stages, facts=facts, period=period, as_of=as_of)
    is_survivor = pl.col("record_id") == pl.col("lead_id")
    return entries.sort("lead_id", ~is_survivor, "record_id", "mql_at").with_columns(
        is_again=~pl.col("record_id").is_first_distinct(),
        is_merged=pl.col("record_id") != pl.col("record_id").first().over("lead_id"),
    )


def entries_of_tables(
    leads: pl.DataFrame, stages: pl.DataFrame, *, facts: pl.DataFrame, period: Period, as_of: datetime
) -> pl.DataFrame:
    """The rows of the stage history, each with the lead that its record belongs to (definition 7)."""
    recorded = stages.filter(pl.col("stage") == "mql", period.holds(pl.col("reached_at")), pl.col("reached_at") < as_of)
    own = of_survivors(recorded.with_columns(record_id="lead_id"), leads, facts=facts)
    return own.select("record_id", "lead_id", mql_at="reached_at")


def entries_of_facts(facts: pl.DataFrame, *, period: Period) -> pl.DataFrame:
    """Without the tables: the recorded MQL of the period, and one more for every lead merged into it."""
    returned_at = pl.when(pl.col("episodes") > 1).then("episode_mql_at")
    entered = [pl.when(period.holds(at)).then(at) for at in (returned_at, recorded_at("mql"))]
    mqls = facts.with_columns(mql_at=pl.coalesce(entered)).drop_nulls("mql_at")
    record_ids = pl.int_ranges(pl.col("merged_leads") + 1)
    every = mqls.select("lead_id", "mql_at", number=record_ids).explode("number")
    merged_id = pl.format("{} (merged {})", "lead_id", "number")
    record_id = pl.when(pl.col("number") == 0).then("lead_id").otherwise(merged_id)
    return every.select("lead_id", "mql_at", record_id=record_id).select("record_id", "lead_id", "mql_at")
