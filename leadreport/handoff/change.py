"""The handoff's headlines: these weeks against as many before, and whether chance explains the difference."""

from datetime import datetime, timedelta
from math import ceil

import polars as pl

from leadreport.clock import Period
from leadreport.handoff.leads import handed_over
from leadreport.handoff.speed import speed_to_lead
from leadreport.handoff.verdicts import acceptance
from leadreport.policy import Policy
from leadreport.rates import rate, rate_difference, wilson_high, wilson_low
from leadreport.words import DOWN, FALSE_ALARM_RATE, LEAST_COUNT, NORMAL_VARIATION, TOO_FEW, UP


def handoff_change(facts: pl.DataFrame, *, period: Period, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """Attainment and acceptance of the leads handed over in a period, against the period of the same length before.

    One row per headline (attainment_rate, acceptance_rate): name, value with low and high (Wilson), previous, change, n
    (leads judged), verdict: "up" or "down" when the 99 % interval of the difference leaves out 0 (Newcombe), "within
    noise" when not, "too few to say" with fewer than ten leads on a side. What is not yet due is in neither count.
    A CRM that never recorded an SAL says nothing of acceptance, and one without any touch by sales nothing of speed:
    their rows have no value. Acceptance takes time: its leads
    are those of as many weeks earlier as the policy's MQL-to-SAL horizon is long, so that the newest are not judged for
    being new.
    """
    now, before = (judged(facts, one, policy=policy, as_of=as_of) for one in (period, period.shifted(-1)))
    both = now.join(before, on="name", suffix="_before", maintain_order="left")
    counts = (both[name] for name in ("good", "n", "good_before", "n_before"))
    apart = rate_difference(*counts, confidence=1 - FALSE_ALARM_RATE)
    return both.hstack(apart.rename({"low": "least", "high": "most"})).select(
        "name",
        value=rate("good", "n"),
        low=wilson_low("good", "n"),
        high=wilson_high("good", "n"),
        previous=rate("good_before", "n_before"),
        change="difference",
        n="n",
        verdict=difference_verdict(),
    )


def judged(facts: pl.DataFrame, period: Period, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """Good and judged leads of a period: [name, good, n]."""
    speed = speed_to_lead(handed_over(facts, period=period), policy=policy, as_of=as_of).row(0, named=True)
    wait = timedelta(weeks=ceil(policy.horizon_days("mql", "sal") / 7))
    settled = Period(period.start_on - wait, period.end_on - wait, period.zone)
    taken = acceptance(handed_over(facts, period=settled), policy=policy, as_of=as_of).row(0, named=True)
    has_touches = facts["first_touch_after_mql_at"].is_not_null().any()
    is_recorded = facts.select((pl.col("is_sal") & ~pl.col("is_sal_imputed")).any()).item()
    rows = {
        "name": ["attainment_rate", "acceptance_rate"],
        "good": [speed["in_time"] * has_touches, taken["accepted"] * is_recorded],
        "n": [(speed["in_time"] + speed["late"] + speed["overdue"]) * has_touches, taken["handed_over"] * is_recorded],
    }
    return pl.DataFrame(rows, schema={"name": pl.String, "good": pl.Int64, "n": pl.Int64})


def difference_verdict() -> pl.Expr:
    """A difference is a change when its interval leaves out 0."""
    return (
        pl.when(pl.min_horizontal("n", "n_before") < LEAST_COUNT)
        .then(pl.lit(TOO_FEW))
        .when(pl.col("least") > 0)
        .then(pl.lit(UP))
        .when(pl.col("most") < 0)
        .then(pl.lit(DOWN))
        .otherwise(pl.lit(NORMAL_VARIATION))
    )
