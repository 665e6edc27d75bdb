"""Days on which tracking was silent."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

import leadreport as lr
from leadreport.policy import parse_policy, preset_text

POLICY = parse_policy(preset_text("startup"))


def visits(per_day: list[int], *, kind: str = "page_view", by: str = "lead") -> pl.DataFrame:
    """So many activities at noon on each day from 1 March 2026."""
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    at = [first + timedelta(days=number) for number, count in enumerate(per_day) for _ in range(count)]
    return pl.DataFrame({"happened_at": at}, schema={"happened_at": pl.Datetime("us", "UTC")}).with_columns(
        kind=pl.lit(kind), by=pl.lit(by)
    )


def gaps(activities: pl.DataFrame) -> pl.DataFrame:
    """The gaps as of the end of the last day with an activity."""
    last = activities["happened_at"].max() or datetime(2026, 6, 1, 12, tzinfo=UTC)
    return lr.tracking_gaps(activities, as_of=last + timedelta(hours=11), policy=POLICY)


def test_days_without_a_visit_are_one_gap_with_what_they_usually_bring():
    found = gaps(visits([20] * 30 + [0, 1, 0] + [20] * 30))
    assert found.rows() == [("page_view", date(2026, 3, 31), date(2026, 4, 2), 3, 1, 60)]


def test_two_silences_are_two_gaps():
    assert gaps(visits([20] * 40 + [0] + [20] * 10 + [0] + [20] * 20)).height == 2


def test_a_weekend_is_no_gap():
    assert gaps(visits([20, 20, 20, 20, 20, 0, 0] * 9)).is_empty()


def test_a_rare_kind_and_what_sales_does_are_not_watched():
    rare = visits([2] * 30 + [0] * 5 + [2] * 30)
    by_sales = visits([20] * 30 + [0] * 5 + [20] * 30, kind="call", by="sales")
    assert gaps(pl.concat([rare, by_sales])).is_empty()


def test_nothing_after_the_instant_is_seen():
    late = visits([20] * 30 + [0] * 5 + [20] * 30)
    early = late.filter(pl.col("happened_at") < datetime(2026, 4, 1, tzinfo=UTC))
    found, same = (
        lr.tracking_gaps(each, as_of=datetime(2026, 4, 1, tzinfo=UTC), policy=POLICY) for each in (late, early)
    )
    assert found.equals(same)


def test_a_gap_that_runs_to_the_end_is_found():
    as_of = datetime(2026, 5, 5, tzinfo=UTC)  # five days after the last visit
    found = lr.tracking_gaps(visits([20] * 60), as_of=as_of, policy=POLICY)
    assert found.select("from_on", "until_on", "days").rows() == [(date(2026, 4, 30), date(2026, 5, 4), 5)]


def test_no_activities_have_no_gaps():
    assert gaps(visits([])).is_empty()


def test_the_planted_outage_of_the_sample_is_found_and_nothing_else():
    from leadreport.sample import truths

    ws = lr.open_workspace("data/sample", as_of="2026-11-16")
    found = lr.tracking_gaps(ws.activities, as_of=ws.as_of, policy=ws.policy)
    planted = (truths.OUTAGE_FIRST_ON, truths.OUTAGE_LAST_ON)
    assert found.select("from_on", "until_on").unique().rows() == [planted]
    assert sorted(found["kind"]) == ["email_click", "page_view"]
