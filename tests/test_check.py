"""Every row is good or rejected with its reasons, and nothing is lost between the two."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadreport.check import check_report, check_tables, defuse_formulas, describe_rejected, stop_if_too_many
from leadreport.errors import InputError
from leadreport.policy import parse_policy, preset_text
from leadreport.sources import read_tables
from leadreport.tables import TABLES, column_types, raw_table

POLICY = parse_policy(preset_text("startup"))
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LEADS = pl.DataFrame({"lead_id": ["a", "b"], "created_at": [AT, AT]})


def checked(**tables: pl.DataFrame):
    """The tables checked as if each came from a file of its own name."""
    frames = {"leads": LEADS} | tables
    return check_tables(
        {name: raw_table(name, rows, file=f"{name}.csv") for name, rows in frames.items()}, policy=POLICY
    )


def reasons(result) -> list[tuple]:
    return result.rejected.select("table", "line", "column", "reason").rows()


def test_good_rows_have_the_columns_and_types_of_their_table():
    tables = checked(stages=pl.DataFrame({"lead_id": ["a"], "reached_at": [AT], "stage": ["sql"]})).tables
    assert list(tables) == list(TABLES)
    assert all(dict(tables[name].schema) == column_types(name) for name in TABLES)
    assert tables["stages"].height == 1


def test_attributes_of_leads_stay_beside_their_columns():
    leads = LEADS.with_columns(industry=pl.Series(["retail", None]))
    assert checked(leads=leads).tables["leads"]["industry"].to_list() == ["retail", None]


def test_a_row_has_a_line_for_each_of_its_reasons():
    deals = pl.DataFrame({"deal_id": ["d"], "created_at": [AT], "status": ["won"], "amount": [-5.0], "lead_id": ["z"]})
    result = checked(deals=deals)
    assert reasons(result) == [
        ("deals", 2, "amount", "is negative"),
        ("deals", 2, "closed_at", "is missing, but the deal is won or lost"),
        ("deals", 2, "lead_id", "no such lead"),
    ]
    assert result.counts.filter(table="deals").select("read", "good", "rejected").rows() == [(1, 0, 1)]


def test_of_two_rows_with_one_id_the_first_good_one_stays():
    leads = pl.DataFrame({"lead_id": ["a", "a", "a"], "created_at": [None, AT, AT], "channel": ["1", "2", "3"]})
    result = checked(leads=leads)
    assert result.tables["leads"]["channel"].to_list() == ["2"]
    assert reasons(result) == [
        ("leads", 2, "created_at", "is missing"),
        ("leads", 4, "lead_id", "is there already in an earlier row"),
    ]


def test_a_row_of_a_rejected_lead_is_rejected_with_it():
    leads = LEADS.with_columns(created_at=pl.Series([AT, None]))
    given = pl.DataFrame({"lead_id": ["a", "b"], "given_at": [AT, AT], "score": [7, 7]})
    assert reasons(checked(leads=leads, feedback=given))[1:] == [("feedback", 3, "lead_id", "no such lead")]


def test_a_deal_may_have_no_lead_and_an_activity_may_not():
    deals = pl.DataFrame({"deal_id": ["d"], "created_at": [AT], "status": ["open"], "lead_id": [None]})
    calls = pl.DataFrame({"lead_id": [None], "happened_at": [AT], "kind": ["call"], "by": ["sales"]})
    assert reasons(checked(deals=deals, activities=calls)) == [("activities", 2, "lead_id", "is missing")]


def test_a_deal_won_before_its_lead_came_stays():
    deals = {"deal_id": ["d"], "lead_id": ["a"], "status": ["won"], "created_at": [AT.replace(day=1)]}
    assert checked(deals=pl.DataFrame(deals | {"closed_at": [AT.replace(day=1)]})).tables["deals"].height == 1


SPEND = pl.DataFrame({"spent_on": [AT.date()] * 3, "department": ["marketing"] * 3, "amount": [1.0, 2.0, 3.0]})


def test_money_without_a_currency_is_in_the_policy_s():
    spend = SPEND.with_columns(currency=pl.Series(["eur", None, "EUR"]))
    assert checked(spend=spend).tables["spend"]["currency"].to_list() == ["EUR", "EUR", "EUR"]


def test_a_mix_of_currencies_is_an_error_that_counts_each():
    deals = pl.DataFrame(
        {"deal_id": ["d"], "created_at": [AT], "status": ["open"], "amount": [1.0], "currency": ["CHF"]}
    )
    with pytest.raises(InputError) as error:
        checked(deals=deals, spend=SPEND.with_columns(currency=pl.Series(["USD", None, "EUR"])))
    assert error.value.problem.startswith("amounts must all be in EUR, the policy's currency")
    assert error.value.found == "deals: 1 x CHF; spend: 2 x EUR; spend: 1 x USD"


def test_without_leads_there_is_nothing_to_report():
    with pytest.raises(InputError, match="there is no table of leads"):
        check_tables({"spend": raw_table("spend", SPEND)}, policy=POLICY)


MANY = pl.DataFrame({"lead_id": [f"L{number}" for number in range(20)], "created_at": [AT] * 18 + [None, None]})


def test_a_run_stops_when_more_is_rejected_than_the_policy_allows():
    with pytest.raises(InputError) as error:
        stop_if_too_many(checked(leads=MANY), policy=POLICY)
    assert str(error.value) == (
        "more rows are rejected than the policy allows (5.0 %)\n"
        "leads: 2 of 20 rows (10.0 %) rejected\n\n"
        "Found: \n"
        "  2 x leads, created_at: is missing (leads.csv line 20: empty; leads.csv line 21: empty)\n\n"
        "Hint: 'leadreport check FOLDER' shows where; mend the export or its mapping, or raise checks.max_rejected_rate"
    )


def test_a_run_goes_on_when_exactly_the_allowed_share_is_rejected():
    stop_if_too_many(checked(leads=MANY.head(19).vstack(MANY.head(1).with_columns(lead_id=pl.lit("x")))), policy=POLICY)


def test_reasons_are_summed_up_with_their_frequency_and_first_places():
    summary = describe_rejected(checked(leads=MANY).rejected)
    assert summary.rows() == [
        ("leads", "created_at", "is missing", 2, "leads.csv line 20: empty; leads.csv line 21: empty")
    ]


def test_the_report_for_the_terminal_tells_files_then_reasons():
    assert check_report(checked(leads=MANY, spend=SPEND)) == (
        "leads  leads.csv  20 read, 18 good, 2 rejected (10.0 %)\n"
        "spend  spend.csv  3 read, 3 good, 0 rejected\n\n"
        "leads, created_at: is missing: 2 rows\n"
        "  leads.csv line 20: empty\n"
        "  leads.csv line 21: empty"
    )


def test_signs_that_steer_a_terminal_and_long_values_do_not_reach_it():
    stages = pl.DataFrame({"lead_id": ["a", "a"], "reached_at": [AT, AT], "stage": ["\x1b[31mred\x00", "x" * 300]})
    values = checked(stages=stages).rejected["value"].to_list()
    assert values == ["�[31mred�", "x" * 200 + "…"]


def test_formulas_are_made_harmless_and_numbers_are_not_touched():
    frame = pl.DataFrame({"value": ["=1+1", " +cmd|x", "-3.5", "@x", "+49 1", "a=b"], "line": [1, 2, 3, 4, 5, 6]})
    assert defuse_formulas(frame)["value"].to_list() == ["'=1+1", "' +cmd|x", "-3.5", "'@x", "'+49 1", "a=b"]


CELL = st.sampled_from(
    ["", "a", "b", " a ", "2026-01-05", "31.02.2026", "1e9", "-1", "inf", "sql", '"', '"a,b"', "a,b", "x\ny"]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(CELL, min_size=2, max_size=4).map(",".join), max_size=8),
    st.lists(st.tuples(CELL, CELL, CELL), max_size=6),
)
def test_good_and_rejected_rows_are_all_that_were_read(leads, stages):
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "leads.csv").write_text("lead_id,created_at,channel\na,2026-01-05,web\n" + "\n".join(leads))
        (folder / "stages.csv").write_text(
            "lead_id,reached_at,stage\na,2026-01-05,sql\n" + "\n".join(map(",".join, stages))
        )
        raw = read_tables(folder, policy=POLICY)
    result = check_tables(raw, policy=POLICY)
    for table, read, good, rejected in result.counts.select("table", "read", "good", "rejected").rows():
        assert read == good + rejected == raw[table].rows.height == raw[table].cells.height == raw[table].places.height
        assert good == result.tables[table].height
        assert rejected == result.rejected.filter(table=table).select("file", "line").n_unique()


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_rows_changes_neither_counts_nor_reasons(order):
    rows = pl.DataFrame(
        {
            "lead_id": ["a", "a", "z", None, "b", "b"],
            "reached_at": [AT, None, AT, AT, AT, None],
            "stage": ["sql", "sql", "sql", "mql", "won", None],
        }
    )
    result = checked(stages=rows[list(order)])
    assert result.counts.filter(table="stages").select("good", "rejected").rows() == [(1, 5)]
    assert describe_rejected(result.rejected).select("column", "reason", "rows").rows() == [
        ("reached_at", "is missing", 2),
        ("lead_id", "is missing", 1),
        ("lead_id", "no such lead", 1),
        ("stage", "is missing", 1),
        ("stage", "is not one of the agreed words", 1),
    ]
