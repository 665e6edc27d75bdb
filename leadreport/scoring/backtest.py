"""The scorecard judged on leads that it has not seen, later in time, beside the other methods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from leadreport.scoring.anchor import reanchor
from leadreport.scoring.closing import METHODS
from leadreport.scoring.fit import fit_scorecard, training_leads
from leadreport.scoring.measures import (
    auc,
    average_precision,
    brier,
    calibration_by_band,
    calibration_error,
    lift_by_decile,
)
from leadreport.scoring.score import score_leads
from leadreport.scoring.yardstick import YARDSTICKS

Array = np.ndarray


@dataclass(frozen=True)
class Backtest:
    """How each method did on the later leads.

    `methods` has a row per method: method, leads, customers, auc, auc_low, auc_high, average_precision, brier,
    top_decile_lift, expected_rate, close_rate, calibration_error, is_anchored. `calibration` has a row per method and
    band: method, band, leads, customers, expected_rate, close_rate, low, high, is_met. `deciles` has a row per method
    and tenth of the leads: method, decile, leads, customers, close_rate, lift, customers_rate.
    """

    methods: pl.DataFrame
    calibration: pl.DataFrame
    deciles: pl.DataFrame


def backtest(
    past: pl.DataFrame,
    later: pl.DataFrame,
    *,
    attributes: Sequence[str],
    outcome: str,
    methods: Sequence[str] = METHODS,
    yardstick: Sequence[str] = (),
    recent: pl.DataFrame | None = None,
) -> Backtest:
    """Every method trained on the past and judged on the later leads.

    Parameters
    ----------
    past, later
        Leads with attributes as they were known at scoring time, and outcomes: of the past as known at the split, of
        the later ones as known now. `split_by_time` and `with_hindsight` make such frames.
    yardstick
        Any of `naive_bayes` (as Odoo does it), `logistic_regression`, `gradient_boosting`; the last two need the extra
        `yardstick`.
    recent
        Mature leads from the end of the past. When they closed more or less often than chance explains, the expected
        close rates of the cards are anchored to them.

    Raises
    ------
    YardstickError
        When a yardstick is asked for that is not installed.

    Examples
    --------
    >>> leads = pl.DataFrame({"trial": [i % 2 == 0 for i in range(400)], "won": [i % 8 == 0 for i in range(400)]})
    >>> judged = backtest(leads, leads, attributes=["trial"], outcome="won", methods=["weighted"])
    >>> judged.methods.select("method", "customers", "auc").row(0)
    ('weighted', 50, 0.785714)
    """
    later, won = training_leads(later, attributes=attributes, outcome=outcome)
    cards = [card_prediction(past, later, attributes, outcome, method=method, recent=recent) for method in methods]
    others = [
        Prediction(name, YARDSTICKS[name](past, later, attributes=attributes, outcome=outcome)) for name in yardstick
    ]
    judged = [*cards, *others]
    return Backtest(
        methods=pl.DataFrame([measured(won, each) for each in judged]),
        calibration=stacked(judged, [calibration_by_band(won, each.expected) for each in judged]),
        deciles=stacked(judged, [lift_by_decile(won, each.expected) for each in judged]),
    )


@dataclass(frozen=True)
class Prediction:
    """The close rates that a method expects of the later leads."""

    method: str
    expected: Array
    is_anchored: bool = False


def card_prediction(
    past: pl.DataFrame,
    later: pl.DataFrame,
    attributes: Sequence[str],
    outcome: str,
    *,
    method: str,
    recent: pl.DataFrame | None,
) -> Prediction:
    card = fit_scorecard(past, attributes=attributes, outcome=outcome, method=method)
    if recent is not None:
        card = reanchor(card, recent)
    expected = score_leads(later, card)["expected_close_rate"].to_numpy()
    return Prediction(method, expected, is_anchored=card.anchor is not None)


def measured(won: Array, prediction: Prediction) -> dict[str, object]:
    """One row of the comparison."""
    expected = prediction.expected
    value, low, high = auc(won, expected)
    return {
        "method": prediction.method,
        "leads": len(won),
        "customers": int(won.sum()),
        "auc": rounded(value),
        "auc_low": rounded(low),
        "auc_high": rounded(high),
        "average_precision": rounded(average_precision(won, expected)),
        "brier": rounded(brier(won, expected)),
        "top_decile_lift": rounded(lift_by_decile(won, expected)["lift"][0]),
        "expected_rate": rounded(expected.mean()),
        "close_rate": rounded(won.mean()),
        "calibration_error": rounded(calibration_error(won, expected)),
        "is_anchored": prediction.is_anchored,
    }


def rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def stacked(judged: Sequence[Prediction], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One frame under the other, with the method in front."""
    named = [
        frame.select(pl.lit(each.method).alias("method"), pl.all()) for each, frame in zip(judged, frames, strict=True)
    ]
    return pl.concat(named)
