"""From files to raw tables: our own columns, the mapping of any export, and the words when it does not work."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from leadreport.check import check_tables
from leadreport.errors import InputError, PolicyError
from leadreport.policy import parse_policy, preset_text
from leadreport.sources import input_files, load_sources, read_tables

POLICY = parse_policy(preset_text("startup"))
LEADS = "lead_id,created_at,channel\n"
ONE_LEAD = LEADS + "a,2026-01-05,web\n"


@pytest.fixture
def folder(tmp_path):
    """Writes files into a folder: text as UTF-8, bytes as they are, frames as Parquet."""

    def write(**files: str | bytes | pl.DataFrame) -> Path:
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            if isinstance(content, pl.DataFrame):
                content.write_parquet(path)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def rows_of(folder: Path, table: str = "leads") -> pl.DataFrame:
    """The good rows of a table, without columns that are empty."""
    good = check_tables(read_tables(folder, policy=POLICY), policy=POLICY).tables[table]
    return good.select(column.name for column in good if column.null_count() < len(column))


def rejected_of(folder: Path) -> list[tuple]:
    """[(line, column, value, reason)] of all rejected rows."""
    rejected = check_tables(read_tables(folder, policy=POLICY), policy=POLICY).rejected
    return rejected.select("line", "column", "value", "reason").rows()


def mapped(columns: str, *, file: str = "", more: str = "", table: str = "leads") -> str:
    """A sources.toml with one file, export.csv, and one mapping."""
    head = f'[files.export]\npath = "export.csv"\n{file}\n'
    return f'{head}[[{table}]]\nfrom = "export"\ncolumns = {{ {columns} }}\n{more}\n'


IDS = 'lead_id = "ID", created_at = "Created"'
LEAD_BESIDE = '[files.leads]\npath = "leads.csv"\n[[leads]]\nfrom = "leads"\n'


# --- files in our own columns --------------------------------------------------------------------------------------


def test_without_sources_toml_files_named_as_the_tables_are_read(folder):
    tables = read_tables(
        folder(leads__csv=ONE_LEAD, feedback__csv="lead_id,given_at,score\na,2026-01-06,7\n"), policy=POLICY
    )
    assert list(tables) == ["leads", "feedback"]
    assert tables["feedback"].rows["score"].to_list() == [7]


def test_ids_keep_their_zeros_and_lose_the_spaces_around_them(folder):
    assert rows_of(folder(leads__csv=LEADS + " 007 ,2026-01-05,web\n"))["lead_id"].to_list() == ["007"]


def test_a_date_is_local_midnight_and_an_offset_is_honoured(folder):
    text = LEADS + "a,2026-07-01,\nb,2026-07-01 09:30,\nc,2026-07-01T09:30:00-05:00,\nd,2026-07-01T09:30:00.5Z,\n"
    assert rows_of(folder(leads__csv=text))["created_at"].to_list() == [
        datetime(2026, 6, 30, 22, tzinfo=UTC),
        datetime(2026, 7, 1, 7, 30, tzinfo=UTC),
        datetime(2026, 7, 1, 14, 30, tzinfo=UTC),
        datetime(2026, 7, 1, 9, 30, 0, 500_000, tzinfo=UTC),
    ]


def test_further_columns_of_leads_are_attributes_typed_by_their_cells(folder):
    text = "lead_id,created_at,zip,size,trial,note\na,2026-01-05,01067,10,true,x\nb,2026-01-05,10115,2,False,\n"
    attributes = rows_of(folder(leads__csv=text)).select("zip", "size", "trial", "note")
    assert attributes.rows() == [("01067", 10, True, "x"), ("10115", 2, False, None)]


def test_a_column_that_resembles_one_of_ours_is_pointed_out(folder):
    text = "lead_id,created_at,chanel\na,2026-01-05,web\n"
    beside = "lead_id,happened_at,kind,by,colour\na,2026-01-05,call,sales,red\n"
    unused = check_tables(
        read_tables(folder(leads__csv=text, activities__csv=beside), policy=POLICY), policy=POLICY
    ).unused
    assert unused.rows() == [
        ("leads", "leads.csv", "chanel", "is kept as an attribute; did you mean 'channel'?"),
        ("activities", "activities.csv", "colour", "is not used"),
    ]


def test_parquet_keeps_its_types_and_counts_rows(folder):
    leads = pl.DataFrame(
        {
            "lead_id": [1.0, 2.0, None],
            "created_at": [datetime(2026, 7, 1)] * 3,
            "size": [1.5, float("nan"), 2.0],
            "code": ["01", "2", "3"],
        }
    )
    place = folder(leads__parquet=leads)
    assert rows_of(place).rows() == [
        ("1", datetime(2026, 6, 30, 22, tzinfo=UTC), 1.5, "01"),
        ("2", datetime(2026, 6, 30, 22, tzinfo=UTC), None, "2"),
    ]
    assert rejected_of(place) == [(3, "lead_id", None, "is missing")]


def test_headers_are_found_in_any_case_and_with_spaces_around_them(folder):
    assert rows_of(folder(leads__csv=" Lead_ID ,\tCREATED_AT\na,2026-01-05\n"))["lead_id"].to_list() == ["a"]


# --- the mapping ---------------------------------------------------------------------------------------------------


def test_columns_are_renamed_and_attributes_kept_under_their_new_name(folder):
    toml = mapped(
        IDS, more='attributes = { country = "Country/Region", staff = { column = "Staff", type = "number" } }'
    )
    rows = rows_of(
        folder(sources__toml=toml, export__csv="ID,Created,Country/Region,Staff,Other\n1,2026-01-05,FR,10,x\n")
    )
    assert rows.drop("created_at").rows() == [("1", "FR", 10.0)]


def test_the_first_of_several_names_that_the_file_has_is_read(folder):
    toml = mapped('lead_id = ["Record ID", "Contact ID"], created_at = "Created"')
    assert rows_of(folder(sources__toml=toml, export__csv="Contact ID,Created\n9,2026-01-05\n"))[
        "lead_id"
    ].to_list() == ["9"]


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("%d.%m.%Y %H:%M", "31.01.2026 14:05"),
        ("%m/%d/%Y %I:%M %p", "1/31/2026 2:05 PM"),
        ("epoch_ms", "1769864700000"),
        ("epoch_s", "1769864700"),
        ("%Y%m%dT%H%M%S%z", "20260131T080500-0500"),
    ],
)
def test_written_formats_and_epochs_become_the_same_instant(folder, format, text):
    place = folder(sources__toml=mapped(IDS, file=f'format = "{format}"'), export__csv=f"ID,Created\n1,{text}\n")
    assert rows_of(place)["created_at"].to_list() == [datetime(2026, 1, 31, 13, 5, tzinfo=UTC)]


def test_several_formats_are_tried_in_turn_and_a_column_goes_before_its_file(folder):
    toml = mapped(
        'lead_id = "ID", created_at = { column = "Created", format = ["%d.%m.%Y", "iso"] }', file='format = "%Y"'
    )
    rows = rows_of(folder(sources__toml=toml, export__csv="ID,Created\n1,31.01.2026\n2,2026-01-31\n"))
    assert rows["created_at"].n_unique() == 1


def test_naive_times_are_read_in_the_zone_of_the_file(folder):
    toml = mapped(IDS, file='time_zone = "America/New_York"')
    rows = rows_of(folder(sources__toml=toml, export__csv="ID,Created\n1,2026-07-01 09:00\n"))
    assert rows["created_at"].to_list() == [datetime(2026, 7, 1, 13, tzinfo=UTC)]


def test_of_an_hour_that_comes_twice_the_first_is_meant_and_a_skipped_hour_runs_on(folder):
    rows = rows_of(folder(leads__csv=LEADS + "a,2026-10-25 02:30,\nb,2026-03-29 02:30,\n"))
    assert rows["created_at"].to_list() == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ]


def test_a_day_without_midnight_begins_with_its_first_instant(folder):
    toml = mapped(IDS, file='time_zone = "America/Sao_Paulo"')
    rows = rows_of(folder(sources__toml=toml, export__csv="ID,Created\n1,2017-10-15\n"))
    assert rows["created_at"].to_list() == [datetime(2017, 10, 15, 3, tzinfo=UTC)]


DEAL = 'deal_id = "ID", created_at = "On", status = "State", amount = "Sum"'


def deals_of(folder, text: str, *, file: str = "", more: str = "") -> pl.DataFrame:
    toml = LEAD_BESIDE + mapped(DEAL, file=file, more=more, table="deals")
    return folder(leads__csv=ONE_LEAD, sources__toml=toml, export__csv=text)


@pytest.mark.parametrize(
    ("marks", "text", "amount"),
    [
        ('decimal = ","\nthousands = "."', '"1.234.567,50"', 1234567.5),
        ('decimal = ","\nthousands = " "', '"1\u00a0234,50"', 1234.5),
        ('thousands = "\'"', "1'234.50", 1234.5),
        ('thousands = ","', '"12,34,567.50"', 1234567.5),
        ('thousands = ","\nremove = ["$", "USD"]', '"$1,200 USD"', 1200.0),
        ("", "1e5", 100000.0),
    ],
)
def test_numbers_are_read_by_the_signs_that_the_file_uses(folder, marks, text, amount):
    place = deals_of(folder, f"ID,On,State,Sum\n1,2026-01-05,open,{text}\n", file=marks)
    assert rows_of(place, "deals")["amount"].to_list() == [amount]


def test_a_comma_that_groups_no_thousands_is_not_taken_for_one(folder):
    place = deals_of(folder, 'ID,On,State,Sum\n1,2026-01-05,open,"1,23"\n', file='thousands = ","')
    assert rejected_of(place)[0][1:3] == ("Sum", "1,23")


def test_values_are_mapped_in_any_case_and_a_star_stands_for_all_others(folder):
    text = "ID,On,State,Sum\n1,2026-01-05,closed won,1\n2,2026-01-05,Proposal,\n3,2026-01-05,OPEN,\n"
    place = deals_of(folder, text, more='values = { status = { "Closed Won" = "open", "*" = "open" } }')
    assert rows_of(place, "deals")["status"].to_list() == ["open", "open", "open"]


def test_a_value_may_mean_nothing_and_nothing_may_have_a_value(folder):
    toml = mapped(
        IDS + ', channel = "C", campaign = "K"',
        more='values = { channel = { "(not set)" = "" }, campaign = { "" = "none" } }',
    )
    rows = rows_of(
        folder(sources__toml=toml, export__csv="ID,Created,C,K\n1,2026-01-05,(Not Set),\n2,2026-01-05,web,x\n")
    )
    assert rows.select("channel", "campaign").rows() == [(None, "none"), ("web", "x")]


def test_stage_names_of_the_policy_need_not_be_repeated_and_those_of_the_mapping_go_before_them(folder):
    stages = "id,at,stage\na,2026-01-05,marketing qualified lead\na,2026-01-06,Opportunity\na,2026-01-07,SQL\n"
    toml = LEAD_BESIDE + mapped(
        'lead_id = "id", reached_at = "at", stage = "stage"',
        table="stages",
        more='values = { stage = { opportunity = "sal" } }',
    )
    place = folder(leads__csv=ONE_LEAD, sources__toml=toml, export__csv=stages)
    assert rows_of(place, "stages")["stage"].to_list() == ["mql", "sal", "sql"]


def test_an_unknown_stage_is_a_rejected_row_that_names_the_nearest_ones(folder):
    place = folder(leads__csv=ONE_LEAD, stages__csv="lead_id,reached_at,stage\na,2026-01-05,SQLL\n")
    assert rejected_of(place) == [(2, "stage", "SQLL", "is not known; did you mean 'sql'?")]


def test_constants_stand_in_every_row(folder):
    toml = LEAD_BESIDE + mapped(
        'lead_id = "id", happened_at = "at"', table="activities", more='constants = { kind = "webinar", by = "lead" }'
    )
    place = folder(leads__csv=ONE_LEAD, sources__toml=toml, export__csv="id,at\na,2026-01-05\n")
    assert rows_of(place, "activities").select("kind", "by").rows() == [("webinar", "lead")]


def test_date_columns_become_stage_history_wherever_they_are_filled(folder):
    toml = (
        mapped(IDS)
        + """
        [[stages]]
        from = "export"
        columns = { lead_id = "ID" }
        dates = { mql = "Became MQL", sql = { column = "Became SQL", format = "%d.%m.%Y" } }
        """
    )
    rows = ["1,2026-01-05,2026-01-06,08.01.2026", "2,2026-01-05,,", "3,2026-01-05,2026-01-07,soon"]
    text = "\n".join(["ID,Created,Became MQL,Became SQL", *rows])
    place = folder(sources__toml=toml, export__csv=text)
    assert rows_of(place, "stages").select("lead_id", "stage").rows() == [("1", "mql"), ("3", "mql"), ("1", "sql")]
    assert rejected_of(place) == [(4, "Became SQL", "soon", "is not a date written as '%d.%m.%Y'")]


def test_boolean_words_are_those_of_the_file(folder):
    toml = mapped(
        IDS, file='true = "ja"\nfalse = "nein"', more='attributes = { trial = { column = "Test", type = "boolean" } }'
    )
    place = folder(
        sources__toml=toml, export__csv="ID,Created,Test\n1,2026-01-05,Ja\n2,2026-01-05,nein\n3,2026-01-05,vielleicht\n"
    )
    assert rows_of(place)["trial"].to_list() == [True, False]
    assert rejected_of(place) == [(4, "Test", "vielleicht", "is not one of the words for true and false")]


def test_a_mapping_written_with_a_byte_order_mark_is_read(folder):
    place = folder(sources__toml="\ufeff" + mapped(IDS).replace("\n", "\r\n"), export__csv="ID,Created\n1,2026-01-05\n")
    assert rows_of(place)["lead_id"].to_list() == ["1"]


def test_a_pattern_reads_several_files_into_one_table(folder):
    toml = mapped(IDS, more='attributes = { size = "Size" }').replace("export.csv", "export-*.csv")
    place = folder(sources__toml=toml)
    (place / "export-1.csv").write_text("ID,Created,Size\n1,2026-01-05,10\n")
    (place / "export-2.csv").write_text("Size,ID,Created\nmany,2,2026-01-05\n")
    assert rows_of(place).select("lead_id", "size").rows() == [("1", "10"), ("2", "many")]


def test_only_and_drop_select_which_rows_are_meant_and_the_others_are_counted(folder):
    toml = LEAD_BESIDE + mapped(
        'lead_id = "id", reached_at = "at", stage = "value"',
        table="stages",
        more='only = [{ column = "name", is = "status" }]\ndrop = [{ column = "value", starts_with = "evang" }]',
    )
    text = "id,at,name,value\na,2026-01-05,status,sql\na,2026-01-05,owner,x\na,2026-01-06,status,Evangelist\n"
    place = folder(leads__csv=ONE_LEAD, sources__toml=toml, export__csv=text)
    counts = check_tables(read_tables(place, policy=POLICY), policy=POLICY).counts
    assert counts.select("table", "read", "good", "left_out").rows() == [("leads", 1, 1, 0), ("stages", 1, 1, 2)]


def test_a_file_in_our_columns_needs_no_columns_in_the_mapping(folder):
    toml = '[files.s]\npath = "spend.csv"\ndelimiter = ";"\n[[spend]]\nfrom = "s"\n'
    rows = read_tables(
        folder(sources__toml=toml, spend__csv="spent_on;department;amount\n2026-01-05;marketing;3\n"), policy=POLICY
    )
    assert rows["spend"].rows.select("spent_on", "amount").rows() == [(date(2026, 1, 5), 3.0)]


def test_files_are_where_sources_toml_says_or_where_the_caller_says(folder):
    place = folder(sources__toml='folder = "elsewhere"\n' + mapped(IDS))
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / "export.csv").write_text("ID,Created\n1,2026-01-05\n")
    (place / "here").mkdir()
    (place / "here" / "export.csv").write_text("ID,Created\n1,2026-01-05\n2,2026-01-05\n")
    assert read_tables(place, policy=POLICY)["leads"].rows.height == 1
    assert read_tables(place, policy=POLICY, data=place / "here")["leads"].rows.height == 2


def test_input_files_give_size_rows_and_content_of_each_file(folder):
    toml = mapped(IDS) + '[[stages]]\nfrom = "export"\ncolumns = { lead_id = "ID" }\ndates = { mql = "Created" }\n'
    files = input_files(folder(sources__toml=toml, export__csv="ID,Created\n1,2026-01-05\n\n2,2026\n"))
    assert files.drop("sha256").rows() == [("export.csv", "leads, stages", 32, 2)]
    assert files["sha256"].str.len_chars().to_list() == [64]


# --- what cannot be read, in words ---------------------------------------------------------------------------------


def message(folder: Path) -> str:
    with pytest.raises(InputError) as error:
        read_tables(folder, policy=POLICY)
    return str(error.value).replace(str(folder), "FOLDER")


def test_all_missing_columns_are_one_error_with_what_was_found_and_the_nearest_names(folder):
    assert message(folder(leads__csv="Lead ID,Create Date,Channel\na,2026-01-05,web\n")) == (
        "leads.csv has no column 'lead_id' (required in leads) and no column 'created_at' (required in leads)\n\n"
        "Found: Channel, Create Date, Lead ID\n\n"
        "Hint: 'Lead ID' is near to 'lead_id'; 'Create Date' is near to 'created_at'; rename the column, or map it in "
        "sources.toml; skip_lines is the number of lines before the header"
    )


def test_a_mapped_column_that_the_file_lacks_is_named_with_what_it_is_for(folder):
    told = message(folder(sources__toml=mapped(IDS), export__csv="ID,Create date\n1,2026-01-05\n"))
    assert told.startswith("export.csv has no column 'Created' (for created_at of leads)")
    assert "'Create date' is near to 'Created'" in told


def test_a_header_split_at_the_wrong_sign_says_which_delimiter_to_name(folder):
    told = message(folder(leads__csv=ONE_LEAD.replace(",", ";")))
    assert "the header was split at ',' but is full of ';'; set delimiter = \";\"" in told


def test_a_column_that_is_there_twice_is_refused_with_its_places(folder):
    told = message(folder(leads__csv="lead_id,created_at,lead_id\n1,2026-01-05,2\n"))
    assert told.startswith("leads.csv has the column 'lead_id' more than once: columns 1 and 3")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "leads.csv is empty"),
        (b"\xef\xbb\xbf\r\n \n", "leads.csv is empty"),
        (LEADS.encode(), "leads.csv has a header and no rows"),
        (b"PK\x03\x04", "leads.csv is not a text file: it is an Excel workbook"),
        (b"<!DOCTYPE html>", "leads.csv is not a text file: it is a web page"),
        ("lead_id,created_at\nKöln,2026\n".encode("cp1252"), "leads.csv is not utf-8: line 2 has the byte 0xF6"),
        (ONE_LEAD.encode("utf-16-le"), "leads.csv looks like UTF-16, not utf-8"),
        (
            (LEADS + "a,2026-01-05,Kö").encode()[:-1],
            "leads.csv is not utf-8: line 2 has the byte 0xC3, and there it ends",
        ),
        (b'lead_id,"created_at\na,2026-01-05\n', "leads.csv: a quotation mark in line 1 is never closed"),
    ],
)
def test_a_file_that_is_no_usable_text_says_what_it_is(folder, content, said):
    assert message(folder(leads__csv=content)).startswith(said)


def test_utf8_that_is_said_to_be_windows_text_is_refused_rather_than_garbled(folder):
    told = message(
        folder(sources__toml=mapped(IDS, file='encoding = "cp1252"'), export__csv="ID,Created\nKöln,2026-01-05\n")
    )
    assert told.startswith("export.csv is UTF-8, but sources.toml says cp1252")


def test_a_missing_file_names_its_neighbours(folder):
    told = message(folder(sources__toml=mapped(IDS), exports__csv="ID,Created\n"))
    assert told == (
        "no file 'export.csv' in FOLDER\n\nFound: exports.csv, sources.toml\n\nHint: did you mean 'exports.csv'?"
    )


def test_a_folder_without_leads_says_what_to_put_there(folder):
    assert message(folder(deals__csv="x")).startswith("FOLDER has no file of leads\n\nFound: deals.csv")


def test_a_table_in_two_files_is_refused(folder):
    assert message(folder(leads__csv=ONE_LEAD, leads__parquet=pl.DataFrame())).startswith("leads has two files")


def test_a_damaged_parquet_file_is_named(folder):
    assert message(folder(leads__parquet=b"PAR1 damaged")).startswith("leads.parquet is not a readable Parquet file")


def test_lists_in_a_parquet_file_are_refused_by_name(folder):
    leads = pl.DataFrame({"lead_id": ["a"], "created_at": [datetime(2026, 1, 5)], "tags": [["x"]]})
    assert "Found: tags (List(String))" in message(folder(leads__parquet=leads))


def test_an_attribute_with_the_name_of_a_computed_figure_is_refused(folder):
    told = message(folder(leads__csv="lead_id,created_at,stage,won_amount\na,2026-01-05,x,1\n"))
    assert told.startswith("leads.csv has attributes with the names of computed columns: stage, won_amount")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            mapped(IDS, file='delimitr = ";"'),
            "sources.toml: files.export.delimitr: unknown key; did you mean 'delimiter'?",
        ),
        (
            mapped(IDS, file='format = "DD.MM.YYYY"'),
            "sources.toml: files.export.format[0]: found 'DD.MM.YYYY': is not a format",
        ),
        (
            mapped(IDS, file='time_zone = "Europe/Berln"'),
            "found 'Europe/Berln': no such time zone; did you mean 'Europe/Berlin'",
        ),
        (mapped(IDS, file='encoding = "cp125"'), "found 'cp125': no such encoding; did you mean 'cp1252'"),
        (mapped(IDS, file='delimiter = ";;"'), "found ';;': is not one character"),
        (mapped(IDS, file='decimal = ","\nthousands = ","'), "decimal and thousands are both ','"),
        (mapped('lead_id = "ID", createdat = "C"'), "leads has no column 'createdat'; did you mean 'created_at'?"),
        (mapped('lead_id = "ID"'), "sources.toml: leads[0]: does not say where created_at comes from"),
        (mapped(IDS, more='constants = { lead_id = "x" }'), "lead_id is both under 'columns' and under 'constants'"),
        (mapped(IDS, more='values = { chanel = { a = "b" } }'), "'values' names 'chanel'; did you mean 'channel'?"),
        (mapped(IDS, more='attributes = { owner = "O" }'), "owner is a column of leads, not an attribute"),
        (
            mapped(DEAL, table="deals", more='values = { status = { x = "win" } }'),
            "'win' is no status in deals; did you mean",
        ),
        (
            mapped(IDS, more='drop = [{ column = "a", is = "b", is_empty = true }]'),
            "needs exactly one of 'is', 'starts_with', 'is_empty'",
        ),
        (mapped(IDS).replace('from = "export"', 'from = "exprt"'), "there is no such file; did you mean 'export'?"),
        ('[files.a]\npath = "a"', "maps no table; add at least one of [[leads]]"),
    ],
)
def test_a_mistake_in_sources_toml_is_reported_with_its_key_and_what_is_allowed(folder, toml, said):
    with pytest.raises(PolicyError) as error:
        load_sources(folder(sources__toml=toml))
    assert said in str(error.value)
