"""The scorecard beside other methods on real files: `python benchmarks/scoring.py` prints a table in Markdown.

The files are not ours to ship; they are looked for in ../shared/data and left out where they are absent. scikit-learn
is needed (extra `yardstick`).
"""

import sys
import time
import warnings
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from models import MODELS

from leadreport.scoring import fit_scorecard, recalibrate, score_leads
from leadreport.scoring.measures import accuracy

DATA = Path(__file__).parents[2] / "shared" / "data"
SEEDS = range(5)
METHODS = ("close_rate", "lift", "weighted", *MODELS)
SHOWN = ("auc", "average_precision", "brier", "calibration_error", "top_decile_lift", "seconds")

Split = tuple[pl.DataFrame, pl.DataFrame]


def bank(*, with_duration: bool = False) -> pl.DataFrame:
    """Calls of a bank in the order of their dates; `duration` is known only after the call."""
    leads = pl.read_csv(DATA / "uci_bank" / "bank-full.csv", separator=";").with_columns(won=pl.col("y") == "yes")
    return leads.drop("y") if with_duration else leads.drop("y", "duration")


def olist() -> Split:
    """Trained on the first quarter of 2018, judged on April and May; won within 90 days."""
    folder = DATA / "olist"
    leads = pl.read_csv(folder / "olist_marketing_qualified_leads_dataset.csv", try_parse_dates=True)
    deals = pl.read_csv(folder / "olist_closed_deals_dataset.csv", try_parse_dates=True).select("mql_id", "won_date")
    days = (pl.col("won_date").dt.date() - pl.col("first_contact_date")).dt.total_days()
    known = leads.join(deals, on="mql_id", how="left").with_columns(won=(days <= 90).fill_null(False))
    months = [(date(2018, 1, 1), date(2018, 3, 31)), (date(2018, 4, 1), date(2018, 5, 31))]
    past, later = (known.filter(pl.col("first_contact_date").is_between(*span)) for span in months)
    return past.select("landing_page_id", "origin", "won"), later.select("landing_page_id", "origin", "won")


def at_random(leads: pl.DataFrame, *, seed: int, train: int | None = None) -> Split:
    """70 % to train with, or the first so many of them; 30 % to judge on."""
    order = np.random.default_rng(seed).permutation(leads.height)
    cut = int(0.7 * leads.height)
    return leads[order[:cut][:train]], leads[order[cut:]]


def by_order(leads: pl.DataFrame) -> Split:
    """The first 70 % of the file to train with, the rest to judge on."""
    cut = int(0.7 * leads.height)
    return leads[:cut], leads[cut:]


def splits() -> Iterator[tuple[str, list[Split]]]:
    """What is measured, with one or several splits."""
    if (DATA / "uci_bank").is_dir():
        yield "UCI bank, random 70/30", [at_random(bank(), seed=seed) for seed in SEEDS]
        yield "UCI bank, first 70 % / rest", [by_order(bank())]
        yield "UCI bank, 300 leads", [at_random(bank(), seed=seed, train=300) for seed in SEEDS]
        yield "UCI bank, 1,200 leads", [at_random(bank(), seed=seed, train=1200) for seed in SEEDS]
        shuffled = bank().with_columns(pl.col("won").shuffle(seed=1))
        yield "UCI bank, outcomes shuffled", [at_random(shuffled, seed=seed) for seed in SEEDS]
        leaky = bank(with_duration=True)
        yield "UCI bank with `duration` (a leak)", [at_random(leaky, seed=seed) for seed in SEEDS]
    if (DATA / "olist").is_dir():
        yield "Olist, 2018-01..03 / 04..05", [olist()]


def expected_by(method: str, past: pl.DataFrame, later: pl.DataFrame) -> np.ndarray:
    """The close rates that a method expects of the later leads."""
    attributes = [name for name in past.columns if name != "won"]
    if method in MODELS:
        return MODELS[method](past, later, attributes=attributes, outcome="won")
    card = fit_scorecard(past, attributes=attributes, outcome="won", method=method)
    return score_leads(later, card)["expected_close_rate"].to_numpy()


def judged(method: str, past: pl.DataFrame, later: pl.DataFrame) -> dict[str, object]:
    start = time.perf_counter()
    expected = expected_by(method, past, later)
    seconds = time.perf_counter() - start
    return accuracy(later["won"].to_numpy(), expected).row(0, named=True) | {"method": method, "seconds": seconds}


def compared(pairs: list[Split]) -> pl.DataFrame:
    """One row per method, averaged over the splits, and how AUC varies between them."""
    rows = [judged(method, *pair) for method in METHODS for pair in pairs]
    spread = pl.col("auc").std().alias("auc_spread")
    return pl.DataFrame(rows).group_by("method", maintain_order=True).agg(pl.col(SHOWN).mean(), spread)


def markdown(frame: pl.DataFrame) -> str:
    head = "| method | AUC | +/- | avg precision | Brier | calibration error | top-decile lift | seconds |"
    rows = [
        f"| {row['method']} | {row['auc']:.4f} | {row['auc_spread'] or 0:.4f} | {row['average_precision']:.4f} "
        f"| {row['brier']:.4f} | {row['calibration_error']:.4f} | {row['top_decile_lift']:.2f} | {row['seconds']:.2f} |"
        for row in frame.iter_rows(named=True)
    ]
    return "\n".join([head, "|---|" + "---|" * 7, *rows])


def recalibrated() -> str:
    """Under drift, each twentieth of the later leads with expected rates recalibrated to the 2,000 leads before it."""
    leads = bank()
    past, later = by_order(leads)
    attributes = [name for name in past.columns if name != "won"]
    card = fit_scorecard(past, attributes=attributes, outcome="won")
    starts = np.linspace(past.height, leads.height, 21).astype(int)
    moved = np.concatenate(
        [
            score_leads(leads[start:end], recalibrate(card, leads[start - 2_000 : start]))[
                "expected_close_rate"
            ].to_numpy()
            for start, end in pairwise(starts)
        ]
    )
    won = later["won"].to_numpy()
    still = score_leads(later, card)["expected_close_rate"].to_numpy()
    before, after = (accuracy(won, expected).row(0, named=True) for expected in (still, moved))
    return (
        "Drift, expected rates recalibrated to the 2,000 leads before each twentieth of the later ones: "
        f"expected {before['expected_rate']:.3f} -> {after['expected_rate']:.3f}, closed {after['close_rate']:.3f}; "
        f"Brier {before['brier']:.4f} -> {after['brier']:.4f}."
    )


def speed() -> str:
    """Fitting 100,000 leads x 20 attributes, scoring a million, and a group-by per attribute to compare with."""
    rng = np.random.default_rng(1)
    texts = {f"text_{j}": rng.integers(0, 12, 1_000_000).astype(str) for j in range(10)}
    numbers = {f"number_{j}": rng.exponential(50, 1_000_000).round(1) for j in range(10)}
    leads = pl.DataFrame(texts | numbers)
    leads = leads.with_columns(won=pl.Series(rng.random(1_000_000)) < 0.02 + 0.1 * (pl.col("text_0") < "3"))
    attributes = [*texts, *numbers]
    start = time.perf_counter()
    card = fit_scorecard(leads.head(100_000), attributes=attributes, outcome="won")
    fitted = time.perf_counter()
    score_leads(leads, card)
    scored = time.perf_counter()
    for name in attributes:
        leads.group_by(name).agg(pl.len(), pl.col("won").sum())
    grouped = time.perf_counter()
    return (
        f"Fit 100,000 leads x 20 attributes: {fitted - start:.1f} s. Score 1,000,000 leads x 20: "
        f"{scored - fitted:.1f} s; one group-by per attribute: {grouped - scored:.1f} s."
    )


def main() -> None:
    warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
    for title, pairs in splits():
        past, later = pairs[0]
        print(f"\n### {title} ({past.height:,} to train, {later.height:,} to judge, {len(pairs)} splits)\n")
        print(markdown(compared(pairs)))
    if (DATA / "uci_bank").is_dir():
        print(f"\n{recalibrated()}")
    else:
        print(f"{DATA} is absent: only the speed is measured", file=sys.stderr)
    print(f"\n{speed()}")


if __name__ == "__main__":
    main()
