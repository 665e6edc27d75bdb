"""Whether people do alike with leads alike: each person against the others, in the same weeks and for the same mix."""

from datetime import datetime

import numpy as np
import polars as pl
from scipy.special import bdtrik

from leadreport.clock import Period
from leadreport.errors import InputError, did_you_mean
from leadreport.handoff.leads import DUE, handed_over, handed_over_leads, has_had_time, with_groups
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, rate_with_ends
from leadreport.words import FALSE_ALARM_RATE

MEASURES = ("acceptance", "attainment")

ABOVE, BELOW, AS_EXPECTED = "above", "below", "as expected"
"""Every standing of a person."""

MIX = ("source", "channel", "score", "arrival")
"""What leads are compared by, where it is known; the score in bands of ten, the arrival as a part of the day."""

LISTS_OF_NAMES = 2
"""Lists of a report that name people: who is slow, and who judges otherwise. They share its false alarms."""

LEAST_ALIKE = 0.5
"""Who has hardly a lead that can be compared with another's is left out."""

Array = np.ndarray


def consistency(
    facts: pl.DataFrame,
    *,
    by: str = "owner",
    like: str | None = None,
    measure: str = "acceptance",
    policy: Policy,
    as_of: datetime,
) -> pl.DataFrame:
    """Who accepts (or touches in time) more or fewer of similar leads than the others do: a funnel plot's figures.

    Everyone is compared with all others over the leads handed over in the same weeks, with the same mix: of source,
    channel, band of ten of `score` where there is one, and part of the day of the hand-over; or of the column `like`
    alone. Whoever lies outside the limits is taken out of "the others", one by one, so that one extreme does not make
    everyone else look extreme.

    One row per value of `by`: leads (that have had their time for a verdict, or are due), observed, observed_rate,
    expected_rate (that of the others for such leads), low_95, high_95, low_limit_rate, high_limit_rate (around the
    expected rate), standing: "above" or "below" when outside the wider limits, else "as expected". With all people
    alike, at most one such table in 200 has anyone outside the wider limits (definition 39). This is no ranking: within
    the limits there is nothing to explain.

    Leads without a value of `by` are left out, and so is who had no lead that can be compared. An undecided lead that
    is older than the horizon counts as not accepted.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> from leadreport.handoff import consistency
    >>> found = consistency(ws.facts, policy=ws.policy, as_of=ws.as_of)
    >>> found.filter(pl.col("standing") == "above")["owner"].to_list()
    ['Ben Kowalski']
    """
    if measure not in MEASURES:
        raise InputError(f"there is no measure '{measure}'", hint=did_you_mean(measure, MEASURES))
    if like and like not in facts.columns:
        raise InputError(f"there is no column '{like}' to compare leads by", hint=did_you_mean(like, facts.columns))
    leads = handed_over_leads(facts, by=by, policy=policy, as_of=as_of)
    if measure == "acceptance":
        success, is_final = pl.col("verdict") == "accepted", has_had_time(policy=policy, as_of=as_of)
    else:
        success, is_final = pl.col("touch") == "in_time", pl.col("touch").is_in(DUE)
    final = with_groups(leads, by="week", policy=policy).filter(is_final, pl.col(by) != UNKNOWN)
    mix = mix_of(final, by=by, like=like, zone=policy.company.time_zone)
    return against_the_usual(final.select(by, "week", success=success.cast(pl.Float64), **mix), by=by)


def slow_owners(facts: pl.DataFrame, *, period: Period, policy: Policy, as_of: datetime) -> pl.DataFrame:
    """Owners who answer the leads of a period in time less often than the others do, beyond normal variation.

    One row per owner below the limits of `consistency`: owner, leads, attainment_rate with low and high (Wilson, 95 %),
    team_rate (of all others, for such leads in the same weeks). Leads without an owner are in no rate.

    Examples
    --------
    >>> import leadreport as lr
    >>> ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    >>> quarter = ws.week.last_weeks(13)
    >>> lr.slow_owners(ws.facts, period=quarter, policy=ws.policy, as_of=ws.as_of)["owner"].to_list()
    ['Tom Lindner']
    """
    leads = handed_over(facts, period=period, needs_touches=True)
    paces = consistency(leads, measure="attainment", policy=policy, as_of=as_of)
    attainment = rate_with_ends("observed", "leads", name="attainment_rate", decimals=10)
    return paces.filter(pl.col("standing") == BELOW).select("owner", "leads", **attainment, team_rate="expected_rate")


def outside_limits(standings: pl.DataFrame) -> pl.DataFrame:
    """The rows of `consistency` outside the wider limits; only these are named on a page (definition 39)."""
    return standings.filter(pl.col("standing") != AS_EXPECTED)


def mix_of(leads: pl.DataFrame, *, by: str, like: str | None = None, zone: str) -> dict[str, pl.Expr]:
    """What leads are compared by, as text."""
    local = pl.col("episode_mql_at").dt.convert_time_zone(zone)
    known = {name: pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in leads.columns}
    if "score" in known:
        known["score"] = (pl.col("score").clip(0, 99.9) // 10).cast(pl.String).fill_null(UNKNOWN)
    known["arrival"] = pl.format("{} {}", local.dt.weekday() > 5, local.dt.hour() // 3)
    return {f"like {name}": known[name] for name in ([like] if like else MIX) if name in known and name != by}


def against_the_usual(leads: pl.DataFrame, *, by: str) -> pl.DataFrame:
    """Each person against the others, without those who turned out to be outside the limits."""
    people = max(leads[by].n_unique(), 1)
    usual, removed = leads, []
    while True:
        table = against_others(usual, by=by, people=people)
        unusual = outside_limits(table)
        if unusual.is_empty() or table.height <= 2:
            break
        removed.append(unusual.sort("surprise", by)[by].last())
        usual = usual.filter(pl.col(by) != removed[-1])
    kept = usual[by].unique().to_list()
    alone = [
        against_others(leads.filter(pl.col(by).is_in([*kept, name])), by=by, people=people).filter(pl.col(by) == name)
        for name in removed
    ]
    return pl.concat([table, *alone]).drop("surprise").sort(by)


def against_others(leads: pl.DataFrame, *, by: str, people: int) -> pl.DataFrame:
    """Each person against all others, with limits.

    Partial regression (Frisch and Waugh 1933): with M the projection that takes out the effects of weeks and mix, z the
    indicator of a person's leads and y the successes, the person differs from the others by d = z'My / z'Mz. The
    variance of z'My has the leads' own chance and what the leads of one person in one week share (`shared`): with
    a = Mz and v the variance of a success, sum a_i^2 v_i + r ((sum a_i sqrt v_i)^2 - sum a_i^2 v_i) over the weeks.
    """
    names = leads[by].unique().sort()
    person = leads[by].cast(pl.Enum(names)).to_physical().to_numpy()
    cell = leads.select(pl.struct(by, "week").rank("dense")).to_series().to_numpy().astype(int) - 1
    y, is_own = leads["success"].to_numpy(), np.equal.outer(person, np.arange(len(names))).astype(float)
    known = basis(leads.drop(by, "success").to_dummies().to_numpy().astype(float))
    left, weight = y - known @ (known.T @ y), is_own - known @ (known.T @ is_own)
    n, observed, excess, own = is_own.sum(axis=0), is_own.T @ y, is_own.T @ left, (is_own * weight).sum(axis=0)
    chance = np.clip(y - left, 0.02, 0.98)
    deviation = weight * np.sqrt(chance * (1 - chance))[:, None]
    alone = (deviation**2).sum(axis=0)
    together = (sums(deviation, cell) ** 2).sum(axis=0)
    variance = alone + shared(y, np.hstack([known, is_own]), cell) * np.maximum(together - alone, 0)
    usual = (is_own * weight * chance[:, None]).sum(axis=0) / np.maximum(own, 1e-9)
    numbers = {"leads": n, "observed": observed, "excess": excess, "own": own, "usual": usual, "variance": variance}
    rows = pl.DataFrame({by: names.cast(pl.String)} | numbers)
    return with_limits(rows.filter(pl.col("own") > LEAST_ALIKE), by=by, people=people)


def basis(columns: Array) -> Array:
    """An orthonormal basis of the columns; of columns that say the same, one."""
    squares, axes = np.linalg.eigh(columns.T @ columns)
    kept = squares > 1e-8 * max(squares, default=0)
    return columns @ axes[:, kept] / np.sqrt(squares[kept])


def sums(rows: Array, cell: Array) -> Array:
    """The rows summed within each cell."""
    total = np.zeros((cell.max(initial=-1) + 1, *rows.shape[1:]))
    np.add.at(total, cell, rows)
    return total


def shared(y: Array, known: Array, cell: Array) -> float:
    """How far the successes of one cell (a person's week) go together: their correlation, 0 or more.

    With M the projection that takes out what is known, e = My, c the indicators of the cells and H = c'Mc:
    E sum (c'e)^2 = s^2 ((1 - r) tr H + r |H|^2), by moments; one standard error is added, because few weeks measure it.
    """
    known = basis(known)
    left = y - known @ (known.T @ y)
    inside, n = sums(known, cell), np.bincount(cell)
    trace = n.sum() - (inside**2).sum()
    square = (n**2).sum() - 2 * (n * (inside**2).sum(axis=1)).sum() + ((inside.T @ inside) ** 2).sum()
    free = len(y) - known.shape[1]
    if free < 1 or square - trace < 1e-9:
        return 0.0
    seen = (sums(left, cell) ** 2).sum() / max((left**2).sum() / free, 1e-12)
    return float(np.clip((seen - trace + np.sqrt(2 * square)) / (square - trace), 0, 1))


def with_limits(rows: pl.DataFrame, *, by: str, people: int) -> pl.DataFrame:
    """Observed and expected rates of each person, with the limits of a funnel plot (Spiegelhalter 2005).

    A difference d = excess / own has the standard error sqrt(variance) / own; few or rare successes are not normal, so
    its limits are those of a binomial with the same mean and variance. The wider limits are crossed by one of `people`
    alike in one of a hundred reports, over all lists of names and both directions (Bonferroni).
    """
    own, excess, usual = (rows[name].to_numpy() for name in ("own", "excess", "usual"))
    scale = usual * (1 - usual) * own**2 / rows["variance"].to_numpy()
    observed = rows["observed"] / rows["leads"]
    expected = observed - excess / own
    columns = {"observed_rate": observed, "expected_rate": expected}
    for name, share in {"95": 0.025, "limit_rate": FALSE_ALARM_RATE / LISTS_OF_NAMES / 2 / people}.items():
        columns[f"low_{name}"] = expected + least(scale, usual, share) / scale - usual
        columns[f"high_{name}"] = expected + 1 - least(scale, 1 - usual, share) / scale - usual
    standing = (
        pl.when(pl.col("observed_rate") > pl.col("high_limit_rate"))
        .then(pl.lit(ABOVE))
        .when(pl.col("observed_rate") < pl.col("low_limit_rate"))
        .then(pl.lit(BELOW))
        .otherwise(pl.lit(AS_EXPECTED))
    )
    counts = rows.select(by, pl.col("leads", "observed").cast(pl.Int64))
    surprise = pl.Series(np.abs(excess) / np.sqrt(rows["variance"].to_numpy()))
    judged = counts.with_columns(**columns, surprise=surprise).with_columns(standing=standing)
    return judged.with_columns(pl.col(*columns).clip(0, 1).round(10))


def least(n: Array, p: Array, share: float) -> Array:
    """The count of successes below which a binomial of n and p falls with this probability; below 0 when never."""
    return np.where((1 - p) ** n < share, bdtrik(share, n, p), -1.0)
