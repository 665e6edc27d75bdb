#!/bin/sh
# A browser for the tests of the pages: the one that is here, else Debian's, else Playwright's own. Without any, the tests
# in tests/browser are skipped on a developer's machine; continuous integration fails.
found() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && return 0
  done
  return 1
}

debian() {
  command -v apt-get >/dev/null 2>&1 || return 1
  as_root=""
  [ "$(id -u)" = 0 ] || { sudo -n true 2>/dev/null && as_root="sudo -n"; } || return 1
  echo "Installing Chromium for the browser tests ..."
  $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
}

found && exit 0
debian && found && exit 0
.venv/bin/python -m playwright install chromium && exit 0
[ "$CI" = true ] && { echo "No browser could be installed."; exit 1; }
echo "No browser could be installed: the tests in tests/browser are skipped. Install Chromium and run make test again."
