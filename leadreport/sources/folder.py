"""The files of a workspace: where they are, what is in them, and whether they are the same as before."""

import hashlib
from pathlib import Path

import polars as pl

from leadreport.errors import InputError, did_you_mean, listed
from leadreport.policy.load import parse_model
from leadreport.sources.content import open_file
from leadreport.sources.model import Sources
from leadreport.sources.notation import File
from leadreport.sources.text import plain_text
from leadreport.tables import TABLES

MAPPING = "sources.toml"
OWN = (".csv", ".parquet")
"""Endings of files in our own columns."""


def load_sources(folder: Path) -> Sources:
    """What `sources.toml` says, or, without one, the files in our columns: leads.csv, activities.parquet, ...

    Raises
    ------
    PolicyError
        When `sources.toml` says something that cannot be meant.
    InputError
        When there is neither `sources.toml` nor a file of leads, or a table comes in two files.
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
    """What the source calls a column of leads: the first name that its mapping gives, or ours."""
    columns = next((each.columns for each in load_sources(folder).leads if each.columns), {})
    return columns[column].column[0] if column in columns else column


def own_file(folder: Path, *, name: str) -> str | None:
    """The name of a table's file in our columns."""
    found = [f"{name}{ending}" for ending in OWN if (folder / f"{name}{ending}").is_file()]
    if len(found) > 1:
        raise InputError(f"{name} comes in two files: {' and '.join(found)}", hint="delete the one that is not meant")
    return found[0] if found else None


def root_of(folder: Path, *, sources: Sources, data: str | Path | None) -> Path:
    """Where the files are: what the caller says, else the `folder` of `sources.toml`, else the workspace."""
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
        there = sorted(entry.name for entry in root.iterdir() if entry.is_file()) if root.is_dir() else []
        raise InputError(
            f"no file {' or '.join(map(repr, file.path))} in {root}",
            found=listed(there) or ("no file at all" if root.is_dir() else "no such folder"),
            hint=did_you_mean(Path(file.path[0]).name, there) if there else f"correct path or folder in {MAPPING}",
        )
    return sorted(found)


def matches(pattern: str, *, root: Path) -> list[Path]:
    """The files under a name or, when no file has it, under a pattern with * and ?."""
    whole = root / pattern
    if whole.is_file():
        return [whole]
    inside = Path(whole.anchor) if whole.is_absolute() and Path(pattern).is_absolute() else root
    relative = Path(pattern).relative_to(Path(pattern).anchor) if Path(pattern).is_absolute() else Path(pattern)
    return [path for path in inside.glob(str(relative)) if path.is_file()]


def name_of(path: Path, *, root: Path) -> str:
    """What messages call a file: its path below the root, or its name."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def input_files(folder: str | Path, *, data: str | Path | None = None) -> pl.DataFrame:
    """[file, tables, bytes, rows, sha256]: the files that a workspace reads, sorted by name.

    `tables` lists the tables that a file feeds, `rows` counts the rows below its header, those left out included.

    Raises
    ------
    PolicyError, InputError
        As `read_tables` does, as far as a file must be opened to count its rows.
    """
    sources = load_sources(Path(folder))
    root = root_of(Path(folder), sources=sources, data=data)
    feeds = {key: [each.table for each in sources.mappings() if each.from_ == key] for key in sources.files}
    rows = [
        described(path, file=file, name=name_of(path, root=root), tables=feeds[key])
        for key, file in sources.files.items()
        if feeds[key]
        for path in paths_of(file, root=root)
    ]
    schema = {"file": pl.String, "tables": pl.String, "bytes": pl.Int64, "rows": pl.Int64, "sha256": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("file", "tables")


def described(path: Path, *, file: File, name: str, tables: list[str]) -> tuple[str, str, int, int, str]:
    """A file's row: name, tables, size, rows, content."""
    rows = open_file(path, file=file, name=name).rows.height
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return name, ", ".join(dict.fromkeys(tables)), path.stat().st_size, rows, digest
