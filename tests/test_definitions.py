"""Every definition that the code cites is in docs/definitions.md, and every function named there exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEFINITIONS = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
MODULES = sorted((ROOT / "leadreport").rglob("*.py"))

DEFINED = re.findall(r"^\*\*(\d+a?)\. ", DEFINITIONS, flags=re.MULTILINE)


def cited(text: str) -> set[str]:
    """The numbers that a text cites: "(definition 29)", "(definitions 25, 26)"."""
    lists = re.findall(r"\bdefinitions?\s+(\d+a?(?:(?:,\s*|\s+and\s+)\d+a?)*)", text)
    return {number for numbers in lists for number in re.findall(r"\d+a?", numbers)}


def test_the_definitions_are_numbered_in_order_and_once_each():
    order = [(int(number.rstrip("a")), number.endswith("a")) for number in DEFINED]
    assert order == sorted(set(order))
    assert {int(number.rstrip("a")) for number in DEFINED} == set(range(1, 41))


def test_a_citation_may_name_several_definitions():
    assert cited("as agreed (definitions 25, 26), and (definition 8a)") == {"25", "26", "8a"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_cited_definition_is_in_the_document(module):
    assert cited(module.read_text(encoding="utf-8")) <= set(DEFINED)


def defining(name: str) -> list[Path]:
    """The modules that define a function or class."""
    return [path for path in MODULES if re.search(rf"^(def|class) {name}\b", path.read_text("utf-8"), re.MULTILINE)]


def room_of(path: Path) -> Path:
    """The folder of a module's room, or the module when the room is one file."""
    return path if path.parent.name == "leadreport" else path.parent


def computed_by(body: str) -> list[str]:
    return re.findall(r"`(\w+)`", body.partition("Computed by ")[2])


EACH = re.findall(r"^\*\*(\d+a?)\. (.*)$", DEFINITIONS, flags=re.MULTILINE)


def test_the_functions_that_a_definition_names_exist():
    functions = {name for _, body in EACH for name in computed_by(body)}
    assert len(functions) > 40
    assert sorted(name for name in functions if not defining(name)) == []


@pytest.mark.parametrize(("number", "body"), EACH, ids=[number for number, _ in EACH])
def test_the_room_that_computes_a_definition_cites_it(number, body):
    rooms = {room_of(path) for name in computed_by(body) for path in defining(name)}
    texts = [path.read_text(encoding="utf-8") for path in MODULES if rooms & {path, path.parent}]
    assert not rooms or any(number in cited(text) for text in texts)
