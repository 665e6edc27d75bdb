"""One file, opened: its header, its lines, and its cells on demand."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from leadreport.errors import InputError, listed
from leadreport.sources.notation import File
from leadreport.sources.records import Dialect, Records, read_records, split_cells, whole_cells
from leadreport.sources.text import plain_text

PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Content:
    """What a file holds: `rows` is [line, text, torn], `cells` gives columns named by their position in the header.

    `torn` is null where a row is whole; `text` is the line as it stood, known where the row is torn.
    """

    name: str
    header: list[str]
    rows: pl.DataFrame
    cells: Callable[[list[int]], pl.DataFrame]
    is_text: bool = True


def open_file(path: Path, *, file: File, name: str) -> Content:
    """The content of a CSV or Parquet file; `name` is what messages call it.

    Raises
    ------
    InputError
        When the file cannot be read as it is described, or has no rows and `may_be_empty` does not say that it may.
    """
    content = open_parquet(path, name=name) if path.suffix.lower() in PARQUET else open_text(path, file=file, name=name)
    if content.rows.is_empty() and not file.may_be_empty:
        raise InputError(
            f"{name} has a header and no rows",
            hint="export it again, take it out of the workspace, or say may_be_empty = true for it in sources.toml",
        )
    return content


def open_text(path: Path, *, file: File, name: str) -> Content:
    """A delimited text file."""
    text = plain_text(path.read_bytes(), encoding=file.encoding, name=name)
    dialect = dialect_of(file)
    records = read_records(text, dialect=dialect, name=name)
    rows = records.rows.with_columns(text=pl.when(pl.col("torn").is_not_null()).then("text"))
    return Content(
        name, records.header, rows, lambda positions: all_cells(records, positions=positions, dialect=dialect)
    )


def dialect_of(file: File) -> Dialect:
    return Dialect(file.delimiter, file.quote, file.skip_lines)


def all_cells(records: Records, *, positions: list[int], dialect: Dialect) -> pl.DataFrame:
    """The cells of whole rows and, as far as they go, of torn ones, in the order of the file."""
    whole = whole_cells(records, positions=positions, dialect=dialect)
    is_torn = records.rows["torn"].is_not_null()
    if not is_torn.any():
        return whole
    split = split_cells(records.rows.filter(is_torn)["text"].to_list(), dialect=dialect)
    torn = {str(at): [cells[at] if at < len(cells) else None for cells in split] for at in positions}
    lines = pl.concat([records.rows.filter(~is_torn)["line"], records.rows.filter(is_torn)["line"]])
    both = pl.concat([whole, pl.DataFrame(torn, schema=whole.schema)])
    return both.with_columns(line=lines).sort("line", maintain_order=True).drop("line")


def open_parquet(path: Path, *, name: str) -> Content:
    """A Parquet file; its lines are the numbers of its rows."""
    try:
        header = list(pl.read_parquet_schema(path))
        height = pl.scan_parquet(path).select(pl.len()).collect().item()
    except PolarsError as error:
        raise InputError(f"{name} is not a Parquet file that can be read", found=str(error).splitlines()[0]) from None
    nothing = pl.lit(None, dtype=pl.String)
    rows = pl.select(line=pl.int_range(1, height + 1, dtype=pl.UInt32)).with_columns(text=nothing, torn=nothing)

    def cells(positions: list[int]) -> pl.DataFrame:
        names = {str(position): header[position] for position in positions}
        return plain(pl.read_parquet(path, columns=list(names.values())), name=name).select(**names)

    return Content(name, header, rows, cells, is_text=False)


def plain(cells: pl.DataFrame, *, name: str) -> pl.DataFrame:
    """The cells, when every column holds text, numbers, dates or booleans.

    Raises
    ------
    InputError
        When a column holds lists, bytes or the like.
    """
    odd = [
        f"{column} ({dtype})"
        for column, dtype in cells.schema.items()
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration)
    ]
    if odd:
        raise InputError(
            f"{name} has columns that are neither text, numbers, dates nor booleans",
            found=listed(odd),
            hint="turn them into text, or leave them out by naming the other columns in sources.toml",
        )
    return cells
