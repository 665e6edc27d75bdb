"""A workspace opened as of an instant: its policy, its tables, its facts, and how far its data reach."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import polars as pl

from leadreport.check import Checked, check_tables, stop_if_too_many
from leadreport.clock import Period, as_instant, local_date, week_before
from leadreport.errors import InputError, listed
from leadreport.facts import INSTANTS, merge_targets, visible_rows
from leadreport.policy import Policy, load_policy, preset_text
from leadreport.sources import input_files, read_tables, template_text
from leadreport.workspace.cache import cache_folder, facts_path, read_stored, store, store_facts, tables_key

AS_RECORDED = ("leads", "stages")
"""Tables whose merged-away ids stay."""


@dataclass(frozen=True)
class Workspace:
    """The policy, the checked tables, the rejected rows and the facts of a folder, as of an instant.

    Tables and facts are read from the cache at their first use: a page that needs no activities never loads them.
    """

    folder: Path
    policy: Policy
    as_of: datetime
    cache: Path
    inputs: pl.DataFrame
    counts: pl.DataFrame

    def table(self, name: str) -> pl.DataFrame:
        """The good rows of one of the seven tables as they stood at the instant (definition 1).

        Rows of a merged-away lead carry the survivor's id (definition 7). `leads` and `stages` stay as recorded: the
        bridge counts what each department's records say.
        """
        rows = self.stored(name)
        if name == "spend":  # spend has days, not instants
            return rows.filter(pl.col("spent_on") < pl.lit(self.as_of).dt.convert_time_zone(self.zone).dt.date())
        seen = visible_rows(nw.from_native(rows).lazy(), name, as_of=self.as_of).collect().to_native()
        return seen if name in AS_RECORDED else seen.with_columns(pl.col("lead_id").replace(self.survivors))

    def stored(self, name: str) -> pl.DataFrame:
        """All rows of a table in the cache, those after the instant included."""
        return read_stored(self.cache, name)

    leads = cached_property(lambda self: self.table("leads"))
    activities = cached_property(lambda self: self.table("activities"))
    stages = cached_property(lambda self: self.table("stages"))
    deals = cached_property(lambda self: self.table("deals"))
    spend = cached_property(lambda self: self.table("spend"))
    answers = cached_property(lambda self: self.table("answers"))
    feedback = cached_property(lambda self: self.table("feedback"))
    rejected = cached_property(lambda self: self.stored("rejected"))
    left_out = cached_property(lambda self: self.stored("left_out"))

    @cached_property
    def survivors(self) -> dict[str, str]:
        """The survivor of each merged-away lead."""
        return dict(merge_targets(nw.from_native(self.leads).lazy()).collect().iter_rows())

    @cached_property
    def facts(self) -> pl.DataFrame:
        """One row per lead as of the instant, sorted by lead."""
        return pl.read_parquet(facts_path(self.cache, self.as_of))

    @property
    def zone(self) -> str:
        """The policy's time zone."""
        return self.policy.company.time_zone

    @property
    def week(self) -> Period:
        """The last complete ISO week before the instant: the week the report is about."""
        return week_before(self.as_of, zone=self.zone)

    @cached_property
    def data_through_on(self) -> date:
        """The last local date with any event in the tables, rows after the instant included."""
        return last_date(self.cache, zone=self.zone)

    def has(self, name: str) -> bool:
        """Whether the workspace has rows of a table."""
        return not self.counts.filter(pl.col("table") == name, pl.col("good") > 0).is_empty()


def open_workspace(folder: str | Path, *, as_of: str | date | datetime) -> Workspace:
    """Open a folder as of an instant: a date is local midnight; nothing at or after it is visible.

    A relative folder is looked for here and in every folder above, so that a notebook finds `data/sample` wherever it
    runs. `as_of="latest"` is the end of the last complete ISO week that the data cover. Results are cached under
    `facts/` by the content of the files, of the definitions and of `sources.toml`, the instant and the code.

    Raises
    ------
    PolicyError
        When `policy.toml` or `sources.toml` is missing or wrong.
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
        kept = {"rejected": checked.rejected, "counts": checked.counts, "left_out": checked.left_out}
        store(cache, {**checked.tables, **kept})
    zone = policy.company.time_zone
    boundary = latest(cache, zone=zone) if as_of == "latest" else as_instant(as_of, zone=zone)
    store_facts(cache, policy=policy, as_of=boundary)
    return Workspace(place, policy, boundary, cache, inputs, read_stored(cache, "counts"))


def check_workspace(folder: str | Path) -> tuple[Checked, Policy]:
    """The checked tables of a folder, whatever share of rows is rejected, and its policy."""
    place = found_folder(folder)
    policy = load_policy(place / "policy.toml")
    return check_tables(read_tables(place, policy=policy), policy=policy), policy


def new_workspace(folder: Path, *, preset: str) -> list[Path]:
    """Write a commented policy and a commented mapping of sources into a folder; gives the files.

    Raises
    ------
    InputError
        When the folder already has one of them.
    """
    texts = {"policy.toml": preset_text(preset), "sources.toml": template_text()}
    present = [name for name in texts if (folder / name).exists()]
    if present:
        raise InputError(f"{folder} already has {listed(present)}", hint="name a new folder, or move the files away")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


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


def as_of_instant(folder: Path, as_of: str, *, now: datetime) -> datetime:
    """The instant of a run's `as_of`: a date, `today` (the end of the last complete week before now), or `latest`.

    `latest` is never after the last complete week before now: rows in the future are a mistake in the data.
    """
    zone = load_policy(found_folder(folder) / "policy.toml").company.time_zone
    if as_of == "today":
        return week_before(now, zone=zone).end_at
    if as_of == "latest":
        return min(open_workspace(folder, as_of="latest").as_of, week_before(now, zone=zone).end_at)
    return as_instant(as_of, zone=zone)


def last_date(cache: Path, *, zone: str) -> date:
    """The last local date with any event."""
    lasts = [read_stored(cache, name)[at].max() for name, at in INSTANTS.items()]
    instants = [last for last in lasts if last is not None]
    if not instants:
        raise InputError(
            "the workspace has no row with a date", hint="'leadreport check' shows what was rejected and why"
        )
    return max(instants).astimezone(ZoneInfo(zone)).date()


def latest(cache: Path, *, zone: str) -> datetime:
    """The end of the last ISO week whose Sunday the data reach."""
    day_after = last_date(cache, zone=zone) + timedelta(days=1)
    return week_before(as_instant(day_after, zone=zone), zone=zone).end_at


def last_working_day(policy: Policy, period: Period) -> date:
    """The last working day of the company in a period, or the last day of a period without one."""
    hours = policy.working_hours
    days = [period.end_on - timedelta(days=back) for back in range(1, period.days + 1)]
    worked = [day for day in days if hours.by_weekday()[day.weekday()] and day not in hours.holidays]
    return worked[0] if worked else days[0]


def remark_on_end_of_data(ws: Workspace) -> str | None:
    """The warning to show when the data end before the week does: none, a banner, or an error, per the policy.

    The data reach the week's end when there is an event on its last working day or later.
    """
    if ws.facts.is_empty():
        first = ws.stored("leads").select(local_date(pl.col("created_at").min(), zone=ws.zone)).item()
        raise InputError(f"there was no lead yet: the data begin on {first}", hint="name a later --as-of")
    if ws.data_through_on >= last_working_day(ws.policy, ws.week):
        return None
    last_on = ws.week.end_on - timedelta(days=1)
    problem = f"The data reach until {ws.data_through_on}; the week {ws.week.name} ends on {last_on}."
    if ws.policy.report.if_data_end_early == "banner":
        return f"{problem} Its last days are missing from every number."
    raise InputError(
        problem,
        hint='export again, run with --as-of latest, or set if_data_end_early = "banner" under [report] in policy.toml',
    )
