"""An installed package has all it needs: it runs outside a checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The package, built from what git knows and nothing that lies about."""
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_ships_templates_notebooks_presets_and_the_sample(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    pages = {f"leadreport/shipped/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    sample = {
        f"leadreport/shipped/sample/{path.name}" for path in (ROOT / "data" / "sample").iterdir() if path.is_file()
    }
    presets = {
        f"leadreport/policy/preset/{path.name}" for path in (ROOT / "leadreport" / "policy" / "preset").iterdir()
    }
    assert pages | sample | presets <= names
    assert any(name.startswith("leadreport/publish/templates/") and name.endswith(".js") for name in names)
    assert not [name for name in names if "/facts/" in name and not name.endswith(".py")]


def test_an_installed_package_runs_the_sample_outside_a_checkout(wheel, tmp_path):
    site, desk = tmp_path / "site", tmp_path / "desk"
    desk.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    run = subprocess.run(
        [sys.executable, "-m", "leadreport", "run", "--page", "01_data_check"],
        cwd=desk,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert (desk / "reports" / "2026-W46" / "01_data_check.html").is_file()
    assert [path.name for path in desk.iterdir()] == ["reports"]
    assert not list((site / "leadreport" / "shipped" / "sample").glob("facts"))
