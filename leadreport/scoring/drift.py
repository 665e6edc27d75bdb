"""Whether the leads of now are still like those that the card was made from."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.stats import chi2

from leadreport.scoring.bands import band_names, band_of
from leadreport.scoring.card import Scorecard
from leadreport.scoring.score import score_leads
from leadreport.scoring.values import coded, require_columns

Array = np.ndarray

WATCH, REFIT = 0.1, 0.25
"""The usual bands of the population stability index."""

FLOOR = 0.5
"""Half a lead stands in for an empty value, so that the index stays finite."""

SCHEMA = {
    "input": pl.String,
    "psi": pl.Float64,
    "band": pl.String,
    "is_noise": pl.Boolean,
    "leads": pl.Int64,
    "moved_value": pl.String,
    "before_rate": pl.Float64,
    "after_rate": pl.Float64,
}


def psi(before: Sequence[float] | Array, after: Sequence[float] | Array) -> float:
    """Population stability index of two distributions: the sum of (after - before) x ln(after / before).

    Takes shares or counts. Below 0.1 little has moved, from 0.25 on much has.

    Examples
    --------
    >>> round(psi([0.4, 0.3, 0.3], [0.35, 0.25, 0.40]), 4)
    0.0446
    """
    p, q = (np.asarray(each, dtype=float) / np.sum(each) for each in (before, after))
    return float(((q - p) * np.log(q / p)).sum())


def stability(recent: pl.DataFrame, card: Scorecard) -> pl.DataFrame:
    """How far every input and the score have moved since the card was trained.

    One row per input, the score first, then attributes by falling index: input, psi, band ("stable", "watch" from 0.1,
    "refit" from 0.25), is_noise (so much is within what chance explains among so few leads), leads (recent ones),
    moved_value (whose share changed most), before_rate, after_rate (its shares then and now).

    Examples
    --------
    >>> from leadreport.scoring import fit_scorecard
    >>> leads = pl.DataFrame({"trial": [i % 2 == 0 for i in range(400)], "won": [i % 8 == 0 for i in range(400)]})
    >>> card = fit_scorecard(leads, attributes=["trial"], outcome="won")
    >>> stability(leads.filter("trial"), card).select("input", "band", "moved_value", "before_rate").row(1)
    ('trial', 'refit', 'no', 0.5)
    """
    require_columns(recent, [each.name for each in card.attributes])
    codes = coded(recent, card.attributes)
    rows = []
    for j, attribute in enumerate(card.attributes):
        counts = dict(card.table.filter(pl.col("attribute") == attribute.name).select("value", "leads").iter_rows())
        before = np.array([counts[value] for value in attribute.values])
        after = np.bincount(codes[:, j], minlength=len(attribute.values))
        rows.append(compared(attribute.name, attribute.values, before, after))
    inputs = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("psi", "input", descending=[True, False])
    return pl.concat([score_stability(recent, card), inputs])


def stability_over(recent: pl.DataFrame, card: Scorecard, *, by: str) -> pl.DataFrame:
    """`stability` for each group of leads, for example by the month in which they came, with the group in front."""
    require_columns(recent, [by])
    groups = [(key, part) for (key,), part in recent.group_by(by) if key is not None]
    parts = [stability(part, card).select(pl.lit(key).alias(by), pl.all()) for key, part in sorted(groups)]
    return pl.concat(parts) if parts else stability(recent, card).clear().select(recent[by].head(0), pl.all())


def refit_note(stable: pl.DataFrame) -> str:
    """One sentence on whether the card still fits the leads.

    Examples
    --------
    >>> row = {"input": "channel", "band": "refit", "is_noise": False, "moved_value": "paid_social"}
    >>> refit_note(pl.DataFrame([row]))
    'Refit the card: channel moved (most of all paid_social).'
    """
    moved = stable.filter(~pl.col("is_noise"))
    for band, advice in (("refit", "Refit the card"), ("watch", "Watch the card")):
        rows = moved.filter(pl.col("band") == band)
        if not rows.is_empty():
            names = [
                f"{name} moved (most of all {value})" for name, value in rows.select("input", "moved_value").iter_rows()
            ]
            return f"{advice}: {', '.join(names[:3])}."
    return "The card still fits: neither the score nor an attribute has moved more than chance or little would explain."


def score_stability(recent: pl.DataFrame, card: Scorecard) -> pl.DataFrame:
    """The score's own row."""
    starts, before = card.bands["score_from"].to_numpy(), card.bands["leads"].to_numpy()
    places = band_of(score_leads(recent, card)["score"].to_numpy(), starts)
    after = np.bincount(places, minlength=len(starts))
    return pl.DataFrame([compared("score", band_names(starts), before, after)], schema=SCHEMA, orient="row")


def compared(name: str, values: Sequence[str], before: Array, after: Array) -> tuple:
    """One row: the index, its band, whether chance explains it, and the value that moved most."""
    used = (before > 0) | (after > 0)
    before, after, values = before[used], after[used], [value for value, use in zip(values, used, strict=True) if use]
    if after.sum() == 0:
        return (name, None, None, None, 0, None, None, None)
    value = psi(np.maximum(before, FLOOR), np.maximum(after, FLOOR))
    by_chance = chi2.ppf(0.95, max(len(before) - 1, 1)) * (1 / before.sum() + 1 / after.sum())
    old, new = before / before.sum(), after / after.sum()
    most = int(np.abs(new - old).argmax())
    band = "refit" if value >= REFIT else "watch" if value >= WATCH else "stable"
    moved = (values[most], round(float(old[most]), 6), round(float(new[most]), 6))
    return (name, round(value, 6), band, bool(value <= by_chance), int(after.sum()), *moved)
