"""The command line, as a person uses it."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from leadreport.__main__ import main
from leadreport.policy import PRESETS, load_policy

ROOT = Path(__file__).parent.parent
SAMPLE = str(ROOT / "data" / "sample")
ERRORS = 1


def call(*words: str):
    """Run a command; what went wrong besides a message is raised."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_help_names_every_command():
    shown = call("--help").output
    assert all(name in shown for name in ("run", "check", "init", "sample", "score", "explain"))


@pytest.mark.parametrize("preset", PRESETS)
def test_init_writes_a_workspace_that_is_valid_as_it_stands(tmp_path, preset):
    folder = tmp_path / "acme"
    assert call("init", folder, "--preset", preset).exit_code == 0
    assert load_policy(folder / "policy.toml").company.name == "Your company"
    assert "[[leads]]" in (folder / "sources.toml").read_text()


def test_init_never_writes_over_a_workspace(tmp_path):
    (tmp_path / "policy.toml").write_text("signed")
    result = call("init", tmp_path)
    assert result.exit_code == ERRORS and "already has policy.toml" in result.output
    assert (tmp_path / "policy.toml").read_text() == "signed"


def test_an_unknown_preset_names_the_nearest(tmp_path):
    result = call("init", tmp_path / "acme", "--preset", "startups")
    assert result.exit_code == ERRORS and "did you mean 'startup'?" in result.output


def test_check_shows_file_line_column_and_value():
    result = call("check", SAMPLE)
    assert result.exit_code == 0
    assert "spend.csv" in result.output and "'2026-06-31'" in result.output and "spent_on" in result.output


def test_check_ends_with_an_error_when_too_much_is_rejected(tmp_path):
    call("init", tmp_path / "acme")
    (tmp_path / "acme" / "sources.toml").unlink()
    (tmp_path / "acme" / "leads.csv").write_text("lead_id,created_at\na,2026-01-05T09:00:00Z\nb,soon\n")
    result = call("check", tmp_path / "acme")
    assert result.exit_code == ERRORS and "'soon'" in result.output and "1 of 2" in result.output


def test_a_missing_workspace_is_a_message_and_no_traceback(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call("check", "nowhere")
    assert result.exit_code == ERRORS and result.output.startswith("leadreport: there is no folder 'nowhere'")


def test_sample_writes_a_workspace(tmp_path):
    assert call("sample", tmp_path / "company").exit_code == 0
    assert call("check", tmp_path / "company").exit_code == 0


def test_scores_go_back_under_the_crms_own_names(tmp_path):
    out, card = tmp_path / "scores.csv", tmp_path / "card.toml"
    result = call("score", SAMPLE, "--out", out, "--score-name", "Lead Score", "--save-card", card)
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["lead_id", "Lead Score", "expected_close_rate", "score_reasons"]
    assert [float(row["Lead Score"]) for row in rows] == sorted(
        (float(row["Lead Score"]) for row in rows), reverse=True
    )
    again = tmp_path / "again.csv"
    assert call("score", SAMPLE, "--out", again, "--score-name", "Lead Score", "--card", card).exit_code == 0
    assert again.read_bytes() == out.read_bytes()


def test_explain_tells_one_leads_story():
    result = call("explain", SAMPLE, "--lead", "L02462")
    assert result.exit_code == 0
    assert all(part in result.output for part in ("Journey", "Score", "BANT", "Next question"))


def test_the_lists_that_people_work_from_lie_beside_the_report(tmp_path):
    result = call("run", SAMPLE, "--as-of", "2026-11-16", "--page", "01_data_check", "--reports", tmp_path)
    assert result.exit_code == 0, result.output
    files = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in tmp_path.glob("2026-W46/*.csv")}
    assert sorted(files) == [
        "bridge_leads",
        "call_by_value",
        "call_now",
        "nurture",
        "overdue",
        "recycle_back",
        "rejected",
    ]
    assert files["overdue"][0] == "lead_id,owner,team,channel,source,mql_at,waiting_hours,over_by_hours"
    worked = [line for line in files["bridge_leads"] if line.startswith("Worked by sales,")]
    assert len(worked) == 414 and "T" not in worked[0].rsplit(",", 1)[1]


def test_explain_names_the_nearest_lead():
    result = call("explain", SAMPLE, "--lead", "L0246")
    assert result.exit_code == ERRORS and "did you mean" in result.output


def test_a_date_that_is_none_is_refused(tmp_path):
    result = call("run", SAMPLE, "--as-of", "soon", "--reports", tmp_path)
    assert result.exit_code == ERRORS and "'soon' is not a date" in result.output


def test_a_week_beyond_the_data_stops_and_says_until_when_they_reach(tmp_path):
    result = call("run", SAMPLE, "--as-of", "2026-11-23", "--reports", tmp_path)
    assert result.exit_code == ERRORS and "The data reach until 2026-11-15" in result.output
    assert "2026-W47" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not (tmp_path / "2026-W47").exists()


def test_an_unknown_page_and_an_unknown_parameter_are_refused(tmp_path):
    page = call("run", SAMPLE, "--page", "02_funel", "--reports", tmp_path)
    assert page.exit_code == ERRORS and "did you mean '02_funnel'?" in page.output
    value = call("run", SAMPLE, "--set", "evry=week", "--reports", tmp_path)
    assert value.exit_code == ERRORS and "did you mean 'every'?" in value.output


def test_what_a_run_tells_its_pages_is_not_set_by_hand(tmp_path):
    result = call("run", SAMPLE, "--set", "workspace=/elsewhere", "--reports", tmp_path)
    assert result.exit_code == ERRORS and "'workspace=/elsewhere' sets no parameter of a page" in result.output


def test_an_instant_before_the_data_begin_is_one_clear_error(tmp_path):
    result = call("run", SAMPLE, "--as-of", "2020-01-06", "--reports", tmp_path)
    assert result.exit_code == ERRORS and "there was no lead yet: the data begin on 2025-05-19" in result.output


def test_a_few_pages_do_not_replace_a_whole_report(tmp_path):
    week = tmp_path / "2026-W46"
    week.mkdir()
    record = {"as_of": "2026-11-15T23:00:00+00:00", "week": "2026-W46", "pages": [{"page": "02_funnel"}]}
    (week / "run.json").write_text(json.dumps(record))
    result = call("run", SAMPLE, "--page", "01_data_check", "--reports", tmp_path)
    assert result.exit_code == ERRORS and "has pages that this run does not make" in result.output
    assert [path.name for path in week.iterdir()] == ["run.json"]
