"""The seven tables: their columns, their rules, and what a broken rule is called."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from leadreport.facts import lead_facts
from leadreport.policy import parse_policy, preset_text
from leadreport.tables import (
    ALLOWED_VALUES,
    INSTANTS,
    TABLES,
    column_types,
    computed_names,
    empty_table,
    raw_table,
    reason_of,
    required_columns,
)

POLICY = parse_policy(preset_text("startup"))
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

GOOD = {
    "leads": {"lead_id": "0042", "created_at": AT, "merged_into": "0041"},
    "activities": {"lead_id": "a", "happened_at": AT, "kind": "call", "by": "sales"},
    "stages": {"lead_id": "a", "reached_at": AT, "stage": "sql"},
    "deals": {"deal_id": "d", "created_at": AT, "closed_at": AT, "status": "won", "amount": 0.0, "currency": "EUR"},
    "spend": {"spent_on": date(2026, 3, 2), "department": "marketing", "amount": 12.5, "currency": "EUR"},
    "answers": {"lead_id": "a", "answered_at": AT, "criterion": "budget", "answer": "unknown"},
    "feedback": {"lead_id": "a", "given_at": AT, "score": 10},
}

BAD = [
    ("leads", {"lead_id": None}, "lead_id", "is missing"),
    ("leads", {"lead_id": "1.23E+12"}, "lead_id", "is an id that a spreadsheet has rounded; export it as text"),
    ("leads", {"created_at": None}, "created_at", "is missing"),
    ("leads", {"created_at": datetime(1989, 12, 31, tzinfo=UTC)}, "created_at", "is outside the years 1990 to 2100"),
    ("leads", {"created_at": datetime(2101, 1, 1, tzinfo=UTC)}, "created_at", "is outside the years 1990 to 2100"),
    ("leads", {"merged_into": "0042"}, "merged_into", "is the lead itself"),
    ("activities", {"by": "robot"}, "by", "is not one of the allowed values"),
    ("stages", {"stage": "won"}, "stage", "is not one of the allowed values"),
    ("deals", {"closed_at": None}, "closed_at", "is missing, but the deal is won or lost"),
    ("deals", {"amount": -1.0}, "amount", "is negative"),
    ("deals", {"amount": float("inf")}, "amount", "is not a finite number"),
    ("deals", {"currency": "Euro"}, "currency", "is not a currency code of three letters, such as EUR"),
    ("spend", {"department": "hr"}, "department", "is not one of the allowed values"),
    ("spend", {"spent_on": date(2206, 3, 2)}, "spent_on", "is outside the years 1990 to 2100"),
    ("spend", {"amount": None}, "amount", "is missing"),
    ("answers", {"answer": "maybe"}, "answer", "is not one of the allowed values"),
    ("answers", {"criterion": "weather"}, "criterion", "is not one of the allowed values"),
    ("feedback", {"score": 11}, "score", "is not between 0 and 10"),
    ("feedback", {"score": -1}, "score", "is not between 0 and 10"),
]


AT_THE_LIMIT = [
    ("leads", {"created_at": datetime(1990, 1, 1, tzinfo=UTC)}),
    ("leads", {"created_at": datetime(2100, 12, 31, tzinfo=UTC)}),
    ("leads", {"lead_id": "1E12"}),
    ("deals", {"status": "open", "closed_at": None}),
    ("spend", {"amount": 0.0}),
    ("feedback", {"score": 0}),
]


def one_row(name: str, values: dict) -> pl.DataFrame:
    return raw_table(name, pl.DataFrame([values], schema=column_types(name))).rows


@pytest.mark.parametrize("name", TABLES)
def test_a_plain_row_breaks_no_rule(name):
    assert TABLES[name].is_valid(one_row(name, GOOD[name]))


@pytest.mark.parametrize(("name", "change"), AT_THE_LIMIT)
def test_a_row_just_inside_the_limits_breaks_no_rule(name, change):
    assert TABLES[name].is_valid(one_row(name, GOOD[name] | change))


@pytest.mark.parametrize(("name", "change", "column", "reason"), BAD)
def test_a_row_that_cannot_be_true_breaks_one_rule_that_reads_as_a_sentence(name, change, column, reason):
    _, failure = TABLES[name].filter(one_row(name, GOOD[name] | change))
    assert [reason_of(rule) for rule in failure.counts()] == [(column, reason)]


def test_every_rule_of_every_table_has_its_words():
    rules = [rule for schema in TABLES.values() for rule in schema._validation_rules(with_cast=False)]
    assert all(reason_of(rule)[1] for rule in rules)


def test_only_leads_activities_and_so_on_in_the_order_of_the_contract():
    assert list(TABLES) == ["leads", "activities", "stages", "deals", "spend", "answers", "feedback"]


def test_an_empty_table_has_every_column_with_its_type():
    table = empty_table("deals")
    assert table.height == 0
    assert table.schema["amount"] == pl.Float64
    assert table.schema["closed_at"] == pl.Datetime("us", "UTC")


def test_required_columns_are_those_that_must_be_filled():
    assert required_columns("activities") == ["lead_id", "happened_at", "kind", "by"]
    assert required_columns("spend") == ["spent_on", "department", "amount", "currency"]


def test_allowed_values_belong_to_columns_that_exist():
    assert all(column in column_types(table) for table, column in ALLOWED_VALUES)


def test_rows_are_dated_by_a_required_column():
    assert all(column in required_columns(table) for table, column in INSTANTS.items())
    assert {*TABLES} - {*INSTANTS} == {"spend"}


def test_computed_names_are_exactly_what_the_facts_add_to_the_leads():
    tables = {name: empty_table(name) for name in TABLES}
    facts = lead_facts(tables, policy=POLICY, as_of=AT).collect_schema().names()
    assert {*facts} - {*column_types("leads")} == computed_names(POLICY)
