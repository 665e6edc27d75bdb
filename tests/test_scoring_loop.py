"""What won leads did differently from lost leads: compared over the same first weeks, few false claims."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from made_facts import day, policy

from leadreport.scoring import closed_loop

NOW = {"policy": policy(), "as_of": day(300)}
OWN = {"aspects": ["source"], **NOW}


def closed(n, *, won, closes):
    """So many leads created on day 0, of which `won` says who bought; each closes on its day."""
    ids, is_won = [f"L{i:03d}" for i in range(n)], [won(i) for i in range(n)]
    at = [day(closes(i)) for i in range(n)]
    return pl.DataFrame(
        {"lead_id": ids, "is_customer": is_won, "created_at": [day(0)] * n, "closed_at": at}
    ).with_columns(
        source=pl.lit("form"),
        stage=pl.when("is_customer").then(pl.lit("customer")).otherwise(pl.lit("lost")),
        customer_at=pl.when("is_customer").then("closed_at"),
        lost_at=pl.when(~pl.col("is_customer")).then("closed_at"),
    )


def done(*rows):
    return pl.DataFrame(list(rows), schema=["lead_id", "kind", "by", "detail", "happened_at"], orient="row")


def looped() -> tuple[pl.DataFrame, pl.DataFrame]:
    """60 won and 140 lost leads; won ones came to webinars, everybody opens mail, sales calls all."""
    leads = closed(200, won=lambda i: i < 60, closes=lambda i: 50)
    ids = leads["lead_id"]
    webinars = [(ids[i], "webinar", "lead", "pricing", day(10)) for i in range(200) if i < 40 or i % 7 == 0]
    mails = [(ids[i], "email_click", "lead", None, day(11)) for i in range(0, 200, 2)]
    calls = [(each, "call", "sales", None, day(12)) for each in ids]
    late = [(each, "onboarding_page", "lead", None, day(60)) for each in ids[:60]]
    return leads, done(*webinars, *mails, *calls, *late)


def test_the_closed_loop_shows_what_won_leads_did_before_they_bought():
    loop = closed_loop(*looped(), aspects=["source"], **NOW)
    assert loop.select("aspect", "value", "won", "lost", "verdict").rows() == [
        ("behaviour", "webinar", 43, 20, "more among won"),
        ("page or offer", "pricing", 43, 20, "more among won"),
        ("behaviour", "email_click", 30, 70, "normal variation"),
        ("source", "form", 60, 140, "normal variation"),
    ]


def test_a_disqualified_lead_is_not_lost_nor_is_a_young_or_an_open_one():
    leads, seen = looped()
    others = pl.concat([
        leads.tail(100).with_columns(stage=pl.lit("disqualified")),
        leads.tail(100).with_columns(created_at=pl.lit(NOW["as_of"]) - timedelta(days=119)),
        leads.tail(100).with_columns(stage=pl.lit("opportunity")),
    ]).with_columns(lead_id=pl.format("other {}", pl.int_range(pl.len())))  # fmt: skip
    assert closed_loop(pl.concat([leads, others]), seen, **OWN).equals(closed_loop(leads, seen, **OWN))
    on_the_day = others[100:200].with_columns(created_at=pl.lit(NOW["as_of"]) - timedelta(days=120))
    assert closed_loop(pl.concat([leads, on_the_day]), aspects=["source"], **NOW)["lost"].item() == 240


def test_being_watched_longer_is_not_doing_something_else():
    """Won leads close after 40 to 95 days and lost ones after 14 to 69; each clicks a mail every fortieth day."""
    leads = closed(400, won=lambda i: i % 2 == 0, closes=lambda i: 40 - i % 2 * 26 + i // 2 % 56)
    clicks = [
        (each, "email_click", "lead", None, day(t))
        for i, (each, at) in enumerate(leads.select("lead_id", "closed_at").rows())
        for t in range(i // 2 % 37, 95, 40)
        if day(t) < at
    ]
    row = closed_loop(leads, done(*clicks), aspects=[], **NOW).filter(pl.col("value") == "email_click")
    assert row["difference"].item() > 0.1 and row["verdict"].item() == "normal variation"


def test_what_a_lead_did_in_the_week_it_closed_is_left_out_and_the_day_before_that_counts():
    leads = closed(20, won=lambda i: i % 2 == 0, closes=lambda i: 20)
    counted = [
        closed_loop(leads, done(*[(each, "webinar", "lead", None, at) for each in leads["lead_id"]]), aspects=[], **NOW)
        for at in (day(14) - timedelta(seconds=1), day(14))
    ]
    assert [each.height for each in counted] == [1, 0]


def test_with_many_comparisons_chance_is_not_called_a_finding():
    rng = np.random.default_rng(3)
    facts = pl.DataFrame(
        {f"c{j}": rng.integers(0, 4, 400).astype(str) for j in range(40)}
        | {"lead_id": [str(i) for i in range(400)], "is_customer": rng.random(400) < 0.3}
    ).with_columns(
        created_at=pl.lit(day(0)),
        customer_at=pl.lit(day(9)),
        lost_at=pl.lit(day(9)),
        stage=pl.when("is_customer").then(pl.lit("customer")).otherwise(pl.lit("lost")),
    )
    loop = closed_loop(facts, aspects=[f"c{j}" for j in range(40)], **NOW)
    assert (loop["p_value"] < 0.05).any()
    assert (loop["verdict"] == "normal variation").all()


@pytest.mark.parametrize(("leads", "rows"), [(5, 2), (4, 1)])
def test_what_five_leads_have_is_compared(leads, rows):
    made = closed(60, won=lambda i: i % 2 == 0, closes=lambda i: 9)
    few = made.with_columns(source=pl.when(pl.int_range(60) < leads).then(pl.lit("fair")).otherwise("source"))
    assert closed_loop(few, **OWN).height == rows


def made_company(rng, *, odds=1.0, n=500):
    """Won leads take longer to close; 30 kinds of activity have paces of their own, and one offer may favour wins."""
    is_won = rng.random(n) < 0.6
    ages = np.where(is_won, 20, 12) + rng.gamma(2, 20, n)
    leads = closed(n, won=lambda i: bool(is_won[i]), closes=lambda i: float(ages[i]))
    interest = rng.gamma(1.5, 1 / 1.5, n)
    rows = []
    for kind, pace in enumerate(np.geomspace(0.003, 0.1, 30)):
        times = rng.poisson(np.minimum(pace * interest * ages, 50))
        who = np.repeat(np.arange(n), times)
        rows.append((np.full(len(who), kind), who, rng.random(len(who)) * ages[who]))
    chance = np.where(is_won, 0.15 * odds / (0.85 + 0.15 * odds), 0.15)
    offered = np.flatnonzero(rng.random(n) < chance)
    rows.append((np.full(len(offered), 30), offered, rng.random(len(offered)) * ages[offered]))
    kind, who, days = (np.concatenate(part) for part in zip(*rows, strict=True))
    seen = pl.DataFrame({"kind": kind, "lead_id": who, "days": days}).select(
        pl.format("L{}", pl.col("lead_id").cast(pl.String).str.zfill(3)).alias("lead_id"),
        pl.format("kind {}", "kind").alias("kind"),
        by=pl.lit("lead"),
        happened_at=pl.lit(day(0)) + pl.duration(seconds=pl.col("days") * 86_400),
    )
    return leads, seen


def claims(loop):
    return loop.filter(pl.col("verdict") != "normal variation")["value"].to_list()


def test_of_companies_where_won_and_lost_leads_do_the_same_hardly_one_in_a_hundred_is_told_otherwise():
    rng = np.random.default_rng(8)
    assert sum(bool(claims(closed_loop(*made_company(rng), aspects=[], **NOW))) for _ in range(40)) == 0


def test_an_offer_that_favours_winning_is_found_and_nothing_else_is_named():
    rng = np.random.default_rng(9)
    found = [claims(closed_loop(*made_company(rng, odds=3.8), aspects=[], **NOW)) for _ in range(20)]
    assert sum("kind 30" in names for names in found) >= 18
    assert sum(len(names) for names in found) <= 20
