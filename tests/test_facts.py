"""Facts: one row per lead as of an instant; the journey, the activity, the outcome."""

import itertools
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadreport.facts import lead_facts
from leadreport.policy import Group, Policy, parse_policy, preset_text
from leadreport.tables import TABLES, empty_table
from leadreport.words import EXITS, STAGES

POLICY = parse_policy(preset_text("startup"))
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """An instant so many days into January 2026."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def frame(table: str, *rows: dict) -> pl.DataFrame:
    """Rows of a table; columns not given are null."""
    return (
        pl.concat([empty_table(table), pl.DataFrame(list(rows))], how="diagonal_relaxed")
        if rows
        else empty_table(table)
    )


def facts_of(*, as_of: datetime = AS_OF, policy: Policy = POLICY, **rows: list[dict]) -> pl.DataFrame:
    """Facts from the rows of each table."""
    tables = {name: frame(name, *rows.get(name, [])) for name in TABLES}
    return lead_facts(tables, policy=policy, as_of=as_of).collect().sort("lead_id")


def lead(lead_id: str = "a", at: float = 0, **more) -> dict:
    return {"lead_id": lead_id, "created_at": day(at), **more}


def stage(name: str, at: float, lead_id: str = "a", **more) -> dict:
    return {"lead_id": lead_id, "reached_at": day(at), "stage": name, **more}


def deal(status: str, opened: float, closed: float | None = None, lead_id: str = "a", **more) -> dict:
    closed_at = None if closed is None else day(closed)
    return {
        "deal_id": f"d{opened}",
        "lead_id": lead_id,
        "created_at": day(opened),
        "closed_at": closed_at,
        "status": status,
        **more,
    }


def test_there_is_one_row_for_each_lead_that_was_there_before_as_of():
    facts = facts_of(leads=[lead("a"), lead("b", 10), lead("late", 59)], as_of=day(59))
    assert facts["lead_id"].to_list() == ["a", "b"]


def test_a_lead_without_any_history_is_a_lead_and_nothing_else():
    row = facts_of(leads=[lead()]).row(0, named=True)
    assert (row["stage"], row["stage_at"], row["lead_at"]) == ("lead", day(0), day(0))
    assert (row["is_mql"], row["is_customer"], row["activities"], row["deals"], row["episodes"]) == (
        False,
        False,
        0,
        0,
        1,
    )
    assert row["won_amount"] is None


def test_a_skipped_stage_is_imputed_from_the_next_later_one_and_marked():
    row = facts_of(leads=[lead()], stages=[stage("mql", 2), stage("customer", 9)]).row(0, named=True)
    assert row["mql_at"] == day(2) and row["sal_at"] == row["sql_at"] == row["opportunity_at"] == row[
        "customer_at"
    ] == day(9)
    imputed = [name for name in STAGES[1:] if row[f"is_{name}_imputed"]]
    assert imputed == ["sal", "sql", "opportunity"]


def test_the_first_time_counts_and_not_the_last():
    row = facts_of(leads=[lead()], stages=[stage("mql", 8), stage("mql", 3), stage("sql", 9)]).row(0, named=True)
    assert row["mql_at"] == day(3)


def test_of_stages_at_one_instant_the_highest_is_the_stage_now():
    row = facts_of(leads=[lead()], stages=[stage("sql", 5), stage("mql", 5), stage("sal", 5)]).row(0, named=True)
    assert (row["stage"], row["stage_at"]) == ("sql", day(5))


def test_a_stage_recorded_before_the_lead_was_created_keeps_its_date():
    row = facts_of(leads=[lead("a", 4)], stages=[stage("mql", 1)]).row(0, named=True)
    assert row["mql_at"] < row["created_at"]


def test_a_won_deal_makes_a_customer_and_an_open_one_an_opportunity():
    facts = facts_of(
        leads=[lead("a"), lead("b")],
        deals=[deal("won", 3, 20, amount=1200.0, currency="EUR"), deal("open", 4, lead_id="b", amount=500.0)],
    )
    assert facts["is_customer"].to_list() == [True, False] and facts["is_opportunity"].to_list() == [True, True]
    assert facts["won_amount"].to_list() == [1200.0, None] and facts["open_amount"].to_list() == [None, 500.0]
    assert facts["opportunity_at"].to_list() == [day(3), day(4)]
    assert facts["is_opportunity_imputed"].to_list() == [False, False]


def test_a_deal_that_closed_after_as_of_was_still_open():
    row = facts_of(leads=[lead()], deals=[deal("won", 3, 40, amount=10.0)], as_of=day(30)).row(0, named=True)
    assert (row["won_deals"], row["open_deals"], row["is_customer"], row["won_amount"]) == (0, 1, False, None)


def test_a_lost_deal_is_lost_unless_another_was_won():
    facts = facts_of(
        leads=[lead("a"), lead("b")],
        deals=[
            deal("lost", 1, 5, reason="price"),
            deal("lost", 2, 5, lead_id="b", reason="price"),
            deal("won", 3, 9, lead_id="b"),
        ],
    )
    assert facts["lost_reason"].to_list() == ["price", None]
    assert facts["lost_at"].to_list() == [day(5), None]


def test_merged_leads_are_one_lead_with_the_whole_history_and_the_earliest_date():
    facts = facts_of(
        leads=[
            lead("a", 5),
            lead("b", 1, merged_into="c"),
            lead("c", 3, merged_into="a"),
            lead("z", 2, merged_into="gone"),
        ],
        stages=[stage("mql", 2, "b"), stage("sql", 6, "a")],
        activities=[
            {"lead_id": name, "happened_at": day(3), "kind": "webinar", "by": "lead"} for name in ("a", "b", "c")
        ],
    )
    assert facts["lead_id"].to_list() == ["a", "z"]
    survivor = facts.row(0, named=True)
    assert (survivor["created_at"], survivor["merged_leads"], survivor["mql_at"], survivor["activities"]) == (
        day(1),
        2,
        day(2),
        3,
    )


def test_leads_merged_in_a_circle_stay_themselves():
    facts = facts_of(leads=[lead("a", merged_into="b"), lead("b", merged_into="a")])
    assert facts["lead_id"].to_list() == ["a", "b"]


def test_a_return_after_recycling_starts_a_new_episode():
    row = facts_of(
        leads=[lead()],
        stages=[
            stage("mql", 2),
            stage("sal", 3),
            stage("recycled", 10, reason="no budget"),
            stage("mql", 20),
            stage("sal", 25),
        ],
    ).row(0, named=True)
    assert (row["mql_at"], row["episode_mql_at"], row["sal_at"], row["episode_sal_at"]) == (
        day(2),
        day(20),
        day(3),
        day(25),
    )
    assert (row["episodes"], row["recycled_reason"], row["stage"]) == (2, "no budget", "sal")


def test_an_mql_recorded_twice_without_recycling_is_one_episode():
    row = facts_of(leads=[lead()], stages=[stage("mql", 2), stage("mql", 9)]).row(0, named=True)
    assert (row["episodes"], row["episode_mql_at"]) == (1, day(2))


def test_a_recycled_lead_that_did_not_return_is_in_its_first_episode():
    row = facts_of(leads=[lead()], stages=[stage("mql", 2), stage("recycled", 9)]).row(0, named=True)
    assert (row["episodes"], row["episode_mql_at"], row["stage"]) == (1, day(2), "recycled")


def touch(at: float, kind: str = "call", by: str = "sales") -> dict:
    return {"lead_id": "a", "happened_at": day(at), "kind": kind, "by": by}


def test_only_a_person_in_sales_makes_a_touch_and_an_earlier_one_is_shown():
    row = facts_of(
        leads=[lead()],
        stages=[stage("mql", 5)],
        activities=[touch(1), touch(6, "sequence_email"), touch(7, "call", "marketing"), touch(8, "meeting"), touch(9)],
    ).row(0, named=True)
    assert (row["first_sales_touch_at"], row["first_touch_after_mql_at"], row["sales_touches"]) == (day(1), day(8), 3)


def test_engagement_halves_with_every_half_life():
    half_life = POLICY.scoring.engagement_half_life_days
    activities = [
        touch(-2 * half_life, "webinar", "lead"),
        touch(-half_life, "webinar", "lead"),
        touch(-1, "call", "sales"),
    ]
    row = facts_of(leads=[lead("a", -60)], activities=activities, as_of=day(0)).row(0, named=True)
    assert row["engagement"] == pytest.approx(8 / 4 + 8 / 2)
    assert (row["activities"], row["activities_30d"]) == (2, 2)


def test_behaviours_that_the_policy_names_are_counted_within_their_days():
    activities = [touch(0, "trial_started", "lead"), touch(50, "trial_started", "lead")]
    row = facts_of(leads=[lead()], activities=activities).row(0, named=True)
    assert (row["trial_started_count"], row["trial_started_count_30d"]) == (2, 1)


def test_a_criterion_may_ask_for_several_kinds_a_channel_and_a_third_party():
    asked = {"activity": ["intent", "webinar"], "count": 2, "channel": ["web", "events"], "by": "third_party"}
    activities = [
        {"lead_id": "a", "happened_at": day(at), "kind": kind, "channel": channel, "by": by}
        for at, kind, channel, by in (
            (1, "intent", "web", "third_party"), (2, "webinar", "events", "third_party"),
            (3, "intent", "social", "third_party"), (4, "intent", "web", "lead"), (5, "download", "web", "third_party"),
        )
    ]  # fmt: skip
    group = Group.model_validate({"all": [asked]})
    policy = POLICY.model_copy(update={"criteria": POLICY.criteria.model_copy(update={"mql": group})})
    (leaf,) = group.leaves()
    row = facts_of(leads=[lead()], activities=activities, policy=policy).row(0, named=True)
    assert leaf.behaviour.column == "intent_or_webinar_from_events_or_web_by_third_party_count"
    assert row[leaf.behaviour.column] == 2


def answer(value: str, at: float, by: str = "kim") -> dict:
    return {"lead_id": "a", "answered_at": day(at), "criterion": "budget", "answer": value, "by": by}


def test_the_latest_answer_counts_and_of_two_at_once_the_less_hopeful():
    later = facts_of(leads=[lead()], answers=[answer("yes", 2), answer("no", 4, "lou"), answer("yes", 70)]).row(
        0, named=True
    )
    assert (later["answer_budget"], later["answer_budget_by"], later["answer_budget_at"]) == ("no", "lou", day(4))
    at_once = facts_of(leads=[lead()], answers=[answer("yes", 2), answer("no", 2)]).row(0, named=True)
    assert at_once["answer_budget"] == "no" and at_once["answer_need"] is None


def test_the_pulse_is_the_latest_feedback():
    given_scores = [{"lead_id": "a", "given_at": day(at), "score": score} for at, score in ((1, 9), (5, 4))]
    assert facts_of(leads=[lead()], feedback=given_scores)["pulse"].to_list() == [4]


def test_attribute_columns_come_through_unchanged():
    facts = facts_of(leads=[lead(industry="retail", employees=12, trial_requested=True)])
    assert facts.select("industry", "employees", "trial_requested").rows() == [("retail", 12, True)]


entries = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([*STAGES, *EXITS]), st.integers(0, 50)), max_size=12
)


@settings(max_examples=8, deadline=None)
@given(entries, st.randoms())
def test_row_order_does_not_matter(rows, random):
    stages = [stage(name, at, lead_id) for lead_id, name, at in rows]
    shuffled = random.sample(stages, len(stages))
    leads = [lead(name) for name in "abc"]
    assert facts_of(leads=leads, stages=stages).equals(facts_of(leads=leads, stages=shuffled))


@settings(max_examples=8, deadline=None)
@given(entries)
def test_nothing_after_as_of_changes_anything(rows):
    stages = [stage(name, at, lead_id) for lead_id, name, at in rows]
    leads = [lead(name) for name in "abc"]
    before = [row for row in stages if row["reached_at"] < day(25)]
    assert facts_of(leads=leads, stages=stages, as_of=day(25)).equals(
        facts_of(leads=leads, stages=before, as_of=day(25))
    )


@settings(max_examples=8, deadline=None)
@given(entries)
def test_a_later_stage_implies_the_earlier_ones(rows):
    facts = facts_of(
        leads=[lead(name) for name in "abc"], stages=[stage(name, at, lead_id) for lead_id, name, at in rows]
    )
    for lower, higher in itertools.pairwise(STAGES[1:]):
        assert facts.filter(pl.col(f"is_{higher}") & ~pl.col(f"is_{lower}")).is_empty()
