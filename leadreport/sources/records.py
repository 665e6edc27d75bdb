"""From bytes to records: the header, one row per record with the line it begins in, and why a row is malformed."""

import codecs
import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from leadreport.errors import InputError
from leadreport.sources.mapping import File

NUL = "\x00"

END = "\x00the end\x00"
"""A line after the last one: when it is not read as a record of its own, an unclosed quotation mark swallowed it."""


BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""A mark at the start of a file and the encoding that it proves."""

NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or another zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "compressed",
    b"PAR1": "a Parquet file; its name should end in .parquet",
    b"<html": "a web page",
    b"<!DOC": "a web page",
    b"%PDF": "a PDF",
}
"""The first bytes of files that are often taken for CSV."""


@dataclass(frozen=True)
class Records:
    """The header's cells and the rows below it: [line, text, malformed], `malformed` null where the row is whole."""

    header: list[str]
    rows: pl.DataFrame


def read_records(text: bytes, *, file: File, name: str) -> Records:
    r"""The records of a text; a quoted cell may contain line ends, and a record with nothing in any cell is no row.

    A row is malformed when it has more or fewer cells than the header, NUL characters, or a quotation mark that is
    never closed. A malformed row over several lines becomes one malformed row per line: a single stray quotation mark
    must not make a hundred rows look like one.

    Raises
    ------
    InputError
        When no line is left to be the header, or a quotation mark in the header is never closed.

    Examples
    --------
    >>> records = read_records(b'id,note\n1,"two\nlines"\n2\n', file=File(path="a.csv"), name="a.csv")
    >>> records.rows.rows()
    [(2, '1,"two\nlines"', None), (4, '2', 'has 1 cell where the header has 2')]
    """
    lines = numbered_lines(text).slice(file.skip_lines)
    records = joined_lines(lines, file=file)
    records = records.filter(~pl.col("text").str.contains(f"^[\\s{escaped(file.delimiter)}]*$"))
    if records.is_empty():
        raise InputError(f"{name} has no line left to be the header", hint="correct skip_lines in sources.toml")
    if not records["is_closed"][0]:
        line = records["line"][0]
        raise InputError(f"{name}: a quotation mark in line {line} is never closed", hint="export the file again")
    header = split_cells([records["text"][0]], file=file)[0]
    marked = records.slice(1).with_columns(malformed=why_malformed(len(header), file=file))
    return Records([cell.strip("\ufeff").strip() for cell in header], line_by_line(marked, lines))


def numbered_lines(text: bytes) -> pl.DataFrame:
    """[line, text], numbered as in a text editor."""
    lines = pl.read_lines(io.BytesIO(text), name="text")
    return lines.select(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("line"), "text")


def joined_lines(lines: pl.DataFrame, *, file: File) -> pl.DataFrame:
    """[line, lines, text, is_closed]: lines between an opening and a closing quotation mark are one record.

    Where every quotation mark follows RFC 4180, counting them is enough; otherwise Python's csv reads the text.
    """
    if not file.quote:
        return single_lines(lines)
    counted = lines.with_columns(quotes=pl.col("text").str.count_matches(file.quote, literal=True))
    if not counted["quotes"].sum():
        return single_lines(lines)
    records = joined_by_count(counted)
    quoted = records.filter(pl.col("text").str.contains(file.quote, literal=True))
    if quoted["text"].str.contains(standard_record(file)).all():
        return records
    return read_with_csv(lines, delimiter=file.delimiter, quote=file.quote)


def single_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Every line as a record of its own."""
    one = pl.lit(1, dtype=pl.UInt32).alias("lines")
    return lines.select("line", one, "text", pl.lit(True).alias("is_closed"))


def joined_by_count(counted: pl.DataFrame) -> pl.DataFrame:
    """Records that begin where an even number of quotation marks comes before the line."""
    before = pl.col("quotes").cast(pl.UInt64).cum_sum() - pl.col("quotes")
    counted = counted.with_columns(record=(before % 2 == 0).cum_sum())
    size = pl.len().over("record")
    single, several = counted.filter(size == 1), counted.filter(size > 1)
    joined = several.group_by("record", maintain_order=True).agg(
        pl.col("line").first(), pl.len().cast(pl.UInt32).alias("lines"), pl.col("text").str.join("\n")
    )
    joined = joined.select("line", "lines", "text", pl.lit(True).alias("is_closed"))
    return pl.concat([single_lines(single), joined]).sort("line")


def standard_record(file: File) -> str:
    """The pattern of a record whose quotation marks follow RFC 4180."""
    quote, delimiter = escaped(file.quote), escaped(file.delimiter)
    cell = f"(?:[^{quote}{delimiter}\\n]*|{quote}(?:[^{quote}]|{quote}{quote})*{quote})"
    return f"^{cell}(?:{delimiter}{cell})*$"


def escaped(sign: str) -> str:
    """A character as a regular expression accepts it, inside a class too."""
    return f"\\x{{{ord(sign):x}}}"


def why_malformed(wanted: int, *, file: File) -> pl.Expr:
    """The reason why a record cannot be split into the wanted number of cells, or null."""
    bare = pl.col("text")
    if file.quote:
        quote = escaped(file.quote)
        bare = bare.str.replace_all(f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}", "")
    cells = bare.str.count_matches(file.delimiter, literal=True) + 1
    unit = pl.when(cells == 1).then(pl.lit("cell")).otherwise(pl.lit("cells"))
    return (
        pl.when(~pl.col("is_closed"))
        .then(pl.lit("has a quotation mark that is never closed"))
        .when(pl.col("text").str.contains(NUL, literal=True))
        .then(pl.lit("holds NUL characters: the file is damaged"))
        .when(cells != wanted)
        .then(pl.format("has {} {} where the header has {}", cells, unit, pl.lit(wanted)))
    )


def line_by_line(marked: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """[line, text, malformed], every line of a malformed record on its own, as the file has it."""
    is_malformed = pl.col("malformed").is_not_null()
    whole = marked.filter(~is_malformed).select("line", "text", "malformed")
    if whole.height == marked.height:
        return whole
    several = pl.when(pl.col("lines") > 1).then(pl.lit("is part of a row over several lines that "))
    malformed = marked.filter(is_malformed).select(
        pl.int_ranges("line", pl.col("line") + pl.col("lines"), dtype=pl.UInt32),
        malformed=pl.concat_str(several.otherwise(pl.lit("")), "malformed"),
    )
    parts = malformed.explode("line").join(lines.filter(pl.col("text") != ""), on="line", how="inner")
    return pl.concat([whole, parts.select("line", "text", "malformed")]).sort("line")


def split_cells(texts: list[str], *, file: File) -> list[list[str]]:
    """The cells of a few records, one by one."""
    if not file.quote:
        return [text.split(file.delimiter) for text in texts]
    options = {"delimiter": file.delimiter, "quotechar": file.quote}
    return [next(csv.reader(io.StringIO(text, newline=""), **options), [""]) for text in texts]


def whole_cells(records: Records, *, positions: list[int], file: File) -> pl.DataFrame:
    """The cells at some positions of every row that is not malformed, as columns named by position."""
    names = [str(position) for position in range(len(records.header))]
    whole = records.rows.filter(pl.col("malformed").is_null())["text"]
    if whole.is_empty():
        return pl.DataFrame(schema={names[position]: pl.String for position in positions})
    return pl.read_csv(
        io.BytesIO(whole.str.join("\n").item().encode()),
        has_header=False,
        separator=file.delimiter,
        quote_char=file.quote or None,
        schema=dict.fromkeys(names, pl.String),
        columns=positions,
    )


def read_with_csv(lines: pl.DataFrame, *, delimiter: str, quote: str) -> pl.DataFrame:
    r"""[line, lines, text, is_closed] of numbered lines; texts are rewritten with quotation marks as in RFC 4180.

    Examples
    --------
    >>> lines = pl.DataFrame({"line": [1, 2], "text": ['a,12" pipe', 'b,"c']})
    >>> read_with_csv(lines, delimiter=",", quote='"').rows()
    [(1, 1, 'a,"12"" pipe"', True), (2, 1, '\x00the end\x00', False)]
    """
    *found, (begin, span, cells) = records_with_end(lines["text"].to_list(), delimiter=delimiter, quote=quote)
    closed = [True] * len(found)
    if cells != [END]:
        found, closed = [*found, (begin, span - 1, [END])], [*closed, False]
    return pl.DataFrame(
        {
            "line": lines["line"].gather([begin for begin, _, _ in found]),
            "lines": [span for _, span, _ in found],
            "text": [rewritten(cells, delimiter=delimiter, quote=quote) for _, _, cells in found],
            "is_closed": closed,
        },
        schema={"line": pl.UInt32, "lines": pl.UInt32, "text": pl.String, "is_closed": pl.Boolean},
    )


def records_with_end(texts: list[str], *, delimiter: str, quote: str) -> Iterator[tuple[int, int, list[str]]]:
    """Where each record begins, how many lines it takes, and its cells; the last one holds the end mark."""
    with cells_of_any_length():
        reader = csv.reader((f"{text}\n" for text in (*texts, END)), delimiter=delimiter, quotechar=quote)
        begin = 0
        for cells in reader:
            yield begin, reader.line_num - begin, cells
            begin = reader.line_num


def rewritten(cells: list[str], *, delimiter: str, quote: str) -> str:
    """A record with its quotation marks in order."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, quotechar=quote, lineterminator="\n").writerow(cells)
    return line.getvalue()[:-1]


@contextmanager
def cells_of_any_length() -> Iterator[None]:
    """Lift the limit of 128 KiB per cell that Python's csv has by default."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def plain_text(data: bytes, *, encoding: str | None, name: str) -> bytes:
    r"""The text of a file as UTF-8 without a byte-order mark, every line ended by a line feed.

    Raises
    ------
    InputError
        When the file is empty, is not text, or is not in the encoding that is set for it.

    Examples
    --------
    >>> plain_text("\ufeffid\r\nä\r\n".encode("utf-16"), encoding=None, name="a.csv").decode()
    'id\nä\n'
    """
    for start, what in NOT_TEXT.items():
        if data[:5].lower().startswith(start.lower()):
            raise InputError(f"{name} is not a text file: it is {what}", hint="save it as CSV (UTF-8) and try again")
    text = as_utf8(data, encoding=encoding, name=name)
    if not text.strip():
        raise InputError(f"{name} is empty", hint="export it again, or take it out of the workspace")
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def as_utf8(data: bytes, *, encoding: str | None, name: str) -> bytes:
    """The same text in UTF-8; a byte-order mark overrides the encoding of `sources.toml`."""
    mark = next((mark for mark in BYTE_ORDER_MARKS if data.startswith(mark)), b"")
    codec = codecs.lookup(BYTE_ORDER_MARKS.get(mark) or encoding or "utf-8").name
    refuse_other_encoding(data, codec=codec, name=name)
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise undecodable(data, error=error, name=name) from None
    return data[len(mark) :] if codec in ("utf-8", "utf-8-sig") else text.removeprefix("\ufeff").encode()


def refuse_other_encoding(data: bytes, *, codec: str, name: str) -> None:
    """Stop when a file is clearly in another encoding: those with one byte per letter can read anything as text."""
    start = data[:4096]
    if not codec.startswith(("utf-16", "utf-32")) and start.count(0) > len(start) / 4:
        raise InputError(
            f"{name} looks like UTF-16, not {codec}",
            found=f"{start.count(0)} zero bytes among the first {len(start)}",
            hint='set encoding = "utf-16-le" for this file in sources.toml, or save it as CSV (UTF-8)',
        )
    is_other = not codec.startswith("utf-") and not data.isascii()
    if is_other and "\ufffd" not in data.decode("utf-8", errors="replace"):
        raise InputError(
            f"{name} is UTF-8, but sources.toml says {codec}",
            hint=f"remove encoding from the section of {name} in sources.toml",
        )


def undecodable(data: bytes, *, error: UnicodeDecodeError, name: str) -> InputError:
    """The error for the first byte that is no letter in the encoding."""
    line = data.count(b"\n", 0, error.start) + 1
    problem = f"{name} is not {error.encoding}: line {line} has the byte 0x{data[error.start]:02X}"
    if error.end >= len(data) and error.reason != "invalid start byte":
        return InputError(f"{problem}, and there it ends", hint="the file is cut off; export it again")
    return InputError(
        problem,
        found=repr(data[max(error.start - 20, 0) : error.start + 10])[1:],
        hint='set encoding = "cp1252" (Windows) or "latin1" for this file in sources.toml, or save it as CSV (UTF-8)',
    )
