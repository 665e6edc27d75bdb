"""Why a lead has its score: the values that gave most and cost most, in plain words."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from leadreport.scoring.totals import Column

Array = np.ndarray

MOST_REASONS = 2
"""So many values that gave and so many that cost are named."""


def reasons(columns: Sequence[Column], *, per_score: float) -> pl.Series:
    """One text per lead: "for: trial requested yes (+6.2); against: source bought list (-4.0)".

    Effects are in units of the score; values that neither gave nor cost are not named.
    """
    effects = np.column_stack([(each.points / per_score).round(1)[each.positions] for each in columns])
    names = named_effects(columns, per_score=per_score)
    starts = np.cumsum([0, *(len(each.keys) for each in columns)])[:-1]
    places = np.column_stack([each.positions + start for each, start in zip(columns, starts, strict=True)])
    gave = [pick(effects, places, names, sign=1) for _ in range(MOST_REASONS)]
    cost = [pick(effects, places, names, sign=-1) for _ in range(MOST_REASONS)]
    return pl.select(
        pl.concat_str(listing("for: ", gave), listing("against: ", cost), separator="; ", ignore_nulls=True)
    ).to_series()


def named_effects(columns: Sequence[Column], *, per_score: float) -> pl.Series:
    """Every value of every column with its effect: "company size 250+ (+3.1)"."""
    return pl.Series(
        [
            f"{label} ({points / per_score:+.1f})"
            for each in columns
            for label, points in zip(each.labels, each.points, strict=True)
        ]
    )


def pick(effects: Array, places: Array, names: pl.Series, *, sign: int) -> pl.Series:
    """The name of the largest effect of every lead in one direction, null when there is none; it is then struck out."""
    every = np.arange(len(effects))
    best = (sign * effects).argmax(axis=1)
    has_one = sign * effects[every, best] > 0
    found = names.gather(pl.Series(places[every, best], dtype=pl.UInt32))
    effects[every[has_one], best[has_one]] = 0
    return found.set(pl.Series(~has_one), None)


def listing(start: str, names: Sequence[pl.Series]) -> pl.Expr:
    """The names in one text, null when there is none."""
    text = pl.concat_str([pl.lit(each) for each in names], separator=", ", ignore_nulls=True)
    return pl.when(pl.lit(names[0]).is_not_null()).then(pl.lit(start) + text)
