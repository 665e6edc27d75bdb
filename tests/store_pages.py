"""Store the sample's figures in the committed pages: `make pages`, when a changed number is meant.

Each page is run on the sample in text mode. Charts run too, but nothing of them is stored: their cells are tagged
`nbval-ignore-output`.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

PAGES = Path(__file__).parent.parent / "notebooks"
KEPT_METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def stored(path: Path) -> None:
    """Run a page and write it back with text outputs alone, its cells numbered, nothing of this machine in it."""
    page = nbformat.read(path, as_version=4)
    NotebookClient(page, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in page.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code" and "nbval-ignore-output" in cell.metadata.get("tags", []):
            cell.outputs = []
        for output in cell.get("outputs", []):
            output.metadata = {}
    page.metadata = nbformat.from_dict(KEPT_METADATA)
    nbformat.write(page, path)


if __name__ == "__main__":
    os.environ["LEADREPORT_DISPLAY"] = "text"
    for page in [PAGES / name for name in sys.argv[1:]] or sorted(PAGES.glob("*.ipynb")):
        print(page.name, flush=True)
        stored(page)
