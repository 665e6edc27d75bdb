"""What a young cohort may still become: the lag of the leads before it, applied to those that are still open."""

from datetime import date, datetime, timedelta

import polars as pl
from scipy.special import betaincinv

from leadreport.funnel.calendar import last_day
from leadreport.funnel.entries import has_converted
from leadreport.policy import Policy

LEAST_COHORTS = 8
"""So many final cohorts are needed to learn from."""

TAILS = {"tail_low": 0.025, "tail_high": 0.975}


def usual_history(
    entries: pl.DataFrame, *, since_on: date | None, horizon: int, policy: Policy, as_of: datetime
) -> pl.DataFrame:
    """The leads that show how a step goes: since conversions are on record, and by the definitions that hold now.

    Leads from before the policy's last change of a definition are left out once those since then have filled
    `LEAST_COHORTS` weeks that are final.
    """
    known = entries if since_on is None else entries.filter(pl.col("entered_on") >= since_on)
    enough_on = last_day(as_of, zone=policy.company.time_zone) - timedelta(days=horizon + 7 * LEAST_COHORTS)
    changed_on = max((change.on for change in policy.changes if change.on <= enough_on), default=None)
    return known if changed_on is None else known.filter(pl.col("entered_on") >= changed_on)


def with_expected(
    cohorts: pl.DataFrame, entries: pl.DataFrame, history: pl.DataFrame, *, by: str | None, horizon: int
) -> pl.DataFrame:
    """What the young cohorts may end at."""
    groups = [by] if by else []
    open_leads = entries.filter(pl.col("days").is_null() & pl.col("out_days").is_null())
    chances = still_to_come(history, keys=groups, horizon=horizon)
    keys = [*groups, "cohort_on"]
    waiting = expected_conversions(open_leads, chances, by=by, cohort=keys, horizon=horizon)
    joined = cohorts.join(waiting, on=keys, how="left", maintain_order="left")
    return with_expected_rate(joined, dispersion=unevenness(cohorts))


def unevenness(cohorts: pl.DataFrame) -> float:
    """How much more the final rates differ between cohorts than chance alone would have it; 1 when no more."""
    final = cohorts.filter(pl.col("conversion_rate").is_not_null() & (pl.col("leads") > 0))
    share = final["converted"].sum() / max(final["leads"].sum(), 1)
    if final.height < LEAST_COHORTS or not 0 < share < 1:
        return 1.0
    squares = (final["converted"] - final["leads"] * share) ** 2 / (final["leads"] * share * (1 - share))
    return max(1.0, float(squares.sum()) / (final.height - 1))


def still_to_come(history: pl.DataFrame, *, keys: list[str], horizon: int) -> pl.DataFrame:
    """At each age, the chance that a lead which is still open will convert within the horizon.

    Conversion and loss compete (Aalen and Johansen): a lead that is already lost carries no chance any more, so the
    open ones carry theirs and more. Columns: the group's, at, chance, at_risk; no rows when nobody was watched so long.
    """
    ends = history.with_columns(
        at=pl.coalesce("days", "out_days", "age_days"), is_won=has_converted(), is_out=pl.col("out_days").is_not_null()
    )
    steps = (
        ends.group_by(*keys, "at")
        .agg(leaving=pl.len(), won=pl.col("is_won").sum(), out=pl.col("is_out").sum(), oldest=pl.col("age_days").max())
        .sort(*keys, "at")
        .with_columns(
            at_risk=over(pl.col("leaving").cum_sum(reverse=True), keys), oldest=over(pl.col("oldest").max(), keys)
        )
        .filter(pl.col("at") <= horizon, pl.col("oldest") >= horizon)
    )
    staying = over((1 - (pl.col("won") + pl.col("out")) / pl.col("at_risk")).cum_prod(), keys)
    steps = steps.with_columns(staying=staying)
    before = over(pl.col("staying").shift(1), keys).fill_null(1.0)
    steps = steps.with_columns(so_far=over((before * pl.col("won") / pl.col("at_risk")).cum_sum(), keys))
    left = over(pl.col("so_far").last(), keys) - pl.col("so_far")
    return steps.select(
        *keys,
        "at",
        chance=pl.when(pl.col("staying") > 1e-12).then(left / pl.col("staying")).otherwise(0.0).clip(0, 1),
        at_risk=pl.col("at_risk").cast(pl.Float64),
    )


def expected_conversions(
    open_leads: pl.DataFrame, chances: pl.DataFrame, *, by: str | None, cohort: list[str], horizon: int
) -> pl.DataFrame:
    """Per cohort, how many of its open leads may still convert: cohort's columns, waiting, still_chance, at_risk."""
    if chances.is_empty():
        schema = open_leads.select(cohort).schema | {
            "waiting": pl.Int64,
            "still_chance": pl.Float64,
            "at_risk": pl.Float64,
        }
        return pl.DataFrame(schema=schema)
    waiting = open_leads.filter(pl.col("age_days") < horizon).select(*cohort, at="age_days").sort("at")
    found = waiting.join_asof(chances.sort("at"), on="at", by=by, strategy="backward", check_sortedness=False)
    return (
        found.group_by(cohort)
        .agg(waiting=pl.len().cast(pl.Int64), still_chance=pl.col("chance").mean(), at_risk=pl.col("at_risk").mean())
        .with_columns(pl.col("still_chance").round(12), pl.col("at_risk").round(6))
    )


def with_expected_rate(cohorts: pl.DataFrame, *, dispersion: float) -> pl.DataFrame:
    """Adds expected_rate, expected_low and expected_high to cohorts that have converted, leads, waiting and a chance.

    The interval holds the final rate of the cohort, not only its mean: chance among the waiting leads, widened by how
    unevenly cohorts have come out before (`dispersion`), and by how few leads the lag was learnt from.
    """
    waiting, chance, seen = pl.col("waiting"), pl.col("still_chance"), pl.col("at_risk").clip(lower_bound=1)
    kept = (chance * seen + 0.5) / (seen + 1)  # a chance that was never seen is small, not nothing
    size = (1 / (dispersion / waiting + 1 / seen) - 1).clip(lower_bound=0.5)
    shaped = cohorts.with_columns(a=kept * size, b=(1 - kept) * size)
    rows = shaped.select("a", "b").to_numpy()
    ends = {name: pl.Series(betaincinv(rows[:, 0], rows[:, 1], share)) for name, share in TAILS.items()}
    is_young = ~pl.col("is_final") & chance.is_not_null()
    done, leads = pl.col("converted"), pl.col("leads")
    return (
        shaped.with_columns(**ends)
        .with_columns(
            expected_rate=pl.when(is_young).then(((done + waiting * chance) / leads).round(10)),
            expected_low=pl.when(is_young).then((done + (waiting * pl.col("tail_low")).round()) / leads),
            expected_high=pl.when(is_young).then((done + (waiting * pl.col("tail_high")).round()) / leads),
        )
        .drop("a", "b", *TAILS)
    )


def over(expr: pl.Expr, keys: list[str]) -> pl.Expr:
    return expr.over(keys) if keys else expr
