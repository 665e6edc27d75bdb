"""The files of a workspace: where they are, which tables they feed, their rows and cells, and their hash."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from leadreport.errors import InputError, did_you_mean, listed
from leadreport.policy.load import parse_model
from leadreport.sources.mapping import File, Sources
from leadreport.sources.records import Records, plain_text, read_records, split_cells, whole_cells
from leadreport.tables import TABLES

MAPPING = "sources.toml"
PARQUET = (".parquet", ".pq")

ENDINGS = (".csv", ".parquet")
"""Endings of files that use our own column names."""


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


def template_text() -> str:
    """The `sources.toml` of a new workspace: it reads a contact export and shows how to add deals and spend.

    Examples
    --------
    >>> "[[leads]]" in template_text()
    True
    """
    return (Path(__file__).parent / "template.toml").read_text(encoding="utf-8")


def load_sources(folder: Path) -> Sources:
    """The content of `sources.toml`; without one, the files named as our tables: leads.csv, activities.parquet, ...

    Raises
    ------
    PolicyError
        When `sources.toml` is not valid.
    InputError
        When there is neither `sources.toml` nor a file of leads, or a table has two files.
    """
    if (folder / MAPPING).is_file():
        text = plain_text((folder / MAPPING).read_bytes(), encoding=None, name=MAPPING)
        return parse_model(text.decode(), model=Sources, name=MAPPING)
    files = {name: file for name in TABLES if (file := own_file(folder, name=name))}
    if "leads" not in files:
        raise InputError(
            f"{folder} has no file of leads",
            found=listed(entry.name for entry in folder.iterdir()) if folder.is_dir() else "no such folder",
            hint=f"put leads.csv or leads.parquet there, or say in {MAPPING} which file becomes the leads",
        )
    read = {"files": {name: {"path": path} for name, path in files.items()}}
    return Sources.model_validate(read | {name: [{"from": name}] for name in files})


def own_name(folder: Path, column: str) -> str:
    """The name of a column of leads in the source: the first name in its mapping, or ours."""
    columns = next((each.columns for each in load_sources(folder).leads if each.columns), {})
    return columns[column].column[0] if column in columns else column


def own_file(folder: Path, *, name: str) -> str | None:
    """The name of the file that is named as a table, if there is one."""
    found = [f"{name}{ending}" for ending in ENDINGS if (folder / f"{name}{ending}").is_file()]
    if len(found) > 1:
        raise InputError(f"{name} has two files: {' and '.join(found)}", hint="delete the one that is not meant")
    return found[0] if found else None


def root_of(folder: Path, *, sources: Sources, data: str | Path | None) -> Path:
    """The folder of the files: the caller's, else the `folder` of `sources.toml`, relative to the workspace."""
    return Path(data) if data is not None else folder / sources.folder


def paths_of(file: File, *, root: Path) -> list[Path]:
    """The files that a path or pattern names, sorted.

    Raises
    ------
    InputError
        When it names none.
    """
    found = {path for pattern in file.path for path in matches(pattern, root=root)}
    if not found:
        present = sorted(entry.name for entry in root.iterdir() if entry.is_file()) if root.is_dir() else []
        raise InputError(
            f"no file {' or '.join(map(repr, file.path))} in {root}",
            found=listed(present) or ("no file at all" if root.is_dir() else "no such folder"),
            hint=did_you_mean(Path(file.path[0]).name, present) if present else f"correct path or folder in {MAPPING}",
        )
    return sorted(found)


def matches(pattern: str, *, root: Path) -> list[Path]:
    """The files of a name or, when no file has it, of a pattern with * and ?."""
    whole = root / pattern
    if whole.is_file():
        return [whole]
    anchor = Path(pattern).anchor
    inside = Path(anchor) if anchor else root
    return [path for path in inside.glob(str(Path(pattern).relative_to(anchor))) if path.is_file()]


def name_of(path: Path, *, root: Path) -> str:
    """What messages call a file: its path below the root, or its name."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def input_files(folder: str | Path, *, data: str | Path | None = None) -> pl.DataFrame:
    """[file, tables, bytes, rows, sha256]: the files that a workspace reads, sorted by name (definition 34).

    `tables` lists the tables that a file feeds; `rows` counts the rows below its header, those left out included.

    Raises
    ------
    PolicyError, InputError
        As `read_tables`, for the errors that opening a file can show.
    """
    sources = load_sources(Path(folder))
    root = root_of(Path(folder), sources=sources, data=data)
    tables = {key: [each.table for each in sources.mappings() if each.from_ == key] for key in sources.files}
    for link in sources.links():
        tables[link.from_].append("links")
    rows = [
        describe_file(path, file=file, name=name_of(path, root=root), tables=tables[key])
        for key, file in sources.files.items()
        if tables[key]
        for path in paths_of(file, root=root)
    ]
    schema = {"file": pl.String, "tables": pl.String, "bytes": pl.Int64, "rows": pl.Int64, "sha256": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("file", "tables")


def describe_file(path: Path, *, file: File, name: str, tables: list[str]) -> tuple[str, str, int, int, str]:
    """Name, tables, size in bytes, number of rows and hash of a file."""
    rows = open_file(path, file=file, name=name).rows.height
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return name, ", ".join(dict.fromkeys(tables)), path.stat().st_size, rows, digest
