"""Attributes that leak the outcome, with the evidence; the score leaves them out unless the policy allows them.

The audit finds what leaves a trace in the values, the times or the name. An attribute without evidence is not proven
clean: only the people who fill it in know when they do.
"""

import re
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

MANY_WON, FEW_LEADS = 0.25, 0.1
"""A value that mostly customers have leaks (the limits of `MOSTLY`) when this share of the customers has it, and leads
with other values, this share of all, close at less than `NEARLY_NONE` of the benchmark."""

NEVER, NEVER_SHARE = 0.1, 0.2
"""A value is that of leads which did not get far when this share of all leads has it and closes at less than this part
of the benchmark (Wilson's upper end)."""

NAMED_LATE = re.compile(
    r"(^|_)(clos(ed?|ing)|won|lost|converted|conversion|contract|signed|invoiced?|revenue|amount|deals?|opportunity|"
    r"proposal|quote|stage|status|outcome|disqualified|duration|last|(days|hours|minutes|seconds|time)_"
    r"(in|to|until|since|from|at)|(days|hours|minutes|seconds))(_|$)"
)
"""Words in a name that speak of what happens to a lead later."""

SUGGESTIVE = 0.6
"""From this AUC on, an attribute whose name speaks of later is suspect; below it a leak does little."""

YOUNG_LEADS = 30
FILLED_LATE = 0.2
"""An attribute is filled late when at least so many young leads have it this much less often than mature ones, and the
95 % intervals of the two fill rates do not meet."""

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


def at_of(name: str) -> str:
    """The column with the instant that belongs to an attribute or an outcome."""
    return f"{name.removeprefix('is_')}_at"


def late_rates(leads: pl.DataFrame, attributes: Sequence[str], *, outcome_at: str) -> dict[str, float | None]:
    """By attribute, the share of leads for which it was set at or after the outcome; null when not known."""
    rates: dict[str, float | None] = {}
    for name in attributes:
        when = name if leads[name].dtype.is_temporal() else at_of(name)
        known = {when, outcome_at} <= set(leads.columns) and leads[when].dtype.is_temporal()
        late = leads.select((pl.col(when) >= pl.col(outcome_at)).mean()).item() if known else None
        rates[name] = None if late is None else round(late, 4)
    return rates


def late_evidence(rate: float | None) -> list[str]:
    """Evidence that an attribute is set after the outcome."""
    return [f"set at or after the outcome for {rate:.0%} of customers"] if rate is not None and rate > LATE else []


def ended_evidence(frame: pl.DataFrame, name: str) -> list[str]:
    """Evidence that an attribute is set once leads are lost or disqualified."""
    ends = [end for end in ("lost_at", "disqualified_at") if end in frame.columns and end != name]
    found = {end: late_rates(frame.filter(pl.col(end).is_not_null()), [name], outcome_at=end)[name] for end in ends}
    return [
        f"set at or after the end for {rate:.0%} of {end.removesuffix('_at')} leads"
        for end, rate in found.items()
        if rate is not None and rate > LATE
    ]


def dated_evidence(frame: pl.DataFrame, name: str) -> list[str]:
    """Evidence that a date lies after the day on which most leads were created; ISO dates in texts count."""
    column = frame[name]
    if column.dtype == pl.String:
        days = column.str.head(10).str.to_date("%Y-%m-%d", strict=False)
        column = days if days.count() > column.count() / 2 else column
    if not column.dtype.is_temporal() or column.dtype == pl.Duration or "created_at" not in frame.columns:
        return []
    later = (column.cast(pl.Date) > frame["created_at"].cast(pl.Date)).mean()
    return [f"a date after creation for {later:.0%} of the leads that have it"] if later and later > LATE else []


def young_evidence(mature: Array, young: Array) -> list[str]:
    """Evidence that an attribute is filled late: young leads have it less often than mature ones."""
    if len(young) < YOUNG_LEADS:
        return []
    (now, before), low, high = (
        rate_interval([young.sum(), mature.sum()], [len(young), len(mature)])[end] for end in ("rate", "low", "high")
    )
    if before - now < FILLED_LATE or high[0] >= low[1]:
        return []
    return [f"filled late: for {now:.0%} of young leads and {before:.0%} of mature ones"]


def name_evidence(name: str, alone: "Alone") -> list[str]:
    """Evidence in a name: it speaks of what comes later, and the values tell customers from the rest."""
    words = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    found, own = NAMED_LATE.search(words), alone.auc_of(name)
    if not found or own is None or own < SUGGESTIVE:
        return []
    return [f"its name speaks of what happens later ('{found[2]}'), and alone it tells customers apart (AUC {own:.2f})"]


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
    """Evidence that almost only customers have a value, or that leads with a value hardly ever buy; the first of them.

    What mostly customers have (`MOSTLY`) is enough where other values are those of leads that hardly ever buy.
    """
    found = find_values(column, won)
    codes = found.codes(column)
    leads, customers = (np.bincount(codes, weights=each, minlength=len(found.values)) for each in (won * 0 + 1, won))
    rates = rate_interval(customers, leads).fill_null(0.5)
    shares, benchmark = leads / len(won), won.mean()
    never = rates["high"].to_numpy() <= NEARLY_NONE * benchmark
    is_split = shares[never].sum() >= FEW_LEADS
    nearly_all = telling_rate(won, at_least=NEARLY_ALL, times=NEARLY_ALL_ODDS)
    mostly = telling_rate(won, at_least=MOSTLY, times=MOSTLY_ODDS)
    telling = [
        f"{rate:.0%} of the leads with '{value}' are customers"
        for value, rate, low, count in zip(found.values, rates["rate"], rates["low"], customers, strict=True)
        if value not in (NOT_KNOWN, RARE)
        and (
            (low >= nearly_all and count >= LATE * won.sum())
            or (is_split and low >= mostly and count >= MANY_WON * won.sum())
        )
    ]
    hardly = [
        f"{rate:.1%} of the leads with '{value}' are customers, {benchmark:.1%} of all"
        for value, rate, high, share in zip(found.values, rates["rate"], rates["high"], shares, strict=True)
        if high <= NEVER * benchmark and share >= NEVER_SHARE
    ]
    return [*telling, *hardly][:1]
