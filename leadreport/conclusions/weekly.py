"""The headline numbers of the week, and the signed targets held against them."""

import math
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.special import stdtrit

from leadreport.clock import as_instant, week_before
from leadreport.cost import cost_change
from leadreport.funnel import tracking_gaps, week_on_week, weekly_entries
from leadreport.handoff import handoff_change
from leadreport.rates import headlines as headline_rows
from leadreport.words import COUNTED, HEADLINES, LEAST_PERIODS, MET, MISSED, NOT_KNOWN, OPEN
from leadreport.workspace import Workspace

MONTH, QUARTER, YEAR = 4, 13, 52
"""Weeks up to and including the week of the report: the handoff and cost headlines compare months; levels, who is
slow and changed definitions are those of a quarter, how people judge that of a year."""


def headlines(ws: Workspace) -> pl.DataFrame:
    """The headline numbers of the week, each with its change and a verdict; the columns of `rates.HEADLINE_COLUMNS`.

    Counts and rates of the funnel (`week_on_week`), then speed and acceptance (`handoff_change`) and cost per SQL
    (`cost_change`) of the last four weeks against the four before. A number that the data do not give is left out, and
    so is lead_to_mql_rate: the count of MQLs shows the same weeks earlier. A number whose table or stage is not known
    up to the end of the week (`Workspace.withheld`) has no value: its verdict is "not known", `note` says why, and
    `previous` is its value in the last `week` in which it was known; one that was never known is left out.

    Examples
    --------
    >>> import leadreport as lr
    >>> found = lr.headlines(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> found.select("name", "value", "verdict").row(2)
    ('sqls', 22.0, 'up')
    """
    withheld = dict(not_shown(ws).filter(pl.col("name") != "lead_to_mql_rate").iter_rows())
    shown = all_headlines(ws).filter(pl.col("name") != "lead_to_mql_rate")
    found = pl.concat([shown, *(last_known(ws, name, why=why) for name, why in withheld.items())])
    return found.sort(pl.col("name").cast(pl.Enum(list(HEADLINES))), maintain_order=True)


def not_shown(ws: Workspace) -> pl.DataFrame:
    """[name, why]: the headlines that cannot be shown, and why; no rows when all can."""
    found = [(name, why) for name, known in HEADLINES.items() if (why := ws.withheld(*known.needs))]
    return pl.DataFrame(found, schema={"name": pl.String, "why": pl.String}, orient="row")


def last_known(ws: Workspace, name: str, *, why: str) -> pl.DataFrame:
    """The row of a headline that is not known: why, and its value in the last week in which it was."""
    until = ws.known_until(*HEADLINES[name].needs)
    if until is None:
        return headline_rows(pl.DataFrame({"name": []}))
    then = ws.earlier(week_before(as_instant(until + timedelta(days=1), zone=ws.zone), zone=ws.zone).end_at)
    before = all_headlines(then).filter(pl.col("name") == name)["value"]
    row = {"name": name, "week": then.week.name, "previous": before.first(), "verdict": NOT_KNOWN, "note": why}
    return headline_rows(pl.DataFrame([row]))


def all_headlines(ws: Workspace) -> pl.DataFrame:
    """Every headline whose tables and stages are known up to the end of the week."""
    month = ws.week.last_weeks(MONTH)
    changes = [
        week_on_week(ws.facts, policy=ws.policy, as_of=ws.as_of),
        handoff_change(ws.facts, period=month, policy=ws.policy, as_of=ws.as_of),
        cost_change(ws.facts, ws.spend, period=month, policy=ws.policy),
    ]
    unknown = not_shown(ws)["name"]
    return pl.concat(changes).drop_nulls("value").filter(~pl.col("name").is_in(unknown.implode()))


def outages(ws: Workspace) -> list[tuple[date, date]]:
    """The first and the last day of each outage of tracking (`tracking_gaps`)."""
    return tracking_gaps(ws.activities, as_of=ws.as_of, policy=ws.policy).select("from_on", "until_on").rows()


def target_states(ws: Workspace) -> pl.DataFrame:
    """The signed targets, each against its headline: met, missed or open by the 95 % interval; one row per target.

    Columns: name, value, low, high, n, target, state. A count is the mean of the last 13 weeks, or of the weeks since
    its level changed (`weekly_levels`); a rate and the cost per SQL are the headline's own. "missed" when the whole
    interval lies on the wrong side of the target, "met" when it lies on the right side or at the target, "open" when
    the target is inside. A target whose number the data do not give has no row.

    Examples
    --------
    >>> import leadreport as lr
    >>> states = lr.target_states(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> states.filter(state=pl.lit("missed"))["name"].to_list()
    ['attainment_rate']
    """
    return held_against_targets(ws, all_headlines(ws))


def held_against_targets(ws: Workspace, changes: pl.DataFrame) -> pl.DataFrame:
    """`target_states` for headlines that are there already."""
    signed = {name.removesuffix("_per_week"): target for name, target in ws.policy.targets if target is not None}
    since = dict(changes.select("name", "changed_on").iter_rows())
    own = changes.select("name", "value", "low", "high", "n")
    numbers = pl.concat([weekly_levels(ws, since=since), own.filter(~pl.col("name").is_in(list(COUNTED)))])
    better_down = [name for name, known in HEADLINES.items() if known.better == "down"]
    return (
        numbers.filter(pl.col("name").is_in(list(signed)))
        .with_columns(target=pl.col("name").replace_strict(signed, default=None, return_dtype=pl.Float64))
        .with_columns(state=target_state(lower_is_better=pl.col("name").is_in(better_down)))
    )


def target_state(*, lower_is_better: pl.Expr) -> pl.Expr:
    """Met, missed or open, from the columns low, high and target.

    Examples
    --------
    >>> rates = pl.DataFrame({"low": [0.69, 0.69, 0.82], "high": [0.82, 0.86, 0.88], "target": [0.85, 0.85, 0.82]})
    >>> rates.select(target_state(lower_is_better=pl.lit(False))).to_series().to_list()
    ['missed', 'open', 'met']
    """
    low, high, target = pl.col("low"), pl.col("high"), pl.col("target")
    is_above, is_below = low > target, high < target
    is_missed = pl.when(lower_is_better).then(is_above).otherwise(is_below)
    is_met = pl.when(lower_is_better).then(high <= target).otherwise(low >= target)
    return pl.when(is_missed).then(pl.lit(MISSED)).when(is_met).then(pl.lit(MET)).otherwise(pl.lit(OPEN))


def weekly_levels(ws: Workspace, *, since: dict[str, date | None]) -> pl.DataFrame:
    """Entries a week into the stage of each count: name, value (mean), low, high (95 %), n (entries).

    Of the last 13 whole weeks, or of those since the level changed, without the weeks of an outage of tracking. A stage
    without entries has no row.
    """
    starts_on = pl.col("week_on")
    is_out = [(starts_on <= last) & (starts_on + timedelta(days=6) >= first) for first, last in outages(ws)]
    entries = weekly_entries(ws.facts, as_of=ws.as_of, policy=ws.policy, weeks=QUARTER)
    entries = entries.filter(~pl.any_horizontal("is_partial", *is_out))
    rows = []
    for name, stage in COUNTED.items():
        weeks = entries.filter(pl.col("stage") == stage, pl.col("week_on") >= (since.get(name) or date.min))
        counts = weeks["entries"].to_numpy()
        if counts.sum():
            rows.append((name, counts.mean(), *mean_ends(counts), int(counts.sum())))
    schema = {"name": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "n": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def mean_ends(counts: np.ndarray) -> tuple[float | None, float | None]:
    """The 95 % interval of the mean of weekly counts; none of a single week.

    On the square-root scale, where chance alone has the same spread at every size (Anscombe 1948): with r the mean of
    2 sqrt(x + 3/8) over w weeks, s^2 their variance, and t Student's quantile for w - 1, the ends are
    ((r -+ t s / sqrt(w)) / 2)^2 - 3/8 + s^2 / 4; the last term takes off the bias of the root. With fewer than eight
    weeks s^2 is at least 1, that of chance: a few weeks may be alike by luck.
    """
    if len(counts) < 2:
        return None, None
    roots = 2 * np.sqrt(counts + 3 / 8)
    spread = max(roots.var(ddof=1), 1.0 if len(counts) < LEAST_PERIODS else 0.0)
    reach = stdtrit(len(counts) - 1, 0.975) * math.sqrt(spread / len(counts))
    low, high = ((max(roots.mean() + side, 0.0) / 2) ** 2 - 3 / 8 + spread / 4 for side in (-reach, reach))
    return max(low, 0.0), high
