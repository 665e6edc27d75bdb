"""Why a lead has its score: the values that gave most and cost most, in plain words."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from leadreport.scoring.totals import Column

Array = np.ndarray


def reasons(columns: Sequence[Column], *, per_score: float) -> pl.Series:
    """One text per lead: "for: trial requested yes (+6.2); against: source bought list (-4.0)".

    At most two values that gave and two that cost, in units of the score; what neither gave nor cost is not named.
    """
    names = named_effects(columns, per_score=per_score)
    gave, cost = (strongest(columns, sign=sign) for sign in (1, -1))
    frame = pl.DataFrame(
        {
            f"{sign}{rank}": names.gather(each)
            for sign, picked in (("+", gave), ("-", cost))
            for rank, each in enumerate(picked)
        }
    )
    both = pl.concat_str(listing("for: ", "+"), listing("against: ", "-"), separator="; ", ignore_nulls=True)
    return frame.select(both).to_series()


def named_effects(columns: Sequence[Column], *, per_score: float) -> pl.Series:
    """Every value of every column with its effect: "company size 250+ (+3.1)"; at the end a null for no reason."""
    names = [
        f"{label} ({points / per_score:+.1f})"
        for each in columns
        for label, points in zip(each.labels, each.points, strict=True)
    ]
    return pl.Series([*names, None], dtype=pl.String)


def strongest(columns: Sequence[Column], *, sign: int) -> tuple[Array, Array]:
    """Where in the named effects every lead's largest and second largest effect in one direction stand.

    All leads at once, one pass over the columns, those with the largest effects first: later ones seldom lead.
    """
    leads = len(columns[0].positions)
    starts = np.cumsum([0, *(len(each.keys) for each in columns)])
    first, second = (np.full(leads, starts[-1], dtype=np.int32) for _ in range(2))
    most, next_most = np.zeros(leads), np.zeros(leads)
    for j in sorted(range(len(columns)), key=lambda j: -(sign * columns[j].points).max()):
        effect = (sign * columns[j].points)[columns[j].positions]
        ahead = np.flatnonzero(effect > next_most)
        leads_it = effect[ahead] > most[ahead]
        top, runner_up = ahead[leads_it], ahead[~leads_it]
        second[top], next_most[top] = first[top], most[top]
        first[top], most[top] = columns[j].positions[top] + starts[j], effect[top]
        second[runner_up] = columns[j].positions[runner_up] + starts[j]
        next_most[runner_up] = effect[runner_up]
    return first, second


def listing(start: str, prefix: str) -> pl.Expr:
    """The names in one text, null when there is none."""
    names = pl.concat_str(f"{prefix}0", f"{prefix}1", separator=", ", ignore_nulls=True)
    return pl.when(pl.col(f"{prefix}0").is_not_null()).then(pl.lit(start) + names)
