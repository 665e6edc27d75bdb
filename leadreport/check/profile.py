"""What a table looks like in a few numbers, and what has changed about it since an earlier report."""

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from leadreport.policy import Policy
from leadreport.tables import INSTANTS, TABLES

PROFILE = {"table": pl.String, "measure": pl.String, "number": pl.Float64, "text": pl.String}
"""One row per table and measure: rows, first day, hour, shape of lead_id, filled COLUMN, kind NAME."""

RECENT_DAYS, LEAST_ROWS = 28, 20
"""Whether a column is filled and a kind still comes is judged by the last four weeks, when there are rows to judge."""

LOST, EMPTIED, SHIFT_HOURS, HEAD_DAYS = 0.95, 0.1, 0.5, 7
"""A table has shrunk below this share of its rows; a column or a kind has stopped below this share of what it was;
times have shifted when their mean hour of the day has moved so far; a head is lost after this number of days."""


def table_profile(tables: Mapping[str, pl.DataFrame], *, policy: Policy) -> pl.DataFrame:
    """[table, measure, number, text]: what each table that has rows looks like; no value of a row is in it.

    Examples
    --------
    >>> from leadreport.policy import parse_policy, preset_text
    >>> feedback = pl.DataFrame({"lead_id": ["L17"], "given_at": ["2026-03-02 09:00"], "score": [7]})
    >>> feedback = feedback.with_columns(pl.col("given_at").str.to_datetime(time_zone="UTC"))
    >>> profile = table_profile({"feedback": feedback}, policy=parse_policy(preset_text("startup")))
    >>> profile.filter(pl.col("measure") == "shape of lead_id")["text"].item()
    'A9'
    """
    zone, frames = policy.company.time_zone, [pl.DataFrame(schema=PROFILE)]
    for name in (name for name in TABLES if name in tables and not tables[name].is_empty()):
        rows = tables[name].with_columns(at=pl.col(INSTANTS.get(name, "spent_on")).cast(pl.Datetime("us")))
        recent = rows.filter(pl.col("at") > rows["at"].max() - timedelta(days=RECENT_DAYS))
        local = pl.col("at").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        measures = {
            "rows": pl.lit(rows.height),
            "first day": pl.col("at").min().dt.epoch("d"),
            "hour": (local.dt.hour() + local.dt.minute() / 60).mean(),
        }
        whole = rows.select(each.cast(pl.Float64).alias(measure) for measure, each in measures.items())
        filled = recent.select(pl.exclude("at").is_not_null().mean().name.prefix("filled "))
        parts = [pl.concat([whole, filled], how="horizontal").unpivot(variable_name="measure", value_name="number")]
        if name == "activities":
            kinds = recent.group_by("kind").agg(number=pl.len().cast(pl.Float64))
            parts.append(kinds.select(measure=pl.format("kind {}", "kind"), number="number").sort("measure"))
        if "lead_id" in rows.columns:
            plain = pl.col("lead_id").str.replace_all(r"\d+", "9").str.replace_all("[a-z]+", "a")
            shape = rows.select(text=plain.str.replace_all("[A-Z]+", "A").drop_nulls().mode().sort().first())
            parts.append(shape.with_columns(measure=pl.lit("shape of lead_id")))
        frames.append(pl.concat([frames[0], *parts], how="diagonal").with_columns(table=pl.lit(name)))
    return pl.concat(frames)


def profile_changes(earlier: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """[table, what]: what is no longer as it was when an earlier report was made; no rows without one."""
    both = earlier.join(now, on=["table", "measure"], how="left", suffix="_now")
    is_there, measure = pl.col("table").is_in(now["table"].unique().implode()), pl.col("measure")
    number, after = pl.col("number"), pl.col("number_now").fill_null(0)
    moved, is_fewer = after - number, after < EMPTIED * number
    many = pl.col("number").filter(measure == "rows").first().over("table") >= LEAST_ROWS
    name = measure.str.replace(r"^\w+ ", "")
    changes = [
        ((measure == "rows") & ~is_there, pl.lit("has disappeared")),
        ((measure == "rows") & (after < LOST * number), pl.format("has {} rows instead of {}", *whole(after, number))),
        ((measure == "first day") & (after > number + HEAD_DAYS), pl.lit("has lost its oldest rows")),
        (
            (measure == "hour") & many & (moved.abs() > SHIFT_HOURS),
            pl.format("has times {} hours later", moved.round(1)),
        ),
        (pl.col("text") != pl.col("text_now"), pl.format("has ids like {} instead of {}", "text_now", "text")),
        (measure.str.starts_with("filled ") & many & is_fewer, pl.format("{} is empty in the last four weeks", name)),
        (measure.str.starts_with("kind ") & (number >= LEAST_ROWS) & is_fewer, pl.format("no longer has {}", name)),
    ]
    what = pl.coalesce(pl.when(found & (is_there | (measure == "rows"))).then(said) for found, said in changes)
    return both.select("table", what=what).drop_nulls()


def whole(*numbers: pl.Expr) -> list[pl.Expr]:
    return [number.cast(pl.Int64) for number in numbers]
