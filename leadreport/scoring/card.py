"""The scorecard: a table of points that a person can read, sign and add up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from leadreport.scoring.curve import Curve
from leadreport.scoring.values import Attribute

NOTHING_TO_LEARN = 10.83
"""Held-out evidence below this is no evidence: chance alone exceeds it once in a thousand fits (chi-squared, 1 df)."""


@dataclass(frozen=True)
class Recalibration:
    """The recent leads to which the expected close rates were moved, and how many customers the card expected."""

    leads: int
    customers: int
    expected_customers: float
    from_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True, repr=False)
class Scorecard:
    """Points per attribute value, with all that is needed to score a lead and to say why.

    `table` has a row per value: attribute, value, leads, customers, close_rate, low, high, shrunken_rate, lift, points,
    is_edited. `weights` has a row per attribute: attribute, part (fit or engagement), weight, prior_leads. `pairs` has
    a row per cell of the pair tables: first, first_value, second, second_value, leads, customers, expected_customers,
    close_rate, expected_rate, points, is_edited; `pair_weights` a row per pair table: first, second, weight,
    prior_leads. `bands` has the training leads by score: score_from, leads, customers, close_rate.

    With the weighted method every lead starts with `start` points, its values add theirs, and a tenth of the sum is the
    score: 50 is an average lead, and every 5 more double the odds.
    """

    method: str
    outcome: str
    leads: int
    customers: int
    start: int
    curve: Curve
    evidence: float
    attributes: tuple[Attribute, ...]
    table: pl.DataFrame
    weights: pl.DataFrame
    pairs: pl.DataFrame
    pair_weights: pl.DataFrame
    bands: pl.DataFrame
    trained_from: date | None = None
    trained_until: date | None = None
    policy_version: str | None = None
    recalibration: Recalibration | None = None
    signed_by: tuple[str, ...] = ()
    is_mature: bool = True

    def __repr__(self) -> str:
        made_of = f"{len(self.attributes)} attributes, {self.pair_weights.height} pairs"
        return f"<Scorecard: {self.method}, {made_of}, {self.customers:,} of {self.leads:,} leads became customers>"

    @property
    def benchmark(self) -> float:
        """Customers per lead over all training leads."""
        return self.customers / self.leads

    @property
    def rare(self) -> pl.DataFrame:
        """The values with too few leads to be named one by one: attribute, value."""
        rows = [(each.name, value) for each in self.attributes for value in each.rare]
        return pl.DataFrame(rows, schema={"attribute": pl.String, "value": pl.String}, orient="row")

    @property
    def can_score(self) -> bool:
        """Whether the values tell leads apart, judged on leads that did not make the points; never by young leads."""
        return self.is_mature and self.evidence >= NOTHING_TO_LEARN

    @property
    def verdict(self) -> str:
        """Whether there is something to score with, and to what the expected rates were recalibrated, in words."""
        if not self.is_mature:
            return "There is nothing to score with yet: of no lead with its whole time to buy are customers on record."
        if self.customers in (0, self.leads):
            who = "none" if self.customers == 0 else "every one"
            return f"There is nothing to score with: {who} of {self.leads:,} leads became a customer."
        if not self.can_score:
            return (
                "There is nothing to score with: tried on leads that did not make the points, these attributes tell "
                "customers from the rest no better than chance."
            )
        share = f"{self.customers:,} of {self.leads:,} leads became customers ({self.benchmark:.1%})"
        return " ".join(filter(None, [f"The points tell leads apart; {share}.", self.recalibration_note]))

    @property
    def recalibration_note(self) -> str | None:
        """One sentence when the expected close rates were recalibrated to recent leads."""
        recent = self.recalibration
        if recent is None:
            return None
        closed = f"{recent.customers:,} closed where the card alone expects {recent.expected_customers:,.0f}"
        return f"Expected close rates are recalibrated to {recent.leads:,} recent leads: {closed}."

    @property
    def extremes(self) -> str:
        """One sentence: the values with most and with fewest points, beside the benchmark."""
        ranked = self.table.drop_nulls("close_rate").sort("points")
        most, fewest = (
            f"{row['attribute']} = {row['value']} ({row['close_rate']:.1%} closed)"
            for row in (ranked.row(-1, named=True), ranked.row(0, named=True))
        )
        return f"Most points: {most}; fewest: {fewest}. The benchmark is {self.benchmark:.1%}."

    @property
    def earning(self) -> pl.DataFrame:
        """The rows of `table` with points above 0, most points first."""
        order = ["points", "attribute", "value"]
        return self.table.filter(pl.col("points") > 0).sort(order, descending=[True, False, False])

    @property
    def edited(self) -> int:
        """Number of points that were changed by hand."""
        return int(self.table["is_edited"].sum() + self.pairs["is_edited"].sum())

    @property
    def points_per_score(self) -> float:
        """The points that make one unit of the score.

        Ten with the weighted method, whatever the fit. The other methods have no scale of their own: there a lead with
        the best value of every attribute scores 100.
        """
        if self.method == "weighted":
            return 10.0
        return float(self.table.group_by("attribute").agg(pl.col("points").max())["points"].sum() / 100) or 0.01

    def score(self, points: np.ndarray) -> np.ndarray:
        """The score of every number of points: 0 to 100, with one decimal."""
        return (points / self.points_per_score).clip(0, 100).round(1)


def part_of(attribute: str, *, engagement: Sequence[str] | None) -> str:
    """`fit` when an attribute says who the lead is, `engagement` when it says what the lead does.

    Unless `engagement` lists them, the columns that facts count from activities are engagement.

    Examples
    --------
    >>> part_of("industry", engagement=None), part_of("webinar_count_30d", engagement=None)
    ('fit', 'engagement')
    """
    if engagement is not None:
        return "engagement" if attribute in engagement else "fit"
    return "engagement" if re.fullmatch(r"engagement|activities(_\d+d)?|.+_count(_\d+d)?", attribute) else "fit"
