"""The handoff: speed in working time, verdicts, and the bridge from marketing's count to sales'."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincc

from leadreport.clock import Period, as_instant
from leadreport.errors import InputError
from leadreport.facts import lead_facts
from leadreport.handoff import (
    TOUCHES,
    acceptance,
    bridge_leads,
    consistency,
    disliked,
    handed_over,
    handed_over_leads,
    handoff_bridge,
    handoff_change,
    outside_limits,
    overdue_leads,
    pulse,
    rejection_reasons,
    sales_opinion,
    slow_owners,
    speed_to_lead,
    too_early_too_late,
    touch_curve,
    touches_until_verdict,
)
from leadreport.policy import parse_policy, preset_text
from leadreport.sample.truths import LENIENT_REP, SLOW_REP, UNLUCKY_REP
from leadreport.tables import TABLES, empty_table
from leadreport.workspace import open_workspace

POLICY = parse_policy(preset_text("startup"))  # Mon-Fri 09:00-17:00 in Berlin, 8 working hours to the first touch
AS_OF = as_instant("2026-01-19", zone="Europe/Berlin")  # a Monday
DECIDED_AT = as_instant("2026-02-02", zone="Europe/Berlin")  # a verdict may take 14 days
WEEK = Period(date(2026, 1, 12), date(2026, 1, 19), zone="Europe/Berlin")


def at(text: str) -> datetime:
    """An instant in January 2026, from a day and a time in Berlin: '12 09:00'."""
    return as_instant(f"2026-01-{text}", zone="Europe/Berlin")


INSTANT, TEXT = pl.Datetime("us", "UTC"), pl.String
COLUMNS = {
    **dict.fromkeys(("lead_id", "owner", "team", "channel", "source", "stage"), TEXT),
    **dict.fromkeys(("created_at", "stage_at", "mql_at", "episode_mql_at", "episode_sal_at"), INSTANT),
    **dict.fromkeys(("first_sales_touch_at", "first_touch_after_mql_at", "last_activity_at"), INSTANT),
    **dict.fromkeys(("disqualified_at", "recycled_at", "lost_at", "customer_at"), INSTANT),
    **dict.fromkeys(("disqualified_reason", "recycled_reason", "lost_reason"), TEXT),
    **dict.fromkeys(("is_mql_imputed", "is_sql", "is_customer"), pl.Boolean),
    **dict.fromkeys(("merged_leads", "episodes", "pulse"), pl.Int64),
}
"""What the handoff reads of the facts."""


def fact(lead_id: str, *, mql: str | None = None, touched: str | None = None, **more: str | None) -> dict:
    """One lead: when it became MQL, was touched, and (sal, disqualified, recycled, lost, customer) reached a stage."""
    row = {"lead_id": lead_id, "created_at": at("01 08:00"), "mql_at": mql, "episode_mql_at": mql}
    row |= {"first_sales_touch_at": touched, "first_touch_after_mql_at": touched}
    row |= {"is_mql_imputed": False, "merged_leads": 0, "episodes": 1}
    row |= {"is_sql": "customer" in more, "is_customer": "customer" in more}
    reached = {name: more.pop(name) for name in ("sal", "disqualified", "recycled", "lost", "customer") if name in more}
    row |= {f"{name}_at": when for name, when in reached.items() if name != "sal"}
    row["episode_sal_at"] = reached.get("sal") or reached.get("customer")
    known = {name: when for name, when in {"mql": mql, **reached}.items() if when}
    row["stage"] = max(known, key=known.get) if known else "lead"
    row["stage_at"] = known.get(row["stage"])
    return {
        name: at(value) if name.endswith("_at") and isinstance(value, str) else value for name, value in row.items()
    } | more


def facts_of(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(COLUMNS) | row for row in rows], schema=COLUMNS, orient="row")


def tables_of(**rows: list[dict]) -> dict[str, pl.DataFrame]:
    return {
        name: pl.concat([empty_table(name), pl.DataFrame(rows[name])], how="diagonal_relaxed")
        if rows.get(name)
        else empty_table(name)
        for name in TABLES
    }


def real_facts(**rows: list[dict]) -> pl.DataFrame:
    """Facts from the rows of the seven tables, to see that both rooms mean the same."""
    return lead_facts(tables_of(**rows), policy=POLICY, as_of=AS_OF).collect().sort("lead_id")


# Speed


def test_attainment_counts_the_overdue_and_leaves_out_who_is_not_yet_due():
    """6 in time, 2 late, 1 overdue and open, 3 open and not yet due: 6 of 9."""
    facts = facts_of(
        *[fact(f"a{i}", mql="12 09:00", touched="12 17:00") for i in range(6)],
        *[fact(f"b{i}", mql="12 09:00", touched="13 09:01") for i in range(2)],
        fact("c", mql="12 09:00"),
        *[fact(f"d{i}", mql="16 10:00") for i in range(3)],
    )
    row = speed_to_lead(facts, policy=POLICY, as_of=AS_OF).row(0, named=True)
    assert (row["leads"], row["in_time"], row["late"], row["overdue"], row["not_due"]) == (12, 6, 2, 1, 3)
    assert row["attainment_rate"] == pytest.approx(6 / 9)
    assert row["low"] < 6 / 9 < row["high"]
    assert row["never_contacted"] == 4


@pytest.mark.parametrize(
    ("touched", "as_of", "touch"),
    [("12 17:00", "19 00:00", "in_time"), ("13 09:01", "19 00:00", "late"),
     (None, "12 17:00", "not_due"), (None, "13 09:01", "overdue")],
)  # fmt: skip
def test_a_call_at_the_end_of_the_agreed_time_is_in_time_and_a_minute_later_it_is_late(touched, as_of, touch):
    """Eight hours are agreed, and the team works from 9 to 17."""
    leads = handed_over_leads(facts_of(fact("a", mql="12 09:00", touched=touched)), policy=POLICY, as_of=at(as_of))
    assert leads["touch"].to_list() == [touch]


def test_a_lead_that_left_at_its_hand_over_has_left_and_one_that_left_before_is_open():
    """b was disqualified, then became MQL again, which is the episode that counts."""
    facts = facts_of(
        fact("a", mql="12 09:00", disqualified="12 09:00", stage="disqualified"),
        fact("b", mql="12 09:00", stage="disqualified", stage_at=at("12 08:59"), disqualified_at=at("12 08:59")),
        fact("c", mql="12 09:00", stage="recycled", stage_at=at("13 09:00")),
        fact("d", mql="12 09:00", stage="customer", stage_at=at("13 09:00")),
        fact("e", mql="12 09:00", stage="sql", stage_at=at("13 09:00")),
    )
    leads = handed_over_leads(facts, policy=POLICY, as_of=AS_OF)
    assert leads.select("lead_id", "touch", "verdict").rows() == [
        ("a", "closed_before_due", "rejected"),
        ("b", "overdue", "undecided"),
        ("c", "closed_before_due", "undecided"),
        ("d", "closed_before_due", "undecided"),
        ("e", "overdue", "undecided"),
    ]


def test_a_lead_that_left_waited_until_then():
    leads = handed_over_leads(facts_of(fact("a", mql="12 09:00", disqualified="12 11:00")), policy=POLICY, as_of=AS_OF)
    assert leads["waiting_hours"].to_list() == [2.0]


def test_a_weekend_does_not_make_a_call_late():
    leads = handed_over_leads(facts_of(fact("a", mql="09 16:30", touched="12 09:45")), policy=POLICY, as_of=AS_OF)
    assert leads.select("waiting_hours", "touch").row(0) == (1.25, "in_time")


def test_a_touch_before_the_mql_is_shown_but_starts_no_clock():
    facts = facts_of(fact("a", mql="12 09:00", first_sales_touch_at=at("09 09:00")))
    row = speed_to_lead(facts, policy=POLICY, as_of=AS_OF).row(0, named=True)
    assert (row["touched_before_mql"], row["overdue"], row["never_contacted"]) == (1, 1, 1)


def test_a_lead_closed_without_a_touch_is_missed_when_its_time_had_run_out_and_left_out_before():
    """Eight working hours are agreed: a was closed with the eighth, c a minute later."""
    facts = facts_of(
        fact("a", mql="12 09:00", disqualified="12 17:00"),
        fact("b", mql="12 09:00", touched="12 09:30"),
        fact("c", mql="12 09:00", disqualified="13 09:01"),
    )
    row = speed_to_lead(facts, policy=POLICY, as_of=AS_OF).row(0, named=True)
    assert (row["closed_before_due"], row["in_time"], row["closed_overdue"]) == (1, 1, 1)
    assert row["attainment_rate"] == 0.5


def test_the_median_waits_for_the_leads_without_a_call():
    """Touched after 1, 2 and 3 hours; three others are still waiting: half are touched by hour 3."""
    touched = ["12 10:00", "12 11:00", "12 12:00", None, None, None]
    facts = facts_of(*[fact(name, mql="12 09:00", touched=when) for name, when in zip("abcdef", touched, strict=True)])
    row = speed_to_lead(facts, policy=POLICY, as_of=AS_OF).row(0, named=True)
    assert (row["median_hours"], row["p90_hours"]) == (3.0, None)


def test_the_touch_curve_keeps_who_was_never_contacted_at_risk():
    facts = facts_of(fact("a", mql="12 09:00", touched="12 13:00"), fact("b", mql="12 09:00"))
    curve = touch_curve(facts, policy=POLICY, as_of=AS_OF)
    assert curve.select("at", "at_risk", "events", "converted_rate").rows() == [(4.0, 2, 1, 0.5), (40.0, 1, 0, 0.5)]


def test_a_curve_for_a_chart_is_read_off_in_steps_up_to_ten_times_the_agreed_time():
    """Touched after 4 hours; the other lead has waited for 88 working hours by the 26th, and for 16 by the 13th."""
    facts = facts_of(fact("a", mql="09 09:00", touched="09 13:00"), fact("b", mql="09 09:00"))
    curve = touch_curve(facts, every_hours=4, policy=POLICY, as_of=at("26 00:00"))
    assert curve["at"].to_list() == [4.0 * step for step in range(21)]
    assert curve["converted_rate"].to_list() == [0.0] + [0.5] * 20
    short = touch_curve(facts, every_hours=4, policy=POLICY, as_of=at("13 00:00"))
    assert short["at"].to_list() == [4.0 * step for step in range(5)]


def test_without_a_single_touch_on_record_it_is_not_known_who_was_called():
    untouched = facts_of(fact("a", mql="12 09:00"), fact("b", mql="12 09:00"))
    assert handed_over(untouched).height == handed_over(untouched, period=WEEK).height == 2
    assert handed_over(untouched, needs_touches=True).is_empty()
    touched = facts_of(fact("a", mql="12 09:00"), fact("b", mql="05 09:00", first_sales_touch_at=at("02 09:00")))
    assert handed_over(touched, period=WEEK, needs_touches=True)["lead_id"].to_list() == ["a"]


def test_groups_are_named_and_add_up_to_the_total():
    facts = facts_of(
        fact("a", mql="12 09:00", touched="12 10:00", owner="Ada"),
        fact("b", mql="12 09:00", owner="Ada"),
        fact("c", mql="12 09:00", touched="14 10:00", owner="Ben"),
        fact("d", mql="12 09:00"),
    )
    by_owner = speed_to_lead(facts, by="owner", policy=POLICY, as_of=AS_OF)
    assert by_owner.select("owner", "leads", "in_time", "late", "overdue").rows() == [
        ("Ada", 2, 1, 0, 1),
        ("Ben", 1, 0, 1, 0),
        ("unknown", 1, 0, 0, 1),
    ]
    total = speed_to_lead(facts, policy=POLICY, as_of=AS_OF)
    counts = ["leads", "in_time", "late", "overdue", "closed_overdue", "not_due", "closed_before_due"]
    assert by_owner.select(pl.col(counts).sum()).row(0) == total.select(counts).row(0)


def test_weeks_are_local_iso_weeks_of_the_hand_over():
    facts = facts_of(fact("a", mql="11 23:30"), fact("b", mql="12 00:30"))
    assert speed_to_lead(facts, by="week", policy=POLICY, as_of=AS_OF)["week"].to_list() == ["2026-W02", "2026-W03"]


def test_a_mistyped_group_is_an_error_with_the_nearest_name():
    with pytest.raises(InputError, match="no column 'ownr'") as error:
        speed_to_lead(facts_of(fact("a")), by="ownr", policy=POLICY, as_of=AS_OF)
    assert "did you mean 'owner'?" in str(error.value)


def test_no_lead_handed_over_is_no_rate_rather_than_zero():
    facts = facts_of(fact("a"))
    row = speed_to_lead(facts, policy=POLICY, as_of=AS_OF).row(0, named=True)
    assert (row["leads"], row["attainment_rate"], row["median_hours"]) == (0, None, None)
    assert speed_to_lead(facts, by="owner", policy=POLICY, as_of=AS_OF).is_empty()
    assert acceptance(facts, policy=POLICY, as_of=AS_OF)["acceptance_rate"].item() is None


def test_the_longest_overdue_lead_comes_first():
    facts = facts_of(
        fact("a", mql="15 09:00", owner="Ada"),
        fact("b", mql="12 09:00", owner="Ben"),
        fact("c", mql="16 16:00"),
        fact("d", mql="12 09:00", touched="16 09:00"),
    )
    overdue = overdue_leads(facts, policy=POLICY, as_of=AS_OF)
    assert overdue.select("lead_id", "owner", "waiting_hours", "over_by_hours").rows() == [
        ("b", "Ben", 40.0, 32.0),
        ("a", "Ada", 16.0, 8.0),
    ]


def answered(owner: str | None, in_time: int, late: int) -> list[dict]:
    """The leads of one owner: first those answered within an hour, then those answered four working days later."""
    calls = ["12 10:00"] * in_time + ["16 10:00"] * late
    return [fact(f"{owner} {number}", mql="12 09:00", touched=call, owner=owner) for number, call in enumerate(calls)]


def test_an_owner_is_slow_below_the_limits_of_the_others_rate_and_not_within():
    """Ada and Ben answer 80 of 100 in time, which is the rate beside Tom's; two of ten are too few, three are not."""
    others = [*answered("Ada", 45, 5), *answered("Ben", 35, 15), *answered(None, 0, 1)]
    options = {"period": WEEK, "policy": POLICY, "as_of": AS_OF}
    slow = slow_owners(facts_of(*others, *answered("Tom", 2, 8)), **options)
    assert slow.select("owner", "leads", "attainment_rate", "team_rate").rows() == [("Tom", 10, 0.2, 0.8)]
    assert slow_owners(facts_of(*others, *answered("Tom", 3, 7)), **options).is_empty()


def test_slow_owners_are_those_of_the_leads_of_the_period():
    rows = facts_of(*answered("Ada", 45, 5), *answered("Tom", 1, 9))
    assert slow_owners(rows, period=WEEK, policy=POLICY, as_of=AS_OF).height == 1
    assert slow_owners(rows, period=WEEK.shifted(-1), policy=POLICY, as_of=AS_OF).is_empty()


def test_overdue_leads_that_wait_equally_long_are_in_the_order_of_their_ids():
    facts = facts_of(*[fact(name, mql="12 09:00") for name in ("c", "a", "b")])
    assert overdue_leads(facts, policy=POLICY, as_of=AS_OF)["lead_id"].to_list() == ["a", "b", "c"]


def test_leads_without_an_owner_are_in_no_rate_and_are_no_slow_owner():
    rows = [*answered("Ada", 30, 0), *answered(None, 0, 30)]
    assert slow_owners(facts_of(*rows), period=WEEK, policy=POLICY, as_of=AS_OF).is_empty()
    slow = slow_owners(facts_of(*rows, *answered("Tom", 0, 9)), period=WEEK, policy=POLICY, as_of=AS_OF)
    assert slow.select("owner", "attainment_rate", "team_rate").rows() == [("Tom", 0.0, 1.0)]


# Verdicts


def test_eighty_of_a_hundred_handed_over_is_an_acceptance_of_eighty_percent():
    facts = facts_of(
        *[fact(f"a{i}", mql="05 09:00", sal="07 09:00") for i in range(80)],
        *[fact(f"b{i}", mql="05 09:00", disqualified="07 09:00") for i in range(15)],
        *[fact(f"c{i}", mql="05 09:00", recycled="07 09:00") for i in range(5)],
    )
    row = acceptance(facts, policy=POLICY, as_of=AS_OF).row(0, named=True)
    counts = ("handed_over", "accepted", "rejected", "recycled", "undecided")
    assert [row[name] for name in counts] == [100, 80, 15, 5, 0]
    assert (row["acceptance_rate"], row["accepted_untouched"]) == (0.8, 80)


def test_a_young_lead_without_a_verdict_is_open_and_an_old_one_was_not_accepted():
    later = as_instant("2026-01-26", zone="Europe/Berlin")  # 14 days are the horizon from MQL to SAL
    facts = facts_of(
        fact("a", mql="05 09:00", sal="06 09:00"), fact("old", mql="05 09:00"), fact("new", mql="13 09:00")
    )
    row = acceptance(facts, policy=POLICY, as_of=later).row(0, named=True)
    assert (row["handed_over"], row["undecided"], row["not_due"], row["acceptance_rate"]) == (3, 2, 1, 0.5)


def test_a_lead_has_had_its_time_on_the_day_of_the_horizon_and_not_a_minute_before():
    """14 days are the horizon from MQL to SAL: at 09:00 on the 19th that of the 5th has ended."""
    for mql, not_due in (("05 09:00", 0), ("05 09:01", 1)):
        row = acceptance(facts_of(fact("a", mql=mql)), policy=POLICY, as_of=at("19 09:00")).row(0, named=True)
        assert (row["undecided"], row["not_due"]) == (1, not_due)


def test_a_verdict_belongs_to_the_episode_in_which_it_was_given():
    """What happened a minute before the hand-over is of the episode before; at its instant it is of this one."""
    before, then = at("12 08:59"), at("12 09:00")
    facts = facts_of(
        fact("a", mql="12 09:00", disqualified_at=before, lost_at=before, recycled_at=before),
        fact("b", mql="12 09:00", disqualified_at=then),
        fact("c", mql="12 09:00", recycled_at=then, disqualified_at=then),
        fact("d", mql="12 09:00", recycled_at=at("13 09:00"), disqualified_at=before),
        fact("e", mql="12 09:00", sal="12 09:00", disqualified_at=at("13 09:00")),
    )
    leads = handed_over_leads(facts, policy=POLICY, as_of=AS_OF)
    assert leads.select("verdict", "verdict_at").rows() == [
        ("undecided", None),
        ("rejected", then),
        ("rejected", then),
        ("recycled", at("13 09:00")),
        ("accepted", then),
    ]


def test_the_reason_is_that_of_the_exit_that_decided():
    reasons = {"disqualified_reason": "no need", "lost_reason": "competitor", "recycled_reason": None}
    facts = facts_of(
        fact("a", mql="05 09:00", disqualified="06 09:00", lost="07 09:00", **reasons),
        fact("b", mql="05 09:00", disqualified="07 09:00", lost="06 09:00", **reasons),
        fact("c", mql="05 09:00", disqualified_at=None, lost="05 10:00", **reasons),
        fact("d", mql="05 09:00", recycled="06 09:00", **reasons),
        fact("e", mql="05 09:00", sal="06 09:00", **reasons),
    )
    leads = handed_over_leads(facts, policy=POLICY, as_of=AS_OF)
    assert leads["verdict_reason"].to_list() == ["competitor", "no need", "competitor", "unknown", None]


def test_leads_that_came_back_are_judged_apart_from_those_handed_over_for_the_first_time():
    facts = facts_of(
        fact("a", mql="05 09:00", sal="06 09:00", episodes=2),
        fact("b", mql="05 09:00", sal="06 09:00", episodes=1),
        fact("c", mql="05 09:00", disqualified="06 09:00", episodes=1),
    )
    found = acceptance(facts, by="episode", policy=POLICY, as_of=AS_OF)
    assert found.select("episode", "handed_over", "acceptance_rate").rows() == [
        ("came back", 1, 1.0),
        ("first time", 2, 0.5),
    ]


def test_accepting_stands_beside_having_touched_in_time():
    facts = facts_of(
        fact("a", mql="05 09:00", sal="05 10:00", touched="05 11:00"), fact("b", mql="05 09:00", sal="05 09:00")
    )
    row = acceptance(facts, policy=POLICY, as_of=AS_OF).row(0, named=True)
    assert (row["acceptance_rate"], row["touched_in_time_rate"], row["accepted_untouched"]) == (1.0, 0.5, 1)


def test_the_later_of_two_exits_is_the_verdict_and_lost_without_acceptance_is_a_rejection():
    reasons = {"disqualified_reason": "no budget", "recycled_reason": "next year", "lost_reason": "competitor"}
    facts = facts_of(
        fact("a", mql="05 09:00", disqualified="06 09:00", recycled="07 09:00", **reasons),
        fact("b", mql="05 09:00", disqualified="07 09:00", recycled="06 09:00", **reasons),
        fact("c", mql="05 09:00", lost="07 09:00", **reasons),
    )
    leads = handed_over_leads(facts, policy=POLICY, as_of=AS_OF)
    assert leads.select("lead_id", "verdict", "verdict_reason", "verdict_at").rows() == [
        ("a", "recycled", "next year", at("07 09:00")),
        ("b", "rejected", "no budget", at("07 09:00")),
        ("c", "rejected", "competitor", at("07 09:00")),
    ]


def test_reasons_are_counted_the_commonest_first_and_a_missing_one_is_unknown():
    facts = facts_of(
        *[fact(name, mql="05 09:00", disqualified="07 09:00", disqualified_reason="too small") for name in "ab"],
        fact("c", mql="05 09:00", disqualified="07 09:00"),
        fact("d", mql="05 09:00", recycled="07 09:00", recycled_reason="not now"),
        fact("e", mql="05 09:00"),
    )
    assert rejection_reasons(facts, policy=POLICY).rows() == [
        ("rejected", "too small", 2, round(2 / 3, 10)),
        ("rejected", "unknown", 1, round(1 / 3, 10)),
        ("recycled", "not now", 1, 1.0),
    ]


def test_only_leads_of_the_period_are_handed_over_in_it():
    facts = facts_of(fact("a", mql="11 23:59"), fact("b", mql="12 00:00"), fact("c"))
    assert handed_over(facts, period=WEEK)["lead_id"].to_list() == ["b"]
    assert handed_over(facts)["lead_id"].to_list() == ["a", "b"]


# From the tables


def test_a_lead_that_came_back_is_timed_and_judged_anew_and_a_sequence_is_no_touch():
    """a returned and was called; b was only mailed by a sequence, and skipped SAL; c's call came at as_of."""
    entries = [
        ("a", "mql", "05 09:00"), ("a", "sal", "06 09:00"), ("a", "recycled", "07 09:00"), ("a", "mql", "13 09:00"),
        ("b", "mql", "12 09:00"), ("b", "sql", "14 09:00"), ("c", "mql", "12 09:00"), ("c", "sal", "19 00:00"),
    ]  # fmt: skip
    contacts = [("a", "05 10:00", "call"), ("a", "13 11:00", "call"), ("b", "12 10:00", "sequence_email")]
    contacts += [("c", "19 00:00", "call")]
    facts = real_facts(
        leads=[{"lead_id": name, "created_at": at("01 08:00")} for name in "abc"],
        stages=[{"lead_id": name, "stage": stage, "reached_at": at(when)} for name, stage, when in entries],
        activities=[
            {"lead_id": name, "happened_at": at(when), "kind": kind, "by": "sales"} for name, when, kind in contacts
        ],
    )
    leads = handed_over_leads(facts, policy=POLICY, as_of=AS_OF)
    assert leads.select("lead_id", "touch", "waiting_hours", "verdict").rows() == [
        ("a", "in_time", 2.0, "undecided"),
        ("b", "overdue", 40.0, "accepted"),
        ("c", "overdue", 40.0, "undecided"),
    ]


# The bridge


def bars(frame: pl.DataFrame) -> list[tuple]:
    """The bars that are not empty: step, reason, sign times leads."""
    return frame.filter(pl.col("leads") > 0).select("step", "reason", pl.col("leads") * pl.col("sign")).rows()


def test_every_lead_takes_one_way_over_the_bridge():
    monday = "12 09:00"
    facts = facts_of(
        fact("worked", mql=monday, touched="12 10:00", sal="12 11:00", owner="Ada"),
        fact("unowned but called", mql=monday, touched="12 10:00"),
        fact("unassigned", mql="16 16:00"),
        fact("waiting", mql=monday, owner="Ada"),
        fact("too small", mql=monday, disqualified="13 09:00", disqualified_reason="too small", owner="Ada"),
        fact("student", mql=monday, touched="12 10:00", disqualified="13 09:00", disqualified_reason="student"),
        fact("recycled", mql=monday, touched="12 10:00", recycled="13 09:00"),
        fact("silently bought", mql=monday, customer="14 09:00", owner="Ada"),
        fact("new", mql="16 16:00", owner="Ada"),
        fact("imputed", mql=monday, touched="12 10:00", sal="12 09:00", is_mql_imputed=True),
        fact("merged", mql=monday, touched="12 10:00", merged_leads=2),
        fact("next week", mql="19 00:00"),
    )
    bridge = handoff_bridge(facts, period=WEEK, policy=POLICY, as_of=AS_OF)
    assert bars(bridge) == [
        ("MQLs in the CRM", None, 12),
        ("Merged duplicate", None, -2),
        ("Skipped the MQL stage", None, 1),
        ("New MQLs", None, 0),
        ("Handed over", None, 0),
        ("Unassigned", None, -1),
        ("Not touched in time", None, -1),
        ("Rejected", "student", -1),
        ("Rejected", "too small", -1),
        ("Recycled", None, -1),
        ("Closed without a touch", None, -1),
        ("Not yet due", None, -1),
        ("Worked by sales", None, 0),
    ]
    sums = bridge.filter(pl.col("sign") == 0)
    assert sums.select("step", "leads", "total").rows() == [
        ("New MQLs", 11, 11),
        ("Handed over", 11, 11),
        ("Worked by sales", 4, 4),
    ]
    behind = bridge_leads(facts, period=WEEK, policy=POLICY, as_of=AS_OF)
    worked = behind.filter(pl.col("step") == "Worked by sales")
    assert worked["lead_id"].to_list() == ["imputed", "merged", "unowned but called", "worked"]


def test_marketings_count_is_read_from_the_records_as_the_crm_had_them():
    """a entered twice; b2 and b3 are b today and b2 entered too; c first entered last week; d skipped the stage."""
    entries = [
        ("a", "mql", "12 09:00"), ("a", "mql", "13 09:00"), ("b", "mql", "13 09:00"), ("b2", "mql", "14 09:00"),
        ("c", "mql", "09 09:00"), ("c", "mql", "12 09:00"), ("d", "sal", "15 09:00"), ("e", "mql", "19 00:00"),
    ]  # fmt: skip
    into = {"b2": "b", "b3": "b2"}
    created = {"created_at": at("01 08:00")}
    rows = {
        "leads": [{"lead_id": name, "merged_into": into.get(name), **created} for name in ("b2", "b3", *"abcde")],
        "stages": [{"lead_id": name, "stage": stage, "reached_at": at(when)} for name, stage, when in entries],
    }
    tables = tables_of(**rows)
    facts = real_facts(**rows)
    both = {"period": WEEK, "policy": POLICY, "as_of": AS_OF}
    bridge = handoff_bridge(facts, tables["leads"], tables["stages"], **both)
    assert bars(bridge)[:5] == [
        ("MQLs in the CRM", None, 5),
        ("Counted twice", None, -1),
        ("Merged duplicate", None, -1),
        ("MQL before the period", None, -1),
        ("Skipped the MQL stage", None, 1),
    ]
    assert bridge.filter(pl.col("step") == "Handed over")["leads"].item() == handed_over(facts, period=WEEK).height == 3
    behind = bridge_leads(facts, tables["leads"], tables["stages"], **both)
    found = behind.filter(pl.col("step").is_in(["Counted twice", "Merged duplicate", "MQL before the period"]))
    assert found.select("step", "record_id", "lead_id", "mql_at").rows() == [
        ("Counted twice", "a", "a", at("13 09:00")),
        ("Merged duplicate", "b2", "b", at("14 09:00")),
        ("MQL before the period", "c", "c", at("12 09:00")),
    ]


def bridge_of(merged_into: dict[str, str | None], entries: list[tuple[str, str]]) -> tuple[pl.DataFrame, ...]:
    """Facts, the bridge and its leads, of records (with what each was merged into) and their entries into MQL."""
    created = {"created_at": at("01 08:00")}
    rows = {
        "leads": [{"lead_id": name, "merged_into": into, **created} for name, into in merged_into.items()],
        "stages": [{"lead_id": name, "stage": "mql", "reached_at": at(when)} for name, when in entries],
    }
    tables, facts = tables_of(**rows), real_facts(**rows)
    sources = (facts, tables["leads"], tables["stages"])
    options = {"period": WEEK, "policy": POLICY, "as_of": AS_OF}
    return facts, handoff_bridge(*sources, **options), bridge_leads(*sources, **options)


def test_a_lead_that_was_merged_into_an_unknown_one_stays_itself_on_the_bridge():
    """Two recorded MQLs, one of them merged into an id that is not in the files: two MQLs, and none skipped."""
    facts, bridge, _ = bridge_of({"a": None, "b": "ghost"}, [("a", "12 09:00"), ("b", "13 09:00")])
    assert facts["lead_id"].to_list() == ["a", "b"]
    assert bars(bridge)[:3] == [("MQLs in the CRM", None, 2), ("New MQLs", None, 0), ("Handed over", None, 0)]
    assert bridge.filter(step="Handed over")["leads"].item() == 2


@pytest.mark.parametrize(("merges", "duplicates"), [(1, 1), (16, 1), (17, 0)])
def test_a_chain_of_merges_is_followed_as_far_as_facts_follow_it(merges, duplicates):
    """Sixteen merges in a row: the first record of a longer chain stays itself, on the bridge as in the facts."""
    chain = {f"r{i:02}": f"r{i + 1:02}" for i in range(merges)} | {f"r{merges:02}": None}
    facts, bridge, behind = bridge_of(chain, [("r00", "12 09:00"), (f"r{merges:02}", "13 09:00")])
    counts = dict(bridge.group_by("step").agg(pl.col("leads").sum()).rows())
    assert (counts["MQLs in the CRM"], counts["Merged duplicate"]) == (2, duplicates)
    assert counts["Handed over"] == 2 - duplicates == facts["mql_at"].count()
    assert counts["Skipped the MQL stage"] == 0
    assert set(behind["lead_id"]) <= set(facts["lead_id"])


def test_records_merged_in_a_circle_stay_themselves_on_the_bridge():
    _, bridge, behind = bridge_of({"a": "b", "b": "a", "c": "c"}, [(name, "12 09:00") for name in "abc"])
    assert bars(bridge)[0] == ("MQLs in the CRM", None, 3)
    handed = behind.filter(step="Handed over")
    assert handed.select("record_id", "lead_id").rows() == [(name, name) for name in "abc"]


def test_a_merge_that_the_facts_do_not_have_yet_does_not_move_an_entry():
    """The facts are of the 19th; the table of leads was read later, when b had been merged into a."""
    rows = {
        "leads": [{"lead_id": name, "merged_into": None, "created_at": at("01 08:00")} for name in "ab"],
        "stages": [{"lead_id": name, "stage": "mql", "reached_at": at("12 09:00")} for name in "ab"],
    }
    later = tables_of(**rows)["leads"].with_columns(merged_into=pl.Series([None, "a"], dtype=pl.String))
    bridge = handoff_bridge(
        real_facts(**rows), later, tables_of(**rows)["stages"], period=WEEK, policy=POLICY, as_of=AS_OF
    )
    assert bars(bridge)[0] == ("MQLs in the CRM", None, 2)
    assert bridge.filter(step="Merged duplicate")["leads"].item() == 0


def test_the_surviving_record_is_the_one_that_counts_even_if_it_entered_last():
    _, _, behind = bridge_of({"z": None, "a": "z"}, [("a", "12 09:00"), ("z", "14 09:00")])
    assert behind.filter(step="Merged duplicate")["record_id"].to_list() == ["a"]


def test_entries_at_or_after_as_of_are_not_on_the_bridge():
    rows = {
        "leads": [{"lead_id": name, "created_at": at("01 08:00")} for name in "ab"],
        "stages": [{"lead_id": "a", "stage": "mql", "reached_at": at("14 08:59")},
                   {"lead_id": "b", "stage": "mql", "reached_at": at("14 09:00")}],
    }  # fmt: skip
    tables = tables_of(**rows)
    facts = lead_facts(tables, policy=POLICY, as_of=at("14 09:00")).collect()
    bridge = handoff_bridge(facts, tables["leads"], tables["stages"], period=WEEK, policy=POLICY, as_of=at("14 09:00"))
    assert bars(bridge)[0] == ("MQLs in the CRM", None, 1)


def test_sales_has_time_until_the_end_of_the_period_unless_another_instant_is_given():
    facts = facts_of(fact("a", mql="16 16:00", owner="Ada"))
    until = {name: bars(handoff_bridge(facts, period=WEEK, policy=POLICY, **options))[-1][0]
             for name, options in {"period": {}, "later": {"as_of": at("26 00:00")}}.items()}  # fmt: skip
    assert until == {"period": "Not yet due", "later": "Not touched in time"}


def test_the_leads_that_explain_a_difference_are_those_of_the_bars_between_the_counts():
    facts = facts_of(fact("worked", mql="12 09:00", touched="12 10:00"), fact("unassigned", mql="16 16:00"))
    options = {"period": WEEK, "policy": POLICY, "as_of": AS_OF}
    behind = bridge_leads(facts, **options)
    assert behind["step"].to_list() == [
        *["MQLs in the CRM"] * 2, *["New MQLs"] * 2, *["Handed over"] * 2, "Unassigned", "Worked by sales",
    ]  # fmt: skip
    only = bridge_leads(facts, differences_only=True, **options)
    assert only.select("step", "lead_id").rows() == [("Unassigned", "unassigned")]


def test_without_the_tables_an_imputed_entry_is_no_record_and_a_return_is_one():
    """a was imputed; b came back this week; c came back last week, and entered for the first time in this one."""
    facts = facts_of(
        fact("a", mql="12 09:00", is_mql_imputed=True, touched="12 10:00"),
        fact("b", mql="13 09:00", mql_at=at("02 09:00"), episodes=2, is_mql_imputed=True, touched="13 10:00"),
        fact("c", mql="19 09:00", mql_at=at("12 09:00"), episodes=2),
    )
    behind = bridge_leads(facts, period=WEEK, policy=POLICY, as_of=AS_OF)
    counted = behind.filter(step="MQLs in the CRM")
    assert counted.select("lead_id", "mql_at").rows() == [("c", at("12 09:00")), ("b", at("13 09:00"))]
    between = {
        "MQL before the period": ["b"],
        "Skipped the MQL stage": ["a"],
        "New MQLs": ["a", "c"],
        "Came back": ["b"],
        "Handed over again later": ["c"],
        "Handed over": ["a", "b"],
    }
    assert {step: behind.filter(step=step)["lead_id"].sort().to_list() for step in between} == between


def test_a_lead_that_came_back_counts_in_the_week_of_its_return():
    rows = {
        "leads": [{"lead_id": "a", "created_at": at("01 08:00")}],
        "stages": [
            {"lead_id": "a", "stage": stage, "reached_at": at(when)}
            for stage, when in (("mql", "05 09:00"), ("recycled", "07 09:00"), ("mql", "13 09:00"))
        ],
    }
    facts, tables = real_facts(**rows), tables_of(**rows)
    for period, expected in (
        (WEEK, ["MQLs in the CRM", "MQL before the period", "Came back", "Handed over"]),
        (WEEK.shifted(-1), ["MQLs in the CRM", "New MQLs", "Handed over again later"]),
    ):
        for sources in ((), (tables["leads"], tables["stages"])):
            bridge = handoff_bridge(facts, *sources, period=period, policy=POLICY, as_of=AS_OF)
            assert bridge.filter(pl.col("leads") > 0)["step"].to_list()[:4] == expected


def test_an_empty_week_has_all_bars_and_no_leads():
    bridge = handoff_bridge(facts_of(), period=WEEK, policy=POLICY)
    assert (bridge.height, bridge["leads"].sum()) == (16, 0)


# How people judge like leads


def judged(owner: str, accepted: int, rejected: int, **more) -> list[dict]:
    """So many leads of one owner that were accepted, and rejected."""
    about = {"owner": owner, "source": "form", "mql": "05 09:00", **more}
    sal = about.pop("sal", "06 09:00")
    taken = [fact(f"{owner} {about['source']} a{number}", sal=sal, **about) for number in range(accepted)]
    return taken + [
        fact(f"{owner} {about['source']} r{number}", disqualified=sal, **about) for number in range(rejected)
    ]


def standings(*rows: dict, **options) -> dict[str, str]:
    found = consistency(facts_of(*rows), policy=POLICY, as_of=DECIDED_AT, **options)
    return dict(found.select("owner", "standing").rows())


def test_who_accepts_everything_stands_out_and_who_was_merely_unlucky_does_not():
    usual = [row for name in ("Ada", "Ben", "Cem", "Dora") for row in judged(name, 60, 40)]
    found = standings(*usual, *judged("Lenient", 97, 3), *judged("Unlucky", 4, 6))
    assert found == dict.fromkeys(("Ada", "Ben", "Cem", "Dora", "Unlucky"), "as expected") | {"Lenient": "above"}


def test_one_extreme_does_not_make_everyone_else_look_extreme():
    usual = [row for name in ("Ada", "Ben", "Cem") for row in judged(name, 270, 30)]
    found = standings(*usual, *judged("Never", 0, 300))
    assert found == dict.fromkeys(("Ada", "Ben", "Cem"), "as expected") | {"Never": "below"}


def test_bad_leads_are_no_fault_of_who_judges_them():
    """Ada has mostly leads that everyone rejects; she judges them as the others do."""
    good, bad = {"source": "referral"}, {"source": "bought_list"}
    rows = [*judged("Ada", 16, 4, **good), *judged("Ada", 20, 80, **bad)]
    rows += [row for name in ("Ben", "Cem") for row in judged(name, 80, 20, **good) + judged(name, 4, 16, **bad)]
    assert set(standings(*rows).values()) == {"as expected"}
    assert standings(*rows, like="channel")["Ada"] == "below"


def test_consistency_can_ask_for_attainment_and_names_what_it_cannot():
    rows = [row for name in "ab" for row in answered(name, 9, 0)]
    found = consistency(facts_of(*rows, *answered("c", 0, 9)), measure="attainment", policy=POLICY, as_of=AS_OF)
    assert found.select("owner", "leads", "observed", "standing").rows()[2] == ("c", 9, 0, "below")
    with pytest.raises(InputError, match="no measure 'atainment'"):
        consistency(facts_of(), measure="atainment", policy=POLICY, as_of=AS_OF)
    with pytest.raises(InputError, match="no column 'sorce'"):
        consistency(facts_of(), like="sorce", policy=POLICY, as_of=AS_OF)
    assert consistency(facts_of(), policy=POLICY, as_of=AS_OF).is_empty()


def test_the_limits_are_those_of_a_binomial_that_is_as_wide():
    """28 of all 50 leads: p = 0.56. Ada's ten against Ben's 40 are worth 10 x 40 / 50 = 8 leads.

    Below her limits 8 leads have that few successes in 2.5 % of cases, and in 1 % / 2 lists / 2 sides / 2 people.
    """
    found = consistency(facts_of(*judged("Ada", 8, 2), *judged("Ben", 20, 20)), policy=POLICY, as_of=DECIDED_AT)
    row = found.row(0, named=True)
    assert (row["owner"], row["leads"], row["observed"], row["observed_rate"]) == ("Ada", 10, 8, 0.8)
    assert row["expected_rate"] == pytest.approx(0.5)
    successes = 8 * (row["low_95"] - row["expected_rate"] + 0.56)
    assert betaincc(successes + 1, 8 - successes, 0.56) == pytest.approx(0.025, abs=1e-6)
    assert (row["low_limit_rate"], row["high_limit_rate"]) == (0.0, 1.0)
    assert 0.44**8 > 0.01 / 2 / 2 / 2
    assert found.columns[-1] == "standing"


def test_a_person_is_named_just_outside_the_wider_limits_and_not_just_inside():
    """The others accepted 400 of 800: of Ada's 40 leads, worth 38.1, the limits are 23.8 % and 76.2 %, 9.5 and 30.5."""
    for accepted, standing in ((9, "below"), (10, "as expected"), (30, "as expected"), (31, "above")):
        rows = [*judged("Ada", accepted, 40 - accepted), *judged("Ben", 200, 200), *judged("Cem", 200, 200)]
        assert standings(*rows)["Ada"] == standing, accepted


def test_only_who_is_outside_the_limits_is_kept():
    rows = [*judged("Ada", 40, 0), *judged("Ben", 0, 40), *judged("Cem", 200, 200), *judged("Dora", 200, 200)]
    found = outside_limits(consistency(facts_of(*rows), policy=POLICY, as_of=DECIDED_AT))
    assert found.select("owner", "standing").rows() == [("Ada", "above"), ("Ben", "below")]


def test_leads_without_an_owner_and_kinds_of_lead_that_no_one_else_had_judge_no_one():
    """Ada alone had the fair, and accepted all of it: apart from it she accepts as Ben does."""
    rows = [*judged("Ada", 5, 5), *judged("Ben", 5, 5), *judged("Ada", 40, 0, source="fair"), *judged(None, 0, 50)]
    found = consistency(facts_of(*rows), policy=POLICY, as_of=DECIDED_AT)
    assert found.select("owner", "leads", "observed", "standing").rows() == [
        ("Ada", 50, 45, "as expected"),
        ("Ben", 10, 5, "as expected"),
    ]
    assert found["expected_rate"].to_list() == pytest.approx([0.9, 0.5])


def test_who_never_had_a_lead_like_anyone_elses_is_not_compared():
    rows = [*judged("Ada", 9, 0, source="fair"), *judged("Ben", 0, 9)]
    assert consistency(facts_of(*rows), policy=POLICY, as_of=DECIDED_AT).is_empty()


def test_leads_with_scores_in_the_same_ten_are_similar():
    """Both accept 10 to 19 and reject below; Ada has the better leads. 9.9 and 10 are not similar, 10 and 19 are."""
    rows = [*judged("Ada", 20, 4), *judged("Ben", 4, 20)]
    scores = [10.0] * 20 + [9.9] * 4 + [19.0] * 4 + [0.0] * 20
    scored = facts_of(*rows).with_columns(score=pl.Series(scores))
    found = consistency(scored, policy=POLICY, as_of=DECIDED_AT)
    assert (found["expected_rate"] - found["observed_rate"]).to_list() == pytest.approx([0, 0])
    blind = consistency(facts_of(*rows), policy=POLICY, as_of=DECIDED_AT)
    assert (blind["observed_rate"] - blind["expected_rate"]).to_list() == pytest.approx([2 / 3, -2 / 3])


def test_people_are_compared_in_the_same_weeks():
    """Ada worked in a week in which everyone accepted everything, Ben in the other one; Cem was there in both."""
    rows = [*judged("Ada", 20, 0), *judged("Cem", 20, 0), *judged("Ben", 0, 20, mql="12 09:00", sal="13 09:00")]
    rows += judged("Cem", 0, 20, mql="12 09:00", sal="13 09:00")
    found = consistency(facts_of(*rows), policy=POLICY, as_of=DECIDED_AT)
    assert (found["expected_rate"] - found["observed_rate"]).to_list() == pytest.approx([0, 0, 0])


def test_a_persons_uneven_weeks_widen_the_limits():
    """Ada and Ben take turns in having a good week; in even weeks the same totals name Ada."""
    days = ["05", "12", "19", "26"]

    def weeks(owner, *accepted):
        each = zip(days, accepted, strict=True)
        return [row for day, k in each for row in judged(owner, k, 12 - k, mql=f"{day} 09:00", sal=f"{day} 10:00")]

    later = as_instant("2026-03-02", zone="Europe/Berlin")
    even = facts_of(*weeks("Ada", 10, 11, 10, 11), *weeks("Ben", 5, 6, 5, 6), *weeks("Cem", 6, 5, 6, 5))
    uneven = facts_of(*weeks("Ada", 12, 6, 12, 12), *weeks("Ben", 0, 10, 0, 12), *weeks("Cem", 11, 0, 11, 0))
    named = [outside_limits(consistency(facts, policy=POLICY, as_of=later)) for facts in (even, uneven)]
    assert [found["owner"].to_list() for found in named] == [["Ada"], []]


def test_leads_are_judged_from_the_horizon_on_by_age_alone():
    """At the horizon of 14 days o1 is not accepted; o2 and the rejected r are a minute too young."""
    rows = [*judged("Ada", 2, 0), *judged("Ben", 2, 0), *judged("Ada", 0, 1, mql="05 09:01")]
    open_leads = [fact("o1", mql="05 09:00", owner="Ada", source="form"),
                  fact("o2", mql="05 09:01", owner="Ada", source="form")]  # fmt: skip
    found = consistency(facts_of(*rows, *open_leads), policy=POLICY, as_of=at("19 09:00"))
    assert found.select("owner", "leads", "observed").rows() == [("Ada", 3, 2), ("Ben", 2, 2)]


def test_touches_are_counted_from_the_hand_over_to_the_verdict():
    facts = facts_of(
        fact("a", mql="05 09:00", sal="06 09:00"),
        fact("b", mql="05 09:00", disqualified="06 09:00"),
        fact("c", mql="05 09:00"),
    )
    moments = ["02 10:00", "05 09:00", "05 12:00", "06 09:00", "07 09:00"]
    rows = [{"lead_id": "a", "happened_at": at(when), "kind": "call", "by": "sales"} for when in moments]
    rows += [{"lead_id": "b", "happened_at": at("05 10:00"), "kind": "sequence_email", "by": "sales"}]
    found = touches_until_verdict(facts, pl.DataFrame(rows), policy=POLICY, as_of=AS_OF)
    assert found.select("verdict", "leads", "median_touches", "untouched").rows() == [
        ("accepted", 1, 3.0, 0),
        ("rejected", 1, 0.0, 1),
    ]


# Too early, too late, and what sales thinks


def test_too_early_and_too_late_are_both_counted_and_each_lead_once():
    later = as_instant("2026-07-01", zone="Europe/Berlin")  # all are mature by then
    facts = facts_of(
        fact("a", mql="05 09:00", touched="05 10:00", recycled="06 09:00"),
        fact("b", mql="05 09:00", touched="05 10:00", disqualified="06 09:00", disqualified_reason="Not ready yet"),
        fact("c", mql="05 09:00", touched="05 10:00", disqualified="06 09:00", disqualified_reason="student"),
        fact("d", mql="05 09:00", touched="08 10:00"),
        fact("e", mql="05 09:00", touched="08 10:00", last_activity_at=later),
        fact("f", mql="05 09:00", touched="05 10:00", first_sales_touch_at=at("02 09:00")),
        fact("g", mql="05 09:00", touched="05 10:00", customer="15 10:00"),
    )
    timing = too_early_too_late(facts, policy=POLICY, as_of=later)
    assert timing.select("timing", "leads").rows() == [
        ("too early", 2),
        ("found by sales first", 1),
        ("ready long before", 0),
        ("gone cold", 1),
        ("neither", 3),
    ]


def test_a_lead_that_was_ready_long_before_is_too_late_when_it_is_known_since_when():
    facts = facts_of(fact("a", mql="15 09:00", touched="15 10:00"), fact("b", mql="15 09:00", touched="15 10:00"))
    ready = facts.with_columns(ready_at=pl.Series([at("05 09:00"), at("12 09:00")]))
    timing = too_early_too_late(ready, policy=POLICY, as_of=AS_OF)
    assert dict(timing.select("timing", "leads").rows())["ready long before"] == 1


def timing_of(**lead) -> str:
    """The timing of one lead, as of the 26th."""
    row = fact("a", mql="12 09:00", **lead)
    found = too_early_too_late(facts_of(row), policy=POLICY, as_of=at("26 17:00"))
    return found.filter(pl.col("leads") == 1)["timing"].item()


def test_a_lead_has_gone_cold_after_fourteen_days_of_silence_and_not_before():
    """It waited longer than agreed, so silence counts from its last activity, and at the earliest from the 12th."""
    assert timing_of(touched="14 09:00", last_activity_at=at("12 17:00")) == "gone cold"
    assert timing_of(touched="14 09:00", last_activity_at=at("12 17:01")) == "neither"
    assert timing_of(touched="14 09:00", last_activity_at=None) == "gone cold"
    assert timing_of(touched="12 17:00", last_activity_at=None) == "neither"
    assert timing_of(touched="14 09:00", is_sql=True) == "neither"
    assert timing_of(touched="14 09:00", last_activity_at=at("25 09:00"), stage="lost") == "gone cold"
    assert timing_of(touched="14 09:00", last_activity_at=at("25 09:00"), stage="opportunity") == "neither"
    assert timing_of(touched="14 09:00", disqualified="15 09:00", disqualified_reason="student") == "neither"


def test_sales_was_first_when_it_called_before_the_first_hand_over():
    assert timing_of(touched="12 10:00", first_sales_touch_at=at("12 08:59")) == "found by sales first"
    assert timing_of(touched="12 10:00", first_sales_touch_at=at("12 09:00")) == "neither"
    assert timing_of(touched="12 10:00", first_sales_touch_at=at("12 08:59"), episodes=2) == "neither"


def test_a_lead_was_ready_long_before_after_more_than_seven_days():
    for ready, timing in (("05 08:59", "ready long before"), ("05 09:00", "neither")):
        facts = facts_of(fact("a", mql="12 09:00", touched="12 10:00")).with_columns(ready_at=pl.lit(at(ready)))
        found = too_early_too_late(facts, policy=POLICY, as_of=AS_OF)
        assert found.filter(pl.col("leads") == 1)["timing"].item() == timing


def test_timings_of_groups_have_their_own_shares():
    facts = facts_of(
        fact("a", mql="05 09:00", touched="05 10:00", recycled="06 09:00", team="north"),
        fact("b", mql="05 09:00", touched="05 10:00", team="north"),
        fact("c", mql="05 09:00", touched="05 10:00", team="south"),
    )
    found = too_early_too_late(facts, by="team", policy=POLICY, as_of=AS_OF)
    assert found.height == 10
    assert found.filter(pl.col("leads") > 0).select("team", "timing", "leads", "share_rate").rows() == [
        ("north", "too early", 1, 0.5),
        ("north", "neither", 1, 0.5),
        ("south", "neither", 1, 1.0),
    ]


def test_the_pulse_is_promoters_less_detractors_with_an_interval():
    scores = [10, 9, 9, 8, 7, 6, 0, None]
    facts = facts_of(*[fact(str(number), pulse=score, source="form") for number, score in enumerate(scores)])
    row = pulse(facts, by="source").row(0, named=True)
    assert [row[name] for name in ("leads", "rated", "promoters", "passives", "detractors")] == [8, 7, 3, 2, 2]
    assert row["pulse"] == pytest.approx(1 / 7)
    assert (round(row["low"], 4), round(row["high"], 4)) == (-0.4174, 0.6396)


def test_five_tens_are_no_certainty_and_no_rating_is_no_pulse():
    sure = pulse(facts_of(*[fact(str(number), pulse=10) for number in range(5)])).row(0, named=True)
    assert (sure["pulse"], sure["high"]) == (1.0, 1.0)
    assert sure["low"] < 0.5
    none = pulse(facts_of(fact("a"))).row(0, named=True)
    assert (none["leads"], none["rated"], none["pulse"], none["low"]) == (1, 0, None, None)


def test_what_sales_thinks_stands_beside_what_it_accepted_and_what_was_bought():
    rated = [fact(f"f{i}", mql="12 09:00", sal="13 09:00", pulse=0, source="form") for i in range(6)]
    liked = [fact(f"t{i}", mql="12 09:00", sal="13 09:00", pulse=10, source="trial") for i in range(6)]
    early = [fact("e", mql="05 09:00", sal="06 09:00", pulse=10, source="form")]
    rates = pl.DataFrame({"source": ["form"], "leads": [20], "close_rate": [0.1], "low": [0.05], "high": [0.2]})
    facts = facts_of(*rated, *liked, *early)
    found = sales_opinion(facts, rates, period=WEEK, policy=POLICY, as_of=AS_OF)
    columns = ("source", "handed_over", "acceptance_rate", "rated", "pulse", "close_rate", "close_low", "close_high")
    assert found.select(columns).rows() == [
        ("form", 6, 1.0, 6, -1.0, 0.1, 0.05, 0.2),
        ("trial", 6, 1.0, 6, 1.0, None, None, None),
    ]
    assert found["acceptance_low"][0] == pytest.approx(0.6097, abs=1e-4)
    assert disliked(found)["source"].to_list() == ["form"]


def test_a_source_is_disliked_when_the_whole_interval_of_its_pulse_is_below_zero():
    opinions = pl.DataFrame({"source": ["a", "b", "c"], "pulse_high": [-0.01, 0.0, None]})
    assert disliked(opinions)["source"].to_list() == ["a"]


# The sample, where the truth is known


@pytest.fixture(scope="module")
def sample():
    return open_workspace("data/sample", as_of="2026-11-16")


def test_the_planted_reps_are_found_and_the_unlucky_one_is_not_accused(sample):
    rules = {"policy": sample.policy, "as_of": sample.as_of}
    judging = dict(consistency(sample.facts, **rules).select("owner", "standing").rows())
    assert [owner for owner, standing in judging.items() if standing == "above"] == [LENIENT_REP]
    assert judging[UNLUCKY_REP] == "as expected"
    speed = speed_to_lead(sample.facts, by="owner", **rules).drop_nulls("median_hours")
    assert speed.sort("median_hours")["owner"].last() == SLOW_REP
    pace = dict(consistency(sample.facts, measure="attainment", **rules).select("owner", "standing").rows())
    assert pace[SLOW_REP] == "below"


def test_the_source_that_sales_rightly_rejects_is_found(sample):
    sources = consistency(sample.facts, by="source", like="owner", policy=sample.policy, as_of=sample.as_of)
    lowest = sources.sort("observed_rate").row(0, named=True)
    assert (lowest["source"], lowest["standing"]) == ("bought_list", "below")
    rated = pulse(sample.facts, by="source").row(by_predicate=pl.col("source") == "bought_list", named=True)
    assert rated["high"] < pulse(sample.facts)["low"].item()


def test_the_bridge_of_the_sample_is_what_counting_one_by_one_gives(sample):
    quarter = Period(date(2026, 8, 17), date(2026, 11, 16), zone="Europe/Berlin")
    bridge = handoff_bridge(
        sample.facts, sample.leads, sample.stages, period=quarter, policy=sample.policy, as_of=sample.as_of
    )
    into = dict(sample.leads.select("lead_id", "merged_into").rows())
    entries = [
        lead_id
        for lead_id, stage, when in sample.stages.select("lead_id", "stage", "reached_at").rows()
        if stage == "mql" and quarter.start_at <= when < quarter.end_at and lead_id in into
    ]
    leads = {into[lead_id] or lead_id for lead_id in entries}
    ours = {
        row["lead_id"]: row
        for row in sample.facts.iter_rows(named=True)
        if row["episode_mql_at"] and quarter.start_at <= row["episode_mql_at"] < quarter.end_at
    }
    first = sample.facts.drop_nulls("mql_at").select("lead_id", "mql_at").iter_rows()
    new = {lead_id for lead_id, when in first if quarter.start_at <= when < quarter.end_at}
    expected = {
        "MQLs in the CRM": len(entries),
        "Counted twice": len(entries) - len(set(entries)),
        "Merged duplicate": len(set(entries)) - len(leads),
        "MQL before the period": len(leads - new),
        "Skipped the MQL stage": len(new - leads),
        "New MQLs": len(new),
        "Came back": len(set(ours) - new),
        "Handed over again later": len(new - set(ours)),
        "Handed over": len(ours),
    }
    found = dict(bridge.group_by("step").agg(pl.col("leads").sum()).rows())
    assert {step: found[step] for step in expected} == expected

    def touched(row: dict) -> bool:
        return row["first_touch_after_mql_at"] is not None

    def turned_away(row: dict, *exits: str) -> bool:
        return row["episode_sal_at"] is None and row["stage"] in exits

    open_stages = ("lead", "mql", "sal", "sql", "opportunity")
    waiting = [row for row in ours.values() if not touched(row) and row["stage"] in open_stages]
    assert found["Unassigned"] == sum(row["owner"] is None for row in waiting)
    assert found["Not touched in time"] + found["Not yet due"] == sum(row["owner"] is not None for row in waiting)
    assert found["Rejected"] == sum(turned_away(row, "disqualified", "lost") for row in ours.values())
    assert found["Recycled"] == sum(turned_away(row, "recycled") for row in ours.values())


def after_weeks(*in_time: int, of: int = 40) -> dict[str, dict]:
    """The headlines after weeks, the last that of 12 January, with `of` MQLs each; some were answered in time."""
    rows = []
    for back, good in enumerate(reversed(in_time)):
        monday = at("12 09:00") - timedelta(weeks=back)
        for i in range(of):
            touched = monday + timedelta(hours=1 if i < good else 96)
            rows.append(fact(f"{back}-{i}", mql=monday, touched=touched))
    facts = facts_of(*rows).with_columns(is_sal=False, is_sal_imputed=False)
    now = Period(date(2026, 1, 12), date(2026, 1, 19), zone="Europe/Berlin")
    found = handoff_change(facts, period=now, policy=POLICY, as_of=AS_OF)
    return {row["name"]: row for row in found.iter_rows(named=True)}


def test_a_rate_of_the_handoff_is_up_when_its_level_changed_beyond_chance():
    usual = [24, 25, 23, 24, 22, 26] * 2
    assert [after_weeks(*usual, good)["attainment_rate"]["verdict"] for good in (32, 38)] == ["normal variation", "up"]


def test_a_level_of_the_handoff_that_changed_weeks_ago_is_remembered_with_its_date():
    row = after_weeks(*[24, 25, 23, 24, 22, 26] * 2, 38, 37, 39)["attainment_rate"]
    assert (row["verdict"], row["changed_on"]) == ("up", date(2025, 12, 29))
    assert (row["value"], row["previous"]) == (0.975, 0.925)
    assert row["level_before"] == pytest.approx(0.6) and row["level_after"] == pytest.approx(0.95)


def changes(now: int, before: int, *, sal: bool = True, **options) -> dict[str, dict]:
    """The headlines with `now` leads answered in time in the week of the 19th and `before` in the week before."""
    leads = [fact(f"n{i}", mql="19 09:00", touched="19 10:00") for i in range(now)]
    leads += [fact(f"b{i}", mql="12 09:00", touched="12 10:00") for i in range(before)]
    facts = facts_of(*leads, *options.get("more", [])).with_columns(is_sal=pl.lit(sal), is_sal_imputed=False)
    found = handoff_change(facts, period=WEEK.shifted(1), policy=POLICY, as_of=at("26 00:00"))
    return {row["name"]: row for row in found.iter_rows(named=True)}


def test_with_fewer_than_eight_weeks_before_there_is_no_verdict_on_the_handoff():
    verdicts = [after_weeks(*[24, 26] * n)["attainment_rate"]["verdict"] for n in (4, 5)]
    assert verdicts == ["too few to say", "normal variation"]


def test_the_headline_says_by_how_much_a_rate_fell():
    """Of 40 leads 36 were in time before, 24 now."""
    late = [fact(f"l{i}", mql="19 09:00", touched="23 10:00") for i in range(16)]
    late += [fact(f"m{i}", mql="12 09:00", touched="16 10:00") for i in range(4)]
    row = changes(24, 36, more=late)["attainment_rate"]
    assert (row["value"], row["previous"], row["n"], row["verdict"]) == (0.6, 0.9, 40, "too few to say")
    assert row["change"] == pytest.approx(-0.3)
    assert (row["low"], row["high"]) == (pytest.approx(0.446, abs=1e-3), pytest.approx(0.7365, abs=1e-3))


def test_acceptance_is_of_the_weeks_that_have_had_their_time():
    """14 days are the horizon from MQL to SAL: two weeks before the 19th is the 5th, and before that 29 December.

    Two weeks are too short a history for a verdict.
    """
    accepted = [fact(f"a{i}", mql="05 09:00", sal="06 09:00") for i in range(12)]
    refused = [fact(f"r{i}", mql="02 09:00", disqualified="03 09:00") for i in range(11)]
    row = changes(0, 0, more=accepted + refused)["acceptance_rate"]
    assert (row["value"], row["previous"], row["n"], row["verdict"]) == (1.0, 0.0, 12, "too few to say")


def test_what_the_crm_does_not_record_has_no_headline_value():
    untouched = [fact(f"u{i}", mql="19 09:00") for i in range(12)]
    assert changes(0, 0, more=untouched)["attainment_rate"]["value"] is None
    accepted = [fact(f"a{i}", mql="05 09:00", sal="06 09:00") for i in range(12)]
    assert changes(0, 0, more=accepted, sal=False)["acceptance_rate"]["value"] is None


# Laws

moments = st.one_of(st.none(), st.integers(5, 18).map("{:02} 10:00".format))


@st.composite
def journeys(draw):
    stages = {"sal": draw(moments), "disqualified": draw(moments), "recycled": draw(moments), "lost": draw(moments)}
    owner = draw(st.sampled_from(["Ada", "Ben", None]))
    return {"mql": draw(moments), "touched": draw(moments), "owner": owner, **stages}


some_facts = st.lists(journeys(), max_size=12).map(
    lambda rows: facts_of(*[fact(f"{number:02}", **row) for number, row in enumerate(rows)])
)


@settings(max_examples=30, deadline=None)
@given(some_facts)
def test_every_lead_has_one_touch_and_one_verdict_and_groups_sum_to_the_total(facts):
    leads = handed_over(facts).height
    speed = speed_to_lead(facts, policy=POLICY, as_of=AS_OF)
    assert speed.select(pl.sum_horizontal(TOUCHES)).item() == leads
    judged = acceptance(facts, policy=POLICY, as_of=AS_OF)
    assert judged.select(pl.sum_horizontal("accepted", "rejected", "recycled", "undecided")).item() == leads
    by_owner = acceptance(facts, by="owner", policy=POLICY, as_of=AS_OF)
    counts = ["handed_over", "accepted", "rejected", "not_due"]
    assert by_owner.select(pl.col(counts).sum()).row(0) == judged.select(counts).row(0)


@settings(max_examples=40, deadline=None)
@given(some_facts, st.integers(0, 11), st.sampled_from(["disqualified", "lost", "recycled"]))
def test_closing_a_lead_that_is_overdue_never_improves_attainment(facts, number, exit):
    leads = handed_over_leads(facts, policy=POLICY, as_of=AS_OF)
    overdue = leads.filter(pl.col("touch") == "overdue")["lead_id"].to_list()
    is_closed = pl.col("lead_id").is_in(overdue[number % max(len(overdue), 1) :])
    now = {"stage": pl.lit(exit), "stage_at": pl.lit(AS_OF, dtype=INSTANT), f"{exit}_at": pl.lit(AS_OF, dtype=INSTANT)}
    closed = facts.with_columns(
        pl.when(is_closed).then(value).otherwise(name).alias(name) for name, value in now.items()
    )
    before, after = (speed_to_lead(each, policy=POLICY, as_of=AS_OF)["attainment_rate"] for each in (facts, closed))
    assert before.equals(after)


@settings(max_examples=20, deadline=None)
@given(some_facts)
def test_the_order_of_the_leads_does_not_matter(facts):
    for metric in (speed_to_lead, acceptance):
        forwards = metric(facts, by="owner", policy=POLICY, as_of=AS_OF)
        assert forwards.equals(metric(facts.reverse(), by="owner", policy=POLICY, as_of=AS_OF))


@settings(max_examples=30, deadline=None)
@given(some_facts, st.sampled_from([WEEK, WEEK.shifted(-1)]))
def test_the_bridge_adds_up_and_every_bar_has_its_leads(facts, period):
    bridge = handoff_bridge(facts, period=period, policy=POLICY, as_of=AS_OF)
    behind = bridge_leads(facts, period=period, policy=POLICY, as_of=AS_OF)
    sums = dict(bridge.filter(pl.col("sign") == 0).select("step", "leads").rows())
    totals = dict(bridge.filter(pl.col("sign") == 0).select("step", "total").rows())
    assert sums == totals
    assert sums["Handed over"] == handed_over(facts, period=period).height
    assert bridge["leads"].sum() == behind.height
    ways = behind.filter(
        ~pl.col("step").is_in(["MQLs in the CRM", "New MQLs", "Handed over"]), pl.col("record_id") == pl.col("lead_id")
    )
    assert ways["lead_id"].is_unique().all()


records = ["a", "b", "c", "d", "e"]


@st.composite
def merge_graphs(draw):
    """What each record was merged into (another, itself, an unknown id, or nothing), and entries into MQL."""
    into = {name: draw(st.sampled_from([None, None, *records, "ghost"])) for name in records}
    entries = draw(st.lists(st.tuples(st.sampled_from(records), st.integers(8, 18)), max_size=12, unique=True))
    return into, [(name, f"{day:02} 09:00") for name, day in entries]


def survivor(name: str, into: dict[str, str | None]) -> str:
    """The record at the end of a chain of merges; the record itself when the chain has no end among the records."""
    seen, at_end = {name}, name
    while into.get(at_end) is not None:
        at_end = into[at_end]
        if at_end in seen or at_end not in into:
            return name
        seen.add(at_end)
    return at_end


@settings(max_examples=40, deadline=None)
@given(merge_graphs())
def test_however_records_were_merged_each_entry_counts_once_for_a_lead_that_the_facts_have(graph):
    into, entries = graph
    facts, bridge, behind = bridge_of(into, entries)
    inside = [(name, at(when)) for name, when in entries if 12 <= int(when[:2]) < 19]
    counted = behind.filter(step="MQLs in the CRM")
    expected = sorted((name, survivor(name, into), when) for name, when in inside)
    assert sorted(counted.select("record_id", "lead_id", "mql_at").rows()) == expected
    assert set(behind["lead_id"]) <= set(facts["lead_id"])
    sums = bridge.filter(pl.col("sign") == 0)
    assert sums["leads"].to_list() == sums["total"].to_list()
    assert sums["leads"][0] == handed_over(facts, period=WEEK).height
