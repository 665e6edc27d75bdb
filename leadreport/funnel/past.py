"""The facts as an earlier day would have shown them, and how the forecasts of earlier days did."""

from datetime import datetime, timedelta

import polars as pl

from leadreport.clock import as_instant, local_date
from leadreport.facts import furthest_rank, reached_at
from leadreport.funnel.calendar import last_day
from leadreport.funnel.forecast import forecast
from leadreport.policy import Policy
from leadreport.words import STAGES


def seen_at(facts: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """The journeys as they stood at an earlier instant: leads created before it, stages reached before it.

    Only the columns of the ladder are taken back (stages, their imputation, `stage` and `stage_at`); a loss that came
    later is undone. Attributes, amounts and merges stay as they are known now: for these build the facts anew.
    """
    boundary = pl.lit(as_of)
    seen = facts.filter(pl.col("created_at") < boundary).with_columns(
        pl.when(reached_at(stage) < boundary).then(reached_at(stage)).alias(f"{stage}_at") for stage in STAGES[1:]
    )
    on_ladder = pl.lit(pl.Series(STAGES)).gather(furthest_rank())
    came_at = pl.max_horizontal(reached_at(stage) for stage in STAGES)
    is_later = pl.col("stage_at") >= boundary
    return seen.with_columns(
        *(reached_at(stage).is_not_null().alias(f"is_{stage}") for stage in STAGES[1:]),
        *(
            (pl.col(f"is_{stage}_imputed") & reached_at(stage).is_not_null()).alias(f"is_{stage}_imputed")
            for stage in STAGES[1:]
        ),
        stage=pl.when(is_later).then(on_ladder).otherwise("stage"),
        stage_at=pl.when(is_later).then(came_at).otherwise("stage_at"),
    )


def forecast_record(
    facts: pl.DataFrame, *, to_stage: str = "sql", as_of: datetime, policy: Policy, weeks: int = 4, runs: int = 8
) -> pl.DataFrame:
    """What the forecasts of the last weeks said, beside what then came.

    One forecast a week, the last `runs` whose `weeks` weeks are over: made_on, weeks, expected, low, high, entered,
    is_inside. The facts of each day are today's, taken back by `seen_at`.
    """
    zone = policy.company.time_zone
    end_on = last_day(as_of, zone=zone) + timedelta(days=1)
    day = local_date(reached_at(to_stage), zone=zone)
    rows = []
    for back in reversed(range(weeks, weeks + runs)):
        made_on = end_on - timedelta(days=7 * back)
        then = as_instant(made_on, zone=zone)
        told = forecast(seen_at(facts, then), to_stage=to_stage, as_of=then, policy=policy, weeks=weeks).tail(1)
        came = facts.filter(day >= made_on, day < made_on + timedelta(days=7 * weeks)).height
        rows.append([made_on, weeks, *told.select("so_far_expected", "so_far_low", "so_far_high").row(0), came])
    names = ["made_on", "weeks", "expected", "low", "high", "entered"]
    record = pl.DataFrame(rows, schema=names, orient="row")
    return record.with_columns(is_inside=pl.col("entered").is_between("low", "high"))
