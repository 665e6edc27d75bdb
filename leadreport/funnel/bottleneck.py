"""Where customers are lost: the step that fell behind its own past, and whether the mix of leads or the rates moved."""

from datetime import datetime

import polars as pl

from leadreport.funnel.cohorts import final_cohorts
from leadreport.policy import Policy
from leadreport.rates import named_groups, rate, rate_difference
from leadreport.words import NORMAL_VARIATION, STEPS, TOO_FEW

LOSES, GAINS = "loses", "gains"
"""The verdicts on a step whose customers changed by more than chance explains."""

MIX_WEEKS = 8
"""The weeks of leads that are compared with as many before them."""


def bottleneck(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 13) -> pl.DataFrame:
    """How many customers each step has lost in the last `weeks` weeks, against the same step before.

    The last `weeks` final weekly cohorts of each step are compared with the final ones before them. Lost customers =
    leads x (usual rate - rate) x onward rate, which carries what is missing on to customers at the usual rates of the
    later steps. One row per step, the largest loss first: from_stage, to_stage, leads, step_rate, usual_leads,
    usual_rate, onward_rate (usual, from the next stage to customer), lost_customers with low and high (Newcombe),
    verdict: "loses" or "gains" when the interval excludes 0, else "normal variation"; "too few to say" without a
    history.
    """
    counts = [recent_and_usual(facts, step, as_of=as_of, policy=policy, weeks=weeks) for step in STEPS]
    steps = pl.concat(counts).with_columns(
        step_rate=rate("converted", "leads"), usual_rate=rate("usual_converted", "usual_leads")
    )
    # A later step without a history leaves the way onward unknown; the last step leads to nothing further.
    onward = steps["usual_rate"].fill_null(float("nan")).reverse().cum_prod().reverse().shift(-1, fill_value=1.0)
    gap = rate_difference(*(steps[name] for name in ("usual_converted", "usual_leads", "converted", "leads")))
    cost = pl.col("leads") * pl.col("onward_rate")
    lost = steps.with_columns(onward_rate=onward.fill_nan(None)).hstack(gap)
    lost = lost.with_columns(
        lost_customers=(cost * pl.col("difference")).round(10),
        low=(cost * pl.col("low")).round(10),
        high=(cost * pl.col("high")).round(10),
    )
    return lost.select(
        *("from_stage", "to_stage", "leads", "step_rate", "usual_leads", "usual_rate", "onward_rate"),
        *("lost_customers", "low", "high"),
        verdict=loss_verdict(),
    ).sort("lost_customers", descending=True, nulls_last=True, maintain_order=True)


def losing_steps(steps: pl.DataFrame) -> pl.DataFrame:
    """The steps of `bottleneck` that lose more customers than chance explains, the largest loss first."""
    return steps.filter(pl.col("verdict") == LOSES)


def recent_and_usual(
    facts: pl.DataFrame, step: tuple[str, str], *, as_of: datetime, policy: Policy, weeks: int
) -> pl.DataFrame:
    """The counts of one step, in its last final cohorts and in those before: one row."""
    from_stage, to_stage = step
    final = final_cohorts(facts, from_stage=from_stage, to_stage=to_stage, as_of=as_of, policy=policy)
    recent, usual = final.tail(weeks), final.head(max(final.height - weeks, 0))
    counts = pl.col("leads", "converted").sum()
    return recent.select(pl.lit(from_stage).alias("from_stage"), pl.lit(to_stage).alias("to_stage"), counts).hstack(
        usual.select(counts.name.prefix("usual_"))
    )


def loss_verdict() -> pl.Expr:
    """Whether a step loses or gains: the interval of its lost customers excludes 0."""
    return (
        pl.when(pl.col("low") > 0)
        .then(pl.lit(LOSES))
        .when(pl.col("high") < 0)
        .then(pl.lit(GAINS))
        .when(pl.col("lost_customers").is_not_null())
        .then(pl.lit(NORMAL_VARIATION))
        .otherwise(pl.lit(TOO_FEW))
    )


def recent_mix(
    facts: pl.DataFrame, *, from_stage: str = "lead", to_stage: str = "mql", by: str, as_of: datetime, policy: Policy
) -> pl.DataFrame:
    """`mix_and_rate` of the last 8 weeks of leads that are final against the 8 weeks before them."""
    weekly = final_cohorts(facts, from_stage=from_stage, to_stage=to_stage, by=by, as_of=as_of, policy=policy)
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
