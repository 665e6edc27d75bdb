"""What a report says of the workspace it was made from; the workspace fills it, the report only prints it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


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
    """How many rows of a table were read, and how many of them rejected."""

    table: str
    read: int
    rejected: int


@dataclass(frozen=True)
class WorkspaceSummary:
    """Whose workspace, as of when, under which policy, from which files, with how many rows rejected.

    Parameters
    ----------
    as_of
        The instant that bounds what is visible, in UTC.
    week
        The name of the ISO week that the report is about; its folder is named so.
    zone
        The policy's time zone; the page shows instants in it.
    data_through_on
        The last local date on which anything happened.
    remark
        What a reader of any page must know first, such as that the data end before the week does.
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

    @property
    def week_on(self) -> date | None:
        """The Monday of the week; nothing when the report is about another period.

        Examples
        --------
        >>> monday_of("2026-W46"), monday_of("2026-Q4")
        (datetime.date(2026, 11, 9), None)
        """
        return monday_of(self.week)

    @property
    def read(self) -> int:
        return sum(table.read for table in self.tables)

    @property
    def rejected(self) -> int:
        return sum(table.rejected for table in self.tables)

    @property
    def local_as_of(self) -> datetime:
        return self.as_of.astimezone(ZoneInfo(self.zone))

    @property
    def as_of_text(self) -> str:
        """The instant as a page's parameter: a date when it is local midnight."""
        local = self.local_as_of
        return local.date().isoformat() if (local.hour, local.minute, local.second) == (0, 0, 0) else local.isoformat()


def monday_of(week: str) -> date | None:
    """The first day of an ISO week by its name."""
    try:
        return date.fromisoformat(f"{week}-1") if "W" in week else None
    except ValueError:
        return None
