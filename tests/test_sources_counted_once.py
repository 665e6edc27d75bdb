"""Nothing is counted that should not be, and nothing is missing unsaid: the inputs that were once read wrongly."""

from datetime import date

import polars as pl
import pytest

from leadreport.charts.cost import value_chart
from leadreport.check import check_json, check_report, check_tables
from leadreport.clock import as_instant
from leadreport.cost.pace import sales_velocity
from leadreport.errors import InputError, PolicyError
from leadreport.facts import lead_facts
from leadreport.policy import parse_policy, preset_text
from leadreport.sources import read_tables

POLICY = parse_policy(preset_text("startup"))
LEADS = '[files.c]\npath = "c.csv"\n[[leads]]\nfrom = "c"\ncolumns = { lead_id = "id", created_at = "day" }\n'
SPEND = '[[spend]]\nfrom = "k"\nconstants = { department = "marketing", channel = "search" }\n'
CONTACTS = "id,day\n" + "".join(f"{100 + number},2026-02-01\n" for number in range(20))


@pytest.fixture
def read(tmp_path):
    """Checks a folder of files and a mapping beside that of the leads."""

    def checked(mapping="", *, c=CONTACTS, leads=LEADS, **files):
        (tmp_path / "sources.toml").write_text(leads + mapping)
        for name, text in {"c": c, **files}.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return check_tables(read_tables(tmp_path, policy=POLICY), policy=POLICY)

    return checked


def costs(read, text, *, columns='spent_on = "day", amount = "cost"', file="", more="", c=CONTACTS):
    mapping = f'[files.k]\npath = "k*.csv"\n{file}\n{SPEND}columns = {{ {columns} }}\n{more}'
    return read(mapping, k=text, c=c)


def kinds(checked):
    return dict(checked.left_out.select("kind", "rows").iter_rows())


def amounts(checked):
    return checked.tables["spend"]["amount"].to_list()


@pytest.mark.parametrize("cells", [["1.250", "2.000", "80"], ['"1,250"', '"2,000"', "80"]])
def test_a_column_of_three_digits_behind_every_mark_stops_and_asks(read, cells):
    with pytest.raises(InputError, match=r"k.csv: the column 'cost' can be read in two ways") as error:
        costs(read, "day,cost\n" + "".join(f"2026-02-02,{cell}\n" for cell in cells))
    assert 'decimal = "."' in error.value.hint


def test_one_line_in_the_mapping_answers_it(read):
    text = "day,cost\n2026-02-02,1.250\n"
    assert amounts(costs(read, text, file='decimal = ","')) == [1250.0]
    assert amounts(costs(read, text, file='decimal = "."')) == [1.25]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1.250", "12,50"], [1250.0, 12.5]),
        (["1.250", "12.5"], [1.25, 12.5]),
        (["1.250.000", "1.250"], [1250000.0, 1250.0]),
        (["0.125", "1.250"], [0.125, 1.25]),
        (["1 250", "7"], [1250.0, 7.0]),
        (["1,234.50", "1,250"], [1234.5, 1250.0]),
    ],
)
def test_another_cell_of_the_column_decides(read, cells, values):
    assert amounts(costs(read, "day,cost\n" + "".join(f'2026-02-02,"{cell}"\n' for cell in cells))) == values


def test_one_odd_cell_among_many_decides_nothing(read):
    odd = "day,cost\n2026-02-02,12.50\n" + "".join(f"2026-02-02,{number}.250\n" for number in range(1, 40))
    with pytest.raises(InputError, match="can be read in two ways"):
        costs(read, odd)


DATED = '[files.k]\npath = "k.csv"\nformat = ["%d/%m/%Y", "%m/%d/%Y"]\n' + SPEND
DATED += 'columns = { spent_on = "day", amount = "cost" }\n'


def test_a_day_that_two_formats_read_is_decided_by_the_column_or_asked(read):
    days = read(DATED, k="day,cost\n03/04/2026,1\n13/04/2026,1\n").tables["spend"]["spent_on"].to_list()
    assert days == [date(2026, 4, 3), date(2026, 4, 13)]
    with pytest.raises(InputError, match="the column 'day' can be read in two ways"):
        read(DATED, k="day,cost\n03/04/2026,1\n")
    with pytest.raises(InputError, match="the column 'day' can be read in two ways"):
        read(DATED, k="day,cost\n03/04/2026,1\n13/04/2026,1\n04/13/2026,1\n")


@pytest.mark.parametrize(
    ("written", "form", "utc"),
    [
        ("2026-02-04 22:18:25 UTC", "iso", "2026-02-04 22:18"),
        ("2026-02-04 22:18:25 CET", "iso", "2026-02-04 21:18"),
        ("2026-02-04 22:18 +0000 UTC", "iso", "2026-02-04 22:18"),
        ("04.02.2026 22:18 UTC", "%d.%m.%Y %H:%M UTC", "2026-02-04 22:18"),
        ("04.02.2026 22:18 EST", "%d.%m.%Y %H:%M %Z", "2026-02-05 03:18"),
        ("2026-02-04T22:18:25Z", "%Y-%m-%dT%H:%M:%SZ", "2026-02-04 22:18"),
    ],
)
def test_a_word_for_a_time_zone_is_read(read, written, form, utc):
    leads = LEADS.replace('path = "c.csv"', f'path = "c.csv"\nformat = "{form}"')
    created = read(leads=leads, c=f"id,day\na,{written}\n").tables["leads"]["created_at"]
    assert created.dt.to_string("%F %R").to_list() == [utc]


def test_a_zone_word_that_means_several_offsets_is_rejected_with_the_reason(read):
    rejected = read(c="id,day\na,2026-02-04 22:18:25 CST\nb,2026-02-04\n").rejected
    assert rejected["reason"].to_list() == [
        "ends in a time zone that has no one offset; write the offset, or name it by time_zone"
    ]


UNITS = "day,cost\n2026-02-02,$1.20K\n2026-02-03,$0.80K\n2026-02-04,$0.01M\n"


def test_amounts_with_units_are_read_by_the_line_that_the_message_names(read):
    reasons = set(costs(read, UNITS, file='remove = ["$"]').rejected["reason"])
    assert reasons == {"ends in a unit; say in sources.toml what it means, such as units = { K = 1000, M = 1000000 }"}
    file = 'remove = ["$"]\nunits = { K = 1000, M = 1000000 }'
    assert amounts(costs(read, UNITS, file=file)) == [1200.0, 800.0, 10000.0]


def test_a_unit_cannot_be_removed_as_if_it_were_a_sign(read):
    with pytest.raises(PolicyError, match="'remove' would drop K, M, a unit"):
        costs(read, UNITS, file='remove = ["$", "K", "M"]')


TWO = "status,campaign,day,cost\non,A,2026-02-02,400\non,B,2026-02-02,200\n"
NAMED = 'spent_on = "day", campaign = "campaign", amount = "cost"'


@pytest.mark.parametrize(
    "line",
    [
        "Total: Account,,2026-02-02,600",
        "Total: Search, --,2026-02-02,400",
        "Total : compte,,2026-02-02,600",
        "Gesamt: Konto,,2026-02-02,600",
        "Somme,,2026-02-02,600",
        "Grand Totals (2 records),,2026-02-02,601",
        "on,,2026-02-02,600",
    ],
)
def test_a_line_that_sums_others_is_left_out_and_named(read, line):
    checked = costs(
        read, f"status,campaign,day,cost\non,A,2026-02-02,400\non,B,2026-02-02,200\n{line}\n", columns=NAMED
    )
    assert amounts(checked) == [400.0, 200.0]
    assert kinds(checked)["total lines"] == 1
    assert "spend: total lines: 1" in check_report(checked)
    assert checked.counts.filter(table="spend").select("read", "left_out").rows() == [(2, 1)]


@pytest.mark.parametrize(
    ("line", "is_said"),
    [("on,Total Fitness,2026-02-02,37", True), ("on,Totally new,2026-02-02,37", False), ("on,C,2026-02-02,600", False)],
)
def test_a_line_that_may_be_an_own_cost_is_counted(read, line, is_said):
    checked = costs(
        read, f"status,campaign,day,cost\non,A,2026-02-02,400\non,B,2026-02-02,200\n{line}\n", columns=NAMED
    )
    assert len(amounts(checked)) == 3
    assert ("probably total lines" in kinds(checked)) == is_said


def test_a_file_of_nothing_but_totals_keeps_its_costs(read):
    checked = costs(read, "campaign,day,cost\nTotal,2026-02-02,400\nTotal,2026-02-03,200\n", columns=NAMED)
    assert amounts(checked) == [400.0, 200.0]


OVERLAP = (
    '[files.k]\npath = "k-*.csv"\n' + SPEND + 'columns = { spent_on = "day", campaign = "campaign", amount = "cost" }\n'
)


def test_a_row_counts_as_often_as_in_the_file_that_has_it_most(read):
    first = "day,campaign,cost\n2026-02-02,B,100\n2026-02-03,B,100\n2026-02-03,B,100\n"
    second = "day,campaign,cost\n2026-02-03,B,100\n2026-02-04,B,100\n"
    checked = read(OVERLAP, **{"k-1": first, "k-2": second})
    assert sum(amounts(checked)) == 400.0
    assert kinds(checked) == {"exact duplicates": 1, "channels with spend and no leads": 4}


def test_a_file_loaded_twice_counts_once_and_another_account_counts(read):
    text = "account,day,campaign,cost\n1,2026-02-02,B,100\n"
    assert sum(amounts(read(OVERLAP, **{"k-1": text, "k-2": text}))) == 100.0
    other = text.replace("\n1,", "\n2,")
    checked = read(OVERLAP, **{"k-1": text, "k-2": other})
    assert sum(amounts(checked)) == 200.0
    assert kinds(checked)["days in several files"] == 2


def test_a_cost_of_a_span_is_spread_over_its_days_to_the_cent(read):
    meta = "Reporting starts,Reporting ends,cost\n2026-02-02,2026-03-01,2800\n2026-03-02,2026-03-04,10\n"
    spend = costs(read, meta, columns='spent_on = "Reporting starts", amount = "cost"').tables["spend"]
    assert spend.filter(pl.col("spent_on").is_between(date(2026, 2, 9), date(2026, 2, 15)))["amount"].sum() == 700.0
    assert spend["amount"].to_list()[-3:] == [3.33, 3.33, 3.34]


@pytest.mark.parametrize(
    ("text", "columns", "more", "days"),
    [
        ("month,cost\n2026-02-01,2800\n", 'spent_on = "month", amount = "cost"', "", 28),
        ("day,cost\n2026-02-02,700\n", 'spent_on = "day", amount = "cost"', 'each = "week"', 7),
        ("day,last,cost\n2026-02-02,2026-02-04,7\n", 'spent_on = "day", amount = "cost"', 'until = "last"', 3),
        ("day,last,cost\n2026-02-02,2026-02-04,7\n", 'spent_on = "day", amount = "cost"', "", 1),
    ],
)
def test_a_row_that_is_a_month_a_week_or_has_a_last_day_is_spread(read, text, columns, more, days):
    assert len(amounts(costs(read, text, columns=columns, more=more))) == days


def test_costs_that_stand_on_mondays_only_are_said_to_be_weekly(read):
    text = "day,cost\n" + "".join(f"2026-02-{day:02},70\n" for day in (2, 9, 16, 23))
    assert kinds(costs(read, text))["probably costs of a week"] == 4
    assert "probably costs of a week" not in kinds(costs(read, text + "2026-02-24,70\n"))


def test_a_span_that_ends_before_it_begins_is_rejected(read):
    text = "day,last,cost\n2026-02-05,2026-02-04,7\n2026-02-05,2026-02-06,7\n"
    checked = costs(read, text, more='until = "last"')
    assert checked.rejected["reason"].to_list() == ["is before the first day"]
    assert amounts(checked) == [3.5, 3.5]


def test_a_correction_lowers_the_cost(read):
    assert sum(amounts(costs(read, "day,cost\n2026-02-02,100\n2026-02-03,-30\n"))) == 70.0


DEALS = '[files.d]\npath = "d.csv"\n[[deals]]\nfrom = "d"\n'
DEALS += 'columns = { deal_id = "deal", lead_id = "who", created_at = "day", closed_at = "end", '
DEALS += 'status = "is", amount = "n" }\n'
HEAD = "deal,who,day,end,is,n\n"


def test_a_deal_of_an_older_lead_stays_and_is_named(read):
    checked = read(DEALS, d=f"{HEAD}1,101,2026-02-02,2026-02-03,won,1000\n2,7,2026-02-02,2026-02-03,won,2000\n")
    assert checked.tables["deals"]["amount"].sum() == 3000.0
    row = checked.left_out.row(by_predicate=pl.col("kind") == "deals of leads outside the export", named=True)
    assert (row["rows"], row["amount"], row["examples"]) == (1, 2000.0, "7")


def test_of_several_contacts_the_first_that_is_a_lead_has_the_deal(read):
    checked = read(DEALS, d=f"{HEAD}1,7;101;102,2026-02-02,,open,1\n")
    assert checked.tables["deals"]["lead_id"].to_list() == ["101"]
    assert kinds(checked) == {"rows with several leads": 1}


def deals_of(ids):
    return HEAD + "".join(f"{number},{lead},2026-02-02,,open,1\n" for number, lead in enumerate(ids))


def test_a_link_that_is_found_by_chance_is_refused_with_its_share(read):
    with pytest.raises(InputError, match=r"deals: 9 of 40 different lead_ids \(22.5%\) are ids of leads, no more"):
        read(DEALS, d=deals_of(range(111, 151)))
    older = read(DEALS.replace('from = "d"', 'from = "d"\nolder_leads = true'), d=deals_of(range(111, 151)))
    assert kinds(older) == {"deals of leads outside the export": 31}
    half = read(DEALS, d=deals_of([*range(100, 120), *range(500, 520)]))
    assert kinds(half) == {"deals of leads outside the export": 20}


def test_ids_that_chance_cannot_give_are_a_link(read):
    sparse = "id,day\n" + "".join(f"{9000 + 977 * number},2026-02-01\n" for number in range(40))
    ids = [9000 + 977 * number for number in range(5)] + [9001 + number for number in range(15)]
    assert kinds(read(DEALS, c=sparse, d=deals_of(ids))) == {"deals of leads outside the export": 15}


CONVERTED = '[files.d]\npath = "d.csv"\n[[deals]]\nfrom = "d"\nlink = { from = "c", key = "deal", gives = "id" }\n'
CONVERTED += 'columns = { deal_id = "Id", created_at = "day", status = "is" }\n'


def test_the_link_may_stand_on_the_lead(read):
    leads = "id,day,deal\n1,2026-01-05,902\n2,2026-01-06,\n3,2026-01-07,901\n"
    deals = "Id,day,is\n901,2026-01-20,open\n902,2026-01-21,open\n"
    assert read(CONVERTED, c=leads, d=deals).tables["deals"]["lead_id"].to_list() == ["3", "1"]


def test_the_link_may_go_through_a_third_file(read):
    hops = 'link = [{ from = "r", key = "deal", gives = "contact" }, { from = "c", key = "contact", gives = "id" }]'
    mapping = (
        CONVERTED.replace('link = { from = "c", key = "deal", gives = "id" }', hops) + '[files.r]\npath = "r.csv"\n'
    )
    leads = "id,day,contact\n1,2026-01-05,K1\n2,2026-01-06,K2\n"
    roles = "deal,contact\n901,K9; K2\n902,K7\n"
    checked = read(mapping, c=leads, r=roles, d="Id,day,is\n901,2026-01-20,open\n902,2026-01-21,open\n")
    assert checked.tables["deals"]["lead_id"].to_list() == ["2", None]
    assert kinds(checked)["ids that the link does not find"] == 1


def test_salesforce_ids_of_15_and_18_characters_are_one_id(read):
    leads = "id,day\n00Q2w00000ABcDeEAL,2026-02-01\n00Q2w00000ABcDfEAL,2026-02-01\n"
    checked = read(DEALS, c=leads, d=f"{HEAD}1,00Q2w00000ABcDe,2026-02-02,,open,1\n")
    assert checked.tables["deals"]["lead_id"].to_list() == ["00Q2w00000ABcDeEAL"]


def test_leads_without_an_id_are_numbered_and_equal_ones_stay(read):
    leads = LEADS.replace('lead_id = "id", ', "")
    checked = read(leads=leads, c="day,medium\n2026-01-12,a\n2026-01-12,a\n2026-01-13,b\n")
    assert checked.tables["leads"]["lead_id"].to_list() == ["c.csv:2", "c.csv:3", "c.csv:4"]
    assert kinds(checked) == {"rows without an id": 3}


MERGES = '[[merges]]\nfrom = "c"\nkey = "merged"\ngives = "id"\n' + DEALS


def test_the_survivor_may_name_what_was_merged_into_it(read):
    leads = "id,day,merged\n101,2026-02-01,7;8\n102,2026-02-01,\n"
    checked = read(MERGES, c=leads, d=f"{HEAD}1,8,2026-02-02,,open,1\n2,102,2026-02-02,,open,1\n")
    assert checked.tables["deals"]["lead_id"].to_list() == ["101", "102"]


def facts_of(checked):
    tables = {name: frame for name, frame in checked.tables.items() if name != "spend"}
    return lead_facts(tables, policy=POLICY, as_of=as_instant("2026-05-01", zone="UTC")).collect().sort("lead_id")


def test_a_survivor_keeps_what_only_the_older_record_knows(read):
    leads = "lead_id,created_at,channel,owner,merged_into\n"
    leads += "OLD,2026-01-05T09:00Z,paid_search,Ria,NEW\nMID,2026-01-10T09:00Z,email,,NEW\n"
    leads += "NEW,2026-01-20T09:00Z,,,\nGONE2,2026-01-06T09:00Z,email,,NOBODY\n"
    checked = read(c=leads, leads='[files.c]\npath = "c.csv"\n[[leads]]\nfrom = "c"\n')
    new = facts_of(checked).row(by_predicate=pl.col("lead_id") == "NEW", named=True)
    assert (new["channel"], new["owner"], new["created_at"].day, new["merged_leads"]) == ("paid_search", "Ria", 5, 2)
    assert kinds(checked) == {"merges into a lead that is not there": 1}


def test_a_deal_lost_while_another_is_open_leaves_the_lead_open(read):
    lost = "1,101,2026-02-02,2026-02-09,lost,1\n"
    stage = pl.col("lead_id") == "101"
    both = facts_of(read(DEALS, d=f"{HEAD}{lost}2,101,2026-02-02,,open,1\n")).filter(stage)
    assert both.select("stage", "lost_at").row(0) == ("opportunity", None)
    assert facts_of(read(DEALS, d=f"{HEAD}{lost}")).filter(stage)["stage"].item() == "lost"


def test_channels_of_two_spellings_are_said_to_be_one(read):
    leads = LEADS.replace('created_at = "day"', 'created_at = "day", channel = "from"')
    checked = read(
        f'[files.k]\npath = "k.csv"\n{SPEND}columns = {{ spent_on = "day", amount = "cost" }}\n',
        leads=leads,
        c="id,day,from\n1,2026-02-01,Search\n2,2026-02-01,direct\n",
        k="day,cost\n2026-02-02,70\n",
    )
    assert kinds(checked) == {
        "channels with spend and no leads": 1,
        "channels with leads and no spend": 2,
        "probably one channel": 1,
    }


def test_the_check_shows_each_different_bad_value_once_with_its_rows(read):
    checked = read(DEALS, d=f"{HEAD}1,101,x,,open,1\n2,102,x,,open,1\n3,103,y,,open,1\n")
    assert "  2 x 'x', first in d.csv line 2\n  1 x 'y', first in d.csv line 4" in check_report(checked)
    assert '"left_out": []' in check_json(checked)


def test_deals_of_unknown_leads_count_in_won_totals_and_win_rates_only(read):
    days = "2026-02-02,2026-02-03"
    checked = read(DEALS, d=f"{HEAD}1,101,{days},won,1000\n2,7,{days},won,2000\n3,,{days},lost,9\n")
    facts, held = facts_of(checked), checked.tables["deals"]
    both = sales_velocity(facts, held, by="channel", policy=POLICY)
    assert both.select(pl.col("won", "lost").sum()).row(0) == (2, 1)
    assert sales_velocity(facts, held, policy=POLICY)["win_rate"].item() == pytest.approx(2 / 3)
    assert facts["is_customer"].sum() == 1


def test_a_chart_draws_where_a_number_is_zero_over_zero():
    values = pl.DataFrame(
        {
            "channel": ["web"], "leads": [4], "customers": [0], "close_rate": [0.0], "won_amount": [None],
            "lead_value": [0.0], "lead_value_low": [0.0], "lead_value_high": [0.0], "cost_per_lead": [0.0],
            "value_per_cost": [float("nan")], "highest_price_per_lead": [0.0], "verdict": ["too few to say"],
        },
        schema_overrides={"won_amount": pl.Float64},
    )  # fmt: skip
    assert "NaN" not in value_chart(values).to_json()
