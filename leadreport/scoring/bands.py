"""The scores of the training leads in ten bands: what later scores are compared with."""

from itertools import pairwise

import numpy as np
import polars as pl

from leadreport.rates import rate

Array = np.ndarray

TENTHS = 10

COUNTS = {"score_from": pl.Float64, "leads": pl.Int64, "customers": pl.Int64}


def score_bands(scores: Array, won: Array) -> pl.DataFrame:
    """Up to ten bands of about as many leads each: score_from, leads, customers, close_rate.

    A band reaches to the next one's start, the first from 0, the last to 100.

    Examples
    --------
    >>> score_bands(np.array([40.0, 40.0, 60.0, 60.0]), np.array([0, 0, 0, 1])).rows()
    [(0.0, 2, 0, 0.0), (60.0, 2, 1, 0.5)]
    """
    starts = np.unique(np.quantile(scores, np.arange(1, TENTHS) / TENTHS, method="lower"))
    starts = np.array([0.0, *starts[starts > scores.min()]])
    place = band_of(scores, starts)
    leads = np.bincount(place, minlength=len(starts))
    customers = np.bincount(place, weights=won, minlength=len(starts)).astype(int)
    return with_close_rate(pl.DataFrame([starts, leads, customers], schema=COUNTS))


def with_close_rate(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.with_columns(close_rate=rate("customers", "leads"))


def band_of(scores: Array, starts: Array) -> Array:
    """The band of every score."""
    return np.searchsorted(starts, scores, side="right") - 1


def band_names(starts: Array) -> list[str]:
    """What the bands are called.

    Examples
    --------
    >>> band_names(np.array([0.0, 47.5, 60.0]))
    ['under 47.5', '47.5 to under 60', '60 and more']
    """
    if len(starts) == 1:
        return ["all scores"]
    inner = [f"{low:g} to under {high:g}" for low, high in pairwise(starts[1:])]
    return [f"under {starts[1]:g}", *inner, f"{starts[-1]:g} and more"]
