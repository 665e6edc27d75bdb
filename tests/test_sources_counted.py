"""A row that stands for many is read that many times, and no lead is invented."""

import pytest

from leadreport.check import check_tables
from leadreport.errors import InputError
from leadreport.policy import parse_policy, preset_text
from leadreport.sources import read_tables

POLICY = parse_policy(preset_text("startup"))

SOURCES = """
[files.ads]
path = "ads.csv"
count = "enquiries"

[files.approved]
path = "ads.csv"
count = "approved"

[[leads]]
from = "ads"
columns = { lead_id = "copy", created_at = "day", channel = "ad" }

[[stages]]
from = "approved"
columns = { lead_id = "copy" }
dates = { sql = "day" }
"""


def read(folder, rows):
    (folder / "sources.toml").write_text(SOURCES)
    (folder / "ads.csv").write_text("ad,day,enquiries,approved\n" + rows)
    return check_tables(read_tables(folder, policy=POLICY), policy=POLICY)


def test_a_row_of_three_enquiries_is_three_leads_and_one_of_none_is_no_lead(tmp_path):
    tables = read(tmp_path, "a,2026-01-05,3,1\nb,2026-01-06,0,0\nc,2026-01-07,1,1\n").tables
    assert tables["leads"].select("lead_id", "channel").rows() == [
        ("2-1", "a"), ("2-2", "a"), ("2-3", "a"), ("4-1", "c"),
    ]  # fmt: skip
    assert tables["stages"]["lead_id"].to_list() == ["2-1", "4-1"]


def test_a_row_that_is_wrong_is_rejected_as_often_as_it_stands_for(tmp_path):
    checked = read(tmp_path, "a,never,2,0\nb,2026-01-06,1,0\n")
    assert checked.rejected.filter(table="leads").height == 2
    assert checked.tables["leads"]["lead_id"].to_list() == ["3-1"]


@pytest.mark.parametrize("number", ["1.5", "-1", "", "some"])
def test_a_count_that_is_no_whole_number_is_an_error(tmp_path, number):
    with pytest.raises(InputError, match="1 rows have no whole number in 'enquiries'"):
        read(tmp_path, f"a,2026-01-05,{number},0\nb,2026-01-06,1,0\n")


def test_a_count_column_that_is_not_there_is_an_error(tmp_path):
    (tmp_path / "sources.toml").write_text(SOURCES)
    (tmp_path / "ads.csv").write_text("ad,day,enquiry,approved\na,2026-01-05,1,0\n")
    with pytest.raises(InputError, match="no column 'enquiries' \\(for count\\)"):
        read_tables(tmp_path, policy=POLICY)
