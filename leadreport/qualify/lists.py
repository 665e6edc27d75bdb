"""Lists that people work from: whom to call now, whom to nurture, whom to hand back."""

import polars as pl

from leadreport.qualify.agreement import rank
from leadreport.words import JUDGED


def call_now(classified: pl.DataFrame, *, by: str = "close_rate_left", at_most: int | None = None) -> pl.DataFrame:
    """The leads that a call may move on, the best first, at most as many as sales can call.

    Open MQLs, SALs, SQLs and hot leads, and opportunities where it is known what is left of their close rate; leads on
    the list `recycle_back` are left out. Sorted by `close_rate_left` (definition 18a) or `expected_won_amount`; where
    these are null by score, then SQLs before SALs, MQLs and hot leads, and of equals the most recently active. Columns:
    lead_id, owner, channel, class, is_hot, close_rate_left, expected_won_amount, score, why, reasons (of the score),
    next_question, last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> call_now(classified, at_most=50).height
    50
    """
    is_judged = pl.col("class").is_in(JUDGED) & ((pl.col("class") != "lead") | pl.col("is_hot"))
    is_deal = (pl.col("class") == "opportunity") & pl.col("close_rate_left").is_not_null()
    due = with_score(classified).filter(is_judged | is_deal).join(recycle_back(classified), on="lead_id", how="anti")
    called = due.sort(
        by, "score", rank("class"), "is_hot", "last_activity_at", "lead_id",
        descending=[True, True, True, True, True, False], nulls_last=True,
    ).select(
        "lead_id", "owner", "channel", "class", "is_hot", "close_rate_left", "expected_won_amount", "score", "why",
        "reasons", "next_question", "last_activity_at",
    )  # fmt: skip
    return called.head(at_most if at_most is not None else called.height)


def nurture_list(classified: pl.DataFrame, *calls: pl.DataFrame) -> pl.DataFrame:
    """Hot leads that are not yet SQLs and on no list of calls, with what they lack (definition 24).

    `calls` are the lists of leads that sales calls now. Sorted by score. Columns: lead_id, owner, channel, class,
    score, criteria_missing, criteria_unknown (of SQL; of MQL for a lead; several with semicolons), next_question,
    last_activity_at.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> classified = lr.classify_leads(ws.facts, policy=ws.policy)
    >>> "sql" in nurture_list(classified)["class"]
    False
    """
    called = pl.concat([classified.select("lead_id").clear(), *(each.select("lead_id") for each in calls)])
    return (
        with_score(classified)
        .filter(pl.col("is_hot"), pl.col("class").is_in(JUDGED), pl.col("class") != "sql")
        .join(called, on="lead_id", how="anti")
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
    """The leads with score, reasons and what is left of their close rate, null where nothing was scored."""
    numbers = ("score", "close_rate_left", "expected_won_amount")
    absent = {"reasons": pl.String} | dict.fromkeys(numbers, pl.Float64)
    return classified.with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in absent.items() if name not in classified.columns
    )
