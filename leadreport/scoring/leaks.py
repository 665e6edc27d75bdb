"""Attributes that leak the outcome, with the evidence; the score leaves them out unless the policy allows them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from leadreport.rates import rate_interval
from leadreport.scoring.fit import known_outcomes
from leadreport.scoring.measures import auc
from leadreport.scoring.values import NOT_KNOWN, RARE, as_texts, coded, find_values
from leadreport.scoring.weights import canonical_order, fit_weights, fold_of_each, single_lifts

Array = np.ndarray

FILLED_APART = 0.5
"""An attribute leaks when the fill rates of customers and others are this far apart."""

MOSTLY, MOSTLY_ODDS = 0.5, 10
"""An attribute is filled when leads buy if half of the leads that have it are customers, at ten times the odds of the
benchmark; Wilson's lower end must reach both."""

NEARLY_ALL, NEARLY_ALL_ODDS = 0.8, 20
"""The same limits for a single value."""

NEARLY_NONE = 0.2
"""An attribute is filled when leads are lost if leads that have it close at less than this part of the benchmark."""

TOO_GOOD = 0.75
"""From this AUC on, an attribute alone must not beat all others together."""

CLAIRVOYANT = 0.9
"""From this AUC on, an attribute is suspect however good the others are."""

LATE = 0.05
"""An attribute leaks when it was set at or after the outcome for more than this share of the customers."""

SCHEMA = {
    "attribute": pl.String,
    "is_suspect": pl.Boolean,
    "is_used": pl.Boolean,
    "evidence": pl.String,
    "filled_rate_customers": pl.Float64,
    "filled_rate_others": pl.Float64,
    "auc": pl.Float64,
    "auc_others": pl.Float64,
    "late_rate": pl.Float64,
}


def leakage_audit(
    frame: pl.DataFrame,
    *,
    attributes: Sequence[str],
    outcome: str,
    allowed: Sequence[str] = (),
) -> pl.DataFrame:
    """The attributes that were set after the outcome, are filled mostly for customers, or are too good to be true.

    Parameters
    ----------
    frame
        One row per lead, mature leads only.
    attributes
        Any columns; those that cannot be scored (dates, ids) are audited too. The instant at which an attribute was
        set is looked for in `<attribute>_at`, that of the outcome `is_customer` in `customer_at`.
    allowed
        Attributes that are used although they are suspect (`allowed_despite_leak` of the policy).

    Returns
    -------
    pl.DataFrame
        A row per attribute, suspects first: attribute, is_suspect, is_used, evidence (a sentence),
        filled_rate_customers, filled_rate_others, auc (alone, cross-fitted), auc_others (of all unsuspicious others
        together; only where the own AUC is high), late_rate (share of customers for which it was set at or after the
        outcome; null when not known).

    Examples
    --------
    >>> leads = pl.DataFrame({
    ...     "source": ["form", "fair"] * 50,
    ...     "deal_size": [90 if i % 10 == 0 else None for i in range(100)],
    ...     "won": [i % 10 == 0 for i in range(100)],
    ... })
    >>> audit = leakage_audit(leads, attributes=["source", "deal_size"], outcome="won")
    >>> audit.select("attribute", "is_suspect", "evidence").row(0)
    ('deal_size', True, 'filled for 100% of customers and 0% of the others')
    """
    frame, won = known_outcomes(frame, attributes=attributes, outcome=outcome)
    late = late_rates(frame, attributes, won, outcome_at=at_of(outcome))
    filled = {name: is_filled(frame[name]) for name in attributes}
    evidence = {name: [*late_evidence(late[name]), *fill_evidence(filled[name], won)] for name in attributes}
    scorable = [
        name for name in attributes if not frame[name].dtype.is_temporal() and not frame[name].dtype.is_nested()
    ]
    alone = alone_lifts(frame, scorable, won)
    for name in scorable:
        evidence[name] += [] if evidence[name] else value_evidence(frame[name], won)
    others = add_too_good(alone, evidence)
    rows = [
        (
            name,
            bool(evidence[name]),
            not evidence[name] or name in allowed,
            "; ".join(dict.fromkeys(evidence[name])),
            *fill_rates(filled[name], won),
            alone.auc_of(name),
            others.get(name),
            late[name],
        )
        for name in attributes
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("is_suspect", "attribute", descending=[True, False])


def leaks_note(audit: pl.DataFrame) -> str:
    """One sentence: the attributes that the audit leaves out of the score.

    Examples
    --------
    >>> leaks_note(pl.DataFrame({"attribute": ["deal_size", "source"], "is_used": [False, True]}))
    'Left out of the score: deal_size.'
    """
    left_out = audit.filter(~pl.col("is_used"))["attribute"].to_list()
    return f"Left out of the score: {', '.join(left_out)}." if left_out else "No attribute leaks the outcome."


@dataclass(frozen=True)
class Alone:
    """The cross-fitted lifts of every attribute, one column each, and the outcomes of the same leads."""

    names: Sequence[str]
    lifts: Array
    won: Array

    def auc_of(self, name: str) -> float | None:
        """The AUC of one attribute alone; null when it cannot be scored."""
        if name not in self.names:
            return None
        value = auc(self.won, self.lifts[:, self.names.index(name)])[0]
        return None if value is None else round(value, 4)

    def auc_of_all(self, names: Sequence[str]) -> float | None:
        """The AUC of several attributes weighted together; that of a coin for none."""
        if not names:
            return 0.5
        lifts = self.lifts[:, [self.names.index(name) for name in names]]
        value = auc(self.won, lifts @ fit_weights(lifts, self.won).weights)[0]
        return None if value is None else round(value, 4)


def alone_lifts(frame: pl.DataFrame, names: Sequence[str], won: Array) -> Alone:
    """The lifts of each attribute, from the folds that a lead is not in."""
    if not names:
        return Alone([], np.zeros((len(won), 0)), won)
    found = [find_values(frame[name], won) for name in names]
    codes = coded(frame, found)
    order = canonical_order(codes, won)
    codes, won = np.take(codes.T, order, axis=1).T, won[order]
    lifts = single_lifts(codes, [len(each.values) for each in found], won, fold_of_each(len(won), seed=0))
    return Alone(list(names), lifts, won)


def add_too_good(alone: Alone, evidence: dict[str, list[str]]) -> dict[str, float]:
    """The AUC of all others, for each attribute with a high AUC of its own; adds evidence where it is the higher.

    The attribute with the highest AUC comes first; once suspect, it no longer counts among the others.
    """
    aucs = {name: value for name in alone.names if (value := alone.auc_of(name)) is not None}
    compared: dict[str, float] = {}
    for name in sorted(aucs, key=lambda name: (-aucs[name], name)):
        if aucs[name] < TOO_GOOD:
            break
        rest = alone.auc_of_all([each for each in alone.names if each != name and not evidence[each]])
        compared[name] = rest
        if aucs[name] >= min(rest, CLAIRVOYANT) and not evidence[name]:
            evidence[name].append(
                f"too good to be true: alone it tells customers from the rest (AUC {aucs[name]:.2f}) "
                f"better than all others together ({rest:.2f})"
            )
    return compared


def at_of(name: str) -> str:
    """The column with the instant that belongs to an attribute or an outcome."""
    return f"{name.removeprefix('is_')}_at"


def late_rates(
    frame: pl.DataFrame, attributes: Sequence[str], won: Array, *, outcome_at: str
) -> dict[str, float | None]:
    """By attribute, the share of customers for which it was set at or after the outcome; null when not known."""
    customers = frame.filter(pl.Series(won == 1))
    rates: dict[str, float | None] = {}
    for name in attributes:
        when = name if frame[name].dtype.is_temporal() else at_of(name)
        known = {when, outcome_at} <= set(frame.columns) and frame[when].dtype.is_temporal()
        late = customers.select((pl.col(when) >= pl.col(outcome_at)).mean()).item() if known else None
        rates[name] = None if late is None else round(late, 4)
    return rates


def late_evidence(rate: float | None) -> list[str]:
    """Evidence that an attribute is set after the outcome."""
    return [f"set at or after the outcome for {rate:.0%} of customers"] if rate is not None and rate > LATE else []


def is_filled(column: pl.Series) -> Array:
    """Whether each lead has a value; blank texts are none."""
    texts = as_texts(column) if column.dtype in (pl.String, pl.Categorical, pl.Enum) else column
    return texts.is_not_null().to_numpy()


def fill_rates(filled: Array, won: Array) -> tuple[float | None, float | None]:
    """The share of customers with a value, and the share of the others; null without any customer or other."""
    shares = (filled[won == kind] for kind in (1, 0))
    return tuple(round(float(each.mean()), 4) if len(each) else None for each in shares)


def fill_evidence(filled: Array, won: Array) -> list[str]:
    """Evidence that customers have a value much more, or much less, often; or only leads that were won or lost."""
    of_customers, of_others = fill_rates(filled, won)
    if filled.all() or not filled.any() or of_customers is None or of_others is None:
        return []
    close = rate_interval([won[filled].sum()], [filled.sum()])
    apart = abs(of_customers - of_others) >= FILLED_APART
    only_won = close["low"][0] >= telling_rate(won, at_least=MOSTLY, times=MOSTLY_ODDS)
    only_lost = close["high"][0] <= NEARLY_NONE * won.mean()
    if apart or only_won or only_lost:
        return [f"filled for {of_customers:.0%} of customers and {of_others:.0%} of the others"]
    return []


def telling_rate(won: Array, *, at_least: float, times: float) -> float:
    """A close rate that only a leak gives: at least `at_least`, and `times` the odds of the benchmark."""
    odds = times * float(won.mean()) / max(1 - float(won.mean()), 1e-9)
    return max(at_least, odds / (1 + odds))


def value_evidence(column: pl.Series, won: Array) -> list[str]:
    """Evidence that almost only customers have a value; the first such value."""
    found = find_values(column, won)
    codes = found.codes(column)
    customers = np.bincount(codes, weights=won, minlength=len(found.values))
    limit = telling_rate(won, at_least=NEARLY_ALL, times=NEARLY_ALL_ODDS)
    rates = rate_interval(customers, np.bincount(codes, minlength=len(found.values)))
    telling = [
        f"{rate:.0%} of the leads with '{value}' are customers"
        for value, rate, low, count in zip(found.values, rates["rate"], rates["low"], customers, strict=True)
        if value not in (NOT_KNOWN, RARE) and low is not None and low >= limit and count >= LATE * won.sum()
    ]
    return telling[:1]
