"""Who gets the credit for an outcome: five models, each of which gives every lead one whole."""

from typing import Literal

import polars as pl

from leadreport.errors import InputError, did_you_mean
from leadreport.rates import UNKNOWN, named_groups

Model = Literal["first", "last", "linear", "position", "time_decay"]

MODELS = ("first", "last", "linear", "position", "time_decay")

ENDS_SHARE = 0.4
"""The credit that the position model gives to the first and to the last touch; those between share the rest."""


def attribute_credit(touches: pl.DataFrame, *, model: Model, half_life_days: float = 7.0) -> pl.DataFrame:
    """Each touch with its share of the credit for its lead; the shares of a lead sum to 1 (definition 28).

    `touches` has lead_id and happened_at, one row per touch, and whatever else describes it. "first" and "last" give
    all to one touch, "linear" the same to each, "position" 40 % to the first and the last and 20 % to those between,
    "time_decay" half as much to a touch that is `half_life_days` older. Sorted by lead and time; adds credit.

    Examples
    --------
    >>> from datetime import datetime, UTC
    >>> days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 8, 15)]
    >>> touches = pl.DataFrame({"lead_id": ["a"] * 3, "happened_at": days})
    >>> attribute_credit(touches, model="time_decay", half_life_days=7)["credit"].round(4).to_list()
    [0.1429, 0.2857, 0.5714]
    """
    if model not in MODELS:
        raise InputError(f"'{model}' is no attribution model", hint=did_you_mean(str(model), MODELS))
    others = [name for name in touches.columns if name not in ("lead_id", "happened_at")]
    ordered = touches.sort("lead_id", "happened_at", *others, nulls_last=True)
    raw = touch_weight(model, half_life_days=half_life_days)
    weighted = ordered.with_columns(credit=raw.over("lead_id").cast(pl.Float64))
    return weighted.with_columns(pl.col("credit") / pl.col("credit").sum().over("lead_id"))


def touch_weight(model: Model, *, half_life_days: float) -> pl.Expr:
    """The weight of each touch of one lead, before all are scaled to sum to 1."""
    place, n = pl.int_range(pl.len()), pl.len()
    is_first, is_last = place == 0, place == n - 1
    match model:
        case "first":
            return is_first.cast(pl.Float64)
        case "last":
            return is_last.cast(pl.Float64)
        case "linear":
            return pl.lit(1.0) / n
        case "position":
            between = (1 - 2 * ENDS_SHARE) / (n - 2)
            return pl.when(is_first | is_last).then(ENDS_SHARE).otherwise(between)
        case "time_decay":
            last = pl.col("happened_at").max()
            days = (last - pl.col("happened_at")).dt.total_seconds(fractional=True) / 86_400
            return pl.lit(0.5).pow(days / half_life_days)


def credit_by_model(
    facts: pl.DataFrame,
    touches: pl.DataFrame,
    *,
    by: str = "channel",
    outcome: str = "sql",
    half_life_days: float = 7.0,
) -> pl.DataFrame:
    """How many SQLs (or customers) each group gets the credit for, all models side by side.

    `touches` (activities of leads, with a column `by`, such as `named_touches`) count up to the outcome; a lead without
    any gets its credit under "unknown", so that every column sums to the number of outcomes. One row per group: first,
    last, linear, position, time_decay.
    """
    reached = facts.filter(pl.col(f"{outcome}_at").is_not_null()).select("lead_id", reached_at=f"{outcome}_at")
    seen = named_groups(touches, by).select("lead_id", "happened_at", by)
    seen = seen.join(reached, on="lead_id").filter(pl.col("happened_at") <= pl.col("reached_at")).drop("reached_at")
    credits = [model_credit(seen, model, by=by, half_life_days=half_life_days) for model in MODELS]
    without = reached.join(seen, on="lead_id", how="anti").height
    table = pl.DataFrame({by: [UNKNOWN]} | {model: [float(without)] for model in MODELS})
    table = pl.concat([table, *credits], how="diagonal").group_by(by).agg(pl.col(MODELS).fill_null(0).sum().round(10))
    return table.filter(pl.sum_horizontal(MODELS) > 0).sort(by)


def model_credit(touches: pl.DataFrame, model: Model, *, by: str, half_life_days: float) -> pl.DataFrame:
    credited = attribute_credit(touches, model=model, half_life_days=half_life_days)
    return credited.group_by(by).agg(pl.col("credit").sum().alias(model))


def named_touches(activities: pl.DataFrame, *, by: str = "channel") -> pl.DataFrame:
    """The activities that attribution counts on a page: those of leads and third parties that name a group."""
    return activities.filter(pl.col(by).is_not_null(), pl.col("by").is_in(["lead", "third_party"]))


def model_gaps(credits: pl.DataFrame, *, by: str = "channel") -> pl.DataFrame:
    """How far the models differ on each named group, the widest gap first.

    `credits` has the rows of `credit_by_model`. Columns: the group, lowest, highest, gap, unassigned (the outcomes
    without a touch of a named group, the same in each row; null when there are none).
    """
    lowest, highest = pl.min_horizontal(MODELS), pl.max_horizontal(MODELS)
    unassigned = pl.col("linear").filter(pl.col(by) == UNKNOWN).first()
    gaps = credits.select(by, lowest=lowest, highest=highest, gap=highest - lowest, unassigned=unassigned)
    return gaps.filter(pl.col(by) != UNKNOWN).sort("gap", by, descending=[True, False])
