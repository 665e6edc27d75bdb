"""The folder of reports: one run at a time writes to it, a week's report appears whole or not at all."""

import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from leadreport.errors import InputError

DRAFT = ".draft-"
ASIDE = ".aside-"


class Busy(InputError):
    """Another run is writing to the folder of reports; this one has not begun, so it has not failed either."""


@contextmanager
def locked(reports: Path) -> Iterator[None]:
    """Hold the folder of reports for one run; the lock goes with the process, however that ends.

    Raises
    ------
    Busy
        When another run holds it.
    """
    reports.mkdir(parents=True, exist_ok=True)
    handle = os.open(reports, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Busy(
            f"another run is writing to {reports}",
            hint="wait for it to end, or give this one a folder of its own with --reports",
        ) from None
    try:
        tidy(reports)
        yield
    finally:
        os.close(handle)


def tidy(reports: Path) -> None:
    """Clear up after a run that was killed: drop its draft, put back the report that it had set aside."""
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
    """A folder beside the target in which a report is built; what is left of it when the run fails is removed."""
    draft = reports / f"{DRAFT}{week}"
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def put_in_place(draft: Path, *, reports: Path, week: str) -> Path:
    """Move a finished draft to its week; an earlier report of that week is there until the new one is."""
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


def write_whole(path: Path, content: bytes) -> None:
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
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
