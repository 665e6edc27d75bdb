"""What others would make of the same leads: Odoo's naive Bayes, a logistic regression, gradient boosting."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from leadreport.errors import LeadreportError
from leadreport.rates.shrinkage import as_rate
from leadreport.scoring.values import as_texts, coded, find_values

Array = np.ndarray

MOST_CATEGORIES = 250

SMALLEST_COUNT = 0.1
"""What Odoo adds to every count of won and lost leads."""


class YardstickError(LeadreportError):
    """The yardstick is an extra that is not installed."""


def naive_bayes(past: pl.DataFrame, later: pl.DataFrame, *, attributes: Sequence[str], outcome: str) -> Array:
    """Expected close rates by the method of Odoo's predictive lead scoring.

    The share of won and of lost leads with each value, multiplied over the attributes as if they were independent.
    """
    won = past[outcome].cast(pl.Float64).to_numpy()
    found = [find_values(past[name], won, rare_below=1) for name in attributes]
    before, after = coded(past, found), coded(later, found)
    odds = np.full(later.height, np.log((won.sum() + SMALLEST_COUNT) / ((1 - won).sum() + SMALLEST_COUNT)))
    for j, each in enumerate(found):
        odds += naive_lifts(before[:, j], won, size=len(each.values))[after[:, j]]
    return as_rate(odds)


def naive_lifts(codes: Array, won: Array, *, size: int) -> Array:
    """Log of how much more frequent each value is among won leads; 0 for a value that was never seen."""
    wins = np.bincount(codes, weights=won, minlength=size)
    losses = np.bincount(codes, weights=1 - won, minlength=size)
    share_of_wins = (wins + SMALLEST_COUNT) / (won.sum() + SMALLEST_COUNT)
    share_of_losses = (losses + SMALLEST_COUNT) / ((1 - won).sum() + SMALLEST_COUNT)
    return np.where(wins + losses > 0, np.log(share_of_wins) - np.log(share_of_losses), 0.0)


def logistic_regression(past: pl.DataFrame, later: pl.DataFrame, *, attributes: Sequence[str], outcome: str) -> Array:
    """Expected close rates by scikit-learn's logistic regression: numbers standardised, texts one-hot."""
    sklearn = scikit_learn()
    numbers, texts = kinds_of(past, attributes)
    scaled = sklearn["make_pipeline"](sklearn["SimpleImputer"](add_indicator=True), sklearn["StandardScaler"]())
    model = sklearn["make_pipeline"](
        sklearn["make_column_transformer"](
            (scaled, list(range(len(numbers)))),
            (sklearn["OneHotEncoder"](handle_unknown="ignore"), list(range(len(numbers), len(attributes)))),
        ),
        sklearn["LogisticRegression"](max_iter=1000),
    )
    before, after = (matrix(frame, numbers, texts) for frame in (past, later))
    return model.fit(before, past[outcome].to_numpy()).predict_proba(after)[:, 1]


def gradient_boosting(past: pl.DataFrame, later: pl.DataFrame, *, attributes: Sequence[str], outcome: str) -> Array:
    """Expected close rates by scikit-learn's histogram gradient boosting with its own settings."""
    sklearn = scikit_learn()
    numbers, texts = kinds_of(past, attributes)
    found = {name: frequent(as_texts(past[name])) for name in texts}
    before, after = (
        np.column_stack([*floats(frame, numbers), *(ranked(frame[name], found[name]) for name in texts)])
        for frame in (past, later)
    )
    is_text = [False] * len(numbers) + [True] * len(texts)
    model = sklearn["HistGradientBoostingClassifier"](random_state=0, categorical_features=is_text)
    return model.fit(before, past[outcome].to_numpy()).predict_proba(after)[:, 1]


YARDSTICKS: dict[str, Callable[..., Array]] = {
    "naive_bayes": naive_bayes,
    "logistic_regression": logistic_regression,
    "gradient_boosting": gradient_boosting,
}


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


def scikit_learn() -> dict[str, Any]:
    """What is needed of scikit-learn, imported when it is asked for."""
    try:
        from sklearn.compose import make_column_transformer
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler
    except ImportError:
        raise YardstickError(
            "the yardstick needs scikit-learn, which is not installed",
            hint="install the extra: pip install 'leadreport[yardstick]'; scores and the backtest work without it",
        ) from None
    return {
        each.__name__: each
        for each in (
            make_column_transformer,
            HistGradientBoostingClassifier,
            SimpleImputer,
            LogisticRegression,
            make_pipeline,
            OneHotEncoder,
            StandardScaler,
        )
    }
