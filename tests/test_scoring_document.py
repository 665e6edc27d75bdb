"""docs/scorecard.md: every figure of its worked example, computed again from the sample."""

from math import exp, log
from pathlib import Path

import polars as pl
import pytest

import leadreport as lr
from leadreport.rates.shrinkage import SPREADS
from leadreport.scoring.card import NOTHING_TO_LEARN
from leadreport.scoring.close_rates import POINTS_PER_DOUBLING
from leadreport.scoring.fit import FEW_LEADS, SPLITS
from leadreport.scoring.policy_card import LEAST_CUSTOMERS
from leadreport.scoring.values import PAIR_GROUPS
from leadreport.scoring.weights import HURDLE, WEIGHT_SPREAD

TEXT = (Path(__file__).parents[1] / "docs" / "scorecard.md").read_text(encoding="utf-8")
LEAD = "L04015"


@pytest.fixture(scope="module")
def ws():
    return lr.open_workspace("data/sample", as_of="2026-11-16")


@pytest.fixture(scope="module")
def lead(ws):
    return lr.scored_leads(ws).row(by_predicate=pl.col("lead_id") == LEAD, named=True)


def value_row(card, attribute: str, value: str) -> dict[str, float]:
    """What the document writes of a value, from its counts, prior leads and weight alone."""
    counts = card.table.row(by_predicate=(pl.col("attribute") == attribute) & (pl.col("value") == value), named=True)
    given = card.weights.row(by_predicate=pl.col("attribute") == attribute, named=True)
    k, n, m, w = counts["customers"], counts["leads"], given["prior_leads"], given["weight"]
    b = card.customers / card.leads
    p = (k + m * b) / (n + m)
    lift = log(p / (1 - p)) - log(b / (1 - b))
    return {"k": k, "n": n, "m": m, "p": p, "lift": lift, "w": w, "points": round(w * lift * 50 / log(2))}


def test_every_row_of_the_added_up_lead_follows_from_its_counts(ws):
    card = lr.scorecard(ws)
    parts = lr.points_of(ws.facts, card, lead_id=LEAD)
    assert f"| start | every lead | | | | | | {card.start} | {card.start} |" in TEXT
    for attribute, value, points, total in parts.tail(-1).iter_rows():
        row = value_row(card, attribute, value)
        assert row["points"] == points
        line = (
            f"| {attribute} | {value} | {row['k']} of {row['n']:,} | {row['m']:,.1f} | {row['p']:.2%} "
            f"| {row['lift']:+.4f} | {row['w']:.4f} | {points:+.0f} | {total:.0f} |"
        )
        assert line in TEXT


def test_benchmark_score_and_expected_rate_of_the_document_are_those_of_the_sample(ws, lead):
    card = lr.scorecard(ws)
    assert f"b = {card.customers} / {card.leads:,} = {card.benchmark:.2%}" in TEXT
    total = lr.points_of(ws.facts, card, lead_id=LEAD)["total"][-1]
    level = log(card.benchmark / (1 - card.benchmark))
    odds = level + (total - 500) * log(2) / 50
    low, high = lead["expected_close_rate_low"], lead["expected_close_rate_high"]
    assert lead["score"] == pytest.approx(total / 10)
    assert 1 / (1 + exp(-odds)) == pytest.approx(lead["expected_close_rate"], abs=1e-5)
    assert f"is the score: {lead['score']}." in TEXT
    assert f"{level:.4f} + ({total:.0f} - 500) x ln 2 / 50 = {odds:.4f}" in TEXT
    assert f"close rate of {lead['expected_close_rate']:.1%} ({low:.1%} to {high:.1%})" in TEXT


def test_the_row_in_full_is_that_of_the_sample(ws):
    card = lr.scorecard(ws)
    row = value_row(card, "trial_requested", "yes")
    k, n, m = row["k"], row["n"], row["m"]
    assert f"{k} of {n} leads with a trial request became customers, {k / n:.1%}" in TEXT
    assert f"p = ({k} + {m} x {card.benchmark:.4f}) / ({n} + {m}) = {row['p']:.2%}" in TEXT
    assert f"log-odds lie {row['lift']:.4f} above" in TEXT
    assert f"{row['w']} x {row['lift']:.4f} x 50 / ln 2 = {row['points']} points" in TEXT


def test_the_sample_needs_no_pair_no_bend_and_no_shift(ws):
    card = lr.scorecard(ws)
    assert (card.pairs.height, card.curve.bends, card.recalibration) == (0, (), None)
    assert "The sample needs none." in TEXT and "no bend" in TEXT and "nothing moves either" in TEXT


def test_the_limits_of_the_document_are_those_of_the_code():
    assert f"Below {NOTHING_TO_LEARN}," in TEXT
    assert f"fewer than {FEW_LEADS:,} leads the weights are averaged over four splits" in TEXT and SPLITS == 4
    assert f"fewer than {LEAST_CUSTOMERS} customers in that quarter" in TEXT
    assert f"standard deviation {WEIGHT_SPREAD})" in TEXT
    assert f"2 ln(number of pairs) + {HURDLE} to the evidence" in TEXT
    assert f"in {PAIR_GROUPS} groups of about equal size" in TEXT
    assert f"{len(SPREADS)} values of s between {SPREADS[0]:g} and {SPREADS[-1]:g}" in TEXT
    assert f"{POINTS_PER_DOUBLING} points, or 5 points of the score, double the odds" in TEXT
