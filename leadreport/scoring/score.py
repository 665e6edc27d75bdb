"""From leads and a scorecard to scores, expected close rates and reasons."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import polars as pl

from leadreport.rates.shrinkage import as_rate
from leadreport.scoring.card import Scorecard
from leadreport.scoring.reasons import reasons
from leadreport.scoring.spread import spread_of
from leadreport.scoring.totals import Column, columns_of, total
from leadreport.scoring.values import coded, require_columns

Array = np.ndarray

WIDTH = NormalDist().inv_cdf(0.975)


def score_leads(frame: pl.DataFrame, card: Scorecard) -> pl.DataFrame:
    """The leads with their score and why they have it, in the order they came.

    Adds score (0 to 100), expected_close_rate with expected_close_rate_low and expected_close_rate_high (95 %: doubt
    about the benchmark and about every value's close rate), fit_score and engagement_score, which add up to the score,
    and reasons: which values gave and cost most.

    Raises
    ------
    InputError
        When a column that the card scores is missing, or no longer of the kind it was.

    Examples
    --------
    >>> from leadreport.scoring import fit_scorecard
    >>> won = [i % 8 == 1 or i % 20 == 0 for i in range(400)]
    >>> leads = pl.DataFrame({"trial": [i % 2 == 1 for i in range(400)], "won": won})
    >>> card = fit_scorecard(leads, attributes=["trial"], outcome="won")
    >>> scored = score_leads(leads.head(2).select("trial"), card)
    >>> scored["expected_close_rate"].round(2).to_list()
    [0.11, 0.24]
    """
    names = [each.name for each in card.attributes]
    require_columns(frame, names)
    codes = coded(frame, card.attributes)
    columns = columns_of(codes, card.attributes, table=card.table, pairs=card.pairs)
    by_part = {part: total(of_part(columns, card, part), leads=frame.height) for part in ("fit", "engagement")}
    points = card.start + by_part["fit"] + by_part["engagement"]
    return frame.with_columns(
        **score_columns(by_part, card),
        **rate_columns(points, spread_of(columns, card), card),
        reasons=reasons(columns, per_score=card.points_per_score),
    )


def of_part(columns: Sequence[Column], card: Scorecard, part: str) -> list[Column]:
    """The columns of one part; a pair with engagement in it is engagement."""
    engaged = set(card.weights.filter(pl.col("part") == "engagement")["attribute"])
    return [each for each in columns if bool(engaged & set(each.names)) == (part == "engagement")]


def score_columns(by_part: dict[str, Array], card: Scorecard) -> dict[str, pl.Series]:
    """Score and its two parts; what 0 and 100 cut off is cut off the parts too."""
    fit = card.score(card.start + by_part["fit"])
    score = card.score(card.start + by_part["fit"] + by_part["engagement"])
    parts = {"score": score, "fit_score": fit, "engagement_score": (score - fit).round(1)}
    return {name: pl.Series(values) for name, values in parts.items()}


def rate_columns(points: Array, spread: Array, card: Scorecard) -> dict[str, pl.Series]:
    """The expected close rate with its 95 % interval."""
    odds = card.curve.odds(points)
    doubt = WIDTH * np.sqrt(spread + card.curve.variance(points))
    ends = {"": odds, "_low": odds - doubt, "_high": odds + doubt}
    return {f"expected_close_rate{end}": pl.Series(as_rate(each).round(6)) for end, each in ends.items()}
