"""Do the words and the intervals keep their promise? Simulated companies in which nothing changes.

    python benchmarks/false_alarms.py --companies 1000

Every company has its own size, rates, lags and unevenness of weeks. Its facts go through the package's own functions,
as they would in a report. Printed are the share of false alarms against the promised one, and the coverage of each
interval against 95 %: of the truth that was simulated, or of what came later.
"""

import argparse
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from leadreport.cost import cost_per_sql, lead_value
from leadreport.funnel import cohort_conversion, forecast, seen_at, week_on_week
from leadreport.policy import Policy, parse_policy, preset_text
from leadreport.rates import rate_difference, rate_interval
from leadreport.words import STAGES

WEEKS = 46
LATER_WEEKS = 20
START = datetime(2025, 1, 6, tzinfo=UTC)
AS_OF = START + timedelta(weeks=WEEKS)
STEPS = STAGES[1:]


@dataclass(frozen=True)
class Company:
    """The truths of one company; the same in every week."""

    leads_a_week: float
    unevenness: float
    rates: np.ndarray
    lag_days: np.ndarray
    amount: float
    amount_spread: float


def draw_company(rng: np.random.Generator, *, unevenness: float) -> Company:
    """Between 8 and 250 leads a week; every step with a rate and a mean lag of its own."""
    return Company(
        leads_a_week=float(np.exp(rng.uniform(np.log(8), np.log(250)))),
        unevenness=unevenness,
        rates=rng.uniform([0.3, 0.5, 0.3, 0.5, 0.3], [0.6, 0.9, 0.7, 0.9, 0.7]),
        lag_days=rng.uniform([1, 0.5, 3, 2, 8], [6, 3, 10, 7, 25]),
        amount=float(rng.uniform(1_000, 20_000)),
        amount_spread=float(rng.uniform(0.3, 1.0)),
    )


def make_facts(company: Company, rng: np.random.Generator) -> pl.DataFrame:
    """The leads of all weeks, with everything that will ever happen to them."""
    means = np.full(WEEKS + LATER_WEEKS, company.leads_a_week)
    if company.unevenness:
        shape = 1 / company.unevenness**2
        means = means * rng.gamma(shape, 1 / shape, len(means))
    week = np.repeat(np.arange(len(means)), rng.poisson(means))
    created = week * 7 + rng.uniform(0, 7, len(week))
    goes_on = (rng.random((len(week), 5)) < company.rates).cumprod(axis=1).astype(bool)
    days = created[:, None] + rng.exponential(company.lag_days, goes_on.shape).cumsum(axis=1)
    spread = np.sqrt(np.log(1 + company.amount_spread**2))
    amounts = company.amount * np.exp(rng.normal(-(spread**2) / 2, spread, len(week)))
    columns = {f"{stage}_days": np.where(goes_on[:, i], days[:, i], np.nan) for i, stage in enumerate(STEPS)}
    frame = pl.DataFrame({"created_days": created, "amount": amounts.round(2)} | columns)
    return as_facts(frame.fill_nan(None))


def as_facts(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns that facts have; nobody is ever marked as lost."""
    at = {name: START + pl.duration(microseconds=(pl.col(f"{name}_days") * 86_400e6).cast(pl.Int64)) for name in STEPS}
    top = pl.sum_horizontal(pl.col(f"{name}_days").is_not_null() for name in STEPS)
    facts = frame.with_row_index("number").select(
        lead_id=pl.format("{}", pl.col("number")),
        channel=pl.lit(None, dtype=pl.String),
        created_at=START + pl.duration(microseconds=(pl.col("created_days") * 86_400e6).cast(pl.Int64)),
        **{f"{name}_at": each for name, each in at.items()},
        **{f"is_{name}_imputed": pl.lit(False) for name in STEPS},
        stage=pl.lit(pl.Series(STAGES)).gather(top),
        won_amount=pl.when(pl.col("customer_days").is_not_null()).then("amount"),
        currency=pl.lit("EUR"),
    )
    return facts.with_columns(stage_at=pl.max_horizontal("created_at", *(f"{name}_at" for name in STEPS)))


def as_seen(facts: pl.DataFrame) -> pl.DataFrame:
    """The facts at the day of the report; what was won later has no amount yet."""
    seen = seen_at(facts, AS_OF)
    return seen.with_columns(won_amount=pl.when(pl.col("customer_at").is_not_null()).then("won_amount"))


def observe(company: Company, rng: np.random.Generator, policy: Policy) -> list[tuple[str, float]]:
    """One report on one company: (what, 1 for an alarm or a covered truth, else 0)."""
    facts = make_facts(company, rng)
    seen = as_seen(facts)
    rows = headline_alarms(seen, policy)
    rows += cohort_coverage(company, facts, seen, policy)
    rows += [("forecast of 4 weeks' SQLs", float(is_forecast(facts, seen, policy)))]
    return rows + money_coverage(company, seen, policy)


def headline_alarms(seen: pl.DataFrame, policy: Policy) -> list[tuple[str, float]]:
    rows = []
    for row in week_on_week(seen, as_of=AS_OF, policy=policy).iter_rows(named=True):
        kind = "rates" if row["name"].endswith("_rate") else "counts"
        if row["verdict"] != "too few to say":
            rows.append((f"alarm: {kind}", float(row["verdict"] in ("up", "down"))))
        if row["trend"] != "too few to say":
            rows.append((f"alarm: trend of {kind}", float(row["trend"] != "steady")))
    return rows


def cohort_coverage(
    company: Company, facts: pl.DataFrame, seen: pl.DataFrame, policy: Policy
) -> list[tuple[str, float]]:
    """Final rates against the truth, young cohorts against the truth and against what became of them."""
    rows = []
    asked = {"from_stage": "lead", "to_stage": "mql", "every": "week", "policy": policy}
    now = cohort_conversion(seen, as_of=AS_OF, **asked)
    later = cohort_conversion(facts, as_of=AS_OF + timedelta(weeks=LATER_WEEKS), **asked)
    for row in now.filter(pl.col("conversion_rate").is_not_null()).iter_rows(named=True):
        rows.append(("final rate (Wilson)", inside(truth_by(company, row["horizon_days"]), row["low"], row["high"])))
    young = now.filter(~pl.col("is_final"), pl.col("leads") > 0).join(
        later.select("cohort", came="converted"), on="cohort"
    )
    for row in young.iter_rows(named=True):
        rows.append(
            (
                "young cohort so far (Kaplan-Meier)",
                inside(truth_by(company, row["km_days"]), row["km_low"], row["km_high"]),
            )
        )
        rows.append(
            ("young cohort at the end", inside(row["came"] / row["leads"], row["expected_low"], row["expected_high"]))
        )
    return rows


def truth_by(company: Company, days: float) -> float:
    """The share of leads that are MQLs by an age."""
    return float(company.rates[0] * (1 - np.exp(-days / company.lag_days[0])))


def is_forecast(facts: pl.DataFrame, seen: pl.DataFrame, policy: Policy) -> bool:
    told = forecast(seen, to_stage="sql", as_of=AS_OF, policy=policy, weeks=4).row(-1, named=True)
    came = facts.filter(pl.col("sql_at") >= AS_OF, pl.col("sql_at") < AS_OF + timedelta(weeks=4)).height
    return told["so_far_low"] <= came <= told["so_far_high"]


def money_coverage(company: Company, seen: pl.DataFrame, policy: Policy) -> list[tuple[str, float]]:
    """Costs and values against those that the company's truths imply."""
    days = pl.DataFrame({"spent_on": pl.date_range(START.date(), AS_OF.date(), closed="left", eager=True)})
    columns = {"channel": pl.String, "campaign": pl.String}
    spend = days.with_columns(
        *(pl.lit(None, dtype=kind).alias(name) for name, kind in columns.items()),
        department=pl.lit("marketing"),
        amount=pl.lit(100.0),
        currency=pl.lit("EUR"),
    )
    cost = cost_per_sql(seen, spend, basis="cohort", policy=policy, as_of=AS_OF).row(0, named=True)
    weeks = cost["spend"] / 700
    true_cost = cost["spend"] / (weeks * company.leads_a_week * company.rates[:3].prod())
    value = lead_value(seen, spend, policy=policy, as_of=AS_OF).row(0, named=True)
    true_value = company.rates.prod() * company.amount * policy.cost.margin
    kind = "uneven weeks" if company.unevenness else "even weeks"
    rows = [(f"cost per SQL, {kind}", inside(true_cost, cost["cost_per_sql_low"], cost["cost_per_sql_high"]))]
    return [*rows, ("value of a lead", inside(true_value, value["lead_value_low"], value["lead_value_high"]))]


def inside(truth: float, low: float | None, high: float | None) -> float:
    return float(low is not None and low - 1e-9 <= truth and (high is None or truth <= high + 1e-9))


def rate_coverage(rng: np.random.Generator, pairs: int = 4_000) -> list[tuple[str, float]]:
    """Wilson and Newcombe on drawn rates and sizes, small ones included."""
    n1, n2 = rng.integers(5, 300, pairs), rng.integers(5, 300, pairs)
    p1, p2 = rng.uniform(0.01, 0.6, pairs), rng.uniform(0.01, 0.6, pairs)
    k1, k2 = rng.binomial(n1, p1), rng.binomial(n2, p2)
    one, two = (
        rate_interval(k1.tolist(), n1.tolist()),
        rate_difference(k1.tolist(), n1.tolist(), k2.tolist(), n2.tolist()),
    )
    rows = [("rate (Wilson)", inside(p, *ends)) for p, ends in zip(p1, one.select("low", "high").rows(), strict=True)]
    differences = zip(p1 - p2, two.select("low", "high").rows(), strict=True)
    return rows + [("difference of two rates (Newcombe)", inside(d, *ends)) for d, ends in differences]


def summarise(rows: list[tuple[str, float]]) -> pl.DataFrame:
    """Per promise: how often it was put to the test, the share found, the share promised, its standard error."""
    is_alarm = pl.col("what").str.starts_with("alarm")
    return (
        pl.DataFrame(rows, schema=["what", "found"], orient="row")
        .group_by("what")
        .agg(cases=pl.len(), share=pl.col("found").mean().round(4))
        .with_columns(promised=pl.when(is_alarm).then(0.01).otherwise(0.95))
        .sort("promised", "what")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    policy = parse_policy(preset_text("startup").replace("Europe/Berlin", "UTC"))
    rng = np.random.default_rng(arguments.seed)
    began = time.perf_counter()
    rows = rate_coverage(rng)
    for number in range(arguments.companies):
        company = draw_company(rng, unevenness=(0.0, 0.1, 0.25)[number % 3])
        rows += observe(company, rng, policy)
    with pl.Config(tbl_rows=-1, tbl_width_chars=120, fmt_str_lengths=50, tbl_hide_dataframe_shape=True):
        print(summarise(rows))
    print(f"{arguments.companies} companies in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
