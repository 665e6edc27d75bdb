"""The lists that people work from: what is in them, and what they need."""

from datetime import UTC, datetime
from pathlib import Path
from shutil import copy

import polars as pl
import pytest

from leadreport.errors import PolicyError
from leadreport.lists import as_csv, classified_leads, work_lists
from leadreport.policy import load_policy, preset_text
from leadreport.workspace import open_workspace

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture(scope="module")
def lists() -> dict[str, pl.DataFrame]:
    return work_lists(open_workspace(SAMPLE, as_of="2026-11-16"))


def test_a_lead_to_be_recycled_is_not_to_be_nurtured(lists):
    assert set(lists["nurture"]["lead_id"]) & set(lists["recycle_back"]["lead_id"]) == set()
    assert lists["call_now"]["close_rate_left"].is_sorted(descending=True)
    assert lists["call_by_value"]["expected_won_amount"].is_sorted(descending=True)


def test_sales_gets_as_many_calls_as_the_policy_says_and_no_lead_of_them_is_nurtured(lists):
    called = set(lists["call_now"]["lead_id"]) | set(lists["call_by_value"]["lead_id"])
    assert (lists["call_now"].height, lists["call_by_value"].height) == (50, 50)
    assert called & set(lists["nurture"]["lead_id"]) == set()
    assert lists["call_now"]["why"].null_count() == 0


def test_the_counts_of_the_bridge_and_its_leads_are_the_same(lists):
    bars = dict(lists["bridge_leads"].group_by("step").len().rows())
    lost = ("Unassigned", "Not touched in time", "Rejected", "Recycled", "Not yet due")
    assert bars["Handed over"] - sum(bars[step] for step in lost) == bars["Worked by sales"]
    assert bars["MQLs in the CRM"] - bars["Counted twice"] + bars["Skipped the MQL stage"] == bars["Handed over"]


def test_a_past_report_does_not_see_when_a_class_was_earned_later():
    ws = open_workspace(SAMPLE, as_of="2026-03-02")
    assert classified_leads(ws)["earned_at"].max() < ws.as_of


def test_a_workspace_of_leads_alone_has_lists_without_a_score_and_no_overdue_leads(tmp_path):
    copy(SAMPLE / "policy.toml", tmp_path)
    pl.read_parquet(SAMPLE / "leads.parquet").head(60).write_parquet(tmp_path / "leads.parquet")
    found = work_lists(open_workspace(tmp_path, as_of="latest"))
    assert sorted(found) == ["bridge_leads", "call_by_value", "call_now", "nurture", "recycle_back"]
    assert found["call_now"]["score"].null_count() == found["call_now"].height


def test_an_attribute_that_the_leads_lack_is_an_error_and_not_a_list_without_scores(tmp_path):
    text = (SAMPLE / "policy.toml").read_text(encoding="utf-8")
    (tmp_path / "policy.toml").write_text(text.replace('"industry",', '"industri",'), encoding="utf-8")
    pl.read_parquet(SAMPLE / "leads.parquet").write_parquet(tmp_path / "leads.parquet")
    with pytest.raises(PolicyError, match="industri"):
        work_lists(open_workspace(tmp_path, as_of="2026-11-16"))


def test_every_list_is_a_file_with_local_times_and_without_formulas():
    frame = pl.DataFrame({"lead_id": ["=1+1", "a"], "at": [datetime(2026, 7, 5, 9, tzinfo=UTC), None]})
    text = as_csv(frame, policy=load_policy(SAMPLE / "policy.toml")).decode()
    assert text == "lead_id,at\n'=1+1,2026-07-05 11:00\na,\n"


def test_the_bridge_covers_the_last_13_weeks_by_local_time(tmp_path):
    (tmp_path / "policy.toml").write_text(preset_text("startup"), encoding="utf-8")
    last = {"just": "2026-08-16T22:00:00Z", "before": "2026-08-16T21:59:59Z", "late": "2026-11-15T22:59:59Z"}
    leads = "".join(f"{name},2026-08-01T00:00:00Z\n" for name in last)
    stages = "".join(f"{name},{at},mql\n" for name, at in last.items())
    (tmp_path / "leads.csv").write_text("lead_id,created_at\n" + leads, encoding="utf-8")
    (tmp_path / "stages.csv").write_text("lead_id,reached_at,stage\n" + stages, encoding="utf-8")
    found = work_lists(open_workspace(tmp_path, as_of="2026-11-16"))["bridge_leads"]
    assert set(found["lead_id"]) == {"just", "late"}
