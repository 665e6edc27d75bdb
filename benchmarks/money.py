"""Do costs, advice on budgets and the closed loop keep their promises? Simulated companies whose truths are known.

    python benchmarks/money.py --companies 1000

The facts go through the package's own functions, as they would in a report. Printed are: how often the interval of a
cost per SQL holds the true cost, and how often a cost that is the same is called changed, by the dispersion of weeks;
how often advice on moving a budget loses customers, by how saturated channels are; how often the closed loop names
something that won and lost leads do alike, and how often it finds what they do not.
"""

import argparse
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from leadreport.clock import Period
from leadreport.cost import budget_advice, cost_change, cost_per_sql, lead_value, move_budget
from leadreport.policy import parse_policy, preset_text
from leadreport.scoring import closed_loop

POLICY = parse_policy(preset_text("startup").replace("Europe/Berlin", "UTC"))
START = datetime(2025, 1, 6, tzinfo=UTC)
WEEKS = 60
SALES_A_LEAD = (20.0, 140.0)
"""What sales spends on a lead, the same for every lead of a channel."""


def weekly(mean: float, dispersion: float, rng: np.random.Generator, *, weeks: int = WEEKS) -> np.ndarray:
    """Counts of weeks whose variance is `dispersion` times their mean."""
    means = rng.gamma(mean / (dispersion - 1), dispersion - 1, weeks) if dispersion > 1 else np.full(weeks, mean)
    return rng.poisson(means)


def made_leads(counts: np.ndarray, *, channel: str, won: np.ndarray, amount: np.ndarray) -> pl.DataFrame:
    """The leads of one channel, each an SQL at once; `won` of them customers a day later."""
    frame = pl.DataFrame({"week": np.repeat(np.arange(len(counts)), counts), "won": won, "amount": amount})
    frame = frame.with_columns(created_at=pl.lit(START) + pl.duration(days=7 * pl.col("week") + 1))
    return frame.select(
        "created_at",
        channel=pl.lit(channel),
        mql_at="created_at",
        sql_at="created_at",
        customer_at=pl.when("won").then(pl.col("created_at") + timedelta(days=1)),
        won_amount=pl.when("won").then("amount"),
        currency=pl.lit("EUR"),
    )


def spending(amounts: dict[tuple[str, str], float]) -> pl.DataFrame:
    """The same spend in every week: (channel, department) -> amount a week."""
    days = pl.DataFrame({"spent_on": [(START + timedelta(weeks=week)).date() for week in range(WEEKS)]})
    rows = pl.DataFrame([(*key, amount) for key, amount in amounts.items()], orient="row",
                        schema=["channel", "department", "amount"])  # fmt: skip
    return days.join(rows, how="cross").with_columns(campaign=pl.lit(None, dtype=pl.String), currency=pl.lit("EUR"))


def costs(companies: int, rng: np.random.Generator) -> pl.DataFrame:
    """Coverage of the true cost per SQL in a quarter, and false alarms between two months, by dispersion."""
    spend = spending({("ads", "marketing"): 700.0})
    end = START + timedelta(weeks=WEEKS)
    quarter, month = (Period((end - timedelta(weeks=n)).date(), end.date(), zone="UTC") for n in (13, 4))
    rows = []
    for number in range(companies):
        dispersion = (1.0, 1.5, 1.72, 2.0, 3.0)[number % 5]
        mean = float(np.exp(rng.uniform(np.log(3), np.log(40))))
        counts = weekly(mean, dispersion, rng)
        none = np.zeros(counts.sum(), dtype=bool)
        facts = made_leads(counts, channel="ads", won=none, amount=none * 1.0)
        cost = cost_per_sql(facts, spend, period=quarter, policy=POLICY).row(0, named=True)
        k, exact = cost["sqls"], 700 / mean
        covered = cost["cost_per_sql_low"] <= exact <= (cost["cost_per_sql_high"] or np.inf)
        word = cost_change(facts, spend, period=month, policy=POLICY)["verdict"].item()
        rows.append((dispersion, k, covered, None if word == "too few to say" else word != "normal variation"))
    return (
        pl.DataFrame(rows, schema=["dispersion", "sqls", "covered", "alarm"], orient="row")
        .group_by("dispersion")
        .agg(pl.len().alias("companies"), pl.col("covered").mean().round(3), pl.col("alarm").mean().round(4),
             pl.col("alarm").count().alias("verdicts"))
        .sort("dispersion")
    )  # fmt: skip


def drawn_channels(rng: np.random.Generator, *, least: float, most: float) -> list[dict]:
    """Four to eight channels with a saturation of their own, whose costs and close rates lie a little or far apart."""
    drawn, apart = [], rng.uniform(0.1, 1.5)
    for number in range(rng.integers(4, 9)):
        leads = float(np.exp(rng.uniform(np.log(2), np.log(16))))
        drawn.append({
            "name": f"channel {number}",
            "leads": leads,
            "rate": 0.04 * float(np.exp(rng.uniform(-apart, apart))),
            "marketing": leads * 80 * float(np.exp(rng.uniform(-apart, apart))),
            "sales": leads * rng.uniform(*SALES_A_LEAD),
            "elasticity": rng.uniform(least, most),
        })  # fmt: skip
    return drawn


def true_gain(moved: float, source: dict, target: dict) -> float:
    """Customers a week that moving so much a week brings, by the channels' own saturation."""
    left, more = 1 - moved / source["marketing"], 1 + moved / target["marketing"]
    lost = source["leads"] * source["rate"] * (1 - left ** source["elasticity"])
    return target["leads"] * target["rate"] * (more ** target["elasticity"] - 1) - lost


def advice(companies: int, rng: np.random.Generator) -> pl.DataFrame:
    """How often advice is given and loses customers, beside moving a tenth to the cheapest SQL."""
    rows = []
    for number in range(companies):
        least, most = ((0.5, 1.0), (0.3, 0.5), (0.0, 0.3))[number % 3]
        channels = {each["name"]: each for each in drawn_channels(rng, least=least, most=most)}
        parts = []
        for name, each in channels.items():
            counts = weekly(each["leads"], 1.5, rng)
            n = counts.sum()
            amount = 8_000 * np.exp(rng.normal(-0.125, 0.5, n))
            parts.append(made_leads(counts, channel=name, won=rng.random(n) < each["rate"], amount=amount))
        facts = pl.concat(parts)
        spend = spending({(n, part): each[part] for n, each in channels.items() for part in ("marketing", "sales")})
        values = lead_value(facts, spend, by="channel", policy=POLICY, as_of=START + timedelta(weeks=WEEKS))
        weeks = values["spend"].sum() / sum(each["marketing"] + each["sales"] for each in channels.values())
        found = budget_advice(move_budget(values))
        gain = None
        if found.height:
            row = found.row(0, named=True)
            gain = true_gain(row["moved_spend"] / weeks, channels[row["source"]], channels[row["target"]])
        rows.append((f"{least:.1f} to {most:.1f}", gain, by_cheapest(facts, spend, channels)))
    frame = pl.DataFrame(
        rows, schema={"elasticity": pl.String, "gain": pl.Float64, "cheapest": pl.Float64}, orient="row"
    )
    return (
        frame.group_by("elasticity")
        .agg(
            companies=pl.len(),
            advised=pl.col("gain").is_not_null().mean().round(3),
            loses=(pl.col("gain") < 0).mean().round(4),
            cheapest_sql_loses=(pl.col("cheapest") < 0).mean().round(4),
        )
        .sort("elasticity")
    )


def by_cheapest(facts: pl.DataFrame, spend: pl.DataFrame, channels: dict[str, dict]) -> float:
    """What the earlier rule brings: a tenth of all spend of the most expensive SQL goes to the cheapest."""
    end = START + timedelta(weeks=WEEKS)
    quarter = Period((end - timedelta(weeks=13)).date(), end.date(), zone="UTC")
    cost = cost_per_sql(facts, spend, by="channel", period=quarter, policy=POLICY).drop_nulls("cost_per_sql")
    ordered = cost.sort("cost_per_sql")["channel"].to_list()
    source, target = channels[ordered[-1]], channels[ordered[0]]
    moved = min(0.1 * (source["marketing"] + source["sales"]), source["marketing"])
    return true_gain(moved, source, target)


def loop(companies: int, rng: np.random.Generator) -> pl.DataFrame:
    """How often the closed loop names any of 30 kinds that mean nothing, and finds the offer that favours winning."""
    rows = []
    for number in range(companies):
        odds, n = (1.0, 3.8, 8.0)[number % 3], int(np.exp(rng.uniform(np.log(150), np.log(1_500))))
        facts, seen = loop_company(rng, odds=odds, n=n)
        found = closed_loop(facts, seen, aspects=[], policy=POLICY, as_of=START + timedelta(days=900))
        named = found.filter(pl.col("verdict") != "normal variation")["value"].to_list()
        is_offer = "offer" in named
        rows.append(
            (odds, "500 and more" if n >= 500 else "150 to 499", len(named) > (is_offer and odds > 1), is_offer)
        )
    return (
        pl.DataFrame(rows, schema=["odds_ratio", "closed_leads", "false", "found"], orient="row")
        .group_by("odds_ratio", "closed_leads")
        .agg(companies=pl.len(), false_claims=pl.col("false").mean().round(4), found=pl.col("found").mean().round(3))
        .sort("odds_ratio", "closed_leads")
    )


def loop_company(rng: np.random.Generator, *, odds: float, n: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Won and lost leads take differently long; 30 kinds of activity go on meanwhile, alike for both.

    15 % of lost leads take up the offer at some time before they close, and of won leads so many that the odds of
    taking it are `odds` times as high.
    """
    is_won = rng.random(n) < rng.uniform(0.3, 0.7)
    slower = rng.choice([0.5, 1.0, 2.0])
    ages = np.where(is_won, slower, 1.0) * (10 + rng.gamma(2, 20, n))
    interest = rng.gamma(1.5, 1 / 1.5, n)
    parts = []
    for kind, pace in enumerate(np.geomspace(0.001, 0.1, 30)):
        who = np.repeat(np.arange(n), rng.poisson(pace * interest * ages))
        parts.append((np.full(len(who), kind), who, rng.random(len(who)) * ages[who]))
    takes = rng.random(n) < np.where(is_won, 0.15 * odds / (0.85 + 0.15 * odds), 0.15)
    who = np.flatnonzero(takes)
    parts.append((np.full(len(who), 30), who, rng.random(len(who)) * ages[who]))
    kind, who, days = (np.concatenate(each) for each in zip(*parts, strict=True))
    seen = pl.DataFrame({"lead_id": who, "kind": kind, "days": days}).select(
        pl.col("lead_id").cast(pl.String),
        kind=pl.when(pl.col("kind") == 30).then(pl.lit("offer")).otherwise(pl.col("kind").cast(pl.String)),
        happened_at=pl.lit(START) + pl.duration(seconds=pl.col("days") * 86_400),
    )
    facts = pl.DataFrame({"lead_id": np.arange(n), "is_customer": is_won, "days": ages}).select(
        pl.col("lead_id").cast(pl.String),
        "is_customer",
        created_at=pl.lit(START),
        customer_at=pl.lit(START) + pl.duration(seconds=pl.col("days") * 86_400),
        lost_at=pl.lit(START) + pl.duration(seconds=pl.col("days") * 86_400),
        stage=pl.when("is_customer").then(pl.lit("customer")).otherwise(pl.lit("lost")),
    )
    return facts, seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    with pl.Config(tbl_rows=-1, tbl_width_chars=120, tbl_hide_dataframe_shape=True):
        for what in (costs, advice, loop):
            print(what.__doc__.splitlines()[0], what(arguments.companies, rng), sep="\n", flush=True)


if __name__ == "__main__":
    main()
