"""When the base rate drifts, the points stay and what they let us expect moves with recent leads."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import polars as pl
from scipy.optimize import brentq

from leadreport.rates.shrinkage import as_rate, log_odds
from leadreport.scoring.card import Anchor, Scorecard
from leadreport.scoring.fit import training_leads, window_of
from leadreport.scoring.score import score_leads

CHANCE = NormalDist().inv_cdf(0.975)


def reanchor(card: Scorecard, recent: pl.DataFrame) -> Scorecard:
    """The card with its expected close rates moved to what recent mature leads did; points and scores stay.

    When the recent customers are within what chance explains (95 %) of those that the card alone expects, nothing is
    moved. `card.anchor` tells what the card is anchored to, `card.anchor_note` says it in a sentence.

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
    >>> reanchor(card, month(55)).anchor is None
    True
    >>> print(reanchor(card, month(150)).anchor_note)
    Expected close rates are anchored to 999 recent leads: 150 closed where the card alone expects 50.
    """
    alone = replace(card, curve=replace(card.curve, shift=0.0), anchor=None)
    recent, won = training_leads(recent, attributes=[each.name for each in card.attributes], outcome=card.outcome)
    expected = score_leads(recent, alone)["expected_close_rate"].to_numpy()
    doubt = np.sqrt((expected * (1 - expected)).sum())
    if abs(won.sum() - expected.sum()) <= CHANCE * doubt:
        return alone
    odds = log_odds(expected.clip(1e-9, 1 - 1e-9))
    aim = won.sum().clip(0.5, len(won) - 0.5)
    shift = float(brentq(lambda by: as_rate(odds + by).sum() - aim, -50, 50))
    from_on, until_on = window_of(recent)
    anchor = Anchor(len(won), int(won.sum()), round(float(expected.sum()), 1), from_on, until_on)
    curve = replace(card.curve, shift=round(shift, 6), variances=anchored_variances(card, odds + shift))
    return replace(card, curve=curve, anchor=anchor)


def anchored_variances(card: Scorecard, odds: np.ndarray) -> tuple[float, float, float]:
    """The level is now as sure as the recent leads make it; the slope is as sure as before."""
    rates = as_rate(odds)
    return (float(f"{1 / (rates * (1 - rates)).sum():.6g}"), 0.0, card.curve.variances[2])
