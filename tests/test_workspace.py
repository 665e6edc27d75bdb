"""A workspace is opened as of an instant, computed once, and never served stale."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import leadreport as lr
from leadreport.errors import InputError
from leadreport.policy import parse_policy, preset_text
from leadreport.workspace import remark_on_end_of_data
from leadreport.workspace.opened import last_working_day

LEADS = "lead_id,created_at,channel\n" + "".join(f"L{n},2026-03-{n:02d}T09:00:00Z,ads\n" for n in range(1, 30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with 29 leads, one a day, from 1 to 29 March 2026 (a Sunday)."""
    (tmp_path / "policy.toml").write_text(preset_text("startup"))
    (tmp_path / "leads.csv").write_text(LEADS)
    return tmp_path


def test_facts_have_one_row_per_lead_that_was_there(folder):
    ws = lr.open_workspace(folder, as_of="2026-03-11")
    assert ws.facts.height == 10 and ws.leads.height == 10
    assert ws.week.name == "2026-W10"


def test_a_table_that_is_not_there_is_empty_and_known_to_be(folder):
    ws = lr.open_workspace(folder, as_of="2026-03-11")
    assert ws.has("leads") and not ws.has("spend")
    assert ws.spend.is_empty() and "amount" in ws.spend.columns


def test_tables_hold_what_had_happened_by_the_instant(folder):
    lead = "lead_id,created_at\na,2026-03-01T09:00:00Z\n"
    deals = "deal_id,lead_id,created_at,closed_at,status,amount\nd,a,2026-03-02T09:00Z,2026-03-20T09:00Z,won,9\n"
    spend = "spent_on,department,amount,currency\n2026-03-10,marketing,5,EUR\n2026-03-11,marketing,7,EUR\n"
    for name, text in {"leads": lead, "deals": deals, "spend": spend}.items():
        (folder / f"{name}.csv").write_text(text)
    then, now = (lr.open_workspace(folder, as_of=day) for day in ("2026-03-11", "2026-03-30"))
    assert then.deals.select("status", "closed_at").row(0) == ("open", None)
    assert now.deals["status"].to_list() == ["won"]
    assert (then.spend["amount"].sum(), now.spend["amount"].sum()) == (5, 12)


def test_the_second_opening_reads_what_the_first_one_computed(folder):
    first = lr.open_workspace(folder, as_of="2026-03-11")
    written = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    second = lr.open_workspace(folder, as_of="2026-03-11")
    assert second.facts.equals(first.facts)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")} == written


def test_a_changed_file_is_never_served_stale(folder):
    lr.open_workspace(folder, as_of="2026-04-10")
    (folder / "leads.csv").write_text(LEADS + "new,2026-03-29T10:00:00Z,ads\n")
    assert lr.open_workspace(folder, as_of="2026-04-10").facts.height == 30


def test_a_changed_policy_is_never_served_stale(folder):
    before = lr.open_workspace(folder, as_of="2026-04-10")
    (folder / "policy.toml").write_text(preset_text("agency"))
    after = lr.open_workspace(folder, as_of="2026-04-10")
    assert before.cache != after.cache and "contact_form_count" in after.facts.columns


def test_a_changed_mapping_is_never_served_stale(folder):
    before = lr.open_workspace(folder, as_of="2026-04-10")
    columns = '{ lead_id = "lead_id", created_at = "created_at" }'
    mapping = f'[files.all]\npath = "leads.csv"\n[[leads]]\nfrom = "all"\ncolumns = {columns}\n'
    (folder / "sources.toml").write_text(mapping)
    after = lr.open_workspace(folder, as_of="2026-04-10")
    assert before.facts["channel"].null_count() == 0 and after.facts["channel"].null_count() == after.facts.height


def test_the_cache_may_be_deleted_at_any_time(folder):
    before = lr.open_workspace(folder, as_of="2026-03-11").facts
    shutil.rmtree(folder / "facts")
    assert lr.open_workspace(folder, as_of="2026-03-11").facts.equals(before)


def test_the_cache_does_not_grow_without_end(folder):
    for number in range(12):
        (folder / "leads.csv").write_text(LEADS + f"new{number},2026-03-29T10:00:00Z,ads\n")
        lr.open_workspace(folder, as_of="2026-04-10")
    assert len(list((folder / "facts").iterdir())) <= 8


def test_latest_is_the_end_of_the_last_week_whose_sunday_the_data_reach(folder):
    ws = lr.open_workspace(folder, as_of="latest")
    assert ws.week.name == "2026-W13" and ws.week.end_on == date(2026, 3, 30)
    (folder / "leads.csv").write_text(LEADS.replace("L29,2026-03-29", "L29,2026-03-28"))
    assert lr.open_workspace(folder, as_of="latest").week.name == "2026-W12"


def test_data_that_end_before_the_week_stop_the_run_unless_the_policy_wants_a_banner(folder):
    ws = lr.open_workspace(folder, as_of="2026-04-06")
    with pytest.raises(InputError, match=r"reach until 2026-03-29; the week 2026-W14 ends on 2026-04-05"):
        remark_on_end_of_data(ws)
    policy = (folder / "policy.toml").read_text().replace('if_data_end_early = "stop"', 'if_data_end_early = "banner"')
    (folder / "policy.toml").write_text(policy)
    assert "missing from every number" in remark_on_end_of_data(lr.open_workspace(folder, as_of="2026-04-06"))
    assert remark_on_end_of_data(lr.open_workspace(folder, as_of="2026-03-30")) is None


def test_a_weekend_or_a_holiday_without_data_does_not_make_a_week_incomplete():
    policy = parse_policy(preset_text("startup").replace("holidays = []", "holidays = [2026-04-03]"))
    week = lr.Period(date(2026, 3, 30), date(2026, 4, 6), zone="Europe/Berlin")
    assert last_working_day(policy, week) == date(2026, 4, 2)


def test_a_folder_is_found_from_inside_another(folder, monkeypatch):
    (folder / "notebooks").mkdir()
    monkeypatch.chdir(folder / "notebooks")
    assert lr.open_workspace(folder.name, as_of="2026-03-11").folder == folder.resolve()


def test_a_missing_folder_says_what_is_there(tmp_path, monkeypatch):
    (tmp_path / "acme").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="there is no folder 'acne'") as caught:
        lr.open_workspace("acne", as_of="2026-03-11")
    assert "acme" in caught.value.found


def test_too_many_rejected_rows_stop_the_run(folder):
    (folder / "leads.csv").write_text(LEADS + "".join(f"bad{n},soon,ads\n" for n in range(5)))
    with pytest.raises(InputError) as caught:
        lr.open_workspace(folder, as_of="2026-03-11")
    assert "5 of 34" in str(caught.value) and "leads" in str(caught.value)


def test_rejected_rows_are_kept(folder):
    (folder / "leads.csv").write_text(LEADS + "bad,soon,ads\n")
    ws = lr.open_workspace(folder, as_of="2026-03-11")
    assert ws.rejected.select("file", "line", "column", "value").rows() == [("leads.csv", 31, "created_at", "soon")]


def test_the_instant_is_required(folder):
    with pytest.raises(TypeError, match="as_of"):
        lr.open_workspace(folder)


def test_facts_do_not_depend_on_what_comes_after(folder):
    whole = lr.open_workspace(folder, as_of="2026-03-11").facts
    (folder / "leads.csv").write_text("\n".join(LEADS.splitlines()[:11]) + "\n")
    assert lr.open_workspace(folder, as_of="2026-03-11").facts.equals(whole)
    assert isinstance(whole, pl.DataFrame)
