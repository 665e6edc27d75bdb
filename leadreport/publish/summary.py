"""What a report states about the workspace it was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from leadreport.words import STAGES
from leadreport.workspace import Workspace


@dataclass(frozen=True)
class InputFile:
    """A file that was read, by its path inside the workspace."""

    file: str
    table: str
    size: int
    rows: int
    sha256: str


@dataclass(frozen=True)
class TableRows:
    """The rows read for a table, and how many of them were rejected."""

    table: str
    read: int
    rejected: int


@dataclass(frozen=True)
class WorkspaceSummary:
    """The company, the instant, the policy, the files and the rejected rows of a report.

    Parameters
    ----------
    as_of
        The instant that bounds what is visible, in UTC.
    week
        The name of the ISO week that the report is about; the report's folder has this name.
    zone
        The policy's time zone; the page shows instants in it.
    data_through_on
        The last local date with any event.
    remark
        A warning at the top of every page, such as data that end before the week does.
    withheld
        For each table and stage that is not known up to the end of the week, the reason.
    profile
        What each table looks like, for comparison by a later report.
    """

    company: str
    language: str
    zone: str
    as_of: datetime
    week: str
    policy_version: str
    data_through_on: date
    inputs: Sequence[InputFile]
    tables: Sequence[TableRows]
    remark: str | None = None
    withheld: Mapping[str, str] = field(default_factory=dict)
    profile: Sequence[Mapping[str, object]] = ()

    @property
    def week_on(self) -> date:
        """The Monday of the week."""
        return date.fromisoformat(f"{self.week}-1")

    @property
    def read(self) -> int:
        return sum(table.read for table in self.tables)

    @property
    def rejected(self) -> int:
        return sum(table.rejected for table in self.tables)

    @property
    def as_of_text(self) -> str:
        """The instant as a page's parameter: a date when it is local midnight."""
        local = self.as_of.astimezone(ZoneInfo(self.zone))
        return local.date().isoformat() if (local.hour, local.minute, local.second) == (0, 0, 0) else local.isoformat()


def summary_of(ws: Workspace, *, remark: str | None) -> WorkspaceSummary:
    """The summary of an opened workspace."""
    company = ws.policy.company
    by_table = ws.counts.group_by("table", maintain_order=True).agg(pl.col("read", "rejected").sum())
    return WorkspaceSummary(
        company=company.name,
        language=company.language,
        zone=company.time_zone,
        as_of=ws.as_of,
        week=ws.week.name,
        policy_version=ws.policy.version,
        data_through_on=ws.data_through_on,
        inputs=[InputFile(*row) for row in ws.inputs.select("file", "tables", "bytes", "rows", "sha256").rows()],
        tables=[TableRows(*row) for row in by_table.select("table", "read", "rejected").rows()],
        remark=remark,
        withheld={need: why for need in (*ws.reach["table"], *STAGES[1:]) if (why := ws.withheld(need))},
        profile=ws.profile.to_dicts(),
    )
