"""The policy: what may stand in it, and what a mistake in it says."""

import itertools
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadreport.errors import PolicyError
from leadreport.policy import PRESETS, Behaviour, Group, Policy, load_policy, parse_policy, preset_text
from leadreport.policy.model import USED_BY
from leadreport.words import STAGES
from leadreport.workspace import open_workspace

STARTUP = preset_text("startup")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_valid_policy(preset):
    assert parse_policy(preset_text(preset)).company.currency == "EUR"


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(PolicyError, match="there is no preset 'start'") as caught:
        preset_text("start")
    assert caught.value.hint == "did you mean 'startup'?"


MISTAKES = [
    ("sla_hours =", "sla_hour =", "policy.toml: handoff.sla_hour: unknown key; did you mean 'sla_hours'?"),
    (
        '"Europe/Berlin"',
        '"Europe/Berln"',
        "company.time_zone: found 'Europe/Berln': no such time zone; did you mean 'Europe/Berlin'",
    ),
    ('= "mql"', '= "mgl"', "stages.names.Marketing Qualified Lead: 'mgl' is not allowed; did you mean 'mql'?"),
    (
        '{ stage = "sal" }',
        '{ stage = "sall" }',
        "criteria.sal.all[0].stage: 'sall' is not allowed; did you mean 'sal'?",
    ),
    ('activity = "pricing_page"', "activity = []", "criteria.hot.any[2].activity: needs a name, or a list of names"),
    (
        'activity = "pricing_page"',
        'by = "thirdparty", activity = "intent"',
        "criteria.hot.any[2].by: 'thirdparty' is not allowed; did you mean 'third_party'?",
    ),
    ("sla_hours = 8.0", 'sla_hours = "8"', "handoff.sla_hours: found '8': input should be a valid number"),
    (
        "score_at_least = 50",
        'score_at_least = "50"',
        "criteria.mql.any[1].score_at_least: found '50': input should be a valid number",
    ),
    (
        "score_at_least = 50",
        "score_at_least = 500",
        "criteria.mql.any[1].score_at_least: found 500: input should be less than",
    ),
    ("count = 2", "cuont = 2", "criteria.hot.any[2].cuont: unknown key; did you mean 'count'?"),
    (
        '{ stage = "sql" }',
        '{ stagee = "sql" }',
        "criteria.hot.any[3]: {'stagee': 'sql'} is not a criterion; did you mean 'stage'?",
    ),
    (
        'answer = "budget"',
        'answer = "budgt"',
        "criteria.sql.all[2].any[0].answer: 'budgt' is not allowed; did you mean 'budget'?",
    ),
    (
        "lead_to_mql = 30",
        "lead_to_mgl = 30",
        "horizons: 'lead_to_mgl' is not a step from a stage to a later one; did you mean 'lead_to_mql'",
    ),
    ("mql_to_sal = 14", "", "horizons: misses mql_to_sal"),
    (
        'method = "weighted"',
        'method = "weigthed"',
        "scoring.method: 'weigthed' is not allowed; did you mean 'weighted'?",
    ),
    (
        "monday = [09:00:00, 17:00:00]",
        "monday = [19:00:00, 17:00:00]",
        "working_hours: monday opens at 19:00:00 and closes at 17:00:00",
    ),
    ('currency = "EUR"', 'currency = "euro"', "company.currency: found 'euro': string should match pattern"),
    ("margin = 1.0", "margin = 40", "cost.margin: found 40: input should be less than or equal to 1"),
    ('name = "Your company"', "", "policy.toml: company.name: is missing"),
    (
        'framework = "bant"',
        'framework = "bnat"',
        "qualification.framework: 'bnat' is not allowed; did you mean 'bant'?",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES)
def test_a_mistake_names_file_key_what_was_found_and_what_is_allowed(right, wrong, message):
    assert right in STARTUP
    with pytest.raises(PolicyError) as caught:
        parse_policy(STARTUP.replace(right, wrong))
    assert message in str(caught.value)
    assert "Hint: correct policy.toml" in str(caught.value)


def test_all_errors_are_reported_together():
    with pytest.raises(PolicyError) as caught:
        parse_policy(STARTUP.replace("sla_hours =", "sla =").replace("margin =", "margn ="))
    assert caught.value.problem.count("\n") == 1


def test_text_that_is_not_toml_says_where():
    with pytest.raises(PolicyError, match="is not valid TOML") as caught:
        parse_policy(STARTUP.replace("[company]", "[company"))
    assert "line 8" in caught.value.found


def test_a_missing_file_names_the_command_that_writes_one(tmp_path):
    with pytest.raises(PolicyError, match="is missing") as caught:
        load_policy(tmp_path / "policy.toml")
    assert "leadreport init" in caught.value.hint


# Versions and formats

ENTRIES = {"mqls", "sqls", "customers"}
RATES = {"lead_to_mql_rate", "mql_to_sql_rate", "lead_to_customer_rate"}
ALL = {"leads", "attainment_rate", "acceptance_rate", "cost_per_sql"} | ENTRIES | RATES

DEFINITION_CHANGES = [
    ("company.time_zone", "Europe/Paris", ALL),
    ("company.currency", "USD", {"cost_per_sql"}),
    ("stages.names.Qualified", "sql", ALL - {"leads"}),
    ("horizons.lead_to_mql", 31, {"lead_to_mql_rate"}),
    ("horizons.mql_to_sal", 15, {"mql_to_sql_rate", "acceptance_rate"}),
    ("horizons.sal_to_sql", 31, {"mql_to_sql_rate"}),
    ("horizons.mql_to_sql", 45, {"mql_to_sql_rate"}),
    ("horizons.sql_to_opportunity", 31, set()),
    ("horizons.lead_to_customer", 121, {"lead_to_customer_rate"}),
    ("criteria.sql", {"all": [{"stage": "sql"}]}, set()),
    ("qualification.at_least", 4, set()),
    ("scoring.attributes", ["channel"], set()),
    ("handoff.sla_hours", 4.0, {"attainment_rate"}),
    ("handoff.human_touches", ["call"], {"attainment_rate"}),
    ("working_hours.saturday", ["09:00:00", "12:00:00"], {"attainment_rate"}),
    ("cost.basis", "media", {"cost_per_sql"}),
    ("cost.spread", "leads", {"cost_per_sql"}),
    ("cost.margin", 0.5, set()),
]
"""A key, another value for it, and the published numbers that it defines."""

OTHER_CHANGES = {
    "company.name": st.text(min_size=1),
    "company.language": st.sampled_from(["en", "de"]),
    "agreement.signed_by": st.lists(st.text()),
    "agreement.signed_on": st.dates().map(str),
    "changes": st.lists(st.fixed_dictionaries({"on": st.dates().map(str), "note": st.text()}), max_size=2),
    "checks.max_rejected_rate": st.floats(0, 1),
    "report.if_data_end_early": st.sampled_from(["stop", "banner"]),
    "lists.calls_per_week": st.integers(1, 900),
    **{f"targets.{name}": st.floats(1, 900) for name in ("mqls_per_week", "sqls_per_week", "cost_per_sql")},
    **{f"targets.{name}": st.floats(0, 1) for name in ("acceptance_rate", "attainment_rate")},
    "format": st.just(1),
}
"""The keys that define no number, and what they may be."""


def changed(changes: dict[str, Any]) -> Policy:
    """The preset "startup" with other values under some keys."""
    content = parse_policy(STARTUP).model_dump(mode="json", by_alias=True)
    for path, value in changes.items():
        *sections, key = path.split(".")
        place = content
        for section in sections:
            place = place[section]
        place[key] = value
    return Policy.model_validate(content, strict=False)


def versions(policy: Policy) -> dict[str, str]:
    return {number: policy.definition_version(number) for number in USED_BY}


def test_comments_and_the_order_of_keys_do_not_change_the_version():
    policy = parse_policy(STARTUP)
    swapped = STARTUP.replace('"Subscriber" = "lead"\n"Lead" = "lead"', '"Lead" = "lead"\n"Subscriber" = "lead"')
    assert swapped != STARTUP
    for same in ("# signed\n" + STARTUP, swapped):
        assert parse_policy(same).version == policy.version
        assert versions(parse_policy(same)) == versions(policy)


@given(st.fixed_dictionaries({}, optional=OTHER_CHANGES))
def test_what_defines_no_number_changes_no_version(changes):
    policy = parse_policy(STARTUP)
    assert changed(changes).version == policy.version
    assert versions(changed(changes)) == versions(policy)


@pytest.mark.parametrize(
    ("key", "value", "numbers"), DEFINITION_CHANGES, ids=[change[0] for change in DEFINITION_CHANGES]
)
def test_a_changed_definition_changes_the_version_and_the_numbers_that_use_it(key, value, numbers):
    before, now = parse_policy(STARTUP), changed({key: value})
    assert now.version != before.version
    moved = {number for number in USED_BY if now.definition_version(number) != before.definition_version(number)}
    assert moved == numbers


@given(st.lists(st.sampled_from(DEFINITION_CHANGES), min_size=1, unique_by=lambda change: change[0]))
def test_several_changed_definitions_change_only_the_numbers_that_use_one_of_them(changes):
    before, now = parse_policy(STARTUP), changed({key: value for key, value, _ in changes})
    moved = {number for number in USED_BY if now.definition_version(number) != before.definition_version(number)}
    assert moved == set(itertools.chain.from_iterable(numbers for _, _, numbers in changes))


def test_every_key_of_a_policy_is_a_definition_or_is_not():
    definitions = {key.partition(".")[0] for key, _, _ in DEFINITION_CHANGES}
    others = {key.partition(".")[0] for key in OTHER_CHANGES}
    assert definitions | others == set(Policy.model_fields)
    assert definitions & others == {"company"}


def test_versions_have_eight_hex_digits_and_an_unknown_number_has_none():
    policy = parse_policy(STARTUP)
    assert {len(version) for version in (policy.version, *versions(policy).values())} == {8}
    assert set(USED_BY) == ALL
    with pytest.raises(PolicyError, match="no number is published as 'sql'") as caught:
        policy.definition_version("sql")
    assert "did you mean 'sqls'" in caught.value.hint


BEFORE_FORMATS = Path(__file__).parent / "fixtures" / "before_formats"
"""A workspace as leadreport wrote it before files had format numbers."""


def test_a_policy_without_a_format_number_has_format_1():
    content = tomllib.loads((BEFORE_FORMATS / "policy.toml").read_text(encoding="utf-8"))
    policy = load_policy(BEFORE_FORMATS / "policy.toml")
    assert "format" not in content
    assert policy.format == 1
    assert parse_policy("format = 1\n" + (BEFORE_FORMATS / "policy.toml").read_text("utf-8")) == policy


def test_a_workspace_from_before_format_numbers_opens(tmp_path):
    shutil.copytree(BEFORE_FORMATS, tmp_path / "workspace")
    ws = open_workspace(tmp_path / "workspace", as_of="2026-01-12")
    assert ws.facts.select("lead_id", "is_mql", "is_sql").rows() == [
        ("1", True, True),
        ("2", True, False),
        ("3", False, False),
    ]


@pytest.mark.parametrize(("number", "is_read"), [(1, True), (2, False)])
def test_a_mapping_has_a_format_number_too(number, is_read, tmp_path):
    shutil.copytree(BEFORE_FORMATS, tmp_path / "workspace")
    mapping = tmp_path / "workspace" / "sources.toml"
    mapping.write_text(f"format = {number}\n" + mapping.read_text("utf-8"), encoding="utf-8")
    if is_read:
        assert open_workspace(mapping.parent, as_of="2026-01-12").facts.height == 3
    else:
        with pytest.raises(PolicyError, match=r"sources\.toml has format 2 and needs a newer leadreport"):
            open_workspace(mapping.parent, as_of="2026-01-12")


def test_an_upgrade_does_not_change_the_version_of_a_signed_policy():
    policy = load_policy(BEFORE_FORMATS / "policy.toml")
    assert policy.version == "6e7a6fec"
    assert versions(policy) == {
        "leads": "6d25345b",
        "mqls": "70142ca1",
        "sqls": "70142ca1",
        "customers": "70142ca1",
        "lead_to_mql_rate": "96a72a0e",
        "mql_to_sql_rate": "c0c6c1a7",
        "lead_to_customer_rate": "8b50f16d",
        "attainment_rate": "83aaf3f1",
        "acceptance_rate": "6dc9d07d",
        "cost_per_sql": "c1523303",
    }


def test_a_policy_of_a_later_format_says_that_it_needs_a_newer_leadreport():
    with pytest.raises(PolicyError, match=r"policy\.toml has format 2 and needs a newer leadreport") as caught:
        parse_policy(STARTUP.replace("format = 1", "format = 2\nunheard_of = true"))
    assert "which reads format 1" in caught.value.found
    assert "upgrade leadreport" in caught.value.hint


@pytest.mark.parametrize("number", ["0", '"1"'])
def test_a_format_that_never_was_is_an_error(number):
    with pytest.raises(PolicyError, match=r"format: .* is not allowed"):
        parse_policy(STARTUP.replace("format = 1", f"format = {number}"))


def test_a_horizon_that_is_not_written_is_the_sum_of_its_steps():
    policy = parse_policy(STARTUP)
    assert policy.horizon_days("mql", "sql") == 14 + 30
    assert policy.horizon_days("lead", "customer") == 120


@given(
    st.sampled_from(STAGES[:-1]).flatmap(
        lambda one: st.tuples(st.just(one), st.sampled_from(STAGES[STAGES.index(one) + 1 :]))
    )
)
def test_every_step_to_a_later_stage_has_a_horizon(step):
    assert parse_policy(STARTUP).horizon_days(*step) > 0


def test_a_criterion_may_list_kinds_and_a_policy_without_such_keeps_its_version():
    kinds = 'activity = ["webinar", "download"]'
    policy = parse_policy(STARTUP.replace('activity = "pricing_page"', kinds))
    assert Behaviour(("download", "webinar"), 14) in policy.behaviours()
    assert '"channel"' not in parse_policy(STARTUP).criteria.model_dump_json()


def test_behaviours_are_the_counts_that_criteria_ask_for():
    assert Behaviour(("pricing_page",), 14) in parse_policy(STARTUP).behaviours()


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"all": [{"stage": "sql"}], "any": [{"stage": "sql"}]}, "needs exactly one of"),
        ({"of": [{"stage": "sql"}]}, "belong together"),
        ({"at_least": 2, "of": [{"stage": "sql"}]}, "'at_least' is 2, but 'of' lists 1"),
        ({"all": [{"framework": "bant", "at_least": 5}]}, "bant has 4 criteria"),
        ({"all": [{"attribute": "industry"}]}, "needs 'is', 'at_least' or 'at_most'"),
    ],
)
def test_a_group_that_cannot_be_meant_is_refused(group, message):
    with pytest.raises(ValueError, match=message):
        Group.model_validate(group)
