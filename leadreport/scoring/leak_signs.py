"""The signs that an attribute knows the outcome: when it is set, when it is filled, and what its values give away."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from leadreport.rates import rate_interval
from leadreport.scoring.values import NOT_KNOWN, RARE, as_texts, find_values

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

YOUNG_LEADS = 30
FILLED_LATE = 0.2
"""An attribute is filled late when at least so many young leads have it this much less often than mature ones, and the
95 % intervals of the two fill rates do not meet."""

LATE = 0.05
"""An attribute leaks when it was set at or after the outcome for more than this share of the customers."""


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
    later: float | None = (column.cast(pl.Date) > frame["created_at"].cast(pl.Date)).mean()
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
