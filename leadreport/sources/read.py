"""From a workspace's files to raw tables."""

from functools import reduce
from operator import or_
from pathlib import Path

import polars as pl

from leadreport.policy import Policy
from leadreport.sources.columns import plain_mappings
from leadreport.sources.content import open_file
from leadreport.sources.files import load_sources, name_of, paths_of, root_of
from leadreport.sources.mapping import Sources
from leadreport.sources.rows import MappedRows, repeat_rows, rows_of
from leadreport.tables import HEADERS, NOTES, PLACES, TABLES, RawTable


def read_tables(folder: str | Path, *, policy: Policy, data: str | Path | None = None) -> dict[str, RawTable]:
    """The raw tables of a workspace, those that its files give, in the order of the seven.

    With `sources.toml` the files are mapped by it; without one they have our names and columns. `data` is the folder
    of the files, when it is not the one in `sources.toml`. No row is checked yet: see `check_tables`.

    Raises
    ------
    PolicyError
        When `sources.toml` is not valid.
    InputError
        When a file is missing, empty or unreadable, or a column is missing.
    """
    sources = load_sources(Path(folder))
    root = root_of(Path(folder), sources=sources, data=data)
    parts = [part for key in sources.files for part in rows_of_files(key, sources=sources, root=root, policy=policy)]
    by_table = {name: [part for part in parts if part.table == name] for name in TABLES}
    return {name: raw_table_of(name, parts=own) for name, own in by_table.items() if own}


def rows_of_files(key: str, *, sources: Sources, root: Path, policy: Policy) -> list[MappedRows]:
    """The rows of the files under one key; none when no table reads them."""
    file, plain = sources.files[key], [each for name, each in plain_mappings(sources) if name == key]
    paths = paths_of(file, root=root) if plain else []
    opened = [open_file(path, file=file, name=name_of(path, root=root)) for path in paths]
    return rows_of([repeat_rows(content, file=file) for content in opened], file=file, plain=plain, policy=policy)


def raw_table_of(name: str, *, parts: list[MappedRows]) -> RawTable:
    """One raw table from the rows of its files and mappings, in their order."""
    places = [part.lines.to_frame().select(file=pl.lit(part.file), line="line") for part in parts]
    return RawTable(
        name=name,
        rows=pl.concat(in_one_type([part.rows for part in parts]), how="diagonal"),
        cells=pl.concat(in_one_type([part.cells for part in parts]), how="diagonal"),
        places=pl.concat(numbered(places)).select(*PLACES).cast(PLACES),
        problems=all_problems(parts),
        files=left_out_by_file(parts),
        headers=pl.concat(numbered([part.headers for part in parts])).select(*HEADERS).cast(HEADERS),
        unused=pl.concat([part.unused for part in parts]).unique().sort("file", "column"),
        marks=pl.concat([part.marks for part in parts]),
        notes=pl.concat([pl.DataFrame(schema=NOTES), *(note for part in parts for note in part.notes)]),
    )


def numbered(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """The frames with the number of their part."""
    return [frame.with_columns(part=pl.lit(number)) for number, frame in enumerate(frames)]


def in_one_type(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames whose columns of the same name have the same type: numbers stay numbers, anything mixed becomes text.

    Examples
    --------
    >>> frames = [pl.DataFrame({"size": [10]}), pl.DataFrame({"size": [2.5]}), pl.DataFrame({"size": ["many"]})]
    >>> [frame["size"].item() for frame in in_one_type(frames)]
    ['10', '2.5', 'many']
    >>> [frame["size"].item() for frame in in_one_type(frames[:2])]
    [10.0, 2.5]
    """
    types: dict[str, set[pl.DataType]] = {}
    for frame in frames:
        for column in frame:
            known = types.setdefault(column.name, set())
            if column.null_count() < len(column):
                known.add(column.dtype)
    common = {name: common_type(known) for name, known in types.items()}
    return [frame.cast({name: dtype for name in frame.columns if (dtype := common[name])}) for frame in frames]


def common_type(known: set[pl.DataType]) -> pl.DataType | None:
    """The type that holds all of some types; None when there is none to hold."""
    if len(known) == 1:
        return next(iter(known))
    if known and all(dtype.is_numeric() for dtype in known):
        return pl.Float64()
    return pl.String() if known else None


def all_problems(parts: list[MappedRows]) -> pl.DataFrame:
    """[row, column, value, reason] with rows counted through all parts."""
    start, frames = 0, []
    for part in parts:
        frames.append(part.problems.with_columns(pl.col("row") + pl.lit(start, dtype=pl.UInt32)))
        start += part.rows.height
    return pl.concat(frames)


def left_out_by_file(parts: list[MappedRows]) -> pl.DataFrame:
    """[file, left_out]: how many rows of each file no mapping selects."""
    used: dict[str, list[pl.Series]] = {}
    for part in parts:
        used.setdefault(part.file, []).append(part.is_used)
    rows = [(file, int((~reduce(or_, masks)).sum())) for file, masks in used.items()]
    return pl.DataFrame(rows, schema={"file": pl.String, "left_out": pl.Int64}, orient="row").sort("file")
