"""The folder of reports: one run at a time writes to it, and a week's report appears whole or not at all."""

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from leadreport.errors import InputError

DRAFT = ".draft-"
ASIDE = ".aside-"
LOCK = ".lock"


class ReportsFolderError(InputError):
    """The folder of reports cannot be used: another run holds it, or a newer version wrote to it. Nothing has begun."""


@contextmanager
def locked(reports: Path) -> Iterator[None]:
    """Hold the folder of reports for one run; the lock ends with the process.

    Raises
    ------
    ReportsFolderError
        When another run holds it.
    """
    reports.mkdir(parents=True, exist_ok=True)
    lock = FileLock(reports / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ReportsFolderError(
            f"another run is writing to {reports}",
            hint="wait for it to end, or give this one a folder of its own with --reports",
        ) from None
    try:
        clean_up(reports)
        yield
    finally:
        with suppress(OSError):  # an open file cannot be removed on Windows, where the release removes it
            (reports / LOCK).unlink()
        lock.release()


def clean_up(reports: Path) -> None:
    """Clean up after a run that was killed: remove its draft, put back the report that it had moved aside."""
    for draft in reports.glob(f"{DRAFT}*"):
        shutil.rmtree(draft)
    for aside in reports.glob(f"{ASIDE}*"):
        week = reports / aside.name.removeprefix(ASIDE)
        if week.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(week)


@contextmanager
def draft_of(reports: Path, week: str) -> Iterator[Path]:
    """A folder beside the target in which a report is built; removed when the run fails."""
    draft = reports / f"{DRAFT}{week}"
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def put_in_place(draft: Path, *, reports: Path, week: str) -> Path:
    """Move a finished draft to its week; an earlier report of that week stays there until then."""
    target, aside = reports / week, reports / f"{ASIDE}{week}"
    if target.exists():
        target.rename(aside)
    try:
        draft.rename(target)
    except BaseException:
        if aside.exists() and not target.exists():
            aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
    return target


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turn the signals that end a process (`kill`, a closed terminal) into an exit that cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]  # Windows: no SIGHUP
    before = {number: signal.signal(number, _leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
