"""Whom to call: do the first 50 of `call_now` become customers? `python benchmarks/calls.py` prints tables in Markdown.

Earlier dates of the sample (a run as of then, judged by what came later), simulated companies with known truth, and
Olist's funnel where its files are (../shared/data).
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from leadreport.facts import is_closed
from leadreport.lists import work_lists
from leadreport.policy import parse_policy, preset_text
from leadreport.scoring import expected_customers, fit_scorecard, score_leads, scored_leads
from leadreport.scoring.rate_left import learn_rate_left, open_states, with_rate_left
from leadreport.words import CLASSES
from leadreport.workspace import Workspace, open_workspace

ROOT = Path(__file__).parents[1]
DATES = ("2026-02-02", "2026-03-02", "2026-04-06", "2026-05-04", "2026-06-01", "2026-07-06")
FIRST = 50
POLICY = parse_policy(preset_text("startup"))
NOW = datetime(2026, 11, 16, tzinfo=UTC)
NO_ACTIVITIES = pl.DataFrame(schema={"lead_id": pl.String, "by": pl.String, "happened_at": pl.Datetime("us", "UTC")})


def first_won(leads: pl.DataFrame, by: str) -> tuple[int, float]:
    """Customers and won amount among the first 50 by a column."""
    top = leads.sort(by, "lead_id", descending=[True, False], nulls_last=True).head(FIRST)
    return int(top["is_won"].sum()), float(top["amount"].sum())


def sample_row(as_of: str, later: pl.DataFrame, *, folder: str = "data/sample") -> dict[str, object]:
    ws = open_workspace(ROOT / folder, as_of=as_of)
    leads = with_outcome(scored_leads(ws).filter(~is_closed()), later)
    lists = {name: with_outcome(frame, later) for name, frame in work_lists(ws).items() if name.startswith("call")}
    row: dict[str, object] = {"as of": as_of, "open": leads.height, "later customers": int(leads["is_won"].sum())}
    row |= {"call_now": int(lists["call_now"]["is_won"].sum())}
    for name, column in {"newest": "created_at", "score": "score", "engagement": "engagement"}.items():
        row[name] = first_won(leads, column)[0]
    row["at random"] = round(leads["is_won"].mean() * FIRST, 1)
    row["call_now won"] = round(lists["call_now"]["amount"].sum())
    row["call_by_value won"] = round(lists["call_by_value"]["amount"].sum())
    row["newest won"] = round(first_won(leads, "created_at")[1])
    return row | expected_beside(ws, leads)


def expected_beside(ws: Workspace, leads: pl.DataFrame) -> dict[str, object]:
    expected, low, high = expected_customers(ws).select("expected_customers", "low", "high").row(0)
    return {"expected": round(expected, 1), "low": low, "high": high, "inside": low <= leads["is_won"].sum() <= high}


def with_outcome(leads: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """The leads with is_won and amount, what each has paid by the end of the data."""
    is_won = pl.col("later_at").is_not_null()
    joined = leads.join(later, on="lead_id", how="left", maintain_order="left")
    return joined.with_columns(is_won=is_won, amount=pl.when(is_won).then("later_amount").fill_null(0.0))


def outcomes(folder: str, as_of: str) -> pl.DataFrame:
    facts = open_workspace(ROOT / folder, as_of=as_of).facts
    return facts.select("lead_id", later_at="customer_at", later_amount="won_amount")


def simulated(seed: int) -> dict[str, object]:
    """A company with a score, stages and lags of its own: the leads of 500 days, and what becomes of the open ones."""
    rng = np.random.default_rng(seed)
    n = int(rng.uniform(2_000, 8_000))
    ago = rng.uniform(0, 500, n)
    traits = {f"trait_{j}": rng.integers(0, 4, n) for j in range(4)}
    odds = sum(rng.normal(0, 0.6, 4)[values] for values in traits.values()) + np.log(rng.uniform(0.04, 0.2))
    buys = rng.random(n) < 1 / (1 + np.exp(-odds))
    lag = rng.gamma(2, rng.uniform(10, 25), n)
    deal_lag = np.where(buys | (rng.random(n) < 0.1), rng.uniform(0.2, 0.8, n) * lag, np.nan)
    lost_lag = np.where(~buys & (rng.random(n) < 0.3), rng.exponential(60, n), np.nan)
    amounts = np.exp(rng.normal(0, 0.4, n)) * 1_000 * (1 + traits["trait_0"])
    made = pl.DataFrame(traits).select(pl.all().cast(pl.String)).hstack(
        pl.DataFrame({"ago": ago, "won": ago - np.where(buys, lag, np.nan), "deal": ago - deal_lag,
                      "lost": ago - lost_lag, "amount": amounts}).fill_nan(None)
    )  # fmt: skip
    facts = as_facts(made)
    names = list(traits)
    policy = POLICY.model_copy(update={"scoring": POLICY.scoring.model_copy(update={"attributes": names})})
    card = fit_scorecard(facts.filter(pl.col("ago") >= 120), attributes=names, outcome="is_customer")
    scored = score_leads(facts, card)
    learnt = learn_rate_left(scored, NO_ACTIVITIES, policy=policy, as_of=NOW)
    left = with_rate_left(scored, NO_ACTIVITIES, learnt=learnt, policy=policy, as_of=NOW).filter(~is_closed())
    left = left.with_columns(is_won="later_won", amount=pl.when("later_won").then("amount").otherwise(0.0))
    mean, low, high = learnt.customers(open_states(scored, NO_ACTIVITIES, policy=policy, as_of=NOW))
    orders = {"left": "close_rate_left", "newest": "created_at", "score": "score"}
    firsts = {name: first_won(left, column)[0] for name, column in orders.items()}
    came = int(left["is_won"].sum())
    return {"open": left.height, "came": came, "expected": mean, "inside": low <= came <= high, **firsts,
            "at random": came / left.height * FIRST, "left won": first_won(left, "close_rate_left")[1],
            "by value won": first_won(left, "expected_won_amount")[1]}  # fmt: skip


def as_facts(made: pl.DataFrame) -> pl.DataFrame:
    """The columns of facts as of now; what happens later is in `later_won`."""
    at = {
        name: NOW - pl.duration(microseconds=(pl.col(name) * 86_400e6).cast(pl.Int64))
        for name in ("won", "deal", "lost")
    }
    seen = {name: pl.when(pl.col(name) > 0).then(each) for name, each in at.items()}
    unknown = [f"{stage}_at" for stage in CLASSES if stage not in ("lead", "customer", "opportunity", "lost")]
    stage = pl.when(pl.col("won") > 0).then(pl.lit("customer")).when(pl.col("lost") > 0).then(pl.lit("lost"))
    created = instant("ago")
    return made.with_row_index("number").with_columns(
        lead_id=pl.format("{}", "number"), created_at=created, lead_at=created, customer_at=seen["won"],
        opportunity_at=seen["deal"], lost_at=seen["lost"], stage=stage.otherwise(pl.lit("lead")),
        is_customer=(pl.col("won") > 0).fill_null(False), later_won=(pl.col("won") <= 0).fill_null(False),
        won_amount=pl.when(pl.col("won") > 0).then("amount"), open_amount=pl.lit(None, dtype=pl.Float64),
        **{name: pl.lit(None, dtype=pl.Datetime("us", "UTC")) for name in unknown},
    )  # fmt: skip


def instant(days_ago: str) -> pl.Expr:
    return NOW - pl.duration(microseconds=(pl.col(days_ago) * 86_400e6).cast(pl.Int64))


def coverage(leads: int, companies: int) -> float:
    """How often the interval of the expected close rate covers the true one, over leads that the card has not seen."""
    rng, held = np.random.default_rng(leads), []
    for _ in range(companies):
        sizes = rng.integers(2, 9, 6)
        values = {f"a{j}": rng.choice(k, leads + 400, p=rng.dirichlet(2 * np.ones(k))) for j, k in enumerate(sizes)}
        spreads = rng.choice([0, 0.3, 0.6, 0.9], 6)
        odds = sum(rng.normal(0, s, k)[v] for s, k, v in zip(spreads, sizes, values.values(), strict=True))
        truth = 1 / (1 + np.exp(-(odds - odds.mean() + np.log(rng.uniform(0.05, 0.2)))))
        made = pl.DataFrame({name: each.astype(str) for name, each in values.items()}).with_columns(
            truth=truth, won=rng.random(len(truth)) < truth
        )
        card = fit_scorecard(made[:leads], attributes=list(values), outcome="won")
        later = score_leads(made[leads:], card)
        low, high = (later[f"expected_close_rate_{end}"] for end in ("low", "high"))
        held.append(later["truth"].is_between(low, high).mean())
    return float(np.mean(held))


def markdown(rows: list[dict[str, object]]) -> str:
    head = f"| {' | '.join(rows[0])} |\n|{'---|' * len(rows[0])}"
    return "\n".join([head, *(f"| {' | '.join(str(value) for value in row.values())} |" for row in rows)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=60)
    asked = parser.parse_args()
    later = outcomes("data/sample", "2026-11-16")
    print("\n### The sample\n\n" + markdown([sample_row(as_of, later) for as_of in DATES]))
    found = pl.DataFrame([simulated(seed) for seed in range(asked.companies)])
    print(f"\n### {asked.companies} simulated companies, averages\n")
    print(markdown([{name: round(float(found[name].mean()), 3) for name in found.columns}]))
    print("\n### Coverage of the expected close rate's interval\n")
    print(markdown([{str(n): round(coverage(n, k), 3) for n, k in ((300, 60), (1_000, 30), (5_000, 10))}]))
    if (ROOT.parent / "shared" / "data" / "olist").is_dir():
        ws = open_workspace(ROOT / "data/examples/olist", as_of="2018-06-04")
        leads = with_outcome(scored_leads(ws).filter(~is_closed()), outcomes("data/examples/olist", "2018-11-15"))
        print(f"\nOlist as of 2018-06-04: {expected_beside(ws, leads)}, {leads['is_won'].sum()} came")


if __name__ == "__main__":
    main()
