"""From text to records: one row each, with the line it begins in, and those that are torn told apart."""

import csv
import io
from dataclasses import dataclass

import polars as pl

from leadreport.errors import InputError
from leadreport.sources.stray import read_by_python

NUL = "\x00"


@dataclass(frozen=True)
class Dialect:
    """How a text is cut into cells; `quote` may be empty."""

    delimiter: str = ","
    quote: str = '"'
    skip_lines: int = 0


@dataclass(frozen=True)
class Records:
    """The header's cells and the rows below it: [line, text, torn], `torn` null where the row is whole."""

    header: list[str]
    rows: pl.DataFrame


def read_records(text: bytes, *, dialect: Dialect, name: str) -> Records:
    r"""The records of a text: quoted cells may run over lines, and a line that holds nothing is no row.

    A row is torn when it has more or fewer cells than the header, NUL characters, or a quotation mark that is never
    closed. A torn row that runs over several lines becomes one torn row for each of them: a single stray quotation mark
    must not make a hundred rows look like one.

    Raises
    ------
    InputError
        When there is no line to be the header, or a quotation mark in the header is never closed.

    Examples
    --------
    >>> records = read_records(b'id,note\n1,"two\nlines"\n2\n', dialect=Dialect(), name="a.csv")
    >>> records.rows.rows()
    [(2, '1,"two\nlines"', None), (4, '2', 'has 1 cell where the header has 2')]
    """
    lines = numbered_lines(text).slice(dialect.skip_lines)
    records = joined_lines(lines, dialect=dialect)
    records = records.filter(~pl.col("text").str.contains(blank(dialect)))
    if records.is_empty():
        raise InputError(f"{name} has no line left to be the header", hint="correct skip_lines in sources.toml")
    if not records["is_closed"][0]:
        line = records["line"][0]
        raise InputError(f"{name}: a quotation mark in line {line} is never closed", hint="export the file again")
    header = split_cells([records["text"][0]], dialect=dialect)[0]
    judged = records.slice(1).with_columns(torn=why_torn(len(header), dialect=dialect))
    return Records([cell.strip("\ufeff").strip() for cell in header], line_by_line(judged, lines))


def numbered_lines(text: bytes) -> pl.DataFrame:
    """[line, text], numbered as a text editor does."""
    lines = pl.read_lines(io.BytesIO(text), name="text")
    return lines.select(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("line"), "text")


def joined_lines(lines: pl.DataFrame, *, dialect: Dialect) -> pl.DataFrame:
    """[line, lines, text, is_closed]: lines between an opening and a closing quotation mark are one record.

    Where every mark keeps the standard, counting them tells; where one does not, Python's reader goes through the text.
    """
    if not dialect.quote:
        return one_each(lines)
    counted = lines.with_columns(quotes=pl.col("text").str.count_matches(dialect.quote, literal=True))
    if not counted["quotes"].sum():
        return one_each(lines)
    records = joined_by_count(counted)
    quoted = records.filter(pl.col("text").str.contains(dialect.quote, literal=True))
    if quoted["text"].str.contains(standard(dialect)).all():
        return records
    return read_by_python(lines, delimiter=dialect.delimiter, quote=dialect.quote)


def one_each(lines: pl.DataFrame) -> pl.DataFrame:
    """Every line is a record."""
    one = pl.lit(1, dtype=pl.UInt32).alias("lines")
    return lines.select("line", one, "text", pl.lit(True).alias("is_closed"))


def joined_by_count(counted: pl.DataFrame) -> pl.DataFrame:
    """A record begins where an even number of quotation marks stands before the line."""
    before = pl.col("quotes").cast(pl.UInt64).cum_sum() - pl.col("quotes")
    counted = counted.with_columns(record=(before % 2 == 0).cum_sum())
    size = pl.len().over("record")
    single, several = counted.filter(size == 1), counted.filter(size > 1)
    joined = several.group_by("record", maintain_order=True).agg(
        pl.col("line").first(), pl.len().cast(pl.UInt32).alias("lines"), pl.col("text").str.join("\n")
    )
    joined = joined.select("line", "lines", "text", pl.lit(True).alias("is_closed"))
    return pl.concat([one_each(single), joined]).sort("line")


def standard(dialect: Dialect) -> str:
    """The pattern of a record whose quotation marks keep RFC 4180."""
    quote, delimiter = escaped(dialect.quote), escaped(dialect.delimiter)
    cell = f"(?:[^{quote}{delimiter}\\n]*|{quote}(?:[^{quote}]|{quote}{quote})*{quote})"
    return f"^{cell}(?:{delimiter}{cell})*$"


def blank(dialect: Dialect) -> str:
    """The pattern of a record with nothing in any cell."""
    return f"^[\\s{escaped(dialect.delimiter)}]*$"


def escaped(sign: str) -> str:
    """A character as a regular expression can hold it, inside a class too."""
    return f"\\x{{{ord(sign):x}}}"


def why_torn(wanted: int, *, dialect: Dialect) -> pl.Expr:
    """The reason why a record cannot be taken apart, or null."""
    bare = pl.col("text")
    if dialect.quote:
        quote = escaped(dialect.quote)
        bare = bare.str.replace_all(f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}", "")
    cells = bare.str.count_matches(dialect.delimiter, literal=True) + 1
    unit = pl.when(cells == 1).then(pl.lit("cell")).otherwise(pl.lit("cells"))
    return (
        pl.when(~pl.col("is_closed"))
        .then(pl.lit("has a quotation mark that is never closed"))
        .when(pl.col("text").str.contains(NUL, literal=True))
        .then(pl.lit("holds NUL characters: the file is damaged"))
        .when(cells != wanted)
        .then(pl.format("has {} {} where the header has {}", cells, unit, pl.lit(wanted)))
    )


def line_by_line(judged: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """[line, text, torn], every line of a torn record on its own and as it stood."""
    whole = judged.filter(pl.col("torn").is_null()).select("line", "text", "torn")
    if whole.height == judged.height:
        return whole
    several = pl.when(pl.col("lines") > 1).then(pl.lit("is part of a row over several lines that "))
    torn = judged.filter(pl.col("torn").is_not_null()).select(
        pl.int_ranges("line", pl.col("line") + pl.col("lines"), dtype=pl.UInt32),
        torn=pl.concat_str(several.otherwise(pl.lit("")), "torn"),
    )
    parts = torn.explode("line").join(lines.filter(pl.col("text") != ""), on="line", how="inner")
    return pl.concat([whole, parts.select("line", "text", "torn")]).sort("line")


def split_cells(texts: list[str], *, dialect: Dialect) -> list[list[str]]:
    """The cells of a few records, one by one."""
    if not dialect.quote:
        return [text.split(dialect.delimiter) for text in texts]
    options = {"delimiter": dialect.delimiter, "quotechar": dialect.quote}
    return [next(csv.reader(io.StringIO(text, newline=""), **options), [""]) for text in texts]


def whole_cells(records: Records, *, positions: list[int], dialect: Dialect) -> pl.DataFrame:
    """The cells at some positions of every row, as columns named by position; a torn row has null everywhere."""
    names = [str(position) for position in range(len(records.header))]
    whole = records.rows.filter(pl.col("torn").is_null())["text"]
    if whole.is_empty():
        return pl.DataFrame(schema={names[position]: pl.String for position in positions})
    return pl.read_csv(
        io.BytesIO(whole.str.join("\n").item().encode()),
        has_header=False,
        separator=dialect.delimiter,
        quote_char=dialect.quote or None,
        schema=dict.fromkeys(names, pl.String),
        columns=positions,
    )
