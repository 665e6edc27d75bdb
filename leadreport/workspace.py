"""A workspace: a folder with a policy, its sources and its files; opened as of an instant, computed once."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import polars as pl

from leadreport.check import Checked, check_tables, stop_if_too_many
from leadreport.clock import Period, as_instant, local_date, week_before
from leadreport.errors import InputError, listed
from leadreport.facts import lead_facts
from leadreport.policy import Policy, load_policy
from leadreport.sources import input_files, read_tables
from leadreport.tables import TABLES

KEPT = 8
"""So many states of the inputs stay in the cache; it may be deleted at any time."""


@dataclass(frozen=True)
class Workspace:
    """The policy, the checked tables, the rejected rows and the facts of a folder, as of an instant.

    Tables and facts are read from the cache when they are first asked for: a page that needs no activities never
    loads them.
    """

    folder: Path
    policy: Policy
    as_of: datetime
    cache: Path
    inputs: pl.DataFrame
    counts: pl.DataFrame

    def table(self, name: str) -> pl.DataFrame:
        """The good rows of one of the seven tables as they stood at the instant; none when there is no such table."""
        return as_they_stood(self.stored(name), name, as_of=self.as_of, zone=self.policy.company.time_zone)

    def stored(self, name: str) -> pl.DataFrame:
        """What the cache holds under a name, whenever it happened."""
        return pl.read_parquet(self.cache / f"{name}.parquet")

    leads = cached_property(lambda self: self.table("leads"))
    activities = cached_property(lambda self: self.table("activities"))
    stages = cached_property(lambda self: self.table("stages"))
    deals = cached_property(lambda self: self.table("deals"))
    spend = cached_property(lambda self: self.table("spend"))
    answers = cached_property(lambda self: self.table("answers"))
    feedback = cached_property(lambda self: self.table("feedback"))
    rejected = cached_property(lambda self: self.stored("rejected"))

    @cached_property
    def facts(self) -> pl.DataFrame:
        """One row per lead as of the instant, sorted by lead."""
        return pl.read_parquet(facts_path(self.cache, self.as_of))

    @property
    def week(self) -> Period:
        """The last complete ISO week before the instant: the week the report is about."""
        return week_before(self.as_of, zone=self.policy.company.time_zone)

    @cached_property
    def data_through_on(self) -> date:
        """The last local date on which anything happened in the tables, the rows after the instant included."""
        return last_date({name: self.stored(name) for name in INSTANTS}, zone=self.policy.company.time_zone)

    def has(self, name: str) -> bool:
        """Whether the workspace has rows of a table."""
        return not self.counts.filter(pl.col("table") == name, pl.col("good") > 0).is_empty()


INSTANTS = {
    "leads": "created_at",
    "activities": "happened_at",
    "stages": "reached_at",
    "deals": "created_at",
    "answers": "answered_at",
    "feedback": "given_at",
}
"""The instants that tell how far the data reach."""


def as_they_stood(rows: pl.DataFrame, name: str, *, as_of: datetime, zone: str) -> pl.DataFrame:
    """Only what had happened by an instant; a deal that closed later was still open."""
    if name == "spend":
        return rows.filter(pl.col("spent_on") < pl.lit(as_of).dt.convert_time_zone(zone).dt.date())
    seen = rows.filter(pl.col(INSTANTS[name]) < as_of)
    if name != "deals":
        return seen
    had_closed = (pl.col("closed_at") < as_of).fill_null(False)
    return seen.with_columns(
        status=pl.when(had_closed).then("status").otherwise(pl.lit("open")),
        closed_at=pl.when(had_closed).then("closed_at"),
        reason=pl.when(had_closed).then("reason"),
    )


def open_workspace(folder: str | Path, *, as_of: str | date | datetime) -> Workspace:
    """Open a folder as of an instant: a date is local midnight; nothing at or after it is visible.

    A relative folder is looked for here and in every folder above, so that a notebook finds `data/sample` wherever it
    runs. `as_of="latest"` is the end of the last complete ISO week that the data cover. Results are cached under
    `facts/` by the content of the files, of `policy.toml` and `sources.toml`, the instant and the package's version.

    Raises
    ------
    PolicyError
        When `policy.toml` or `sources.toml` is missing or says something that cannot be meant.
    InputError
        When a file or a required column is missing, or more rows are rejected than the policy allows.
    """
    place = found_folder(folder)
    policy = load_policy(place / "policy.toml")
    inputs = input_files(place)
    cache = cache_folder(place) / tables_key(place, inputs, policy)
    if not (cache / "counts.parquet").exists():
        checked = check_tables(read_tables(place, policy=policy), policy=policy)
        stop_if_too_many(checked, policy=policy)
        store(cache, {**checked.tables, "rejected": checked.rejected, "counts": checked.counts})
    zone = policy.company.time_zone
    boundary = latest(cache, zone=zone) if as_of == "latest" else as_instant(as_of, zone=zone)
    remember_facts(cache, policy=policy, as_of=boundary)
    return Workspace(place, policy, boundary, cache, inputs, pl.read_parquet(cache / "counts.parquet"))


def check_workspace(folder: str | Path) -> tuple[Checked, Policy]:
    """Read and check a folder's files without a limit on what may be rejected: what `leadreport check` shows."""
    place = found_folder(folder)
    policy = load_policy(place / "policy.toml")
    return check_tables(read_tables(place, policy=policy), policy=policy), policy


def found_folder(folder: str | Path) -> Path:
    """The folder itself, or the nearest one of that name in the folders above."""
    wanted = Path(folder).expanduser()
    for root in (Path.cwd(), *Path.cwd().parents):
        if (root / wanted).is_dir():
            return (root / wanted).resolve()
    raise InputError(
        f"there is no folder '{folder}' here or above",
        found=listed(entry.name for entry in Path.cwd().iterdir() if entry.is_dir()) or "no folder",
        hint=f"name a workspace, or make one with 'leadreport init {folder}'",
    )


def tables_key(folder: Path, inputs: pl.DataFrame, policy: Policy) -> str:
    """What the checked tables depend on, in 16 hex digits."""
    sources = folder / "sources.toml"
    parts = [
        version("leadreport"),
        policy.version,
        f"{policy.checks.max_rejected_rate}",
        hashlib.sha256(sources.read_bytes() if sources.exists() else b"").hexdigest(),
        *(f"{row['file']} {row['sha256']}" for row in inputs.sort("file").iter_rows(named=True)),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def cache_folder(folder: Path) -> Path:
    """`facts/` in the workspace, or the system's temporary folder when the workspace cannot be written to."""
    if os.access(folder, os.W_OK):
        return folder / "facts"
    return Path(tempfile.gettempdir()) / f"leadreport-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def store(cache: Path, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write frames into a new cache entry, whole or not at all; two runs may do so at once."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=cache.parent))
    for name, frame in frames.items():
        frame.write_parquet(draft / f"{name}.parquet")
    draft.chmod(0o755)
    try:
        draft.rename(cache)
    except OSError:
        shutil.rmtree(draft)
        if not cache.is_dir():
            raise
    forget_old(cache.parent)


def forget_old(root: Path) -> None:
    """Keep the newest entries of the cache."""
    entries = sorted(
        (entry for entry in root.iterdir() if not entry.name.startswith(".")), key=lambda e: e.stat().st_mtime
    )
    for entry in entries[:-KEPT]:
        shutil.rmtree(entry, ignore_errors=True)


def facts_path(cache: Path, as_of: datetime) -> Path:
    return cache / f"facts-{as_of:%Y%m%dT%H%M%SZ}.parquet"


def remember_facts(cache: Path, *, policy: Policy, as_of: datetime) -> None:
    """Compute the facts as of an instant, unless the cache has them."""
    path = facts_path(cache, as_of)
    if path.exists():
        return
    # Frames in memory and not scans: the plan reads each table many times, and polars 2.1 takes a thread pool for each.
    tables = {name: pl.read_parquet(cache / f"{name}.parquet").lazy() for name in TABLES}
    facts = lead_facts(tables, policy=policy, as_of=as_of).collect(engine="in-memory").sort("lead_id")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    facts.write_parquet(draft)
    draft.replace(path)


def last_date(tables: Mapping[str, pl.DataFrame], *, zone: str) -> date:
    """The last local date on which anything happened."""
    lasts = [
        tables[name].select(local_date(pl.col(at).max(), zone=zone)).item()
        for name, at in INSTANTS.items()
        if name in tables
    ]
    dated = [last for last in lasts if last is not None]
    if not dated:
        raise InputError(
            "the workspace has no row with a date", hint="'leadreport check' shows what was rejected and why"
        )
    return max(dated)


def latest(cache: Path, *, zone: str) -> datetime:
    """The end of the last ISO week whose Sunday the data reach."""
    last = last_date({name: pl.read_parquet(cache / f"{name}.parquet") for name in INSTANTS}, zone=zone)
    return week_before(as_instant(last + timedelta(days=1), zone=zone), zone=zone).end_at


def last_working_day(policy: Policy, period: Period) -> date:
    """The last day of a period on which the company worked, or its last day when it never did."""
    hours = policy.working_hours
    days = [period.end_on - timedelta(days=back) for back in range(1, period.days + 1)]
    worked = [day for day in days if hours.by_weekday()[day.weekday()] and day not in hours.holidays]
    return worked[0] if worked else days[0]


def remark_on_end_of_data(ws: Workspace) -> str | None:
    """What to say when the data end before the week does: nothing, a banner, or an error, as the policy wants.

    The data reach the week's end when something happened on its last working day or later.
    """
    if ws.facts.is_empty():
        first = (
            ws.stored("leads").select(local_date(pl.col("created_at").min(), zone=ws.policy.company.time_zone)).item()
        )
        raise InputError(f"no lead was there yet: the data begin on {first}", hint="name a later --as-of")
    needed = last_working_day(ws.policy, ws.week)
    if ws.data_through_on >= needed:
        return None
    last_on = ws.week.end_on - timedelta(days=1)
    problem = f"The data reach until {ws.data_through_on}; the week {ws.week.name} ends on {last_on}."
    if ws.policy.report.if_data_end_early == "banner":
        return f"{problem} Its last days are missing from every number."
    raise InputError(
        problem,
        hint='export again, run with --as-of latest, or set if_data_end_early = "banner" under [report] in policy.toml',
    )
