"""Why a lead is what it is, in one sentence."""

import polars as pl

from leadreport.words import EXITS, STAGE_NAMES


def why(*, zone: str) -> pl.Expr:
    """What makes a lead its class, and what it lacks for the next.

    Reads class, stage_at, the dates of its deal, the reasons of its exit, and what its criteria say: earned_of_mql,
    earned_of_sql, lacking_of_mql, lacking_of_sql.
    """
    mql = pl.concat_str(named(), pl.col("earned_of_mql"), pl.lit("."), pl.col("lacking_of_sql"))
    return (
        pl.when(pl.col("class").is_in(EXITS))
        .then(by_exit(zone=zone))
        .when(pl.col("class").is_in(["opportunity", "customer"]))
        .then(by_deal(zone=zone))
        .when(pl.col("class") == "sql")
        .then(pl.concat_str(named(), pl.col("earned_of_sql"), pl.lit(".")))
        .when(pl.col("class") == "lead")
        .then(pl.concat_str(named(), pl.lit("."), pl.col("lacking_of_mql")))
        .otherwise(mql)
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


def earned(name: str) -> pl.Expr:
    """What is met: ": trial started, demo session", or nothing."""
    return clause(": ", pl.col(f"met_of_{name}"))


def lacking(name: str) -> pl.Expr:
    """For SQL it lacks: demo session; still open: budget confirmed."""
    missing = clause(" it lacks: ", pl.col(f"missing_of_{name}"))
    unknown = clause(" still open: ", pl.col(f"unknown_of_{name}"))
    between = pl.when((missing != "") & (unknown != "")).then(pl.lit(";")).otherwise(pl.lit(""))
    text = pl.concat_str(pl.lit(f" For {STAGE_NAMES[name]}"), missing, between, unknown, pl.lit("."))
    return pl.when((missing != "") | (unknown != "")).then(text).otherwise(pl.lit(""))


def named() -> pl.Expr:
    return pl.col("class").replace_strict(STAGE_NAMES)


def clause(lead_in: str, texts: pl.Expr) -> pl.Expr:
    """Some texts behind a lead-in; nothing when there are none."""
    return pl.when(texts.list.len() > 0).then(pl.lit(lead_in) + texts.list.join(", ")).otherwise(pl.lit(""))


def on_day(instant: pl.Expr, *, zone: str) -> pl.Expr:
    return instant.dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d")
