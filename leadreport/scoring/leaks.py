"""Attributes that leak the outcome, with the evidence; the score leaves them out unless the policy allows them.

The audit finds what leaves a trace in the values, the times or the name. An attribute without evidence is not proven
clean: only the people who fill it in know when they do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from leadreport.scoring.fit import known_outcomes
from leadreport.scoring.leak_signs import (
    at_of,
    dated_evidence,
    ended_evidence,
    fill_evidence,
    fill_rates,
    is_filled,
    late_evidence,
    late_rates,
    value_evidence,
    young_evidence,
)
from leadreport.scoring.measures import auc
from leadreport.scoring.values import coded, find_values
from leadreport.scoring.weights import canonical_order, fit_weights, fold_of_each, single_lifts

Array = np.ndarray

NAMED_LATE = re.compile(
    r"(^|_)(clos(ed?|ing)|won|lost|converted|conversion|contract|signed|invoiced?|revenue|amount|deals?|opportunity|"
    r"proposal|quote|stage|status|outcome|disqualified|duration|last|(days|hours|minutes|seconds|time)_"
    r"(in|to|until|since|from|at)|(days|hours|minutes|seconds))(_|$)"
)
"""Words in a name that speak of what happens to a lead later."""

SUGGESTIVE = 0.6
"""From this AUC on, an attribute whose name speaks of later is suspect; below it a leak does little."""

TOO_GOOD = 0.75
"""From this AUC on, an attribute alone must not beat all others together."""

CLAIRVOYANT = 0.9
"""From this AUC on, an attribute is suspect however good the others are."""

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
    young: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The attributes that were set late, whose values or gaps give the outcome away, or that are too good to be true.

    An attribute that is not suspect is not proven clean.

    Parameters
    ----------
    frame
        One row per lead, mature leads only.
    attributes
        Any columns; those that cannot be scored (dates, ids) are audited too. The instant at which an attribute was
        set is looked for in `<attribute>_at`, that of the outcome `is_customer` in `customer_at`, those of other ends
        in `lost_at` and `disqualified_at`, that of creation in `created_at`.
    allowed
        Attributes that are used although they are suspect (`allowed_despite_leak` of the policy).
    young
        The newest leads, with the same columns: what they lack is filled late.

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
    late = late_rates(frame.filter(pl.Series(won == 1)), attributes, outcome_at=at_of(outcome))
    filled = {name: is_filled(frame[name]) for name in attributes}
    evidence = {name: [*late_evidence(late[name]), *fill_evidence(filled[name], won)] for name in attributes}
    for name in attributes:
        evidence[name] += [*ended_evidence(frame, name), *dated_evidence(frame, name)]
        evidence[name] += [] if young is None else young_evidence(filled[name], is_filled(young[name]))
    scorable = [
        name for name in attributes if not frame[name].dtype.is_temporal() and not frame[name].dtype.is_nested()
    ]
    alone = alone_lifts(frame, scorable, won)
    for name in scorable:
        evidence[name] += [] if evidence[name] else value_evidence(frame[name], won)
        evidence[name] += [] if evidence[name] else name_evidence(name, alone)
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
    """The attributes that the audit leaves out of the score, and what it cannot know.

    Examples
    --------
    >>> leaks_note(pl.DataFrame({"attribute": ["deal_size", "source"], "is_used": [False, True]}))
    'Left out of the score: deal_size. The others show no sign of a leak, which does not prove them clean.'
    """
    left_out = audit.filter(~pl.col("is_used"))["attribute"].to_list()
    if not left_out:
        return "No attribute is left out of the score. That the audit sees no leak does not prove that there is none."
    return (
        f"Left out of the score: {', '.join(left_out)}. The others show no sign of a leak, which does not prove them "
        "clean."
    )


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


def name_evidence(name: str, alone: "Alone") -> list[str]:
    """Evidence in a name: it speaks of what comes later, and the values tell customers from the rest."""
    words = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    found, own = NAMED_LATE.search(words), alone.auc_of(name)
    if not found or own is None or own < SUGGESTIVE:
        return []
    return [f"its name speaks of what happens later ('{found[2]}'), and alone it tells customers apart (AUC {own:.2f})"]
