"""A lead's score, expected close rate and reasons: the points of its values, looked up on the card and added up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.rates.shrinkage import as_rate, log_odds, log_odds_variance, shrunken_rate
from leadreport.scoring.card import Scorecard
from leadreport.scoring.values import ANY_OTHER, Attribute, coded, require_columns
from leadreport.scoring.weights import WEIGHT_SPREAD

Array = np.ndarray

WIDTH = NormalDist().inv_cdf(0.975)
"""Standard errors to each side of a 95 % interval."""

LEAST_SPREAD = 0.3
"""Standard deviation of the log-odds between an attribute's values below which few leads cannot tell it from none."""


@dataclass(frozen=True)
class Column:
    """One thing that gives points: an attribute or a pair table.

    `keys` are its values (pairs of values), `points` what each of them gives, `positions` the place of every lead's
    value among the keys.
    """

    names: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    points: Array
    positions: Array

    @property
    def labels(self) -> list[str]:
        """The values in words: trial requested yes; day 4 to 9 with month may."""
        names = [name.replace("_", " ") for name in self.names]
        return [" with ".join(f"{name} {part}" for name, part in zip(names, key, strict=True)) for key in self.keys]


def score_leads(frame: pl.DataFrame, card: Scorecard) -> pl.DataFrame:
    """The leads with score, expected close rate and reasons, in their given order.

    Adds score (0 to 100), expected_close_rate with expected_close_rate_low and expected_close_rate_high (95 %: the
    uncertainty of the benchmark and of every value's close rate), fit_score and engagement_score, which add up to the
    score, and reasons: the values that gave most and cost most.

    Raises
    ------
    InputError
        When a column that the card scores is missing or has changed its kind.

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
    columns = card_columns(frame, card)
    engaged = set(card.weights.filter(pl.col("part") == "engagement")["attribute"])
    of_engagement = [each for each in columns if engaged & set(each.names)]
    fit = card.start + total([each for each in columns if not engaged & set(each.names)], leads=frame.height)
    points = fit + total(of_engagement, leads=frame.height)
    fit_score, score = card.score(fit), card.score(points)
    return frame.with_columns(
        score=pl.Series(score),
        fit_score=pl.Series(fit_score),
        engagement_score=pl.Series((score - fit_score).round(1)),
        **rate_columns(points, log_odds_variances(columns, card), card),
        reasons=reasons(columns, per_score=card.points_per_score),
    )


def points_of(frame: pl.DataFrame, card: Scorecard, *, lead_id: str | None = None) -> pl.DataFrame:
    """The rows of the card that give one lead its points: what, value, points, total.

    The first row is the start of every lead, `total` adds up; the last total makes the score (a tenth of it with the
    weighted method). `frame` has one row per lead with `lead_id` and the card's attributes; without `lead_id` its first
    lead is taken. An empty frame gives an empty one.

    Raises
    ------
    InputError
        When there is no such lead, or a column that the card scores is missing.

    Examples
    --------
    >>> from leadreport.scoring import fit_scorecard
    >>> leads = pl.DataFrame({"lead_id": [str(i) for i in range(400)], "trial": [i % 2 == 1 for i in range(400)]})
    >>> leads = leads.with_columns(won=pl.Series([i % 8 == 1 or i % 20 == 0 for i in range(400)]))
    >>> card = fit_scorecard(leads, attributes=["trial"], outcome="won")
    >>> points_of(leads, card, lead_id="1").select("what", "value").rows()
    [('start', 'every lead'), ('trial', 'yes')]
    """
    require_columns(frame, ["lead_id"])
    lead = frame.head(1) if lead_id is None else frame.filter(pl.col("lead_id") == lead_id).head(1)
    if lead.is_empty() and lead_id is not None:
        raise InputError(f"there is no lead '{lead_id}'", hint=did_you_mean(lead_id, frame["lead_id"].to_list()))
    rows = [("start", "every lead", float(card.start))] * lead.height
    for column in card_columns(lead, card):
        rows += [
            (" with ".join(column.names), " with ".join(column.keys[place]), float(column.points[place]))
            for place in column.positions
        ]
    schema = {"what": pl.String, "value": pl.String, "points": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(total=pl.col("points").cum_sum())


def card_columns(frame: pl.DataFrame, card: Scorecard) -> list[Column]:
    """What gives points on a card, with the position of every lead of a frame."""
    require_columns(frame, [each.name for each in card.attributes])
    return columns_of(frame, coded(frame, card.attributes), card.attributes, table=card.table, pairs=card.pairs)


def columns_of(
    frame: pl.DataFrame, codes: Array, attributes: Sequence[Attribute], *, table: pl.DataFrame, pairs: pl.DataFrame
) -> list[Column]:
    """What gives points, in the order of the card, with the position of every coded lead."""
    singles = [single_column(codes[:, j], each, table=table) for j, each in enumerate(attributes)]
    tables = pairs.partition_by("first", "second", maintain_order=True) if not pairs.is_empty() else []
    named = {each.name: each.in_pairs for each in attributes}
    return singles + [pair_column(frame, named, cells=cells) for cells in tables]


def single_column(codes: Array, attribute: Attribute, *, table: pl.DataFrame) -> Column:
    """The points of an attribute's values."""
    mine = table.filter(pl.col("attribute") == attribute.name)
    points = dict(mine.select("value", "points").iter_rows())
    keys = tuple((value,) for value in attribute.values)
    return Column((attribute.name,), keys, np.array([points[value] for value in attribute.values], dtype=float), codes)


def pair_column(frame: pl.DataFrame, attributes: Mapping[str, Attribute], *, cells: pl.DataFrame) -> Column:
    """The points of a pair table; a cell that training never saw gives 0."""
    first, second = cells["first"][0], cells["second"][0]
    rows, row_names = positions(attributes[first], cells["first_value"], frame[first])
    columns, column_names = positions(attributes[second], cells["second_value"], frame[second])
    points = {(a, b): p for a, b, p in cells.select("first_value", "second_value", "points").iter_rows()}
    keys = tuple((a, b) for a in row_names for b in column_names)
    found = rows * np.int32(len(column_names)) + columns
    return Column((first, second), keys, np.array([points.get(key, 0) for key in keys], dtype=float), found)


def positions(attribute: Attribute, named: pl.Series, column: pl.Series) -> tuple[Array, list[str]]:
    """The row of a pair table for every lead, and the rows' names; the last is for values that it does not name."""
    has_row = set(named.to_list()) - {ANY_OTHER}
    names = [*(value for value in attribute.values if value in has_row), ANY_OTHER]
    rows = {value: row for row, value in enumerate(names)}
    places = np.array([rows.get(value, len(names) - 1) for value in attribute.values], dtype=np.int32)
    return places[attribute.codes(column)], names


def total(columns: Sequence[Column], *, leads: int) -> Array:
    """The sum of points of every lead."""
    result = np.zeros(leads)
    for column in columns:
        result += column.points[column.positions]
    return result


def rate_columns(points: Array, variances: Array, card: Scorecard) -> dict[str, pl.Series]:
    """The expected close rate with its 95 % interval: 1 / (1 + e^-(log-odds +- 1.96 standard errors))."""
    odds = card.curve.odds(points)
    margin = WIDTH * np.sqrt(variances + card.curve.variance(points))
    ends = {"": odds, "_low": odds - margin, "_high": odds + margin}
    return {f"expected_close_rate{end}": pl.Series(as_rate(each).round(6)) for end, each in ends.items()}


def log_odds_variances(columns: Sequence[Column], card: Scorecard) -> Array:
    """Squared standard error of every lead's log-odds: the sum over its values of `key_variances`.

    The other methods than `weighted` do
    not know how sure a value is: theirs is 0, and only the variance of the curve remains.
    """
    result = np.zeros(len(columns[0].positions))
    if card.method != "weighted" or not 0 < card.benchmark < 1:
        return result
    for column in columns:
        result += key_variances(column, card)[column.positions]
    return result


def key_variances(column: Column, card: Scorecard) -> Array:
    """Variance of what an attribute value or a cell of a pair table adds to the log-odds; 0 where training saw no lead.

    Of the value: trigamma(k + m b) + trigamma(n - k + m (1 - b)), the variance of a beta variable's log-odds, not times
    the weight: what shrinking takes from a value may be there all the same. At most as many prior leads m count as a
    spread of 0.3 between values implies, since few leads cannot show that there is none. Of the weight: lift^2 / (1 /
    0.3^2 + I), with its prior's standard deviation 0.3 and the information I = sum of n b (1 - b) lift^2.
    """
    if is_single := len(column.names) == 1:
        weights = card.weights.filter(pl.col("attribute") == column.names[0])
        rows = card.table.filter(pl.col("attribute") == column.names[0]).select(
            "value", "customers", "leads", usual=pl.lit(card.benchmark)
        )
    else:
        is_mine = (pl.col("first") == column.names[0]) & (pl.col("second") == column.names[1])
        weights = card.pair_weights.filter(is_mine)
        rows = card.pairs.filter(is_mine).select("first_value", "second_value", "customers", "leads", "expected_rate")
    weight, prior = weights.select("weight", "prior_leads").row(0)
    customers, leads, usual = (each.to_numpy() for each in rows.get_columns()[-3:])
    each_lead = card.benchmark * (1 - card.benchmark)
    most = min(prior, 1 / (LEAST_SPREAD**2 * each_lead)) if is_single else prior
    of_value = log_odds_variance(customers, leads, centre=usual, strength=most)
    lift = log_odds(shrunken_rate(customers, leads, centre=usual, strength=prior)) - log_odds(usual)
    of_weight = lift**2 / (WEIGHT_SPREAD**-2 + (leads * each_lead * lift**2).sum())
    variance = (of_value if is_single else weight**2 * of_value) + of_weight
    known = dict(zip(rows.select(rows.columns[: len(column.names)]).iter_rows(), variance, strict=True))
    return np.array([known.get(key, 0.0) for key in column.keys])


def reasons(columns: Sequence[Column], *, per_score: float) -> pl.Series:
    """One text per lead: "for: trial requested yes (+6.2); against: source bought list (-4.0)".

    At most two values that gave and two that cost, in units of the score; values with 0 points are not named.
    """
    names = named_effects(columns, per_score=per_score)
    gave, cost = (strongest(columns, sign=sign) for sign in (1, -1))
    frame = pl.DataFrame(
        {
            f"{sign}{rank}": names.gather(each)
            for sign, picked in (("+", gave), ("-", cost))
            for rank, each in enumerate(picked)
        }
    )
    both = pl.concat_str(listing("for: ", "+"), listing("against: ", "-"), separator="; ", ignore_nulls=True)
    return frame.select(both).to_series()


def named_effects(columns: Sequence[Column], *, per_score: float) -> pl.Series:
    """Every value of every column with its effect: "company size 250+ (+3.1)"; at the end a null for no reason."""
    names = [
        f"{label} ({points / per_score:+.1f})"
        for each in columns
        for label, points in zip(each.labels, each.points, strict=True)
    ]
    return pl.Series([*names, None], dtype=pl.String)


def strongest(columns: Sequence[Column], *, sign: int) -> tuple[Array, Array]:
    """The places in the named effects of every lead's largest and second largest effect in one direction.

    All leads at once, in one pass over the columns; columns with large effects come first, so later ones change little.
    """
    leads = len(columns[0].positions)
    starts = np.cumsum([0, *(len(each.keys) for each in columns)])
    first, second = (np.full(leads, starts[-1], dtype=np.int32) for _ in range(2))
    most, next_most = np.zeros(leads), np.zeros(leads)
    for j in sorted(range(len(columns)), key=lambda j: -(sign * columns[j].points).max()):
        effect = (sign * columns[j].points)[columns[j].positions]
        ahead = np.flatnonzero(effect > next_most)
        leads_it = effect[ahead] > most[ahead]
        top, runner_up = ahead[leads_it], ahead[~leads_it]
        second[top], next_most[top] = first[top], most[top]
        first[top], most[top] = columns[j].positions[top] + starts[j], effect[top]
        second[runner_up] = columns[j].positions[runner_up] + starts[j]
        next_most[runner_up] = effect[runner_up]
    return first, second


def listing(start: str, prefix: str) -> pl.Expr:
    """The names in one text, null without any."""
    names = pl.concat_str(f"{prefix}0", f"{prefix}1", separator=", ", ignore_nulls=True)
    return pl.when(pl.col(f"{prefix}0").is_not_null()).then(pl.lit(start) + names)
