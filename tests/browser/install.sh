#!/bin/sh
# A browser for the tests of the pages: the one that is here, else Playwright's own. Without any, those tests are skipped.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
.venv/bin/python -m playwright install chromium || echo "No browser could be installed: the tests in tests/browser are skipped."
