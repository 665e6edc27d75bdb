"""The closed loop: what leads that were won did otherwise than leads that were lost."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.stats import false_discovery_control, hypergeom

from leadreport.rates import UNKNOWN, rate_difference
from leadreport.scoring.values import as_texts, coded, find_values, require_columns

Array = np.ndarray

ASPECTS = ("source", "channel", "campaign")
"""Columns of the facts that tell where a lead came from."""

FALSE_SHARE = 0.05
"""Of all differences that are called real, at most so many are expected to be chance (Benjamini and Hochberg 1995)."""

FEWEST = 5
"""What fewer leads than this did is not compared."""


def closed_loop(
    facts: pl.DataFrame,
    activities: pl.DataFrame | None = None,
    *,
    aspects: Sequence[str] = ASPECTS,
    outcome: str = "is_customer",
    lost_at: Sequence[str] = ("lost_at", "disqualified_at"),
) -> pl.DataFrame:
    """What closed-won and closed-lost leads did differently: behaviours, pages, offers, channels.

    Parameters
    ----------
    facts
        One row per lead: lead_id, the outcome, and the instants that tell a closed-lost lead; leads that are neither
        won nor lost are left out.
    activities
        lead_id, kind, by, detail, channel, happened_at. What a lead or a third party did before the lead was won or
        lost counts, once per lead; what sales and marketing did is not the lead's behaviour.
    aspects
        Columns of the facts whose values are compared too.

    Returns
    -------
    pl.DataFrame
        A row per behaviour or value, the largest difference first: aspect (behaviour, page or offer, channel of visits,
        or a column), value, won, lost (leads that have it), won_rate and lost_rate (of all won and all lost leads),
        difference with low and high (Newcombe), p_value (Fisher), q_value (Benjamini-Hochberg), verdict ("more among
        won", "more among lost", "within noise"), win_rate (won of won and lost). What goes with winning need not cause
        it.

    Examples
    --------
    >>> facts = pl.DataFrame({
    ...     "lead_id": [str(i) for i in range(80)],
    ...     "source": ["referral"] * 40 + ["bought_list"] * 40,
    ...     "is_customer": [i % 4 != 0 if i < 40 else i % 4 == 0 for i in range(80)],
    ...     "lost_at": [None if (i % 4 != 0 if i < 40 else i % 4 == 0) else i for i in range(80)],
    ... })
    >>> loop = closed_loop(facts, aspects=["source"])
    >>> loop.select("value", "won_rate", "lost_rate", "verdict").row(0)
    ('bought_list', 0.25, 0.75, 'more among lost')
    """
    require_columns(facts, ["lead_id", outcome, *aspects])
    closed = closed_leads(facts, outcome=outcome, lost_at=lost_at)
    parts = [values_of(closed, facts, aspect) for aspect in aspects]
    if activities is not None:
        parts += behaviours_of(closed, activities)
    counts = (
        pl.concat(parts)
        .unique()
        .join(closed.select("lead_id", "is_won"), on="lead_id")
        .group_by("aspect", "value")
        .agg(won=pl.col("is_won").sum().cast(pl.Int64), lost=(~pl.col("is_won")).sum().cast(pl.Int64))
        .filter(pl.col("won") + pl.col("lost") >= FEWEST)
        .sort("aspect", "value")
    )
    return compared(counts, won=closed["is_won"].sum(), lost=(~closed["is_won"]).sum())


def closed_leads(facts: pl.DataFrame, *, outcome: str, lost_at: Sequence[str]) -> pl.DataFrame:
    """Leads that were won or lost, and when: lead_id, is_won, closed_at (null when no instant is known)."""
    ends = [name for name in lost_at if name in facts.columns]
    is_lost = pl.any_horizontal(pl.lit(False), *[pl.col(name).is_not_null() for name in ends])
    won_at = f"{outcome.removeprefix('is_')}_at"
    known = [name for name in (won_at, *ends) if name in facts.columns and facts[name].dtype.is_temporal()]
    won_when = pl.col(won_at) if won_at in known else pl.lit(None)
    lost_when = pl.min_horizontal(*[name for name in ends if name in known]) if set(ends) & set(known) else pl.lit(None)
    return facts.filter(pl.col(outcome) | is_lost).select(
        "lead_id", is_won=pl.col(outcome), closed_at=pl.when(pl.col(outcome)).then(won_when).otherwise(lost_when)
    )


def values_of(closed: pl.DataFrame, facts: pl.DataFrame, aspect: str) -> pl.DataFrame:
    """lead_id, aspect, value; numbers in bins, what is not known as such."""
    mine = closed.select("lead_id", "is_won").join(facts.select("lead_id", aspect), on="lead_id", maintain_order="left")
    column = mine[aspect]
    if column.dtype.is_numeric():
        found = find_values(column, mine["is_won"].cast(pl.Float64).to_numpy())
        names = pl.Series(found.values).gather(coded(mine, [found])[:, 0])
    else:
        names = as_texts(column).fill_null(UNKNOWN)
    return mine.select("lead_id", aspect=pl.lit(aspect), value=names)


def behaviours_of(closed: pl.DataFrame, activities: pl.DataFrame) -> list[pl.DataFrame]:
    """What the lead did before it closed: its kinds, the pages and offers, the channels of its visits."""
    require_columns(activities, ["lead_id", "kind", "happened_at"])
    own = activities.filter(pl.col("by").is_in(["lead", "third_party"])) if "by" in activities.columns else activities
    before = own.join(closed, on="lead_id").filter(
        (pl.col("happened_at") < pl.col("closed_at")) | pl.col("closed_at").is_null()
    )
    named = {"kind": "behaviour", "detail": "page or offer", "channel": "channel of visits"}
    return [
        before.filter(pl.col(column).is_not_null()).select(
            "lead_id", aspect=pl.lit(aspect), value=pl.col(column).cast(pl.String)
        )
        for column, aspect in named.items()
        if column in before.columns
    ]


def compared(counts: pl.DataFrame, *, won: int, lost: int) -> pl.DataFrame:
    """Rates among won and lost, their difference, and whether it is more than chance among so many comparisons."""
    k1, k2 = counts["won"].to_numpy(), counts["lost"].to_numpy()
    differences = rate_difference(k1, np.full(len(k1), won), k2, np.full(len(k2), lost))
    p = fisher(k1, k2, won=won, lost=lost)
    real = pl.col("q_value") <= FALSE_SHARE
    return (
        counts.with_columns(
            won_rate=pl.col("won") / max(won, 1),
            lost_rate=pl.col("lost") / max(lost, 1),
            **{name: differences[name] for name in ("difference", "low", "high")},
            p_value=pl.Series(p).round(6),
            q_value=pl.Series(false_discovery_control(p) if len(p) else p).round(6),
            win_rate=pl.col("won") / (pl.col("won") + pl.col("lost")),
        )
        .with_columns(
            verdict=pl.when(real & (pl.col("difference") > 0))
            .then(pl.lit("more among won"))
            .when(real)
            .then(pl.lit("more among lost"))
            .otherwise(pl.lit("within noise"))
        )
        .sort(pl.col("difference").abs().round(10), "aspect", "value", descending=[True, False, False])
    )


def fisher(k1: Array, k2: Array, *, won: int, lost: int) -> Array:
    """Two-sided p-values of Fisher's exact test: twice the smaller tail."""
    both = hypergeom(won + lost, won, k1 + k2)
    return np.minimum(1.0, 2 * np.minimum(both.cdf(k1), both.sf(k1 - 1)))
