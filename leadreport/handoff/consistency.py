"""Whether people judge similar leads alike: what each of them did, against what the others did with such leads."""

from datetime import datetime
from statistics import NormalDist

import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.handoff.leads import DUE, handed_over_leads, is_settled
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, rate

MEASURES = ("acceptance", "attainment")

ABOVE, BELOW, AS_EXPECTED = "above", "below", "as expected"
"""Every standing of a person."""

LIMITS = {"95": NormalDist().inv_cdf(0.975), "998": NormalDist().inv_cdf(0.999)}
"""The two pairs of limits, as normal quantiles: chance alone crosses the inner one 5 times in 100, the outer one twice
in 1,000."""


def consistency(
    facts: pl.DataFrame,
    *,
    by: str = "owner",
    like: str | None = None,
    measure: str = "acceptance",
    policy: Policy,
    as_of: datetime,
) -> pl.DataFrame:
    """Who accepts (or touches in time) more or fewer of similar leads than the others do: a funnel plot's figures.

    Leads are similar when they share the value of `like`: a column, or bands of ten points of `score` where there is
    one, else the source. Expected of a person is what all others did with similar leads. Whoever lies far outside is
    taken out of "the others", one by one, so that one extreme does not make everyone else look extreme.

    One row per value of `by`: leads (with a verdict, or due), observed, observed_rate, expected_rate, low_95, high_95,
    low_998, high_998 (limits around the expected rate), standing: "above" or "below" when outside the wider limits,
    which chance alone crosses twice in a thousand, else "as expected". This is no ranking: within the limits there is
    nothing to explain.

    Leads without a value of `by` are left out, and so are leads like which no one else had any. Undecided leads older
    than the horizon count as not accepted.

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
    leads = handed_over_leads(facts, by=by, policy=policy, as_of=as_of).with_columns(alike=band(facts, like=like))
    if measure == "acceptance":
        success, is_final = pl.col("verdict") == "accepted", is_settled(policy=policy, as_of=as_of)
    else:
        success, is_final = pl.col("touch") == "in_time", pl.col("touch").is_in(DUE)
    final = leads.filter(is_final, pl.col(by) != UNKNOWN)
    cells = final.group_by(by, "alike").agg(n=pl.len().cast(pl.Int64), k=success.sum().cast(pl.Int64))
    return against_the_usual(cells, by=by)


def outside_limits(standings: pl.DataFrame) -> pl.DataFrame:
    """The rows of `consistency` outside the wider limits; only these are named on a page (definition 39)."""
    return standings.filter(pl.col("standing") != AS_EXPECTED)


def band(facts: pl.DataFrame, *, like: str | None) -> pl.Expr:
    """What similar leads have in common, as text."""
    if like is None and "score" in facts.columns:
        ten = (pl.col("score").clip(0, 99.9) // 10).cast(pl.Int64)
        return ten.cast(pl.String).fill_null(UNKNOWN)
    column = like or "source"
    if column not in facts.columns:
        raise InputError(f"there is no column '{column}' to compare leads by", hint=did_you_mean(column, facts.columns))
    return pl.col(column).cast(pl.String).fill_null(UNKNOWN)


def against_the_usual(cells: pl.DataFrame, *, by: str) -> pl.DataFrame:
    """Each person against the others, without those who turned out to be outside the limits."""
    usual = sorted(cells[by].unique())
    while True:
        table = with_limits(against(cells, usual=usual, by=by), by=by)
        unusual = outside_limits(table).filter(pl.col(by).is_in(usual))
        if unusual.is_empty() or len(usual) <= 2:
            return table.drop("surprise")
        usual.remove(unusual.sort("surprise", by)[by].last())


def against(cells: pl.DataFrame, *, usual: list[str], by: str) -> pl.DataFrame:
    """For each person and kind of lead, what the others did with such leads, and the variance of that.

    Of m leads the others accepted j, so the rate expected of n leads is p = (j + 1/2) / (m + 1): half a success and
    half a failure more (Jeffreys' prior) keep a cell with few others from claiming certainty. The variance of the
    observed less the expected count has both parts, n p (1 - p) of the person's own leads and n^2 p (1 - p) / m of p.
    """
    is_usual = pl.col(by).is_in(usual)
    others_n, others_k = (
        pl.col(name).filter(is_usual).sum().over("alike") - pl.when(is_usual).then(name).otherwise(0)
        for name in ("n", "k")
    )
    share = pl.col("share")
    return (
        cells.with_columns(others=others_n, share=(others_k + 0.5) / (others_n + 1))
        .filter(pl.col("others") > 0)
        .with_columns(
            expected=pl.col("n") * share,
            variance=pl.col("n") * share * (1 - share) * (1 + pl.col("n") / pl.col("others")),
        )
    )


def with_limits(cells: pl.DataFrame, *, by: str) -> pl.DataFrame:
    """Observed and expected rates of each person, with the limits of a funnel plot around the expected one.

    Indirectly standardised, with E and V the sums of the expected counts and of the variances over all kinds of lead
    and N the leads: E / N -+ z sqrt(V) / N (Spiegelhalter 2005, Statistics in Medicine 24, 1185-1202).
    """
    expected, spread = pl.col("expected_rate"), pl.col("spread")
    limits = {
        f"{side}_{name}": (expected + sign * z * spread).clip(0, 1).round(10)
        for name, z in LIMITS.items()
        for side, sign in (("low", -1), ("high", 1))
    }
    standing = (
        pl.when(pl.col("observed_rate") > pl.col("high_998"))
        .then(pl.lit(ABOVE))
        .when(pl.col("observed_rate") < pl.col("low_998"))
        .then(pl.lit(BELOW))
        .otherwise(pl.lit(AS_EXPECTED))
    )
    sums = {"leads": "n", "observed": "k", "expected": "expected", "variance": "variance"}
    return (
        cells.sort(by, "alike")
        .group_by(by, maintain_order=True)
        .agg(**{name: pl.col(column).sum() for name, column in sums.items()})
        .with_columns(
            observed_rate=rate("observed", "leads").round(10),
            expected_rate=(pl.col("expected") / pl.col("leads")).round(10),
            spread=pl.col("variance").sqrt() / pl.col("leads"),
        )
        .with_columns(**limits, surprise=(pl.col("observed_rate") - expected).abs() / spread)
        .with_columns(standing=standing)
        .drop("expected", "variance", "spread")
        .sort(by)
    )
