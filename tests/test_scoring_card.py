import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from leadreport.errors import InputError
from leadreport.scoring import fit_scorecard, parse_scorecard, points_of, recalibrate, score_leads, scorecard_text


def paired_leads(leads: int = 4_000) -> pl.DataFrame:
    """Demos close at 20 % in small and 60 % in large companies, trials at 40 % and 10 %."""
    return pl.DataFrame(
        {
            "came_by": [("demo", "trial")[i % 2] for i in range(leads)],
            "employees": [None if i % 97 == 0 else 10 + 90 * ((i // 2) % 2) + i % 7 for i in range(leads)],
            "country": [("de", "at", "ch", f"x{i}")[min(i % 500, 3)] for i in range(leads)],
            "is_customer": [(i // 4) % 10 < (2, 4, 6, 1)[i % 4] for i in range(leads)],
        }
    )


@pytest.fixture(scope="module")
def card():
    return fit_scorecard(
        paired_leads(), attributes=["came_by", "employees", "country"], outcome="is_customer", policy_version="ab12"
    )


def test_a_pair_that_says_more_than_its_parts_gets_a_table(card):
    assert card.pair_weights.select("first", "second").rows() == [("came_by", "employees")]
    points = {(a, b): p for a, b, p in card.pairs.select("first_value", "second_value", "points").iter_rows()}
    small, large = card.attributes[1].in_pairs.values[1], card.attributes[1].in_pairs.values[-1]
    assert points["trial", small] > 20 > -20 > points["demo", small]
    assert points["demo", large] > 20 > -20 > points["trial", large]


def test_a_pair_is_found_where_only_both_together_tell_leads_apart():
    rows = [(i % 40, ("in", "out")[(i // 40) % 2]) for i in range(4_000)]
    won = [(i * 7) % 10 < (5 if (number < 20) == (side == "in") else 1) for i, (number, side) in enumerate(rows)]
    leads = pl.DataFrame(rows, schema=["number", "side"], orient="row").with_columns(won=pl.Series(won))
    found = fit_scorecard(leads, attributes=["number", "side"], outcome="won")
    assert found.pair_weights.select("first", "second").rows() == [("number", "side")]
    scored = score_leads(leads, found)
    assert scored.filter("won")["score"].mean() > scored.filter(~pl.col("won"))["score"].mean() + 5


@pytest.mark.parametrize("seed", range(5))
def test_outcomes_by_chance_give_no_pair(seed):
    rng = np.random.default_rng(seed)
    texts = {f"text_{j}": rng.integers(0, 6, 2_000).astype(str) for j in range(4)}
    numbers = {f"number_{j}": rng.exponential(9, 2_000) for j in range(4)}
    leads = pl.DataFrame(texts | numbers | {"won": rng.random(2_000) < 0.1})
    assert fit_scorecard(leads, attributes=[*texts, *numbers], outcome="won").pairs.is_empty()


def test_the_cells_of_a_pair_table_hold_every_lead_once(card):
    assert card.pairs.select("leads", "customers").sum().row(0) == (4000, card.customers)


def test_a_card_comes_back_from_its_text_as_it_was(card):
    again = parse_scorecard(scorecard_text(card))
    assert_frame_equal(again.table, card.table)
    assert_frame_equal(again.pairs, card.pairs)
    assert_frame_equal(score_leads(paired_leads(), again), score_leads(paired_leads(), card))
    assert scorecard_text(again) == scorecard_text(card)
    assert again.policy_version == "ab12"


@settings(max_examples=15, deadline=None)
@given(
    values=st.lists(st.text(max_size=5) | st.none(), min_size=1, max_size=30),
    method=st.sampled_from(["lift", "weighted"]),
)
def test_any_texts_survive_the_file(values, method):
    leads = pl.DataFrame(
        {"a": values, "won": [i % 3 == 0 for i in range(len(values))]}, schema={"a": pl.String, "won": pl.Boolean}
    )
    card = fit_scorecard(leads, attributes=["a"], outcome="won", method=method)
    again = parse_scorecard(scorecard_text(card))
    assert_frame_equal(score_leads(leads, again), score_leads(leads, card))


@pytest.mark.parametrize("label", ["not known", "rare values", "any other", "not known (as text)"])
@pytest.mark.parametrize("method", ["close_rate", "weighted"])
def test_a_text_like_a_label_of_the_card_is_a_value_of_its_own(label, method):
    values = [label, None, f" {label} ", "fair"] * 100
    leads = pl.DataFrame({"a": values, "won": [i % 4 in (0, 2) or i % 20 == 1 for i in range(400)]})
    card = fit_scorecard(leads, attributes=["a"], outcome="won", method=method)
    counts = card.table.select("value", "leads", "customers").rows()
    assert sorted(counts) == sorted([(f"{label} (as text)", 200, 200), ("fair", 100, 0), ("not known", 100, 20)])
    again = score_leads(leads, parse_scorecard(scorecard_text(card)))
    assert again["score"].n_unique() >= 2
    assert_frame_equal(again, score_leads(leads, card))


def test_many_rare_texts_take_time_in_proportion():
    from time import process_time

    def seconds(leads: int) -> float:
        texts = pl.DataFrame({"a": [f"id {i}" for i in range(leads)], "won": [i % 9 == 0 for i in range(leads)]})
        start = process_time()
        score_leads(texts, fit_scorecard(texts, attributes=["a"], outcome="won"))
        return process_time() - start

    seconds(100)
    assert seconds(40_000) < 5


def test_a_point_changed_by_hand_is_used_and_marked(card):
    text = scorecard_text(card)
    line = next(line for line in text.splitlines() if 'value = "demo"' in line and "first" not in line)
    changed = text.replace(line, line[: line.index("points")] + "points = 99 },")
    edited = parse_scorecard(changed)
    assert edited.edited == 1
    assert edited.table.filter("is_edited").select("attribute", "value", "points").rows() == [("came_by", "demo", 99)]
    demo = pl.DataFrame({"came_by": ["demo"], "employees": [12], "country": ["de"]})
    before = card.table.filter(pl.col("value") == "demo")["points"].item()
    moved = score_leads(demo, edited)["score"].item() - score_leads(demo, card)["score"].item()
    assert moved == pytest.approx((99 - before) / 10)
    assert parse_scorecard(scorecard_text(edited)).edited == 1


def test_a_broken_card_says_what_is_wrong(card):
    with pytest.raises(InputError, match=r"card.toml is not valid TOML"):
        parse_scorecard("method = ", name="card.toml")
    with pytest.raises(InputError, match="is not a whole scorecard"):
        parse_scorecard('method = "weighted"')
    with pytest.raises(InputError, match="whole numbers"):
        parse_scorecard(
            scorecard_text(card).replace("points = ", "points = 0.5 + ", 0).replace("points = 0 }", "points = 0.5 }", 1)
        )


def test_expected_rates_follow_recent_leads_when_the_base_rate_drifts_and_scores_do_not(card):
    recent = paired_leads(2_000).with_columns(is_customer=pl.col("is_customer") & (pl.int_range(pl.len()) % 3 == 0))
    moved = recalibrate(card, recent)
    before, after = score_leads(recent, card), score_leads(recent, moved)
    assert after["score"].equals(before["score"])
    assert after["expected_close_rate"].sum() == pytest.approx(recent["is_customer"].sum(), rel=0.01)
    assert "recalibrated to 2,000 recent leads" in moved.recalibration_note
    assert parse_scorecard(scorecard_text(moved)).recalibration == moved.recalibration


def test_recent_leads_within_chance_move_nothing(card):
    same = recalibrate(card, paired_leads())
    assert same.recalibration_note is None
    assert same.curve.shift == 0


def test_a_card_of_an_earlier_version_can_be_read(card):
    moved = recalibrate(card, paired_leads(2_000).filter("is_customer"))
    text = scorecard_text(moved)
    assert "[recalibration]\n" in text
    earlier = parse_scorecard(text.replace("[recalibration]\n", "[anchor]\n"))
    assert earlier.recalibration == moved.recalibration
    assert scorecard_text(earlier) == text


def test_the_verdict_tells_of_a_recalibration(card):
    recent = paired_leads(2_000).with_columns(is_customer=pl.col("is_customer") & (pl.int_range(pl.len()) % 3 == 0))
    assert card.verdict.startswith("The points tell leads apart")
    assert recalibrate(card, recent).verdict == f"{card.verdict} {recalibrate(card, recent).recalibration_note}"


def test_the_extremes_of_a_card_are_its_best_and_worst_value(card):
    ranked = card.table.sort("points")
    best, worst = ranked["value"][-1], ranked["value"][0]
    assert f"= {best} (" in card.extremes.split(";")[0]
    assert f"= {worst} (" in card.extremes.split(";")[1]


def test_values_that_earn_points_come_with_the_most_points_first(card):
    assert card.earning["points"].min() > 0
    assert card.earning["points"].is_sorted(descending=True)


def test_a_lead_is_added_up_from_the_first_row_when_none_is_named(card):
    leads = paired_leads(20).with_row_index("lead_id").cast({"lead_id": pl.String})
    assert points_of(leads, card).equals(points_of(leads, card, lead_id="0"))
    assert points_of(leads.clear(), card).is_empty()
    assert points_of(leads, card)["total"][-1] / 10 == pytest.approx(score_leads(leads, card)["score"][0])
