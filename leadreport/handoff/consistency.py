"""How people judge like leads: what each was given and did, against what the others did with the same."""

from datetime import datetime, timedelta
from statistics import NormalDist

import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.handoff.groups import keyed
from leadreport.handoff.leads import handed_over_leads
from leadreport.policy import Policy
from leadreport.rates import rate

MEASURES = ("acceptance", "attainment")


def consistency(
    facts: pl.DataFrame,
    *,
    by: str = "owner",
    like: str | None = None,
    measure: str = "acceptance",
    policy: Policy,
    as_of: datetime,
) -> pl.DataFrame:
    """Who accepts (or touches in time) more or less of like leads than chance explains: a funnel plot's figures.

    Leads are alike when they share the value of `like`: a column, or bands of ten points of `score` where there is one,
    else the source. What is expected of somebody is what all others did with leads like theirs; who lies far outside is
    taken out of "the others", one by one, so that one extreme does not make everybody else look extreme.

    One row per value of `by`: leads (with a verdict, or due), observed, observed_rate, expected_rate, low_95, high_95,
    low_998, high_998 (limits around the expected rate), standing: "above" or "below" when outside the wider limits,
    which chance alone crosses twice in a thousand, else "as expected". This is no ranking: within the limits there is
    nothing to explain.

    Leads whose like nobody else had are left out. Undecided leads older than the horizon count as not accepted.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> from leadreport.handoff import consistency
    >>> found = consistency(ws.facts, policy=ws.policy, as_of=ws.as_of)
    >>> found.filter(pl.col("standing") == "above")["owner"].to_list()
    ['Ben Kowalski']
    """
    if measure not in MEASURES:
        raise InputError(f"there is no measure '{measure}'", hint=did_you_mean(measure, MEASURES))
    leads = handed_over_leads(keyed(facts, by=by, policy=policy), policy=policy, as_of=as_of)
    judged = leads.with_columns(alike=band(facts, like=like)).filter(is_settled(measure, policy=policy, as_of=as_of))
    success = pl.col("verdict") == "accepted" if measure == "acceptance" else pl.col("touch") == "in_time"
    cells = judged.group_by(by, "alike").agg(n=pl.len().cast(pl.Int64), k=success.sum().cast(pl.Int64))
    return against_the_usual(cells, by=by)


def band(facts: pl.DataFrame, *, like: str | None) -> pl.Expr:
    """What makes leads alike, as text."""
    if like is None and "score" in facts.columns:
        ten = (pl.col("score").clip(0, 99.9) // 10).cast(pl.Int64)
        return ten.cast(pl.String).fill_null("unknown")
    column = like or "source"
    if column not in facts.columns:
        raise InputError(
            f"there is no column '{column}' that tells like leads", hint=did_you_mean(column, facts.columns)
        )
    return pl.col(column).cast(pl.String).fill_null("unknown")


def is_settled(measure: str, *, policy: Policy, as_of: datetime) -> pl.Expr:
    """The leads on which the measure is final."""
    if measure == "attainment":
        return pl.col("touch").is_in(["in_time", "late", "overdue"])
    old = pl.col("episode_mql_at") <= as_of - timedelta(days=policy.horizon_days("mql", "sal"))
    return (pl.col("verdict") != "undecided") | old


def against_the_usual(cells: pl.DataFrame, *, by: str) -> pl.DataFrame:
    """Everybody against the others, without those who turned out to be far from usual."""
    usual = sorted(cells[by].unique())
    while True:
        table = with_limits(against(cells, usual=usual, by=by), by=by)
        unusual = table.filter(pl.col("standing") != "as expected", pl.col(by).is_in(usual))
        if unusual.is_empty() or len(usual) <= 2:
            return table.drop("surprise")
        usual.remove(unusual.sort("surprise", by)[by].last())


def against(cells: pl.DataFrame, *, usual: list[str], by: str) -> pl.DataFrame:
    """For each cell, what the usual others did with leads like these, and how unsure that is."""
    is_usual = pl.col(by).is_in(usual)
    others_n, others_k = (
        pl.col(name).filter(is_usual).sum().over("alike") - pl.when(is_usual).then(name).otherwise(0)
        for name in ("n", "k")
    )
    share = pl.col("share")
    # Half a success and half a failure more keep a cell of few others from claiming a certainty.
    return (
        cells.with_columns(others=others_n, share=(others_k + 0.5) / (others_n + 1))
        .filter(pl.col("others") > 0)
        .with_columns(
            expected=pl.col("n") * share,
            variance=pl.col("n") * share * (1 - share) * (1 + pl.col("n") / pl.col("others")),
        )
    )


def with_limits(cells: pl.DataFrame, *, by: str) -> pl.DataFrame:
    """Observed and expected rates with the limits around the expected one."""
    n = pl.col("leads")
    limits = {
        f"{side}_{name}": (pl.col("expected_rate") + sign * z * pl.col("spread")).clip(0, 1).round(10)
        for name, z in (("95", NormalDist().inv_cdf(0.975)), ("998", NormalDist().inv_cdf(0.999)))
        for side, sign in (("low", -1), ("high", 1))
    }
    standing = (
        pl.when(pl.col("observed_rate") > pl.col("high_998"))
        .then(pl.lit("above"))
        .when(pl.col("observed_rate") < pl.col("low_998"))
        .then(pl.lit("below"))
        .otherwise(pl.lit("as expected"))
    )
    return (
        cells.sort(by, "alike")
        .group_by(by, maintain_order=True)
        .agg(
            pl.col("n").sum().alias("leads"),
            pl.col("k").sum().alias("observed"),
            pl.col("expected").sum(),
            pl.col("variance").sum(),
        )
        .with_columns(
            observed_rate=rate("observed", "leads").round(10),
            expected_rate=(pl.col("expected") / n).round(10),
            spread=pl.col("variance").sqrt() / n,
        )
        .with_columns(**limits, surprise=(pl.col("observed_rate") - pl.col("expected_rate")).abs() / pl.col("spread"))
        .with_columns(standing=standing)
        .drop("expected", "variance", "spread")
        .sort(by)
    )
