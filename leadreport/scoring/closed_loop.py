"""The closed loop: what won leads did differently from lost leads."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from scipy.special import chdtrc

from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, rate_difference
from leadreport.scoring.values import as_texts, coded, find_values, require_columns
from leadreport.words import FALSE_ALARM_RATE, NORMAL_VARIATION

ASPECTS = ("source", "channel", "campaign")
"""Columns of the facts that say where a lead came from."""

BEHAVIOURS = {"kind": "behaviour", "detail": "page or offer", "channel": "channel of visits"}
"""Columns of the activities that are compared, and the aspect that each of them is."""

FEWEST = 5
"""A behaviour or value of fewer leads than this is not compared."""

MOST_WEEKS = 13
"""Leads that closed later are compared over their first 13 weeks."""


def closed_loop(
    facts: pl.DataFrame,
    activities: pl.DataFrame | None = None,
    *,
    aspects: Sequence[str] = ASPECTS,
    policy: Policy,
    as_of: datetime,
) -> pl.DataFrame:
    """Behaviours, pages, offers and channels of won leads compared with those of lost leads.

    Parameters
    ----------
    facts
        One row per lead: lead_id, created_at, stage, is_customer, customer_at, lost_at. Leads younger than the policy's
        horizon are left out, and so are leads that are neither won nor lost: a disqualified lead is not lost
        (definition 38).
    activities
        lead_id, kind, by, detail, channel, happened_at. What the lead or a third party did counts, once per lead; what
        sales and marketing did is not the lead's behaviour.
    aspects
        Columns of the facts whose values are compared too.

    Returns
    -------
    pl.DataFrame
        A row per behaviour or value, the surest first: aspect (behaviour, page or offer, channel of visits, or a
        column), value, won, lost (leads that have it), odds_ratio (won against lost; behaviours over the same first
        weeks), won_rate and lost_rate (of all won and all lost leads), difference with low and high (Newcombe), p_value
        (Mantel-Haenszel), q_value (the same after Holm's correction: of all rows together, at most one report in a
        hundred names one by chance), win_rate (won of won and lost), verdict ("more among won", "more among lost",
        "normal variation"). What goes with winning need not cause it.

    Examples
    --------
    >>> from datetime import UTC
    >>> from leadreport.policy import parse_policy, preset_text
    >>> facts = pl.DataFrame({
    ...     "lead_id": [str(i) for i in range(80)],
    ...     "source": ["referral"] * 40 + ["bought_list"] * 40,
    ...     "is_customer": [i % 4 != 0 if i < 40 else i % 4 == 0 for i in range(80)],
    ...     "created_at": [datetime(2026, 1, 5, tzinfo=UTC)] * 80,
    ... }).with_columns(stage=pl.when("is_customer").then(pl.lit("customer")).otherwise(pl.lit("lost")))
    >>> facts = facts.with_columns(customer_at="created_at", lost_at="created_at")
    >>> now = {"policy": parse_policy(preset_text("startup")), "as_of": datetime(2026, 11, 16, tzinfo=UTC)}
    >>> closed_loop(facts, aspects=["source"], **now).select("value", "won_rate", "lost_rate", "verdict").row(0)
    ('bought_list', 0.25, 0.75, 'more among lost')
    """
    require_columns(facts, ["lead_id", "created_at", "stage", "is_customer", *aspects])
    closed = closed_leads(facts, policy=policy, as_of=as_of)
    parts = [values_of(closed, facts, aspect) for aspect in aspects]
    if activities is not None:
        parts += behaviours_of(in_first_weeks(closed, activities))
    has = pl.concat(parts).unique().join(closed, on="lead_id")
    return compared(has, closed)


def real_differences(loop: pl.DataFrame) -> pl.DataFrame:
    """The rows of `closed_loop` that chance does not explain."""
    return loop.filter(pl.col("verdict") != NORMAL_VARIATION)


def closed_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """Mature leads that were won or lost: lead_id, created_at, is_won, weeks (whole ones from creation to close)."""
    horizon = timedelta(days=policy.horizon_days("lead", "customer"))
    is_closed = pl.col("is_customer") | (pl.col("stage") == "lost")
    closed_at = pl.when("is_customer").then("customer_at").otherwise("lost_at")
    weeks = (closed_at - pl.col("created_at")).dt.total_days() // 7
    mature = facts.filter(pl.col("created_at") <= as_of - horizon, is_closed)
    return mature.select("lead_id", "created_at", is_won="is_customer", weeks=weeks.clip(0, MOST_WEEKS))


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


def in_first_weeks(closed: pl.DataFrame, activities: pl.DataFrame) -> pl.DataFrame:
    """What a lead or a third party did in the whole weeks before the lead closed, at most the first 13."""
    require_columns(activities, ["lead_id", "kind", "happened_at"])
    own = activities.filter(pl.col("by").is_in(["lead", "third_party"])) if "by" in activities.columns else activities
    watched = pl.col("happened_at") < pl.col("created_at") + pl.duration(weeks="weeks")
    return own.join(closed, on="lead_id").filter(watched)


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
        over_the_same_weeks(has, closed)
        .filter(pl.col("won") + pl.col("lost") >= FEWEST)
        .sort("aspect", "value")
        .with_columns(won_rate=pl.col("won") / max(won, 1), lost_rate=pl.col("lost") / max(lost, 1))
    )
    n = counts.height
    differences = rate_difference(counts["won"], np.full(n, won), counts["lost"], np.full(n, lost))
    p = chdtrc(1, counts["surprise"].to_numpy())
    holm = (pl.col("p_value") * (n - pl.int_range(n))).cum_max().clip(0, 1)
    real = pl.col("q_value") <= FALSE_ALARM_RATE
    more = pl.when(pl.col("odds_ratio") > 1).then(pl.lit("more among won")).otherwise(pl.lit("more among lost"))
    return (
        counts.with_columns(
            **{name: differences[name] for name in ("difference", "low", "high")},
            p_value=pl.Series(p, dtype=pl.Float64),
            win_rate=pl.col("won") / (pl.col("won") + pl.col("lost")),
        )
        .sort(pl.col("surprise").round(8), "aspect", "value", descending=[True, False, False])
        .with_columns(p_value=pl.col("p_value").round(6), q_value=holm.round(6))
        .with_columns(verdict=pl.when(real).then(more).otherwise(pl.lit(NORMAL_VARIATION)))
        .drop("surprise")
    )


def over_the_same_weeks(has: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    """Won and lost leads with each behaviour, and their odds ratio among leads watched for equally long.

    Who is watched longer does more of everything. So the behaviours of leads that closed in the same week of their age
    are compared (Mantel and Haenszel 1959), values of columns among all leads. In such a step, a won and b lost leads
    have it, of n1 won and n0 lost (m = a + b, n = n1 + n0):

        odds ratio = sum of a (n0 - b) / n / sum of b (n1 - a) / n
        surprise   = (|sum of (a - n1 m / n)| - 1/2)^2 / sum of n1 n0 m (n - m) / (n^2 (n - 1)), chi-squared with 1 df

    Columns: aspect, value, won, lost, odds_ratio, surprise.
    """
    behaviours = list(BEHAVIOURS.values())
    step = pl.when(pl.col("aspect").is_in(behaviours)).then("weeks").otherwise(-1).alias("step")
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
