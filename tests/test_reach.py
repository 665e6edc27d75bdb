"""How far each table reaches, and what is not shown because of it."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import leadreport as lr
from leadreport.check import table_profile
from leadreport.errors import InputError
from leadreport.facts import implying_tables, is_recorded, table_reach
from leadreport.facts.reach import BEGUN_DUE
from leadreport.policy import parse_policy, preset_text
from leadreport.publish import shown_only
from leadreport.words import NEEDS
from leadreport.workspace import remark_on_end_of_data

POLICY = parse_policy(preset_text("startup").replace('time_zone = "Europe/Berlin"', 'time_zone = "UTC"'))
FIRST = date(2026, 1, 5)  # a Monday


def on(days, *, rows=1, hour=9, column="created_at"):
    """A table with this number of rows at an hour of each day."""
    at = [datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for day in days for _ in range(rows)]
    return pl.DataFrame({column: at}, schema={column: pl.Datetime("us", "UTC")})


def spent(days, *, rows=1):
    return pl.DataFrame({"spent_on": [day for day in days for _ in range(rows)]}, schema={"spent_on": pl.Date})


def every(step, weeks=20):
    return [FIRST + timedelta(days=number) for number in range(0, 7 * weeks, step)]


def workdays(weeks=20):
    return [day for day in every(1, weeks) if day.weekday() < 5]


def reach(*, policy=POLICY, as_of=None, **tables):
    found = table_reach(tables, policy=policy, as_of=as_of)
    return {row["table"]: (row["state"], row["complete_on"]) for row in found.iter_rows(named=True)}


SUNDAY = FIRST + timedelta(days=7 * 20 - 1)
LEADS = on(every(1), rows=10)


@pytest.mark.parametrize(("missing", "state"), [(5, "stopped"), (4, "cannot tell"), (0, "current")])
def test_a_table_has_stopped_when_five_rows_were_due_and_not_before(missing, state):
    assert reach(leads=LEADS, deals=on(every(1)[: 140 - missing]))["deals"][0] == state


def test_a_stopped_table_is_complete_until_its_last_row_and_the_others_until_the_end():
    found = reach(leads=LEADS, spend=spent(every(1)[:-21], rows=5))
    assert found["spend"] == ("stopped", SUNDAY - timedelta(days=21))
    assert found["leads"] == ("current", SUNDAY)
    assert found["feedback"] == ("absent", None)


def test_weekly_spend_is_complete_until_the_day_before_it_is_due_again():
    mondays = every(7)
    assert reach(leads=LEADS, spend=spent(mondays, rows=5))["spend"] == ("current", SUNDAY)
    assert reach(leads=LEADS, spend=spent(mondays[:-1], rows=5))["spend"] == ("stopped", SUNDAY - timedelta(days=7))


def test_monthly_spend_has_not_stopped_in_the_middle_of_a_month():
    firsts = [date(2025, month, 1) for month in range(3, 13)] + [date(2026, month, 1) for month in range(1, 6)]
    assert reach(leads=LEADS, spend=spent(firsts, rows=6))["spend"][0] != "stopped"


def test_a_weekend_on_which_nothing_is_due_is_complete():
    assert reach(leads=on(workdays(), rows=10), as_of=datetime(2026, 5, 25, tzinfo=UTC))["leads"] == ("current", SUNDAY)


def test_a_holiday_of_the_policy_and_a_day_on_which_all_tables_are_silent_are_not_due():
    days = every(1)
    calm = [day for day in days if day not in days[-4:-1]]
    policy = parse_policy(
        preset_text("startup").replace("holidays = []", f"holidays = {[*map(str, days[-4:-1])]}".replace("'", ""))
    )
    assert (
        reach(leads=LEADS, activities=on(calm[:-1], rows=30, column="happened_at"), policy=policy)["activities"][0]
        == "stopped"
    )
    both = reach(leads=on(calm, rows=10), activities=on(calm, rows=30, column="happened_at"))
    assert {both["leads"], both["activities"]} == {("current", SUNDAY)}


def test_a_planned_meeting_moves_nothing_and_is_named():
    late = on([date(2026, 9, 17)], column="happened_at")
    calls = pl.concat([on([SUNDAY], column="happened_at"), late])
    found = table_reach({"leads": on(every(1)), "activities": calls}, policy=POLICY)
    assert found.filter(pl.col("rows_after") > 0).select("table", "rows_after", "after_on").rows() == [
        ("activities", 1, date(2026, 9, 17))
    ]
    assert found["complete_on"].drop_nulls().unique().to_list() == [SUNDAY]


def test_planned_meetings_of_every_day_do_not_hide_that_calls_have_stopped():
    planned = on([SUNDAY - timedelta(days=back) for back in range(10)], column="happened_at")
    calls = pl.concat([on(every(1)[:-10], rows=100, column="happened_at"), planned])
    assert reach(leads=LEADS, activities=calls)["activities"] == ("stopped", SUNDAY - timedelta(days=10))


@pytest.mark.parametrize(("rows", "ends_on"), [(BEGUN_DUE, SUNDAY - timedelta(days=1)), (BEGUN_DUE - 1, SUNDAY)])
def test_a_day_that_has_only_begun_is_not_complete(rows, ends_on):
    """The last day has its rows of the morning; as many again usually come in the afternoon."""
    leads = pl.concat([on(every(1), rows=rows), on(every(1)[:-1], rows=rows, hour=15)])
    assert reach(leads=leads)["leads"] == ("current", ends_on)


def test_a_table_that_went_on_later_had_not_stopped():
    silent = on([day for day in every(1) if not 60 <= (day - FIRST).days < 62], rows=3)
    assert reach(leads=LEADS, deals=silent, as_of=datetime(2026, 3, 8, tzinfo=UTC))["deals"][0] == "current"


@pytest.mark.parametrize(("implied", "recorded"), [(94, True), (95, False)])
def test_a_stage_that_19_in_20_entries_only_imply_is_not_recorded(implied, recorded):
    at = [datetime(2026, 3, 2, tzinfo=UTC)] * 100
    facts = pl.DataFrame({"sal_at": at, "is_sal_imputed": [number < implied for number in range(100)]})
    assert is_recorded(facts, "sal", as_of=datetime(2026, 3, 9, tzinfo=UTC)) == recorded


LEAD_ROWS = [f"L{n},{FIRST + timedelta(days=n // 3)}T09:00:00Z" for n in range(420)]


@pytest.fixture
def folder(tmp_path):
    """420 leads, three a day; every second one has a deal on its day, and no stage but those is recorded."""
    policy = preset_text("startup").replace('if_data_end_early = "stop"', 'if_data_end_early = "banner"')
    (tmp_path / "policy.toml").write_text(policy)
    (tmp_path / "leads.csv").write_text("\n".join(["lead_id,created_at", *LEAD_ROWS]))
    deals = [
        f"D{n},L{n},{FIRST + timedelta(days=n // 3)},{FIRST + timedelta(days=n // 3 + 20)},won,9"
        for n in range(0, 360, 2)
    ]
    (tmp_path / "deals.csv").write_text("\n".join(["deal_id,lead_id,created_at,closed_at,status,amount", *deals]))
    return tmp_path


def test_stages_that_only_deals_imply_have_no_number(folder):
    ws = lr.open_workspace(folder, as_of="2026-W18")
    assert {stage: ws.withheld(stage) for stage in ("mql", "sal", "customer")} == {
        "mql": "MQL is not recorded in this CRM",
        "sal": "SAL is not recorded in this CRM",
        "customer": None,
    }
    assert lr.headlines(ws)["name"].to_list() == ["leads", "customers"]


def test_a_number_whose_table_has_stopped_says_why_and_what_it_was_last(folder):
    found = lr.headlines(lr.open_workspace(folder, as_of="2026-W21")).filter(pl.col("name") == "customers")
    row = found.row(0, named=True)
    assert (row["value"], row["change"], row["verdict"], row["week"]) == (None, None, "not known", "2026-W18")
    assert row["note"] == "deals are on record until 4 May 2026" and row["previous"] > 0
    assert lr.page.cards(found).plain.endswith("(2026-W18)")


def test_leads_that_stop_before_the_others_stop_the_run_or_all_that_needs_them(folder):
    calls = [f"L{n % 100},{FIRST + timedelta(days=n)}T10:00:00Z,call,sales" for n in range(200)]
    (folder / "activities.csv").write_text("\n".join(["lead_id,happened_at,kind,by", *calls]))
    ws = lr.open_workspace(folder, as_of="2026-W27")
    assert remark_on_end_of_data(ws).startswith("The leads reach until 2026-05-24")
    assert lr.headlines(ws)["value"].null_count() == lr.headlines(ws).height and lr.findings(ws).is_empty()
    policy = folder / "policy.toml"
    policy.write_text(policy.read_text().replace('"banner"', '"stop"'))
    with pytest.raises(InputError, match="The leads reach until 2026-05-24"):
        remark_on_end_of_data(lr.open_workspace(folder, as_of="2026-W27"))


def test_a_table_that_is_not_there_is_not_known(folder):
    ws = lr.open_workspace(folder, as_of="2026-W18")
    assert ws.withheld("activities") == "there is no activities table: who was called is not known"
    assert ws.known_until("activities") is None


def test_a_week_means_its_end():
    assert lr.as_instant("2026-W12", zone="UTC") == datetime(2026, 3, 23, tzinfo=UTC)


def stage_file(folder, *, name, rows):
    lines = [f"L{n},{FIRST + timedelta(days=n // 3 + 1)}T09:00:00Z,Marketing Qualified Lead" for n in range(400)]
    new = [f"L{n},2026-05-13T09:00:00Z,{name}" for n in range(rows)]
    (folder / "stages.csv").write_text("\n".join(["lead_id,reached_at,stage", *lines, *new]))


def test_a_stage_name_that_is_new_stops_the_run_with_the_line_to_add(folder):
    stage_file(folder, name="Sales Ready", rows=2)
    with pytest.raises(InputError, match="does not know") as caught:
        lr.open_workspace(folder, as_of="2026-W20")
    assert caught.value.found == "'Sales Ready' in 2 rows since 2026-05-11"
    assert caught.value.hint.endswith('"Sales Ready" = "sql"')
    assert lr.open_workspace(folder, as_of="2026-W19").week.name == "2026-W19"


@pytest.mark.parametrize(("bad", "stops"), [(6, True), (4, False)])
def test_rejected_rows_are_judged_for_the_week_and_not_only_for_the_file(folder, bad, stops):
    deals = (folder / "deals.csv").read_text()
    rows = [f"N{n},L{n},2026-05-13,2026-05-14,won,-1" for n in range(bad)]
    (folder / "deals.csv").write_text("\n".join([deals, *rows]))
    if not stops:
        assert lr.open_workspace(folder, as_of="2026-W20").week.name == "2026-W20"
        return
    with pytest.raises(InputError, match="deals: 6 of 6 rows since 2026-05-11 are rejected") as caught:
        lr.open_workspace(folder, as_of="2026-W20")
    assert caught.value.found == "6 x amount: is negative"


def output(text):
    return [new_output("display_data", {"text/plain": text})]


def test_an_output_is_left_out_with_its_reason_when_what_it_is_made_from_is_not_known():
    cells = [
        new_markdown_cell("# Cost"),
        new_code_cell("costs = lr.cost_per_sql(ws.facts, ws.spend)\nrows = costs.head(3)"),
        new_markdown_cell("## What does an SQL cost?\n\nSpend over SQLs."),
        new_code_cell("page.table(rows)", outputs=output("894")),
        new_markdown_cell("**How to read it.** A ratio."),
        new_markdown_cell("## How many leads?"),
        new_code_cell("page.table(lr.odd_leads(ws.facts))", outputs=output("129")),
        new_code_cell('page.table(lr.cohort_conversion(facts, to_stage="sql"))', outputs=output("22")),
    ]
    shown = shown_only(new_notebook(cells=cells), withheld={"spend": "spend ends early", "sal": "no SAL"})
    assert [cell.source for cell in shown.cells if cell.cell_type == "markdown"] == [
        "# Cost", "## What does an SQL cost?", "**Not shown:** spend ends early.", "## How many leads?",
    ]  # fmt: skip
    assert [each["data"]["text/plain"] for cell in shown.cells for each in cell.get("outputs", [])] == ["129", "22"]


def test_every_metric_of_every_page_says_what_it_needs():
    pages = Path(__file__).parents[1].glob("notebooks/*.ipynb")
    called = {name for path in pages for name in re.findall(r"\blr\.([a-z_]+)\(", path.read_text(encoding="utf-8"))}
    assert called - set(NEEDS) == set()


def test_a_table_is_needed_for_a_stage_when_it_alone_implies_one_entry_in_a_hundred():
    at = [datetime(2026, 3, 2, tzinfo=UTC)] * 100
    stages, deals = pl.DataFrame({"stage": ["sql"]}), pl.DataFrame({"deal_id": ["d"]})
    for implied, tables in ((1, {"stages", "deals"}), (0, {"stages"})):
        facts = pl.DataFrame({"sql_at": at, "is_sql_imputed": [n < implied for n in range(100)]})
        facts = facts.with_columns(is_opportunity_imputed=False, is_customer_imputed=False)
        assert implying_tables(facts, stages, deals, "sql") == tables


def profile(**tables):
    return table_profile(tables, policy=POLICY)


NUMBER = pl.int_range(pl.len())
CALLS = on(every(1), rows=3, column="happened_at").with_columns(
    lead_id=pl.format("L{}", NUMBER),
    kind=pl.when(NUMBER % 3 == 0).then(pl.lit("demo")).otherwise(pl.lit("call")),
    channel=pl.lit("web"),
)
LATE = pl.col("happened_at") >= datetime(2026, 4, 20, tzinfo=UTC)


AN_HOUR_LATER = pl.col("happened_at") + timedelta(hours=1)
ONLY_CALLS = pl.when(LATE).then(pl.lit("call")).otherwise("kind")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (CALLS, []),
        (CALLS.clear(), ["has disappeared"]),
        (CALLS.head(398), ["has 398 rows instead of 420"]),
        (CALLS.with_columns(AN_HOUR_LATER), ["has times 1.0 hours later"]),
        (CALLS.with_columns(lead_id=pl.format("00Q{}x", NUMBER)), ["has ids like 9A9a instead of A9"]),
        (CALLS.with_columns(channel=pl.when(~LATE).then("channel")), ["channel is empty in the last four weeks"]),
        (CALLS.with_columns(kind=ONLY_CALLS), ["no longer has demo"]),
        (pl.concat([CALLS.tail(396), CALLS.tail(24)]), ["has lost its oldest rows"]),
    ],
)
def test_a_table_that_looks_different_from_an_earlier_report_says_how(now, said):
    assert lr.profile_changes(profile(activities=CALLS), profile(activities=now))["what"].to_list() == said


def test_without_an_earlier_report_nothing_is_different():
    assert lr.profile_changes(lr.page.profiled(""), profile(activities=CALLS)).is_empty()
