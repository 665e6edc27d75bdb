"""From leads with a known outcome to a scorecard: values, weights, points, curve."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.rates.shrinkage import MOST
from leadreport.scoring.card import NOTHING_TO_LEARN, Scorecard, part_of
from leadreport.scoring.close_rates import (
    COUNTS,
    METHODS,
    PAIR_COUNTS,
    PAIR_WEIGHTS,
    WEIGHTS,
    pair_rows,
    value_rows,
)
from leadreport.scoring.curve import doubling_curve, fitted_curve, score_bands
from leadreport.scoring.score import columns_of, total
from leadreport.scoring.values import ANY_OTHER, RARE_BELOW, Attribute, coded, find_values, require_columns
from leadreport.scoring.weights import (
    Pair,
    canonical_order,
    choose_pairs,
    fit_with_pairs,
    fold_of_each,
    grouped,
    kept_share,
    log_odds_lifts,
    pair_lifts,
)

Array = np.ndarray

FEW_LEADS = 5_000
"""With fewer leads than this the split into folds matters: weights are averaged over several splits."""

SPLITS = 4


def fit_scorecard(
    frame: pl.DataFrame,
    *,
    attributes: Sequence[str],
    outcome: str,
    method: str = "weighted",
    engagement: Sequence[str] | None = None,
    pairs: int = 6,
    policy_version: str | None = None,
) -> Scorecard:
    """Points for every attribute value, from the close rates of leads with a known outcome (definition 16).

    Parameters
    ----------
    frame
        One row per lead. Give mature leads only (`mature_leads`): a young lead is not a failure. Rows without outcome
        are left out. With a `created_at`, the card remembers the dates of its training leads.
    attributes
        Columns known when a lead is scored: text, yes and no, or numbers.
    outcome
        A column that is true for leads that became customers.
    method
        `weighted` (recommended): shrunken close rates, log-odds lift, one weight per attribute. `close_rate`: as
        published, points are the close rate in percent where it beats the benchmark. `lift`: HubSpot's variant.
    engagement
        The attributes that say what a lead does; all others say who it is. By default the columns that facts count from
        activities.
    pairs
        The most tables of two attributes together; each must explain clearly more (`weighted` only).

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
    attributes = tuple(dict.fromkeys(attributes))
    frame, won = known_outcomes(frame, attributes=attributes, outcome=outcome)
    is_weighted = method == "weighted"
    found = tuple(find_values(frame[name], won, rare_below=RARE_BELOW if is_weighted else 1) for name in attributes)
    codes = coded(frame, found)
    groups, names = groups_of(frame, found, codes)
    sizes = [len(each.values) for each in found]
    learned = learn(codes, sizes, groups, won, pairs=pairs if is_weighted else 0)
    weights, pair_weights = weights_of(found, learned, is_weighted=is_weighted, engagement=engagement)
    table = value_rows(value_counts(found, learned), weights, method=method, benchmark=float(won.mean()))
    cell_counts = [row for each in learned.pairs for row in cells_of(found, names, each)]
    cells = pair_rows(pl.DataFrame(cell_counts, schema=PAIR_COUNTS, orient="row"), pair_weights)
    totals = total(columns_of(frame, codes, found, table=table, pairs=cells), leads=len(won))
    # Weighted points are log-odds already; those of the other methods are fitted to what happened.
    curve, start = (
        doubling_curve(totals, won, may_bend=learned.evidence >= NOTHING_TO_LEARN)
        if is_weighted
        else (fitted_curve(totals, won), 0)
    )
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


def known_outcomes(frame: pl.DataFrame, *, attributes: Sequence[str], outcome: str) -> tuple[pl.DataFrame, Array]:
    """The leads with a known outcome, and the outcome as 0 and 1.

    Raises
    ------
    InputError
        When no attribute is named, a column is missing, or the outcome is unknown for all leads or not true or false.
    """
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


@dataclass(frozen=True)
class LearnedPair:
    """A pair table: leads and customers per cell, customers that the rest expects there, prior leads, weight."""

    pair: Pair
    leads: Array
    customers: Array
    expected: Array
    prior_leads: float
    weight: float


@dataclass(frozen=True)
class Learned:
    """Counts, prior leads and weight per attribute; pair tables; held-out evidence that they tell leads apart."""

    leads: list[Array]
    customers: list[Array]
    prior_leads: list[float]
    weights: list[float]
    pairs: list[LearnedPair]
    evidence: float


def groups_of(frame: pl.DataFrame, attributes: Sequence[Attribute], codes: Array) -> tuple[Array, list[list[str]]]:
    """The row that every lead's values have in pair tables, a column per attribute, and the names of the rows."""
    groups, names = np.zeros(codes.shape, dtype=np.uint8, order="F"), []
    for j, each in enumerate(attributes):
        coarse = each.in_pairs
        places = codes[:, j] if coarse is each else coarse.codes(frame[each.name])
        rows = grouped(places, len(coarse.values))
        groups[:, j] = rows[places]
        names.append(group_names(coarse, rows))
    return groups, names


def learn(codes: Array, sizes: Sequence[int], groups: Array, won: Array, *, pairs: int) -> Learned:
    """What coded leads teach; the order of the leads does not matter.

    Weights are averaged over several splits into folds and shrunk by `kept_share`. An attribute whose values do not
    differ at all weighs 0.
    """
    order = canonical_order(np.hstack([codes, groups]), won)
    codes, groups = (np.take(each.T, order, axis=1).T for each in (codes, groups))
    won = won[order]
    leads = [np.bincount(codes[:, j], minlength=size) for j, size in enumerate(sizes)]
    customers = [np.bincount(codes[:, j], weights=won, minlength=size) for j, size in enumerate(sizes)]
    prior = [round(log_odds_lifts(k, n)[1], 1) for k, n in zip(customers, leads, strict=True)]
    if not 0 < won.sum() < len(won):
        return Learned(leads, customers, prior, [0.0] * len(sizes), [], 0.0)
    splits = [fold_of_each(len(won), seed=seed) for seed in range(SPLITS if len(won) < FEW_LEADS else 1)]
    chosen = choose_pairs(codes, sizes, groups, won, splits[0], most=pairs)
    fits = [fit_with_pairs(codes, sizes, groups, won, folds, pairs=chosen) for folds in splits]
    evidence = float(np.mean([fit.evidence for fit, _ in fits]))
    weights = np.mean([fit.weights for fit, _ in fits], axis=0) * kept_share(evidence)
    says_nothing = [leads_at_benchmark >= MOST for leads_at_benchmark in prior] + [False] * len(chosen)
    weights = [0.0 if mute else round(float(each), 4) for each, mute in zip(weights, says_nothing, strict=True)]
    expected = [np.mean(each, axis=0) for each in zip(*(before for _, before in fits), strict=True)]
    tables = [
        learned_pair(pair, pair.cells(groups), won, usual, weight)
        for pair, usual, weight in zip(chosen, expected, weights[len(sizes) :], strict=True)
    ]
    return Learned(leads, customers, prior, weights[: len(sizes)], tables, evidence)


def learned_pair(pair: Pair, cells: Array, won: Array, expected: Array, weight: float) -> LearnedPair:
    """A pair table with the counts of all leads."""
    leads = np.bincount(cells, minlength=pair.size)
    customers = np.bincount(cells, weights=won, minlength=pair.size)
    expected = expected.round(4)
    return LearnedPair(pair, leads, customers, expected, round(pair_lifts(customers, leads, expected)[1], 1), weight)


def weights_of(
    found: Sequence[Attribute], learned: Learned, *, is_weighted: bool, engagement: Sequence[str] | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The card's `weights` and `pair_weights`."""
    names = [each.name for each in found]
    parts = [part_of(name, engagement=engagement) for name in names]
    used = learned.weights if is_weighted else [1.0] * len(found)
    pairs = [(names[p.pair.first], names[p.pair.second], p.weight, p.prior_leads) for p in learned.pairs]
    weights = pl.DataFrame([names, parts, used, learned.prior_leads], schema=WEIGHTS)
    return weights, pl.DataFrame(pairs, schema=PAIR_WEIGHTS, orient="row")


def value_counts(attributes: Sequence[Attribute], learned: Learned) -> pl.DataFrame:
    """Leads and customers of every value, in the order of attributes and values; `not known` comes last."""
    rows = [
        (each.name, value, int(leads[code]), int(customers[code]))
        for each, leads, customers in zip(attributes, learned.leads, learned.customers, strict=True)
        for code, value in sorted(enumerate(each.values), key=lambda item: item[0] == 0)
    ]
    return pl.DataFrame(rows, schema=COUNTS, orient="row")


def cells_of(attributes: Sequence[Attribute], names: Sequence[list[str]], learned: LearnedPair) -> list[tuple]:
    """Leads, customers and expected customers of every cell of a pair table with leads."""
    pair = learned.pair
    first, second = attributes[pair.first], attributes[pair.second]
    row_names, column_names, wide = names[pair.first], names[pair.second], pair.columns
    return [
        (first.name, row_names[cell // wide], second.name, column_names[cell % wide], int(n), int(k), float(usual))
        for cell, (n, k, usual) in enumerate(zip(learned.leads, learned.customers, learned.expected, strict=True))
        if n > 0
    ]


def group_names(attribute: Attribute, rows: Array) -> list[str]:
    """The names of the rows of a pair table: values with a row of their own by name."""
    named = np.flatnonzero(np.bincount(rows) == 1)
    alone = {int(rows[code]): attribute.values[code] for code in range(len(rows)) if rows[code] in named}
    return [alone.get(row, ANY_OTHER) for row in range(int(rows.max()) + 1)]


def window_of(frame: pl.DataFrame) -> tuple[date | None, date | None]:
    """The first and last date on which the leads were created; null without a `created_at`."""
    if "created_at" not in frame.columns or not frame["created_at"].dtype.is_temporal():
        return None, None
    dates = frame.select(first=pl.col("created_at").min().cast(pl.Date), last=pl.col("created_at").max().cast(pl.Date))
    return dates.row(0)
