"""What is true this week and worth acting on: the headline numbers, and what needs attention."""

from datetime import timedelta

import polars as pl

from leadreport.clock import as_instant, week_before
from leadreport.cost import channels_above_value, cost_change
from leadreport.funnel import week_on_week
from leadreport.handoff import handed_over, handoff_change, overdue_leads, slow_owners
from leadreport.rates import headlines as headline_rows
from leadreport.words import ATTENTION, FALLING, HEADLINES, NOT_KNOWN, RISING
from leadreport.workspace import Workspace

MONTH, QUARTER = 4, 13
"""Weeks up to and including the week of the report: the handoff and cost headlines compare months; owners, overdue
leads and changed definitions are those of a quarter."""

ITEM = {"kind": pl.String, "subject": pl.String, "number": pl.Float64, "against": pl.Float64, "link": pl.String}
"""The columns of `attention`."""


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
    ('sqls', 22.0, 'normal variation')
    """
    withheld = dict(not_shown(ws).filter(pl.col("name") != "lead_to_mql_rate").iter_rows())
    shown = week_headlines(ws).filter(~pl.col("name").is_in([*withheld]))
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
        return week_headlines(ws).clear()
    then = ws.earlier(week_before(as_instant(until + timedelta(days=1), zone=ws.zone), zone=ws.zone).end_at)
    before = week_headlines(then).filter(pl.col("name") == name)["value"]
    row = {"name": name, "week": then.week.name, "previous": before.first(), "verdict": NOT_KNOWN, "note": why}
    return headline_rows(pl.DataFrame([row]))


def week_headlines(ws: Workspace) -> pl.DataFrame:
    """The headlines of the week as the tables give them, whether they reach the end of the week or not."""
    month = ws.week.last_weeks(MONTH)
    changes = [
        week_on_week(ws.facts, policy=ws.policy, as_of=ws.as_of),
        handoff_change(ws.facts, period=month, policy=ws.policy, as_of=ws.as_of),
        cost_change(ws.facts, ws.spend, period=month, policy=ws.policy),
    ]
    return pl.concat(changes).drop_nulls("value").filter(pl.col("name") != "lead_to_mql_rate")


def attention(ws: Workspace) -> pl.DataFrame:
    """What needs attention this week, one row per item; no rows in a quiet week (definition 37).

    Columns: kind (a key of `words.ATTENTION`, which has the sentence), subject, number, against (what the number is
    compared with), link (the page with more). The kinds, in this order:

    - "overdue": MQLs of the quarter that wait longer than agreed, and the longest wait in working hours
    - "slow owner": who answers fewer MQLs in time than the team (`slow_owners`), and both rates
    - "above value": channels whose leads cost more than they return (`channels_above_value`), and both amounts
    - "rising", "falling": headlines that drift over several weeks (`week_on_week`)
    - "new definition": changes of the policy that are dated within the quarter

    Examples
    --------
    >>> import leadreport as lr
    >>> found = lr.attention(lr.open_workspace("data/sample", as_of="2026-11-16"))
    >>> found.select("kind", "subject").rows()[:2]
    [('overdue', None), ('slow owner', 'Tom Lindner')]
    """
    items = [overdue(ws), slow(ws), above_value(ws), drifting(ws), redefined(ws)]
    found = pl.concat([item.select(ITEM.keys()).cast(ITEM) for item in items])
    needs = {kind: sentence.needs for kind, sentence in ATTENTION.items()} | {n: h.needs for n, h in HEADLINES.items()}
    kinds = pl.coalesce(pl.when(pl.col("kind").is_in([RISING, FALLING])).then("subject"), "kind").alias("of")
    known = [name for name in found.select(kinds)["of"].unique() if not ws.withheld(*needs[name])]
    return found.filter(kinds.is_in(known))


def overdue(ws: Workspace) -> pl.DataFrame:
    """The number of overdue MQLs, at most one row."""
    leads = handed_over(ws.facts, period=ws.week.last_weeks(QUARTER), needs_touches=True)
    late = overdue_leads(leads, policy=ws.policy, as_of=ws.as_of)
    counted = late.select(number=pl.len(), against=pl.col("waiting_hours").max()).filter(pl.col("number") > 0)
    return counted.with_columns(*item("overdue", "03_handoff.html"), subject=pl.lit(None))


def slow(ws: Workspace) -> pl.DataFrame:
    """The slow owners."""
    owners = slow_owners(ws.facts, period=ws.week.last_weeks(QUARTER), policy=ws.policy, as_of=ws.as_of)
    named = owners.rename({"owner": "subject", "attainment_rate": "number", "team_rate": "against"})
    return named.with_columns(*item("slow owner", "03_handoff.html"))


def above_value(ws: Workspace) -> pl.DataFrame:
    """The channels whose leads cost more than they return."""
    channels = channels_above_value(ws.facts, ws.spend, policy=ws.policy, as_of=ws.as_of)
    named = channels.rename({"channel": "subject", "cost_per_lead": "number", "lead_value": "against"})
    return named.with_columns(*item("above value", "05_cost.html"))


def drifting(ws: Workspace) -> pl.DataFrame:
    """The headlines that rise or fall over several weeks; the trend is the kind."""
    changes = week_on_week(ws.facts, policy=ws.policy, as_of=ws.as_of).drop_nulls("value")
    moving = changes.filter(pl.col("trend").is_in([RISING, FALLING])).select(kind="trend", subject="name")
    return moving.with_columns(link=pl.lit("02_funnel.html"), number=pl.lit(None), against=pl.lit(None))


def redefined(ws: Workspace) -> pl.DataFrame:
    """The policy's changes that are dated within the quarter."""
    quarter = ws.week.last_weeks(QUARTER)
    notes = [change.note for change in ws.policy.changes if quarter.start_on <= change.on < quarter.end_on]
    named = pl.DataFrame({"subject": notes}, schema={"subject": pl.String})
    return named.with_columns(*item("new definition", "02_funnel.html"), number=pl.lit(None), against=pl.lit(None))


def item(kind: str, link: str) -> list[pl.Expr]:
    """The kind of an item, and the page with more."""
    return [pl.lit(kind).alias("kind"), pl.lit(link).alias("link")]
