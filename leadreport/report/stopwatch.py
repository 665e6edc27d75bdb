"""How long the parts of a run took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


class Stopwatch:
    """Seconds by part, in the order in which parts were first timed.

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
        """A watch whose first part is the start of this process until now: the interpreter and the imports."""
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
        """For `run.json`: seconds of the parts, of the pages, and in all."""
        return {
            "parts": {part: round(seconds, 2) for part, seconds in self.seconds.items()},
            "pages": {
                page: {part: round(seconds, 2) for part, seconds in of.items()} for page, of in self.pages.items()
            },
            "total": round(sum(self.seconds.values()), 2),
        }
