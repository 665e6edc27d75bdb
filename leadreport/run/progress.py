"""Progress and timings of a run: a bar per page on a terminal, plain lines elsewhere, seconds in the record."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import psutil
from tqdm import tqdm

WIDTH = "{desc} {bar:24} {n_fmt}/{total_fmt} {elapsed}"


class Progress:
    """Shows how far the pages of a run are.

    Parameters
    ----------
    pages
        The name of each page and the number of its cells.
    is_shown
        False shows nothing.
    """

    def __init__(self, pages: Sequence[tuple[str, int]], *, is_shown: bool = True, to: TextIO | None = None) -> None:
        self.to = to or sys.stderr
        self.is_shown = is_shown
        self.bars: dict[str, tqdm] = {}
        if is_shown and self.to.isatty():
            width = max((len(page) for page, _ in pages), default=0)
            self.bars = {
                page: tqdm(
                    total=cells, desc=page.ljust(width), position=place, bar_format=WIDTH, file=self.to, leave=True
                )
                for place, (page, cells) in enumerate(pages)
            }

    @contextmanager
    def running(self, page: str) -> Iterator[None]:
        """Show that a page runs, and then how long it took or that it failed."""
        self._line(f"{page}: running")
        begun = time.perf_counter()
        try:
            yield
        except Exception:
            self._line(f"{page}: failed")
            raise
        self._line(f"{page}: ran in {time.perf_counter() - begun:.1f} s")

    def stepper(self, page: str) -> Callable[[], None]:
        """The function to call after each cell of a page."""
        bar = self.bars.get(page)
        return (lambda: None) if bar is None else (lambda: None if bar.n >= bar.total else bar.update(1) and None)

    def close(self) -> None:
        for bar in self.bars.values():
            bar.close()

    def _line(self, text: str) -> None:
        if self.is_shown and not self.bars:
            self.to.write(f"{text}\n")  # in one piece: pages end side by side
            self.to.flush()


class Stopwatch:
    """Seconds per part of a run, in the order in which the parts were first timed.

    Examples
    --------
    >>> watch = Stopwatch()
    >>> with watch.timing("facts"):
    ...     pass
    >>> list(watch.seconds)
    ['facts']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.pages: dict[str, dict[str, float]] = {}

    @classmethod
    def since_start(cls) -> "Stopwatch":
        """A stopwatch whose first part is the start of this process: the interpreter and the imports."""
        watch = cls()
        watch.seconds["start-up"] = max(0.0, time.time() - psutil.Process().create_time())
        return watch

    @contextmanager
    def timing(self, part: str, *, page: str | None = None) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            of = self.seconds if page is None else self.pages.setdefault(page, {})
            of[part] = of.get(part, 0.0) + time.perf_counter() - begun

    @property
    def line(self) -> str:
        """The parts and their sum in one line."""
        parts = [f"{part} {seconds:.1f} s" for part, seconds in self.seconds.items()]
        return ", ".join([*parts, f"total {sum(self.seconds.values()):.1f} s"])

    def as_record(self) -> dict[str, object]:
        """For `run.json`: seconds per part, per page, and in total."""
        return {
            "parts": _rounded(self.seconds),
            "pages": {page: _rounded(seconds) for page, seconds in self.pages.items()},
            "total": round(sum(self.seconds.values()), 2),
        }


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {part: round(value, 2) for part, value in seconds.items()}
