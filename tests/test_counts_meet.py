"""Counts of MQLs that pages show for one period are bars of the bridge, and equal names have equal numbers."""

import polars as pl
import pytest

import leadreport as lr


@pytest.fixture(scope="module")
def ws():
    return lr.open_workspace("data/sample", as_of="2026-11-16")


def test_every_count_of_mqls_of_a_quarter_is_a_bar_of_the_bridge(ws):
    quarter, now = ws.week.last_weeks(13), {"policy": ws.policy, "as_of": ws.as_of}
    bridge = lr.handoff_bridge(ws.facts, ws.leads, ws.stages, period=quarter, **now)
    bars = dict(bridge.filter(pl.col("sign") == 0).select("step", "leads").rows())
    handed = lr.handed_over(ws.facts, period=quarter)
    entries = lr.weekly_entries(ws.facts, weeks=13, **now).filter(stage="mql")["entries"].sum()
    costs = lr.cost_per_sql(ws.facts, ws.spend, period=quarter, policy=ws.policy)["mqls"].item()
    assert entries == costs == bars["New MQLs"]
    assert lr.speed_to_lead(handed, **now)["leads"].item() == bars["Handed over"]
    assert lr.acceptance(handed, **now)["handed_over"].item() == bars["Handed over"]


def test_overdue_leads_of_the_quarter_are_among_those_of_all_time(ws):
    now = {"policy": ws.policy, "as_of": ws.as_of}
    quarter = lr.overdue_leads(lr.handed_over(ws.facts, period=ws.week.last_weeks(13)), **now)
    (named,) = lr.findings(ws).filter(kind="overdue")["n"]
    every = lr.work_lists(ws)["overdue"]
    assert quarter.height == named
    assert set(quarter["lead_id"]) <= set(every["lead_id"])
