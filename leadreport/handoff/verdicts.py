"""What sales made of the leads it was handed: accepted, rejected, recycled, why, and how it rates them."""

from datetime import datetime
from statistics import NormalDist

import polars as pl

from leadreport.clock import Period
from leadreport.facts import of_survivors
from leadreport.handoff.leads import (
    DUE,
    TURNED_AWAY,
    VERDICTS,
    handed_over,
    handed_over_leads,
    is_settled,
    verdict,
    verdict_details,
    with_groups,
)
from leadreport.policy import Policy
from leadreport.rates import per_group, rate_with_ends

TOUCHED_IN_TIME = ("touched_in_time_rate", "touched_in_time_low", "touched_in_time_high")


def acceptance(facts: pl.DataFrame, *, by: str | None = None, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """How many of the leads handed over sales accepted, beside how many it touched in time (definition 30).

    One row per value of `by` (a column, "week", or "episode": first time or came back), one row in all when it is None.
    Columns: handed_over, accepted, rejected, recycled, undecided (these four add up), not_due (of the undecided, those
    younger than the policy's horizon from MQL to SAL), acceptance_rate with low and high, accepted_untouched,
    touched_in_time_rate with touched_in_time_low and touched_in_time_high.

    The acceptance rate is accepted / (handed_over - not_due): a young lead without a verdict is open, not refused; an
    old one counts as not accepted. Accepting without acting is theatre: `accepted_untouched` counts the accepted leads
    that have no touch on record.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> accepted = lr.acceptance(ws.facts, by="source", policy=ws.policy, as_of=ws.as_of)
    >>> accepted.sort("acceptance_rate")["source"].first()
    'bought_list'
    """
    leads = handed_over_leads(facts, by=by, policy=policy, as_of=as_of)
    counts = {
        "handed_over": pl.len(),
        **{name: (pl.col("verdict") == name).sum() for name in VERDICTS},
        "not_due": (~is_settled(policy=policy, as_of=as_of)).sum(),
        "accepted_untouched": ((pl.col("verdict") == "accepted") & ~pl.col("is_touched")).sum(),
        "in_time": (pl.col("touch") == "in_time").sum(),
        "due": pl.col("touch").is_in(DUE).sum(),
    }
    settled = pl.col("handed_over") - pl.col("not_due")
    name, low, high = TOUCHED_IN_TIME
    return (
        per_group(leads, by, **{name: count.cast(pl.Int64) for name, count in counts.items()})
        .with_columns(
            **rate_with_ends("accepted", settled, name="acceptance_rate", decimals=10),
            **rate_with_ends("in_time", "due", name=name, low=low, high=high, decimals=10),
        )
        .select(
            *([by] if by else []), "handed_over", *VERDICTS, "not_due", "acceptance_rate", "low", "high",
            "accepted_untouched", *TOUCHED_IN_TIME,
        )
    )  # fmt: skip


def rejection_reasons(facts: pl.DataFrame, *, by: str | None = None, policy: Policy | None = None) -> pl.DataFrame:
    """Why sales turned leads away, the commonest reason first.

    Columns: `by`, verdict (rejected or recycled), reason ("unknown" when none was given), leads, share_rate (of the
    leads with this verdict in the group). The policy is needed for `by="week"` only.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> lr.rejection_reasons(ws.facts).columns
    ['verdict', 'reason', 'leads', 'share_rate']
    """
    keys = [by] if by else []
    turned_away = (
        handed_over(with_groups(facts, by=by, policy=policy))
        .with_columns(verdict=verdict())
        .with_columns(**verdict_details())
        .filter(pl.col("verdict").is_in(TURNED_AWAY))
    )
    reasons = turned_away.group_by(*keys, "verdict", reason="verdict_reason").agg(leads=pl.len().cast(pl.Int64))
    share = pl.col("leads") / pl.col("leads").sum().over(*keys, "verdict")
    return reasons.with_columns(share_rate=share.round(10)).sort(
        *keys, "verdict", "leads", "reason", descending=[*[False] * len(keys), True, True, False]
    )


def touches_until_verdict(
    facts: pl.DataFrame,
    activities: pl.DataFrame,
    leads: pl.DataFrame | None = None,
    *,
    by: str | None = None,
    policy: Policy,
    as_of: datetime,
) -> pl.DataFrame:
    """How often a person in sales contacted a lead before it was accepted, rejected or recycled.

    Reads the table `activities`: human touches from the hand-over up to the verdict, both instants included; those of
    merged-away records count for their survivor when the table `leads` is given (definition 7). One row per
    verdict (and value of `by`): verdict, leads, median_touches, untouched (leads judged without any touch),
    untouched_rate with low and high.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> from leadreport.handoff import touches_until_verdict
    >>> touches = touches_until_verdict(ws.facts, ws.activities, ws.leads, policy=ws.policy, as_of=ws.as_of)
    >>> touches["verdict"].to_list()
    ['accepted', 'recycled', 'rejected']
    """
    judged = handed_over_leads(facts, by=by, policy=policy, as_of=as_of).filter(pl.col("verdict") != "undecided")
    own = activities if leads is None else of_survivors(activities, leads, facts=facts)
    is_human = (pl.col("by") == "sales") & pl.col("kind").is_in(policy.handoff.human_touches)
    touches = own.filter(is_human).select("lead_id", "happened_at")
    within = pl.col("happened_at").is_between("episode_mql_at", "verdict_at")
    counts = judged.join(touches, on="lead_id").filter(within).group_by("lead_id").agg(touches=pl.len())
    keys = [*([by] if by else []), "verdict"]
    return (
        judged.join(counts, on="lead_id", how="left")
        .with_columns(pl.col("touches").fill_null(0))
        .group_by(keys)
        .agg(
            leads=pl.len().cast(pl.Int64),
            median_touches=pl.col("touches").median(),
            untouched=(pl.col("touches") == 0).sum().cast(pl.Int64),
        )
        .with_columns(**rate_with_ends("untouched", "leads", name="untouched_rate", decimals=10))
        .sort(keys)
    )


def pulse(facts: pl.DataFrame, *, by: str | None = None, policy: Policy | None = None) -> pl.DataFrame:
    """How sales rates the leads from 0 to 10: the share of promoters (9-10) less that of detractors (0-6).

    One row per value of `by` (a column, or "week" with a policy), one row in all when it is None. Columns: leads,
    rated, promoters, passives, detractors, pulse (-1 to 1; null without a rating), low, high (definition 33).

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
    groups = with_groups(facts, by=by, policy=policy)
    rated = per_group(groups, by, **{name: count.cast(pl.Int64) for name, count in counts.items()})
    return rated.with_columns(**difference_of_shares("promoters", "detractors", "rated", name="pulse"))


def difference_of_shares(above: str, below: str, n: str, *, name: str) -> dict[str, pl.Expr]:
    """The difference of two shares of one sample and its 95 % interval, columns `name`, low, high; null when n is 0.

    Agresti and Min (2005), Statistics in Medicine 24, 729-740: half a lead is added to each of four cells, so with
    a = above + 1/2, b = below + 1/2, m = n + 2 and d = (a - b) / m the ends are d -+ z sqrt(((a + b) / m - d^2) / m).
    So five ratings of ten are not a certainty.
    """
    z = NormalDist().inv_cdf(0.975)
    a, b, m = pl.col(above) + 0.5, pl.col(below) + 0.5, pl.col(n) + 2.0
    centre = (a - b) / m
    half = z * ((a + b) / m - centre.pow(2)).sqrt() / m.sqrt()
    ends = {
        name: (pl.col(above) - pl.col(below)) / pl.col(n),
        "low": (centre - half).clip(-1, 1),
        "high": (centre + half).clip(-1, 1),
    }
    return {key: pl.when(pl.col(n) > 0).then(end).round(10) for key, end in ends.items()}


def sales_opinion(
    facts: pl.DataFrame,
    close_rates: pl.DataFrame,
    *,
    by: str = "source",
    period: Period,
    policy: Policy,
    as_of: datetime,
) -> pl.DataFrame:
    """What sales accepted of the leads handed over in a period, how it rates them, and how often such leads buy.

    `close_rates` has one row per value of `by`: close_rate with low and high. One row per value of `by`: handed_over,
    acceptance_rate, rated, pulse, close_rate, the three rates each with their ends (acceptance_low, pulse_high, ...).
    """
    leads = handed_over(facts, period=period)
    parts = {
        "acceptance": acceptance(leads, by=by, policy=policy, as_of=as_of).select(
            by, "handed_over", "acceptance_rate", "low", "high"
        ),
        "pulse": pulse(leads, by=by, policy=policy).select(by, "rated", "pulse", "low", "high"),
        "close": close_rates.select(by, "close_rate", "low", "high"),
    }
    accepted, rated, bought = (
        part.rename({"low": f"{name}_low", "high": f"{name}_high"}) for name, part in parts.items()
    )
    return accepted.join(rated, on=by, how="left").join(bought, on=by, how="left").sort(by)


def disliked(opinions: pl.DataFrame) -> pl.DataFrame:
    """The rows of `sales_opinion` with more detractors than promoters, beyond normal variation."""
    return opinions.filter(pl.col("pulse_high") < 0)
