"""From bytes to records: quoted cells over lines, malformed rows, line numbers as an editor shows them."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from leadreport.sources.files import plain_text
from leadreport.sources.mapping import File
from leadreport.sources.records import read_records, whole_cells

COMMA = File(path="a.csv")


def rows_of(text: str, *, file: File = COMMA) -> list[tuple[int, str | None]]:
    """[(line, why malformed)] of every row."""
    return read_records(text.encode(), file=file, name="a.csv").rows.select("line", "malformed").rows()


def cells_of(text: str, *, file: File = COMMA) -> list[tuple]:
    """The cells of every whole row."""
    records = read_records(text.encode(), file=file, name="a.csv")
    return whole_cells(records, positions=list(range(len(records.header))), file=file).rows()


def test_lines_are_counted_as_an_editor_does_across_quoted_line_ends_and_empty_lines():
    text = 'id,note\n1,"two\nlines"\n\n2,one\n,\n3,"a ""b"", c"\n'
    assert rows_of(text) == [(2, None), (5, None), (7, None)]
    assert cells_of(text) == [("1", "two\nlines"), ("2", "one"), ("3", 'a "b", c')]


def test_every_kind_of_line_end_ends_a_line():
    text = plain_text(b"\xef\xbb\xbfid,note\r\n1,a\r2,b\n3,c", encoding=None, name="a.csv")
    assert text == b"id,note\n1,a\n2,b\n3,c"


def test_lines_before_the_header_are_skipped_and_still_counted():
    assert rows_of("Report\nAll time\nid,note\n1,a\n", file=File(path="a.csv", skip_lines=2)) == [(4, None)]


def test_too_few_and_too_many_cells_and_nul_characters_make_a_malformed_row():
    assert rows_of("id,note\n1\n2,a\n3,a,b\n4,\x00\n") == [
        (2, "has 1 cell where the header has 2"),
        (3, None),
        (4, "has 3 cells where the header has 2"),
        (5, "holds NUL characters: the file is damaged"),
    ]


def test_a_stray_quotation_mark_inside_a_cell_is_a_letter_like_any_other():
    assert cells_of('id,note\n1,12" pipe\n2,5"\n3,"said "hi" twice"\n') == [
        ("1", '12" pipe'),
        ("2", '5"'),
        ("3", 'said hi" twice"'),
    ]


def test_a_quotation_mark_that_is_never_closed_spoils_every_line_it_swallows():
    spoilt = "is part of a row over several lines that has a quotation mark that is never closed"
    assert rows_of('id,note\n1,a\n2,"b\n3,c\n4,d\n') == [(2, None), (3, spoilt), (4, spoilt), (5, spoilt)]


def test_a_file_cut_off_inside_a_quoted_cell_loses_its_last_row_only():
    assert rows_of('id,note\n1,a\n2,"bc') == [(2, None), (3, "has a quotation mark that is never closed")]


def test_without_a_quotation_mark_every_sign_counts():
    assert cells_of('id\tnote\n1\t"a\n', file=File(path="a.csv", delimiter="\t", quote="")) == [("1", '"a')]


def test_a_cell_longer_than_python_s_reader_likes_is_read():
    long = "x" * 200_000
    assert cells_of(f'id,note\n1,{long}\n2,5"\n') == [("1", long), ("2", '5"')]


CELLS = st.text(alphabet="ab ,\"\n;=é'", max_size=6)
ROWS = st.lists(st.tuples(st.text(alphabet="ab", min_size=1, max_size=3), CELLS, CELLS), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from([",", ";", "\t", "|"]))
def test_what_python_writes_is_read_back_cell_by_cell_with_its_line(rows, quoting, delimiter):
    written, lines = io.StringIO(), []
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    writer.writerow(["x", "y", "z"])
    for row in rows:
        lines.append(written.getvalue().count("\n") + 1)
        writer.writerow(row)
    file = File(path="a.csv", delimiter=delimiter)
    assert rows_of(written.getvalue(), file=file) == [(line, None) for line in lines]
    read = [tuple(cell or "" for cell in row) for row in cells_of(written.getvalue(), file=file)]
    assert read == rows


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='ab,"\n \x00', max_size=40))
def test_any_text_below_a_header_gives_whole_rows_and_malformed_ones_and_nothing_else(text):
    records = read_records(f"x,y\n{text}".encode(), file=COMMA, name="a.csv")
    whole = whole_cells(records, positions=[0, 1], file=COMMA).height
    assert whole == records.rows["malformed"].null_count()
    assert records.rows["line"].is_sorted()
    assert records.rows["line"].n_unique() == records.rows.height
