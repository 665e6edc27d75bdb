"""A public file of ads through the mapping under data/examples/kag_ads: sums become leads, every cent is kept."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from leadreport.check import check_tables, stop_if_too_many
from leadreport.clock import as_instant
from leadreport.cost import cost_per_sql
from leadreport.facts import lead_facts
from leadreport.policy import load_policy
from leadreport.sources import input_files, read_tables

ROOT = Path(__file__).parents[1]
WORKSPACE = ROOT / "data" / "examples" / "kag_ads"
DATA = ROOT.parent / "shared" / "data" / "kag_ads"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the KAG file is not at {DATA}; it is not ours to ship")

POLICY = load_policy(WORKSPACE / "policy.toml")


@pytest.fixture(scope="module")
def checked():
    return check_tables(read_tables(WORKSPACE, policy=POLICY, data=DATA), policy=POLICY)


@pytest.fixture(scope="module")
def facts(checked):
    as_of = as_instant("2023-09-04", zone=POLICY.company.time_zone)
    return lead_facts(checked.tables, policy=POLICY, as_of=as_of).collect()


def test_sums_become_one_row_for_each_enquiry_and_each_approval(checked):
    assert checked.counts.select("table", "read", "good", "rejected").rows() == [
        ("leads", 3264, 3264, 0),
        ("stages", 1079, 1079, 0),
        ("spend", 1143, 1143, 0),
    ]
    stop_if_too_many(checked, policy=POLICY)
    assert input_files(WORKSPACE, data=DATA)["rows"].to_list() == [1143] * 3


def test_the_real_kag_ads_add_up_to_their_known_spend(checked):
    spend = checked.tables["spend"]
    assert round(spend["amount"].sum(), 2) == 58_705.23
    assert spend.filter(pl.col("amount") == 0).height == 207
    assert spend["spent_on"].min() == date(2023, 8, 1)


def test_an_approved_enquiry_costs_what_the_sums_say(checked, facts):
    total = cost_per_sql(facts, checked.tables["spend"], policy=POLICY).row(0, named=True)
    assert (total["spend"], total["leads"], total["sqls"]) == (58_705.23, 3264, 1079)
    assert (round(total["cost_per_lead"], 2), round(total["cost_per_sql"], 2)) == (17.99, 54.41)


def test_campaigns_sum_to_the_whole(checked, facts):
    by_campaign = cost_per_sql(facts, checked.tables["spend"], by="campaign", policy=POLICY)
    assert by_campaign["campaign"].to_list() == ["1178", "916", "936"]
    assert by_campaign.select(pl.col("leads", "sqls").sum()).row(0) == (3264, 1079)
    assert by_campaign["spend"].sum() == pytest.approx(58_705.23)
