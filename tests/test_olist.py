"""Olist's public funnel through the mapping under data/examples/olist: every MQL and every winner accounted for."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from leadreport.check import check_tables, stop_if_too_many
from leadreport.policy import load_policy
from leadreport.sources import input_files, read_tables

ROOT = Path(__file__).parents[1]
WORKSPACE = ROOT / "data" / "examples" / "olist"
DATA = ROOT.parent / "shared" / "data" / "olist"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the Olist files are not at {DATA}; they are not ours to ship"
)

POLICY = load_policy(WORKSPACE / "policy.toml")


@pytest.fixture(scope="module")
def checked():
    return check_tables(read_tables(WORKSPACE, policy=POLICY, data=DATA), policy=POLICY)


def test_every_row_of_both_files_is_good(checked):
    assert checked.counts.select("table", "read", "good", "rejected", "left_out").rows() == [
        ("leads", 8000, 8000, 0, 0),
        ("stages", 8000, 8000, 0, 0),
        ("deals", 842, 842, 0, 0),
    ]
    stop_if_too_many(checked, policy=POLICY)


def test_the_files_are_found_from_the_folder_that_sources_toml_names():
    assert input_files(WORKSPACE).select("tables", "rows").rows() == [("deals", 842), ("leads, stages", 8000)]


def test_every_lead_is_an_mql_on_the_day_of_first_contact(checked):
    both = checked.tables["leads"].join(checked.tables["stages"], on="lead_id", validate="1:1")
    assert both.filter(pl.col("created_at") == pl.col("reached_at"), pl.col("stage") == "mql").height == 8000


def test_a_day_that_began_at_one_o_clock_is_read_from_its_first_instant(checked):
    first_of_summer_time = datetime(2017, 10, 15, 3, tzinfo=UTC)
    created = checked.tables["leads"]["created_at"].dt.convert_time_zone(POLICY.company.time_zone)
    assert created.filter(created.dt.date() == first_of_summer_time.date()).unique().to_list() == [first_of_summer_time]


def test_all_deals_are_won_and_the_one_won_before_first_contact_stays(checked):
    deals = checked.tables["deals"].join(checked.tables["leads"], on="lead_id", suffix="_of_lead")
    assert deals["status"].unique().to_list() == ["won"]
    assert deals.filter(pl.col("closed_at") < pl.col("created_at_of_lead")).height == 1


def test_an_origin_that_says_unknown_is_not_one_that_says_nothing(checked):
    channels = dict(checked.tables["leads"]["channel"].value_counts().rows())
    assert (channels["unknown"], channels["not recorded"], channels.get(None)) == (1099, 60, None)


def test_nothing_that_is_known_of_winners_only_is_an_attribute(checked):
    attributes = [name for name in checked.tables["leads"].columns if name not in ("lead_id", "created_at", "channel")]
    filled = [name for name in attributes if checked.tables["leads"][name].null_count() < 8000]
    assert filled == ["landing_page"]
    assert checked.tables["deals"]["amount"].null_count() == 842
