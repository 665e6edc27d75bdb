"""A workspace opened as of an instant: its policy, its tables, its facts, and how far its data reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import narwhals.stable.v2 as nw
import polars as pl

from leadreport.check import Checked, check_tables, stop_if_rejected_lately, stop_if_too_many, table_profile
from leadreport.clock import Period, as_instant, local_date, week_before
from leadreport.errors import InputError, listed
from leadreport.facts import STOPPED, implying_tables, is_recorded, merge_targets, table_reach, visible_rows
from leadreport.policy import Policy, load_policy, preset_text
from leadreport.sources import input_files, read_tables, template_text
from leadreport.tables import TABLES
from leadreport.words import STAGE_NAMES, STAGES
from leadreport.workspace.cache import (
    cache_folder,
    facts_path,
    reach_path,
    read_stored,
    store,
    store_facts,
    tables_key,
)

SINGULAR = ("spend", "feedback")
"""Tables that are one thing in a sentence."""

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
    def reach(self) -> pl.DataFrame:
        """How far each table reaches; see `table_reach`."""
        return pl.read_parquet(reach_path(self.cache, self.as_of))

    @property
    def rows_after(self) -> pl.DataFrame:
        """The rows of `reach` of the tables that have rows dated after the rest of the data."""
        return self.reach.filter(pl.col("rows_after") > 0)

    @cached_property
    def profile(self) -> pl.DataFrame:
        """What each table looks like; see `table_profile`."""
        return table_profile({name: self.table(name) for name in TABLES}, policy=self.policy)

    @property
    def data_through_on(self) -> date:
        """The last complete local date of all the data, rows after the instant included."""
        return through(self.reach)

    def has(self, name: str) -> bool:
        """Whether the workspace has rows of a table."""
        return not self.counts.filter(pl.col("table") == name, pl.col("good") > 0).is_empty()

    def earlier(self, as_of: datetime) -> "Workspace":
        """The same files as of an earlier instant."""
        store_facts(self.cache, policy=self.policy, as_of=as_of)
        return Workspace(self.folder, self.policy, as_of, self.cache, self.inputs, self.counts)

    def withheld(self, *needs: str, period: Period | None = None) -> str | None:
        """Why a number of a period that needs these tables and stages is not shown; None when it can be (4a, 8a).

        `needs` are names of tables ("spend") and of stages ("sql"); leads are always needed. Without a period: the
        week of the report. Every page, headline and finding asks here and nowhere else.

        Examples
        --------
        >>> import leadreport as lr
        >>> print(lr.open_workspace("data/sample", as_of="2026-11-16").withheld("spend", "sql"))
        None
        """
        reasons = [self._why_not(need, period or self.week) for need in ("leads", *needs)]
        return "; ".join(dict.fromkeys(filter(None, reasons))) or None

    def known_until(self, *needs: str) -> date | None:
        """The last day up to which all these tables and stages are on record; None when one is not recorded at all."""
        if any(self._why_not(need, None) for need in needs):
            return None
        return self.reach.filter(pl.col("table").is_in(self._tables_of(*needs)))["complete_on"].min()

    def _tables_of(self, *needs: str) -> set[str]:
        implied = (implying_tables(self.facts, self.stages, self.deals, need) for need in needs if need in STAGES[1:])
        return {"leads"}.union({need for need in needs if need in TABLES}, *implied)

    def _why_not(self, need: str, period: Period | None) -> str | None:
        """Why one table or stage is not known in a period; without a period, why it is not known at all."""
        if need in TABLES and not self.has(need):
            return f"there is no {need} table" + (": who was called is not known" if need == "activities" else "")
        for name, state, ends_on in self.reach.select("table", "state", "complete_on").iter_rows() if period else ():
            needed_on = period.last_on if state == STOPPED else last_working_day(self.policy, period)
            if name in self._tables_of(need) and ends_on is not None and ends_on < needed_on:
                return f"{name} {'is' if name in SINGULAR else 'are'} on record until {ends_on.day} {ends_on:%B %Y}"
        if need in STAGES[1:] and not is_recorded(self.facts, need, as_of=self.as_of):
            return f"{STAGE_NAMES[need]} is not recorded in this CRM"
        return None


def open_workspace(folder: str | Path, *, as_of: str | date | datetime) -> Workspace:
    """Open a folder as of an instant: a date is local midnight; nothing at or after it is visible.

    A relative folder is looked for here and in every folder above, so that a notebook finds `data/sample` wherever it
    runs. A week such as "2026-W46" is its end, and `as_of="latest"` the end of the last ISO week that the data cover.
    Results are cached under `facts/` by the content of the files, of the definitions and of `sources.toml`, the instant
    and the code.

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
        kept = ("rejected", "counts", "left_out", "weeks")
        store(cache, {**checked.tables, **{name: getattr(checked, name) for name in kept}})
    zone = policy.company.time_zone
    tables = {name: read_stored(cache, name) for name in TABLES} if as_of == "latest" else {}
    boundary = latest_week(tables, policy=policy).end_at if as_of == "latest" else as_instant(as_of, zone=zone)
    stop_if_rejected_lately(read_stored(cache, "weeks"), policy=policy, week=week_before(boundary, zone=zone))
    store_facts(cache, policy=policy, as_of=boundary)
    return Workspace(place, policy, boundary, cache, inputs, read_stored(cache, "counts"))


def check_workspace(folder: str | Path) -> tuple[Checked, Policy]:
    """The checked tables of a folder, whatever share of rows is rejected, and its policy; see also `latest_week`."""
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


def through(reach: pl.DataFrame) -> date:
    """The last complete local date of all the data."""
    last = reach["complete_on"].max()
    if last is None:
        raise InputError(
            "the workspace has no row with a date", hint="'leadreport check' shows what was rejected and why"
        )
    return last


def latest_week(tables: Mapping[str, pl.DataFrame], *, policy: Policy) -> Period:
    """The last ISO week whose Sunday the data reach."""
    day_after, zone = through(table_reach(tables, policy=policy)) + timedelta(days=1), policy.company.time_zone
    return week_before(as_instant(day_after, zone=zone), zone=zone)


def last_working_day(policy: Policy, period: Period) -> date:
    """The last working day of the company in a period, or the last day of a period without one."""
    hours = policy.working_hours
    days = [period.end_on - timedelta(days=back) for back in range(1, period.days + 1)]
    worked = [day for day in days if hours.by_weekday()[day.weekday()] and day not in hours.holidays]
    return worked[0] if worked else days[0]


def remark_on_end_of_data(ws: Workspace) -> str | None:
    """The warning to show when the data end before the week does: none, a banner, or an error, per the policy.

    The data reach the week's end when they are complete on its last working day. Leads that have stopped end all data;
    another table that has stopped is named, and what needs it is withheld.
    """
    if ws.facts.is_empty():
        first = ws.stored("leads").select(local_date(pl.col("created_at").min(), zone=ws.zone)).item()
        raise InputError(f"there was no lead yet: the data begin on {first}", hint="name a later --as-of")
    stopped = ws.reach.filter(pl.col("state") == STOPPED, pl.col("complete_on") < ws.week.last_on)
    ends = dict(stopped.select("table", "complete_on").iter_rows())
    if ws.data_through_on >= last_working_day(ws.policy, ws.week) and "leads" not in ends:
        tables = listed(f"{name} until {day}" for name, day in ends.items())
        return f"Some tables end before {ws.week.name} does: {tables}. What needs them is not shown." if ends else None
    what, last_on = ("leads", ends["leads"]) if "leads" in ends else ("data", ws.data_through_on)
    problem = f"The {what} reach until {last_on}; the week {ws.week.name} ends on {ws.week.last_on}."
    if ws.policy.report.if_data_end_early == "banner":
        return f"{problem} The numbers of its last days are not known, and what needs them is not shown."
    known = week_before(as_instant(last_on + timedelta(days=1), zone=ws.zone), zone=ws.zone).name
    raise InputError(
        problem,
        found=described_after(ws.rows_after),
        hint=f'export again, run with --as-of {known}, or set if_data_end_early = "banner" under [report] in '
        "policy.toml",
    )


def described_after(late: pl.DataFrame) -> str | None:
    """The rows that lie after the rest of the data, table by table; None when there are none."""
    rows = late.select("table", "rows_after", "after_on").iter_rows()
    return (
        "; ".join(f"{name}: {count:,} after the rest of the data, the last on {day}" for name, count, day in rows)
        or None
    )
