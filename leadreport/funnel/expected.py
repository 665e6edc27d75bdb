"""How leads of each mix usually fare: what they have reached by an age, and what those still open may yet do."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import betaincinv, ndtri, stdtrit

from leadreport.funnel.entries import last_day
from leadreport.policy import Policy
from leadreport.rates import verdict
from leadreport.words import FALSE_ALARM_RATE, LEAST_PERIODS, TOO_FEW

MOST_PRIOR = 1e9
"""Prior conversions of mixes that do not differ at all: each then fares as all leads do."""


class Course(NamedTuple):
    """How a step usually goes: the curve of all leads, and how each mix fares against it.

    `curve` has at, so_far, lost_so_far (shares of all leads), at_risk; `mixes` has mix, ratio, lost_ratio, share.
    """

    curve: pl.DataFrame
    mixes: pl.DataFrame
    leads: int


def definition_since(policy: Policy, *, until: date) -> date | None:
    """The day of the policy's last change of a definition up to a day; null without one."""
    return max((change.on for change in policy.changes if change.on <= until), default=None)


def usual_history(
    entries: pl.DataFrame, *, since_on: date | None, horizon: int, policy: Policy, as_of: datetime
) -> pl.DataFrame:
    """The leads that show how a step goes: since conversions are on record, and under the definitions of today.

    Leads from before the policy's last change of a definition are left out once the leads since then fill
    `LEAST_PERIODS` weeks that are final.
    """
    enough_on = last_day(as_of, zone=policy.company.time_zone) - timedelta(days=horizon + 7 * LEAST_PERIODS)
    first_on = max(filter(None, (since_on, definition_since(policy, until=enough_on))), default=None)
    return entries if first_on is None else entries.filter(pl.col("entered_on") >= first_on)


def usual_course(history: pl.DataFrame, *, horizon: float) -> Course:
    """The course of the leads of a history up to a horizon, and each mix's ratio to it.

    A mix converts at its ratio times the curve of all leads: conversions over those expected of its leads at their ages
    (indirect standardisation). Ratios of few leads are pulled towards 1 by c conversions, (O + c) / (E + c), with c
    from how far the ratios lie apart (method of moments: 1 / c = (sum (O - E)^2 - sum E (1 - E / n)) / sum E^2), and
    scaled so that the conversions of all add up.
    """
    curve = cumulative_incidence(history, horizon=horizon)
    due = on_curve(history, curve, horizon=horizon)
    sums = due.group_by("mix", maintain_order=True).agg(
        leads=pl.len(),
        won=(pl.col("days") <= pl.col("at")).sum(),
        out=(pl.col("out_days") <= pl.col("at")).sum(),
        due=pl.col("so_far").sum(),
        due_out=pl.col("lost_so_far").sum(),
    )
    ratio, share = shrunken_ratios(*sums.select("won", "due", "leads").to_numpy().T)
    lost_ratio, _ = shrunken_ratios(*sums.select("out", "due_out", "leads").to_numpy().T)
    final, lost = (float(curve[name].last() or 0) for name in ("so_far", "lost_so_far"))
    # No mix can convert and lose more than all of its leads.
    ratio = np.minimum(ratio, 1 / max(final, 1e-12))
    lost_ratio = np.minimum(lost_ratio, np.maximum(1 - ratio * final, 0) / max(lost, 1e-12))
    mixes = sums.select("mix", ratio=pl.Series(ratio), lost_ratio=pl.Series(lost_ratio), share=pl.Series(share))
    return Course(curve, mixes, due.height)


def cumulative_incidence(history: pl.DataFrame, *, horizon: float) -> pl.DataFrame:
    """The shares of all leads that had converted, and had been lost, by each age: at, so_far, lost_so_far, at_risk.

    Conversion and loss compete (Aalen and Johansen 1978): S(t) is the product of 1 - (won + lost) / at risk, and each
    share the sum of S before t times its events / at risk. A lead that is lost leaves; it is not open.
    """
    ends = history.select("is_converted", at=pl.coalesce("days", "out_days", "age_days"), out=pl.col("out_days") >= 0)
    steps = ends.group_by("at").agg(leaving=pl.len(), won=pl.col("is_converted").sum(), out=pl.col("out").sum())
    steps = steps.sort("at").with_columns(at_risk=pl.col("leaving").cum_sum(reverse=True).cast(pl.Float64))
    steps = steps.filter(pl.col("at") <= horizon)
    staying = (1 - (pl.col("won") + pl.col("out")) / pl.col("at_risk")).cum_prod().shift(1, fill_value=1.0)
    shares = {"so_far": "won", "lost_so_far": "out"}
    return steps.select(
        "at",
        "at_risk",
        **{name: (staying * pl.col(events) / pl.col("at_risk")).cum_sum() for name, events in shares.items()},
    )


def on_curve(leads: pl.DataFrame, curve: pl.DataFrame, *, horizon: float) -> pl.DataFrame:
    """Each lead beside the curve at its age, at most the horizon: `at`, so_far, lost_so_far, at_risk."""
    aged = leads.with_columns(at=pl.col("age_days").cast(pl.Float64).clip(upper_bound=float(horizon))).sort("at")
    found = aged.join_asof(curve, on="at", strategy="backward", check_sortedness=False)
    return found.with_columns(pl.col("so_far", "lost_so_far").fill_null(0.0))


def shrunken_ratios(came: np.ndarray, due: np.ndarray, leads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each mix's ratio of what came to what was due, and the share of all that was learnt which stands behind it."""
    due = due * came.sum() / max(due.sum(), 1e-12)
    spread = float(((came - due) ** 2 - due * (1 - due / np.maximum(leads, 1))).sum())
    prior = min((due**2).sum() / spread, MOST_PRIOR) if spread > 0 else MOST_PRIOR
    ratio = (came + prior) / (due + prior)
    scale = due.sum() / max((ratio * due).sum(), 1e-12)
    return ratio * (scale if scale > 0 else 1.0), (due + prior) / (due.sum() + prior)


def with_course(leads: pl.DataFrame, course: Course, *, horizon: float) -> pl.DataFrame:
    """Adds what leads of that mix usually had reached at that age, and the chance of one that is still open.

    `usual` = r F(a) and `lost` = l L(a), from `usual_leads` leads; `chance` = r (F(h) - F(a)) / (1 - r F(a) - l L(a)),
    from `at_risk` leads; F and L are the shares converted and lost, r and l the ratios of the mix, a the age and h the
    horizon.
    """
    found = on_curve(leads, course.curve, horizon=horizon).join(course.mixes, on="mix", how="left")
    ratio, lost_ratio, share = (pl.col(name).fill_null(1.0) for name in ("ratio", "lost_ratio", "share"))
    usual = ratio * pl.col("so_far")
    lost = lost_ratio * pl.col("lost_so_far")
    staying = 1 - usual - lost
    final = float(course.curve["so_far"].last() or 0)
    left = pl.when(staying > 1e-9).then((ratio * final - usual) / staying).otherwise(0.0).clip(0, 1)
    oldest = pl.col("at_risk").fill_null(course.leads)
    learnt = {"usual_leads": course.leads * share, "at_risk": oldest * share}
    return found.with_columns(usual=usual, lost=lost, chance=left, **learnt)


def with_expected(
    cohorts: pl.DataFrame, entries: pl.DataFrame, history: pl.DataFrame, *, keys: list[str], horizon: int
) -> pl.DataFrame:
    """Adds to cohorts that are not final where they may end, and whether they differ from earlier ones at their age.

    expected_rate with expected_low and expected_high (95 %): converted so far, and the chances of the open leads.
    usual_rate with usual_low and usual_high: what earlier leads of the same mix had reached at the same ages; verdict:
    "up" or "down" when converted lies outside those limits, which hold for all young cohorts of the table together but
    for one table in a hundred.
    """
    named = ("expected_rate", "expected_low", "expected_high", "usual_rate", "usual_low", "usual_high")
    if history.is_empty() or history["age_days"].max() < horizon:
        empty = [pl.lit(None, dtype=pl.Float64).alias(name) for name in named]
        return cohorts.with_columns(*empty, verdict=pl.when(~pl.col("is_final")).then(pl.lit(TOO_FEW)))
    leads = with_course(entries, usual_course(history, horizon=horizon), horizon=horizon)
    is_open = pl.coalesce("days", "out_days").is_null() & (pl.col("age_days") < horizon)
    on = [*keys, "cohort_on"]
    found = cohorts.join(tally(leads, on, "usual", "usual_leads"), on=on, how="left", maintain_order="left")
    waiting = tally(leads.filter(is_open), on, "chance", "at_risk")
    found = found.join(waiting, on=on, how="left", maintain_order="left")
    final = leads.filter(pl.col("age_days") >= horizon, pl.col("entered_on") >= history["entered_on"].min())
    past = weekly_past(final, horizon=horizon)
    is_young = ~pl.col("is_final") & (pl.col("leads") > 0) & ~pl.col("is_truncated")
    together = 1 - (1 - FALSE_ALARM_RATE) ** (1 / max(found.filter(is_young).height, 1))
    found = with_ends(found, "chance", tails=0.05, past=past).with_columns(pl.col(r"^chance.*$").fill_null(0.0))
    found = with_ends(found, "usual", tails=together, past=past)
    done, leads_in_all = pl.col("converted"), pl.col("leads")
    rates = {
        "expected_rate": (done + pl.col("chance_sum")) / leads_in_all,
        "expected_low": (done + pl.col("chance_low").round()) / leads_in_all,
        "expected_high": (done + pl.col("chance_high").round()) / leads_in_all,
        "usual_rate": pl.col("usual_sum") / leads_in_all,
        "usual_low": pl.col("usual_low").floor() / leads_in_all,
        "usual_high": pl.col("usual_high").ceil() / leads_in_all,
    }
    found = found.with_columns(**{name: pl.when(is_young).then(each.round(10)) for name, each in rates.items()})
    so_far = (done / leads_in_all).round(10)
    too_few = pl.lit(TOO_FEW) if past.height < LEAST_PERIODS else verdict(so_far, "usual_low", "usual_high")
    return found.with_columns(verdict=pl.when(is_young).then(too_few))


def tally(leads: pl.DataFrame, on: list[str], value: str, seen: str) -> pl.DataFrame:
    """Of each cohort, n, the sum of a chance, its variance by chance, and that of what was learnt from few leads.

    Columns: `<value>_n`, `_sum`, `_noise` = sum p (1 - p), `_doubt` = sum over mixes of n^2 p (1 - p) / leads seen.
    """
    chance = pl.col(value)
    mixes = leads.group_by(*on, "mix").agg(
        n=pl.len(), mean=chance.mean(), noise=(chance * (1 - chance)).sum(), seen=pl.col(seen).mean().clip(1)
    )
    # A chance that was never seen is small, not nothing.
    mean, n = (pl.col("mean") * pl.col("seen") + 0.5) / (pl.col("seen") + 1), pl.col("n")
    sums = {
        "n": n,
        "sum": n * pl.col("mean"),
        "kept": n * mean,
        "noise": pl.col("noise") + n * (mean - pl.col("mean")),
        "doubt": n**2 * mean * (1 - mean) / pl.col("seen"),
    }
    return mixes.group_by(on).agg(**{f"{value}_{name}": each.sum().round(9) for name, each in sums.items()})


def with_ends(cohorts: pl.DataFrame, value: str, *, tails: float, past: pl.DataFrame) -> pl.DataFrame:
    """Adds `<value>_low` and `<value>_high`, the counts outside which `tails` of the cohorts should fall.

    The count of n leads with mean p is n times a Beta(p s, (1 - p) s) with s = n^2 p (1 - p) / variance - 1.
    """
    n, kept, noise, doubt = cohorts.select(f"{value}_{name}" for name in ("n", "kept", "noise", "doubt")).to_numpy().T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = kept / n
        size = np.maximum(n * kept * (1 - mean) / (unevenness(past, tails=tails) * noise + doubt) - 1, 0.5)
    ends = {"low": tails / 2, "high": 1 - tails / 2}
    found = {name: n * betaincinv(mean * size, (1 - mean) * size, share) for name, share in ends.items()}
    return cohorts.with_columns(pl.Series(f"{value}_{name}", each).fill_nan(None) for name, each in found.items())


def weekly_past(leads: pl.DataFrame, *, horizon: int) -> pl.DataFrame:
    """What each week of final leads came to, beside what its mix should: one row of came, due, noise."""
    usual = pl.col("usual")
    weeks = leads.group_by(pl.col("entered_on").dt.truncate("1w"))
    return weeks.agg(came=(pl.col("days") <= horizon).sum(), due=usual.sum(), noise=(usual * (1 - usual)).sum())


def unevenness(past: pl.DataFrame, *, tails: float) -> float:
    """By how much the variance of final weeks exceeds chance, with what their number leaves unknown; at least 1.

    Pearson's chi-square over its degrees of freedom d, against what each week's mix should reach: sum (k - E)^2 / V
    / d; times (t / z)^2 at the asked tails, Student's t with d degrees for the normal z.
    """
    degrees = past.height - 1
    if past.height < LEAST_PERIODS:
        return 1.0
    squares = (past["came"] - past["due"]) ** 2 / past["noise"].clip(1e-9)
    wider = stdtrit(degrees, 1 - tails / 2) / ndtri(1 - tails / 2)
    return max(1.0, float(squares.sum()) / degrees * wider**2)
