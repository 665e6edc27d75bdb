"""A browser for the tests in this folder, and the cases that they share with the tests of the report one folder up."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from browsing import FLAGS, INSTALLED


def missing(what: str) -> None:
    """Skip a test on a developer's machine; continuous integration has everything, so there it fails."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


@pytest.fixture(scope="module")
def browser():
    """Closed before tests of other folders run: Playwright's event loop and that of a page must not meet."""
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    with sync_playwright() as play:
        try:
            browser = play.chromium.launch(executable_path=found, args=FLAGS)
        except Error:
            missing("no browser is installed: sh tests/browser/install.sh")
        yield browser
        browser.close()
