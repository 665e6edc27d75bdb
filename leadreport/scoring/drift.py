"""Whether recent leads are still like those that made the card, and recalibration when they close differently."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import polars as pl
from scipy.optimize import brentq
from scipy.stats import chi2

from leadreport.rates.shrinkage import as_rate, log_odds
from leadreport.scoring.card import Recalibration, Scorecard
from leadreport.scoring.curve import band_names, band_of
from leadreport.scoring.fit import known_outcomes, window_of
from leadreport.scoring.score import score_leads
from leadreport.scoring.values import coded, require_columns

Array = np.ndarray

WATCH, REFIT = 0.1, 0.25
"""The usual limits of the population stability index (Siddiqi 2006)."""

FLOOR = 0.5
"""Half a lead stands in for a value without leads, so that the index stays finite."""

CHANCE = NormalDist().inv_cdf(0.975)
"""Standard errors within which chance explains a difference (95 %)."""

SCHEMA = {
    "input": pl.String,
    "psi": pl.Float64,
    "verdict": pl.String,
    "is_noise": pl.Boolean,
    "leads": pl.Int64,
    "moved_value": pl.String,
    "before_rate": pl.Float64,
    "after_rate": pl.Float64,
}


def psi(before: Sequence[float] | Array, after: Sequence[float] | Array) -> float:
    """Population stability index of two distributions: the sum of (after - before) x ln(after / before).

    Takes shares or counts. Below 0.1 little has changed, from 0.25 on much has.

    Examples
    --------
    >>> round(psi([0.4, 0.3, 0.3], [0.35, 0.25, 0.40]), 4)
    0.0446
    """
    p, q = (np.asarray(each, dtype=float) / np.sum(each) for each in (before, after))
    return float(((q - p) * np.log(q / p)).sum())


def stability(recent: pl.DataFrame, card: Scorecard) -> pl.DataFrame:
    """How far the score and every attribute have moved since the card was trained.

    One row per input, the score first, then attributes by falling index: input, psi, verdict ("stable", "watch" from
    0.1, "refit" from 0.25), is_noise (chance explains that much among these few leads), leads (recent ones),
    moved_value (the value whose share changed most), before_rate, after_rate (its shares then and now). No row without
    recent leads.

    Examples
    --------
    >>> from leadreport.scoring import fit_scorecard
    >>> leads = pl.DataFrame({"trial": [i % 2 == 0 for i in range(400)], "won": [i % 8 == 0 for i in range(400)]})
    >>> card = fit_scorecard(leads, attributes=["trial"], outcome="won")
    >>> stability(leads.filter("trial"), card).select("input", "verdict", "moved_value", "before_rate").row(1)
    ('trial', 'refit', 'no', 0.5)
    """
    require_columns(recent, [each.name for each in card.attributes])
    if recent.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    codes = coded(recent, card.attributes)
    rows = []
    for j, attribute in enumerate(card.attributes):
        counts = dict(card.table.filter(pl.col("attribute") == attribute.name).select("value", "leads").iter_rows())
        before = np.array([counts[value] for value in attribute.values])
        after = np.bincount(codes[:, j], minlength=len(attribute.values))
        rows.append(compared(attribute.name, attribute.values, before, after))
    inputs = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("psi", "input", descending=[True, False])
    starts, before = (card.bands[name].to_numpy() for name in ("score_from", "leads"))
    after = np.bincount(band_of(score_leads(recent, card)["score"].to_numpy(), starts), minlength=len(starts))
    score = compared("score", band_names(starts), before, after)
    return pl.concat([pl.DataFrame([score], schema=SCHEMA, orient="row"), inputs])


def refit_note(stable: pl.DataFrame) -> str:
    """One sentence: whether the card should be fitted again.

    Examples
    --------
    >>> row = {"input": "channel", "verdict": "refit", "is_noise": False, "moved_value": "paid_social"}
    >>> refit_note(pl.DataFrame([row]))
    'Refit the card: channel moved (most of all paid_social).'
    """
    moved = stable.filter(~pl.col("is_noise"))
    for verdict, advice in (("refit", "Refit the card"), ("watch", "Watch the card")):
        rows = moved.filter(pl.col("verdict") == verdict)
        if not rows.is_empty():
            names = [
                f"{name} moved (most of all {value})" for name, value in rows.select("input", "moved_value").iter_rows()
            ]
            return f"{advice}: {', '.join(names[:3])}."
    if stable.is_empty():
        return "There are no recent leads to compare with those that made the card."
    return "The card still fits: the score and its attributes have moved little, or no more than chance explains."


def compared(name: str, values: Sequence[str], before: Array, after: Array) -> tuple:
    """One row: the index, its verdict, whether chance explains it, and the value that moved most.

    Without a change psi / (1 / n + 1 / m), for n leads before and m after, is about chi-squared with one degree of
    freedom less than values (Yurdakul and Naranjo 2020); its 95 % quantile is what chance explains.
    """
    used = (before > 0) | (after > 0)
    before, after, values = before[used], after[used], [value for value, use in zip(values, used, strict=True) if use]
    value = psi(np.maximum(before, FLOOR), np.maximum(after, FLOOR))
    by_chance = chi2.ppf(0.95, max(len(before) - 1, 1)) * (1 / before.sum() + 1 / after.sum())
    old, new = before / before.sum(), after / after.sum()
    most = int(np.abs(new - old).argmax())
    verdict = "refit" if value >= REFIT else "watch" if value >= WATCH else "stable"
    moved = (values[most], round(float(old[most]), 6), round(float(new[most]), 6))
    return (name, round(value, 6), verdict, bool(value <= by_chance), int(after.sum()), *moved)


def recalibrate(card: Scorecard, recent: pl.DataFrame) -> Scorecard:
    """The card with expected close rates that fit recent mature leads; points and scores do not change.

    All log-odds move by the one shift at which the expected customers equal those of the recent leads (intercept
    recalibration, Cox 1958). Nothing moves while the customers lie within 1.96 standard errors, the square root of the
    sum of p (1 - p), of those that the card alone expects. `card.recalibration` keeps the recent leads' numbers,
    `card.recalibration_note` says them in a sentence.

    Raises
    ------
    InputError
        When no recent lead has an outcome, or a column that the card scores is missing.

    Examples
    --------
    >>> from leadreport.scoring import fit_scorecard
    >>> def month(customers):
    ...     return pl.DataFrame({"trial": [i % 2 == 0 for i in range(999)], "won": [i < customers for i in range(999)]})
    >>> card = fit_scorecard(month(50), attributes=["trial"], outcome="won")
    >>> recalibrate(card, month(55)).recalibration is None
    True
    >>> print(recalibrate(card, month(150)).recalibration_note)
    Expected close rates are recalibrated to 999 recent leads: 150 closed where the card alone expects 50.
    """
    alone = replace(card, curve=replace(card.curve, shift=0.0), recalibration=None)
    recent, won = known_outcomes(recent, attributes=[each.name for each in card.attributes], outcome=card.outcome)
    expected = score_leads(recent, alone)["expected_close_rate"].to_numpy()
    standard_error = np.sqrt((expected * (1 - expected)).sum())
    if abs(won.sum() - expected.sum()) <= CHANCE * standard_error:
        return alone
    odds = log_odds(expected.clip(1e-9, 1 - 1e-9))
    aim = won.sum().clip(0.5, len(won) - 0.5)
    shift = float(brentq(lambda by: as_rate(odds + by).sum() - aim, -50, 50))
    from_on, until_on = window_of(recent)
    found = Recalibration(len(won), int(won.sum()), round(float(expected.sum()), 1), from_on, until_on)
    rates = as_rate(odds + shift)
    # The level is as sure as the recent leads make it; the slope is as sure as before.
    variances = (float(f"{1 / (rates * (1 - rates)).sum():.6g}"), 0.0, card.curve.variances[2])
    curve = replace(card.curve, shift=round(shift, 6), variances=variances)
    return replace(card, curve=curve, recalibration=found)
