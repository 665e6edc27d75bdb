"""The house itself: which room may know which, what agrees with what, and what may not be committed."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "leadreport"

ORDER = (
    *("errors", "words", "policy", "clock", "tables", "sources", "check", "facts", "workspace", "rates"),
    *("scoring", "qualify", "funnel", "cost", "handoff", "conclusions", "lists", "formats", "charts", "page"),
    *("publish", "run"),
)
"""The rooms from the ground up: a room may import what stands before it, less what MUST_NOT_KNOW forbids."""

METRICS = {"scoring", "qualify", "funnel", "cost", "handoff"}
READING = {"sources", "check", "facts", "workspace"}
DRAWING = {"charts", "page"}
ALONE = {"shipped": set(), "sample": {"errors", "words", "policy", "clock", "tables"}}
"""Rooms beside the order, and what they may know."""

MUST_NOT_KNOW: dict[str, set[str]] = {
    "rates": {"policy", "tables", "clock", *READING},
    "check": {"sources"},
    "facts": {"sources", "check"},
    **{room: METRICS | {"sources", "check"} for room in METRICS},
    "formats": {*ORDER} - {"errors", "words"},
    "charts": {*ORDER} - {"errors", "words", "formats"},
    "page": {*ORDER} - {"errors", "words", "formats", "charts"},
    **{
        room: DRAWING | METRICS | READING - {"workspace"} | {"tables", "rates", "conclusions", "lists"}
        for room in ("publish", "run")
    },
}
"""The walls: CONTRIBUTING.md says why."""


def may_know(room: str) -> set[str]:
    if room in ALONE:
        return ALONE[room]
    return set(ORDER[: ORDER.index(room)]) - MUST_NOT_KNOW.get(room, set())


def rooms() -> set[str]:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    return folders | {path.stem for path in PACKAGE.glob("*.py") if path.stem not in ("__init__", "__main__")}


def files_of(room: str) -> list[Path]:
    single = PACKAGE / f"{room}.py"
    return [single] if single.exists() else sorted((PACKAGE / room).rglob("*.py"))


def known_rooms(path: Path) -> set[str]:
    """The rooms that a module imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            full = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "leadreport"
                else [node.module]
            )
        elif isinstance(node, ast.Import):
            full = [alias.name for alias in node.names]
        else:
            continue
        names |= {name.split(".")[1] for name in full if name.startswith("leadreport.")}
    return names


def test_every_room_has_its_place_in_the_plan():
    assert rooms() == {*ORDER, *ALONE}


@pytest.mark.parametrize("room", sorted({*ORDER, *ALONE}))
def test_a_room_knows_only_what_it_may(room):
    known = set().union(*(known_rooms(path) for path in files_of(room))) - {room}
    assert known <= may_know(room)


def test_the_plan_in_contributing_lists_every_room():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [room for room in sorted(rooms()) if f"`{room}`" not in text] == []


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def test_no_committed_file_names_a_package_registry():
    hosts = re.compile(rb"pypi\.(org|io)|pythonhosted|npmjs|conda\.anaconda|deb\.debian")
    offenders = [path.name for path in tracked() if path != Path(__file__) and hosts.search(path.read_bytes())]
    assert offenders == []


def test_no_committed_file_is_large():
    assert [path.name for path in tracked() if path.stat().st_size > 3 * 1024 * 1024] == []


def pinned_versions() -> dict[str, str]:
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock, flags=re.MULTILINE))


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirement_name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement).group().lower()


def test_the_lock_pins_every_dependency_with_hashes():
    extras = [each for extra in project()["optional-dependencies"].values() for each in extra]
    missing = {requirement_name(each) for each in project()["dependencies"] + extras} - set(pinned_versions())
    assert missing == set()
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []


CONDA_NAMES = {"tzdata": "python-tzdata"}


def test_the_conda_environment_says_the_same_as_the_project():
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    conda = {line.strip(" -") for line in lines if line.startswith("  - ")} - {"conda-forge", "pip", "pip:"}
    named = project()["dependencies"] + project()["optional-dependencies"]["lab"]
    wanted = {each.replace("tzdata", CONDA_NAMES["tzdata"]) for each in named}
    assert conda == wanted | {f"python{project()['requires-python']}"}


def test_every_dependency_says_why_it_is_here():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").lower()
    extras = [each for extra in project()["optional-dependencies"].values() for each in extra]
    names = {requirement_name(each) for each in project()["dependencies"] + extras}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_the_sample_is_shipped_whole():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    shipped = {name for name in build["targets"]["wheel"]["force-include"] if name.startswith("data/sample/")}
    present = {path.relative_to(ROOT).as_posix() for path in tracked() if path.parent == ROOT / "data" / "sample"}
    assert shipped == present


def test_ci_runs_the_command_of_the_readme():
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


NO_ROOM_FOR = {"utils", "helpers", "common", "misc"}


def test_no_module_is_named_for_nothing():
    assert [path.name for path in PACKAGE.rglob("*.py") if path.stem in NO_ROOM_FOR] == []


def test_a_module_holds_one_idea():
    long = {path.name: lines for path in PACKAGE.rglob("*.py") if (lines := len(path.read_text().splitlines())) > 350}
    assert long == {}


POSIX_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
POSIX_ONLY = {
    "os": {"fork", "getpgid", "getuid", "killpg", "mkfifo", "sched_getaffinity", "setsid", "O_NONBLOCK", "uname"},
    "signal": {"SIGALRM", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2", "alarm", "pause"},
}


def test_no_module_imports_what_windows_lacks():
    offenders = {path.name: imported_modules(path) & POSIX_MODULES for path in PACKAGE.rglob("*.py")}
    assert {name: found for name, found in offenders.items() if found} == {}


def test_what_windows_lacks_is_used_only_after_asking_for_it():
    offenders = []
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module, name = node.value.id, node.attr
                if name in POSIX_ONLY.get(module, ()) and f'hasattr({module}, "{name}")' not in text:
                    offenders.append(f"{path.name}: {module}.{name}")
    assert offenders == []


def imported_modules(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in names}


def test_nothing_asks_the_clock_of_the_machine_but_the_command_line():
    asks = re.compile(r"\.now\(|\.today\(")
    offenders = [
        path.name for path in PACKAGE.rglob("*.py") if path.name != "__main__.py" and asks.search(path.read_text())
    ]
    assert offenders == []


def test_every_name_at_the_face_of_the_package_is_there():
    import leadreport as lr

    assert len(dir(lr)) > 50
    assert [name for name in dir(lr) if getattr(lr, name) is None] == []
