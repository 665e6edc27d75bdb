"""What is left of an open lead's close rate: by age, stage and silence, on made-up leads whose truth is known."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from leadreport.facts import is_closed, is_mature
from leadreport.policy import parse_policy, preset_text
from leadreport.scoring import mature_leads, training_leads
from leadreport.scoring.rate_left import covered_leads, learn_rate_left, open_states, with_rate_left
from leadreport.words import CLASSES

POLICY = parse_policy(preset_text("startup"))
HORIZON = POLICY.horizon_days("lead", "customer")
NOW = datetime(2026, 11, 16, tzinfo=UTC)
RATE, LAG = 0.2, 30.0
NO_ACTIVITIES = pl.DataFrame(schema={"lead_id": pl.String, "by": pl.String, "happened_at": pl.Datetime("us", "UTC")})


def company(leads: int, *, seed: int = 1, days: int = 500, recorded_since: float = 1e9) -> pl.DataFrame:
    """Every fifth lead buys, after 30 days on average; wins more than so many days ago are not on record."""
    rng = np.random.default_rng(seed)
    ago = rng.uniform(0, days, leads)
    bought_ago = np.where(rng.random(leads) < RATE, ago - rng.exponential(LAG, leads), np.nan)
    is_seen = (bought_ago > 0) & (bought_ago < recorded_since)
    at = NOW - pl.duration(microseconds=(pl.col("ago") * 86_400e6).cast(pl.Int64))
    bought_at = NOW - pl.duration(microseconds=(pl.col("bought_ago") * 86_400e6).cast(pl.Int64))
    no_instant = pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    later = [f"{stage}_at" for stage in CLASSES if stage not in ("lead", "customer")]
    return pl.DataFrame({"ago": ago, "bought_ago": np.where(is_seen, bought_ago, np.nan)}).with_columns(
        pl.col("bought_ago").fill_nan(None)
    ).with_row_index("number").select(
        pl.format("{}", "number").alias("lead_id"), "ago", created_at=at, customer_at=bought_at,
        is_customer=pl.col("bought_ago").is_not_null(), channel=pl.lit("form"), source=pl.lit("form"),
        stage=pl.when(pl.col("bought_ago").is_not_null()).then(pl.lit("customer")).otherwise(pl.lit("lead")),
        won_amount=pl.when(pl.col("bought_ago").is_not_null()).then(1000.0),
        open_amount=pl.lit(None, dtype=pl.Float64), **dict.fromkeys(later, no_instant),
    )  # fmt: skip


def left_of(facts: pl.DataFrame) -> pl.DataFrame:
    learnt = learn_rate_left(facts, NO_ACTIVITIES, policy=POLICY, as_of=NOW)
    return with_rate_left(facts, NO_ACTIVITIES, learnt=learnt, policy=POLICY, as_of=NOW)


@pytest.fixture(scope="module")
def left() -> pl.DataFrame:
    return left_of(company(8_000))


@pytest.mark.parametrize("age", [5, 25, 50, 90])
def test_what_is_left_is_the_chance_of_a_lead_that_has_not_closed_by_its_age(left, age):
    still = RATE * np.exp(-age / LAG)
    truth = still / (still + 1 - RATE)
    near = left.filter(~is_closed(), pl.col("ago").is_between(age - 5, age + 5))
    assert near["close_rate_left"].mean() == pytest.approx(truth, rel=0.25, abs=0.004)


def test_past_the_horizon_next_to_nothing_is_left(left):
    old = left.filter(~is_closed(), pl.col("ago") > HORIZON)
    assert old["close_rate_left"].max() < 0.02 * RATE


def test_a_lead_that_is_closed_has_nothing_left_and_money_is_rate_times_amount(left):
    assert left.filter(is_closed())["close_rate_left"].null_count() == left.filter(is_closed()).height
    open_leads = left.filter(~is_closed())
    amounts = (open_leads["close_rate_left"] * 1000 - open_leads["expected_won_amount"]).abs()
    assert amounts.max() < 1  # the average won amount is 1,000


def test_a_later_stage_leaves_more():
    facts = company(4_000, seed=2)
    day = timedelta(days=1)
    deal_at = pl.when("is_customer").then(pl.max_horizontal("created_at", pl.col("customer_at") - 20 * day))
    deal_at = deal_at.when(pl.col("number") % 20 == 0).then(pl.col("created_at") + 10 * day)
    facts = facts.with_columns(number=pl.col("lead_id").cast(pl.Int64)).with_columns(opportunity_at=deal_at)
    found = left_of(facts).filter(~is_closed(), pl.col("ago").is_between(12, 30))
    deals, others = (found.filter(pl.col("opportunity_at").is_null() == is_other) for is_other in (False, True))
    assert deals["close_rate_left"].min() > 3 * others["close_rate_left"].max()


@pytest.mark.parametrize(("customers", "is_known"), [(10, True), (9, False)])
def test_ten_customers_are_enough_to_learn_from(customers, is_known):
    facts = company(400, seed=3)
    mature = is_mature(policy=POLICY, as_of=NOW)
    few = pl.concat([facts.filter("is_customer", mature).head(customers), facts.filter(~pl.col("is_customer"))])
    assert (left_of(few)["close_rate_left"].null_count() < few.height) == is_known


def test_leads_from_before_the_record_of_customers_do_not_train():
    facts = company(3_000, seed=4, recorded_since=100)
    covered = covered_leads(facts, as_of=NOW)
    assert 95 < covered["ago"].max() <= 100
    assert mature_leads(facts, policy=POLICY, as_of=NOW).height > 2_000
    assert training_leads(facts, policy=POLICY, as_of=NOW).equals(covered)  # none of them is mature
    assert covered_leads(company(3_000, seed=4), as_of=NOW).height == 3_000


def test_young_leads_teach_what_is_left_when_the_record_is_too_short():
    facts = company(20_000, seed=5, recorded_since=100)
    found = left_of(facts).filter(~is_closed(), pl.col("ago") < 10)
    truth = RATE * np.exp(-5 / LAG) / (RATE * np.exp(-5 / LAG) + 1 - RATE)
    assert found["close_rate_left"].mean() == pytest.approx(truth, rel=0.2)


def test_customers_that_came_lie_in_the_interval_of_those_expected():
    held = 0
    for seed in range(20):
        facts = company(1_500, seed=100 + seed)
        learnt = learn_rate_left(facts, NO_ACTIVITIES, policy=POLICY, as_of=NOW)
        states = open_states(facts, NO_ACTIVITIES, policy=POLICY, as_of=NOW)
        _, low, high = learnt.customers(states)
        still = RATE * np.exp(-facts.filter(~is_closed())["ago"].to_numpy() / LAG)
        came = (np.random.default_rng(seed).random(len(still)) < still / (still + 1 - RATE)).sum()
        held += low <= came <= high
    assert held >= 17
