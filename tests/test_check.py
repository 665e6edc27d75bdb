"""Every row is good or rejected with its reasons, and nothing is lost between the two."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadreport.check import (
    check_report,
    check_tables,
    defuse_formulas,
    describe_rejected,
    empty_rates,
    odd_leads,
    refuse_unknown_attributes,
    row_totals,
    stop_if_too_many,
)
from leadreport.errors import InputError, PolicyError
from leadreport.policy import PRESETS, Policy, parse_policy, preset_text
from leadreport.sources import read_tables
from leadreport.tables import TABLES, column_types, raw_table
from leadreport.words import STAGES

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
    ]
    assert result.counts.filter(table="deals").select("read", "good", "rejected").rows() == [(1, 0, 1)]


def test_of_two_rows_with_one_id_the_first_good_one_stays():
    leads = pl.DataFrame({"lead_id": ["a", "a", "a"], "created_at": [None, AT, AT], "channel": ["1", "2", "3"]})
    result = checked(leads=leads)
    assert result.tables["leads"]["channel"].to_list() == ["2"]
    assert reasons(result) == [
        ("leads", 2, "created_at", "is missing"),
        ("leads", 4, "lead_id", "repeats the id of an earlier row"),
    ]


def test_a_row_of_a_rejected_lead_is_rejected_with_it():
    leads = LEADS.with_columns(created_at=pl.Series([AT, None]))
    given = pl.DataFrame({"lead_id": ["a", "b"], "given_at": [AT, AT], "score": [7, 7]})
    assert reasons(checked(leads=leads, feedback=given))[1:] == [
        ("feedback", 3, "lead_id", "refers to an unknown lead")
    ]


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
        "more rows are rejected than the policy allows (5.0%)\n"
        "leads: 2 of 20 rows (10.0%) rejected\n\n"
        "Found: \n"
        "  2 x leads, created_at: is missing (leads.csv line 20: empty; leads.csv line 21: empty)\n\n"
        "Hint: 'leadreport check FOLDER' shows where; correct the export or its mapping, or raise "
        "checks.max_rejected_rate"
    )


ONE_BAD = MANY.slice(1, 18)
"""18 rows, 17 good and one rejected."""


def test_a_run_goes_on_when_exactly_the_allowed_share_is_rejected():
    leads = pl.concat([ONE_BAD, MANY.head(2).with_columns(lead_id=pl.Series(["x", "y"]))])
    assert checked(leads=leads).counts.select("read", "rejected").rows() == [(20, 1)]
    stop_if_too_many(checked(leads=leads), policy=POLICY)


def test_a_run_stops_when_one_row_less_makes_the_share_too_large():
    leads = pl.concat([ONE_BAD, MANY.head(1)])
    with pytest.raises(InputError, match=r"leads: 1 of 19 rows \(5.3%\) rejected"):
        stop_if_too_many(checked(leads=leads), policy=POLICY)


def test_the_limit_holds_for_each_table_and_not_for_all_rows_together():
    given = pl.DataFrame({"lead_id": ["L0", "L1"], "given_at": [AT, AT], "score": [7, 11]})
    with pytest.raises(InputError, match=r"feedback: 1 of 2 rows \(50.0%\) rejected"):
        stop_if_too_many(checked(leads=MANY.head(18), feedback=given), policy=POLICY)


def test_reasons_are_summed_up_with_their_frequency_and_first_places():
    summary = describe_rejected(checked(leads=MANY).rejected)
    assert summary.rows() == [
        ("leads", "created_at", "is missing", 2, "leads.csv line 20: empty; leads.csv line 21: empty")
    ]


def test_the_report_for_the_terminal_gives_files_then_reasons():
    assert check_report(checked(leads=MANY, spend=SPEND)) == (
        "leads  leads.csv  20 read, 18 good, 2 rejected (10.0%); 2026-03-02 to 2026-03-02\n"
        "spend  spend.csv  3 read, 3 good, 0 rejected; 2026-03-02 to 2026-03-02\n\n"
        "leads, created_at: is missing: 2 rows\n"
        "  2 x empty, first in leads.csv line 20"
    )


def test_signs_that_steer_a_terminal_and_long_values_do_not_reach_it():
    texts = ["\x1b[31mred\x00", "x" * 200, "x" * 201]
    stages = pl.DataFrame({"lead_id": ["a"] * 3, "reached_at": [AT] * 3, "stage": texts})
    values = checked(stages=stages).rejected["value"].to_list()
    assert values == ["�[31mred�", "x" * 200, "x" * 200 + "…"]


def test_formulas_are_made_harmless_and_numbers_are_not_touched():
    frame = pl.DataFrame({"value": ["=1+1", " +cmd|x", "-3.5", "@x", "+49 1", "a=b"], "line": [1, 2, 3, 4, 5, 6]})
    assert defuse_formulas(frame)["value"].to_list() == ["'=1+1", "' +cmd|x", "-3.5", "'@x", "'+49 1", "a=b"]


def policy_with(attributes: str, *, mql: str = '{ attribute = "source", is = ["web"] }') -> Policy:
    """The start-up policy with other attributes, and one attribute criterion more."""
    text = preset_text("startup").replace('["channel", "source"]', attributes)
    return parse_policy(text.replace("[criteria.mql]\nany = [", f"[criteria.mql]\nany = [\n    {mql},"))


def refusal(leads: pl.DataFrame, policy: Policy) -> str:
    with pytest.raises(PolicyError) as error:
        check_tables({"leads": raw_table("leads", leads)}, policy=policy)
    return str(error.value)


def test_an_attribute_that_the_leads_lack_is_one_error_with_the_nearest_names():
    leads = LEADS.with_columns(industry=pl.lit("retail"), employees=pl.lit(5))
    policy = policy_with('["channel", "industri", "zzz"]', mql='{ attribute = "industri", is = ["retail"] }')
    assert refusal(leads, policy) == (
        "policy.toml names 2 attributes that the leads do not have: 'industri' (scoring.attributes, criteria.mql), "
        "'zzz' (scoring.attributes)\n\n"
        "Found: campaign, channel, created_at, employees, industry, owner, source, team\n\n"
        "Hint: is 'industri' meant to be 'industry'? "
        "Correct policy.toml, or add the column to the leads in sources.toml"
    )


def test_an_attribute_of_a_criterion_alone_is_checked_too():
    told = refusal(LEADS, policy_with('["channel"]', mql='{ attribute = "job_level", at_least = 3 }'))
    assert told.startswith("policy.toml names an attribute that the leads do not have: 'job_level' (criteria.mql)")


def test_an_id_is_no_attribute():
    assert "'merged_into' (scoring.attributes)" in refusal(LEADS, policy_with('["merged_into"]'))


@pytest.mark.parametrize("name", ["engagement", "activities", "answer_budget", "trial_started_count", "sales_touches"])
def test_what_the_facts_compute_may_be_an_attribute(name):
    refuse_unknown_attributes(LEADS.with_columns(source=None), policy=policy_with(f'["{name}"]'))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_runs_on_leads_with_an_id_and_a_date(preset):
    raw = {"leads": raw_table("leads", LEADS)}
    assert check_tables(raw, policy=parse_policy(preset_text(preset))).tables["leads"].height == 2


# --- what the good rows can carry ----------------------------------------------------------------------------------


def test_empty_rates_are_shares_of_all_leads_the_emptiest_first():
    facts = pl.DataFrame({"a": [1, None, None], "b": [None, None, None], "c": ["", "x", "y"]})
    assert empty_rates(facts, attributes=["c", "a", "b"]).rows() == [("b", 1.0), ("a", 0.666667), ("c", 0.0)]


def day(number: int | None) -> datetime | None:
    return None if number is None else datetime(2026, 3, number, tzinfo=UTC)


FACTS = pl.DataFrame(
    [
        # lead_at, mql_at, sal_at, sql_at, opportunity_at, customer_at, touch, merged, imputed, owner, channel
        (day(1), day(2), None, None, None, None, day(2), 0, False, "Ann", "web"),
        (day(1), day(3), day(2), None, None, None, day(2), 2, False, None, "web"),
        (day(1), day(2), day(2), day(2), None, None, None, 1, True, "Ann", None),
        (day(1), None, None, None, None, None, day(2), 0, False, None, "web"),
    ],
    schema=[
        *(f"{stage}_at" for stage in STAGES),
        *("first_sales_touch_at", "merged_leads", "is_sal_imputed", "owner", "channel"),
    ],
    orient="row",
).with_columns(is_mql=pl.col("mql_at").is_not_null())


def test_odd_leads_are_counted_one_row_for_each_oddity():
    assert odd_leads(FACTS).rows() == [
        ("records merged into another lead", 3),
        ("leads with a stage that only a later one implies", 1),
        ("leads with a later stage dated earlier", 1),
        ("leads that sales touched before they were MQL", 1),
        ("MQLs without an owner", 1),
        ("leads without a channel", 1),
    ]


def test_no_lead_is_no_odd_lead():
    assert odd_leads(FACTS.clear())["leads"].to_list() == [0] * 6


def test_totals_add_up_over_files_and_by_table():
    result = checked(leads=MANY, spend=SPEND)
    assert row_totals(result.counts).rows() == [(23, 21, 2, 0.0869565217, 0)]
    assert row_totals(result.counts, by="table").rows() == [("leads", 20, 18, 2, 0.1, 0), ("spend", 3, 3, 0, 0.0, 0)]


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
        own, left_out = raw[table], result.counts.filter(table=table)["left_out"].sum()
        assert read == good + rejected
        assert read + left_out == own.rows.height == own.cells.height == own.places.height
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
    assert result.counts.filter(table="stages").select("good", "rejected").rows() == [(1, 4)]
    assert describe_rejected(result.rejected).select("column", "reason", "rows").rows() == [
        ("reached_at", "is missing", 2),
        ("lead_id", "is missing", 1),
        ("stage", "is missing", 1),
        ("stage", "is not one of the allowed values", 1),
    ]
