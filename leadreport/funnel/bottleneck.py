"""The step that costs the most customers against the leads' own history: not the one with the lowest rate."""

from datetime import datetime

import polars as pl

from leadreport.funnel.cohorts import cohort_conversion
from leadreport.policy import Policy
from leadreport.rates import rate, rate_difference
from leadreport.words import STEPS


def bottleneck(facts: pl.DataFrame, *, as_of: datetime, policy: Policy, weeks: int = 13) -> pl.DataFrame:
    """How many customers each step has cost of late, against how the same step went before.

    The last `weeks` final weekly cohorts of each step stand against the final ones before them. What is missing is
    carried on to customers at the usual rates of the later steps. One row per step, the costliest first: from_stage,
    to_stage, leads, step_rate, usual_leads, usual_rate, onward_rate (usual, from the next stage to customer),
    lost_customers with low and high (Newcombe), verdict: "loses" or "gains" when the interval leaves 0 out, else
    "normal variation"; "too few to say" without a history.
    """
    counts = pl.concat(
        [recent_and_usual(facts, one, two, as_of=as_of, policy=policy, weeks=weeks) for one, two in STEPS]
    )
    usual = counts.with_columns(usual_rate=rate("usual_converted", "usual_leads"))
    # A later step without a history leaves what it would have led on unknown; the last step leads to nothing further.
    onward = usual["usual_rate"].fill_null(float("nan")).reverse().cum_prod().reverse().shift(-1, fill_value=1.0)
    steps = usual.with_columns(step_rate=rate("converted", "leads"), onward_rate=onward.fill_nan(None))
    gap = rate_difference(*(steps[name] for name in ("usual_converted", "usual_leads", "converted", "leads")))
    cost = pl.col("leads") * pl.col("onward_rate")
    lost = steps.hstack(gap).with_columns(
        lost_customers=(cost * pl.col("difference")).round(10),
        low=(cost * pl.col("low")).round(10),
        high=(cost * pl.col("high")).round(10),
    )
    return with_verdict(lost).sort("lost_customers", descending=True, nulls_last=True, maintain_order=True)


def recent_and_usual(
    facts: pl.DataFrame, from_stage: str, to_stage: str, *, as_of: datetime, policy: Policy, weeks: int
) -> pl.DataFrame:
    """The counts of one step: of its last final cohorts, and of those before."""
    cohorts = cohort_conversion(
        facts, from_stage=from_stage, to_stage=to_stage, every="week", as_of=as_of, policy=policy
    )
    final = cohorts.filter(pl.col("is_final"), ~pl.col("is_partial"), ~pl.col("is_truncated"))
    recent, usual = final.tail(weeks), final.head(max(final.height - weeks, 0))
    return pl.DataFrame(
        {
            "from_stage": [from_stage],
            "to_stage": [to_stage],
            "leads": [recent["leads"].sum()],
            "converted": [recent["converted"].sum()],
            "usual_leads": [usual["leads"].sum()],
            "usual_converted": [usual["converted"].sum()],
        }
    ).cast({pl.Int8: pl.Int64, pl.Int32: pl.Int64}, strict=False)


def with_verdict(steps: pl.DataFrame) -> pl.DataFrame:
    word = (
        pl.when(pl.col("low") > 0)
        .then(pl.lit("loses"))
        .when(pl.col("high") < 0)
        .then(pl.lit("gains"))
        .when(pl.col("lost_customers").is_not_null())
        .then(pl.lit("normal variation"))
        .otherwise(pl.lit("too few to say"))
    )
    return steps.select(
        *("from_stage", "to_stage", "leads", "step_rate", "usual_leads", "usual_rate", "onward_rate"),
        *("lost_customers", "low", "high"),
        verdict=word,
    )
