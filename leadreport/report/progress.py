"""How far a run is: a bar per page on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from tqdm import tqdm

WIDTH = "{desc} {bar:24} {n_fmt}/{total_fmt} {elapsed}"


class Progress:
    """Tells of the pages of a run.

    Parameters
    ----------
    pages
        The name of each page and how many cells it has.
    is_shown
        False keeps quiet.
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

    def stepper(self, page: str) -> Callable[[], None]:
        """What a page calls after each cell."""
        bar = self.bars.get(page)
        return (lambda: None) if bar is None else (lambda: None if bar.n >= bar.total else bar.update(1) and None)

    def began(self, page: str) -> None:
        self._line(f"{page}: running")

    def ended(self, page: str, seconds: float) -> None:
        self._line(f"{page}: ran in {seconds:.1f} s")

    def failed(self, page: str) -> None:
        self._line(f"{page}: failed")

    def close(self) -> None:
        for bar in self.bars.values():
            bar.close()

    def _line(self, text: str) -> None:
        if self.is_shown and not self.bars:
            self.to.write(f"{text}\n")  # in one piece: pages end side by side
            self.to.flush()
