"""The closed loop: what won leads did differently from lost leads."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.stats import chi2, false_discovery_control

from leadreport.rates import UNKNOWN, rate_difference
from leadreport.scoring.close_rates import FALSE_SHARE
from leadreport.scoring.values import as_texts, coded, find_values, require_columns
from leadreport.words import LOST, NORMAL_VARIATION

ASPECTS = ("source", "channel", "campaign")
"""Columns of the facts that say where a lead came from."""

BEHAVIOURS = {"kind": "behaviour", "detail": "page or offer", "channel": "channel of visits"}
"""Columns of the activities that are compared, and the aspect that each of them is."""

FEWEST = 5
"""A behaviour or value of fewer leads than this is not compared."""


def closed_loop(
    facts: pl.DataFrame,
    activities: pl.DataFrame | None = None,
    *,
    aspects: Sequence[str] = ASPECTS,
    outcome: str = "is_customer",
) -> pl.DataFrame:
    """Behaviours, pages, offers and channels of won leads compared with those of lost leads.

    Parameters
    ----------
    facts
        One row per lead: lead_id, the outcome, `lost_at` and `disqualified_at`; leads that are neither won nor lost
        are left out.
    activities
        lead_id, kind, by, detail, channel, happened_at. Activities of the lead or a third party before the lead was won
        or lost count, once per lead; what sales and marketing did is not the lead's behaviour.
    aspects
        Columns of the facts whose values are compared too.

    Returns
    -------
    pl.DataFrame
        A row per behaviour or value, the surest first: aspect (behaviour, page or offer, channel of visits, or a
        column), value, won, lost (leads that have it), odds_ratio (won against lost; behaviours at equal activity),
        won_rate and lost_rate (of all won and all lost leads), difference with low and high (Newcombe), p_value
        (Mantel-Haenszel), q_value (Benjamini-Hochberg), win_rate (won of won and lost), verdict ("more among won",
        "more among lost", "normal variation"). What goes with winning need not cause it.

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
    closed = closed_leads(facts, outcome=outcome)
    parts = [values_of(closed, facts, aspect) for aspect in aspects]
    if activities is not None:
        done = before_closing(closed, activities)
        closed = closed.with_columns(busy=busyness(closed, done))
        parts += behaviours_of(done)
    has = pl.concat(parts).unique().join(closed, on="lead_id")
    return compared(has, closed)


def real_differences(loop: pl.DataFrame) -> pl.DataFrame:
    """The rows of `closed_loop` that chance does not explain."""
    return loop.filter(pl.col("verdict") != NORMAL_VARIATION)


def closed_leads(facts: pl.DataFrame, *, outcome: str) -> pl.DataFrame:
    """Leads that were won or lost, and when: lead_id, is_won, closed_at (null when no instant is known)."""
    ends = [name for stage in LOST if (name := f"{stage}_at") in facts.columns]
    is_lost = pl.any_horizontal(pl.lit(False), *[pl.col(name).is_not_null() for name in ends])
    won_at = f"{outcome.removeprefix('is_')}_at"
    known = [name for name in (won_at, *ends) if name in facts.columns and facts[name].dtype.is_temporal()]
    won_when = pl.col(won_at) if won_at in known else pl.lit(None)
    lost_when = pl.min_horizontal(*[name for name in ends if name in known]) if set(ends) & set(known) else pl.lit(None)
    return facts.filter(pl.col(outcome) | is_lost).select(
        "lead_id", is_won=pl.col(outcome), closed_at=pl.when(pl.col(outcome)).then(won_when).otherwise(lost_when)
    )


def values_of(closed: pl.DataFrame, facts: pl.DataFrame, aspect: str) -> pl.DataFrame:
    """A column of the facts as lead_id, aspect, value: numbers in bins, null as unknown."""
    mine = closed.select("lead_id", "is_won").join(facts.select("lead_id", aspect), on="lead_id", maintain_order="left")
    column = mine[aspect]
    if column.dtype.is_numeric():
        found = find_values(column, mine["is_won"].cast(pl.Float64).to_numpy())
        names = pl.Series(found.values).gather(coded(mine, [found])[:, 0])
    else:
        names = as_texts(column).fill_null(UNKNOWN)
    return mine.select("lead_id", aspect=pl.lit(aspect), value=names)


def before_closing(closed: pl.DataFrame, activities: pl.DataFrame) -> pl.DataFrame:
    """The activities of the lead or a third party before the lead was won or lost."""
    require_columns(activities, ["lead_id", "kind", "happened_at"])
    own = activities.filter(pl.col("by").is_in(["lead", "third_party"])) if "by" in activities.columns else activities
    is_before = (pl.col("happened_at") < pl.col("closed_at")) | pl.col("closed_at").is_null()
    return own.join(closed, on="lead_id").filter(is_before)


def busyness(closed: pl.DataFrame, done: pl.DataFrame) -> pl.Series:
    """The activity of each lead in steps that double: 0 for none, 1 for one, 2 for up to 3, 3 for up to 7."""
    times = closed.select("lead_id").join(
        done.group_by("lead_id").len(), on="lead_id", how="left", maintain_order="left"
    )
    return (times["len"].fill_null(0).cast(pl.Float64) + 1).log(2).floor().cast(pl.Int64)


def behaviours_of(done: pl.DataFrame) -> list[pl.DataFrame]:
    """Kinds of activity, pages and offers, channels of visits, each as lead_id, aspect, value."""
    return [
        done.filter(pl.col(column).is_not_null()).select(
            "lead_id", aspect=pl.lit(aspect), value=pl.col(column).cast(pl.String)
        )
        for column, aspect in BEHAVIOURS.items()
        if column in done.columns
    ]


def compared(has: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    """Rates among won and lost leads, and whether they differ after correction for many comparisons."""
    won, lost = int(closed["is_won"].sum()), int((~closed["is_won"]).sum())
    counts = (
        at_equal_activity(has, closed)
        .filter(pl.col("won") + pl.col("lost") >= FEWEST)
        .sort("aspect", "value")
        .with_columns(won_rate=pl.col("won") / max(won, 1), lost_rate=pl.col("lost") / max(lost, 1))
    )
    n = counts.height
    differences = rate_difference(counts["won"], np.full(n, won), counts["lost"], np.full(n, lost))
    p = chi2.sf(counts["surprise"].to_numpy(), 1)
    real = pl.col("q_value") <= FALSE_SHARE
    more = pl.when(pl.col("odds_ratio") > 1).then(pl.lit("more among won")).otherwise(pl.lit("more among lost"))
    return (
        counts.with_columns(
            **{name: differences[name] for name in ("difference", "low", "high")},
            p_value=pl.Series(p, dtype=pl.Float64).round(6),
            q_value=pl.Series(false_discovery_control(p) if n else p, dtype=pl.Float64).round(6),
            win_rate=pl.col("won") / (pl.col("won") + pl.col("lost")),
        )
        .with_columns(verdict=pl.when(real).then(more).otherwise(pl.lit(NORMAL_VARIATION)))
        .sort(pl.col("surprise").round(8), "aspect", "value", descending=[True, False, False])
        .drop("surprise")
    )


def at_equal_activity(has: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    """Won and lost leads with each behaviour, and their odds ratio among equally active leads.

    Won leads have been around longer and did more of everything. So behaviours are compared within steps of activity
    (Mantel and Haenszel 1959), values of columns among all leads. In a step, a won and b lost leads have it, of n1 won
    and n0 lost (m = a + b, n = n1 + n0):

        odds ratio = sum of a (n0 - b) / n / sum of b (n1 - a) / n
        surprise   = (|sum of (a - n1 m / n)| - 1/2)^2 / sum of n1 n0 m (n - m) / (n^2 (n - 1)), chi-squared with 1 df

    Columns: aspect, value, won, lost, odds_ratio, surprise.
    """
    behaviours = list(BEHAVIOURS.values())
    step = pl.col("busy") if "busy" in closed.columns else pl.lit(0, dtype=pl.Int64)
    step = pl.when(pl.col("aspect").is_in(behaviours)).then(step).otherwise(-1).alias("step")
    of_all = pl.concat([closed.with_columns(aspect=pl.lit(name)) for name in ("", behaviours[0])])
    totals = of_all.with_columns(step).group_by("step").agg(n1=pl.col("is_won").sum(), n0=(~pl.col("is_won")).sum())
    cells = (
        has.with_columns(step)
        .group_by("aspect", "value", "step")
        .agg(a=pl.col("is_won").sum(), b=(~pl.col("is_won")).sum())
    )
    a, b, n1, n0 = (pl.col(name).cast(pl.Float64) for name in ("a", "b", "n1", "n0"))
    n, m = n1 + n0, a + b
    return (
        cells.join(totals, on="step")
        .with_columns(
            expected=n1 * m / n,
            variance=pl.when(n > 1).then(n1 * n0 * m * (n - m) / (n**2 * (n - 1))).otherwise(0.0),
            agree=a * (n0 - b) / n,
            differ=b * (n1 - a) / n,
        )
        .group_by("aspect", "value")
        .agg(pl.col("a", "b", "expected", "variance", "agree", "differ").sort_by("step").sum())
        .select(
            "aspect",
            "value",
            won=pl.col("a").cast(pl.Int64),
            lost=pl.col("b").cast(pl.Int64),
            odds_ratio=pl.when(pl.col("differ") > 0).then(pl.col("agree") / pl.col("differ")),
            surprise=pl.when(pl.col("variance") > 0)
            .then(((pl.col("a") - pl.col("expected")).abs() - 0.5).clip(0) ** 2 / pl.col("variance"))
            .otherwise(0.0),
        )
    )
