"""One opened file: its text in UTF-8, its header, its lines, and its cells on demand."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from leadreport.errors import InputError, listed
from leadreport.sources.mapping import File
from leadreport.sources.records import Records, read_records, split_cells, whole_cells

PARQUET = (".parquet", ".pq")

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
class Content:
    """The content of a file: `rows` is [line, text, malformed], `cells` gives columns named by header position.

    `malformed` is the reason why a row cannot be split into cells, null where it can; `text` is the line in the file,
    known where the row is malformed.
    """

    name: str
    header: list[str]
    rows: pl.DataFrame
    cells: Callable[[list[int]], pl.DataFrame]
    is_text: bool = True
    signatures: Callable[[], pl.Series] | None = None
    """A hash of each whole row, of the columns that no mapping reads too."""


def open_file(path: Path, *, file: File, name: str) -> Content:
    """The content of a CSV or Parquet file; `name` is what messages call it.

    Raises
    ------
    InputError
        When the file cannot be read as it is described, or has no rows and `may_be_empty` is not set.
    """
    content = open_parquet(path, name=name) if path.suffix.lower() in PARQUET else open_text(path, file=file, name=name)
    if content.rows.is_empty() and not file.may_be_empty:
        raise InputError(
            f"{name} has a header and no rows",
            hint="export it again, take it out of the workspace, or set may_be_empty = true for it in sources.toml",
        )
    return content


def open_text(path: Path, *, file: File, name: str) -> Content:
    """A delimited text file."""
    text = plain_text(path.read_bytes(), encoding=file.encoding, name=name)
    records = read_records(text, file=file, name=name)
    rows = records.rows.with_columns(text=pl.when(pl.col("malformed").is_not_null()).then("text"))
    return Content(
        name,
        records.header,
        rows,
        cells=lambda positions: all_cells(records, positions=positions, file=file),
        signatures=lambda: records.rows["text"].hash(),
    )


def all_cells(records: Records, *, positions: list[int], file: File) -> pl.DataFrame:
    """The cells of whole rows and, as far as they go, of malformed ones, in the order of the file."""
    whole = whole_cells(records, positions=positions, file=file)
    is_malformed = records.rows["malformed"].is_not_null()
    if not is_malformed.any():
        return whole
    split = split_cells(records.rows.filter(is_malformed)["text"].to_list(), file=file)
    malformed = {str(at): [cells[at] if at < len(cells) else None for cells in split] for at in positions}
    lines = pl.concat([records.rows.filter(~is_malformed)["line"], records.rows.filter(is_malformed)["line"]])
    both = pl.concat([whole, pl.DataFrame(malformed, schema=whole.schema)])
    return both.with_columns(line=lines).sort("line", maintain_order=True).drop("line")


def open_parquet(path: Path, *, name: str) -> Content:
    """A Parquet file; the lines are the numbers of its rows."""
    try:
        header = list(pl.read_parquet_schema(path))
        height = pl.scan_parquet(path).select(pl.len()).collect().item()
    except PolarsError as error:
        raise InputError(f"{name} is not a readable Parquet file", found=str(error).splitlines()[0]) from None
    nothing = pl.lit(None, dtype=pl.String)
    rows = pl.select(line=pl.int_range(1, height + 1, dtype=pl.UInt32)).with_columns(text=nothing, malformed=nothing)

    def cells(positions: list[int]) -> pl.DataFrame:
        names = {str(position): header[position] for position in positions}
        return without_nested(pl.read_parquet(path, columns=list(names.values())), name=name).select(**names)

    return Content(name, header, rows, cells, is_text=False, signatures=lambda: pl.read_parquet(path).hash_rows())


def without_nested(cells: pl.DataFrame, *, name: str) -> pl.DataFrame:
    """The cells unchanged.

    Raises
    ------
    InputError
        When a column holds lists, bytes or the like instead of text, numbers, dates or booleans.
    """
    unreadable = (pl.Binary, pl.Object, pl.Duration)
    odd = [f"{column} ({dtype})" for column, dtype in cells.schema.items() if dtype.is_nested() or dtype in unreadable]
    if odd:
        raise InputError(
            f"{name} has columns that are neither text, numbers, dates nor booleans",
            found=listed(odd),
            hint="turn them into text, or leave them out by naming the other columns in sources.toml",
        )
    return cells


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
    if not codec.startswith("utf-") and not data.isascii() and is_utf8(data):
        raise InputError(
            f"{name} is UTF-8, but sources.toml says {codec}",
            hint=f"remove encoding from the section of {name} in sources.toml",
        )


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


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
