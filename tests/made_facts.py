"""Facts that a reader can check by hand: days since the first of January 2026, as of a day."""

from datetime import UTC, datetime, timedelta

import polars as pl

from leadreport.policy import parse_policy, preset_text
from leadreport.words import STAGES

INSTANT = pl.Datetime("us", "UTC")
START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday: day 0 of every made lead."""


def day(number):
    """The instant so many days after the first Monday."""
    return START + timedelta(days=number)


def policy(**sections):
    """The startup preset in UTC, with sections changed."""
    agreed = parse_policy(preset_text("startup").replace("Europe/Berlin", "UTC"))
    return agreed.model_copy(update=sections)


def lead(lead_id, created=0, *, out=None, recycled=None, imputed=(), **more):
    """A lead as days at which it reached each stage; `out` is the (stage, day) at which it was lost."""
    reached = {stage: more.pop(stage) for stage in STAGES[1:] if stage in more}
    latest = max(reached, key=lambda stage: (reached[stage], STAGES.index(stage)), default="lead")
    row = {"lead_id": lead_id, "created_at": day(created), "channel": None, "won_amount": None, "currency": None} | more
    for stage in STAGES[1:]:
        row[f"{stage}_at"] = day(reached[stage]) if stage in reached else None
        row[f"is_{stage}_imputed"] = stage in imputed
        row[f"is_{stage}"] = stage in reached
    row["stage"], row["stage_at"] = latest, day(reached.get(latest, created))
    if out:
        row["stage"], row["stage_at"] = out[0], day(out[1])
    return row


def facts(*leads):
    """One frame of made leads, with the types that facts have."""
    frame = pl.DataFrame(list(leads), infer_schema_length=None)
    instants = [name for name in frame.columns if name.endswith("_at")]
    return frame.with_columns(
        pl.col(instants).cast(INSTANT),
        pl.col("channel", "currency").cast(pl.String),
        pl.col("won_amount").cast(pl.Float64),
        lead_at=pl.col("created_at"),
    )
