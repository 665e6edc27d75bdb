"""Attributes that know the outcome already: named with their evidence, and left out unless overruled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from leadreport.rates import rate_interval
from leadreport.scoring.fit import training_leads
from leadreport.scoring.measures import auc
from leadreport.scoring.pairs import single_lifts
from leadreport.scoring.values import NOT_KNOWN, RARE, as_texts, coded, find_values
from leadreport.scoring.weights import canonical_order, fit_weights, fold_of_each

Array = np.ndarray

FILLED_APART = 0.5
"""Fill rates of customers and others that lie so far apart are no accident of a form."""

MOSTLY, MOSTLY_ODDS = 0.5, 10
"""An attribute was filled when leads bought if, chance allowed for, half of the filled ones are customers, at ten times
the odds of the benchmark."""

NEARLY_ALL, NEARLY_ALL_ODDS = 0.8, 20
"""The same for one value of an attribute that is filled for all."""

NEARLY_NONE = 0.2
"""Filled leads that close at less than this part of the benchmark were filled when they were lost."""

TOO_GOOD = 0.75
"""Attributes known at scoring time hardly reach this AUC alone; from here they must not beat all others together."""

CLAIRVOYANT = 0.9
LATE = 0.05

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
    set_at: Mapping[str, str] | None = None,
    outcome_at: str | None = None,
    allowed: Sequence[str] = (),
) -> pl.DataFrame:
    """Which attributes were set after the outcome, are filled mostly for winners, or are too good to be true.

    Parameters
    ----------
    frame
        One row per lead, mature leads only.
    attributes
        Any columns; those that cannot be scored (dates, ids) are audited too.
    set_at
        For an attribute the column with the instant when it was set; `<attribute>_at` is found without being told.
    outcome_at
        The instant of the outcome; for `is_customer`, `customer_at` is found without being told.
    allowed
        Attributes that are used although they are suspect (`allowed_despite_leak` of the policy).

    Returns
    -------
    pl.DataFrame
        A row per attribute, suspects first: attribute, is_suspect, is_used, evidence (a sentence),
        filled_rate_customers, filled_rate_others, auc (alone, cross-fitted), auc_others (all unsuspicious others
        together; only where it matters), late_rate (of the customers, how many had it set at or after the outcome;
        null when not known).

    Examples
    --------
    >>> leads = pl.DataFrame({
    ...     "source": ["form", "fair"] * 50,
    ...     "deal_size": [90 if i % 10 == 0 else None for i in range(100)],
    ...     "won": [i % 10 == 0 for i in range(100)],
    ... })
    >>> audit = leakage_audit(leads, attributes=["source", "deal_size"], outcome="won")
    >>> audit.select("attribute", "is_suspect", "evidence").row(0)
    ('deal_size', True, 'filled for 100 % of customers and 0 % of the others')
    """
    frame, won = training_leads(frame, attributes=attributes, outcome=outcome)
    late = late_rates(frame, attributes, won, set_at=set_at or {}, outcome_at=outcome_at or at_of(outcome))
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


@dataclass(frozen=True)
class Alone:
    """Every attribute's cross-fitted lifts, in one order of leads, and what became of these."""

    names: Sequence[str]
    lifts: Array
    won: Array

    def auc_of(self, name: str) -> float | None:
        if name not in self.names:
            return None
        value = auc(self.won, self.lifts[:, self.names.index(name)])[0]
        return None if value is None else round(value, 4)

    def auc_of_all(self, names: Sequence[str]) -> float | None:
        """The AUC of several attributes weighed together."""
        if not names:
            return 0.5
        lifts = self.lifts[:, [self.names.index(name) for name in names]]
        value = auc(self.won, lifts @ fit_weights(lifts, self.won).weights)[0]
        return None if value is None else round(value, 4)


def alone_lifts(frame: pl.DataFrame, names: Sequence[str], won: Array) -> Alone:
    """What each attribute alone lets expect, from folds that a lead is not in."""
    if not names:
        return Alone([], np.zeros((len(won), 0)), won)
    found = [find_values(frame[name], won) for name in names]
    codes = coded(frame, found)
    order = canonical_order(codes, won)
    codes, won = np.take(codes.T, order, axis=1).T, won[order]
    lifts = single_lifts(codes, [len(each.values) for each in found], won, fold_of_each(len(won), seed=0))
    return Alone(list(names), lifts, won)


def add_too_good(alone: Alone, evidence: dict[str, list[str]]) -> dict[str, float]:
    """Evidence against attributes that say more alone than all others together; the AUC of those others.

    The most telling attribute is looked at first; once it is suspect it no longer counts among the others.
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
                f"too good to be true: tells customers from the rest alone (AUC {aucs[name]:.2f}) "
                f"better than all others together ({rest:.2f})"
            )
    return compared


def at_of(name: str) -> str:
    return f"{name.removeprefix('is_')}_at"


def late_rates(
    frame: pl.DataFrame, attributes: Sequence[str], won: Array, *, set_at: Mapping[str, str], outcome_at: str
) -> dict[str, float | None]:
    """Of the customers with an attribute, the share that had it set at or after the outcome; null when not known."""
    customers = frame.filter(pl.Series(won == 1))
    rates: dict[str, float | None] = {}
    for name in attributes:
        when = name if frame[name].dtype.is_temporal() else set_at.get(name, at_of(name))
        known = {when, outcome_at} <= set(frame.columns) and frame[when].dtype.is_temporal()
        late = customers.select((pl.col(when) >= pl.col(outcome_at)).mean()).item() if known else None
        rates[name] = None if late is None else round(late, 4)
    return rates


def late_evidence(rate: float | None) -> list[str]:
    said = f"set at or after the outcome for {rate or 0:.0%} of customers".replace("%", " %")
    return [said] if rate is not None and rate > LATE else []


def is_filled(column: pl.Series) -> Array:
    texts = as_texts(column) if column.dtype in (pl.String, pl.Categorical, pl.Enum) else column
    return texts.is_not_null().to_numpy()


def fill_rates(filled: Array, won: Array) -> tuple[float | None, float | None]:
    """How often an attribute is filled among customers, and among the others."""
    shares = (filled[won == kind] for kind in (1, 0))
    return tuple(round(float(each.mean()), 4) if len(each) else None for each in shares)


def fill_evidence(filled: Array, won: Array) -> list[str]:
    """Filled much more, or much less, often among customers; or only where a lead was won or lost."""
    of_customers, of_others = fill_rates(filled, won)
    if filled.all() or not filled.any() or of_customers is None or of_others is None:
        return []
    close = rate_interval([won[filled].sum()], [filled.sum()])
    apart = abs(of_customers - of_others) >= FILLED_APART
    only_won = close["low"][0] >= telling_rate(won, at_least=MOSTLY, times=MOSTLY_ODDS)
    only_lost = close["high"][0] <= NEARLY_NONE * won.mean()
    if apart or only_won or only_lost:
        return [f"filled for {of_customers:.0%} of customers and {of_others:.0%} of the others".replace("%", " %")]
    return []


def telling_rate(won: Array, *, at_least: float, times: float) -> float:
    """A close rate that only hindsight gives: high in itself, and at so many times the odds of the benchmark."""
    odds = times * float(won.mean()) / max(1 - float(won.mean()), 1e-9)
    return max(at_least, odds / (1 + odds))


def value_evidence(column: pl.Series, won: Array) -> list[str]:
    """A value that next to nobody but customers has."""
    found = find_values(column, won)
    codes = found.codes(column)
    customers = np.bincount(codes, weights=won, minlength=len(found.values))
    limit = telling_rate(won, at_least=NEARLY_ALL, times=NEARLY_ALL_ODDS)
    rates = rate_interval(customers, np.bincount(codes, minlength=len(found.values)))
    telling = [
        f"{rate:.0%} of the leads with '{value}' are customers".replace("%", " %")
        for value, rate, low, count in zip(found.values, rates["rate"], rates["low"], customers, strict=True)
        if value not in (NOT_KNOWN, RARE) and low is not None and low >= limit and count >= LATE * won.sum()
    ]
    return telling[:1]
