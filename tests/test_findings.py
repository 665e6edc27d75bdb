"""Headlines and what needs attention."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import polars as pl
import pytest

import leadreport as lr
from leadreport.words import ATTENTION, HEADLINES


@pytest.fixture(scope="module")
def ws():
    return lr.open_workspace("data/sample", as_of="2026-11-16")


def with_changes(ws, *days):
    """The workspace under a policy whose definitions changed on these days."""
    changes = tuple(SimpleNamespace(on=day, note=f"changed on {day}") for day in days)
    return replace(ws, policy=ws.policy.model_copy(update={"changes": changes}))


def quiet(ws):
    """The workspace before its first lead."""
    empty = {"facts": ws.facts.head(0), "spend": ws.spend.head(0)}
    return SimpleNamespace(**empty, policy=ws.policy, as_of=ws.as_of, week=ws.week, withheld=lambda *needs: None)


def test_the_headlines_of_the_week_are_those_of_funnel_handoff_and_cost(ws):
    found = lr.headlines(ws)
    assert found["name"].to_list() == [name for name in HEADLINES if name != "lead_to_mql_rate"]
    months = lr.handoff_change(ws.facts, period=ws.week.last_weeks(4), policy=ws.policy, as_of=ws.as_of)
    assert found.filter(name=pl.lit("attainment_rate")).equals(months.head(1))


def test_a_headline_that_the_data_do_not_give_is_left_out(ws):
    without = {"spend": ws.spend.head(0), "withheld": lambda *needs: None}
    found = lr.headlines(SimpleNamespace(facts=ws.facts, policy=ws.policy, as_of=ws.as_of, week=ws.week, **without))
    assert set(lr.headlines(ws)["name"]) - set(found["name"]) == {"cost_per_sql"}


def test_what_needs_attention_on_the_sample_is_what_was_planted(ws):
    found = lr.attention(ws)
    assert found.select("kind", "subject", "link").rows() == [
        ("overdue", None, "03_handoff.html"),
        ("slow owner", "Tom Lindner", "03_handoff.html"),
        ("above value", "events", "05_cost.html"),
        ("falling", "lead_to_mql_rate", "02_funnel.html"),
    ]
    assert found.select(pl.col("number", "against").round(2)).rows() == [
        (20.0, 478.6), (0.04, 0.73), (989.75, 611.81), (None, None),
    ]  # fmt: skip


def test_every_kind_has_its_sentence(ws):
    assert set(lr.attention(ws)["kind"]) | {"rising", "new definition"} == set(ATTENTION)


def test_nothing_needs_attention_where_nothing_happens(ws):
    found = lr.attention(quiet(ws))
    assert found.is_empty()
    assert found.schema == lr.attention(ws).schema


@pytest.mark.parametrize(
    ("day", "is_shown"),
    [
        (date(2026, 8, 16), False),  # the quarter is 17 August to 15 November
        (date(2026, 8, 17), True),
        (date(2026, 11, 15), True),
        (date(2026, 11, 16), False),
    ],
)
def test_a_definition_that_changed_within_the_quarter_needs_attention(ws, day, is_shown):
    found = lr.attention(with_changes(ws, day)).filter(kind=pl.lit("new definition"))
    assert found["subject"].to_list() == [f"changed on {day}"] * is_shown


@pytest.mark.parametrize(("early", "is_shown"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
def test_only_overdue_leads_of_the_quarter_need_attention(ws, early, is_shown):
    since = ws.week.last_weeks(13).start_at - early
    moved = pl.when(pl.col("is_mql")).then(pl.lit(since).dt.convert_time_zone("UTC"))
    facts = ws.facts.with_columns(moved.cast(ws.facts.schema["mql_at"]).alias("episode_mql_at"))
    known = {"withheld": lambda *needs: None}
    stub = SimpleNamespace(facts=facts, spend=ws.spend, policy=ws.policy, as_of=ws.as_of, week=ws.week, **known)
    assert ("overdue" in lr.attention(stub)["kind"].to_list()) == is_shown
