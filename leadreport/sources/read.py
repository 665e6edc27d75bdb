"""From a workspace's files to raw tables."""

from pathlib import Path

import polars as pl

from leadreport.policy import Policy
from leadreport.sources import joining
from leadreport.sources.content import open_file
from leadreport.sources.counted import counted
from leadreport.sources.folder import load_sources, name_of, paths_of, root_of
from leadreport.sources.model import Sources
from leadreport.sources.parts import parts_of
from leadreport.sources.pieces import Piece, pieces_of
from leadreport.tables import TABLES, RawTable


def read_tables(folder: str | Path, *, policy: Policy, data: str | Path | None = None) -> dict[str, RawTable]:
    """The raw tables of a workspace, those that its files give, in the order of the seven.

    With `sources.toml` the files are mapped as it says; without one they have our names and columns. `data` is where
    the files are, when they are not where `sources.toml` says. Nothing is judged yet: see `check_tables`.

    Raises
    ------
    PolicyError
        When `sources.toml` says something that cannot be meant.
    InputError
        When a file is missing, empty or unreadable, or a column is not there.
    """
    sources = load_sources(Path(folder))
    root = root_of(Path(folder), sources=sources, data=data)
    pieces = [piece for key in sources.files for piece in file_pieces(key, sources=sources, root=root, policy=policy)]
    mine = {name: [piece for piece in pieces if piece.part.table == name] for name in TABLES}
    return {name: put_together(name, pieces=made) for name, made in mine.items() if made}


def file_pieces(key: str, *, sources: Sources, root: Path, policy: Policy) -> list[Piece]:
    """The pieces of the files under one key; a key that no table reads gives none."""
    file, parts = sources.files[key], [part for name, part in parts_of(sources) if name == key]
    pieces = []
    for path in paths_of(file, root=root) if parts else []:
        content = counted(open_file(path, file=file, name=name_of(path, root=root)), file=file)
        pieces += pieces_of(content, file=file, parts=parts, policy=policy)
    return pieces


def put_together(name: str, *, pieces: list[Piece]) -> RawTable:
    """One raw table from its pieces, in the order of the files and mappings."""
    return RawTable(
        name=name,
        rows=pl.concat(joining.in_one_type([piece.rows for piece in pieces]), how="diagonal"),
        cells=pl.concat(joining.in_one_type([piece.cells for piece in pieces]), how="diagonal"),
        places=joining.places(pieces),
        problems=joining.problems(pieces),
        files=joining.files(pieces),
        headers=joining.headers(pieces),
        unused=joining.unused(pieces),
    )
