"""The files that come with the package: the pages, and the sample workspace."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

PACKAGE = Path(__file__).parent


def shipped_folder(installed: str, in_checkout: str) -> Path:
    """A folder that an installed package has inside, and a checkout at its top level."""
    inside = PACKAGE / "shipped" / installed
    return inside if inside.is_dir() else PACKAGE.parent / in_checkout


def notebooks_folder() -> Path:
    """The pages, in reading order by name."""
    return shipped_folder("notebooks", "notebooks")


def sample_folder() -> Path:
    """The workspace of the made-up company."""
    return shipped_folder("sample", "data/sample")


@contextmanager
def sample_workspace() -> Iterator[Path]:
    """The sample; a copy of it when it is inside an installed package, where nothing may be written."""
    shipped = sample_folder()
    if PACKAGE not in shipped.parents:
        yield shipped
        return
    with tempfile.TemporaryDirectory(prefix="leadreport-") as copy:
        yield Path(copytree(shipped, Path(copy) / "sample"))
