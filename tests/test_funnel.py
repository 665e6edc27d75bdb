from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_facts import day, facts, lead, policy

from leadreport.errors import InputError
from leadreport.funnel import (
    cohort_conversion,
    funnel_steps,
    import_spikes,
    left_truncation,
    mix_and_rate,
    time_in_stage,
    week_on_week,
    weekly_entries,
)
from leadreport.policy.model import Change

ABC = facts(
    lead("abc", mql=1, sal=2, sql=3),
    lead("ab", mql=1, sal=2),
    lead("a", mql=1),
    lead("b", mql=2, sal=2, imputed=["mql"]),
)
"""The paths ABC, AB, A and B over MQL, SAL and SQL; B skipped the MQL."""


def test_a_skipped_stage_is_counted_as_imputed_beside_the_observed():
    mql = funnel_steps(ABC).filter(stage="mql").select("leads", "observed", "imputed")
    assert mql.row(0) == (4, 3, 1)


def test_without_imputation_a_lead_counts_only_as_far_as_every_stage_was_recorded():
    steps = funnel_steps(ABC, with_imputed=False).filter(pl.col("stage").is_in(["mql", "sal", "sql"]))
    assert steps["leads"].to_list() == [3, 2, 1]
    assert steps["reach_rate"].to_list() == [0.75, 0.5, 0.25]
    assert steps["step_rate"].round(3).to_list() == [0.75, 0.667, 0.5]


def test_a_customer_with_nothing_recorded_between_has_an_imputed_sql_and_opportunity():
    one = facts(lead("a", mql=1, sal=9, sql=9, opportunity=9, customer=9, imputed=["sal", "sql", "opportunity"]))
    steps = funnel_steps(one)
    assert steps["leads"].to_list() == [1] * 6
    assert steps["imputed"].to_list() == [0, 0, 1, 1, 1, 0]


def test_a_deal_that_was_lost_stays_in_the_stages_it_went_through():
    steps = funnel_steps(facts(lead("a", mql=1, sal=2, sql=3, out=("lost", 9)), lead("b", mql=1)))
    assert steps.select("stage", "leads", "lost", "open").rows()[:4] == [
        ("lead", 2, 0, 0),
        ("mql", 2, 0, 1),
        ("sal", 1, 0, 0),
        ("sql", 1, 1, 0),
    ]


def test_a_recycled_lead_is_open_not_lost():
    steps = funnel_steps(facts(lead("a", mql=1, out=("recycled", 9))))
    assert steps.filter(stage="mql").select("lost", "open").row(0) == (0, 1)


def test_a_group_without_a_name_is_a_row_called_unknown():
    steps = funnel_steps(facts(lead("a", channel="search", mql=1), lead("b")), by="channel")
    assert steps.filter(stage="lead").select("channel", "leads").rows() == [("search", 1), ("unknown", 1)]


def test_a_column_that_is_not_there_is_named_with_its_neighbours():
    with pytest.raises(InputError, match="no column 'chanel'") as error:
        funnel_steps(ABC, by="chanel")
    assert "did you mean 'channel'?" in str(error.value)


@st.composite
def companies(draw):
    """Leads that climb as far as chance takes them, some lost, some of an unknown channel."""
    rows = []
    for number in range(draw(st.integers(1, 25))):
        top = draw(st.integers(0, 5))
        gaps = draw(st.lists(st.integers(0, 40), min_size=top, max_size=top))
        created = draw(st.integers(0, 60))
        days = [created + sum(gaps[: i + 1]) for i in range(top)]
        reached = dict(zip(["mql", "sal", "sql", "opportunity", "customer"], days, strict=False))
        is_out = top < 5 and draw(st.booleans())
        out = ("lost", max([created, *days]) + 3) if is_out else None
        channel = draw(st.sampled_from(["search", "fair", None]))
        rows.append(lead(f"{number:02d}", created, out=out, channel=channel, **reached))
    return facts(*rows)


@given(companies())
@settings(max_examples=25, deadline=None)
def test_a_stage_never_exceeds_the_one_before_and_what_stopped_there_is_the_difference(made):
    steps = funnel_steps(made)
    leads = steps["leads"].to_list()
    assert leads == sorted(leads, reverse=True)
    stopped = (steps["lost"] + steps["open"]).to_list()[:-1]
    assert stopped == [a - b for a, b in pairwise(leads)]


@given(companies())
@settings(max_examples=25, deadline=None)
def test_groups_sum_to_the_total_and_row_order_does_not_matter(made):
    counts = ["leads", "observed", "imputed", "lost", "open"]
    total = funnel_steps(made)
    summed = funnel_steps(made, by="channel").group_by("stage", maintain_order=True).agg(pl.col(counts).sum())
    assert summed.sort("stage").select(counts).equals(total.sort("stage").select(counts))
    assert funnel_steps(made.reverse(), by="channel").equals(funnel_steps(made, by="channel"))


def cohorts(made, as_of, **more):
    asked = {"from_stage": "lead", "to_stage": "mql", "every": "week", "policy": policy()} | more
    return cohort_conversion(made, as_of=day(as_of), **asked)


def test_a_young_cohort_has_no_rate_but_says_how_many_are_open():
    made = facts(
        *[lead(f"old{i}", 0, mql=2) for i in range(3)], lead("old3", 1), lead("new1", 30, mql=31), lead("new2", 30)
    )
    found = cohorts(made, 42)
    old, new = found.row(0, named=True), found.filter(cohort_on=date(2026, 2, 2)).row(0, named=True)
    assert (old["leads"], old["converted"], old["open"], old["conversion_rate"], old["is_final"]) == (
        4,
        3,
        1,
        0.75,
        True,
    )
    assert (new["leads"], new["converted"], new["open"], new["conversion_rate"], new["is_final"]) == (
        2,
        1,
        1,
        None,
        False,
    )
    assert (new["km_rate"], new["km_days"]) == (0.5, 12.0)


def test_the_horizon_decides_which_conversions_count_for_every_cohort_alike():
    made = facts(lead("in time", 0, mql=30), lead("late", 0, mql=31), lead("lost", 0, out=("lost", 3)), lead("open", 0))
    row = cohorts(made, 60).row(0, named=True)
    assert {name: row[name] for name in ("leads", "converted", "late", "lost", "open")} == {
        "leads": 4,
        "converted": 1,
        "late": 1,
        "lost": 1,
        "open": 1,
    }
    assert row["conversion_rate"] == 0.25


def test_a_cohort_becomes_final_on_the_day_its_youngest_lead_reaches_the_horizon():
    made = facts(lead("a", 0), lead("b", 6.9))
    assert [cohorts(made, as_of)["is_final"][0] for as_of in (36, 37)] == [False, True]


def test_a_week_in_which_nobody_came_is_a_row():
    found = cohorts(facts(lead("a", 0), lead("b", 15)), 60)
    assert found.select("cohort", "leads", "conversion_rate").rows()[:3] == [
        ("2026-W02", 1, 0.0),
        ("2026-W03", 0, None),
        ("2026-W04", 1, 0.0),
    ]


def test_a_first_month_that_the_history_does_not_cover_is_partial_and_has_no_rate():
    made = facts(lead("a", 0, mql=1), lead("b", 30, mql=31))
    found = cohorts(made, 120, every="month")
    assert found.select("cohort", "is_partial", "conversion_rate").rows()[:2] == [
        ("2026-01", True, None),
        ("2026-02", False, 1.0),
    ]


def test_the_week_that_is_under_way_is_partial():
    assert cohorts(facts(lead("a", 0), lead("b", 7)), 9)["is_partial"].to_list() == [False, True]


def test_months_and_quarters_have_their_names():
    made = facts(lead("a", 0), lead("b", 100))
    assert cohorts(made, 101, every="quarter")["cohort"].to_list() == ["2026-Q1", "2026-Q2"]
    with pytest.raises(InputError, match="'weak' is not a length"):
        cohorts(made, 101, every="weak")


def test_a_step_must_lead_up_the_ladder():
    with pytest.raises(InputError, match="'mql' does not come after 'sql'"):
        cohorts(ABC, 10, from_stage="sql", to_stage="mql")


def test_a_return_after_recycling_counts_from_the_return_when_asked():
    again = lead("a", 0, mql=0, sal=75, sql=75) | {"episode_mql_at": day(30), "episode_sal_at": day(75)}
    step = {"from_stage": "mql", "to_stage": "sql"}
    horizons = policy().horizons | {"mql_to_sql": 60}
    agreed = policy(horizons=horizons)
    assert cohorts(facts(again), 200, policy=agreed, **step)["converted"].sum() == 0
    assert cohorts(facts(again), 200, policy=agreed, entry="episode", **step)["converted"].sum() == 1


def test_a_final_cohort_has_the_same_rate_by_kaplan_meier():
    made = facts(*[lead(f"{i}", i % 7, mql=i % 7 + i) for i in range(20)], *[lead(f"no{i}", 3) for i in range(9)])
    row = cohorts(made, 90).row(0, named=True)
    assert row["km_rate"] == pytest.approx(row["conversion_rate"]) and row["km_days"] == 30.0


def test_a_young_cohort_is_expected_to_end_where_the_earlier_ones_did():
    old = [
        lead(f"old{i}", i % 28, mql=i % 28 + 10 if i < 140 else i % 28 + 1) for i in range(280) if i < 140 or i % 5 == 0
    ]
    new = [lead(f"new{i}", 70) for i in range(10)]
    row = cohorts(facts(*old, *new), 75).filter(pl.col("leads") == 10).row(0, named=True)
    assert row["conversion_rate"] is None
    assert row["expected_rate"] == pytest.approx(1.0)
    assert row["expected_low"] <= row["expected_rate"] <= row["expected_high"]


def test_lost_leads_are_not_expected_to_convert_any_more():
    old = [lead(f"old{i}", i % 28, mql=i % 28 + 10) for i in range(60)]
    old += [lead(f"out{i}", i % 28, out=("lost", i % 28 + 2)) for i in range(60)]
    new = [lead("open", 70), lead("out", 70, out=("lost", 72))]
    row = cohorts(facts(*old, *new), 75).filter(pl.col("leads") == 2).row(0, named=True)
    assert (row["lost"], row["open"], row["expected_rate"]) == (1, 1, pytest.approx(0.5))


@given(companies())
@settings(max_examples=20, deadline=None)
def test_every_lead_of_a_cohort_is_converted_late_lost_or_open_and_groups_sum(made):
    found = cohorts(made, 120, by="channel", to_stage="sql")
    kinds = ["converted", "late", "lost", "open"]
    assert (found.select(pl.sum_horizontal(kinds)).to_series() == found["leads"]).all()
    counts = ["leads", *kinds]
    total = cohorts(made, 120, to_stage="sql")
    summed = found.group_by("cohort_on").agg(pl.col(counts).sum()).sort("cohort_on")
    assert summed.select(counts).equals(total.select(counts))


def truncated(begins):
    """One lead a day for 100 days; half convert after 5 days; conversions are on record only from a day on."""
    made = [(i, i + 5) for i in range(100)]
    return facts(*[lead(f"{i:03d}", i, **({"mql": d} if i % 2 and d >= begins else {})) for i, d in made])


def test_a_record_that_begins_late_is_told_from_bad_weeks():
    step = {"steps": (("lead", "mql"),), "as_of": day(150), "policy": policy()}
    row = left_truncation(truncated(50), **step).row(0, named=True)
    assert row["is_truncated"] and row["conversions_since_on"] == (day(50)).date()
    assert (row["leads_before"], row["converted_before"]) == (50, 0)
    assert row["expected_before"] == pytest.approx(23, abs=1)
    assert not left_truncation(truncated(0), **step)["is_truncated"][0]


def test_cohorts_from_before_the_record_began_have_no_rate():
    found = cohorts(truncated(50), 150)
    early = found.filter(pl.col("cohort_on") < day(49).date())
    assert early["is_truncated"].all() and early["conversion_rate"].is_null().all()
    assert found.filter(~pl.col("is_truncated"), pl.col("is_final"))["conversion_rate"].min() > 0.4


def test_a_cohort_that_lacks_next_to_none_of_its_conversions_keeps_its_rate():
    """The leads of the last day before the record began convert five days later: nothing of theirs is missing."""
    last = cohorts(truncated(50), 150).filter(cohort_on=day(49).date()).row(0, named=True)
    assert (last["is_truncated"], round(last["conversion_rate"], 4)) == (False, 0.5714)


def test_many_leads_at_one_second_are_an_import():
    made = facts(*[lead(f"in{i}", 3) for i in range(25)], *[lead(f"{i}", i / 7) for i in range(40)])
    assert import_spikes(made, policy=policy()).rows() == [("lead", day(3), day(3).date(), 26, 1.0)]


def test_dates_without_a_time_of_day_are_no_import():
    made = facts(*[lead(f"{i}", i % 3) for i in range(90)])
    assert import_spikes(made, policy=policy()).is_empty()


def test_time_in_stage_counts_those_that_are_still_there():
    made = facts(lead("a", 0, mql=2), lead("b", 0, mql=4), lead("c", 0), lead("d", 0, out=("lost", 6)))
    row = time_in_stage(made, as_of=day(8)).row(0, named=True)
    assert {name: row[name] for name in ("leads", "converted", "lost", "open", "negative")} == {
        "leads": 4,
        "converted": 2,
        "lost": 1,
        "open": 1,
        "negative": 0,
    }
    assert (row["q25_days"], row["median_days"], row["q75_days"], row["to_next_days"]) == (2.0, 4.0, 6.0, 2.0)


def test_a_quartile_that_was_not_reached_is_null():
    made = facts(lead("a", 0, mql=2), lead("b", 0), lead("c", 0))
    assert time_in_stage(made, as_of=day(8)).row(0, named=True)["median_days"] is None


def test_a_lead_that_sales_found_first_has_a_negative_time_that_is_shown():
    made = facts(lead("a", 0, mql=5, sal=3, sql=4), lead("b", 0, mql=1, sal=2))
    row = time_in_stage(made, as_of=day(8)).filter(from_stage="mql").row(0, named=True)
    assert (row["negative"], row["q25_days"], row["median_days"]) == (1, -2.0, -2.0)


def test_time_in_stage_of_groups_is_one_row_each():
    made = facts(lead("a", 0, channel="fair", mql=2), lead("b", 0, mql=6), lead("c", 0, mql=6))
    found = time_in_stage(made, as_of=day(8), by="channel").filter(from_stage="lead")
    assert found.select("channel", "leads", "median_days").rows() == [("fair", 1, 2.0), ("unknown", 2, 6.0)]


def test_weeks_without_entries_are_zero_and_the_week_under_way_is_partial():
    found = weekly_entries(facts(lead("a", 0, mql=15)), as_of=day(23), policy=policy(), weeks=3)
    assert found.filter(stage="mql").select("week", "entries", "is_partial").rows() == [
        ("2026-W02", 0, False),
        ("2026-W03", 0, False),
        ("2026-W04", 1, False),
        ("2026-W05", 0, True),
    ]


def test_the_week_in_which_the_history_begins_is_partial():
    found = weekly_entries(facts(lead("a", 2)), as_of=day(14), policy=policy(), weeks=2).filter(stage="lead")
    assert found["is_partial"].to_list() == [True, False]


def steady(weeks, per_week=20, *, last=None):
    """So many leads a week, all of them MQLs after a day and one in four an SQL after two."""
    made = []
    for week in range(weeks):
        for i in range(last if last is not None and week == weeks - 1 else per_week):
            more = {"mql": 7 * week + 1} | ({"sal": 7 * week + 2, "sql": 7 * week + 2} if i % 4 == 0 else {})
            made.append(lead(f"{week:02d}-{i:03d}", 7 * week, **more))
    return facts(*made)


def test_a_week_like_the_others_is_within_noise_and_a_doubled_one_is_up():
    same = week_on_week(steady(16), as_of=day(112), policy=policy()).row(0, named=True)
    assert (same["name"], same["value"], same["previous"], same["change"], same["verdict"]) == (
        "leads",
        20.0,
        20.0,
        0.0,
        "within noise",
    )
    double = week_on_week(steady(16, last=45), as_of=day(112), policy=policy()).row(0, named=True)
    assert (double["value"], double["change"], double["verdict"], double["week"]) == (45.0, 25.0, "up", "2026-W17")


def test_rates_are_those_of_the_latest_final_cohort():
    found = week_on_week(steady(30), as_of=day(210), policy=policy())
    row = found.filter(name="mql_to_sql_rate").row(0, named=True)
    assert (row["value"], row["n"], row["verdict"]) == (0.25, 20, "within noise")
    assert row["week_on"] + timedelta(days=7 + 44) <= day(210).date()


def test_with_a_short_history_nothing_is_said():
    found = week_on_week(steady(5), as_of=day(35), policy=policy())
    assert set(found["verdict"]) == {"too few to say"}
    assert found.filter(name="customers").select("value", "n").row(0) == (None, 0)


def test_a_change_of_definition_in_the_compared_weeks_is_noted():
    changed = policy(changes=[Change(on=day(80).date(), note="an MQL needs ten employees")])
    found = week_on_week(steady(16), as_of=day(112), policy=changed)
    assert found["note"][0] == "an MQL needs ten employees"
    assert week_on_week(steady(16), as_of=day(112), policy=policy())["note"].null_count() == found.height


MIX = (
    pl.DataFrame({"channel": ["a", "b"], "leads": [100, 100], "converted": [30, 5]}),
    pl.DataFrame({"channel": ["a", "b"], "leads": [50, 150], "converted": [16, 9]}),
)


def test_rates_may_rise_in_every_channel_while_the_total_falls():
    split = mix_and_rate(*MIX, by="channel")
    assert split["rate_effect"].round(5).to_list() == [0.0075, 0.00625]
    assert split["mix_effect"].round(5).to_list() == [-0.04, -0.02375]
    assert split["effect"].sum() == pytest.approx(0.125 - 0.175, abs=1e-15)


counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
channels = st.dictionaries(st.sampled_from(["a", "b", "c", None]), counts, min_size=1)


@given(channels, channels)
@settings(max_examples=40, deadline=None)
def test_mix_and_rate_add_up_to_the_change_even_when_channels_come_and_go(before, after):
    sides = [
        pl.DataFrame([(c, n, k) for c, (n, k) in side.items()], schema=["channel", "leads", "converted"], orient="row")
        for side in (before, after)
    ]
    totals = [side["converted"].sum() / side["leads"].sum() for side in sides]
    split = mix_and_rate(*[side.with_columns(pl.col("channel").cast(pl.String)) for side in sides], by="channel")
    assert split["mix_effect"].sum() + split["rate_effect"].sum() == pytest.approx(totals[1] - totals[0], abs=1e-12)
