"""The cache of a workspace: checked tables and facts, keyed by what they depend on. It may be deleted at any time."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import polars as pl

from leadreport.facts import lead_facts, table_reach
from leadreport.policy import Policy
from leadreport.tables import TABLES

KEPT = 8
"""The number of states of the inputs that stay in the cache."""

PACKAGE = Path(__file__).parent.parent
CACHED_BY = ("words", "policy", "clock", "tables", "sources", "check", "facts", "workspace")
"""The rooms whose code decides what is cached."""

NOT_CACHED = {"company": {"name", "language"}, "agreement": True, "changes": True, "report": True, "targets": True}
"""The parts of a policy that no table and no fact depends on."""


def cache_folder(folder: Path) -> Path:
    """`facts/` in the workspace, or the system's temporary folder when the workspace is read-only."""
    if os.access(folder, os.W_OK):
        return folder / "facts"
    return Path(tempfile.gettempdir()) / f"leadreport-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def tables_key(folder: Path, inputs: pl.DataFrame, policy: Policy) -> str:
    """What the checked tables depend on, in 16 hex digits: code, definitions, mapping and files."""
    sources = folder / "sources.toml"
    parts = [
        code_hash(PACKAGE),
        policy.model_dump_json(exclude=NOT_CACHED),
        hashlib.sha256(sources.read_bytes() if sources.exists() else b"").hexdigest(),
        *(f"{row['file']} {row['sha256']}" for row in inputs.sort("file").iter_rows(named=True)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@cache
def code_hash(package: Path) -> str:
    """The hash of the modules that compute what is cached; changed code never serves old facts."""
    digest = hashlib.sha256()
    for room in CACHED_BY:
        for module in sorted((package / room).rglob("*.py")):
            digest.update(f"{module.relative_to(package).as_posix()}\n".encode())
            digest.update(module.read_bytes())
    return digest.hexdigest()


def store(entry: Path, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write frames into a new cache entry, whole or not at all; two runs may do so at once."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=entry.parent))
    for name, frame in frames.items():
        frame.write_parquet(draft / f"{name}.parquet")
    draft.chmod(0o755)
    try:
        draft.rename(entry)
    except OSError:
        shutil.rmtree(draft)
        if not entry.is_dir():
            raise
    forget_old(entry.parent)


def forget_old(root: Path) -> None:
    """Remove all entries of the cache but the newest KEPT."""
    entries = [entry for entry in root.iterdir() if not entry.name.startswith(".")]
    for entry in sorted(entries, key=lambda each: each.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(entry, ignore_errors=True)


def read_stored(entry: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(entry / f"{name}.parquet")


def facts_path(entry: Path, as_of: datetime) -> Path:
    return entry / f"facts-{as_of:%Y%m%dT%H%M%SZ}.parquet"


def reach_path(entry: Path, as_of: datetime) -> Path:
    return entry / f"reach-{as_of:%Y%m%dT%H%M%SZ}.parquet"


def store_facts(entry: Path, *, policy: Policy, as_of: datetime) -> None:
    """Compute the facts as of an instant, and how far each table reaches, unless the cache has them."""
    if facts_path(entry, as_of).exists():
        return
    # Frames in memory and not scans: the plan reads each table many times, and polars 2.1 takes a thread pool for each.
    tables = {name: read_stored(entry, name) for name in TABLES}
    lazy = {name: table.lazy() for name, table in tables.items()}
    facts = lead_facts(lazy, policy=policy, as_of=as_of).collect(engine="in-memory").sort("lead_id")
    reach = table_reach(tables, policy=policy, as_of=as_of)
    for path, frame in ((reach_path(entry, as_of), reach), (facts_path(entry, as_of), facts)):
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        frame.write_parquet(draft)
        draft.replace(path)
