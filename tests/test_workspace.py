"""A workspace is opened as of an instant, computed once, and never served stale."""

import os
import shutil
from datetime import date, datetime
from pathlib import Path
from shutil import copytree, ignore_patterns

import polars as pl
import pytest
from test_house import files_of, known_rooms

import leadreport as lr
from leadreport.errors import InputError
from leadreport.policy import parse_policy, preset_text
from leadreport.workspace import as_of_instant, remark_on_end_of_data
from leadreport.workspace.cache import CACHED_BY, KEPT, PACKAGE, code_hash, forget_old
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


def test_what_a_merged_away_record_did_is_its_survivors_and_the_record_itself_stays(folder):
    leads = (
        "lead_id,created_at,merged_into\na,2026-03-01T09:00:00Z,b\nb,2026-03-02T09:00:00Z,c\nc,2026-03-03T09:00:00Z,\n"
    )
    seen = "lead_id,happened_at,kind,by\na,2026-03-02T09:00:00Z,webinar,lead\nc,2026-03-03T09:00:00Z,webinar,lead\n"
    deals = "deal_id,lead_id,created_at,status\nd,b,2026-03-04T09:00Z,open\ne,,2026-03-05T09:00Z,open\n"
    for name, text in {"leads": leads, "activities": seen, "deals": deals}.items():
        (folder / f"{name}.csv").write_text(text)
    ws = lr.open_workspace(folder, as_of="2026-03-11")
    assert ws.activities["lead_id"].to_list() == ["c", "c"] and ws.deals["lead_id"].to_list() == ["c", None]
    assert ws.leads["lead_id"].to_list() == ["a", "b", "c"]


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


@pytest.mark.parametrize("entries", [KEPT, KEPT + 1])
def test_the_cache_keeps_the_eight_newest_states(tmp_path, entries):
    for number in range(entries):
        (tmp_path / f"{number}").mkdir()
        os.utime(tmp_path / f"{number}", (number, number))
    (tmp_path / ".draft-x").mkdir()
    forget_old(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".draft-x", *(str(number) for number in range(entries - 8, entries))]


@pytest.fixture
def package(tmp_path):
    """A copy of the package, which a test may change."""
    return copytree(PACKAGE, tmp_path / "leadreport", ignore=ignore_patterns("__pycache__"))


def hash_of(package) -> str:
    """The hash as a new process computes it."""
    return code_hash.__wrapped__(package)


@pytest.mark.parametrize("module", [*(f"{room}/__init__.py" for room in CACHED_BY), "facts/build.py"])
def test_changed_code_of_what_is_cached_changes_the_key(package, module):
    before = hash_of(package)
    assert before == code_hash(PACKAGE)
    with (package / module).open("a") as file:
        file.write("\n")
    assert hash_of(package) != before


def test_changed_code_that_caches_nothing_keeps_the_key(package):
    before = hash_of(package)
    (package / "charts" / "__init__.py").write_text("")
    assert hash_of(package) == before


def test_facts_of_other_code_are_never_served(folder, monkeypatch):
    before = lr.open_workspace(folder, as_of="2026-04-10").cache
    monkeypatch.setattr("leadreport.workspace.cache.code_hash", lambda package: "other code")
    assert lr.open_workspace(folder, as_of="2026-04-10").cache != before


def test_every_room_that_the_tables_and_facts_are_made_by_is_in_the_key():
    """The rooms that `sources`, `check` and `facts` import, and the workspace itself; errors only word a message."""
    known = set().union(*(known_rooms(path) for room in CACHED_BY for path in files_of(room)))
    assert known - {"errors"} <= set(CACHED_BY)


@pytest.mark.parametrize(
    ("before", "after", "is_kept"),
    [
        ('language = "en"', 'language = "de"', True),
        ('name = "Your company"', 'name = "Acme"', True),
        ("[targets]", "[targets]\nsqls_per_week = 11", True),
        ('currency = "EUR"', 'currency = "USD"', False),
        ('time_zone = "Europe/Berlin"', 'time_zone = "UTC"', False),
        ("max_rejected_rate = 0.05", "max_rejected_rate = 0.04", False),
    ],
)
def test_only_what_tables_and_facts_depend_on_is_in_the_key(folder, before, after, is_kept):
    first = lr.open_workspace(folder, as_of="2026-04-10").cache
    text = (folder / "policy.toml").read_text()
    assert before in text
    (folder / "policy.toml").write_text(text.replace(before, after))
    assert (lr.open_workspace(folder, as_of="2026-04-10").cache == first) == is_kept


def test_a_run_of_today_or_of_the_latest_week_ends_no_later_than_the_week_before(folder):
    at = {day: datetime.fromisoformat(f"{day}T12:00:00+00:00") for day in ("2026-03-20", "2026-03-29", "2026-04-30")}
    ends = {
        (as_of, day): as_of_instant(folder, as_of, now=now) for as_of in ("today", "latest") for day, now in at.items()
    }
    mondays = ("2026-03-16", "2026-03-23", "2026-03-30", "2026-04-27")
    monday = {day: lr.as_instant(day, zone="Europe/Berlin") for day in mondays}
    assert ends == {
        ("today", "2026-03-20"): monday["2026-03-16"],
        ("today", "2026-03-29"): monday["2026-03-23"],
        ("today", "2026-04-30"): monday["2026-04-27"],
        ("latest", "2026-03-20"): monday["2026-03-16"],
        ("latest", "2026-03-29"): monday["2026-03-23"],
        ("latest", "2026-04-30"): monday["2026-03-30"],
    }
    later = as_of_instant(folder, "2026-12-07", now=at["2026-03-20"])
    assert later == lr.as_instant("2026-12-07", zone="Europe/Berlin")


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
    assert "what needs them is not shown" in remark_on_end_of_data(lr.open_workspace(folder, as_of="2026-04-06"))
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
