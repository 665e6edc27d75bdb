"""Conversion by age when some leads are still open: Kaplan-Meier, for one cohort or for many at once."""

import math
from collections.abc import Sequence
from datetime import datetime

import polars as pl
from scipy.special import pdtr

from leadreport.errors import InputError
from leadreport.rates.intervals import quantile, wilson_high, within

UNLIKELY = 0.001
"""Fewer early conversions than this chance allows were not recorded, rather than not made."""

LONE_SHARE, LONE_MOST = 0.01, 20
"""Up to this share of all conversions, and up to this number, may stand alone before the record begins in earnest."""

COLUMNS = ("at", "at_risk", "events", "converted_rate", "low", "high")


def kaplan_meier(
    durations: Sequence[float] | pl.Series, events: Sequence[bool] | pl.Series, *, confidence: float = 0.95
) -> pl.DataFrame:
    """The share converted by each age, counting open leads only as long as they were watched (Kaplan-Meier 1958).

    One row per distinct duration, in order: at, at_risk, events, converted_rate (1 - S), low, high. The interval is
    the log-log one on Greenwood's variance. Before the first event the lower end is 0 and the upper end is Wilson's for
    0 of n, with n the average number at risk until then; after the last event of a curve that reaches 1, the lower end
    is carried forward and the upper is 1.

    Raises
    ------
    InputError
        When a duration or an event is missing: such a row is neither a conversion nor an open lead.

    Examples
    --------
    >>> kaplan_meier([6, 6, 7, 10], [True, False, True, True]).select("at", "at_risk", "converted_rate").rows()
    [(6.0, 4, 0.25), (7.0, 2, 0.625), (10.0, 1, 1.0)]
    """
    frame = pl.DataFrame({"duration": pl.Series(durations), "event": pl.Series(events, dtype=pl.Boolean)})
    return kaplan_meier_by(frame, by=[], duration="duration", event="event", confidence=confidence)


def kaplan_meier_by(
    frame: pl.DataFrame, *, by: str | list[str], duration: str, event: str, confidence: float = 0.95
) -> pl.DataFrame:
    """One Kaplan-Meier curve per group, all in one pass: the group's columns, then those of `kaplan_meier`.

    Examples
    --------
    >>> frame = pl.DataFrame({"week": ["a", "a", "b"], "days": [2, 5, 3], "won": [True, False, True]})
    >>> kaplan_meier_by(frame, by="week", duration="days", event="won").select("week", "at", "converted_rate").rows()
    [('a', 2.0, 0.5), ('a', 5.0, 0.5), ('b', 3.0, 1.0)]
    """
    groups = [by] if isinstance(by, str) else list(by)
    refuse_missing(frame, duration=duration, event=event)
    steps = (
        frame.group_by(*groups, pl.col(duration).cast(pl.Float64).alias("at"))
        .agg(leaving=pl.len(), events=pl.col(event).sum())
        .sort(*groups, "at", nulls_last=True)
        .with_columns(at_risk=within(pl.col("leaving").cum_sum(reverse=True), groups).cast(pl.Int64))
        .with_columns(events=pl.col("events").cast(pl.Int64))
    )
    return with_interval(with_survival(steps, groups), groups, confidence).select(*groups, *COLUMNS)


def converted_by(
    curve: pl.DataFrame, at: float | Sequence[float] | pl.DataFrame, *, by: str | None = None
) -> pl.DataFrame:
    """The share converted by an age: columns at, converted_rate, low, high, led by the group's column if there is one.

    `at` is an age, several ages, or (with `by`) a frame with one age per group in columns `by` and `at`. Before the
    first row of a curve the share is 0; beyond the last watched age it is null, not the last value.

    Examples
    --------
    >>> curve = kaplan_meier([6, 6, 7, 10], [True, False, True, True])
    >>> converted_by(curve, [5, 7.5, 11])["converted_rate"].to_list()
    [0.0, 0.625, None]
    """
    groups = [by] if by else []
    asked = ages(curve, at, groups)
    ends = curve.group_by(groups or pl.lit(0).alias("all")).agg(
        last=pl.col("at").max(), watched=pl.col("at_risk").max()
    )
    found = asked.join_asof(curve.sort("at"), on="at", by=by, strategy="backward", check_sortedness=False)
    found = found.join(ends, on=by, how="left", nulls_equal=True) if by else found.join(ends, how="cross")
    first_high = wilson_high(pl.lit(0.0), "watched")
    known = pl.when(pl.col("at") <= pl.col("last"))
    return found.sort(*groups, "at", nulls_last=True).select(
        *groups,
        "at",
        converted_rate=known.then(pl.col("converted_rate").fill_null(0.0)),
        low=known.then(pl.col("low").fill_null(0.0)),
        high=known.then(pl.col("high").fill_null(first_high)),
    )


def age_at_share(curve: pl.DataFrame, share: float, *, by: str | list[str] | None = None) -> pl.DataFrame:
    """The age by which a share has converted, one row per group; null when the curve never gets there.

    Examples
    --------
    >>> age_at_share(kaplan_meier([6, 6, 7, 10], [True, False, True, True]), 0.5)["at"].to_list()
    [7.0]
    """
    groups = [by] if isinstance(by, str) else list(by or [])
    # A share such as 0.5 reached by 1 - 0.5 must not be missed by a rounding error.
    reached = pl.col("at").filter(pl.col("converted_rate") >= share - 1e-12).min().alias("at")
    if not groups:
        return curve.select(reached)
    return curve.group_by(groups).agg(reached).sort(groups, nulls_last=True)


def late_record(entries: pl.DataFrame, reached: pl.Series) -> tuple[int, float, int, datetime | None]:
    """Leads, expected and recorded conversions before the record of conversions begins, and its first instant.

    `entries` has entered_at, watched_days and is_converted; `reached` the instants of all conversions. Those who
    entered since the first conversions give the usual lag (Kaplan-Meier). The record begins late when next to none of
    the conversions that earlier ones should have had by then are in it: a Poisson chance below 1 in 1,000. Of several
    possible first instants the least likely one counts; None when the record is complete.

    Examples
    --------
    >>> late_record(pl.DataFrame({"entered_at": [], "watched_days": [], "is_converted": []}), pl.Series([]))
    (0, 0.0, 0, None)
    """
    known = reached.drop_nulls().sort()
    candidates = known.head(min(math.floor(LONE_SHARE * len(known)), LONE_MOST) + 1)
    chance, found = UNLIKELY, (0, 0.0, 0, None)
    if candidates.is_empty() or (later := entries.filter(pl.col("entered_at") >= candidates[-1])).is_empty():
        return found
    curve = kaplan_meier(*later.select("watched_days", "is_converted"))
    for lone, since in enumerate(candidates):
        leads, expected = due_by(since, entries, curve)
        if (unlikely := pdtr(lone, expected)) < chance:
            chance, found = unlikely, (leads, round(expected, 4), lone, since)
    return found


def due_by(since: datetime, entries: pl.DataFrame, curve: pl.DataFrame) -> tuple[int, float]:
    """The number of entries before an instant, and of those that convert by it at the usual lag."""
    before = entries.filter(pl.col("entered_at") < since)
    if pdtr(0, before.height * curve["converted_rate"].max()) > UNLIKELY:
        return before.height, 0.0  # too few for anything to be missed
    # Beyond the last watched age the share converted is at least the last one known.
    # A conversion at the very instant is not one before it: the age is a second less.
    age = ((pl.lit(since) - pl.col("entered_at")).dt.total_seconds() - 1) / 86_400
    age = age.clip(upper_bound=curve["at"].max())
    counts = before.select(age.alias("at")).group_by("at").len().sort("at")
    shares = converted_by(curve, counts["at"].to_list())["converted_rate"]
    return before.height, float((shares * counts["len"]).sum())


def with_survival(steps: pl.DataFrame, groups: list[str]) -> pl.DataFrame:
    """The product-limit estimate and Greenwood's sum after each distinct duration.

    S(t) = product over t_i <= t of (1 - d_i / n_i); Greenwood (1926): sum of d_i / (n_i (n_i - d_i)), so that the
    variance of S is S^2 times that sum. d_i are the events at t_i, n_i the leads still at risk.
    """
    n, d = pl.col("at_risk"), pl.col("events")
    return steps.with_columns(
        survival=within((1 - d / n).cum_prod(), groups),
        greenwood=within(pl.when(n > d).then(d / (n * (n - d))).otherwise(0.0).cum_sum(), groups),
    )


def with_interval(steps: pl.DataFrame, groups: list[str], confidence: float) -> pl.DataFrame:
    """The log-log interval, with Wilson's ends where its formula has none.

    Kalbfleisch and Prentice (1980): S^exp(-+ z sqrt(Greenwood's sum) / |ln S|), which stays between 0 and 1.
    """
    z = quantile(confidence)
    survival = pl.col("survival")
    is_inside = (survival > 0) & (survival < 1)
    log = pl.when(is_inside).then(survival).log()
    spread = z * pl.col("greenwood").sqrt() / log.abs()
    first_high = wilson_high(pl.lit(0.0), watched_on_average(groups), confidence=confidence)
    bounds = steps.with_columns(
        converted_rate=1 - survival,
        low=pl.when(survival == 1).then(0.0).otherwise(1 - survival.pow((-spread).exp())),
        high=pl.when(survival == 1)
        .then(first_high)
        .when(survival == 0)
        .then(1.0)
        .otherwise(1 - survival.pow(spread.exp())),
    )
    low = pl.when(is_inside | (survival == 1)).then(pl.col("low"))
    return bounds.with_columns(low=within(low.forward_fill(), groups).fill_null(0.0))


def watched_on_average(groups: list[str]) -> pl.Expr:
    """The leads at risk on average until each age: the days watched in all, over that age.

    Under a constant chance a day, 0 conversions in so many lead-days say as much as 0 of so many leads; the number at
    risk at the very age would say that a cohort is unknown because its oldest lead stands alone.
    """
    at = pl.col("at").clip(0)
    watched = within((pl.col("at_risk") * (at - within(at.shift(1, fill_value=0), groups))).cum_sum(), groups)
    return pl.when(at > 0).then(watched / at).otherwise("at_risk")


def ages(curve: pl.DataFrame, at: float | Sequence[float] | pl.DataFrame, groups: list[str]) -> pl.DataFrame:
    """Every question as a row: one age for each group, or the ages given."""
    if isinstance(at, pl.DataFrame):
        return at.select(*groups, pl.col("at").cast(pl.Float64)).sort("at")
    asked = pl.DataFrame({"at": [at] if isinstance(at, int | float) else list(at)}, schema={"at": pl.Float64})
    if groups:
        asked = curve.select(groups).unique().join(asked, how="cross")
    return asked.sort("at")


def refuse_missing(frame: pl.DataFrame, *, duration: str, event: str) -> None:
    missing = frame.select(pl.col(duration).is_null() | pl.col(event).is_null()).to_series().sum()
    if missing:
        raise InputError(
            f"{missing} of {frame.height} leads have no duration or no event",
            hint="give an open lead its age so far and the event false",
        )
