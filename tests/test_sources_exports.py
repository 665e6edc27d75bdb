"""Exports as they really arrive, each read by a mapping and no code. The files are made up; their oddities are not."""

from datetime import UTC, date, datetime
from pathlib import Path

from leadreport.check import Checked, check_tables
from leadreport.policy import parse_policy, preset_text
from leadreport.sources import read_tables

POLICY = parse_policy(preset_text("startup"))


def checked(folder: Path, toml: str, **files: bytes) -> Checked:
    (folder / "sources.toml").write_text(toml)
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content)
    (folder / "known.csv").write_text("lead_id,created_at\nknown,2026-01-05\n")
    return check_tables(read_tables(folder, policy=POLICY), policy=POLICY)


KNOWN = '[files.known]\npath = "known.csv"\n[[leads]]\nfrom = "known"\n'
"""A table of leads beside an export that has none."""


def counts(result: Checked, table: str) -> tuple:
    return result.counts.filter(table=table).select("read", "good", "left_out").row(0)


def test_hubspot_contacts_give_leads_and_their_stage_history(tmp_path):
    toml = """
        [files.contacts]
        path = "contacts.csv"
        time_zone = "Europe/Berlin"

        [[leads]]
        from = "contacts"
        attributes = { country = "Country/Region", staff = "Number of Employees" }
        [leads.columns]
        lead_id = ["Record ID", "Contact ID"]
        created_at = "Create Date"
        channel = ["Original Traffic Source", "Original Source"]
        owner = "Contact owner"
        [leads.values.channel]
        "Paid Search" = "paid_search"

        [[stages]]
        from = "contacts"
        columns = { lead_id = "Record ID" }
        [stages.dates]
        mql = "Became a Marketing Qualified Lead Date"
        sql = "Became a Sales Qualified Lead Date"
        customer = "Became a Customer Date"
    """
    header = (
        "Record ID,First Name,Create Date,Original Source,Contact owner,Country/Region,Number of Employees,Message,"
        "Became a Marketing Qualified Lead Date,Became a Sales Qualified Lead Date,Became a Customer Date"
    )
    rows = [
        '151,Ana,2026-03-12 09:14,Paid Search,Bo,France,12,"Hello,\n\nplease ""call"" me",2026-03-13 10:00,,',
        "152,=cmd,2026-03-12 09:20,Direct Traffic,,Chile,,,2026-03-14 08:00,2026-03-20 12:30,2026-04-01 16:45",
        "151,Ana,2026-03-12 09:14,Paid Search,Bo,France,12,,2026-03-13 10:00,,",
    ]
    result = checked(tmp_path, toml, contacts="\n".join([header, *rows]).encode())
    leads = result.tables["leads"].select("lead_id", "channel", "owner", "country", "staff")
    assert leads.rows() == [("151", "paid_search", "Bo", "France", 12), ("152", "Direct Traffic", None, "Chile", None)]
    assert result.tables["leads"]["created_at"][0] == datetime(2026, 3, 12, 8, 14, tzinfo=UTC)
    stages = result.tables["stages"].select("lead_id", "stage").sort("lead_id", "stage").unique(maintain_order=True)
    assert stages.rows() == [("151", "mql"), ("152", "customer"), ("152", "mql"), ("152", "sql")]
    assert result.rejected.rows() == [
        ("leads", "contacts.csv", 6, "Record ID", "151", "repeats the id of an earlier row")
    ]


def test_hubspot_s_old_exports_count_milliseconds(tmp_path):
    toml = """
        [files.contacts]
        path = "contacts.csv"
        format = "epoch_ms"
        [[leads]]
        from = "contacts"
        columns = { lead_id = "hs_object_id", created_at = "createdate" }
        [[stages]]
        from = "contacts"
        columns = { lead_id = "hs_object_id" }
        dates = { mql = "hs_lifecyclestage_marketingqualifiedlead_date" }
    """
    header = "hs_object_id,createdate,hs_lifecyclestage_marketingqualifiedlead_date"
    rows = ["1,1706076407193,1706162807193", "2,1706076407193,"]
    result = checked(tmp_path, toml, contacts="\n".join([header, *rows]).encode())
    assert result.tables["leads"]["created_at"][0] == datetime(2024, 1, 24, 6, 6, 47, 193_000, tzinfo=UTC)
    assert result.tables["stages"]["reached_at"].to_list() == [datetime(2024, 1, 25, 6, 6, 47, 193_000, tzinfo=UTC)]


def test_salesforce_reports_lose_their_footer_and_keep_their_accents(tmp_path):
    toml = """
        [files.report]
        path = "report.csv"
        encoding = "cp1252"
        format = "%m/%d/%Y"
        drop = [{ column = "Lead ID", starts_with = ["Grand Totals", "Confidential", "Copyright", "Total"] }]
        [[leads]]
        from = "report"
        columns = { lead_id = "Lead ID", created_at = "Create Date", owner = "Lead Owner", source = "Lead Source" }
        attributes = { company = "Company / Account" }
    """
    text = (
        '"Lead ID","Lead Owner","Company / Account","Lead Source","Create Date"\r\n'
        '"00Q001","Zoë","Café Müller","Web","3/12/2026"\r\n'
        '"00Q002","Zoë","B&B","Partner Referral","12/3/2026"\r\n'
        '"Total","2","","",""\r\n'
        "\r\n"
        '"Grand Totals (2 records)"\r\n'
        '"Confidential Information - Do Not Distribute"\r\n'
        '"Copyright © 2000-2026 salesforce.com, inc. All rights reserved."\r\n'
    )
    result = checked(tmp_path, toml, report=text.encode("cp1252"))
    assert counts(result, "leads") == (2, 2, 4)
    assert result.tables["leads"].select("owner", "company").row(0) == ("Zoë", "Café Müller")
    assert result.tables["leads"]["created_at"][1] == datetime(2026, 12, 2, 23, tzinfo=UTC)


def test_google_ads_reports_have_titles_above_and_totals_below(tmp_path):
    toml = (
        KNOWN
        + """
        [files.ads]
        path = "ads.csv"
        skip_lines = 2
        thousands = ","
        missing = "--"
        drop = [{ column = "Campaign status", starts_with = "Total:" }]
        [[spend]]
        from = "ads"
        columns = { spent_on = "Day", campaign = "Campaign", amount = "Cost", currency = "Currency code" }
        constants = { channel = "paid_search", department = "marketing" }
    """
    )
    text = (
        "Campaign report\nAll time\nDay,Campaign status,Campaign,Currency code,Cost,CTR\n"
        '2026-03-02,Enabled,Brand,EUR,"1,234.56",1.49%\n'
        "2026-03-02,Paused,Generic,EUR, --, --\n"
        '2026-03-03,Enabled,Brand,EUR,"12,000",1.5%\n'
        ',Total: Search,,EUR,"13,234.56",\n'
        ',Total: Account,,EUR,"13,234.56",\n'
    )
    result = checked(tmp_path, toml, ads=text.encode())
    assert counts(result, "spend") == (3, 2, 2)
    assert result.tables["spend"].select("spent_on", "campaign", "amount").rows() == [
        (date(2026, 3, 2), "Brand", 1234.56),
        (date(2026, 3, 3), "Brand", 12000.0),
    ]
    assert result.rejected.select("line", "column", "value", "reason").rows() == [(5, "Cost", " --", "is missing")]


def test_meta_ads_exports_begin_with_a_mark_and_a_nameless_total(tmp_path):
    toml = (
        KNOWN
        + """
        [files.ads]
        path = "ads.csv"
        drop = [{ column = "Campaign name", is_empty = true }]
        [[spend]]
        from = "ads"
        columns = { spent_on = "Day", campaign = "Campaign name", amount = "Amount spent (EUR)" }
        constants = { channel = "social", department = "marketing" }
    """
    )
    text = (
        '\ufeff"Day","Campaign name","Amount spent (EUR)","CPM (cost per 1,000 impressions) (EUR)"\r\n'
        '"2026-03-02","","30.50",""\r\n'
        '"2026-03-02","Spring, wide","20.25","3.1"\r\n'
        '"2026-03-02","Retarget","10.25","2"\r\n'
    )
    result = checked(tmp_path, toml, ads=text.encode())
    assert counts(result, "spend") == (2, 2, 1)
    assert result.tables["spend"].select("campaign", "amount", "currency").rows() == [
        ("Spring, wide", 20.25, "EUR"),
        ("Retarget", 10.25, "EUR"),
    ]


def test_a_utf_16_file_with_tabs_and_american_dates_is_read(tmp_path):
    toml = (
        KNOWN
        + """
        [files.ads]
        path = "ads.csv"
        delimiter = "\\t"
        skip_lines = 3
        thousands = ","
        format = "%m/%d/%Y"
        [[spend]]
        from = "ads"
        columns = { spent_on = "Start Date (in UTC)", campaign = "Campaign Name", amount = "Total Spent" }
        constants = { channel = "social", department = "marketing" }
    """
    )
    text = (
        "Campaign Performance Report (in UTC)\r\nReport Start: 09/01/2026, Report End: 09/02/2026\r\n\r\n"
        "Start Date (in UTC)\tCampaign Name\tTotal Spent\r\n9/1/2026\tÉté\t1,234.50\r\n"
    )
    result = checked(tmp_path, toml, ads=text.encode("utf-16"))
    assert result.tables["spend"].select("spent_on", "campaign", "amount").rows() == [(date(2026, 9, 1), "Été", 1234.5)]


def test_a_german_file_has_semicolons_and_decimal_commas(tmp_path):
    toml = (
        KNOWN
        + """
        [files.ads]
        path = "ads.csv"
        delimiter = ";"
        decimal = ","
        thousands = "."
        format = "%d.%m.%Y"
        drop = [{ column = "Tag", starts_with = "Gesamt" }]
        [[spend]]
        from = "ads"
        columns = { spent_on = "Tag", campaign = "Kampagne", amount = "Kosten", department = "Abteilung" }
        values = { department = { Vertrieb = "sales", "*" = "marketing" } }
    """
    )
    rows = ["31.01.2026;A;1.234,56;Marketing", "28.02.2026;B;99,9;Vertrieb", "Gesamt: Konto;;1.334,46;"]
    result = checked(tmp_path, toml, ads="\n".join(["Tag;Kampagne;Kosten;Abteilung", *rows]).encode())
    assert result.tables["spend"].select("amount", "department").rows() == [(1234.56, "marketing"), (99.9, "sales")]


def test_a_table_of_changed_fields_becomes_stage_history(tmp_path):
    toml = (
        KNOWN
        + """
        [files.history]
        path = "history.csv"
        [[stages]]
        from = "history"
        columns = { lead_id = "LeadId", reached_at = "CreatedDate", stage = "NewValue" }
        only = [{ column = "Field", is = "Status" }]
        values = { stage = { "Working - Contacted" = "sal", "Closed - Converted" = "opportunity" } }
    """
    )
    text = (
        "LeadId,CreatedDate,Field,OldValue,NewValue\n"
        "known,2026-02-01T08:00:00.000+0000,Status,Open - Not Contacted,Working - Contacted\n"
        "known,2026-02-02T08:00:00.000+0000,Owner,Ann,Bo\n"
        "known,2026-02-03T08:00:00.000+0000,Status,Working - Contacted,Closed - Converted\n"
    )
    result = checked(tmp_path, toml, history=text.encode())
    assert result.tables["stages"]["stage"].to_list() == ["sal", "opportunity"]
    assert counts(result, "stages") == (2, 2, 1)
