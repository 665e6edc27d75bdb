"""Lists that people work from: whom to call now, whom to nurture, whom to hand back."""

import polars as pl

from leadreport.qualify.agreement import rank
from leadreport.words import JUDGED


def call_now(classified: pl.DataFrame) -> pl.DataFrame:
    """The leads that a call may move on, the best first.

    Open MQLs, SALs and SQLs without a deal, and hot leads; leads on the list `recycle_back` are left out. Sorted by
    score where there is one; without scores SQLs come before SALs, MQLs and hot leads, and of equals the most recently
    active. Columns: lead_id, owner, channel, class, is_hot, score, why, reasons (of the score), next_question,
    last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> call_now(classified)["class"].unique().sort().to_list()
    ['lead', 'mql', 'sal', 'sql']
    """
    is_due = pl.col("class").is_in(JUDGED) & ((pl.col("class") != "lead") | pl.col("is_hot"))
    return (
        with_score(classified)
        .filter(is_due)
        .join(recycle_back(classified), on="lead_id", how="anti")
        .sort(
            "score", rank("class"), "is_hot", "last_activity_at", "lead_id",
            descending=[True, True, True, True, False], nulls_last=True,
        )
        .select(
            "lead_id", "owner", "channel", "class", "is_hot", "score", "why", "reasons", "next_question",
            "last_activity_at",
        )
    )  # fmt: skip


def nurture_list(classified: pl.DataFrame) -> pl.DataFrame:
    """Hot leads that are not yet SQLs, with what they lack (definition 24).

    Sorted like `call_now`. Columns: lead_id, owner, channel, class, score, criteria_missing, criteria_unknown (of SQL;
    of MQL for a lead; several with semicolons), next_question, last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> "sql" in nurture_list(classified)["class"]
    False
    """
    return (
        with_score(classified)
        .filter(pl.col("is_hot"), pl.col("class").is_in(JUDGED), pl.col("class") != "sql")
        .sort(
            "score", rank("class"), "last_activity_at", "lead_id",
            descending=[True, True, True, False], nulls_last=True,
        )
        .select(
            "lead_id", "owner", "channel", "class", "score",
            pl.col("criteria_missing", "criteria_unknown").list.join("; "), "next_question", "last_activity_at",
        )
    )  # fmt: skip


def recycle_back(classified: pl.DataFrame) -> pl.DataFrame:
    """Leads that sales has touched and that have gone quiet: neither hot nor SQL, and no activity in 30 days.

    They belong back in nurture; a lead without any touch is overdue instead. The longest silent come first. Columns:
    lead_id, owner, channel, stage, class, last_activity_at (null without any activity), sales_touches, why.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> recycle_back(classified)["sales_touches"].min() > 0
    True
    """
    is_held = pl.col("stage").is_in(["mql", "sal"]) & pl.col("class").is_in(["lead", "mql", "sal"])
    return (
        classified.filter(is_held, ~pl.col("is_hot"), pl.col("activities_30d") == 0, pl.col("sales_touches") > 0)
        .sort("last_activity_at", "lead_id", nulls_last=False)
        .select("lead_id", "owner", "channel", "stage", "class", "last_activity_at", "sales_touches", "why")
    )


def returning_leads(classified: pl.DataFrame) -> pl.DataFrame:
    """Recycled leads that are active again, since they were recycled and in the last 30 days, the most active first.

    Columns: lead_id, owner, channel, recycled_at, recycled_reason, last_activity_at, activities_30d, meets_mql,
    meets_sql.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> returning_leads(classified)["activities_30d"].min() > 0
    True
    """
    is_active = (pl.col("last_activity_at") > pl.col("recycled_at")) & (pl.col("activities_30d") > 0)
    return (
        classified.filter(pl.col("class") == "recycled", is_active)
        .sort("activities_30d", "last_activity_at", "lead_id", descending=[True, True, False])
        .select(
            "lead_id", "owner", "channel", "recycled_at", "recycled_reason", "last_activity_at", "activities_30d",
            "meets_mql", "meets_sql",
        )
    )  # fmt: skip


def with_score(classified: pl.DataFrame) -> pl.DataFrame:
    """The leads with score and reasons, null where nothing was scored."""
    absent = {"score": pl.Float64, "reasons": pl.String}
    return classified.with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in absent.items() if name not in classified.columns
    )
