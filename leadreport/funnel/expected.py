"""What a young cohort may still become: the lag of earlier leads, applied to the leads that are still open."""

from datetime import date, datetime, timedelta

import polars as pl
from scipy.special import betaincinv

from leadreport.funnel.entries import last_day
from leadreport.policy import Policy
from leadreport.rates import within
from leadreport.words import LEAST_PERIODS

TAILS = {"tail_low": 0.025, "tail_high": 0.975}


def usual_history(
    entries: pl.DataFrame, *, since_on: date | None, horizon: int, policy: Policy, as_of: datetime
) -> pl.DataFrame:
    """The leads that show how a step goes: since conversions are on record, and under the definitions of today.

    Leads from before the policy's last change of a definition are left out once the leads since then fill
    `LEAST_PERIODS` weeks that are final.
    """
    known = entries if since_on is None else entries.filter(pl.col("entered_on") >= since_on)
    enough_on = last_day(as_of, zone=policy.company.time_zone) - timedelta(days=horizon + 7 * LEAST_PERIODS)
    changed_on = max((change.on for change in policy.changes if change.on <= enough_on), default=None)
    return known if changed_on is None else known.filter(pl.col("entered_on") >= changed_on)


def with_expected(
    cohorts: pl.DataFrame, entries: pl.DataFrame, history: pl.DataFrame, *, keys: list[str], horizon: int
) -> pl.DataFrame:
    """Adds expected_rate, expected_low and expected_high to the cohorts that are not final.

    `keys` are the columns of the group; `history` the leads of `usual_history`.
    """
    chances = still_to_come(history, keys=keys, horizon=horizon)
    waiting = waiting_leads(entries, chances, keys=keys, horizon=horizon)
    joined = cohorts.join(waiting, on=[*keys, "cohort_on"], how="left", maintain_order="left")
    return with_interval(joined, dispersion=binomial_dispersion(cohorts))


def binomial_dispersion(cohorts: pl.DataFrame) -> float:
    """The variance of the final rates over that of chance alone; at least 1.

    Pearson's chi-square over its degrees of freedom: sum of (k - n p)^2 / (n p (1 - p)), divided by cohorts - 1.
    """
    final = cohorts.filter(pl.col("conversion_rate").is_not_null() & (pl.col("leads") > 0))
    share = final["converted"].sum() / max(final["leads"].sum(), 1)
    if final.height < LEAST_PERIODS or not 0 < share < 1:
        return 1.0
    squares = (final["converted"] - final["leads"] * share) ** 2 / (final["leads"] * share * (1 - share))
    return max(1.0, float(squares.sum()) / (final.height - 1))


def still_to_come(history: pl.DataFrame, *, keys: list[str], horizon: int) -> pl.DataFrame:
    """At each age, the chance that a lead which is still open will convert within the horizon.

    Conversion and loss compete (Aalen and Johansen 1978). S(t) is the product of 1 - (won + lost) / at risk, F(t) the
    sum of S before t times won / at risk; the chance at age t is (F(horizon) - F(t)) / S(t). A lead that is already
    lost carries no chance any more, so the open ones carry theirs and more. Columns: the group's, at, chance, at_risk;
    no rows for a group in which no lead was watched to the horizon.
    """
    ends = history.with_columns(at=pl.coalesce("days", "out_days", "age_days"), is_out=pl.col("out_days").is_not_null())
    steps = (
        ends.group_by(*keys, "at")
        .agg(
            leaving=pl.len(),
            won=pl.col("is_converted").sum(),
            out=pl.col("is_out").sum(),
            oldest=pl.col("age_days").max(),
        )
        .sort(*keys, "at")
        .with_columns(
            at_risk=within(pl.col("leaving").cum_sum(reverse=True), keys), oldest=within(pl.col("oldest").max(), keys)
        )
        .filter(pl.col("at") <= horizon, pl.col("oldest") >= horizon)
    )
    staying = within((1 - (pl.col("won") + pl.col("out")) / pl.col("at_risk")).cum_prod(), keys)
    steps = steps.with_columns(staying=staying)
    before = within(pl.col("staying").shift(1), keys).fill_null(1.0)
    steps = steps.with_columns(so_far=within((before * pl.col("won") / pl.col("at_risk")).cum_sum(), keys))
    left = within(pl.col("so_far").last(), keys) - pl.col("so_far")
    return steps.select(
        *keys,
        "at",
        chance=pl.when(pl.col("staying") > 1e-12).then(left / pl.col("staying")).otherwise(0.0).clip(0, 1),
        at_risk=pl.col("at_risk").cast(pl.Float64),
    )


def waiting_leads(entries: pl.DataFrame, chances: pl.DataFrame, *, keys: list[str], horizon: int) -> pl.DataFrame:
    """The open leads of each cohort that may still convert, with their mean chance: waiting, still_chance, at_risk."""
    open_leads = entries.filter(pl.coalesce("days", "out_days").is_null(), pl.col("age_days") < horizon)
    waiting = open_leads.select(*keys, "cohort_on", at="age_days").sort("at")
    found = waiting.join_asof(chances.sort("at"), on="at", by=keys or None, strategy="backward", check_sortedness=False)
    return (
        found.group_by(*keys, "cohort_on")
        .agg(waiting=pl.len().cast(pl.Int64), still_chance=pl.col("chance").mean(), at_risk=pl.col("at_risk").mean())
        .with_columns(pl.col("still_chance").round(12), pl.col("at_risk").round(6))
    )


def with_interval(cohorts: pl.DataFrame, *, dispersion: float) -> pl.DataFrame:
    """Adds the expected rate and its 95 % interval, from converted, leads, waiting, still_chance and at_risk.

    The interval is for the final rate of the cohort, not only for its mean. The number still to come of n waiting leads
    is n times a Beta(p s, (1 - p) s), with s = 1 / (dispersion / n + 1 / at risk) - 1: chance among the waiting leads,
    widened by how unevenly earlier cohorts ended (`dispersion`) and by the few leads that the lag was learnt from.
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
