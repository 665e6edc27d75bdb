"""The policy: what may stand in it, and what a mistake in it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadreport.errors import PolicyError
from leadreport.policy import PRESETS, Behaviour, Group, load_policy, parse_policy, preset_text
from leadreport.words import STAGES

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
        "horizons: 'lead_to_mgl' is not a step up the ladder; did you mean 'lead_to_mql'",
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


def test_all_mistakes_are_told_at_once():
    with pytest.raises(PolicyError) as caught:
        parse_policy(STARTUP.replace("sla_hours =", "sla =").replace("margin =", "margn ="))
    assert caught.value.problem.count("\n") == 1


def test_text_that_is_not_toml_says_where():
    with pytest.raises(PolicyError, match="is not valid TOML") as caught:
        parse_policy(STARTUP.replace("[company]", "[company"))
    assert "line 6" in caught.value.found


def test_a_missing_file_names_the_command_that_writes_one(tmp_path):
    with pytest.raises(PolicyError, match="is missing") as caught:
        load_policy(tmp_path / "policy.toml")
    assert "leadreport init" in caught.value.hint


def test_the_version_follows_the_content_and_not_the_comments():
    policy = parse_policy(STARTUP)
    assert parse_policy("# signed\n" + STARTUP).version == policy.version
    assert parse_policy(STARTUP.replace("sla_hours = 8.0", "sla_hours = 4.0")).version != policy.version


def test_a_horizon_that_is_not_written_is_the_sum_of_its_steps():
    policy = parse_policy(STARTUP)
    assert policy.horizon_days("mql", "sql") == 14 + 30
    assert policy.horizon_days("lead", "customer") == 120


@given(
    st.sampled_from(STAGES[:-1]).flatmap(
        lambda one: st.tuples(st.just(one), st.sampled_from(STAGES[STAGES.index(one) + 1 :]))
    )
)
def test_every_step_up_the_ladder_has_a_horizon(step):
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
