"""From the count that marketing reports to the count that sales worked, lead by lead."""

from datetime import datetime

import polars as pl

from leadreport.clock import Period
from leadreport.handoff.entries import mql_entries
from leadreport.handoff.leads import handed_over, handed_over_leads
from leadreport.policy import Policy

COUNTED, HANDED_OVER, WORKED = "MQLs in the CRM", "Handed over", "Worked by sales"
"""The three counts between which the bridge runs."""

STEPS = {
    COUNTED: (1, "entries into MQL that the CRM recorded in the period"),
    "Counted twice": (-1, "the same record entered MQL again within the period"),
    "Merged duplicate": (-1, "a record that was merged into another one counted in the period"),
    "Of another period": (-1, "the lead was handed over earlier, or came back and was handed over again later"),
    "Skipped the MQL stage": (
        1,
        "sales moved the lead on without an MQL entry: marketing does not count it, sales does",
    ),
    HANDED_OVER: (0, "leads whose hand-over falls into the period, each person once"),
    "Unassigned": (-1, "no owner, and nobody has touched it"),
    "Not touched in time": (-1, "has an owner, waits longer than agreed, and nobody has touched it"),
    "Rejected": (-1, "disqualified or lost before sales accepted it"),
    "Recycled": (-1, "sent back to nurture before sales accepted it"),
    "Closed without a touch": (-1, "accepted and closed since, with no touch by a person on record"),
    "Not yet due": (-1, "nobody has touched it, and the agreed time is not over"),
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
    """How marketing's count of a period becomes the count that sales worked (SEMANTICS 31).

    One row per bar in the order of the bridge: step, reason (of a rejection, else null), leads, sign (1 adds, -1 takes
    away, 0 is a sum so far), total (after the step), detail (what the bar counts). The sum of sign times leads is the
    last bar.

    The first bar is every entry into MQL that the CRM recorded in the period, whoever it belongs to now. It is read
    from the tables `leads` and `stages` when they are given; the facts alone know only how many leads were merged into
    each, and every one of them is then taken for one more MQL. `as_of` says until when sales had time, and is the
    period's end unless given.

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
) -> pl.DataFrame:
    """The leads behind every bar of the bridge.

    One row per bar and count: step, reason, record_id (as the CRM had it), lead_id (whom it belongs to now), owner,
    source, channel, mql_at.

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
    rows = [*counted_rows(entries, ours), worked_rows(ours)]
    about = facts.select("lead_id", "owner", "source", "channel")
    return (
        pl.concat(rows)
        .join(about, on="lead_id", how="left")
        .join(bars_in_order(), on="step")
        .sort("place", "reason", "mql_at", "record_id", nulls_last=True)
        .select("step", "reason", "record_id", "lead_id", "owner", "source", "channel", "mql_at")
    )


def counted_rows(entries: pl.DataFrame, ours: pl.DataFrame) -> list[pl.DataFrame]:
    """The first half: marketing's count, what is counted more than once or elsewhere, and what it misses."""
    once = entries.filter(pl.col("nth_of_record") == 1)
    extra = entries.filter(pl.col("nth_of_record") > 1)
    person = once.filter(pl.col("nth_of_lead") == 1)
    others = once.filter(pl.col("nth_of_lead") > 1)
    elsewhere = person.join(ours, on="lead_id", how="anti")
    skipped = own_rows(ours.join(entries, on="lead_id", how="anti"))
    bars = (entries, extra, others, elsewhere, skipped, own_rows(ours))
    return [bar_of(rows, step=step) for rows, step in zip(bars, STEPS, strict=False)]


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
        .when(pl.col("verdict").is_in(["rejected", "recycled"]))
        .then(pl.col("verdict").str.to_titlecase())
        .when(pl.col("touch") == "closed_untouched")
        .then(pl.lit("Closed without a touch"))
        .otherwise(pl.lit(WORKED))
    )
    reason = pl.when(pl.col("step") == "Rejected").then("verdict_reason")
    last = ours.with_columns(step=step).with_columns(reason=reason)
    return last.select("step", "reason", record_id="lead_id", lead_id="lead_id", mql_at="episode_mql_at")


def own_rows(ours: pl.DataFrame) -> pl.DataFrame:
    return ours.select(record_id="lead_id", lead_id="lead_id", mql_at="episode_mql_at")


def bar_of(rows: pl.DataFrame, *, step: str) -> pl.DataFrame:
    return rows.select(
        step=pl.lit(step),
        reason=pl.lit(None, dtype=pl.String),
        record_id="record_id",
        lead_id="lead_id",
        mql_at="mql_at",
    )
