"""Classes by the policy: three-valued criteria, what is met and missing, and the next question."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadreport.errors import InputError
from leadreport.policy import (
    CRITERIA,
    LADDER,
    AttributeCriterion,
    FrameworkCriterion,
    Group,
    Policy,
    parse_policy,
    preset_text,
)
from leadreport.qualify import classify_leads
from leadreport.qualify.answers import answered
from leadreport.qualify.logic import holds
from leadreport.qualify.words import phrase

STARTUP = parse_policy(preset_text("startup"))
INSTANT, TEXT = pl.Datetime("us", "UTC"), pl.String
COLUMNS = {
    **dict.fromkeys(("lead_id", "stage", "industry", "lost_reason", "disqualified_reason", "recycled_reason"), TEXT),
    **dict.fromkeys(("stage_at", *(f"{stage}_at" for stage in LADDER[1:])), INSTANT),
    **dict.fromkeys((f"is_{stage}" for stage in LADDER[1:]), pl.Boolean),
    **dict.fromkeys(("trial_started_count", "trial_started_count_30d", "demo_requested_count_30d"), pl.Int64),
    **dict.fromkeys(("pricing_page_count_14d", "demo_session_count", "employees"), pl.Int64),
    **{f"answer_{name}": TEXT for name in CRITERIA},
    **{f"answer_{name}_at": INSTANT for name in CRITERIA},
    "score": pl.Float64,
}
"""What qualification reads of the facts under the preset "startup", with two attributes and the score."""
COUNTS = [name for name in COLUMNS if "_count" in name]


def day(number: int) -> datetime:
    return datetime(2026, 1, number, 9, tzinfo=UTC)


def fact(lead_id: str = "a", *, stage: str = "lead", answers: dict[str, str] | None = None, **more) -> dict:
    """One lead: its stage in the CRM (with all below it), its answers, its counts (0 unless given)."""
    reached = LADDER[1 : LADDER.index(stage) + 1] if stage in LADDER else ()
    row = {"lead_id": lead_id, "stage": stage, "stage_at": day(5), **dict.fromkeys(COUNTS, 0)}
    row |= {f"is_{name}": name in reached for name in LADDER[1:]} | {f"{name}_at": day(5) for name in reached}
    for name, answer in (answers or {}).items():
        row |= {f"answer_{name}": answer, f"answer_{name}_at": day(10)}
    return row | more


def facts_of(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(COLUMNS) | row for row in rows], schema=COLUMNS, orient="row")


def policy_with(**criteria: dict) -> Policy:
    content = STARTUP.model_dump(by_alias=True, exclude_none=True)
    content["criteria"] |= criteria
    return Policy.model_validate(content)


def classified(*rows: dict, policy: Policy = STARTUP) -> list[dict]:
    return classify_leads(facts_of(*rows), policy=policy).to_dicts()


TRIAL = {"trial_started_count": 1, "trial_started_count_30d": 1}
VETTED = TRIAL | {"demo_session_count": 1}


# Classes


def test_a_trial_a_demo_session_and_a_budget_make_an_sql_of_the_preset_startup():
    (row,) = classified(fact(**VETTED, answers={"budget": "yes"}))
    assert (row["class"], row["is_hot"]) == ("sql", True)
    assert row["criteria_met"] == ["trial started", "demo session", "budget confirmed"]
    assert (row["criteria_missing"], row["criteria_unknown"]) == ([], [])
    assert row["why"] == "SQL: trial started, demo session, budget confirmed."


def test_a_question_nobody_asked_is_open_and_an_answer_no_is_missing():
    asked, unasked = classified(
        fact("asked", **VETTED, answers={"budget": "no", "timeline": "no"}), fact("unasked", **VETTED)
    )
    assert (unasked["class"], unasked["meets_sql"]) == ("mql", None)
    assert unasked["criteria_unknown"] == ["budget confirmed", "timeline confirmed"]
    assert unasked["why"] == "MQL: trial started. For SQL still open: budget confirmed, timeline confirmed."
    assert (asked["class"], asked["meets_sql"]) == ("mql", False)
    assert asked["criteria_missing"] == ["budget confirmed or timeline confirmed"]
    assert asked["why"] == "MQL: trial started. For SQL it lacks: budget confirmed or timeline confirmed."


def test_a_lead_is_told_what_it_lacks_for_an_mql():
    (row,) = classified(fact(score=20.0))
    assert (row["class"], row["criteria_for"]) == ("lead", "mql")
    assert row["why"] == "Lead. For MQL it lacks: trial started or score of at least 50."


def test_without_a_score_the_criteria_on_it_are_not_known():
    facts = facts_of(fact("a"), fact("b", **TRIAL))
    for named in (classify_leads(facts, policy=STARTUP), classify_leads(facts.drop("score"), policy=STARTUP)):
        assert named["meets_mql"].to_list() == [None, True]
        assert named["criteria_unknown"].to_list()[0] == ["score of at least 50"]


def test_an_sql_by_criteria_that_is_no_mql_is_a_lead():
    policy = policy_with(mql={"all": [{"score_at_least": 90}]})
    (row,) = classified(fact(**VETTED, answers={"budget": "yes"}, score=10.0), policy=policy)
    assert (row["class"], row["meets_sql"], row["is_hot"]) == ("lead", True, True)


def test_sales_acceptance_makes_an_mql_a_sal():
    accepted, merely_accepted = classified(fact("a", **TRIAL, stage="sal"), fact("b", stage="sal"))
    assert (accepted["class"], merely_accepted["class"]) == ("sal", "lead")


def test_deals_and_exits_stand_as_they_happened():
    rows = classified(
        fact("a", stage="customer"),
        fact("b", stage="opportunity"),
        fact("c", **VETTED, stage="disqualified", disqualified_reason="no budget", answers={"budget": "yes"}),
        fact("d", **TRIAL, stage="recycled"),
        fact("e", **TRIAL, stage="lost", is_opportunity=True, lost_reason="competitor"),
    )
    assert [row["class"] for row in rows] == ["customer", "opportunity", "disqualified", "recycled", "lost"]
    assert [row["is_hot"] for row in rows] == [True, True, False, False, False]
    assert [row["why"] for row in rows] == [
        "Customer since 2026-01-05, as the CRM has it.",
        "Opportunity since 2026-01-05, as the CRM has it.",
        "Disqualified on 2026-01-05: no budget.",
        "Recycled on 2026-01-05.",
        "Lost on 2026-01-05: competitor.",
    ]


def test_an_sql_of_the_crm_is_hot_even_when_the_criteria_say_less():
    (row,) = classified(
        fact(stage="sql"), policy=policy_with(hot={"all": [{"activity": "demo_requested", "within_days": 30}]})
    )
    assert (row["class"], row["is_hot"]) == ("lead", True)


def test_the_order_of_the_leads_is_kept_and_nothing_is_dropped():
    named = classify_leads(facts_of(fact("b"), fact("a"), fact("c")), policy=STARTUP)
    assert named["lead_id"].to_list() == ["b", "a", "c"]
    assert set(COLUMNS) < set(named.columns)


def test_no_leads_is_an_empty_answer():
    assert classify_leads(facts_of(), policy=STARTUP).is_empty()


# Attributes


def held(criterion: dict, values: list, dtype: pl.DataType) -> list:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    return (
        frame.select(holds(AttributeCriterion(attribute="x", **criterion), schema=frame.schema)).to_series().to_list()
    )


def test_a_missing_attribute_is_not_known_rather_than_wrong():
    assert held({"is": ["a", "b"]}, ["a", "c", None], pl.String) == [True, False, None]
    assert held({"at_least": 10, "at_most": 20}, [9, 10, 20, 21, None], pl.Int64) == [False, True, True, False, None]


def test_numbers_and_booleans_that_came_as_text_are_still_compared():
    assert held({"is": [True]}, ["true", "false", None], pl.String) == [True, False, None]
    assert held({"at_least": 10}, ["9", "10.5", "many"], pl.String) == [False, True, None]


def test_an_attribute_that_the_leads_do_not_have_is_an_error_with_the_nearest_name():
    policy = policy_with(mql={"all": [{"attribute": "industri", "is": ["software"]}]})
    with pytest.raises(InputError, match="ask for 'industri'") as error:
        classify_leads(facts_of(fact()), policy=policy)
    assert "did you mean 'industry'?" in str(error.value)


@pytest.mark.parametrize(
    ("criterion", "dtype"), [({"is": ["yes"]}, pl.Boolean), ({"is": [True]}, pl.Int64), ({"at_least": 3}, pl.Boolean)]
)
def test_an_attribute_that_cannot_be_compared_is_an_error(criterion, dtype):
    with pytest.raises(InputError, match="compares the attribute 'x' with"):
        held(criterion, [None], dtype)


# Logic


@pytest.mark.parametrize(
    ("members", "needed", "expected"),
    [
        ([True, None], 2, None),
        ([False, None], 2, False),
        ([True, None], 1, True),
        ([False, None], 1, None),
        ([True, True, None, False], 2, True),
        ([True, False, None, False], 2, None),
        ([True, False, False, None], 3, False),
    ],
)
def test_enough_is_decided_as_soon_as_what_is_known_decides_it(members, needed, expected):
    flags = [{"attribute": f"x{number}", "is": [True]} for number, _ in enumerate(members)]
    frame = pl.DataFrame({f"x{number}": [member] for number, member in enumerate(members)}).cast(pl.Boolean)
    group = Group.model_validate({"of": flags, "at_least": needed})
    assert frame.select(holds(group, schema=frame.schema)).item() is expected


leaves = st.sampled_from(
    [
        {"activity": "trial_started"},
        {"activity": "demo_session"},
        {"answer": "budget"},
        {"answer": "timeline", "is": "no"},
        {"score_at_least": 50.0},
        {"attribute": "industry", "is": ["software"]},
        {"stage": "sql"},
    ]
)


def grown(members: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(members, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda each: {"all": each}),
        several.map(lambda each: {"any": each}),
        several.flatmap(lambda each: st.integers(1, len(each)).map(lambda k: {"of": each, "at_least": k})),
    )


groups = grown(st.recursive(leaves, grown, max_leaves=4))
some_leads = st.builds(
    fact,
    stage=st.sampled_from([*LADDER, "lost", "disqualified", "recycled"]),
    answers=st.dictionaries(st.sampled_from(["budget", "timeline"]), st.sampled_from(["yes", "no", "unknown"])),
    trial_started_count=st.integers(0, 1),
    demo_session_count=st.integers(0, 1),
    industry=st.sampled_from(["software", "retail", None]),
    score=st.sampled_from([10.0, 90.0, None]),
)


def reference(criterion: dict, row: dict) -> bool | None:
    """Kleene's logic, one lead at a time."""
    if "attribute" in criterion:
        return None if row["industry"] is None else row["industry"] in criterion["is"]
    if "activity" in criterion:
        return row[f"{criterion['activity']}_count"] >= 1
    if "score_at_least" in criterion:
        return None if row["score"] is None else row["score"] >= criterion["score_at_least"]
    if "stage" in criterion:
        return row["is_sql"]
    if "answer" in criterion:
        answer = row.get(f"answer_{criterion['answer']}")
        return None if answer in (None, "unknown") else answer == criterion.get("is", "yes")
    members = next(criterion[key] for key in ("all", "any", "of") if key in criterion)
    needed = criterion.get("at_least", len(members) if "all" in criterion else 1)
    found = [reference(member, row) for member in members]
    return True if found.count(True) >= needed else None if len(found) - found.count(False) >= needed else False


@settings(max_examples=40, deadline=None)
@given(groups, groups, groups, st.lists(some_leads, min_size=1, max_size=6))
def test_every_sql_is_hot_and_no_class_is_without_its_criteria(hot, mql, sql, rows):
    policy = policy_with(hot=hot, mql=mql, sql=sql)
    for row, named in zip(rows, classified(*rows, policy=policy), strict=True):
        assert named["meets_mql"] is reference(mql, row)
        assert named["meets_sql"] is reference(sql, row)
        if named["class"] in ("sql", "opportunity", "customer"):
            assert named["is_hot"]
        if named["class"] in ("mql", "sal", "sql"):
            assert named["meets_mql"]
        if named["class"] in ("sal", "sql"):
            assert named[f"meets_{named['class']}"]
        if named["class"] == "sql":
            assert named["criteria_missing"] == named["criteria_unknown"] == []
        aim = reference(mql if named["criteria_for"] == "mql" else sql, row)
        assert (aim is True) == (named["criteria_missing"] == named["criteria_unknown"] == [])


# Words


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        ({"activity": "demo", "count": 2, "within_days": 14}, "demo at least 2 times in the last 14 days"),
        ({"attribute": "industry", "is": ["software", "finance"]}, "industry is software or finance"),
        ({"attribute": "trial_requested", "is": [True]}, "trial requested"),
        ({"attribute": "trial_requested", "is": [False]}, "trial requested is no"),
        ({"attribute": "size", "at_least": 50, "at_most": 99}, "size of at least 50 and size of at most 99"),
        ({"stage": "sal"}, "SAL in the CRM"),
        ({"framework": "bant", "at_least": 3}, "BANT with at least 3 of 4 confirmed"),
        ({"framework": "champ"}, "CHAMP with all 4 confirmed"),
        ({"of": [{"stage": "sql"}, {"answer": "need"}, {"answer": "budget"}], "at_least": 2},
         "at least 2 of: SQL in the CRM, need confirmed, budget confirmed"),
        ({"all": [{"stage": "sql"}, {"any": [{"answer": "need"}, {"answer": "urgency", "is": "unknown"}]}]},
         "SQL in the CRM and (need confirmed or urgency not known)"),
    ],
)  # fmt: skip
def test_a_criterion_reads_like_the_agreement_it_is(criterion, words):
    (member,) = Group.model_validate({"all": [criterion]}).members
    assert phrase(member) == words


# Frameworks


def test_a_framework_is_met_by_so_many_and_open_while_it_still_can_be():
    bant = {"budget": "yes", "authority": "yes", "need": "yes"}
    rows = classified(  # the policy asks for 3 of 4
        fact("a", answers=bant),
        fact("b", answers=bant | {"need": "no"}),
        fact("c", answers={"budget": "no", "authority": "no"}),
        fact("d", answers={"budget": "unknown"}),
    )
    found = [[row[f"framework_{part}"] for part in ("met", "yes", "no", "unknown")] for row in rows]
    assert found == [[True, 3, 0, 1], [None, 2, 1, 1], [False, 0, 2, 2], [None, 0, 0, 4]]


def test_the_next_question_follows_the_frameworks_order_and_skips_what_is_answered():
    rows = classified(
        fact("a"),
        fact("b", answers={"budget": "no", "need": "yes"}),
        fact("c", answers=dict.fromkeys(("budget", "authority", "need", "timeline"), "yes")),
        fact("d", stage="disqualified"),
    )
    assert [row["next_question"] for row in rows] == [
        "Is there a budget for this, and how large is it?",
        "Who decides, and are we talking to them?",
        None,
        None,
    ]


def test_nobody_passes_or_fails_spin():
    content = STARTUP.model_dump(by_alias=True, exclude_none=True) | {"qualification": {"framework": "spin"}}
    (row,) = classified(fact(answers={"situation": "yes"}), policy=Policy.model_validate(content))
    assert (row["framework_met"], row["framework_yes"], row["framework_unknown"]) == (None, 1, 3)
    assert row["next_question"] == "What goes wrong in that?"


def test_one_frameworks_answers_serve_another_where_they_mean_the_same():
    facts = facts_of(
        fact(answers={"money": "yes", "economic_buyer": "no", "implication": "yes", "decision_criteria": "yes"})
    )
    asked = ("budget", "authority", "need", "problem", "decision_process", "timeline")
    assert facts.select(answered(name).alias(name) for name in asked).row(0) == (
        "yes", "no", "yes", "unknown", "unknown", "unknown",
    )  # fmt: skip


def test_its_own_answer_comes_first_and_of_those_that_serve_the_latest():
    facts = facts_of(
        fact("a", answers={"budget": "no", "money": "yes"}),
        fact("b", answers={"budget": "unknown", "money": "yes"}),
        fact("c", answers={"urgency": "yes", "prioritization": "no"}, answer_urgency_at=day(11)),
        fact("d", answers={"urgency": "yes", "prioritization": "no"}),
    )
    assert facts.select(budget=answered("budget"))["budget"].to_list()[:2] == ["no", "yes"]
    assert facts.select(timeline=answered("timeline"))["timeline"].to_list()[2:] == ["yes", "no"]


def test_a_framework_may_be_a_criterion():
    criterion = FrameworkCriterion(framework="anum", at_least=2)
    facts = facts_of(
        fact("a", answers={"need": "yes", "budget": "yes"}),
        fact("b", answers=dict.fromkeys(("need", "budget", "authority"), "no")),
        fact("c"),
    )
    assert facts.select(met=holds(criterion, schema=facts.schema))["met"].to_list() == [True, False, None]
