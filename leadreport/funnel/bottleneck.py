"""Where customers are lost: the step that fell behind its own past, and whether the mix of leads or the rates moved."""

from datetime import datetime

import polars as pl
from scipy.special import ndtri

from leadreport.funnel.cohorts import counted_cohorts, is_comparable
from leadreport.funnel.entries import last_day
from leadreport.funnel.expected import definition_since, unevenness
from leadreport.policy import Policy
from leadreport.rates import named_groups, rate
from leadreport.words import FALSE_ALARM_RATE, LEAST_COUNT, LEAST_PERIODS, NORMAL_VARIATION, STEPS, TOO_FEW

LOSES, GAINS = "loses", "gains"
"""The verdicts on a step whose customers changed by more than chance explains."""

MIX_WEEKS = 8
"""The weeks of leads that are compared with as many before them."""

ENDS = ("difference", "near_low", "near_high")
"""A step's difference and its 95 % interval."""


def bottleneck(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 13) -> pl.DataFrame:
    """How many customers each step has lost of late, against leads of the same mix under the same definition.

    The last `weeks` final weekly cohorts of each step (half of them when there are fewer than twice as many) are
    compared with the final ones before them, since the policy's last change of a definition, within each mix (channel,
    third of the scores). Lost customers = leads x (usual rate - rate) x onward rate, which carries what is missing on
    to customers at the usual rates of the later steps. One row per step, the largest loss first: from_stage, to_stage,
    leads, step_rate, usual_leads, usual_rate (of the leads before, at the mix of the last), onward_rate (usual, from
    the next stage to customer), lost_customers with low and high (95 %), verdict: "loses" or "gains" when chance alone
    would make any of the steps say so in one report in a hundred, else "normal variation"; "too few to say" with fewer
    than 8 weeks before, or fewer than 10 leads on either side.
    """
    rows = [step_change(facts, *step, as_of=as_of, policy=policy, weeks=weeks) for step in STEPS]
    steps = pl.DataFrame(rows, schema_overrides=dict.fromkeys(("step_rate", "usual_rate", *ENDS), pl.Float64))
    # A later step without a history leaves the way onward unknown; the last step leads to nothing further.
    onward = steps["usual_rate"].fill_null(float("nan")).reverse().cum_prod().reverse().shift(-1, fill_value=1.0)
    cost = pl.col("leads") * pl.col("onward_rate")
    ends = zip(("lost_customers", "low", "high"), ENDS, strict=False)
    lost = steps.with_columns(onward_rate=onward.fill_nan(None))
    lost = lost.with_columns((cost * pl.col(end)).round(10).alias(name) for name, end in ends)
    return lost.select(
        *("from_stage", "to_stage", "leads", "step_rate", "usual_leads", "usual_rate", "onward_rate"),
        *("lost_customers", "low", "high", "verdict"),
    ).sort("lost_customers", descending=True, nulls_last=True, maintain_order=True)


def losing_steps(steps: pl.DataFrame) -> pl.DataFrame:
    """The steps of `bottleneck` that lose more customers than chance explains, the largest loss first."""
    return steps.filter(pl.col("verdict") == LOSES)


def step_change(
    facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, policy: Policy, weeks: int
) -> dict:
    """One step's leads and rates, of late and before, their difference within each mix and the verdict, as a row.

    The verdict's limits hold for all steps together: 1 - (1 - 0.01)^(1/5) for each (Sidak).
    """
    step = {"from_stage": from_stage, "to_stage": to_stage}
    cohorts, entries, _ = counted_cohorts(facts, **step, as_of=as_of, policy=policy)
    final = same_definition(cohorts, as_of=as_of, policy=policy).filter(pl.col("leads") > 0)["cohort_on"]
    recent_on = pl.lit(final.tail(min(weeks, final.len() // 2)).min(), dtype=pl.Date)
    in_time = (pl.col("days") <= policy.horizon_days(from_stage, to_stage)).fill_null(False)
    leads = entries.filter(pl.col("cohort_on").is_in(final.implode()))
    leads = leads.select("cohort_on", "mix", in_time.alias("converted"), is_recent=pl.col("cohort_on") >= recent_on)
    before, after = leads.filter(~pl.col("is_recent")), leads.filter("is_recent")
    row = step | {"leads": after.height, "usual_leads": before.height, "step_rate": after["converted"].mean()}
    if before["cohort_on"].n_unique() < LEAST_PERIODS or min(before.height, after.height) < LEAST_COUNT:
        return row | dict.fromkeys(("usual_rate", *ENDS)) | {"verdict": TOO_FEW}
    lost, error = matched_difference(before, after)
    together = 1 - (1 - FALSE_ALARM_RATE) ** (1 / len(STEPS))
    past = weeks_against_own_side(leads)
    near, far = (ndtri(1 - tails / 2) * error * unevenness(past, tails=tails) ** 0.5 for tails in (0.05, together))
    found = {"difference": lost, "near_low": lost - near, "near_high": lost + near}
    verdict = LOSES if lost > far else GAINS if lost < -far else NORMAL_VARIATION
    return row | found | {"usual_rate": min(max(row["step_rate"] + lost, 0.0), 1.0), "verdict": verdict}


def same_definition(cohorts: pl.DataFrame, *, as_of: datetime, policy: Policy) -> pl.DataFrame:
    """The cohorts whose rate may be compared with today's: final, and since the last change of a definition."""
    since_on = definition_since(policy, until=last_day(as_of, zone=policy.company.time_zone))
    comparable = cohorts.filter(is_comparable())
    return comparable if since_on is None else comparable.filter(pl.col("cohort_on") >= since_on)


def weeks_against_own_side(leads: pl.DataFrame) -> pl.DataFrame:
    """Conversions of each week beside those of its mix at the rates of its own side: came, due, noise."""
    rate = pl.col("converted").mean().over("is_recent", "mix")
    weeks = leads.with_columns(rate=rate).group_by("cohort_on")
    noise = (pl.col("rate") * (1 - pl.col("rate"))).sum()
    return weeks.agg(came=pl.col("converted").sum(), due=pl.col("rate").sum(), noise=noise)


def matched_difference(before: pl.DataFrame, after: pl.DataFrame) -> tuple[float, float]:
    """How far the rate before lies above the one after within each mix, and its standard error.

    Mantel and Haenszel's difference, sum (a0 n1 - a1 n0) / N over sum n0 n1 / N with the conversions a, leads n and N =
    n0 + n1 of each mix; the variance of Sato (1989), Biometrics 45, 1323-1324, holds for many small groups too. A mix
    that is on one side only is compared with nothing and has no weight.
    """
    sides = (frame.group_by("mix").agg(n=pl.len(), a=pl.col("converted").sum()) for frame in (before, after))
    both = next(sides).join(next(sides), on="mix")
    n0, a0, n1, a1 = both.select("n", "a", "n_right", "a_right").to_numpy().astype(float).T
    size = n0 + n1
    weight = (n0 * n1 / size).sum()
    if weight == 0:
        return 0.0, float("inf")
    difference = ((a0 * n1 - a1 * n0) / size).sum() / weight
    tilt = ((n0**2 * a1 - n1**2 * a0 + n0 * n1 * (n1 - n0) / 2) / size**2).sum()
    chance = ((a1 * (n0 - a0) + a0 * (n1 - a1)) / (2 * size)).sum()
    return float(difference), float(max(difference * tilt + chance, 0.0) ** 0.5 / weight)


def recent_mix(
    facts: pl.DataFrame, *, from_stage: str = "lead", to_stage: str = "mql", by: str, as_of: datetime, policy: Policy
) -> pl.DataFrame:
    """`mix_and_rate` of the last 8 weeks of leads that are final against up to 8 before them of the same definition."""
    weekly, _, _ = counted_cohorts(facts, from_stage=from_stage, to_stage=to_stage, by=by, as_of=as_of, policy=policy)
    weekly = same_definition(weekly, as_of=as_of, policy=policy)
    weeks_back = (pl.col("cohort_on").max() - pl.col("cohort_on")).dt.total_days() // 7
    after = weekly.filter(weeks_back < MIX_WEEKS)
    before = weekly.filter(weeks_back.is_between(MIX_WEEKS, 2 * MIX_WEEKS, closed="left"))
    return mix_and_rate(before, after, by=by)


def mix_and_rate(before: pl.DataFrame, after: pl.DataFrame, *, by: str) -> pl.DataFrame:
    """Splits the change of a conversion rate into mix and rate effects that add up to it exactly (definition 14).

    `before` and `after` carry counts per group (rows of one group are summed), such as rows of `cohort_conversion`.
    One row per group: leads_before, leads_after, share_before, share_after, rate_before, rate_after, mix_effect,
    rate_effect, effect (their sum). A group's mix effect is its change of share times how far its rate lies above the
    total's; its rate effect is its change of rate times its share; each at the middle of before and after, so that no
    rest remains. A group on one side only has no change of rate: its whole effect is mix.

    Examples
    --------
    >>> before = pl.DataFrame({"channel": ["a", "b"], "leads": [100, 100], "converted": [30, 5]})
    >>> after = pl.DataFrame({"channel": ["a", "b"], "leads": [50, 150], "converted": [16, 9]})
    >>> split = mix_and_rate(before, after, by="channel")
    >>> split.select(pl.col("mix_effect", "rate_effect", "effect").sum().round(4)).row(0)
    (-0.0638, 0.0138, -0.05)
    """
    sides = (group_counts(frame, by, side) for frame, side in ((before, "before"), (after, "after")))
    before, after = sides
    both = before.join(after, on=by, how="full", coalesce=True).sort(by)
    both = both.with_columns(pl.exclude(by).fill_null(0))
    return with_effects(both.with_columns(*shares_and_rates("before"), *shares_and_rates("after"))).select(
        by,
        *("leads_before", "leads_after", "share_before", "share_after", "rate_before", "rate_after"),
        *("mix_effect", "rate_effect", "effect"),
    )


def total_effects(split: pl.DataFrame) -> pl.DataFrame:
    """The effects of `mix_and_rate` over all groups, one row: mix_effect, rate_effect, effect."""
    return split.select(pl.col("mix_effect", "rate_effect", "effect").sum())


def group_counts(frame: pl.DataFrame, by: str, side: str) -> pl.DataFrame:
    """Leads and conversions of each group on one side."""
    sums = {f"leads_{side}": pl.col("leads").sum(), f"converted_{side}": pl.col("converted").sum()}
    return named_groups(frame, by).group_by(by).agg(**sums)


def shares_and_rates(side: str) -> list[pl.Expr]:
    """Each group's share and rate, and the rate of the total, on one side."""
    leads, converted = pl.col(f"leads_{side}"), pl.col(f"converted_{side}")
    return [
        rate(leads, leads.sum()).alias(f"share_{side}"),
        rate(converted, leads).alias(f"rate_{side}"),
        rate(converted.sum(), leads.sum()).alias(f"total_{side}"),
    ]


def with_effects(both: pl.DataFrame) -> pl.DataFrame:
    """The midpoint decomposition (Kitagawa 1955): change of share x mean rate + change of rate x mean share.

    The total's own rate is taken off the mean rate, which changes no sum because the changes of share sum to 0.
    """
    rate_before = pl.coalesce("rate_before", "rate_after")
    rate_after = pl.coalesce("rate_after", "rate_before")
    middle_rate = (rate_before + rate_after) / 2 - (pl.col("total_before") + pl.col("total_after")) / 2
    middle_share = (pl.col("share_before") + pl.col("share_after")) / 2
    return both.with_columns(
        mix_effect=(pl.col("share_after") - pl.col("share_before")) * middle_rate,
        rate_effect=(rate_after - rate_before) * middle_share,
    ).with_columns(effect=pl.col("mix_effect") + pl.col("rate_effect"))
