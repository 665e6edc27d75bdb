"""From leads whose outcome is known to a scorecard."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.scoring.bands import score_bands
from leadreport.scoring.card import NOTHING_TO_LEARN, Scorecard, part_of
from leadreport.scoring.closing import METHODS
from leadreport.scoring.curve import Curve, doubling_curve, fitted_curve
from leadreport.scoring.learning import Learned, learn
from leadreport.scoring.rows import PAIR_WEIGHTS, WEIGHTS, pair_counts, pair_rows, value_counts, value_rows
from leadreport.scoring.totals import columns_of, total
from leadreport.scoring.values import RARE_BELOW, Attribute, coded, find_values, require_columns


def fit_scorecard(
    frame: pl.DataFrame,
    *,
    attributes: Sequence[str],
    outcome: str,
    method: str = "weighted",
    engagement: Sequence[str] | None = None,
    pairs: int = 3,
    policy_version: str | None = None,
) -> Scorecard:
    """Points for every attribute value, from the close rates of leads whose outcome is known.

    Parameters
    ----------
    frame
        One row per lead. Give mature leads only (`mature_leads`): a young lead is not a failure. Rows without outcome
        are left out. When there is a `created_at`, the card remembers the dates that it was trained on.
    attributes
        Columns known when a lead is scored: text, yes and no, or numbers.
    outcome
        A column that is true for leads that became customers.
    method
        `weighted` (recommended): shrunken close rates, log-odds lift, one weight per attribute. `close_rate`: as
        published, points are the close rate in percent where it beats the benchmark. `lift`: HubSpot's variant.
    engagement
        The attributes that say what a lead does; all others say who it is. When left out, the columns that facts count
        from activities.
    pairs
        At most so many tables of two attributes together, each only where it explains clearly more (`weighted` only).

    Raises
    ------
    InputError
        When a column is missing or cannot be scored, or no lead has an outcome.

    Examples
    --------
    >>> won = [True, *[False] * 3, *[True] * 3, *[False] * 73]
    >>> leads = pl.DataFrame({"trial": [True] * 4 + [False] * 76, "won": won})
    >>> card = fit_scorecard(leads, attributes=["trial"], outcome="won", method="close_rate")
    >>> card.benchmark, card.table.filter(pl.col("value") == "yes")["points"].item()
    (0.05, 25.0)
    """
    if method not in METHODS:
        raise InputError(f"there is no scoring method '{method}'", hint=did_you_mean(method, METHODS))
    frame, won = training_leads(frame, attributes=attributes, outcome=outcome)
    is_weighted = method == "weighted"
    found = tuple(find_values(frame[name], won, rare_below=RARE_BELOW if is_weighted else 1) for name in attributes)
    codes = coded(frame, found)
    learned = learn(codes, [len(each.values) for each in found], won, pairs=pairs if is_weighted else 0)
    weights = weights_table(found, learned, is_weighted=is_weighted, engagement=engagement)
    pair_weights = pair_weights_table(found, learned)
    table = value_rows(value_counts(found, learned), weights, method=method, benchmark=float(won.mean()))
    cells = pair_rows(pair_counts(found, learned.pairs), pair_weights)
    totals = total(columns_of(codes, found, table=table, pairs=cells), leads=len(won))
    curve, start = curve_of(totals, won, is_weighted=is_weighted, evidence=learned.evidence)
    trained_from, trained_until = window_of(frame)
    card = Scorecard(
        method=method,
        outcome=outcome,
        leads=len(won),
        customers=int(won.sum()),
        start=start,
        curve=curve,
        evidence=round(learned.evidence, 1),
        attributes=found,
        table=table,
        weights=weights,
        pairs=cells,
        pair_weights=pair_weights,
        trained_from=trained_from,
        trained_until=trained_until,
        policy_version=policy_version,
        bands=pl.DataFrame(),
    )
    return replace(card, bands=score_bands(card.score(start + totals), won))


def training_leads(frame: pl.DataFrame, *, attributes: Sequence[str], outcome: str) -> tuple[pl.DataFrame, np.ndarray]:
    """The leads with an outcome, and the outcome as 0 and 1."""
    if not attributes:
        raise InputError("there is no attribute to score with", hint="name at least one column in 'attributes'")
    require_columns(frame, [*attributes, outcome])
    if outcome in attributes:
        raise InputError(f"'{outcome}' is the outcome and cannot be an attribute too")
    known = frame.filter(pl.col(outcome).is_not_null())
    if known.is_empty():
        raise InputError(f"no lead has an outcome: '{outcome}' is empty in all {frame.height} rows")
    if known[outcome].dtype != pl.Boolean:
        raise InputError(
            f"the outcome '{outcome}' must be true or false",
            found=f"a column of type {known[outcome].dtype}",
            hint=f"for example pl.col('{outcome}') == 1",
        )
    return known, known[outcome].cast(pl.Float64).to_numpy()


def weights_table(
    found: Sequence[Attribute], learned: Learned, *, is_weighted: bool, engagement: Sequence[str] | None
) -> pl.DataFrame:
    rows = [
        (each.name, part_of(each.name, engagement=engagement), weight if is_weighted else 1.0, prior)
        for each, weight, prior in zip(found, learned.weights, learned.prior_leads, strict=True)
    ]
    return pl.DataFrame(rows, schema=WEIGHTS, orient="row")


def pair_weights_table(found: Sequence[Attribute], learned: Learned) -> pl.DataFrame:
    rows = [
        (found[each.pair.first].name, found[each.pair.second].name, each.weight, each.prior_leads)
        for each in learned.pairs
    ]
    return pl.DataFrame(rows, schema=PAIR_WEIGHTS, orient="row")


def curve_of(totals: np.ndarray, won: np.ndarray, *, is_weighted: bool, evidence: float) -> tuple[Curve, int]:
    """Weighted points are log-odds already; the other methods' points are read against what happened."""
    if not is_weighted:
        return fitted_curve(totals, won), 0
    return doubling_curve(totals, won, may_bend=evidence >= NOTHING_TO_LEARN)


def window_of(frame: pl.DataFrame) -> tuple[date | None, date | None]:
    """The first and last date on which the training leads were created, when the frame says."""
    if "created_at" not in frame.columns or not frame["created_at"].dtype.is_temporal():
        return None, None
    dates = frame.select(first=pl.col("created_at").min().cast(pl.Date), last=pl.col("created_at").max().cast(pl.Date))
    return dates.row(0)
