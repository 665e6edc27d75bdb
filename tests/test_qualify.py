"""Classes by the policy: three-valued criteria, what is met and missing, and the next question."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadreport.clock import Period
from leadreport.errors import InputError, PolicyError
from leadreport.facts import lead_facts, of_survivors
from leadreport.policy import (
    CRITERIA,
    AttributeCriterion,
    FrameworkCriterion,
    Group,
    Policy,
    parse_policy,
    preset_text,
)
from leadreport.qualify import (
    agreement,
    call_now,
    class_counts,
    classify_leads,
    contradictions,
    disagreements,
    explain_lead,
    framework_answers,
    framework_completeness,
    framework_coverage,
    nurture_list,
    policy_against_crm,
    qualification_summary,
    ready_not_handed_over,
    ready_since,
    recycle_back,
    returning_leads,
)
from leadreport.qualify.criteria import holds
from leadreport.qualify.frameworks import answered
from leadreport.qualify.wording import phrase
from leadreport.tables import TABLES, empty_table
from leadreport.words import STAGES
from leadreport.workspace import open_workspace

STARTUP = parse_policy(preset_text("startup"))
INSTANT, TEXT = pl.Datetime("us", "UTC"), pl.String
COLUMNS = {
    **dict.fromkeys(("lead_id", "stage", "industry", "lost_reason", "disqualified_reason", "recycled_reason"), TEXT),
    **dict.fromkeys(("owner", "team", "source", "channel", "campaign"), TEXT),
    **dict.fromkeys(("created_at", "stage_at", *(f"{stage}_at" for stage in STAGES[1:])), INSTANT),
    **dict.fromkeys(("lost_at", "disqualified_at", "recycled_at", "last_activity_at"), INSTANT),
    **dict.fromkeys(("episode_mql_at", "first_touch_after_mql_at"), INSTANT),
    **dict.fromkeys(("activities_30d", "sales_touches", "episodes"), pl.Int64),
    **dict.fromkeys((f"is_{stage}_imputed" for stage in STAGES[1:]), pl.Boolean),
    **dict.fromkeys((f"is_{stage}" for stage in STAGES[1:]), pl.Boolean),
    **dict.fromkeys(("trial_started_count", "trial_started_count_30d", "demo_requested_count_30d"), pl.Int64),
    **dict.fromkeys(("pricing_page_count_14d", "demo_session_count", "employees"), pl.Int64),
    **{f"answer_{name}": TEXT for name in CRITERIA},
    **{f"answer_{name}_at": INSTANT for name in CRITERIA},
    **{f"answer_{name}_by": TEXT for name in CRITERIA},
    "score": pl.Float64,
}
"""What qualification reads of the facts under the preset "startup", with two attributes and the score."""
COUNTS = [*(name for name in COLUMNS if "_count" in name), "activities_30d", "sales_touches"]


def day(number: int) -> datetime:
    return datetime(2026, 1, number, 9, tzinfo=UTC)


def fact(lead_id: str = "a", *, stage: str = "lead", answers: dict[str, str] | None = None, **more) -> dict:
    """One lead: its stage in the CRM (with all below it), its answers, its counts (0 unless given)."""
    reached = STAGES[1 : STAGES.index(stage) + 1] if stage in STAGES else ()
    row = {"lead_id": lead_id, "created_at": day(1), "stage": stage, "stage_at": day(5), "episodes": 1}
    row |= dict.fromkeys(COUNTS, 0)
    row |= {f"is_{name}": name in reached for name in STAGES[1:]} | {f"{name}_at": day(5) for name in reached}
    for name, answer in (answers or {}).items():
        row |= {f"answer_{name}": answer, f"answer_{name}_at": day(10), f"answer_{name}_by": "Ada"}
    return row | more


def facts_of(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(COLUMNS) | row for row in rows], schema=COLUMNS, orient="row")


def policy_with(**criteria: dict) -> Policy:
    content = STARTUP.model_dump(by_alias=True, exclude_none=True)
    content["criteria"] |= criteria
    return Policy.model_validate(content)


def classified(*rows: dict, policy: Policy = STARTUP) -> list[dict]:
    return classify_leads(facts_of(*rows), policy=policy).to_dicts()


def typed(table: str, *rows: dict) -> pl.DataFrame:
    """Rows of one of the seven tables, with its columns and types."""
    schema = empty_table(table).schema
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema, orient="row")


TRIAL = {"trial_started_count": 1, "trial_started_count_30d": 1}
VETTED = TRIAL | {"demo_session_count": 1}


# Classes


def test_a_trial_a_demo_session_and_a_budget_make_an_sql_of_the_preset_startup():
    (row,) = classified(fact(**VETTED, answers={"budget": "yes"}))
    assert (row["class"], row["is_hot"]) == ("sql", True)
    assert row["criteria_met"] == ["trial started", "demo session", "budget confirmed"]
    assert (row["criteria_missing"], row["criteria_unknown"]) == ([], [])
    assert row["why"] == "SQL: trial started, demo session, budget confirmed."


def test_a_question_without_an_answer_is_open_and_an_answer_no_is_missing():
    asked, unasked = classified(
        fact("asked", **VETTED, answers={"budget": "no", "timeline": "no"}), fact("unasked", **VETTED)
    )
    assert (unasked["class"], unasked["meets_sql"]) == ("mql", None)
    assert unasked["criteria_unknown"] == ["budget confirmed", "timeline confirmed"]
    assert unasked["why"] == "MQL: trial started. For SQL, still open: budget confirmed, timeline confirmed."
    assert (asked["class"], asked["meets_sql"]) == ("mql", False)
    assert asked["criteria_missing"] == ["budget confirmed or timeline confirmed"]
    assert asked["why"] == "MQL: trial started. For SQL, missing: budget confirmed or timeline confirmed."


def test_a_lead_is_shown_what_it_lacks_for_an_mql():
    (row,) = classified(fact(score=20.0))
    assert (row["class"], row["criteria_for"]) == ("lead", "mql")
    assert row["why"] == "Lead. For MQL, missing: trial started or score of at least 50."


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
        "Customer since 2026-01-05, per the CRM.",
        "Opportunity since 2026-01-05, per the CRM.",
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


def test_classes_are_counted_with_those_earned_in_the_week_and_those_without_a_date():
    week = Period(day(5).date(), day(12).date(), "UTC")
    start, end = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    rows = [("sql", True, start), ("mql", True, start - moment), ("mql", False, end - moment), ("mql", True, end)]
    named = pl.DataFrame(
        [*rows, ("lost", False, None)], schema={"class": TEXT, "is_hot": pl.Boolean, "earned_at": INSTANT}, orient="row"
    )
    assert class_counts(named, week=week).rows() == [("mql", 3, 2, 1, 0), ("sql", 1, 1, 1, 0), ("lost", 1, 0, 0, 1)]


def test_a_lead_is_asked_for_the_criteria_of_mql_and_every_other_one_for_those_of_sql():
    rows = classified(fact("a"), fact("b", **TRIAL), fact("c", **TRIAL, stage="sal"), fact("d", stage="lost"))
    assert [row["criteria_for"] for row in rows] == ["mql", "sql", "sql", "sql"]
    assert [row["class"] for row in rows] == ["lead", "mql", "sal", "lost"]


def test_a_hot_lead_that_has_left_is_not_hot_and_a_customer_has_nothing_to_ask():
    left, bought = classified(fact("left", stage="lost", demo_requested_count_30d=1), fact("bought", stage="customer"))
    assert (left["meets_hot"], left["is_hot"], left["next_question"]) == (True, False, None)
    assert (bought["is_hot"], bought["next_question"]) == (True, None)


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


@pytest.mark.parametrize(("score", "is_met"), [(50.0, True), (49.9, False)])
def test_a_score_counts_from_its_threshold_on(score, is_met):
    (row,) = classified(fact(score=score))
    assert (row["meets_mql"], row["class"]) == (is_met, "mql" if is_met else "lead")


@pytest.mark.parametrize(("count", "is_met"), [(2, True), (1, False)])
def test_an_activity_counts_from_its_number_on(count, is_met):
    (row,) = classified(fact(pricing_page_count_14d=count))
    assert (row["meets_hot"], row["is_hot"]) == (is_met, is_met)


def test_every_lead_has_reached_the_stage_lead_and_only_some_a_later_one():
    policy = policy_with(mql={"all": [{"stage": "lead"}]}, hot={"all": [{"stage": "opportunity"}]})
    rows = classified(fact("a"), fact("b", stage="opportunity"), policy=policy)
    assert [(row["meets_mql"], row["meets_hot"]) for row in rows] == [(True, False), (True, True)]


def test_an_answer_may_have_to_be_no_or_not_known():
    policy = policy_with(
        mql={"all": [{"answer": "budget", "is": "no"}]}, hot={"all": [{"answer": "budget", "is": "unknown"}]}
    )
    answers = [{"budget": "yes"}, {"budget": "no"}, {"budget": "unknown"}, {}]
    rows = classified(*(fact(str(number), answers=each) for number, each in enumerate(answers)), policy=policy)
    assert [row["meets_mql"] for row in rows] == [False, True, None, None]
    assert [row["meets_hot"] for row in rows] == [False, False, True, True]


def test_an_error_about_an_attribute_names_its_values_its_type_and_what_to_do():
    with pytest.raises(InputError) as error:
        held({"is": [True], "at_most": 3}, [None], pl.Int64)
    assert error.value.problem == "the policy compares the attribute 'x' with 3.0, True"
    assert error.value.found == "a column of type Int64"
    with pytest.raises(InputError, match="with 3"):
        held({"at_most": 3}, [None], pl.Boolean)


def test_whole_numbers_and_fractions_are_compared_with_numbers_and_booleans_with_booleans():
    assert held({"is": [3]}, [3, 4, None], pl.Int64) == [True, False, None]
    assert held({"is": [2.5]}, [2.5, 3.0], pl.Float64) == [True, False]
    assert held({"is": [True]}, [True, False, None], pl.Boolean) == [True, False, None]
    assert held({"is": [10]}, ["10", "11"], pl.String) == [True, False]
    assert held({"at_most": 10}, ["10", "10.5"], pl.String) == [True, False]


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
    stage=st.sampled_from([*STAGES, "lost", "disqualified", "recycled"]),
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


@settings(max_examples=25, deadline=None)
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
        if named["class"] in ("mql", "sal", "sql") and named["earned_at"] is not None:
            assert named["earned_at"] in (day(1), day(5), day(10))
        aim = reference(mql if named["criteria_for"] == "mql" else sql, row)
        assert (aim is True) == (named["criteria_missing"] == named["criteria_unknown"] == [])


# Words


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        ({"activity": "demo", "count": 2, "within_days": 14}, "demo at least 2 times in the last 14 days"),
        ({"activity": ["webinar", "download"], "channel": ["web", "events"]}, "download or webinar from events or web"),
        ({"activity": "demo", "within_days": 1, "by": "lead"}, "demo by the lead itself in the last day"),
        ({"activity": "demo", "within_days": 2}, "demo in the last 2 days"),
        ({"of": [{"stage": "sql"}, {"answer": "need"}], "at_least": 1},
         "at least 1 of: SQL in the CRM, need confirmed"),
        ({"of": [{"stage": "sql"}, {"answer": "need"}], "at_least": 2}, "SQL in the CRM and need confirmed"),
        ({"any": [{"all": [{"stage": "sql"}]}, {"answer": "need", "is": "no"}]}, "SQL in the CRM or need denied"),
        ({"framework": "bant", "at_least": 4}, "BANT with all 4 confirmed"),
        ({"activity": "intent", "by": "third_party", "count": 2}, "intent seen by a third party at least 2 times"),
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


def test_a_framework_is_met_by_enough_answers_and_open_while_it_still_can_be():
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


def test_no_lead_passes_or_fails_spin():
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


NEXT_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def test_each_answer_goes_with_a_close_rate_on_leads_that_are_old_enough():
    facts = facts_of(
        fact("a", answers={"budget": "yes"}, stage="customer"),
        fact("b", answers={"money": "yes"}),
        fact("c", answers={"budget": "no"}),
        fact("d"),
        fact("young", answers={"budget": "yes"}, created_at=NEXT_YEAR - timedelta(days=5)),
    )
    found = framework_answers(facts, framework="bant", policy=STARTUP, as_of=NEXT_YEAR)
    counts = ["answer", "leads", "via_other_framework", "mature", "customers", "close_rate"]
    assert found.filter(pl.col("criterion") == "budget").select(counts).rows() == [
        ("yes", 3, 1, 2, 1, 0.5),
        ("no", 1, 0, 1, 0, 0.0),
        ("unknown", 1, 0, 1, 0, 0.0),
    ]
    assert found["criterion"].unique(maintain_order=True).to_list() == ["budget", "authority", "need", "timeline"]
    with pytest.raises(PolicyError, match="no framework 'bnat'"):
        framework_answers(facts, framework="bnat", policy=STARTUP, as_of=NEXT_YEAR)


def test_completeness_counts_the_criteria_that_are_answered():
    facts = facts_of(
        fact("a", answers={"budget": "yes", "need": "no"}), fact("b", answers={"urgency": "yes"}), fact("c")
    )
    found = framework_completeness(facts, framework="bant", policy=STARTUP, as_of=NEXT_YEAR)
    assert found.select("answers", "leads").rows() == [(0, 1), (1, 1), (2, 1), (3, 0), (4, 0)]


def test_two_people_who_say_the_opposite_are_shown_and_one_who_changed_their_mind_is_not():
    rows = [
        ("a", 1, "budget", "yes", "Ada"), ("a", 2, "budget", "no", "Ben"), ("a", 3, "need", "yes", "Ada"),
        ("b", 1, "budget", "no", "Ada"), ("b", 2, "budget", "yes", "Ada"),
        ("c", 1, "need", "no", None), ("c", 2, "need", "yes", "Ben"), ("c", 9, "need", "no", "Ben"),
    ]  # fmt: skip
    answers = pl.DataFrame(
        [(lead_id, day(number), *rest) for lead_id, number, *rest in rows],
        schema=["lead_id", "answered_at", "criterion", "answer", "by"],
        orient="row",
    )
    found = contradictions(answers, as_of=day(9))
    assert found.select("lead_id", "criterion", "yes_by", "no_by", "counts").rows() == [
        ("a", "budget", "Ada", "Ben", "no"),
        ("c", "need", "Ben", "unknown", "yes"),
    ]


@pytest.mark.parametrize(("yes", "met"), [(3, True), (2, None)])
def test_a_framework_needs_all_its_criteria_unless_the_policy_says_how_many(yes, met):
    names = ["budget", "authority", "need", "timeline"]
    content = STARTUP.model_dump(by_alias=True, exclude_none=True)
    row = fact(answers=dict.fromkeys(names[:yes], "yes"))
    (three,) = classified(row)
    assert three["framework_met"] is met
    content["qualification"] = {"framework": "bant"}
    (four,) = classified(row, policy=Policy.model_validate(content))
    assert four["framework_met"] is None
    (every,) = classified(fact(answers=dict.fromkeys(names, "yes")), policy=Policy.model_validate(content))
    assert every["framework_met"] is True


def test_a_framework_as_a_criterion_needs_all_unless_it_says_how_many():
    facts = facts_of(fact(answers={"budget": "yes", "authority": "yes", "need": "yes"}))
    criteria = [FrameworkCriterion(framework="bant", at_least=3), FrameworkCriterion(framework="bant")]
    assert facts.select(holds(each, schema=facts.schema).alias(str(each)) for each in criteria).row(0) == (True, None)


def test_a_lead_is_mature_from_the_day_on_which_its_horizon_has_passed():
    just, almost = NEXT_YEAR - timedelta(days=120), NEXT_YEAR - timedelta(days=120) + timedelta(microseconds=1)
    facts = facts_of(
        fact("just", created_at=just, stage="customer"), fact("almost", created_at=almost, stage="customer")
    )
    for found in (
        framework_answers(facts, policy=STARTUP, as_of=NEXT_YEAR).filter(answer="unknown").head(1),
        framework_completeness(facts, policy=STARTUP, as_of=NEXT_YEAR).head(1),
    ):
        assert found.select("leads", "share_rate", "mature", "customers", "close_rate").row(0) == (2, 1.0, 1, 1, 1.0)
        assert found.select(pl.col("low", "high").round(4)).row(0) == (0.2065, 1.0)


def test_shares_and_close_rates_of_answers_come_from_all_leads_and_from_mature_ones():
    answers = [{"budget": "yes"}, {"budget": "yes"}, {"budget": "no"}, {}]
    stages = ["customer", "lead", "lead", "lead"]
    facts = facts_of(
        *(fact(str(n), answers=each, stage=stage) for n, (each, stage) in enumerate(zip(answers, stages, strict=True)))
    )
    found = framework_answers(facts, framework="bant", policy=STARTUP, as_of=NEXT_YEAR).filter(criterion="budget")
    assert found["share_rate"].to_list() == [0.5, 0.25, 0.25]
    assert found["close_rate"].to_list() == [0.5, 0.0, 0.0]
    assert found["question"].unique().to_list() == ["Is there a budget for this, and how large is it?"]
    never = framework_answers(facts, framework="bant", policy=STARTUP, as_of=NEXT_YEAR).filter(criterion="need")
    assert never.select("answer", "leads", "close_rate").rows()[0] == ("yes", 0, None)


def test_coverage_reads_every_framework_and_says_which_answers_come_from_another_one():
    facts = facts_of(fact("a", answers={"budget": "yes", "money": "no"}), fact("b", answers={"need": "yes"}), fact("c"))
    found = framework_coverage(facts).with_columns(pl.col("answered_rate").round(4))
    assert found["framework"].unique(maintain_order=True).to_list() == ["BANT", "CHAMP", "MEDDIC", "ANUM", "SPIN"]
    rows = found.filter(pl.col("answered") > 0).rows()
    assert rows == [
        ("BANT", "budget", 1, 0.3333, 0),
        ("BANT", "need", 1, 0.3333, 0),
        ("CHAMP", "challenges", 1, 0.3333, 1),
        ("CHAMP", "money", 1, 0.3333, 0),
        ("MEDDIC", "identify_pain", 1, 0.3333, 1),
        ("ANUM", "need", 1, 0.3333, 0),
        ("ANUM", "money", 1, 0.3333, 0),
        ("SPIN", "problem", 1, 0.3333, 1),
        ("SPIN", "implication", 1, 0.3333, 1),
    ]


def test_when_two_people_answer_at_once_no_counts_and_an_answer_at_the_boundary_is_not_seen():
    rows = [
        ("a", day(2), "yes", "Ada"), ("a", day(2), "no", "Ben"),
        ("b", day(2), "yes", "Ada"), ("b", day(9), "no", "Ben"),
        ("c", day(3), "no", "Ada"), ("c", day(3), "yes", "Ada"), ("c", day(2), "yes", "Ben"),
    ]  # fmt: skip
    answers = pl.DataFrame(rows, schema=["lead_id", "answered_at", "answer", "by"], orient="row")
    answers = answers.with_columns(criterion=pl.lit("need"))
    found = contradictions(answers, as_of=day(9))
    assert found.select("lead_id", "yes_by", "no_by", "counts").rows() == [
        ("a", "Ada", "Ben", "no"),
        ("c", "Ben", "Ada", "no"),
    ]
    assert found["yes_at"].to_list() == [day(2), day(2)]
    later = contradictions(answers, as_of=day(9) + timedelta(microseconds=1))
    assert later["lead_id"].to_list() == ["a", "b", "c"]


# Policy against CRM


def named_of(*pairs: tuple[str, str]) -> pl.DataFrame:
    rows = [{"lead_id": f"{number:03}", "stage": stage, "class": klass} for number, (stage, klass) in enumerate(pairs)]
    extra = dict.fromkeys(("owner", "source", "channel"), pl.lit(None, dtype=pl.String))
    return pl.DataFrame(rows, schema={"lead_id": TEXT, "stage": TEXT, "class": TEXT}).with_columns(
        why=pl.lit("why."), **extra
    )


def test_the_furthest_apart_come_first_and_deals_and_exits_are_not_compared():
    pairs = [("sql", "lead"), ("lead", "mql"), ("mql", "mql"), ("sal", "mql")]
    named = named_of(*pairs, ("customer", "customer"), ("lost", "lost"))
    assert disagreements(named).select("lead_id", "ahead", "stages_apart", "reason").rows() == [
        ("000", "CRM", 3, "Already SQL in the CRM. By the policy: why."),
        ("001", "policy", 1, "Still Lead in the CRM. By the policy: why."),
        ("003", "CRM", 1, "Already SAL in the CRM. By the policy: why."),
    ]
    assert policy_against_crm(named)["leads"].sum() == named.height
    assert agreement(named)["leads"].to_list() == [4, 4, 4]


def test_kappa_is_what_statsmodels_computes():
    inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")
    table = [[20, 5, 1], [4, 15, 3], [0, 2, 10]]
    stages = ("lead", "mql", "sql")
    pairs = [(stages[i], stages[j]) for i in range(3) for j in range(3) for _ in range(table[i][j])]
    row = agreement(named_of(*pairs)).filter(pl.col("decision") == "exact stage").row(0, named=True)
    expected = inter_rater.cohens_kappa(table)
    assert row["agreed"] == 45
    assert row["kappa"] == pytest.approx(expected.kappa)
    assert (row["kappa_low"], row["kappa_high"]) == pytest.approx((expected.kappa_low, expected.kappa_upp))


def test_agreement_no_better_than_chance_is_zero_and_without_a_choice_there_is_none():
    chance = agreement(named_of(*[("lead", "lead"), ("lead", "mql"), ("mql", "lead"), ("mql", "mql")] * 5))
    assert chance["kappa"].to_list() == [0.0, None, 0.0]
    assert chance["kappa_low"][0] < 0 < chance["kappa_high"][0]
    assert agreement(named_of())["kappa"].to_list() == [None, None, None]
    assert agreement(named_of(("lead", "lead")))["kappa"].to_list() == [None, None, None]


def test_agreement_counts_each_decision_and_has_wilsons_interval():
    named = named_of(("lead", "lead"), ("mql", "sql"), ("sal", "mql"), ("sql", "sql"), ("customer", "customer"))
    found = agreement(named)
    assert found.select("decision", "leads", "agreed", "agreed_rate").rows() == [
        ("MQL or further", 4, 4, 1.0),
        ("SQL or further", 4, 3, 0.75),
        ("exact stage", 4, 2, 0.5),
    ]
    assert found.select(pl.col("agreed_low", "agreed_high").round(4)).rows()[1] == (0.3006, 0.9544)
    assert found.select(pl.col("kappa").round(4))["kappa"].to_list() == [1.0, 0.5, 0.3333]
    assert found["kappa_high"].max() == 1.0


def test_kappa_of_two_decisions_is_the_one_of_a_textbook_table():
    # 45 and 25 agreed, 15 each way not: p_o = 0.7, p_e = 0.6 * 0.6 + 0.4 * 0.4 = 0.52, kappa = 0.18 / 0.48 = 0.375;
    # variance = (0.45 * 0.25^2 + 0.25 * 0.5^2 + 0.625^2 * 0.3 * 1^2 - 0.05^2) / (100 * 0.48^2) = 0.0944^2
    pairs = [("lead", "lead")] * 45 + [("lead", "mql")] * 15 + [("mql", "lead")] * 15 + [("mql", "mql")] * 25
    row = agreement(named_of(*pairs)).row(0, named=True)
    assert row["kappa"] == pytest.approx(0.375)
    assert (row["kappa_high"] - row["kappa"]) == pytest.approx(row["kappa"] - row["kappa_low"])
    assert (row["kappa_low"], row["kappa_high"]) == pytest.approx(
        (0.375 - 1.96 * 0.0944, 0.375 + 1.96 * 0.0944), abs=1e-4
    )


def test_the_summary_counts_what_is_hot_and_where_the_crm_is_too_high_or_too_low():
    pairs = [("mql", "lead"), ("lead", "mql"), ("lead", "sql"), ("mql", "mql"), ("sal", "sal"), ("lost", "lost")]
    named = named_of(*pairs).with_columns(is_hot=pl.Series([True, False, True, False, True, False]))
    assert qualification_summary(named).row(0, named=True) == {
        "leads": 6, "hot": 3, "sqls": 1, "differ": 3, "too_high": 1, "too_low": 2,
    }  # fmt: skip


# Lists


def test_the_best_score_is_called_first_and_every_list_has_its_own_leads():
    rows = [
        fact("sql", **VETTED, answers={"budget": "yes"}, stage="sal", score=60.0),
        fact("hot", demo_requested_count_30d=1, score=70.0),
        fact("quiet", stage="sal", trial_started_count=1, sales_touches=2, score=40.0),
        fact("waiting", stage="mql", trial_started_count=1, score=20.0),
        fact("back", stage="recycled", recycled_at=day(5), last_activity_at=day(9), activities_30d=3, **TRIAL),
        fact("asleep", stage="recycled", recycled_at=day(5), last_activity_at=day(3), **TRIAL),
        fact("bought", stage="customer"),
        fact("cold"),
    ]
    named = classify_leads(facts_of(*rows), policy=STARTUP)
    assert call_now(named)["lead_id"].to_list() == ["hot", "sql", "waiting"]
    assert call_now(named.drop("score"))["lead_id"].to_list() == ["sql", "hot", "waiting"]
    assert nurture_list(named).select("lead_id", "class").rows() == [("hot", "mql")]
    assert recycle_back(named)["lead_id"].to_list() == ["quiet"]
    assert returning_leads(named)["lead_id"].to_list() == ["back"]


def test_every_hot_lead_that_is_no_sql_is_on_the_nurture_list():
    rows = [fact(str(number), stage=stage, **TRIAL) for number, stage in enumerate((*STAGES, "lost", "recycled"))]
    named = classify_leads(facts_of(*rows), policy=STARTUP)
    expected = named.filter(pl.col("is_hot"), ~pl.col("class").is_in(["sql", "opportunity", "customer"]))
    assert set(nurture_list(named)["lead_id"]) == set(expected["lead_id"])


def listed_of(*rows: dict) -> pl.DataFrame:
    """Leads as `classify_leads` leaves them: MQLs of the CRM and of the policy, cold and touched unless said."""
    usual = {"stage": "mql", "class": "mql", "is_hot": False, "activities_30d": 0, "sales_touches": 1, "score": 50.0}
    usual |= {"last_activity_at": day(3), "recycled_at": None, "meets_mql": True, "meets_sql": None}
    texts = ("owner", "channel", "why", "reasons", "next_question", "recycled_reason")
    instants = dict.fromkeys(("last_activity_at", "recycled_at"), INSTANT)
    schema = instants | dict.fromkeys(texts, TEXT) | {"meets_sql": pl.Boolean}
    frame = pl.DataFrame([usual | row for row in rows], infer_schema_length=None)
    lists = dict.fromkeys(("criteria_missing", "criteria_unknown"), pl.lit(["a", "b"], dtype=pl.List(TEXT)))
    absent = {name: pl.lit(None, dtype=TEXT) for name in texts}
    return frame.with_columns(**absent, **lists).cast(schema)


def test_only_touched_quiet_cold_leads_that_sales_holds_are_recycled_back():
    named = listed_of(
        {"lead_id": "quiet"}, {"lead_id": "sal", "stage": "sal", "class": "sal"},
        {"lead_id": "unfounded", "class": "lead"}, {"lead_id": "active", "activities_30d": 1},
        {"lead_id": "untouched", "sales_touches": 0}, {"lead_id": "hot", "is_hot": True},
        {"lead_id": "sql", "class": "sql"}, {"lead_id": "not handed over", "stage": "lead"},
        {"lead_id": "crm sql", "stage": "sql"}, {"lead_id": "silent", "last_activity_at": None},
        {"lead_id": "longest", "last_activity_at": day(2)},
    )  # fmt: skip
    assert recycle_back(named)["lead_id"].to_list() == ["silent", "longest", "quiet", "sal", "unfounded"]


@pytest.mark.parametrize(("seconds", "is_quiet"), [(0, False), (-1, True)])
def test_a_lead_is_quiet_when_its_last_activity_is_more_than_30_days_ago(seconds, is_quiet):
    as_of = datetime(2026, 3, 1, tzinfo=UTC)
    at = as_of - timedelta(days=30) + timedelta(seconds=seconds)
    tables = {name: empty_table(name) for name in TABLES}
    tables["leads"] = typed("leads", {"lead_id": "a", "created_at": day(1)})
    tables["stages"] = typed("stages", {"lead_id": "a", "stage": "mql", "reached_at": day(2)})
    acts = [{"lead_id": "a", "happened_at": at, "kind": "webinar", "by": "lead"}]
    acts += [{"lead_id": "a", "happened_at": day(3), "kind": "call", "by": "sales"}]
    tables["activities"] = typed("activities", *acts)
    facts = lead_facts(tables, policy=STARTUP, as_of=as_of).collect()
    assert recycle_back(classify_leads(facts, policy=STARTUP)).height == is_quiet


def test_calls_go_to_held_or_hot_leads_by_score_then_class_then_recency():
    recent, older = {"activities_30d": 1, "last_activity_at": day(9)}, {"activities_30d": 1, "last_activity_at": day(4)}
    named = listed_of(
        {"lead_id": "cold lead", "class": "lead"} | recent,
        {"lead_id": "low", "score": 1.0} | recent,
        {"lead_id": "b"} | older, {"lead_id": "a"} | older, {"lead_id": "recent"} | recent,
        {"lead_id": "hot lead", "class": "lead", "is_hot": True} | recent,
        {"lead_id": "hot", "is_hot": True} | older, {"lead_id": "sal", "class": "sal"} | older,
        {"lead_id": "sql", "class": "sql"} | older, {"lead_id": "best", "score": 90.0} | older,
        {"lead_id": "deal", "class": "opportunity", "is_hot": True}, {"lead_id": "quiet"},
        {"lead_id": "left", "class": "lost", "is_hot": False} | recent, {"lead_id": "unscored", "score": None} | recent,
    )  # fmt: skip
    found = call_now(named)["lead_id"].to_list()
    assert found == ["best", "sql", "sal", "hot", "recent", "a", "b", "hot lead", "low", "unscored"]


def test_hot_leads_that_are_not_sqls_are_nurtured_by_score_with_what_they_lack():
    named = listed_of(
        {"lead_id": "hot lead", "class": "lead", "is_hot": True}, {"lead_id": "b", "is_hot": True},
        {"lead_id": "a", "is_hot": True}, {"lead_id": "recent", "is_hot": True, "last_activity_at": day(9)},
        {"lead_id": "sal", "class": "sal", "is_hot": True}, {"lead_id": "best", "score": 51.0, "is_hot": True},
        {"lead_id": "sql", "class": "sql", "is_hot": True}, {"lead_id": "deal", "class": "opportunity", "is_hot": True},
        {"lead_id": "cold"}, {"lead_id": "unscored", "score": None, "is_hot": True},
    )  # fmt: skip
    found = nurture_list(named)
    assert found["lead_id"].to_list() == ["best", "sal", "recent", "a", "b", "hot lead", "unscored"]
    assert found.select("criteria_missing", "criteria_unknown").row(0) == ("a; b", "a; b")


def test_a_recycled_lead_is_back_when_it_was_active_since_and_lately():
    back = {"class": "recycled", "recycled_at": day(5), "last_activity_at": day(6), "activities_30d": 1}
    named = listed_of(
        back | {"lead_id": "b"}, back | {"lead_id": "a"}, back | {"lead_id": "busy", "activities_30d": 2},
        back | {"lead_id": "recent", "last_activity_at": day(7)},
        back | {"lead_id": "same", "last_activity_at": day(5)},
        back | {"lead_id": "long ago", "activities_30d": 0}, back | {"lead_id": "lost", "class": "lost"},
    )  # fmt: skip
    assert returning_leads(named)["lead_id"].to_list() == ["busy", "recent", "a", "b"]


# Readiness


def acts(*rows: tuple[str, int, str]) -> pl.DataFrame:
    columns = {"lead_id": TEXT, "happened_at": INSTANT, "kind": TEXT}
    return pl.DataFrame(
        [(name, day(number), kind) for name, number, kind in rows], schema=columns, orient="row"
    ).with_columns(by=pl.lit("lead"))


def ready_on(criteria: dict, activities: pl.DataFrame, *rows: dict) -> list[int | None]:
    found = ready_since(facts_of(*rows), activities, policy=policy_with(mql=criteria))
    return [instant and instant.day for instant in found["ready_at"].to_list()]


def test_a_lead_is_ready_from_the_activity_that_completed_the_count():
    activities = acts(("a", 2, "download"), ("a", 20, "download"), ("a", 23, "download"), ("b", 2, "download"))
    twice_in_five_days = {"all": [{"activity": "download", "count": 2, "within_days": 5}]}
    twice = {"all": [{"activity": "download", "count": 2}]}
    assert ready_on(twice_in_five_days, activities, fact("a"), fact("b")) == [23, None]
    assert ready_on(twice, activities, fact("a"), fact("b")) == [20, None]


@pytest.mark.parametrize(("second", "expected"), [(-1, 7), (0, None)])
def test_two_activities_count_together_when_less_than_the_days_lie_between(second, expected):
    first = acts(("a", 2, "download"))
    again = acts(("a", 7, "download")).with_columns(pl.col("happened_at") + timedelta(seconds=second))
    twice_in_five_days = {"all": [{"activity": "download", "count": 2, "within_days": 5}]}
    assert ready_on(twice_in_five_days, pl.concat([first, again]), fact("a")) == [expected]


def test_only_what_a_lead_or_a_third_party_did_makes_it_ready():
    activities = acts(("a", 2, "download"), ("a", 3, "download"), ("a", 4, "download")).with_columns(
        by=pl.Series(["sales", "marketing", "third_party"])
    )
    assert ready_on({"all": [{"activity": "download"}]}, activities, fact("a")) == [4]


def test_answers_and_stages_make_a_lead_ready_when_they_came():
    row = fact("a", answers={"money": "yes", "need": "no"}, stage="sal", sal_at=day(6))
    row |= {"answer_money_at": day(8), "answer_need_at": day(9)}
    assert ready_on({"all": [{"answer": "budget"}]}, acts(), row) == [8]
    assert ready_on({"all": [{"answer": "need"}]}, acts(), row) == [None]
    assert ready_on({"all": [{"answer": "need", "is": "no"}]}, acts(), row) == [9]
    assert ready_on({"all": [{"answer": "timeline", "is": "unknown"}]}, acts(), row) == [1]
    assert ready_on({"all": [{"answer": "budget", "is": "unknown"}]}, acts(), row) == [None]
    assert ready_on({"all": [{"stage": "sal"}]}, acts(), row) == [6]
    assert ready_on({"all": [{"stage": "lead"}]}, acts(), row) == [1]
    assert ready_on({"all": [{"attribute": "industry", "is": ["retail"]}]}, acts(), row | {"industry": "x"}) == [None]


def test_a_framework_is_ready_with_the_answer_that_completes_it():
    row = fact("a", answers={"budget": "yes", "authority": "yes", "need": "yes", "timeline": "no"})
    row |= {f"answer_{name}_at": day(number) for name, number in (("budget", 7), ("authority", 4), ("need", 5))}
    assert ready_on({"all": [{"framework": "bant", "at_least": 2}]}, acts(), row) == [5]
    assert ready_on({"all": [{"framework": "bant", "at_least": 3}]}, acts(), row) == [7]
    assert ready_on({"all": [{"framework": "bant"}]}, acts(), row) == [None]


def test_groups_are_ready_when_enough_of_their_members_are():
    activities = acts(("a", 2, "webinar"), ("a", 8, "download"))
    members = [{"activity": "webinar"}, {"activity": "download"}, {"answer": "need"}]
    row = fact("a", answers={"need": "yes"})  # answered on the 10th
    assert ready_on({"any": members}, activities, row) == [2]
    assert ready_on({"of": members, "at_least": 2}, activities, row) == [8]
    assert ready_on({"all": members}, activities, row) == [10]
    assert ready_on(
        {"all": [{"attribute": "industry", "is": ["software"]}]}, activities, fact("a", industry="software")
    ) == [1]
    assert ready_on({"all": [{"score_at_least": 50}]}, activities, fact("a", score=90.0)) == [None]
    assert ready_on({"all": [{"framework": "anum", "at_least": 1}, {"stage": "sal"}]}, activities, row) == [None]


def earned(*rows: dict, activities: pl.DataFrame | None = None, policy: Policy = STARTUP) -> list[int | None]:
    named = classify_leads(facts_of(*rows), policy=policy, activities=activities)
    return [instant and instant.day for instant in named["earned_at"].to_list()]


def test_a_class_is_earned_by_the_last_of_its_criteria():
    activities = acts(("a", 3, "trial_started"), ("a", 4, "demo_session"), ("b", 3, "trial_started"))
    sql, mql = fact("a", **VETTED, answers={"budget": "yes"}), fact("b", **TRIAL)  # answered on the 10th
    assert earned(sql, mql, activities=activities) == [10, 3]
    late_trial = acts(("a", 12, "trial_started"), ("a", 4, "demo_session"))
    assert earned(sql, activities=late_trial) == [12]


def test_what_has_no_history_has_no_instant():
    by_score, by_trial = fact("a", score=90.0), fact("b", **TRIAL)
    assert classified(by_score)[0]["class"] == "mql"
    assert earned(by_score, activities=acts()) == [None]
    assert earned(by_trial) == [None]  # its activities were not given


def test_deals_and_exits_are_earned_when_they_came_about_and_a_lead_is_one_from_the_first_day():
    rows = [
        fact("a", stage="customer", customer_at=day(20)),
        fact("b", stage="opportunity", opportunity_at=day(15)),
        fact("c", stage="recycled", stage_at=day(9)),
        fact("d"),
    ]
    assert earned(*rows) == [20, 15, 9, 1]


def test_several_kinds_count_together_and_a_channel_and_a_party_narrow_them():
    activities = acts(("a", 2, "download"), ("a", 5, "webinar"), ("a", 7, "download")).with_columns(
        channel=pl.Series(["web", "events", "web"]), by=pl.Series(["lead", "third_party", "lead"])
    )
    several = {"activity": ["download", "webinar"], "count": 2}
    assert ready_on({"all": [several]}, activities, fact("a")) == [5]
    assert ready_on({"all": [several | {"channel": "web"}]}, activities, fact("a")) == [7]
    assert ready_on({"all": [several | {"by": "third_party"}]}, activities, fact("a")) == [None]


def test_leads_that_are_ready_but_were_never_handed_over_are_listed():
    rows = [("handed", 2), ("later", 4), ("first", 3), ("left", 3)]
    activities = acts(*((lead_id, number, "trial_started") for lead_id, number in rows))
    facts = facts_of(
        fact("handed", stage="mql"), fact("later"), fact("first"), fact("left", stage="lost"), fact("unready")
    )
    waiting = ready_not_handed_over(ready_since(facts, activities, policy=STARTUP))
    assert waiting.select("lead_id", "ready_at").rows() == [("first", day(3)), ("later", day(4))]


# The story of one lead


def test_a_story_has_the_journey_the_criteria_and_what_to_ask():
    row = fact(
        "L7",
        **VETTED,
        stage="sal",
        answers={"money": "no"},
        owner="Ada Berg",
        team="north",
        source="target_list",
        is_mql_imputed=True,
        score=61.0,
        episode_mql_at=day(5),
        first_touch_after_mql_at=day(6),
    )
    activities = acts(("L7", 3, "trial_started"))
    named = classify_leads(facts_of(row), policy=STARTUP, activities=activities).with_columns(
        reasons=pl.lit("trial requested (+12)"), close_rate_left=pl.lit(0.114)
    )
    assert explain_lead(named, lead_id="L7", policy=STARTUP) == (
        """\
L7: SAL, hot
owner: Ada Berg (north); source: target list
SAL: trial started, score of at least 50. For SQL, still open: timeline confirmed.

Journey
  2026-01-01 10:00  created
  2026-01-05 10:00  MQL (not recorded; a later stage implies it)
  2026-01-05 10:00  SAL
  2026-01-05 10:00  the agreed criteria for SAL are met
  2026-01-06 10:00  first touch by sales after MQL, 8.0 working hours later

Score
  61 of 100; of 100 open leads like this, about 11 still buy
  trial requested (+12)

Criteria for SQL
  met      trial started
  met      demo session
  open     timeline confirmed

BANT
  budget     no, by Ada on 2026-01-10, as money
  authority  open
  need       open
  timeline   open

Next question
  Who decides, and are we talking to them?"""
    )


@pytest.mark.parametrize(("minutes", "note"), [(0, ""), (6, " (agreed: 8)")])
def test_a_story_calls_a_touch_late_only_after_the_agreed_hours(minutes, note):
    touched_at = datetime(2026, 1, 6, 8, tzinfo=UTC) + timedelta(minutes=minutes)  # both at nine, local time
    row = fact(stage="mql", episode_mql_at=datetime(2026, 1, 5, 8, tzinfo=UTC), first_touch_after_mql_at=touched_at)
    story = explain_lead(classify_leads(facts_of(row), policy=STARTUP), lead_id="a", policy=STARTUP)
    assert story.split("working hours later")[1].splitlines()[0] == note


def test_a_story_has_returns_exits_scores_and_answers_as_they_are_on_record():
    row = fact(
        stage="recycled", episodes=2, mql_at=day(2), episode_mql_at=day(8), recycled_at=day(4), stage_at=day(4),
        recycled_reason="no budget", last_activity_at=day(9), score=61.0, campaign="spring_news",
        answers={"prioritization": "yes", "urgency": "yes"}, answer_urgency_at=day(12), answer_urgency_by=None,
    )  # fmt: skip
    named = classify_leads(facts_of(row), policy=STARTUP).with_columns(fit_score=50.5, engagement_score=10.5)
    story = explain_lead(named, lead_id="a", policy=STARTUP)
    for line in (
        "no owner; campaign: spring news",
        "  2026-01-02 10:00  MQL",
        "  2026-01-04 10:00  Recycled: no budget",
        "  2026-01-08 10:00  MQL again, after recycling",
        "  2026-01-09 10:00  last activity of the lead",
        "  61 of 100 (50.5 for fit, 10.5 for engagement)",
        "  timeline   yes, on 2026-01-12, as urgency",
        "  none: the lead is closed",
    ):
        assert line in story.splitlines()
    assert "first touch" not in story
    assert "In the CRM" not in story


def test_events_at_one_instant_stand_in_the_order_in_which_they_follow_each_other():
    row = fact(
        **VETTED, stage="sql", answers={"budget": "yes"}, episodes=2, lost_at=day(1), lost_reason="price",
        **{f"{name}_at": day(1) for name in ("mql", "sal", "sql", "last_activity", "episode_mql", "answer_budget")},
        first_touch_after_mql_at=day(1),
    )  # fmt: skip
    activities = acts(("a", 1, "trial_started"), ("a", 1, "demo_session"))
    named = classify_leads(facts_of(row), policy=STARTUP, activities=activities)
    journey = explain_lead(named, lead_id="a", policy=STARTUP).split("Journey\n")[1].split("\n\n")[0]
    assert [line.split("  ")[-1] for line in journey.splitlines()] == [
        "created", "MQL again, after recycling", "MQL", "SAL", "SQL", "the agreed criteria for SQL are met",
        "first touch by sales after MQL, 0.0 working hours later", "last activity of the lead", "Lost: price",
    ]  # fmt: skip


def test_a_story_of_a_lead_with_every_answer_has_nothing_to_ask():
    answers = dict.fromkeys(("budget", "authority", "need", "timeline"), "yes")
    named = classify_leads(facts_of(fact(answers=answers, **VETTED)), policy=STARTUP)
    assert explain_lead(named, lead_id="a", policy=STARTUP).endswith("none: every question has an answer")


def test_a_story_says_when_the_crm_sees_it_differently_and_when_sales_has_not_called():
    ready, waiting, bought = (
        fact("ready", **TRIAL),
        fact("waiting", **TRIAL, stage="mql", episode_mql_at=day(5)),
        fact("bought", stage="customer"),
    )
    named = classify_leads(facts_of(ready, waiting, bought), policy=STARTUP)
    stories = {name: explain_lead(named, lead_id=name, policy=STARTUP) for name in named["lead_id"]}
    assert "In the CRM it is Lead; the line above follows the agreed criteria." in stories["ready"]
    assert "No touch by sales is on record since the handover." in stories["waiting"]
    assert stories["bought"].endswith("none: it has bought")


def test_a_story_does_not_hold_a_new_deal_of_a_customer_against_the_crm():
    row = fact(stage="opportunity", is_customer=True, customer_at=day(4))
    story = explain_lead(classify_leads(facts_of(row), policy=STARTUP), lead_id="a", policy=STARTUP)
    assert story.startswith("a: Customer, hot")
    assert "In the CRM" not in story


def test_the_story_of_an_unknown_lead_names_the_nearest():
    named = classify_leads(facts_of(fact("L00123"), fact("L00999")), policy=STARTUP)
    with pytest.raises(InputError, match="no lead 'L00132'") as error:
        explain_lead(named, lead_id="L00132", policy=STARTUP)
    assert "did you mean 'L00123'" in str(error.value)


def test_activities_of_a_merged_record_count_for_its_survivor():
    """b was merged into a; what b did makes a ready when the table of leads says so, and is not seen without it."""
    ws = open_workspace("data/sample", as_of="2026-11-16")
    merged = ws.leads.drop_nulls("merged_into").select("lead_id", survivor="merged_into")
    recorded = ws.stored("activities").filter(pl.col("happened_at") < ws.as_of)
    moved = recorded.join(merged, on="lead_id").height
    own = of_survivors(recorded, ws.leads, facts=ws.facts)
    assert moved > 0
    assert own.filter(pl.col("lead_id").is_in(merged["lead_id"].implode())).is_empty()
    seen, unseen = (ready_since(ws.facts, recorded, *leads, policy=ws.policy) for leads in ((ws.leads,), ()))
    assert seen["ready_at"].count() >= unseen["ready_at"].count()
    assert (seen["ready_at"] <= unseen["ready_at"]).drop_nulls().all()
