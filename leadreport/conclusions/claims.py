"""The findings of the week: what missed its target, what changed, who stands out, what costs too much, what waits."""

from datetime import date, timedelta
from statistics import fmean
from typing import Any

import polars as pl

from leadreport.conclusions.stakes import SAME, Stakes, quality, stakes_of
from leadreport.conclusions.weekly import (
    MONTH,
    QUARTER,
    YEAR,
    all_headlines,
    held_against_targets,
    outages,
    weekly_levels,
)
from leadreport.cost import channels_above_value
from leadreport.handoff import consistency, handed_over, has_acceptances, outside_limits, overdue_leads, slow_owners
from leadreport.policy import Policy
from leadreport.rates import UNKNOWN, rate_with_ends
from leadreport.words import BETTER, COUNTED, DOWN, FALLING, FINDINGS, HEADLINES, MISSED, RISING, UP, WORSE
from leadreport.workspace import Workspace

FINDING: dict[str, type[pl.DataType]] = {
    "kind": pl.String,
    "subject": pl.String,
    "period": pl.String,
    "since": pl.Date,
    "size": pl.Float64,
    "size_low": pl.Float64,
    "size_high": pl.Float64,
    "against": pl.Float64,
    "n": pl.Int64,
    "cause": pl.String,
    "judgement": pl.String,
    "is_missed": pl.Boolean,
    "stake": pl.Float64,
    "stake_unit": pl.String,
    "turn": pl.String,
    "link": pl.String,
    "list": pl.String,
}
"""The columns of `findings`."""

Row = dict[str, Any]

NEAR = timedelta(days=13)
"""A level that changes within two weeks of a new definition, or of an outage of tracking, comes from it."""


def findings(ws: Workspace) -> pl.DataFrame:
    """What is true this week and worth acting on, one row per finding (definition 37); no rows in a quiet week.

    Columns: kind (a key of `words.FINDINGS`, which has the sentence), subject (a headline, a person, a channel or a
    note), period (the weeks that `size` is of), since (the date of the change), size with size_low and size_high
    (95 %), against (the target, the level before, the team, the value), n, cause (null where not known), judgement
    ("better", "worse" or null), is_missed (a signed target is certainly missed), stake (over 13 weeks, in
    stake_unit: the policy's currency, or customers where no won amount is on record), turn ("marketing", "sales" or
    "both"), link (page and section with more), list (the CSV file of the leads, or null).

    Missed targets come first, then the largest stake; a page shows the first five (definition 40). The kinds:

    - "target missed": the interval lies on the wrong side of the target (`target_states`)
    - "level up", "level down", "more but weaker": a lasting change within 13 weeks (`week_on_week`); a count that rose
      is weaker, and not better, when what came is certainly less likely to buy (`quality`)
    - "up", "down": a headline outside normal variation; "rising", "falling": a drift over six weeks
    - "slow owner" (`slow_owners`), "lenient owner" (`consistency`): people outside the limits, over 13 and 52 weeks
    - "above value": channels whose leads cost more than they return (`channels_above_value`)
    - "overdue": MQLs that wait longer than agreed, when some were handed over in the 13 weeks but before this one
    - "new definition": changes of the policy that are dated within 13 weeks

    What an outage of tracking explains is no finding, and neither is a cost without the spend of its weeks: the data
    check names both.

    Examples
    --------
    >>> import leadreport as lr
    >>> found = lr.findings(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> found.select("kind", "subject", "turn").row(0)
    ('target missed', 'attainment_rate', 'sales')
    """
    changes, stakes = all_headlines(ws), stakes_of(ws)
    claims = (missed, moved, slow, lenient, above_value, overdue, redefined)
    claimed = [row for claim in claims for row in claim(ws, changes, stakes)]
    rows = [row for row in claimed if not ws.withheld(*FINDINGS[row["kind"]].needs)]
    found = pl.DataFrame([whole(row, unit=stakes.unit) for row in rows], schema=FINDING, orient="row")
    return found.sort("is_missed", "stake", descending=[True, True], nulls_last=True, maintain_order=True)


def whole(row: Row, *, unit: str) -> Row:
    """A finding with the turn and the page of its kind, or of its headline."""
    known = FINDINGS[row["kind"]] if FINDINGS[row["kind"]].link else HEADLINES[row["subject"]]
    always = {"is_missed": False, "stake_unit": unit, "turn": known.turn, "link": known.link}
    return dict.fromkeys(FINDING) | always | row


def missed(ws: Workspace, changes: pl.DataFrame, stakes: Stakes) -> list[Row]:
    """The signed targets that are certainly missed; the stake is what meeting them would bring."""
    states = held_against_targets(ws, changes).filter(pl.col("state") == MISSED)
    return [
        {
            "kind": "target missed", "subject": row["name"], "is_missed": True,
            "period": ws.week.last_weeks(QUARTER if row["name"] in COUNTED else MONTH).name,
            "size": row["value"], "size_low": row["low"], "size_high": row["high"], "against": row["target"],
            "n": row["n"], "judgement": WORSE, "stake": stakes.of(row["name"], row["value"] - row["target"]),
        }
        for row in states.iter_rows(named=True)
    ]  # fmt: skip


def moved(ws: Workspace, changes: pl.DataFrame, stakes: Stakes) -> list[Row]:
    """The headlines whose level changed, else that lie outside normal variation, else that drift: one row each.

    Without the moves that an outage of tracking explains.
    """
    gaps = outages(ws)
    since = dict(changes.select("name", "changed_on").iter_rows())
    ends = {row["name"]: row for row in weekly_levels(ws, since=since).select("name", "low", "high").to_dicts()}
    found = []
    for change in changes.iter_rows(named=True):
        first, last = span(ws, change)
        if not any(until_on >= first and from_on <= last for from_on, until_on in gaps):
            found += moved_of(ws, change, stakes, level=ends.get(change["name"], {}))
    return found


def moved_of(ws: Workspace, change: Row, stakes: Stakes, *, level: Row) -> list[Row]:
    """The finding on one headline, if it moved; `level` has the interval of the present level of a count."""
    name, since_on = change["name"], change["changed_on"]
    if since_on:
        size, against = change["level_after"], change["level_before"]
        kind, period = "level up" if size > against else "level down", f"since {since_on}"
    elif change["verdict"] in (UP, DOWN):
        kind, size, period = change["verdict"], change["value"], change["week"] or ws.week.last_weeks(MONTH).name
        against = change["previous"] if change["expected"] is None else change["expected"]
    elif change["trend"] in (RISING, FALLING):
        kind, size, against, period = change["trend"], change["value"], change["expected"], change["week"]
    else:
        return []
    row = {"kind": kind, "subject": name, "since": since_on, "size": size, "against": against, "period": period}
    ends = level if since_on else change
    row |= {"size_low": ends.get("low"), "size_high": ends.get("high"), "n": change["n"], "cause": change["cause"]}
    return [row | judged(ws, row, stakes, span=span(ws, change))]


def judged(ws: Workspace, row: Row, stakes: Stakes, *, span: tuple[date, date]) -> Row:
    """The stake of a move, and whether it is better or worse, with the kind and the cause that go with it.

    The stake of a count takes the quality of what came into account. A new definition near the change is its cause,
    and makes it neither better nor worse. A count that rose is better only when what came is not weaker.
    """
    name, since_on, is_up = row["subject"], row["since"], row["kind"] in ("level up", UP, RISING)
    came = quality(ws, name, since_on=since_on or ws.week.start_on) if name in COUNTED else SAME
    gap = None if row["against"] is None else row["size"] * came.ratio - row["against"]
    stake = {"stake": stakes.of(name, gap)}
    near = [each.on for each in ws.policy.changes if name != "leads" and span[0] <= each.on <= span[1]]
    if near:
        return stake | {"cause": f"a definition changed on {near[-1]}"}
    if is_up and came.is_weaker:
        return stake | ({"kind": "more but weaker"} if since_on else {})
    return stake | {"judgement": BETTER if is_up == (HEADLINES[name].better == "up") else WORSE}


def span(ws: Workspace, change: Row) -> tuple[date, date]:
    """The days on which something else may have made a headline move.

    Two weeks around a change of level, or around the week that is outside normal variation; else, where months are
    compared or a drift is seen, the last eight weeks.
    """
    moved_on = change["changed_on"] or (change["week_on"] if change["verdict"] in (UP, DOWN) else None)
    if moved_on:
        return moved_on - NEAR, moved_on + NEAR
    return ws.week.last_weeks(2 * MONTH).start_on, ws.week.last_on


def slow(ws: Workspace, changes: pl.DataFrame, stakes: Stakes) -> list[Row]:
    """People who certainly answer fewer MQLs in time than the team."""
    quarter = ws.week.last_weeks(QUARTER)
    owners = slow_owners(ws.facts, period=quarter, policy=ws.policy, as_of=ws.as_of)
    return [
        {
            "kind": "slow owner", "subject": row["owner"], "period": quarter.name, "size": row["attainment_rate"],
            "size_low": row["low"], "size_high": row["high"], "against": row["team_rate"], "n": row["leads"],
            "judgement": WORSE,
            "stake": (row["team_rate"] - row["attainment_rate"]) * row["leads"] * stakes.worth["mqls"],
        }
        for row in owners.iter_rows(named=True)
    ]  # fmt: skip


def lenient(ws: Workspace, changes: pl.DataFrame, stakes: Stakes) -> list[Row]:
    """People who accept more MQLs than the others accept of similar ones, beyond the limits of `consistency`."""
    year = ws.week.last_weeks(YEAR)
    leads = handed_over(ws.facts, period=year)
    if not has_acceptances(ws.facts):
        return []
    people = outside_limits(consistency(leads, policy=ws.policy, as_of=ws.as_of)).with_columns(
        **rate_with_ends("observed", "leads", name="observed_rate")
    )
    return [
        {
            "kind": "lenient owner", "subject": row["owner"], "period": year.name, "size": row["observed_rate"],
            "size_low": row["low"], "size_high": row["high"], "against": row["expected_rate"], "n": row["leads"],
            "stake": (row["observed"] - row["expected_rate"] * row["leads"]) * QUARTER / YEAR * stakes.worth["mqls"],
        }
        for row in people.iter_rows(named=True)
        if row["observed_rate"] > row["expected_rate"]
    ]  # fmt: skip


def above_value(ws: Workspace, changes: pl.DataFrame, stakes: Stakes) -> list[Row]:
    """The channels whose leads certainly cost more than they return; the stake is of the leads of 13 weeks."""
    quarter = ws.week.last_weeks(QUARTER)
    channels = channels_above_value(ws.facts, ws.spend, policy=ws.policy, as_of=ws.as_of)
    recent = dict(ws.facts.filter(quarter.holds(pl.col("created_at"))).group_by("channel").len().iter_rows())
    return [
        {
            "kind": "above value", "subject": row["channel"], "period": quarter.name, "size": row["cost_per_lead"],
            "against": row["lead_value"], "n": row["leads"], "judgement": WORSE,
            "stake": (row["cost_per_lead"] - row["lead_value"]) * recent.get(row["channel"], 0),
        }
        for row in channels.filter(pl.col("channel") != UNKNOWN).iter_rows(named=True)
    ]  # fmt: skip


def overdue(ws: Workspace, changes: pl.DataFrame, stakes: Stakes) -> list[Row]:
    """The overdue MQLs, when some of the 13 weeks were handed over before this one: this week's are work in hand."""
    quarter = ws.week.last_weeks(QUARTER)
    late = overdue_leads(handed_over(ws.facts, needs_touches=True), policy=ws.policy, as_of=ws.as_of)
    recent = late.filter(quarter.holds(pl.col("mql_at")))
    if recent.filter(pl.col("mql_at") < ws.week.start_at).is_empty():
        return []
    row: Row = {"kind": "overdue", "subject": "MQLs", "period": quarter.name, "judgement": WORSE, "list": "overdue.csv"}
    waited_days = recent["waiting_hours"].max() / hours_a_day(ws.policy)
    row |= {"size": late.height, "against": waited_days, "n": recent.height}
    return [row | {"stake": recent.height * stakes.worth["mqls"]}]


def hours_a_day(policy: Policy) -> float:
    """The mean opening hours of the days on which the company works."""
    opened = [hours for hours in policy.working_hours.by_weekday() if hours]
    return fmean(closes.hour - opens.hour + (closes.minute - opens.minute) / 60 for opens, closes in opened)


def redefined(ws: Workspace, changes: pl.DataFrame, stakes: Stakes) -> list[Row]:
    """The policy's changes that are dated within the 13 weeks."""
    quarter = ws.week.last_weeks(QUARTER)
    dated = [each for each in ws.policy.changes if quarter.start_on <= each.on < quarter.end_on]
    return [
        {"kind": "new definition", "subject": each.note, "period": quarter.name, "since": each.on} for each in dated
    ]
