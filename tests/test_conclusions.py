"""Headlines, targets and findings: on the sample, on hand-made rows, and on companies with known truth."""

import json
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from made_companies import AS_OF, make_company

import leadreport as lr
from leadreport.conclusions import claims, weekly
from leadreport.conclusions.stakes import Stakes
from leadreport.publish.sections import slug
from leadreport.words import FINDINGS, HEADLINES

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SINCE = AS_OF.date() - timedelta(weeks=6)


@pytest.fixture(scope="module")
def ws():
    return lr.open_workspace("data/sample", as_of="2026-11-16")


@pytest.fixture(scope="module")
def quiet():
    """A company in which nothing happens."""
    return make_company("nothing", seed=1).ws


def known(*needs):
    """Every table and stage is known."""


def with_changes(ws, *days):
    """The workspace under a policy whose definitions changed on these days."""
    changes = [SimpleNamespace(on=day, note=f"changed on {day}") for day in days]
    return SimpleNamespace(**vars(ws) | {"policy": ws.policy.model_copy(update={"changes": changes})})


def level(name, *, to, was=100.0, on=SINCE, **more):
    """A headline as `week_on_week` gives it after a change of level."""
    empty = dict.fromkeys(("low", "high", "expected", "previous", "cause"))
    row = {"name": name, "value": to, "n": 100, "week": "2026-W01", "week_on": AS_OF.date() - timedelta(days=7)}
    row |= {"verdict": "normal variation", "trend": "steady", "changed_on": on, "level_before": was, "level_after": to}
    return empty | row | more


def moved(ws, *rows):
    """The findings that come of some headlines."""
    kinds = {"low": pl.Float64, "high": pl.Float64, "expected": pl.Float64, "cause": pl.String, "changed_on": pl.Date}
    changes = pl.DataFrame(list(rows), schema_overrides=kinds)
    worth = dict.fromkeys(("leads", "mqls", "sqls", "customers"), 10.0)
    entries = {"leads": 1300, "mqls": 650, "sqls": 260, "customers": 65}
    return claims.moved(ws, changes, Stakes("EUR", worth=worth, entries=entries))


def test_the_headlines_of_the_week_are_those_of_funnel_handoff_and_cost(ws):
    found = lr.headlines(ws)
    assert found["name"].to_list() == [name for name in HEADLINES if name != "lead_to_mql_rate"]
    months = lr.handoff_change(ws.facts, period=ws.week.last_weeks(4), policy=ws.policy, as_of=ws.as_of)
    assert found.filter(name=pl.lit("attainment_rate")).equals(months.head(1))


def test_a_number_that_is_not_known_says_why_and_what_it_was(ws):
    stub = SimpleNamespace(
        **vars(ws) | {name: getattr(ws, name) for name in ("facts", "spend", "activities", "week", "zone", "earlier")},
        withheld=lambda *needs: "spend is on record until 25 October 2026" if "spend" in needs else None,
        known_until=lambda *needs: date(2026, 10, 25) if "spend" in needs else ws.known_until(*needs),
    )
    row = lr.headlines(stub).filter(name="cost_per_sql").row(0, named=True)
    assert (row["value"], row["verdict"], row["week"]) == (None, "not known", "2026-W43")
    assert row["note"] == "spend is on record until 25 October 2026" and row["previous"] > 0
    assert "cost_per_sql" not in lr.target_states(stub)["name"]
    assert lr.findings(stub).filter(pl.col("kind") == "above value").is_empty()


def test_the_sample_misses_its_time_to_answer_and_no_other_target(ws):
    states = lr.target_states(ws)
    assert dict(states.select("name", "state").rows()) == {
        "mqls": "open", "sqls": "met", "attainment_rate": "missed", "acceptance_rate": "open", "cost_per_sql": "open",
    }  # fmt: skip
    weeks = lr.weekly_entries(ws.facts, as_of=ws.as_of, policy=ws.policy, weeks=7).filter(~pl.col("is_partial"))
    since = weeks.filter(stage=pl.lit("mql"))["entries"].sum()  # the level changed seven weeks ago
    assert states.filter(name=pl.lit("mqls"))["n"].item() == since


@pytest.mark.parametrize(
    ("low", "high", "target", "lower_is_better", "state"),
    [
        (0.70, 0.849, 0.85, False, "missed"),
        (0.70, 0.85, 0.85, False, "open"),
        (0.849, 0.90, 0.85, False, "open"),
        (0.85, 0.90, 0.85, False, "met"),
        (1100.01, 1300.0, 1100.0, True, "missed"),
        (1100.0, 1300.0, 1100.0, True, "open"),
        (900.0, 1100.01, 1100.0, True, "open"),
        (900.0, 1100.0, 1100.0, True, "met"),
        (None, None, 40.0, False, "open"),
        (710.0, None, 700.0, True, "missed"),
        (710.0, None, 1100.0, True, "open"),
    ],
)
def test_a_target_is_met_or_missed_only_when_the_whole_interval_says_so(low, high, target, lower_is_better, state):
    row = pl.DataFrame(
        {"low": [low], "high": [high], "target": [target]}, schema_overrides={"low": float, "high": float}
    )
    assert row.select(weekly.target_state(lower_is_better=pl.lit(lower_is_better))).item() == state


@pytest.mark.parametrize("dispersion", [1.0, 2.0])
def test_the_mean_of_uneven_weekly_counts_is_inside_its_interval_in_95_of_100_cases(dispersion):
    rng, mean = np.random.default_rng(5), 20
    luck = rng.gamma(mean / (dispersion - 1), (dispersion - 1) / mean, (2_000, 13)) if dispersion > 1 else 1.0
    ends = [weekly.mean_ends(counts) for counts in rng.poisson(mean * np.ones((2_000, 13)) * luck)]
    assert 0.935 < np.mean([low <= mean <= high for low, high in ends]) < 0.965


def test_one_week_has_no_interval():
    assert weekly.mean_ends(np.array([40])) == (None, None)


def test_a_count_is_held_against_its_target_at_its_present_level(quiet):
    since = weekly.weekly_levels(quiet, since={"mqls": AS_OF.date() - timedelta(weeks=5)})
    entries = lr.weekly_entries(quiet.facts, as_of=AS_OF, policy=quiet.policy, weeks=5).filter(stage=pl.lit("mql"))
    last = entries.filter(~pl.col("is_partial"))["entries"]
    assert since.filter(name=pl.lit("mqls")).select("value", "n").row(0) == (last.mean(), last.sum())


def test_a_week_with_an_outage_of_tracking_is_no_week_of_a_target(quiet, monkeypatch):
    whole = weekly.weekly_levels(quiet, since={})["n"]
    sunday = AS_OF.date() - timedelta(days=8)
    monkeypatch.setattr(weekly, "outages", lambda ws: [(sunday, sunday)])
    last = lr.weekly_entries(quiet.facts, as_of=AS_OF, policy=quiet.policy, weeks=2).filter(stage=pl.lit("lead"))
    assert (whole - weekly.weekly_levels(quiet, since={})["n"])[0] == last["entries"][0]


def test_the_findings_on_the_sample_are_what_was_planted(ws):
    found = lr.findings(ws)
    assert set(found.select("kind", "subject").rows()) >= {
        ("target missed", "attainment_rate"), ("slow owner", "Tom Lindner"), ("lenient owner", "Ben Kowalski"),
        ("above value", "events"), ("overdue", "MQLs"),
    }  # fmt: skip
    assert found.row(0, named=True)["kind"] == "target missed"
    assert found["stake"].tail(-1).is_sorted(descending=True)
    assert set(found["stake_unit"]) == {"EUR"}


def test_the_overdue_leads_are_those_of_the_file_beside_the_report(ws):
    found = lr.findings(ws).row(by_predicate=pl.col("kind") == "overdue", named=True)
    assert found["list"] == "overdue.csv"
    assert found["size"] == lr.work_lists(ws)["overdue"].height


def test_without_won_amounts_the_stake_is_in_customers(ws):
    facts = ws.facts.with_columns(won_amount=pl.lit(None, dtype=pl.Float64))
    parts = {"facts": facts, "spend": ws.spend, "activities": ws.activities}
    found = lr.findings(SimpleNamespace(**parts, policy=ws.policy, as_of=ws.as_of, week=ws.week, withheld=known))
    assert set(found["stake_unit"]) == {"customers"}
    assert found["stake"].max() < 100


def test_there_is_nothing_to_find_before_the_first_lead(ws):
    parts = {"facts": ws.facts.head(0), "spend": ws.spend.head(0), "activities": ws.activities.head(0)}
    found = lr.findings(SimpleNamespace(**parts, policy=ws.policy, as_of=ws.as_of, week=ws.week, withheld=known))
    assert found.is_empty()
    assert found.schema == lr.findings(ws).schema


def test_every_kind_of_finding_has_a_page_and_a_turn_and_every_link_leads_to_a_section():
    known = [*(each for each in FINDINGS.values() if each.link), *HEADLINES.values()]
    assert {each.turn for each in known} == {"marketing", "sales", "both"}
    for name, anchor in {tuple(each.link.split("#")) for each in known}:
        page = json.loads((NOTEBOOKS / name.replace(".html", ".ipynb")).read_text(encoding="utf-8"))
        lines = [line for cell in page["cells"] if cell["cell_type"] == "markdown" for line in cell["source"]]
        assert anchor in {slug(line.removeprefix("## ")) for line in lines if line.startswith("## ")}, name


@pytest.mark.parametrize(
    ("row", "kind", "judgement"),
    [
        (level("leads", to=150.0), "level up", "better"),
        (level("leads", to=60.0), "level down", "worse"),
        (level("attainment_rate", to=0.8, was=0.9), "level down", "worse"),
        (level("cost_per_sql", to=700.0, was=900.0), "level down", "better"),
        (level("cost_per_sql", to=700.0, on=None, verdict="down", previous=900.0), "down", "better"),
        (level("sqls", to=30.0, on=None, verdict="up", expected=20.0), "up", "better"),
        (level("mqls", to=30.0, on=None, trend="falling", expected=40.0), "falling", "worse"),
    ],
)
def test_a_headline_that_moved_is_one_finding(quiet, row, kind, judgement):
    (found,) = moved(quiet, row)
    assert (found["kind"], found["judgement"]) == (kind, judgement)


def test_a_headline_that_did_not_move_is_no_finding(quiet):
    assert moved(quiet, level("leads", to=100.0, on=None)) == []


def test_more_leads_of_a_channel_that_closes_less_often_are_not_better():
    weak = make_company("mix shift", seed=1)
    (found,) = moved(weak.ws, level("leads", to=150.0, on=weak.changed_on))
    assert (found["kind"], found.get("judgement")) == ("more but weaker", None)
    assert found["stake"] < 13 * 50 * 10  # what came is worth less than as many leads as before


@pytest.mark.parametrize(("days", "is_cause"), [(13, True), (14, False), (-13, True), (-14, False)])
def test_a_new_definition_within_two_weeks_is_the_cause(quiet, days, is_cause):
    changed = with_changes(quiet, SINCE + timedelta(days=days))
    (found,) = moved(changed, level("mqls", to=60.0))
    assert ("definition" in (found["cause"] or "")) == is_cause
    (leads,) = moved(changed, level("leads", to=60.0))
    assert leads["cause"] is None


@pytest.mark.parametrize(("days", "is_found"), [(13, False), (14, True)])
def test_no_move_within_two_weeks_of_an_outage_of_tracking_is_a_finding(quiet, monkeypatch, days, is_found):
    ended_on = SINCE - timedelta(days=days)
    monkeypatch.setattr(claims, "outages", lambda ws: [(ended_on - timedelta(days=5), ended_on)])
    assert bool(moved(quiet, level("leads", to=60.0))) == is_found


@pytest.mark.parametrize(("days", "is_cause"), [(0, True), (-1, False)])
def test_a_new_definition_within_eight_weeks_is_the_cause_where_months_are_compared(quiet, days, is_cause):
    changed = with_changes(quiet, AS_OF.date() - timedelta(weeks=8) + timedelta(days=days))
    row = level("cost_per_sql", to=900.0, on=None, verdict="up", previous=700.0, week=None, week_on=None)
    (found,) = moved(changed, row)
    assert ("definition" in (found["cause"] or ""), found.get("judgement")) == (is_cause, None if is_cause else "worse")


@pytest.mark.parametrize(
    ("day", "is_shown"),
    [
        (date(2026, 8, 16), False),  # the quarter is 17 August to 15 November
        (date(2026, 8, 17), True),
        (date(2026, 11, 15), True),
        (date(2026, 11, 16), False),
    ],
)
def test_a_definition_that_changed_within_the_quarter_is_a_finding(ws, day, is_shown):
    changed = SimpleNamespace(on=day, note="as agreed")
    stub = SimpleNamespace(policy=SimpleNamespace(changes=[changed]), week=ws.week)
    assert [row["since"] for row in claims.redefined(stub, None, None)] == [day] * is_shown


@pytest.mark.parametrize(("early", "is_found"), [(timedelta(0), False), (timedelta(microseconds=1), True)])
def test_overdue_leads_of_this_week_are_work_in_hand(ws, early, is_found):
    handed_at = pl.lit(ws.week.start_at - early, dtype=ws.facts.schema["mql_at"])
    facts = ws.facts.with_columns(episode_mql_at=pl.when("is_mql").then(handed_at))
    stub = SimpleNamespace(facts=facts, policy=ws.policy, as_of=ws.as_of, week=ws.week)
    assert bool(claims.overdue(stub, None, Stakes("EUR", worth={"mqls": 1.0}, entries={}))) == is_found


PLANTED = {
    "slow rep": ("slow owner", "Ben"),
    "lenient rep": ("lenient owner", "Ben"),
    "channel above value": ("above value", "social"),
    "definition change": ("new definition", "an MQL needs a demo"),
}


@pytest.mark.parametrize("event", PLANTED)
def test_what_is_planted_is_found(event):
    assert PLANTED[event] in lr.findings(make_company(event, seed=2).ws).select("kind", "subject").rows()


def test_a_missed_target_comes_first():
    company = make_company("missed target", seed=1)
    assert lr.findings(company.ws).select("kind", "subject").row(0) == ("target missed", company.subject)


@pytest.mark.parametrize("event", ["nothing", "tracking outage", "spend ends early"])
def test_a_quiet_company_and_a_gap_in_the_record_give_no_finding(event):
    assert lr.findings(make_company(event, seed=3).ws).rows() == []
