"""What the funnel page claims, held against companies whose truth is known: like with like, or nothing."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from made_facts import day, facts, lead, policy
from simulated import AS_OF, CHANNELS, Company, as_seen, draw_company, journeys
from test_funnel import companies

from leadreport.funnel import bottleneck, cohort_conversion, cohort_status, forecast, losing_steps, recent_mix
from leadreport.funnel.bottleneck import matched_difference
from leadreport.funnel.forecast import current_level
from leadreport.policy.sections import Change
from leadreport.rates import kaplan_meier

TO_MQL = {"from_stage": "lead", "to_stage": "mql"}
STEADY = Company(
    leads_a_week=150.0,
    unevenness=0.1,
    odds=np.zeros((len(CHANNELS), 5)) + np.array([[0.8], [0.4], [0.0], [-0.4], [-0.8]]),
    lag_days=np.array([2.0, 1.0, 6.0, 4.0, 12.0]),
    drift=1.0,
)


def mixes(before, after):
    """Two frames of leads by mix from (mix, leads, conversions)."""
    frames = []
    for rows in (before, after):
        leads = [(mix, i < won) for mix, n, won in rows for i in range(n)]
        frames.append(pl.DataFrame(leads, schema={"mix": pl.String, "converted": pl.Boolean}, orient="row"))
    return frames


def test_a_shift_of_the_mix_alone_is_no_difference():
    """Half of a and a tenth of b converted before and after; only the shares changed."""
    difference, error = matched_difference(*mixes([("a", 100, 50), ("b", 20, 2)], [("a", 20, 10), ("b", 100, 10)]))
    assert difference == pytest.approx(0.0) and 0.05 < error < 0.12


def test_a_fall_within_every_mix_is_found_behind_a_better_mix():
    """Each mix lost 10 points while the share of the better one grew: 30 % before, 37 % after."""
    difference, _ = matched_difference(*mixes([("a", 100, 50), ("b", 100, 10)], [("a", 180, 72), ("b", 20, 0)]))
    assert difference == pytest.approx(0.1)


def test_a_mix_on_one_side_only_is_compared_with_nothing():
    difference, error = matched_difference(*mixes([("a", 10, 5)], [("b", 10, 0)]))
    assert (difference, error) == (0.0, float("inf"))


@pytest.mark.parametrize("changed_week", [None, 40])
def test_neither_a_drifting_mix_nor_a_dated_definition_makes_a_step_lose(changed_week):
    rng = np.random.default_rng(7)
    for _ in range(4):
        company = draw_company(rng, changed_week=changed_week)
        found = bottleneck(as_seen(journeys(company, rng)), as_of=AS_OF, policy=company.policy)
        assert losing_steps(found).is_empty()


def test_a_step_that_does_get_worse_is_named_and_no_other():
    worse = replace(STEADY, planted={2: -0.8})
    seen = as_seen(journeys(worse, np.random.default_rng(1)))
    assert losing_steps(bottleneck(seen, as_of=AS_OF, policy=worse.policy))["from_stage"].to_list() == ["sal"]


def weekly(rates, *, changed=None, to=0):
    """Ten leads a week of which so many became MQLs next day, and a policy that changed on a day."""
    made = []
    for week, won in enumerate(rates):
        made += [lead(f"{week:02d}-{i}", 7 * week, **({"mql": 7 * week + 1} if i < won else {})) for i in range(10)]
    agreed = policy(changes=[Change(on=day(changed).date(), note="stricter")] if changed is not None else [])
    return facts(*made), {"as_of": day(7 * len(rates) + 35 + to), "policy": agreed}


@pytest.mark.parametrize(("before", "verdict"), [(8, "loses"), (7, "too few to say")])
def test_a_step_is_judged_from_eight_weeks_before_on(before, verdict):
    made, now = weekly([9] * before + [3] * before)
    assert bottleneck(made, **now).filter(from_stage="lead")["verdict"].item() == verdict


@pytest.mark.parametrize(("changed", "verdict"), [(None, "loses"), (7 * 20, "normal variation")])
def test_rates_from_before_a_change_of_definition_are_not_compared(changed, verdict):
    """Nine of ten until week 20, three of ten since: a loss, unless that is when the definition changed."""
    made, now = weekly([9] * 20 + [3] * 20, changed=changed)
    assert bottleneck(made, **now).filter(from_stage="lead")["verdict"].item() == verdict


def test_the_mix_is_split_within_one_definition():
    made, now = weekly([9] * 20 + [3] * 12, changed=7 * 20)
    split = recent_mix(made, by="channel", **now)
    assert split.select("leads_before", "leads_after", "rate_before", "rate_after").row(0) == (40, 80, 0.3, 0.3)


@given(companies())
@settings(max_examples=15, deadline=None)
def test_an_estimate_never_lies_below_what_has_already_happened(made):
    found = cohort_conversion(made, **TO_MQL, as_of=day(80), policy=policy()).filter(pl.col("leads") > 0)
    so_far = pl.col("converted") / pl.col("leads")
    assert found.filter(pl.col("km_rate") < so_far - 1e-9).is_empty()
    assert found.filter(pl.col("km_days") > pl.col("horizon_days")).is_empty()
    assert found.filter(pl.col("expected_rate") < so_far - 1e-9).is_empty()


def test_no_conversion_yet_is_worth_the_days_that_leads_were_watched():
    """Ten leads watched for 1 to 10 days are 5.5 leads watched for 10 days; the oldest alone is not all there is."""
    curve = kaplan_meier(list(range(1, 11)), [False] * 10)
    assert curve["high"][-1] == pytest.approx(3.8415 / (5.5 + 3.8415), abs=1e-4)


def two_channels(young_channel, converted, young=40):
    """Sixteen weeks of ten leads each of fairs (half convert after 4 days) and lists (a tenth), then a young week."""
    made = []
    for week in range(16):
        for i in range(20):
            won = i < 5 if i < 10 else i == 10
            channel = "fair" if i < 10 else "list"
            made.append(lead(f"{week}-{i}", 7 * week, channel=channel, **({"mql": 7 * week + 4} if won else {})))
    start = 7 * 20
    for i in range(young):
        made.append(lead(f"new{i}", start, channel=young_channel, **({"mql": start + 4} if i < converted else {})))
    return cohort_conversion(facts(*made), **TO_MQL, as_of=day(start + 7), policy=policy()).row(-1, named=True)


@pytest.mark.parametrize(("channel", "usual"), [("fair", 0.5), ("list", 0.1), ("never seen", 0.3)])
def test_a_young_cohort_is_expected_to_do_what_its_own_mix_did(channel, usual):
    row = two_channels(channel, 40 * usual)
    assert row["usual_rate"] == pytest.approx(usual, abs=0.03)
    assert row["expected_rate"] == pytest.approx(usual, abs=0.03)
    assert row["verdict"] == "normal variation" or row["usual_low"] == 0


def test_a_young_cohort_speaks_just_outside_the_limits_and_not_on_them():
    found = [two_channels("fair", converted) for converted in range(4, 34)]
    for row in found:
        so_far = row["converted"] / row["leads"]
        said = "down" if so_far < row["usual_low"] - 1e-9 else "up" if so_far > row["usual_high"] + 1e-9 else None
        assert row["verdict"] == (said or "normal variation")
    verdicts = [row["verdict"] for row in found]
    assert verdicts == sorted(verdicts, key=["down", "normal variation", "up"].index)
    assert {"down", "normal variation", "up"} == set(verdicts)


def test_the_status_names_the_young_cohorts_that_differ():
    cohorts = pl.DataFrame(
        {
            "cohort": ["2026-08", "2026-09", "2026-10"],
            "is_final": [True, False, False],
            "open": [3, 20, 30],
            "verdict": [None, "down", "normal variation"],
            "conversion_rate": [0.2, None, None],
            "low": [0.1, None, None],
            "high": [0.3, None, None],
        }
    )
    row = cohort_status(cohorts).row(0, named=True)
    assert (row["young_cohorts"], row["open"], row["behind"], row["ahead"], row["cohort"]) == (
        2,
        50,
        "2026-09",
        None,
        "2026-08",
    )


@pytest.mark.parametrize(("latest", "level"), [([60, 60], 60.0), ([14, 14], 10 + 8 / 13)])
def test_new_leads_come_as_since_their_number_stepped(latest, level):
    assert current_level(np.array([10] * 30 + latest)) == pytest.approx(level)


def test_steady_numbers_seldom_look_stepped():
    rng = np.random.default_rng(3)
    series = rng.poisson(rng.uniform(3, 60, (1_000, 1)), (1_000, 13))
    assert np.mean([current_level(each) != each.mean() for each in series]) < 0.02


def test_a_forecast_follows_its_own_mix():
    """Lists bring no MQL. Since they doubled the leads, fairs still bring seven MQLs a week."""
    fairs = [lead(f"f{i}", i, channel="fair", mql=i + 2) for i in range(140)]
    lists = [lead(f"l{i}", i, channel="list") for i in range(140) if i % 2 or i > 112]
    then = day(140)
    seen = facts(*fairs, *lists).with_columns(mql_at=pl.when(pl.col("mql_at") < then).then("mql_at"))
    seen = seen.with_columns(is_mql=pl.col("mql_at").is_not_null())
    ahead = forecast(seen, to_stage="mql", as_of=then, policy=policy(), weeks=2)
    assert ahead["expected"].to_list() == pytest.approx([7.0, 7.0], abs=0.3)


def test_forecasts_cover_what_comes_while_the_mix_drifts():
    """Five companies, two stages each: of 10 intervals of 95 % at most two miss."""
    rng = np.random.default_rng(11)
    missed = 0
    for _ in range(5):
        company = draw_company(rng)
        made = journeys(company, rng)
        for stage in ("mql", "sql"):
            told = forecast(as_seen(made), to_stage=stage, as_of=AS_OF, policy=company.policy).row(-1, named=True)
            came = made.filter(
                pl.col(f"{stage}_at").is_between(AS_OF, AS_OF + timedelta(weeks=4), closed="left")
            ).height
            missed += not told["so_far_low"] <= came <= told["so_far_high"]
    assert missed <= 2


def test_where_leads_have_scores_their_third_is_part_of_the_mix():
    """High scores all convert, the rest never: young leads with high scores are expected to."""
    old = [lead(f"{i}", i // 3, score=i % 3 * 40.0, **({"mql": i // 3 + 4} if i % 3 == 2 else {})) for i in range(270)]
    young = [lead(f"new{i}", 98, score=80.0) for i in range(9)]
    row = cohort_conversion(facts(*old, *young), **TO_MQL, as_of=day(100), policy=policy()).row(-1, named=True)
    assert (row["leads"], row["expected_rate"]) == (9, pytest.approx(1.0, abs=0.1))
