from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_facts import day, facts, lead, policy

from leadreport.clock import Period
from leadreport.errors import InputError
from leadreport.funnel import (
    bottleneck,
    cohort_conversion,
    cohort_heatmap,
    forecast,
    forecast_record,
    funnel_steps,
    import_spikes,
    lead_velocity,
    learnt_horizons,
    left_truncation,
    mix_and_rate,
    published_numbers,
    restated,
    seen_at,
    stage_flow,
    stage_stock,
    time_in_stage,
    week_on_week,
    weekly_entries,
)
from leadreport.policy.sections import Change
from leadreport.words import STAGES

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
@settings(max_examples=15, deadline=None)
def test_a_stage_never_exceeds_the_one_before_and_what_stopped_there_is_the_difference(made):
    steps = funnel_steps(made)
    leads = steps["leads"].to_list()
    assert leads == sorted(leads, reverse=True)
    stopped = (steps["lost"] + steps["open"]).to_list()[:-1]
    assert stopped == [a - b for a, b in pairwise(leads)]


@given(companies())
@settings(max_examples=15, deadline=None)
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
@settings(max_examples=12, deadline=None)
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


def test_the_days_of_a_step_are_those_of_the_leads_that_took_it():
    """Two of four leads became MQLs, after 2 and 4 days; that one was lost after 6 days is no time to MQL."""
    made = facts(lead("a", 0, mql=2), lead("b", 0, mql=4), lead("c", 0), lead("d", 0, out=("lost", 6)))
    row = time_in_stage(made, as_of=day(8)).row(0, named=True)
    assert {name: row[name] for name in ("leads", "converted", "lost", "open", "negative")} == {
        "leads": 4,
        "converted": 2,
        "lost": 1,
        "open": 1,
        "negative": 0,
    }
    assert (row["q25_days"], row["median_days"], row["q75_days"]) == (2.5, 3.0, 3.5)


def test_a_step_that_no_lead_took_has_no_days():
    made = facts(lead("a", 0), lead("b", 0, out=("lost", 6)))
    assert time_in_stage(made, as_of=day(8)).row(0, named=True)["median_days"] is None


@given(companies())
@settings(max_examples=12, deadline=None)
def test_half_of_the_leads_that_took_a_step_took_it_within_the_median(made):
    taken = made.filter(pl.col("mql_at").is_not_null())
    days = (taken["mql_at"] - taken["created_at"]).dt.total_seconds() / 86_400
    median = time_in_stage(made, as_of=day(200)).row(0, named=True)["median_days"]
    assert median is None if taken.is_empty() else (days <= median).mean() >= 0.5 and (days >= median).mean() >= 0.5


def test_a_lead_that_sales_found_first_has_a_negative_time_that_is_shown():
    made = facts(lead("a", 0, mql=5, sal=3, sql=4), lead("b", 0, mql=1, sal=2))
    row = time_in_stage(made, as_of=day(8)).filter(from_stage="mql").row(0, named=True)
    assert (row["negative"], row["q25_days"], row["median_days"]) == (1, -1.25, -0.5)


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
    """`per_week` leads each week, all of them MQLs after a day and one in four an SQL after two."""
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
        "normal variation",
    )
    double = week_on_week(steady(16, last=45), as_of=day(112), policy=policy()).row(0, named=True)
    assert (double["value"], double["change"], double["verdict"], double["week"]) == (45.0, 25.0, "up", "2026-W17")


def test_rates_are_those_of_the_latest_final_cohort():
    found = week_on_week(steady(30), as_of=day(210), policy=policy())
    row = found.filter(name="mql_to_sql_rate").row(0, named=True)
    assert (row["value"], row["n"], row["verdict"]) == (0.25, 20 * row["weeks"], "normal variation")
    assert row["week_on"] + timedelta(days=7 + 44) <= day(210).date()


def twenty_weeks(*, late, weeks=20, since=16, **columns):
    """Twenty leads a week from search; `late` of them more each week from a week on, with columns of their own."""
    made = []
    for week in range(weeks):
        extra = [columns] * (late if week >= since else 0)
        for i, more in enumerate(
            [{"channel": "search", "campaign": f"c{i % 3}", "owner": "ann"} for i in range(20)] + extra
        ):
            made.append(lead(f"{week:02d}-{i:03d}", 7 * week, **more))
    return facts(*made)


def test_a_step_of_one_channel_names_the_channel_and_what_it_brought():
    made = twenty_weeks(late=40, channel="social", campaign="c1", owner="ann")
    row = week_on_week(made, as_of=day(140), policy=policy()).row(0, named=True)
    assert (row["changed_on"], row["cause"]) == (day(112).date(), "social: 0 → 40")


def test_a_step_of_one_campaign_in_a_channel_names_the_campaign():
    made = twenty_weeks(late=40, channel="search", campaign="launch", owner="ann")
    assert week_on_week(made, as_of=day(140), policy=policy())["cause"][0] == "launch: 0 → 40"


def test_a_step_of_all_groups_alike_names_none():
    made = []
    for week in range(20):
        for i in range(60 if week >= 16 else 20):
            made.append(lead(f"{week:02d}-{i:03d}", 7 * week, channel=f"k{i % 4}", owner=f"o{i % 2}"))
    row = week_on_week(facts(*made), as_of=day(140), policy=policy()).row(0, named=True)
    assert (row["verdict"], row["cause"]) == ("up", None)


def test_a_rate_that_falls_because_other_leads_come_names_the_mix():
    made = []
    for week in range(40):
        for i in range(60):
            weak = i < (45 if week >= 26 else 10)
            more = {} if weak and i % 5 else {"mql": 7 * week + 1}
            made.append(lead(f"{week:02d}-{i:03d}", 7 * week, channel="social" if weak else "search", **more))
    row = week_on_week(facts(*made), as_of=day(280), policy=policy()).filter(name="lead_to_mql_rate").row(0, named=True)
    assert row["verdict"] == "down"
    assert row["cause"] in ("social: 17% → 75% of the leads", "search: 83% → 25% of the leads")


def test_a_rate_that_falls_in_one_channel_names_the_channel():
    made = []
    for week in range(40):
        for i in range(60):
            is_lost = i % 2 == 0 and week >= 26 and i % 10
            more = {} if is_lost else {"mql": 7 * week + 1}
            made.append(
                lead(f"{week:02d}-{i:03d}", 7 * week, channel=("social", "search", "mail")[i % 2 + i % 3 // 2], **more)
            )
    row = week_on_week(facts(*made), as_of=day(280), policy=policy()).filter(name="lead_to_mql_rate").row(0, named=True)
    assert row["verdict"] == "down" and row["cause"].startswith("social: 100%")


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


def test_every_lead_stands_somewhere_and_the_old_ones_are_counted():
    made = facts(
        lead("new", 95),
        lead("old", 0),
        lead("mql", 90, mql=95),
        lead("back", 0, mql=1, out=("recycled", 90)),
        lead("gone", 0, mql=1, out=("lost", 40)),
        lead("won", 0, mql=1, sal=2, sql=3, opportunity=4, customer=50),
    )
    found = stage_stock(made, as_of=day(100), policy=policy())
    stock = {
        row["stage"]: (row["leads"], row["median_age_days"], row["over_horizon"]) for row in found.rows(named=True)
    }
    assert stock["lead"] == (2, 52.5, 1)
    assert stock["mql"] == (1, 5.0, 0)
    assert (stock["recycled"], stock["lost"], stock["customer"]) == ((1, 10.0, 0), (1, 60.0, 0), (1, 50.0, 0))
    assert found["leads"].sum() == made.height


def test_flow_in_is_flow_out_and_the_change_of_stock():
    made = facts(
        lead("before", 0, mql=3),
        lead("during", 8, mql=9, sal=10),
        lead("lost", 1, mql=2, out=("lost", 12)),
        lead("after", 20),
    )
    flow = stage_flow(made, period=Period(day(7).date(), day(14).date(), zone="UTC"))
    assert flow.rows()[:3] == [("lead", 0, 1, 1, 0, 0), ("mql", 2, 1, 1, 1, 1), ("sal", 0, 1, 0, 0, 1)]


@given(companies(), st.integers(1, 60), st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_the_closing_stock_of_a_period_is_the_opening_stock_of_the_next(made, start, length):
    days = [day(start + length * i).date() for i in range(3)]
    one, two = (stage_flow(made, period=Period(a, b, zone="UTC")) for a, b in pairwise(days))
    assert one["closing"].to_list() == two["opening"].to_list()
    assert (one["opening"] + one["entered"] - one["moved_on"] - one["lost"]).to_list() == one["closing"].to_list()
    assert min(one["closing"].to_list()) >= 0


def test_the_heatmap_shows_only_ages_that_every_lead_of_a_cohort_has_reached():
    made = facts(lead("a", 0, mql=3), lead("b", 6, mql=19), lead("c", 7))
    found = cohort_heatmap(made, from_stage="lead", to_stage="mql", as_of=day(21), policy=policy())
    assert found.select("cohort", "age", "leads", "converted", "converted_rate").rows() == [
        ("2026-W02", 1, 2, 1, 0.5),
        ("2026-W02", 2, 2, 2, 1.0),
        ("2026-W03", 1, 1, 0, 0.0),
    ]


def test_the_bottleneck_is_the_step_that_fell_not_the_step_that_is_low():
    """Half of the SALs used to become SQLs and now none does; one lead in five always became an MQL."""
    made = []
    for week in range(60):
        for i in range(20):
            created = 7 * week
            reached = {"mql": created + 1, "sal": created + 2} if i % 5 == 0 else {}
            if i % 10 == 0 and week < 35:
                reached |= dict.fromkeys(("sql", "opportunity", "customer"), created + 3)
            made.append(lead(f"{week:02d}-{i:02d}", created, **reached))
    found = bottleneck(facts(*made), as_of=day(420), policy=policy())
    assert found.select("from_stage", "verdict").row(0) == ("sal", "loses")
    top = found.row(0, named=True)
    assert (top["step_rate"], top["leads"], top["onward_rate"]) == (0.0, 52, 1.0)
    assert top["lost_customers"] == pytest.approx(52 * top["usual_rate"])
    assert found.filter(from_stage="lead").select("step_rate", "lost_customers").row(0) == (0.2, 0.0)


def test_without_a_history_no_bottleneck_is_named():
    found = bottleneck(facts(lead("a", 0, mql=1)), as_of=day(30), policy=policy())
    assert set(found["verdict"]) == {"too few to say"}


def test_lead_velocity_is_the_growth_between_windows_of_equal_length():
    sizes = [175, 200, 230]
    made = facts(*[lead(f"{w}-{i}", 28 * w, mql=28 * w) for w, n in enumerate(sizes) for i in range(n)])
    found = lead_velocity(made, as_of=day(84), policy=policy(), windows=3)
    assert found["leads"].to_list() == sizes
    assert [rate and round(rate, 4) for rate in found["velocity_rate"]] == [None, 0.1429, 0.15]


def flowing(weeks):
    """Seven leads a week, one a day, each an MQL after 3 days and an SQL after 10."""
    return facts(*[lead(f"{i:03d}", i, mql=i + 3, sal=i + 10, sql=i + 10) for i in range(7 * weeks)])


def test_open_leads_are_carried_on_at_the_pace_of_those_before_them():
    then = day(140)
    made = seen_at(flowing(30), then)
    found = forecast(made, to_stage="sql", as_of=then, policy=policy(), weeks=3)
    assert found["expected"].to_list() == pytest.approx([7.0, 7.0, 7.0])
    assert found.select("week", "days_ahead", "so_far_expected").row(2) == ("2026-W24", 21, pytest.approx(21.0))
    assert (found["low"] <= 7).all() and (found["high"] >= 7).all()


def test_a_forecast_shrinks_when_the_stock_dries_up():
    """No leads came in the last 60 days, so nobody is left to become an SQL."""
    found = forecast(seen_at(flowing(20), day(200)), to_stage="sql", as_of=day(200), policy=policy(), weeks=1)
    assert found["expected"][0] < 4


def test_earlier_forecasts_stand_beside_what_came():
    record = forecast_record(flowing(30), to_stage="sql", as_of=day(210), policy=policy(), weeks=2, runs=3)
    assert record["made_on"].to_list() == [day(d).date() for d in (182, 189, 196)]
    assert record["entered"].to_list() == [14, 14, 14]
    assert record["expected"].to_list() == pytest.approx([14.0] * 3) and record["is_inside"].all()


def test_the_past_shows_nothing_that_came_later():
    made = facts(lead("a", 0, mql=5, sal=9), lead("b", 8), lead("c", 0, mql=1, out=("lost", 9)))
    seen = seen_at(made, day(7))
    assert seen.select("lead_id", "is_mql", "is_sal", "stage").rows() == [
        ("a", True, False, "mql"),
        ("c", True, False, "mql"),
    ]


OLIST = Path(__file__).parents[2] / "shared" / "data" / "olist"


@pytest.mark.skipif(not OLIST.exists(), reason="the Olist files are not ours to ship")
def test_the_cohorts_of_olist_before_2018_are_left_truncated_not_bad():
    leads = pl.read_csv(OLIST / "olist_marketing_qualified_leads_dataset.csv", try_parse_dates=True)
    won = pl.read_csv(OLIST / "olist_closed_deals_dataset.csv", try_parse_dates=True).select("mql_id", "won_date")
    made = leads.join(won, on="mql_id", how="left").select(
        lead_id="mql_id",
        created_at=pl.col("first_contact_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        won_at=pl.col("won_date").dt.replace_time_zone("UTC"),
    )
    won_at = pl.col("won_at")
    made = made.with_columns(
        *[won_at.alias(f"{stage}_at") for stage in ("sal", "sql", "opportunity", "customer")],
        *[(won_at.is_not_null() & (stage != "customer")).alias(f"is_{stage}_imputed") for stage in STAGES[2:]],
        mql_at="created_at",
        is_mql_imputed=False,
        stage=pl.when(won_at.is_null()).then(pl.lit("mql")).otherwise(pl.lit("customer")),
        stage_at=pl.coalesce("won_at", "created_at"),
    )
    as_of = datetime(2018, 11, 15, tzinfo=UTC)
    step = {
        "from_stage": "mql",
        "to_stage": "customer",
        "policy": policy(horizons=policy().horizons | {"mql_to_customer": 90}),
    }
    found = cohort_conversion(made, every="month", as_of=as_of, **step)
    assert (found["leads"].sum(), found.select(pl.sum("converted", "late").sum()).sum_horizontal().item()) == (
        8000,
        842,
    )
    assert found.filter("is_truncated")["cohort"].to_list() == [f"2017-{month:02d}" for month in range(6, 13)]
    spring = found.filter(pl.col("cohort").is_in(["2018-03", "2018-04", "2018-05"]))
    assert spring["conversion_rate"].round(3).to_list() == [0.12, 0.126, 0.084]
    assert spring["km_rate"].to_list() == pytest.approx(spring["conversion_rate"].to_list())


def test_a_company_without_leads_has_a_report_without_numbers():
    nobody, at = facts(lead("a")).clear(), {"as_of": day(100), "policy": policy()}
    step = {"from_stage": "lead", "to_stage": "mql"}
    assert funnel_steps(nobody)["leads"].to_list() == [0] * 6
    assert cohort_conversion(nobody, **step, **at).is_empty()
    assert cohort_heatmap(nobody, **step, **at).is_empty()
    assert set(week_on_week(nobody, **at)["verdict"]) == {"too few to say"}
    assert set(bottleneck(nobody, **at)["verdict"]) == {"too few to say"}
    assert lead_velocity(nobody, **at)["velocity_rate"].null_count() == 6
    assert forecast(nobody, **at)["expected"].to_list() == [0.0] * 4
    assert time_in_stage(nobody, as_of=day(100))["median_days"].null_count() == 5
    assert stage_stock(nobody, **at)["leads"].sum() == 0
    assert not left_truncation(nobody, **at)["is_truncated"].any()


def test_the_horizon_of_the_record_stands_beside_that_of_the_policy():
    made = facts(*[lead(f"{i:02d}", 0, mql=i + 1) for i in range(40)], *[lead(f"no{i}", 0) for i in range(9)])
    row = learnt_horizons(made, as_of=day(200), policy=policy()).row(0, named=True)
    assert (row["horizon_days"], row["learnt_days"], row["within_rate"], row["conversions"]) == (30, 36.0, 0.75, 40)


def test_few_conversions_teach_no_horizon():
    found = learnt_horizons(facts(lead("a", 0, mql=3)), as_of=day(200), policy=policy())
    assert found["learnt_days"].null_count() == found.height


def within(days):
    """The startup preset, by which a lead has so many days to become an MQL."""
    return policy(horizons=policy().horizons | {"lead_to_mql": days})


RULES = {"as_of": day(42), "policy": within(21)}


def week_leads(*, late=0, sqls=(), merged=0):
    """Two leads a week for six weeks, so many late ones in week 3, SQLs by the day on which they came."""
    regular = [lead(f"r{i}", 7 * (i // 2), merged_leads=merged if i == 0 else 0) for i in range(12)]
    found = [lead(f"s{i}", 0, mql=on, sal=on, sql=on, merged_leads=0) for i, on in enumerate(sqls)]
    return facts(*regular, *found, *[lead(f"late{i}", 14, merged_leads=0) for i in range(late)])


def test_a_report_publishes_every_headline_of_every_complete_week():
    numbers = published_numbers(week_leads(sqls=[8]), weeks=6, **RULES)
    sqls = numbers.filter(name="sqls")
    assert sqls["week"].to_list() == [f"2026-W0{week}" for week in range(2, 8)]
    assert sqls["value"].to_list() == [0, 1, 0, 0, 0, 0]
    assert numbers.filter(name="lead_to_mql_rate", week="2026-W02").select("value", "n").row(0) == (
        pytest.approx(1 / 3),
        3,
    )
    assert numbers["policy_version"].unique().to_list() == [RULES["policy"].version]


def test_late_rows_restate_the_weeks_they_belong_to_and_no_other():
    before = published_numbers(week_leads(), **{**RULES, "as_of": day(35)})
    now = published_numbers(week_leads(late=3), **RULES)
    changed = restated(before, now)
    assert changed.filter(name="leads").rows() == [("leads", "2026-W04", 2.0, 5.0, 3.0, "late or changed rows")]
    assert restated(before, before).is_empty()


def test_a_week_that_was_not_published_is_not_restated():
    before = published_numbers(week_leads(), **{**RULES, "as_of": day(35)})
    now = published_numbers(week_leads(), **RULES)
    assert "2026-W07" in now["week"].to_list()
    assert restated(before, now).is_empty()


def test_leads_that_were_merged_since_are_told_from_late_rows():
    before = published_numbers(week_leads(late=2), **RULES)
    now = published_numbers(week_leads(late=1, merged=1), **RULES)
    assert restated(before, now).filter(name="leads")["why"].to_list() == ["merged leads"]


def test_a_new_definition_is_named_but_does_not_make_leads_come_in():
    before = published_numbers(week_leads(sqls=[8, 30]), **RULES)
    now = published_numbers(week_leads(late=1, sqls=[8, 30]), as_of=day(42), policy=within(35))
    changed = restated(before, now)
    assert set(changed.filter(name="lead_to_mql_rate")["why"]) == {"new definition"}
    assert changed.filter(name="lead_to_mql_rate", week="2026-W03").select("published", "now").row(0) == (0.0, None)
    assert changed.filter(name="leads")["why"].to_list() == ["late or changed rows"]


def test_leads_older_than_a_year_are_not_forecast_to_move_on():
    """Ten of a hundred moved on after 370 days; that is no chance of one in ten on each further day."""
    old = facts(*[lead(f"a{i}", mql=370) for i in range(10)], *[lead(f"b{i}") for i in range(90)])
    assert forecast(old, to_stage="mql", as_of=day(500), policy=policy())["so_far_expected"].to_list() == [0.0] * 4


def test_a_forecast_does_not_learn_from_leads_whose_conversions_were_not_recorded():
    """Half of the leads convert on the next day, but nothing was recorded before day 70: 7 a week are to come."""
    early = [lead(f"e{i:03d}", i // 2) for i in range(140)]
    since = [lead(f"s{i:03d}", 70 + i // 2, **({"mql": 71 + i // 2} if i % 2 else {})) for i in range(140)]
    told = forecast(facts(*early, *since), to_stage="mql", as_of=day(140), policy=policy(), weeks=2)
    assert told["expected"].to_list() == pytest.approx([7, 7], abs=0.5)
