"""What sales does with a lead: the first touch, what follows, and the mails that only look like work."""

import numpy as np
import polars as pl

from leadreport.sample.activities import happened, repeated
from leadreport.sample.calendar import HOUR, Calendar
from leadreport.sample.people import drawn

FIRST = {"call": 0.55, "email": 0.45}
NEXT = {"call": 0.45, "email": 0.45, "meeting": 0.10}


def make_touches(journeys: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> pl.DataFrame:
    """lead_id, at (seconds), kind, by, detail, channel; everything but the sequences in working time."""
    worked = journeys.filter((pl.col("depth") >= 1) & ~pl.col("is_untouched") & ~pl.col("is_unowned"))
    return pl.concat([*by_hand(worked, calendar, rng), *sessions(worked, calendar, rng), *sequences(journeys, rng)])


def touched(leads: pl.DataFrame, at: np.ndarray, kinds: dict[str, float], rng: np.random.Generator) -> pl.DataFrame:
    kind = drawn(kinds, leads.height, rng)
    return sold(leads, at, "call").with_columns(kind.alias("kind"))


def sold(leads: pl.DataFrame, at: np.ndarray, kind: str) -> pl.DataFrame:
    """Rows of sales: no channel brought them."""
    return happened(leads, at, kind, by="sales").with_columns(pl.lit(None, pl.String).alias("channel"))


def by_hand(worked: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """First touches, follow-ups, the first touch after a return; a few touches come before marketing's verdict."""
    followed = repeated(worked, rng.poisson(1.0 + 0.9 * worked["depth"].to_numpy()))
    back = worked.filter("is_detour")
    eager = worked.filter(
        pl.Series(rng.random(worked.height) < 0.025) & (pl.col("mql") - pl.col("created") > 30 * HOUR)
    )
    return [
        touched(worked, worked["touch"].to_numpy(), FIRST, rng),
        touched(followed, calendar.later(followed["touch"].to_numpy(), rng.gamma(1.5, 40, followed.height)), NEXT, rng),
        touched(back, back["resumed"].to_numpy(), FIRST, rng),
        touched(eager, calendar.later(eager["created"].to_numpy(), rng.uniform(0.5, 6, eager.height)), FIRST, rng),
    ]


def sessions(worked: pl.DataFrame, calendar: Calendar, rng: np.random.Generator) -> list[pl.DataFrame]:
    """A demo session before most SQLs, and for few of those who do not become one."""
    share = np.where(worked["depth"].to_numpy() >= 3, 0.80, 0.08)
    shown = worked.filter(pl.Series(rng.random(worked.height) < share))
    during = calendar.between(shown["resumed"].to_numpy(), shown["sql"].to_numpy(), rng)
    return [sold(shown, during, "demo_session")]


def sequences(journeys: pl.DataFrame, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Half of the MQLs get three automatic mails, the first within minutes: fast, and nobody's work."""
    mqls = journeys.filter((pl.col("depth") >= 1) & pl.Series(rng.random(journeys.height) < 0.5))
    return [sold(mqls, mqls["mql"].to_numpy() + after * HOUR + 300, "sequence_email") for after in (0, 48, 120)]
