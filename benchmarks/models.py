"""scikit-learn's models on the same leads, with its own settings: what the scorecard is compared with."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from leadreport.scoring import naive_bayes
from leadreport.scoring.values import as_texts

Array = np.ndarray

MOST_CATEGORIES = 250


def logistic_regression(past: pl.DataFrame, later: pl.DataFrame, *, attributes: Sequence[str], outcome: str) -> Array:
    """Expected close rates by scikit-learn's logistic regression: numbers standardised, texts one-hot."""
    numbers, texts = kinds_of(past, attributes)
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    model = make_pipeline(
        make_column_transformer(
            (scaled, list(range(len(numbers)))),
            (OneHotEncoder(handle_unknown="ignore"), list(range(len(numbers), len(attributes)))),
        ),
        LogisticRegression(max_iter=1000),
    )
    before, after = (matrix(frame, numbers, texts) for frame in (past, later))
    return model.fit(before, past[outcome].to_numpy()).predict_proba(after)[:, 1]


def gradient_boosting(past: pl.DataFrame, later: pl.DataFrame, *, attributes: Sequence[str], outcome: str) -> Array:
    """Expected close rates by scikit-learn's histogram gradient boosting with its own settings."""
    numbers, texts = kinds_of(past, attributes)
    found = {name: frequent(as_texts(past[name])) for name in texts}
    before, after = (
        np.column_stack([*floats(frame, numbers), *(ranked(frame[name], found[name]) for name in texts)])
        for frame in (past, later)
    )
    is_text = [False] * len(numbers) + [True] * len(texts)
    model = HistGradientBoostingClassifier(random_state=0, categorical_features=is_text)
    return model.fit(before, past[outcome].to_numpy()).predict_proba(after)[:, 1]


def kinds_of(frame: pl.DataFrame, attributes: Sequence[str]) -> tuple[list[str], list[str]]:
    numbers = [name for name in attributes if frame[name].dtype.is_numeric()]
    return numbers, [name for name in attributes if name not in numbers]


def matrix(frame: pl.DataFrame, numbers: Sequence[str], texts: Sequence[str]) -> Array:
    """Numbers first, then texts, as scikit-learn takes them."""
    words = [as_texts(frame[name]).fill_null("").to_numpy() for name in texts]
    return np.column_stack([each.astype(object) for each in (*floats(frame, numbers), *words)])


def floats(frame: pl.DataFrame, numbers: Sequence[str]) -> list[Array]:
    return [frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in numbers]


def ranked(column: pl.Series, ranks: dict[str, int]) -> Array:
    """Texts as numbers; NaN for what is missing, rare or new."""
    return (
        as_texts(column).replace_strict(ranks, default=None, return_dtype=pl.Float64).fill_null(float("nan")).to_numpy()
    )


def frequent(texts: pl.Series) -> dict[str, int]:
    """A number for each of the most frequent texts."""
    counts = texts.drop_nulls().value_counts().sort("count", texts.name, descending=[True, False])
    return {text: place for place, text in enumerate(counts[texts.name].head(MOST_CATEGORIES))}


MODELS = {
    "naive_bayes": naive_bayes,
    "logistic_regression": logistic_regression,
    "gradient_boosting": gradient_boosting,
}
"""By name, what `lr.backtest` takes as its models."""
