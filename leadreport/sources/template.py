"""What a new workspace says of its files, to be edited."""

from pathlib import Path


def template_text() -> str:
    """A commented `sources.toml` that reads a contact export and shows how to add deals and spend.

    Examples
    --------
    >>> "[[leads]]" in template_text()
    True
    """
    return (Path(__file__).parent / "template.toml").read_text(encoding="utf-8")
