"""Who was ready long before anybody was told."""

import polars as pl

from leadreport.policy import Policy
from leadreport.qualify.earned import with_met_times
from leadreport.words import EXITS


def ready_since(facts: pl.DataFrame, activities: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """The facts with `ready_at`: when the lead first met the criteria of MQL; null when it never did.

    Activities are taken from the table, at the instant of the one that completed the count; answers at the instant of
    the answer that counts today; stages when they were reached. An attribute has no history and counts from the lead's
    creation; a score has none either and never counts. A criterion that was met once is taken as kept. Activities at or
    after the facts' date must not be in the table; those of a merged-away record are not seen.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> ready = ready_since(ws.facts, ws.activities, policy=ws.policy)
    >>> (ready["ready_at"] >= ready["created_at"]).all()
    True
    """
    timed = with_met_times(facts, activities, policy=policy)
    return timed.rename({"mql_met_at": "ready_at"}).drop("sal_met_at", "sql_met_at")


def untold_leads(ready: pl.DataFrame) -> pl.DataFrame:
    """Leads that meet the criteria of MQL and that nobody has handed over, the longest ready first.

    Reads the answer of `ready_since`. Columns: lead_id, owner, source, channel, ready_at, last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> untold = untold_leads(ready_since(ws.facts, ws.activities, policy=ws.policy))
    >>> untold["ready_at"].is_sorted()
    True
    """
    is_untold = pl.col("ready_at").is_not_null() & pl.col("mql_at").is_null() & ~pl.col("stage").is_in(EXITS)
    return (
        ready.filter(is_untold)
        .sort("ready_at", "lead_id")
        .select("lead_id", "owner", "source", "channel", "ready_at", "last_activity_at")
    )
