"""Lists that people work from: whom to call now, whom to nurture, whom to give back."""

import polars as pl

from leadreport.qualify.agreement import JUDGED, rung


def call_now(named: pl.DataFrame) -> pl.DataFrame:
    """The leads that a call may move on, the best first.

    Open MQLs, SALs and SQLs without a deal, and hot leads; not those that belong on the list `recycle_back`. Sorted by
    score where there is one; without, SQLs come before SALs, MQLs and hot leads, and of equals who was active last.
    Columns: lead_id, owner, channel, class, is_hot, score, why, reasons (of the score), next_question,
    last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> named = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> call_now(named)["class"].unique().sort().to_list()
    ['lead', 'mql', 'sal', 'sql']
    """
    is_due = pl.col("class").is_in(["mql", "sal", "sql"]) | ((pl.col("class") == "lead") & pl.col("is_hot"))
    gone_quiet = recycle_back(named).select("lead_id")
    return (
        with_score(named)
        .filter(is_due)
        .join(gone_quiet, on="lead_id", how="anti")
        .sort(
            pl.col("score"), rung("class"), "is_hot", "last_activity_at", "lead_id",
            descending=[True, True, True, True, False], nulls_last=True,
        )
        .select(
            "lead_id", "owner", "channel", "class", "is_hot", "score", "why", "reasons", "next_question",
            "last_activity_at",
        )
    )  # fmt: skip


def nurture_list(named: pl.DataFrame) -> pl.DataFrame:
    """Hot leads that are no SQLs yet, with what they lack: concentrating on SQLs must not lose them.

    Sorted like `call_now`. Columns: lead_id, owner, channel, class, score, criteria_missing, criteria_unknown (of SQL;
    of MQL for a lead), next_question, last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> named = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> "sql" in nurture_list(named)["class"]
    False
    """
    return (
        with_score(named)
        .filter(pl.col("is_hot"), pl.col("class").is_in(JUDGED), pl.col("class") != "sql")
        .sort(
            "score", rung("class"), "last_activity_at", "lead_id",
            descending=[True, True, True, False], nulls_last=True,
        )
        .select(
            "lead_id", "owner", "channel", "class", "score", "criteria_missing", "criteria_unknown", "next_question",
            "last_activity_at",
        )
    )  # fmt: skip


def recycle_back(named: pl.DataFrame) -> pl.DataFrame:
    """Leads that sales has tried and that have gone quiet: neither hot nor SQL, and nothing from them in 30 days.

    They belong back in nurture, where marketing can warm them up; a lead that nobody has touched yet is overdue
    instead. The longest silent first. Columns: lead_id, owner, channel, stage, class, last_activity_at (null when there
    never was any), sales_touches, why.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> named = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> recycle_back(named)["sales_touches"].min() > 0
    True
    """
    is_held = pl.col("stage").is_in(["mql", "sal"]) & pl.col("class").is_in(["lead", "mql", "sal"])
    return (
        named.filter(is_held, ~pl.col("is_hot"), pl.col("activities_30d") == 0, pl.col("sales_touches") > 0)
        .sort("last_activity_at", "lead_id", nulls_last=False)
        .select("lead_id", "owner", "channel", "stage", "class", "last_activity_at", "sales_touches", "why")
    )


def returning_leads(named: pl.DataFrame) -> pl.DataFrame:
    """Recycled leads that are active again: since they were sent back, and in the last 30 days.

    They may be worth a second look. The most active first. Columns: lead_id, owner, channel, recycled_at,
    recycled_reason, last_activity_at, activities_30d, meets_mql, meets_sql.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> named = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> returning_leads(named)["activities_30d"].min() > 0
    True
    """
    is_back = (pl.col("class") == "recycled") & (pl.col("last_activity_at") > pl.col("recycled_at"))
    is_back &= pl.col("activities_30d") > 0
    return (
        named.filter(is_back)
        .sort("activities_30d", "last_activity_at", "lead_id", descending=[True, True, False])
        .select(
            "lead_id", "owner", "channel", "recycled_at", "recycled_reason", "last_activity_at", "activities_30d",
            "meets_mql", "meets_sql",
        )
    )  # fmt: skip


def with_score(named: pl.DataFrame) -> pl.DataFrame:
    """The leads with score and reasons, null where nothing was scored."""
    absent = {"score": pl.Float64, "reasons": pl.String}
    return named.with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in absent.items() if name not in named.columns
    )
