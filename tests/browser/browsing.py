"""How the tests open a page, and what they keep of what it does."""

from pathlib import Path

from playwright.sync_api import Browser, Page

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


def opened(browser: Browser, path: Path, *, viewport=WIDE, scheme="light", **options) -> Page:
    """A page when all its charts are drawn, with what it asked for and what it complained of."""
    page = browser.new_context(viewport=viewport, color_scheme=scheme, **options).new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda told: page.complaints.append(told.text) if told.type == "error" else None)
    page.goto(path.as_uri())
    if path.name != "index.html" and options.get("java_script_enabled", True):
        page.wait_for_function("document.documentElement.dataset.drawn")
    return page
