"""A whole run on the sample, split into its parts, beside the floor: a run of one page with one empty cell.

python benchmarks/whole_run.py [--runs 3]
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
PARTS = ("start-up", "facts", "execution", "export")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as room:
        desk = Path(room)
        empty_page(desk / "empty")
        sample = Path(
            shutil.copytree(ROOT / "data" / "sample", desk / "sample", ignore=shutil.ignore_patterns("facts"))
        )
        cold = timed(sample, ROOT / "notebooks", desk / "reports")
        pairs = [
            (timed(sample, ROOT / "notebooks", desk / "reports"), timed(sample, desk / "empty", desk / "floor"))
            for _ in range(runs)
        ]
    print(f"Seconds on this machine, medians of {runs} paired runs; the first run also computed the facts.\n")
    print(f"| run | wall | {' | '.join(PARTS)} |")
    print(f"|---|---|{'---|' * len(PARTS)}")
    print(row("whole, facts not cached", [cold]))
    print(row("whole, facts cached", [whole for whole, _ in pairs]))
    print(row("floor: one page, one empty cell", [floor for _, floor in pairs]))
    ratio = statistics.median(whole["wall"] / floor["wall"] for whole, floor in pairs)
    print(f"\nThe whole run takes {ratio:.1f} times the floor.")


def empty_page(folder: Path) -> None:
    """A page that declares its parameters and does nothing."""
    folder.mkdir()
    cell = nbformat.v4.new_code_cell('workspace = "."  # a folder\nas_of = "2026-11-16"  # a date', id="parameters")
    cell.metadata["tags"] = ["parameters"]
    title = nbformat.v4.new_markdown_cell("# Empty", id="title")
    page = nbformat.v4.new_notebook(cells=[title, cell, nbformat.v4.new_code_cell("", id="empty")])
    nbformat.write(page, folder / "00_empty.ipynb")


def timed(workspace: Path, notebooks: Path, reports: Path) -> dict[str, float]:
    """Wall seconds of a run as a process, and its parts as its record tells them."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "leadreport", "run", workspace, "--notebooks", notebooks, "--reports", reports]
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True, capture_output=True)
    wall = time.perf_counter() - begun
    (record,) = reports.glob("*/run.json")
    return {"wall": wall, **json.loads(record.read_text(encoding="utf-8"))["timings"]["parts"]}


def row(name: str, runs: list[dict[str, float]]) -> str:
    medians = [statistics.median(run.get(part, 0.0) for run in runs) for part in ("wall", *PARTS)]
    return f"| {name} | {' | '.join(f'{seconds:.1f}' for seconds in medians)} |"


if __name__ == "__main__":
    main()
