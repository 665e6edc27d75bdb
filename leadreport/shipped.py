"""What comes with the package: the pages, and the sample workspace."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def shipped_folder(installed: str, in_checkout: str) -> Path:
    """A folder that an installed package carries inside, and a checkout at its top level."""
    inside = PACKAGE / "shipped" / installed
    return inside if inside.is_dir() else PACKAGE.parent / in_checkout


def notebooks_folder() -> Path:
    """The pages, in reading order by name."""
    return shipped_folder("notebooks", "notebooks")


def sample_folder() -> Path:
    """The workspace of the made-up company."""
    return shipped_folder("sample", "data/sample")
