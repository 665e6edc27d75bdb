from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_facts import START, day, facts, lead, policy
from scipy.stats import gamma

from leadreport.clock import Period
from leadreport.cost import (
    arrival_ages,
    attribute_credit,
    budget_advice,
    channels_above_value,
    cohort_period,
    cost_change,
    cost_per_sql,
    credit_by_model,
    in_currency,
    lead_value,
    model_gaps,
    move_budget,
    named_touches,
    pipeline_coverage,
    sales_velocity,
    spend_lag,
    unassigned,
    with_total,
)
from leadreport.errors import InputError
from leadreport.policy.sections import Cost

MEDIA = policy(cost=Cost(basis="media"))


def spent(*rows):
    """Spend as (day, channel, department, amount)."""
    return pl.DataFrame(
        [
            (START.date() + timedelta(days=d), channel, None, department, amount, "EUR")
            for d, channel, department, amount in rows
        ],
        schema={
            "spent_on": pl.Date,
            "channel": pl.String,
            "campaign": pl.String,
            "department": pl.String,
            "amount": pl.Float64,
            "currency": pl.String,
        },
        orient="row",
    )


def leads(n, channel=None, *, mqls=0, sqls=0, customers=0, amount=None, created=0):
    """So many leads of a channel, of which the first became MQLs, the first of these SQLs, and so on."""
    made = []
    for i in range(n):
        reached = {}
        reached |= {"mql": created + 1} if i < max(mqls, sqls, customers) else {}
        reached |= {"sal": created + 2, "sql": created + 2} if i < max(sqls, customers) else {}
        won = {"opportunity": created + 3, "customer": created + 3, "won_amount": amount} if i < customers else {}
        made.append(lead(f"{channel}{created}-{i:03d}", created, channel=channel, **reached, **won))
    return made


def test_fifteen_thousand_for_three_hundred_leads_and_thirty_six_sqls():
    made = facts(*leads(300, mqls=90, sqls=36))
    row = cost_per_sql(made, spent((0, None, "marketing", 15_000.0)), policy=MEDIA).row(0, named=True)
    costs = [round(row[name], 2) for name in ("cost_per_lead", "cost_per_mql", "cost_per_sql")]
    assert costs == [50.00, 166.67, 416.67]
    assert row["cost_per_customer"] is None


def test_the_cheaper_lead_is_the_more_expensive_sql_and_the_total_is_a_ratio_of_sums():
    made = facts(*leads(200, "A", sqls=20), *leads(50, "B", sqls=30))
    spend = spent((0, "A", "marketing", 30_000.0), (0, "B", "marketing", 30_000.0))
    found = cost_per_sql(made, spend, by="channel", policy=MEDIA)
    assert found.select("channel", "cost_per_lead", "cost_per_sql").rows() == [
        ("A", 150.0, 1500.0),
        ("B", 600.0, 1000.0),
    ]
    assert cost_per_sql(made, spend, policy=MEDIA)["cost_per_sql"].to_list() == [1200.0]


def test_no_sql_has_no_cost_and_still_shows_the_spend():
    row = cost_per_sql(facts(*leads(5)), spent((0, None, "marketing", 700.0)), policy=MEDIA).row(0, named=True)
    assert (row["sqls"], row["spend"], row["cost_per_sql"], row["cost_per_sql_high"]) == (0, 700.0, None, None)
    assert row["cost_per_sql_low"] == pytest.approx(700 / 3.6889, rel=1e-4)


def test_the_interval_of_a_cost_is_that_of_its_count():
    """Jeffreys' interval of 10: the quantiles of a gamma distribution with shape 10.5."""
    made = facts(*leads(10, sqls=10))
    row = cost_per_sql(made, spent((0, None, "marketing", 1000.0)), policy=MEDIA).row(0, named=True)
    assert (row["cost_per_sql_low"], row["cost_per_sql_high"]) == pytest.approx(
        (1000 / gamma.ppf(0.975, 10.5), 1000 / gamma.ppf(0.025, 10.5))
    )


def in_weeks(counts):
    """So many SQLs in each week, on its first day."""
    return facts(*[row for week, n in enumerate(counts) for row in leads(n, sqls=n, created=7 * week - 2)])


def width(counts):
    """The width of the interval of the SQLs of 12 weeks, over that of chance alone."""
    spend = spent((0, None, "marketing", 1000.0))
    row = cost_per_sql(in_weeks(counts), spend, policy=MEDIA, as_of=day(7 * len(counts))).row(0, named=True)
    chance = gamma.ppf(0.975, sum(counts) + 0.5) - gamma.ppf(0.025, sum(counts) + 0.5)
    return (1000 / row["cost_per_sql_low"] - 1000 / row["cost_per_sql_high"]) / chance


def test_the_interval_is_wider_where_weeks_are_uneven_and_never_narrower_than_chance():
    """10 and 0 in turn: each pair is (10 - 0)^2 / 10 = 10 times as uneven as chance; t of 22/3 degrees is 2.34."""
    assert width([5] * 12) == pytest.approx(1)
    assert width([10, 0] * 6) == pytest.approx((10 * (2.343 / 1.96) ** 2) ** 0.5, rel=0.07)


def test_a_lasting_step_makes_weeks_hardly_uneven():
    assert width([5] * 6 + [10] * 6) == pytest.approx(1)


def test_of_fewer_than_eight_weeks_the_interval_is_that_of_chance():
    assert width([10, 0] * 4) > 2 and width([10, 0] * 3 + [10]) == pytest.approx(1)


def test_of_the_sqls_those_by_the_signed_criteria_are_counted_beside_the_crms():
    made = facts(*leads(5, sqls=3)).with_columns(
        meets_mql=pl.Series([True, True, False, True, True]), meets_sql=pl.Series([True, None, True, True, True])
    )
    spend = spent((0, None, "marketing", 300.0), (0, "fairs", "marketing", 1.0))
    found = cost_per_sql(made, spend, by="channel", policy=MEDIA)
    assert found.select("channel", "sqls", "signed_sqls", "cost_per_signed_sql").rows() == [
        ("fairs", 0, None, None),
        ("unknown", 3, 1, 300.0),
    ]
    unjudged = cost_per_sql(made.drop("meets_sql"), spend, policy=MEDIA)
    assert unjudged.select("sqls", "signed_sqls", "cost_per_signed_sql").row(0) == (3, None, None)


def test_spend_and_leads_that_name_no_channel_are_a_row():
    made = facts(*leads(4, "A", sqls=2), *leads(3, sqls=1))
    spend = spent((0, "A", "marketing", 100.0), (0, None, "marketing", 60.0), (0, "B", "marketing", 40.0))
    found = cost_per_sql(made, spend, by="channel", policy=MEDIA)
    assert found.select("channel", "leads", "sqls", "spend", "cost_per_sql").rows() == [
        ("A", 4, 2, 100.0, 50.0),
        ("B", 0, 0, 40.0, None),
        ("unknown", 3, 1, 60.0, 60.0),
    ]


def test_loaded_cost_spreads_sales_over_the_channels_by_their_sqls():
    made = facts(*leads(9, "A", sqls=2), *leads(9, "B", sqls=1))
    spend = spent((0, "A", "marketing", 60.0), (0, None, "sales", 100.0), (0, "B", "sales", 5.0))
    found = cost_per_sql(made, spend, by="channel", policy=policy())
    assert found.select("channel", "sales_spend", "spread_spend", "spend").rows() == [
        ("A", 66.66, 66.66, 126.66),
        ("B", 38.34, 33.34, 38.34),
        ("unknown", 0.0, 0.0, 0.0),
    ]
    assert set(found["cost_basis"]) == {"loaded"}


@pytest.mark.parametrize(
    ("spread", "spend_of_sales"), [("sqls", [100.0, 0.0]), ("mqls", [50.0, 50.0]), ("leads", [25.0, 75.0])]
)
def test_sales_spend_is_spread_by_the_count_that_is_asked_for(spread, spend_of_sales):
    made = facts(*leads(1, "A", sqls=1), *leads(3, "B", mqls=1))
    found = cost_per_sql(made, spent((0, None, "sales", 100.0)), by="channel", policy=policy(), spread=spread)
    assert found["sales_spend"].to_list() == [*spend_of_sales, 0.0]
    assert found["spread_spend"].to_list() == [*spend_of_sales, 0.0]


def test_sales_spend_that_nothing_can_be_spread_by_stays_where_it_is():
    made = facts(*leads(2, "A"), *leads(1))
    found = cost_per_sql(made, spent((0, None, "sales", 100.0)), by="channel", policy=policy())
    assert found.select("channel", "sales_spend", "spread_spend").rows() == [("A", 0.0, 0.0), ("unknown", 100.0, 0.0)]


def test_a_way_to_spread_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="'sqsl' is no way to spread sales spend") as error:
        cost_per_sql(facts(lead("a")), spent(), policy=MEDIA, spread="sqsl")
    assert "did you mean 'sqls'?" in str(error.value)


def test_sales_spend_that_is_not_spread_stays_unattributed():
    made = facts(*leads(9, "A", sqls=2))
    spend = spent((0, None, "sales", 100.0))
    found = cost_per_sql(made, spend, by="channel", policy=policy(), spread="none")
    assert found.select("channel", "sales_spend", "cost_per_sql").rows() == [("A", 0.0, 0.0), ("unknown", 100.0, None)]


def test_media_cost_leaves_sales_out_and_says_so():
    found = cost_per_sql(facts(*leads(2, sqls=2)), spent((0, None, "sales", 100.0)), policy=MEDIA)
    assert found.select("sales_spend", "spend", "cost_per_sql", "cost_basis").row(0) == (100.0, 0.0, 0.0, "media")


def test_a_period_counts_entries_and_spend_of_the_same_days():
    made = facts(*leads(3, sqls=3, created=4), *leads(2, sqls=2, created=8))
    spend = spent((6, None, "marketing", 10.0), (7, None, "marketing", 100.0), (13, None, "marketing", 1.0))
    week = Period(day(7).date(), day(14).date(), zone="UTC")
    row = cost_per_sql(made, spend, period=week, policy=MEDIA).row(0, named=True)
    assert (row["leads"], row["sqls"], row["spend"]) == (2, 2, 101.0)


def test_cohort_cost_sets_spend_over_what_the_leads_of_the_same_days_became():
    made = facts(*leads(3, sqls=2, created=4), *leads(4, sqls=4, created=30))
    spend = spent((4, None, "marketing", 100.0), (30, None, "marketing", 900.0))
    row = cost_per_sql(made, spend, basis="cohort", policy=MEDIA, as_of=day(4 + 75)).row(0, named=True)
    assert (row["leads"], row["sqls"], row["spend"], row["cost_per_sql"]) == (3, 2, 100.0, 50.0)
    assert row["cost_per_customer"] is None


def test_a_cohort_ends_where_its_youngest_lead_has_had_its_time():
    """74 days from lead to SQL, 120 to customer: at day 80 the leads of day 5 are in, those of day 6 are not."""
    assert (MEDIA.horizon_days("lead", "sql"), MEDIA.horizon_days("lead", "customer")) == (74, 120)
    made = facts(*leads(2, sqls=1, created=5), *leads(4, sqls=4, created=6))
    spend = spent((5, None, "marketing", 10.0), (6, None, "marketing", 90.0))
    row = cost_per_sql(made, spend, basis="cohort", policy=MEDIA, as_of=day(80)).row(0, named=True)
    assert (row["leads"], row["sqls"], row["spend"]) == (2, 1, 10.0)
    early = Period(day(0).date(), day(3).date(), zone="UTC")
    row = cost_per_sql(made, spend, basis="cohort", period=early, policy=MEDIA, as_of=day(80)).row(0, named=True)
    assert (row["leads"], row["spend"]) == (0, 0.0)


def test_a_cohort_has_a_cost_per_customer_once_all_of_it_is_old_enough_for_customers():
    made, spend = facts(*leads(4, customers=2, amount=1.0)), spent((0, None, "marketing", 100.0))
    days = Period(day(0).date(), day(2).date(), zone="UTC")
    costs = [
        cost_per_sql(made, spend, basis="cohort", period=days, policy=MEDIA, as_of=day(n))["cost_per_customer"].item()
        for n in (121, 122)
    ]
    assert costs == [None, 50.0]


def test_a_conversion_on_the_last_day_of_the_horizon_counts_and_a_day_later_it_does_not():
    made = facts(lead("in", 0, mql=1, sal=74, sql=74), lead("late", 0, mql=1, sal=75, sql=75))
    row = cost_per_sql(made, spent(), basis="cohort", policy=MEDIA, as_of=day(300)).row(0, named=True)
    assert (row["leads"], row["sqls"]) == (2, 1)


def test_the_cohort_of_a_period_is_whole_lengths_back_so_that_its_leads_are_old_enough():
    """74 days are the horizon: of 37 days two lengths back, of 36 days three."""
    start = day(0).date()
    for length, lengths_back in ((37, 2), (36, 3), (74, 1), (80, 1)):
        period = Period(start, start + timedelta(days=length), zone="UTC")
        assert cohort_period(period, policy=MEDIA) == period.shifted(-lengths_back)


def test_nothing_of_the_day_of_as_of_counts():
    made = facts(*leads(2, created=6), *leads(3, created=7))
    spend = spent((6, None, "marketing", 10.0), (7, None, "marketing", 100.0))
    row = cost_per_sql(made, spend, policy=MEDIA, as_of=day(7)).row(0, named=True)
    assert (row["leads"], row["spend"]) == (2, 10.0)
    week = Period(day(0).date(), day(14).date(), zone="UTC")
    row = cost_per_sql(made, spend, period=week, policy=MEDIA, as_of=day(7)).row(0, named=True)
    assert (row["leads"], row["spend"]) == (2, 10.0)


def test_a_basis_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="'cohrt' is not a basis of costs"):
        cost_per_sql(facts(lead("a")), spent(), basis="cohrt", policy=MEDIA)


def test_an_sql_after_the_horizon_does_not_count_for_its_cohort():
    made = facts(lead("slow", 0, mql=1, sal=80, sql=80))
    row = cost_per_sql(made, spent(), basis="cohort", policy=MEDIA, as_of=day(200)).row(0, named=True)
    assert (row["mqls"], row["sqls"]) == (1, 0)


def test_costs_of_cohorts_need_to_know_as_of_when():
    with pytest.raises(InputError, match="need as_of"):
        cost_per_sql(facts(lead("a")), spent(), basis="cohort", policy=MEDIA)


def test_a_mix_of_currencies_names_each_with_its_rows():
    mixed = spent((0, "A", "marketing", 1.0), (1, "A", "marketing", 1.0)).with_columns(
        currency=pl.Series(["EUR", "USD"])
    )
    with pytest.raises(InputError, match="spend mixes currencies") as error:
        cost_per_sql(facts(lead("a")), mixed, policy=MEDIA)
    assert error.value.found == "1 row in EUR, 1 row in USD"


def test_spend_in_another_currency_than_the_policys_is_refused():
    dollars = spent((0, "A", "marketing", 1.0)).with_columns(currency=pl.lit("USD"))
    with pytest.raises(InputError, match="spend is not in EUR"):
        cost_per_sql(facts(lead("a")), dollars, policy=MEDIA)


def test_each_row_is_converted_at_the_rate_of_its_day_and_keeps_what_it_said():
    rows = spent((0, "A", "marketing", 100.0), (9, "A", "marketing", 100.0)).with_columns(currency=pl.lit("USD"))
    exchange = pl.DataFrame(
        {"valid_from_on": [day(0).date(), day(5).date()], "currency": ["USD"] * 2, "exchange_rate": [0.9, 0.8]}
    )
    found = in_currency(rows, exchange, to="EUR")
    assert found["amount"].to_list() == [90.0, 80.0]
    assert set(found["original_currency"]) == {"USD"} and found["original_amount"].sum() == 200.0


def test_a_rate_holds_from_its_own_day_on_and_the_policys_currency_needs_none():
    rows = spent(*[(d, "A", "marketing", 100.0) for d in (4, 5, 6)]).with_columns(
        currency=pl.Series(["USD", "USD", None])
    )
    exchange = pl.DataFrame(
        {"valid_from_on": [day(5).date(), day(0).date()], "currency": ["USD"] * 2, "exchange_rate": [0.8, 0.9]}
    )
    found = in_currency(rows, exchange, to="EUR")
    assert found.select("amount", "currency", "original_currency").rows() == [
        (90.0, "EUR", "USD"),
        (80.0, "EUR", "USD"),
        (100.0, "EUR", None),
    ]
    assert found.columns == [*rows.columns, "original_amount", "original_currency"]


def test_an_amount_is_converted_to_the_cent():
    rows = spent((0, "A", "marketing", 100.0)).with_columns(currency=pl.lit("USD"))
    exchange = pl.DataFrame({"valid_from_on": [day(0).date()], "currency": ["USD"], "exchange_rate": [0.33333]})
    assert in_currency(rows, exchange, to="EUR")["amount"].item() == 33.33


def test_a_day_without_a_rate_is_named():
    rows = spent((0, "A", "marketing", 100.0)).with_columns(currency=pl.lit("USD"))
    exchange = pl.DataFrame({"valid_from_on": [date(2026, 2, 1)], "currency": ["USD"], "exchange_rate": [0.9]})
    with pytest.raises(InputError, match="1 of 1 rows have no exchange rate to EUR") as error:
        in_currency(rows, exchange, to="EUR")
    assert error.value.found == "USD on 2026-01-05"


def test_spend_cannot_be_grouped_by_what_only_leads_have():
    with pytest.raises(InputError, match="the spend has no column 'industry'"):
        cost_per_sql(facts(lead("a", industry="IT")), spent(), by="industry", policy=MEDIA)


def test_the_total_is_the_last_row_and_what_names_no_channel_is_found():
    made = facts(*leads(4, "A", sqls=2), *leads(3))
    spend = spent((0, "A", "marketing", 100.0), (0, None, "marketing", 60.0))
    costs = cost_per_sql(made, spend, by="channel", policy=MEDIA)
    rows = with_total(costs, cost_per_sql(made, spend, policy=MEDIA))
    assert rows.select("channel", "leads", "spend").rows() == [
        ("A", 4, 100.0),
        ("unknown", 3, 60.0),
        ("total", 7, 160.0),
    ]
    assert unassigned(costs).select("leads", "marketing_spend").rows() == [(3, 60.0)]
    assert unassigned(cost_per_sql(made, spent(), by="channel", policy=MEDIA)).is_empty()


amounts = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["A", "B", None]),
        st.sampled_from(["marketing", "sales"]),
        st.integers(0, 10_000_000).map(lambda c: c / 100),
    ),
    min_size=1,
    max_size=12,
)
companies = st.tuples(*[st.tuples(st.integers(0, 9), st.integers(0, 5)) for _ in "AB-"]).map(
    lambda sizes: facts(
        lead("one", 0, channel="A"),
        *[row for name, (n, k) in zip(["A", "B", None], sizes, strict=True) for row in leads(n, name, sqls=min(n, k))],
    )
)


def test_without_any_row_of_spend_a_cost_is_not_known_and_not_nothing():
    made = facts(*leads(3, "A", sqls=2))
    costs = cost_per_sql(made, spent(), by="channel", policy=policy()).row(0, named=True)
    assert (costs["sqls"], costs["spend"], costs["cost_per_sql"], costs["cost_per_sql_low"]) == (2, None, None, None)


@given(companies, amounts)
@settings(max_examples=25, deadline=None)
def test_groups_sum_to_the_total_to_the_cent(made, rows):
    total = cost_per_sql(made, spent(*rows), policy=policy())
    groups = cost_per_sql(made, spent(*rows), by="channel", policy=policy())
    for name in ("leads", "sqls", "marketing_spend", "sales_spend", "spend"):
        assert round(groups[name].sum(), 2) == round(total[name][0], 2)


@given(companies, amounts)
@settings(max_examples=25, deadline=None)
def test_doubled_spend_doubles_the_cost_and_row_order_does_not_matter(made, rows):
    once = cost_per_sql(made, spent(*rows), policy=policy())["cost_per_sql"][0]
    twice = cost_per_sql(made, spent(*rows, *rows), policy=policy())["cost_per_sql"][0]
    assert twice == (None if once is None else pytest.approx(2 * once))
    turned = cost_per_sql(made.reverse(), spent(*rows).reverse(), by="channel", policy=policy())
    assert turned.equals(cost_per_sql(made, spent(*rows), by="channel", policy=policy()))


def test_a_lead_is_worth_its_close_rate_times_the_sale():
    made = facts(*leads(100, "A", customers=10, amount=1200.0))
    row = lead_value(made, spent((0, "A", "marketing", 9_000.0)), policy=MEDIA, as_of=day(200)).row(0, named=True)
    assert (row["close_rate"], row["won_amount"], row["lead_value"]) == (0.1, 1200.0, pytest.approx(120.0))
    assert (row["cost_per_lead"], row["value_per_cost"]) == (90.0, pytest.approx(120 / 90))
    assert row["lead_value_low"] < 90 < row["lead_value_high"] and row["verdict"] == "too close to call"


def test_a_margin_is_what_a_sale_leaves():
    made = facts(*leads(100, "A", customers=25, amount=1200.0))
    agreed = policy(cost=Cost(basis="media", margin=0.4))
    assert lead_value(made, spent(), policy=agreed, as_of=day(200))["lead_value"][0] == pytest.approx(120.0)


def test_a_channel_is_above_value_when_a_lead_costs_more_than_it_is_worth():
    made = facts(*leads(100, "A", customers=10, amount=1000.0), *leads(100, "B", customers=10, amount=1000.0))
    spend = spent((0, "A", "marketing", 1_000.0), (0, "B", "marketing", 50_000.0))
    found = lead_value(made, spend, by="channel", policy=MEDIA, as_of=day(200))
    assert found.select("channel", "is_above_value", "verdict").rows() == [
        ("A", False, "worth it"),
        ("B", True, "costs more than it is worth"),
    ]


def test_a_lead_at_the_end_of_the_interval_of_its_value_is_too_close_to_call():
    """Wilson of 10 of 100 is 5.52 % to 17.44 %; two won amounts that are the same leave the value as unsure as that."""
    made = facts(*leads(100, customers=10, amount=1000.0))
    verdicts = []
    for amount in (5_520.0, 5_525.0, 17_430.0, 17_440.0):
        found = lead_value(made, spent((0, None, "marketing", amount)), policy=MEDIA, as_of=day(200))
        verdicts.append((found["is_above_value"].item(), found["verdict"].item()))
    assert verdicts == [
        (False, "worth it"),
        (False, "too close to call"),
        (True, "too close to call"),
        (True, "costs more than it is worth"),
    ]


def test_the_interval_of_a_value_is_made_of_those_of_its_two_factors():
    """Ten of 100 bought, for 500 and 1,500 in turn: s / m = 0.527; g = 1.96 x 0.527 / sqrt(10) = 0.3267.

    ln(0.1 / 0.0552) = 0.594 and ln(0.1744 / 0.1) = 0.556: the value 100 goes from 50.8 to 190.6.
    """
    made = facts(*leads(100, customers=10)).with_columns(
        won_amount=pl.when(pl.col("customer_at").is_not_null()).then(
            pl.when(pl.int_range(pl.len()) % 2 == 0).then(500.0).otherwise(1500.0)
        )
    )
    row = lead_value(made, spent(), policy=MEDIA, as_of=day(200)).row(0, named=True)
    assert (row["won_amount"], row["lead_value"]) == (1000.0, pytest.approx(100.0))
    assert (row["lead_value_low"], row["lead_value_high"]) == (
        pytest.approx(50.76, abs=0.05),
        pytest.approx(190.6, abs=0.1),
    )


def test_with_one_won_amount_its_spread_is_taken_for_its_size():
    """One of four bought: g = 1.96; Wilson 0.0456 to 0.6994; ln 0.25 / 0.0456 = 1.70, ln 0.6994 / 0.25 = 1.03."""
    row = lead_value(facts(*leads(4, customers=1, amount=400.0)), spent(), policy=MEDIA, as_of=day(200)).row(
        0, named=True
    )
    assert (row["lead_value"], row["lead_value_low"]) == (100.0, pytest.approx(7.46, abs=0.05))
    assert row["lead_value_high"] == pytest.approx(914, abs=3)


def test_the_leads_of_the_day_that_the_horizon_has_just_passed_are_the_youngest_that_count():
    """120 days are the horizon from lead to customer."""
    made = facts(*leads(3, created=4), *leads(5, created=5))
    assert lead_value(made, spent(), policy=MEDIA, as_of=day(125))["leads"].to_list() == [3]


def test_the_channels_above_their_value_are_those_with_that_verdict():
    made = facts(*[row for name in "ABC" for row in leads(100, name, customers=10, amount=1000.0)])
    spend = spent(*[(0, name, "marketing", amount) for name, amount in zip("ABC", (1e3, 12e3, 5e4), strict=True)])
    found = channels_above_value(made, spend, policy=MEDIA, as_of=day(200))
    assert found.select("channel", "verdict").rows() == [("C", "costs more than it is worth")]


def test_the_highest_price_is_where_cost_and_value_meet():
    made = facts(*leads(100, mqls=50, sqls=20, customers=10, amount=1000.0))
    row = lead_value(made, spent(), policy=MEDIA, as_of=day(200)).row(0, named=True)
    prices = [row[f"highest_price_per_{stage}"] for stage in ("lead", "mql", "sql")]
    assert prices == pytest.approx([100.0, 200.0, 500.0])


def test_young_leads_are_no_failures_and_their_spend_waits_with_them():
    made = facts(*leads(10, customers=5, amount=10.0), *leads(90, created=150))
    spend = spent((0, None, "marketing", 20.0), (150, None, "marketing", 9_999.0))
    row = lead_value(made, spend, policy=MEDIA, as_of=day(200)).row(0, named=True)
    assert (row["leads"], row["close_rate"], row["cost_per_lead"]) == (10, 0.5, 2.0)


def test_a_channel_that_never_sold_is_worth_nothing_yet_and_may_be_worth_something():
    made = facts(*leads(50, "A", customers=10, amount=1000.0), *leads(20, "B"))
    row = lead_value(made, spent(), by="channel", policy=MEDIA, as_of=day(200)).row(1, named=True)
    assert (row["channel"], row["lead_value"], row["is_amount_pooled"]) == ("B", 0.0, True)
    assert row["lead_value_low"] == 0.0 and row["lead_value_high"] > 100


def test_without_any_sale_there_is_no_value():
    row = lead_value(facts(lead("a")), spent(), policy=MEDIA, as_of=day(200)).row(0, named=True)
    assert (row["close_rate"], row["lead_value"], row["verdict"]) == (0.0, None, "too few to say")


def test_won_amounts_in_two_currencies_are_refused():
    made = facts(*leads(2, customers=2, amount=5.0)).with_columns(currency=pl.Series(["EUR", "USD"]))
    with pytest.raises(InputError, match="won_amount mixes currencies"):
        lead_value(made, spent(), policy=MEDIA, as_of=day(200))


def touches(*days_before, lead_id="a"):
    end = datetime(2026, 3, 1, tzinfo=UTC)
    times = [end - timedelta(days=d) for d in days_before]
    return pl.DataFrame({"lead_id": [lead_id] * len(times), "happened_at": times})


@pytest.mark.parametrize(
    ("model", "n", "credit"),
    [
        ("first", 3, [1, 0, 0]),
        ("last", 3, [0, 0, 1]),
        ("linear", 4, [0.25] * 4),
        ("position", 1, [1]),
        ("position", 2, [0.5, 0.5]),
        ("position", 4, [0.4, 0.1, 0.1, 0.4]),
    ],
)
def test_each_model_gives_its_published_credit(model, n, credit):
    given_ = touches(*range(n, 0, -1))
    assert attribute_credit(given_, model=model)["credit"].to_list() == pytest.approx(credit)


def test_time_decay_halves_with_every_half_life():
    found = attribute_credit(touches(14, 7, 0), model="time_decay", half_life_days=7)
    assert found["credit"].to_list() == pytest.approx([1 / 7, 2 / 7, 4 / 7])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2000)), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_credit_sums_to_one_for_every_lead_whatever_the_model(pairs):
    rows = pl.concat([touches(d, lead_id=who) for who, d in pairs])
    for model in ("first", "last", "linear", "position", "time_decay"):
        sums = attribute_credit(rows, model=model).group_by("lead_id").agg(pl.col("credit").sum())["credit"]
        assert sums.to_list() == pytest.approx([1.0] * len(sums))


def test_an_unknown_model_is_refused():
    with pytest.raises(InputError, match="'linar' is no attribution model"):
        attribute_credit(touches(1), model="linar")


def test_all_models_stand_side_by_side_and_each_counts_every_sql_once():
    made = facts(lead("a", 0, mql=8, sal=9, sql=9), lead("b", 0, mql=1, sal=1, sql=1), lead("c", 0))
    seen = pl.DataFrame(
        {
            "lead_id": ["a", "a", "a", "c"],
            "happened_at": [day(0), day(7), day(30), day(1)],
            "channel": ["search", None, "fair", "fair"],
        }
    )
    found = credit_by_model(made, seen)
    assert found.select("channel", "first", "last", "linear").rows() == [
        ("search", 1.0, 0.0, 0.5),
        ("unknown", 1.0, 2.0, 1.5),
    ]
    assert found.select(pl.exclude("channel").sum()).row(0) == pytest.approx((2.0,) * 5)


def test_a_touch_at_the_outcome_counts_and_one_after_it_does_not():
    made = facts(lead("a", 0, mql=8, sal=9, sql=9))
    seen = pl.DataFrame(
        {"lead_id": ["a"] * 2, "happened_at": [day(9), day(9) + timedelta(seconds=1)], "channel": ["search", "fair"]}
    )
    assert credit_by_model(made, seen).select("channel", "last").rows() == [("search", 1.0)]
    assert credit_by_model(made, seen, outcome="customer").is_empty()


def test_attribution_counts_what_leads_and_third_parties_did_on_a_channel():
    activities = pl.DataFrame({"by": ["lead", "third_party", "sales", "lead"], "channel": ["a", "b", "c", None]})
    assert named_touches(activities)["channel"].to_list() == ["a", "b"]


def test_the_models_differ_most_on_the_channel_with_the_widest_gap():
    rows = {"first": [5.0, 1.0, 2.0], "last": [4.0, 4.0, 2.0], "linear": [4.5, 3.0, 2.0]}
    credits = pl.DataFrame(
        {"channel": ["a", "b", "unknown"], **rows, "position": rows["linear"], "time_decay": rows["linear"]}
    )
    found = model_gaps(credits)
    assert found.rows() == [("b", 1.0, 4.0, 3.0, 2.0), ("a", 4.0, 5.0, 1.0, 2.0)]
    assert model_gaps(credits.head(2))["unassigned"].to_list() == [None, None]


def deals(*rows):
    """Deals as (lead, status, amount, day closed), all created on day 0."""
    columns = zip(*rows, strict=True) if rows else [[]] * 4
    names, statuses, amounts, closed = (list(column) for column in columns)
    return pl.DataFrame(
        {"lead_id": names, "status": statuses, "amount": amounts}
        | {"closed_at": [None if when is None else day(when) for when in closed]},
        schema={"lead_id": pl.String, "status": pl.String, "amount": pl.Float64, "closed_at": pl.Datetime("us", "UTC")},
    ).with_columns(created_at=pl.lit(day(0)), currency=pl.lit("EUR"))


NAMED = pl.DataFrame({"lead_id": ["a", "b", "c"], "channel": ["A", "B", None]})


def test_forty_opportunities_of_twenty_five_thousand_move_2777_a_day():
    made = deals(
        *[("a", "open", 25_000.0, None)] * 40, *[("b", "won", 25_000.0, 90)] * 10, *[("c", "lost", 25_000.0, 9)] * 30
    )
    row = sales_velocity(NAMED, made, policy=MEDIA, target_amount=500_000.0).row(0, named=True)
    assert (row["opportunities"], row["win_rate"], row["cycle_days"]) == (40, 0.25, 90.0)
    assert round(row["velocity_value"], 2) == 2777.78
    assert (row["open_amount"], row["expected_value"], row["coverage"]) == (1_000_000.0, 250_000.0, 2.0)


def test_a_win_rate_by_amount_stands_beside_that_by_count():
    """Won 300 of 900: the amounts 300, 100 and 500 carry (900)^2 / (300^2 + 100^2 + 500^2) = 2.3 equal deals."""
    made = deals(("a", "won", 300.0, 9), ("a", "lost", 100.0, 9), ("b", "lost", 500.0, 9), ("b", "open", 999.0, None))
    row = sales_velocity(NAMED, made, policy=MEDIA).row(0, named=True)
    assert (row["win_rate"], row["win_amount_rate"], row["total_amount"]) == (1 / 3, 1 / 3, 300.0)
    assert row["amount_low"] < row["low"] < row["high"] < row["amount_high"]


def test_deals_that_name_no_lead_are_in_the_unknown_row_and_groups_add_up():
    made = deals(("a", "won", 10.0, 9), ("a", "won", 5.0, 9), (None, "lost", 7.0, 9), ("gone", "won", 1.0, 9))
    found = sales_velocity(NAMED, made, by="channel", policy=MEDIA)
    assert found.select("channel", "won", "lost", "total_amount").rows() == [("A", 2, 0, 15.0), ("unknown", 1, 1, 1.0)]
    total = sales_velocity(NAMED, made, policy=MEDIA)
    assert total.select("won", "lost", "total_amount").row(0) == (3, 1, 16.0)


def test_a_pipeline_without_a_decided_deal_has_no_velocity():
    row = sales_velocity(NAMED, deals(("a", "open", 5.0, None)), policy=MEDIA).row(0, named=True)
    assert (row["win_rate"], row["win_amount_rate"], row["velocity_value"], row["coverage"]) == (None, None, None, None)
    assert sales_velocity(NAMED, deals(), policy=MEDIA).is_empty()


def test_amounts_of_deals_in_two_currencies_are_refused():
    made = deals(("a", "open", 5.0, None), ("b", "won", 5.0, 9)).with_columns(currency=pl.Series(["EUR", "USD"]))
    with pytest.raises(InputError, match="the deals' amount mixes currencies"):
        sales_velocity(NAMED, made, policy=MEDIA)


def test_coverage_is_what_is_open_over_what_was_won_in_the_last_thirteen_weeks():
    """Won 91 days before as_of counts, a second earlier it does not; a second purchase counts like a first."""
    as_of = day(200)
    won = [("a", "won", 100.0, 109), ("b", "won", 90.0, 199), ("b", "won", 10.0, 199)]
    made = deals(("c", "open", 300.0, None), *won)
    row = pipeline_coverage(made, policy=MEDIA, as_of=as_of).row(0, named=True)
    assert row == {"open_amount": 300.0, "recent_amount": 200.0, "coverage": 1.5, "expected_value": 300.0}
    later = pipeline_coverage(made, policy=MEDIA, as_of=as_of + timedelta(seconds=1))
    assert later["recent_amount"].item() == 100.0
    assert pipeline_coverage(made.head(2), policy=MEDIA, as_of=as_of + timedelta(seconds=1)).is_empty()
    assert pipeline_coverage(made.tail(3), policy=MEDIA, as_of=as_of).is_empty()


def test_the_lag_of_spend_is_the_share_of_its_sqls_that_has_come():
    made = facts(
        *[lead(f"fast{i}", 0, mql=5, sal=5, sql=5) for i in range(3)],
        lead("slow", 0, mql=20, sal=20, sql=20),
        *[lead(f"never{i}", 0) for i in range(4)],
    )
    found = spend_lag(made, as_of=day(200), policy=MEDIA, weeks=3)
    assert found.select("age_days", "reached_rate", "arrived_rate").rows() == [
        (7, 0.375, 0.75),
        (14, 0.375, 0.75),
        (21, 0.5, 1.0),
    ]


def test_the_lag_ends_at_the_last_whole_week_of_the_horizon():
    """74 days are the horizon from lead to SQL: ten weeks. Seven days of history show one week."""
    found = spend_lag(facts(lead("a", 0, mql=5, sal=5, sql=5), lead("b")), as_of=day(200), policy=MEDIA)
    assert found["age_days"].to_list() == [7 * week for week in range(1, 11)]
    young = spend_lag(facts(lead("a", 0), lead("b", 0)), as_of=day(7), policy=MEDIA)
    assert young["reached_rate"].to_list() == [0.0] + [None] * 9
    assert young["arrived_rate"].to_list() == [None] * 10


def test_half_of_the_sqls_have_arrived_at_exactly_half():
    lag = pl.DataFrame({"age_days": [7, 14, 21, 28], "arrived_rate": [0.49, 0.5, 0.89, 0.9]})
    assert arrival_ages(lag).rows(named=True) == [{"half_days": 14, "nine_tenths_days": 28}]
    assert arrival_ages(lag.head(3)).is_empty()
    assert arrival_ages(lag.clear()).is_empty()


def channel(name, *, customers, low, high, marketing, spend=None, leads=100, worth=1e9):
    """A row of `lead_value`, as far as moving a budget needs it."""
    ends = {"customers": customers, "customers_low": low, "customers_high": high, "lead_value_low": worth}
    return {"channel": name, "leads": leads, **ends, "marketing_spend": marketing, "spend": spend or marketing}


FAIRS = channel("fairs", customers=10, low=5.1, high=17.7, marketing=30_000.0)
SEARCH = channel("search", customers=40, low=29.2, high=53.6, marketing=12_000.0)


def values(*rows):
    return pl.DataFrame(list(rows), schema_overrides={"marketing_spend": pl.Float64})


def test_what_moving_a_budget_does_is_added_up_by_hand():
    """A tenth of 30,000 goes to 12,000: one of 10 customers is lost; at elasticity 1 a quarter of 40 is gained.

    The lower end is 9 - sqrt((0.25 x 10.8)^2 + (0.1 x 7.7)^2), the upper one 9 + sqrt((0.25 x 13.6)^2 + (0.1 x 4.9)^2).
    """
    found = move_budget(values(FAIRS, SEARCH))
    assert found["elasticity"].to_list() == [1.0, 0.75, 0.5]
    row = found.row(0, named=True)
    assert (row["source"], row["target"], row["moved_spend"]) == ("fairs", "search", 3_000.0)
    assert (row["lost_customers"], row["gained_customers"]) == (1.0, 10.0)
    assert (row["net_customers"], row["low"], row["high"]) == pytest.approx((9, 6.19, 12.44), abs=0.01)
    assert found["gained_customers"][2] == pytest.approx(40 * (1.25**0.5 - 1))
    assert found["price_per_added_lead"].to_list() == pytest.approx([120, 164.5, 254.2], abs=1)


def test_the_receiving_channel_is_at_most_doubled():
    moved = [move_budget(values(FAIRS, SEARCH), share=share)["moved_spend"][0] for share in (0.3, 0.4, 0.5)]
    assert moved == [9_000.0, 12_000.0, 12_000.0]


def test_a_move_gains_or_loses_when_its_interval_leaves_out_zero():
    alike = channel("mail", customers=10, low=5.1, high=17.7, marketing=15_000.0)
    verdicts = move_budget(values(FAIRS, SEARCH, alike)).group_by("target").agg(pl.col("verdict").unique())
    assert dict(verdicts.rows()) == {"search": ["gains"], "mail": ["too close to call"]}
    many = channel("fairs", customers=300, low=267.0, high=335.0, marketing=300_000.0)
    none = channel("mail", customers=16, low=9.5, high=25.4, marketing=15_000.0)
    assert move_budget(values(many, none), share=1)["verdict"].to_list()[-1] == "loses"


def test_a_share_of_nothing_is_refused():
    for share in (0, 50):
        with pytest.raises(InputError, match=f"above 0 and at most 1; this one is {share}"):
            move_budget(values(FAIRS, SEARCH), share=share)


def advised(*rows):
    return budget_advice(move_budget(values(*rows))).select("source", "target").unique().rows()


def test_marketing_money_goes_from_the_most_expensive_customers_to_where_they_surely_increase():
    assert advised(FAIRS, SEARCH) == [("fairs", "search")]
    better = channel("webinar", customers=60, low=46.5, high=76.4, marketing=12_000.0)
    assert advised(SEARCH, FAIRS, better) == [("fairs", "webinar")]
    assert advised(FAIRS, SEARCH, better | {"channel": "unknown"}) == [("fairs", "search")]


def test_no_move_is_advised_when_no_channel_can_take_money():
    few = channel("bought_list", customers=2, low=0.4, high=6.4, marketing=5_000.0)
    assert advised(FAIRS, few) == [] and advised(FAIRS) == []
    nothing = move_budget(values(FAIRS).clear())
    assert nothing.is_empty() and nothing.columns == move_budget(values(FAIRS, SEARCH)).columns


def test_a_channel_takes_money_while_a_further_lead_costs_less_than_the_lower_end_of_its_value():
    """Under the strongest saturation 3,000 bring 100 (1.25^0.5 - 1) = 11.8 leads: 254 each, and sales work of 30."""
    with_sales = SEARCH | {"spend": 15_000.0}
    assert advised(FAIRS, with_sales | {"lead_value_low": 285.0}) == [("fairs", "search")]
    assert advised(FAIRS, with_sales | {"lead_value_low": 284.0}) == []


def test_a_channel_whose_leads_marketing_hardly_pays_for_neither_gives_nor_takes():
    assert advised(FAIRS, SEARCH | {"spend": 47_900.0}) == [("fairs", "search")]
    assert advised(FAIRS, SEARCH | {"spend": 48_000.0}) == []
    assert advised(FAIRS | {"spend": 120_000.0}, SEARCH) == []


def cost_headline(now: int, before: int, *, spend=(1_000.0, 1_000.0), history=(30,) * 40) -> dict:
    """The headline of a week with `now` SQLs against the week before, after weeks of `history`."""
    weeks = [*history, before, now]
    spent_in = {7 * len(history): spend[1], 7 * len(history) + 7: spend[0]}
    rows = spent(*[(d, None, "marketing", amount) for d, amount in spent_in.items()])
    start = day(7 * len(history) + 7).date()
    period = Period(start, start + timedelta(days=7), "UTC")
    return cost_change(in_weeks(weeks), rows, period=period, policy=MEDIA).row(0, named=True)


def test_a_cost_has_changed_when_chance_would_do_so_less_than_once_in_four_hundred():
    """Of 100 SQLs for the same spend 65 in one period are z = 3.0; 66 are z = 3.2, above 3.02."""
    verdicts = [cost_headline(now, 100 - now)["verdict"] for now in (65, 66)]
    assert verdicts == ["normal variation", "down"]


def test_where_weeks_are_uneven_the_same_change_is_normal_variation():
    assert cost_headline(63, 37, history=(63, 37) * 4)["verdict"] == "normal variation"


def test_with_fewer_than_eight_weeks_there_is_no_verdict_on_a_cost():
    verdicts = [cost_headline(30, 30, history=(30,) * n)["verdict"] for n in (6, 5)]
    assert verdicts == ["normal variation", "too few to say"]


def test_with_ten_sqls_on_each_side_there_is_a_verdict_on_their_cost_and_with_nine_there_is_none():
    verdicts = [cost_headline(*pair)["verdict"] for pair in ((10, 10), (9, 10), (10, 9))]
    assert verdicts == ["normal variation", "too few to say", "too few to say"]


def test_without_spend_on_a_side_there_is_no_verdict_on_a_cost():
    assert cost_headline(20, 40, spend=(0.0, 10.0))["verdict"] == "too few to say"
    assert cost_headline(20, 40, spend=(10.0, 0.0))["verdict"] == "too few to say"


def test_a_cost_that_rises_is_up_and_the_headline_says_by_how_much():
    row = cost_headline(20, 50)
    assert (row["name"], row["value"], row["previous"], row["change"]) == ("cost_per_sql", 50.0, 20.0, 30.0)
    assert (row["n"], row["verdict"]) == (20, "up")
    assert row["low"] < 1_000 / 30 < row["value"] < 1_000 / 13 < row["high"]


def test_a_cost_that_was_not_known_before_has_no_change():
    row = cost_headline(20, 0)
    assert (row["value"], row["previous"], row["change"]) == (50.0, None, None)


def test_twice_the_sqls_for_twice_the_spend_is_no_change():
    assert cost_headline(100, 50, spend=(2_000.0, 1_000.0))["verdict"] == "normal variation"
    assert cost_headline(100, 50)["verdict"] == "down"


def test_the_policy_says_how_sales_spend_is_shared_out():
    made = facts(*leads(30, "A", sqls=3), *leads(10, "B", sqls=1))
    spend = spent((0, None, "sales", 100.0))
    shared = {}
    for spread in ("sqls", "leads", "none"):
        agreed = policy(cost=Cost(spread=spread))
        shared[spread] = cost_per_sql(made, spend, by="channel", policy=agreed)["sales_spend"].to_list()
    assert shared == {"sqls": [75.0, 25.0, 0.0], "leads": [75.0, 25.0, 0.0], "none": [0.0, 0.0, 100.0]}
