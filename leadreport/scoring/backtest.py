"""The scorecard judged on later leads that it has not seen, beside other methods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
import polars as pl

from leadreport.facts import is_mature
from leadreport.policy import Policy
from leadreport.rates.shrinkage import as_rate
from leadreport.scoring.close_rates import METHODS
from leadreport.scoring.drift import recalibrate
from leadreport.scoring.fit import fit_scorecard, known_outcomes
from leadreport.scoring.measures import accuracy, calibration_by_band, lift_by_decile
from leadreport.scoring.policy_card import LEAST_CUSTOMERS, used_attributes
from leadreport.scoring.rate_left import covered_leads
from leadreport.scoring.score import score_leads
from leadreport.scoring.values import coded, find_values, require_columns
from leadreport.words import LOST

Array = np.ndarray

CLOSING = tuple(f"{stage}_at" for stage in ("customer", *LOST))
"""The instants that end a lead's journey; a recycled lead goes on."""

SMALLEST_COUNT = 0.1
"""What Odoo adds to every count of won and lost leads."""


class Model(Protocol):
    """Another method: from earlier leads with their outcome to the close rates that it expects of later ones."""

    def __call__(
        self, past: pl.DataFrame, later: pl.DataFrame, *, attributes: Sequence[str], outcome: str
    ) -> Array: ...


@dataclass(frozen=True)
class Backtest:
    """How each method did on the later leads; frames without rows when there were too few customers to judge.

    `methods` has a row per method: method, leads, customers, auc, auc_low, auc_high, average_precision, brier,
    top_decile_lift, expected_rate, close_rate, calibration_error, is_recalibrated. `calibration` has a row per method
    and band: method, band, leads, customers, expected_rate, close_rate, low, high, is_met. `deciles` has a row per
    method and tenth of the leads: method, decile, leads, customers, close_rate, lift, customers_rate.
    """

    methods: pl.DataFrame
    calibration: pl.DataFrame
    deciles: pl.DataFrame

    @property
    def note(self) -> str:
        """One sentence: how well the score tells later leads apart, beside the published method."""
        found = {name: value for name, value in self.methods.select("method", "auc").iter_rows() if value is not None}
        if not {"weighted", "close_rate"} <= set(found):
            return "Too few customers before or after the split: the score cannot be judged on later leads yet."
        return (
            f"On later leads a customer outscores another lead {found['weighted']:.1%} of the time; by the published "
            f"method {found['close_rate']:.1%}."
        )

    def calibration_of(self, method: str) -> pl.DataFrame:
        """The bands of one method."""
        return self.calibration.filter(pl.col("method") == method)


def policy_backtest(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> Backtest:
    """The scorecard of a policy judged on the leads of the last two lead-to-customer horizons.

    Trained on the leads known two horizons ago, judged on those created since that have had their whole horizon, beside
    the published methods and naive Bayes. Without rows while one side has fewer than 10 customers.
    """
    past, later = past_and_later(facts, policy=policy, as_of=as_of)
    if later.is_empty():
        return backtest_of(np.zeros(0), [])
    attributes = sorted(used_attributes(facts, policy=policy, as_of=as_of))
    return backtest(past, later, attributes=attributes, outcome="is_customer", models={"naive_bayes": naive_bayes})


def past_and_later(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The leads known two horizons ago, and the later ones; no later one with fewer than 10 customers on one side."""
    split_at = as_of - timedelta(days=2 * policy.horizon_days("lead", "customer"))
    covered = covered_leads(facts, as_of=as_of)
    past, later = split_by_time(covered, split_at=split_at, as_of=as_of, policy=policy)
    is_enough = min(past["is_customer"].sum(), later["is_customer"].sum()) >= LEAST_CUSTOMERS
    return past, later if is_enough else later.clear()


def unseen_leads(facts: pl.DataFrame, *, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """The later leads of `policy_backtest`, scored by a card from the earlier ones: it has not seen how they ended.

    No row while one side has fewer than 10 customers.
    """
    past, later = past_and_later(facts, policy=policy, as_of=as_of)
    if later.is_empty():
        return later.with_columns(score=pl.lit(None, dtype=pl.Float64))
    attributes = used_attributes(facts, policy=policy, as_of=as_of)
    return score_leads(later, fit_scorecard(past, attributes=attributes, outcome="is_customer"))


def backtest(
    past: pl.DataFrame,
    later: pl.DataFrame,
    *,
    attributes: Sequence[str],
    outcome: str,
    methods: Sequence[str] = METHODS,
    models: Mapping[str, Model] | None = None,
    recent: pl.DataFrame | None = None,
) -> Backtest:
    """Every method trained on the past and judged on the later leads (definition 18).

    Parameters
    ----------
    past, later
        Leads with attributes as they were known at scoring time, and outcomes: of the past as known at the split, of
        the later ones as known now. `split_by_time` and `with_later_outcome` make such frames.
    models
        Other methods to compare with, by name, such as `naive_bayes`; see `Model`.
    recent
        Mature leads from the end of the past. When they closed more or less often than chance explains, the cards are
        recalibrated to them.

    Examples
    --------
    >>> leads = pl.DataFrame({"trial": [i % 2 == 0 for i in range(400)], "won": [i % 8 == 0 for i in range(400)]})
    >>> judged = backtest(leads, leads, attributes=["trial"], outcome="won", methods=["weighted"])
    >>> judged.methods.select("method", "customers", "auc").row(0)
    ('weighted', 50, 0.785714)
    """
    later, won = known_outcomes(later, attributes=attributes, outcome=outcome)
    cards = [card_prediction(past, later, attributes, outcome, method=method, recent=recent) for method in methods]
    others = [
        Prediction(name, model(past, later, attributes=attributes, outcome=outcome))
        for name, model in (models or {}).items()
    ]
    return backtest_of(won, [*cards, *others])


@dataclass(frozen=True)
class Prediction:
    """The close rates that a method expects of the later leads."""

    method: str
    expected: Array
    is_recalibrated: bool = False


def card_prediction(
    past: pl.DataFrame,
    later: pl.DataFrame,
    attributes: Sequence[str],
    outcome: str,
    *,
    method: str,
    recent: pl.DataFrame | None,
) -> Prediction:
    """The close rates that a card from the past expects of the later leads."""
    card = fit_scorecard(past, attributes=attributes, outcome=outcome, method=method)
    if recent is not None:
        card = recalibrate(card, recent)
    expected = score_leads(later, card)["expected_close_rate"].to_numpy()
    return Prediction(method, expected, is_recalibrated=card.recalibration is not None)


def backtest_of(won: Array, judged: Sequence[Prediction]) -> Backtest:
    """The comparison of several predictions for the same leads; frames without rows when there is none."""
    measures = (accuracy, calibration_by_band, lift_by_decile)
    methods, calibration, deciles = (stacked(measure, won, judged) for measure in measures)
    moved = pl.Series([each.is_recalibrated for each in judged], dtype=pl.Boolean)
    return Backtest(methods.with_columns(is_recalibrated=moved), calibration, deciles)


def stacked(measure: Callable[[Array, Array], pl.DataFrame], won: Array, judged: Sequence[Prediction]) -> pl.DataFrame:
    """A measure of every prediction, one below the other, with the method in front."""
    two = Prediction("", np.array([0.1, 0.9]))  # a customer and another lead, for the columns
    parts = [
        measure(outcome, each.expected).select(pl.lit(each.method).alias("method"), pl.all())
        for outcome, each in ((two.expected > 0.5, two), *((won, each) for each in judged))
    ]
    return pl.concat([parts[0].clear(), *parts[1:]], how="vertical_relaxed")


def split_by_time(
    facts: pl.DataFrame, *, split_at: datetime, as_of: datetime, policy: Policy, outcome: str = "is_customer"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Training and test leads split in time, each with the outcome known at its date.

    The training leads were mature at the split (definition 17), with the outcome known then. The test leads were
    created from the split on and have had the policy's whole lead-to-customer horizon by `as_of`, with the outcome
    within that horizon: only a lead that had its time counts as a failure.

    Only for attributes that do not change after a lead is created: counts of activities in `facts` are as of the
    instant of the facts. For those use `with_later_outcome`.
    """
    reached_at = f"{outcome.removeprefix('is_')}_at"
    require_columns(facts, ["created_at", reached_at])
    horizon = timedelta(days=policy.horizon_days("lead", "customer"))
    known_then = (pl.col(reached_at) < split_at).fill_null(False)
    in_time = (pl.col(reached_at) - pl.col("created_at") <= horizon).fill_null(False)
    past = facts.filter(is_mature(policy=policy, as_of=split_at))
    later = facts.filter(pl.col("created_at") >= split_at, is_mature(policy=policy, as_of=as_of))
    return past.with_columns(known_then.alias(outcome)), later.with_columns(in_time.alias(outcome))


def with_later_outcome(
    then: pl.DataFrame, now: pl.DataFrame, *, outcome: str = "is_customer", until: datetime | None = None
) -> pl.DataFrame:
    """The leads that were open then, with the attributes known then and the outcome known now.

    `then` and `now` are facts of the same workspace as of two instants, the second at least a horizon later. Nothing
    that a lead did after the first instant is in its attributes, so engagement teaches only what could be known at the
    time. With `until` only outcomes before that instant count: facts of several earlier instants, each with the same
    time for the outcome, can then be stacked. A lead that was merged in between is left out: its survivor is counted.

    Examples
    --------
    >>> then = pl.DataFrame({"lead_id": ["a", "b", "c"], "webinars": [2, 0, 1], "is_customer": [False, False, True]})
    >>> now = pl.DataFrame({"lead_id": ["a", "b", "c"], "webinars": [9, 9, 9], "is_customer": [True, False, True]})
    >>> with_later_outcome(then, now).rows()
    [('a', 2, True), ('b', 0, False)]
    """
    require_columns(then, ["lead_id", outcome])
    require_columns(now, ["lead_id", outcome])
    gone = [pl.col(name).is_not_null() for name in CLOSING if name in then.columns]
    still_open = then.filter(~pl.any_horizontal(pl.col(outcome), *gone))
    reached_at = f"{outcome.removeprefix('is_')}_at"
    in_time = (pl.col(reached_at) < until).fill_null(False) if until else pl.col(outcome)
    became = now.select("lead_id", in_time.alias(outcome))
    return still_open.drop(outcome).join(became, on="lead_id", how="inner").select(then.columns).sort("lead_id")


def naive_bayes(past: pl.DataFrame, later: pl.DataFrame, *, attributes: Sequence[str], outcome: str) -> Array:
    """Expected close rates by the method of Odoo's predictive lead scoring.

    The shares of won and of lost leads with each value, multiplied over the attributes as if these were independent:
    odds = won / lost x product of (share of won with the value / share of lost with it), every count plus 0.1.
    """
    won = past[outcome].cast(pl.Float64).to_numpy()
    found = [find_values(past[name], won, rare_below=1) for name in attributes]
    before, after = coded(past, found), coded(later, found)
    odds = np.full(later.height, np.log((won.sum() + SMALLEST_COUNT) / ((1 - won).sum() + SMALLEST_COUNT)))
    for j, each in enumerate(found):
        odds += naive_lifts(before[:, j], won, size=len(each.values))[after[:, j]]
    return as_rate(odds)


def naive_lifts(codes: Array, won: Array, *, size: int) -> Array:
    """The log of how much more frequent each value is among won leads; 0 for a value that was never seen."""
    wins = np.bincount(codes, weights=won, minlength=size)
    losses = np.bincount(codes, weights=1 - won, minlength=size)
    share_of_wins = (wins + SMALLEST_COUNT) / (won.sum() + SMALLEST_COUNT)
    share_of_losses = (losses + SMALLEST_COUNT) / ((1 - won).sum() + SMALLEST_COUNT)
    return np.where(wins + losses > 0, np.log(share_of_wins) - np.log(share_of_losses), 0.0)
