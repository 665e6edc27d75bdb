"""What sales said of the leads it was handed: accepted, rejected, recycled, and why."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.handoff.groups import keyed
from leadreport.handoff.leads import VERDICTS, handed_over, handed_over_leads, verdict, verdict_details
from leadreport.policy import Policy
from leadreport.rates import per_group, rate, wilson_high, wilson_low


def acceptance(facts: pl.DataFrame, *, by: str | None = None, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """How many of the leads handed over sales took on, beside how many it touched in time.

    One row per value of `by` (a column, or "week"), one row in all when it is None. Columns: handed_over, accepted,
    rejected, recycled, undecided (these four add up), not_due (of the undecided, those younger than the policy's
    horizon from MQL to SAL), acceptance_rate with low and high, accepted_untouched, touched_in_time_rate with
    touched_in_time_low and touched_in_time_high.

    The acceptance rate is accepted / (handed_over - not_due): a young lead without a verdict is open, not refused; an
    old one counts as not accepted. Accepting without acting is theatre: `accepted_untouched` counts the accepted leads
    that nobody has touched.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> accepted = lr.acceptance(ws.facts, by="source", policy=ws.policy, as_of=ws.as_of)
    >>> accepted.sort("acceptance_rate")["source"].first()
    'bought_list'
    """
    leads = handed_over_leads(keyed(facts, by=by, policy=policy), policy=policy, as_of=as_of)
    settled_before = as_of - timedelta(days=policy.horizon_days("mql", "sal"))
    is_young = (pl.col("verdict") == "undecided") & (pl.col("episode_mql_at") > settled_before)
    is_due = pl.col("touch").is_in(["in_time", "late", "overdue"])
    counts = {
        "handed_over": pl.len(),
        **{name: (pl.col("verdict") == name).sum() for name in VERDICTS},
        "not_due": is_young.sum(),
        "accepted_untouched": ((pl.col("verdict") == "accepted") & ~pl.col("is_touched")).sum(),
        "in_time": (pl.col("touch") == "in_time").sum(),
        "due": is_due.sum(),
    }
    settled = pl.col("handed_over") - pl.col("not_due")
    return (
        per_group(
        leads,
        by, **{name: count.cast(pl.Int64) for name, count in counts.items()})
        .with_columns(
            **interval("accepted", settled, names=("acceptance_rate", "low", "high")),
            **interval("in_time", pl.col("due"), names=TOUCHED_IN_TIME),
        )
        .select(
            *([by] if by else []), "handed_over", *VERDICTS, "not_due", "acceptance_rate", "low", "high",
            "accepted_untouched", *TOUCHED_IN_TIME,
        )
    )  # fmt: skip


TOUCHED_IN_TIME = ("touched_in_time_rate", "touched_in_time_low", "touched_in_time_high")


def interval(successes: str, trials: pl.Expr, *, names: tuple[str, str, str]) -> dict[str, pl.Expr]:
    """A rate with its Wilson interval, under three names."""
    ends = (rate(successes, trials), wilson_low(successes, trials), wilson_high(successes, trials))
    return {name: end.round(10) for name, end in zip(names, ends, strict=True)}


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
        handed_over(keyed(facts, by=by, policy=policy))
        .with_columns(verdict=verdict())
        .with_columns(**verdict_details())
        .filter(pl.col("verdict").is_in(["rejected", "recycled"]))
    )
    reasons = turned_away.group_by(*keys, "verdict", reason="verdict_reason").agg(leads=pl.len().cast(pl.Int64))
    share = pl.col("leads") / pl.col("leads").sum().over(*keys, "verdict")
    return reasons.with_columns(share_rate=share.round(10)).sort(
        *keys, "verdict", "leads", "reason", descending=[*[False] * len(keys), True, True, False]
    )


def touches_until_verdict(
    facts: pl.DataFrame, activities: pl.DataFrame, *, by: str | None = None, policy: Policy, as_of: datetime
) -> pl.DataFrame:
    """How often a person in sales reached for a lead before it was accepted, rejected or recycled.

    Reads the table `activities`: human touches from the hand-over up to the verdict, both instants included. One row
    per verdict (and value of `by`): verdict, leads, median_touches, untouched (leads judged without any touch),
    untouched_rate with low and high.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> from leadreport.handoff import touches_until_verdict
    >>> touches = touches_until_verdict(ws.facts, ws.activities, policy=ws.policy, as_of=ws.as_of)
    >>> touches["verdict"].to_list()
    ['accepted', 'recycled', 'rejected']
    """
    leads = handed_over_leads(keyed(facts, by=by, policy=policy), policy=policy, as_of=as_of)
    judged = leads.filter(pl.col("verdict") != "undecided")
    is_human = (pl.col("by") == "sales") & pl.col("kind").is_in(policy.handoff.human_touches)
    touches = activities.filter(is_human).select("lead_id", "happened_at")
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
        .with_columns(**interval("untouched", pl.col("leads"), names=("untouched_rate", "low", "high")))
        .sort(keys)
    )
