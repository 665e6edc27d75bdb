"""The files of a workspace: where they are, which tables they feed, and a hash of their content."""

import hashlib
from pathlib import Path

import polars as pl

from leadreport.errors import InputError, did_you_mean, listed
from leadreport.policy.load import parse_model
from leadreport.sources.content import open_file, plain_text
from leadreport.sources.mapping import File, Sources
from leadreport.tables import TABLES

MAPPING = "sources.toml"
ENDINGS = (".csv", ".parquet")
"""Endings of files that use our own column names."""


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
