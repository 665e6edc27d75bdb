"""What sales thinks of the leads: promoters less detractors."""

from statistics import NormalDist

import polars as pl

from leadreport.handoff.groups import keyed
from leadreport.policy import Policy
from leadreport.rates import per_group


def pulse(facts: pl.DataFrame, *, by: str | None = None, policy: Policy | None = None) -> pl.DataFrame:
    """What sales gave the leads from 0 to 10: the share of promoters (9-10) less that of detractors (0-6).

    One row per value of `by` (a column, or "week" with a policy), one row in all when it is None. Columns: leads,
    rated, promoters, passives, detractors, pulse (-1 to 1; null when nobody rated), low, high.

    The interval is that of Agresti and Min (2005, Statistics in Medicine 24, 729-740) for the difference of two shares
    of the same sample: half a lead is added to each of four cells, so that five tens are not a certainty.

    Examples
    --------
    >>> facts = pl.DataFrame({"source": ["form"] * 4, "pulse": [10, 9, 8, 3]})
    >>> pulse(facts, by="source").select("source", "rated", "promoters", "detractors", "pulse").row(0)
    ('form', 4, 2, 1, 0.25)
    """
    score = pl.col("pulse")
    counts = {
        "leads": pl.len(),
        "rated": score.is_not_null().sum(),
        "promoters": (score >= 9).sum(),
        "passives": score.is_between(7, 8).sum(),
        "detractors": (score <= 6).sum(),
    }
    rated = per_group(
        keyed(facts, by=by, policy=policy), by, **{name: count.cast(pl.Int64) for name, count in counts.items()}
    )
    return rated.with_columns(**net("promoters", "detractors", "rated"))


def net(above: str, below: str, n: str) -> dict[str, pl.Expr]:
    """The difference of two shares of one sample, with its interval; null when the sample is empty."""
    z = NormalDist().inv_cdf(0.975)
    more, less, size = pl.col(above) + 0.5, pl.col(below) + 0.5, pl.col(n) + 2.0
    centre = (more - less) / size
    half = z * ((more + less) / size - centre.pow(2)).sqrt() / size.sqrt()
    is_rated = pl.col(n) > 0
    ends = {
        "pulse": (pl.col(above) - pl.col(below)) / pl.col(n),
        "low": (centre - half).clip(-1, 1),
        "high": (centre + half).clip(-1, 1),
    }
    return {name: pl.when(is_rated).then(end).round(10) for name, end in ends.items()}
