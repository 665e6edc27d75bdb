"""The README does what it says: its commands are run, its names exist."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

STAGES = ("Marketing Qualified Lead", "Sales Qualified Lead", "Opportunity", "Customer")
BECAME = ",".join(f"Became a{'n' * (stage[0] == 'O')} {stage} Date" for stage in STAGES)
CONTACTS = f"Record ID,First Name,Create Date,Original Traffic Source,Contact owner,{BECAME}\n"
"""The header of a contact export."""


def contacts() -> str:
    """Five leads a day for 200 days up to Sunday 2026-11-15; some get further than others."""
    from datetime import date, timedelta

    rows, channels = [CONTACTS], ("Paid Search", "Referrals")
    for number in range(1000):
        day = date(2026, 11, 15) - timedelta(days=number // 5)
        later = [
            str(day + timedelta(days=wait)) if number % each == 0 else ""
            for each, wait in ((2, 2), (6, 9), (12, 20), (24, 40))
        ]
        later = [reached if reached <= "2026-11-15" else "" for reached in later]
        rows.append(f"{number},Ada,{day} 09:{number % 60:02d},{channels[number % 2]},Kim,{','.join(later)}\n")
    return "".join(rows)


def blocks(language: str) -> list[str]:
    return [
        re.sub(r"(?m)^ {3}", "", block) for block in re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)
    ]


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line.strip()]


def run(command: str, folder: Path) -> str:
    """A command as a reader would type it, with the environment's programs first."""
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        shlex.split(command), cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """A folder with the pages and the sample in it, as a checkout has them."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "notebooks").symlink_to(ROOT / "notebooks")
    (folder / "data").symlink_to(ROOT / "data")
    return folder


def test_the_commands_of_the_five_minutes_do_what_they_say(desk):
    init, check, report = [line for line in commands() if line.startswith("leadreport") and "my-company" in line]
    run(init, desk)
    (desk / "my-company" / "contacts.csv").write_text(contacts())
    (snippet,) = blocks("toml")
    assert "[leads.columns]" in snippet
    assert all(line in (desk / "my-company" / "sources.toml").read_text() for line in snippet.splitlines()[1:])
    assert "1,000 read, 1,000 good" in run(check, desk)
    assert "2026-W46" in run(report, desk)
    pages = sorted(path.name for path in (desk / "reports" / "2026-W46").glob("*.html"))
    assert "index.html" in pages and len(pages) == 1 + len(list((ROOT / "notebooks").glob("*.ipynb")))


def test_each_page_runs_alone_with_papermill(desk):
    (command,) = [line for line in commands() if line.startswith("papermill")]
    run(command, desk)
    assert (desk / "funnel.ipynb").exists()


def test_the_python_of_the_readme_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})


def test_every_command_of_the_readme_is_run_here():
    known = (
        "leadreport init my-company",
        "leadreport check my-company",
        "leadreport run my-company",
        "papermill notebooks/",
    )
    assert [line for line in commands() if not line.startswith(known)] == []


def test_every_make_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)\b", README)) - {"where"} <= targets


def test_the_table_of_pages_lists_every_page():
    assert re.findall(r"^\| `(\d\d_\w+)` \|", README, flags=re.MULTILINE) == sorted(
        path.stem for path in (ROOT / "notebooks").glob("*.ipynb")
    )
