"""Pieces of one table, brought to the same types and told apart by where they come from."""

from functools import reduce

import polars as pl

from leadreport.sources.pieces import Piece
from leadreport.tables import HEADERS, PLACES


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
    """The type that holds all of some types; None where they agree already."""
    if len(known) == 1:
        return next(iter(known))
    if known and all(dtype.is_numeric() for dtype in known):
        return pl.Float64()
    return pl.String() if known else None


def places(pieces: list[Piece]) -> pl.DataFrame:
    """[part, file, line] of every row."""
    frames = [
        pl.select(
            pl.repeat(number, len(piece.lines), dtype=pl.UInt32).alias("part"),
            pl.repeat(piece.file, len(piece.lines), dtype=pl.String).alias("file"),
            line=piece.lines,
        )
        for number, piece in enumerate(pieces)
    ]
    return pl.concat(frames).cast(PLACES)


def headers(pieces: list[Piece]) -> pl.DataFrame:
    """[part, column, header]: what the file of each part calls our columns."""
    rows = [(number, *names) for number, piece in enumerate(pieces) for names in piece.headers.items()]
    return pl.DataFrame(rows, schema=HEADERS, orient="row")


def problems(pieces: list[Piece]) -> pl.DataFrame:
    """[row, column, value, reason] with rows counted through all pieces."""
    start, frames = 0, []
    for piece in pieces:
        frames.append(piece.problems.with_columns(pl.col("row") + pl.lit(start, dtype=pl.UInt32)))
        start += piece.rows.height
    return pl.concat(frames)


def files(pieces: list[Piece]) -> pl.DataFrame:
    """[file, left_out]: how many rows of each file no part of the mapping lets through."""
    used: dict[str, list[pl.Series]] = {}
    for piece in pieces:
        used.setdefault(piece.file, []).append(piece.is_used)
    rows = [(file, int((~reduce(lambda one, two: one | two, masks)).sum())) for file, masks in used.items()]
    return pl.DataFrame(rows, schema={"file": pl.String, "left_out": pl.Int64}, orient="row").sort("file")


def unused(pieces: list[Piece]) -> pl.DataFrame:
    """[file, column, hint]: columns of files in our own columns that are not ours."""
    rows = [(piece.file, *each) for piece in pieces for each in piece.unused]
    schema = {"file": pl.String, "column": pl.String, "hint": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").unique().sort("file", "column")
