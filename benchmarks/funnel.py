"""Do the funnel page's words and intervals keep their promise while the mix drifts? Simulated companies.

    python benchmarks/funnel.py --companies 80

The companies are those of tests/simulated.py: five channels that differ on every step, a mix that drifts and steps,
uneven weeks, losses. Printed are coverages against 95 %, false alarms against 1 %, and the planted changes found.
"""

import argparse
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from simulated import AS_OF, CHANNELS, LATER_WEEKS, Company, as_seen, draw_company, journeys

from leadreport.funnel import bottleneck, cohort_conversion, forecast
from leadreport.words import STAGES

Found = dict[str, list[float]]


def forecasts(facts: pl.DataFrame, seen: pl.DataFrame, company: Company, found: Found) -> None:
    """Four weeks of entries against what came."""
    for stage in ("sql", "customer"):
        told = forecast(seen, to_stage=stage, as_of=AS_OF, policy=company.policy).row(-1, named=True)
        is_ahead = pl.col(f"{stage}_at").is_between(AS_OF, AS_OF + timedelta(weeks=4), closed="left")
        came = facts.filter(is_ahead).height
        found[f"forecast, {stage}: covered"].append(told["so_far_low"] <= came <= told["so_far_high"])
        found[f"forecast, {stage}: came / expected"].append(came / max(told["so_far_expected"], 1e-9))


def cohorts(facts: pl.DataFrame, seen: pl.DataFrame, company: Company, found: Found) -> None:
    """Young cohorts against what became of them; tables in which nothing changed against silence."""
    for stage in ("mql", "customer"):
        for every in ("week", "month"):
            asked = {"from_stage": "lead", "to_stage": stage, "every": every, "policy": company.policy}
            now = cohort_conversion(seen, as_of=AS_OF, **asked)
            later = cohort_conversion(facts, as_of=AS_OF + timedelta(weeks=LATER_WEEKS), **asked)
            young = now.filter(~pl.col("is_final"), ~pl.col("is_partial"), pl.col("leads") > 0)
            for row in young.join(later.select("cohort", came="converted"), on="cohort").iter_rows(named=True):
                low, high = (round(row[f"expected_{end}"] * row["leads"]) for end in ("low", "high"))
                on_end = 0.5 * (row["came"] in (low, high)) if low < high else 0.0
                found[f"young, {stage} by {every}: covered"].append(low <= row["came"] <= high)
                found[f"young, {stage} by {every}: covered, ends half"].append((low <= row["came"] <= high) - on_end)
                found[f"young, {stage} by {every}: came - expected, points"].append(
                    100 * (row["came"] / row["leads"] - row["expected_rate"])
                )
            speaks = now.filter(pl.col("verdict").is_in(["up", "down"]))
            found[f"young, {stage} by {every}: table speaks"].append(not speaks.is_empty())
            if stage == "mql":
                estimates(now, facts, company, every, found)


def estimates(now: pl.DataFrame, facts: pl.DataFrame, company: Company, every: str, found: Found) -> None:
    """Kaplan-Meier against the truth at the age it names."""
    start = pl.col("created_at").dt.convert_time_zone("UTC").dt.date().dt.truncate("1w" if every == "week" else "1mo")
    rates = dict(zip(CHANNELS, 1 / (1 + np.exp(-company.odds[:, 0])), strict=True))
    rate = pl.col("channel").replace_strict(rates, return_dtype=pl.Float64)
    truths = facts.group_by(cohort_on=start).agg(rate=rate.mean())
    known = now.filter(~pl.col("is_partial"), pl.col("leads") > 0).join(truths, on="cohort_on")
    for row in known.iter_rows(named=True):
        truth = row["rate"] * (1 - np.exp(-row["km_days"] / company.lag_days[0]))
        kind = "final" if row["is_final"] else "young"
        found[f"Kaplan-Meier, {kind} by {every}: covered"].append(row["km_low"] <= truth <= row["km_high"])
        found["Kaplan-Meier: below converted / leads"].append(row["km_rate"] < row["converted"] / row["leads"] - 1e-9)


def steps(rng: np.random.Generator, found: Found) -> None:
    """The bottleneck with nothing but drift, with a dated change of definition, and with one step made worse."""
    step = int(rng.integers(0, 4))
    kinds = {
        "only drift": {},
        "definition changed": {"changed_week": int(rng.integers(20, 60))},
        "planted": {"planted": {step: -0.8}},
    }
    for kind, planted in kinds.items():
        company = draw_company(rng, **planted)
        rows = bottleneck(as_seen(journeys(company, rng)), as_of=AS_OF, policy=company.policy)
        losing = rows.filter(verdict="loses")["from_stage"].to_list()
        if kind != "planted":
            found[f"bottleneck, {kind}: any verdict"].append(
                not rows.filter(pl.col("verdict").is_in(["loses", "gains"])).is_empty()
            )
            continue
        size = "70 leads a week or more" if company.leads_a_week >= 70 else "15 to 70 leads a week"
        found[f"bottleneck, planted, {size}: found"].append(STAGES[step] in losing)
        found["bottleneck, planted: another step named"].append(bool(set(losing) - {STAGES[step]}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=80)
    parser.add_argument("--seed", type=int, default=2)
    arguments = parser.parse_args()
    rng, found = np.random.default_rng(arguments.seed), defaultdict(list)
    for _ in range(arguments.companies):
        company = draw_company(rng)
        facts = journeys(company, rng)
        forecasts(facts, as_seen(facts), company, found)
        cohorts(facts, as_seen(facts), company, found)
        steps(rng, found)
    print("| claim | cases | mean | standard error |\n|---|---|---|---|")
    for claim, values in sorted(found.items()):
        print(f"| {claim} | {len(values)} | {np.mean(values):.3f} | {np.std(values) / len(values) ** 0.5:.3f} |")


if __name__ == "__main__":
    main()
