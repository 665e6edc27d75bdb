"""Why a lead is what it is, in one sentence."""

import polars as pl

from leadreport.policy import EXITS
from leadreport.qualify.words import CLASS_NAMES


def why(*, zone: str) -> pl.Expr:
    """What makes a lead its class, and what it lacks for the next.

    Reads class, stage_at, the dates of its deal, the reasons of its exit, criteria_for, criteria_met, criteria_missing,
    criteria_unknown and met_mql (the criteria of MQL that are met).
    """
    return (
        pl.when(pl.col("class").is_in(EXITS))
        .then(by_exit(zone=zone))
        .when(pl.col("class").is_in(["opportunity", "customer"]))
        .then(by_deal(zone=zone))
        .when(pl.col("class") == "sql")
        .then(pl.concat_str(named(), clause(": ", pl.col("criteria_met")), pl.lit(".")))
        .otherwise(by_criteria())
    )


def by_exit(*, zone: str) -> pl.Expr:
    """Disqualified on 2026-01-05: no budget."""
    reasons = [pl.when(pl.col("class") == each).then(pl.lit(": ") + pl.col(f"{each}_reason")) for each in EXITS]
    return pl.concat_str(
        named(), pl.lit(" on "), on_day(pl.col("stage_at"), zone=zone), pl.coalesce(*reasons, pl.lit("")), pl.lit(".")
    )


def by_deal(*, zone: str) -> pl.Expr:
    """Opportunity since 2026-01-09, by its deal in the CRM."""
    since = pl.when(pl.col("class") == "customer").then("customer_at").otherwise("opportunity_at")
    return pl.concat_str(named(), pl.lit(" since "), on_day(since, zone=zone), pl.lit(", as the CRM has it."))


def by_criteria() -> pl.Expr:
    """MQL: trial started. For SQL it lacks: demo session; still open: budget confirmed."""
    earned = pl.when(pl.col("class") == "lead").then(pl.lit("")).otherwise(clause(": ", pl.col("met_mql")))
    aim = pl.col("criteria_for").replace_strict(CLASS_NAMES)
    missing, unknown = (
        clause(" it lacks: ", pl.col("criteria_missing")),
        clause(" still open: ", pl.col("criteria_unknown")),
    )
    between = pl.when((missing != "") & (unknown != "")).then(pl.lit(";")).otherwise(pl.lit(""))
    lacking = pl.concat_str(pl.lit(" For "), aim, missing, between, unknown, pl.lit("."))
    is_lacking = (missing != "") | (unknown != "")
    return pl.concat_str(named(), earned, pl.lit("."), pl.when(is_lacking).then(lacking).otherwise(pl.lit("")))


def named() -> pl.Expr:
    return pl.col("class").replace_strict(CLASS_NAMES)


def clause(lead_in: str, texts: pl.Expr) -> pl.Expr:
    """Some texts behind a lead-in; nothing when there are none."""
    return pl.when(texts.list.len() > 0).then(pl.lit(lead_in) + texts.list.join(", ")).otherwise(pl.lit(""))


def on_day(instant: pl.Expr, *, zone: str) -> pl.Expr:
    return instant.dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d")
