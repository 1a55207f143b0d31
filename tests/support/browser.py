"""A real browser, and somebody who watches that nothing goes wrong in it.

``Watch`` hears of every console error, exception, refused or failed request and violation of the policy
in a browser context. A test announces those that it brings about (``expect``); ``faults`` are the rest.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
    sync_playwright,
)

PAGE: Final = Path("src/pricetime/page/index.html")
ARTEFACTS: Final = Path("build/browser")
"""Where pictures and traces of the tests are kept."""

DESK: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 844}

NOT_SIGNED_IN: Final = r"401 GET /v1/web/session"
"""How a page finds out that nobody is signed in."""

_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_TELL_VIOLATIONS: Final = """
addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI, sourceFile}) =>
    tellViolation(`${violatedDirective} forbids ${blockedURI} in ${sourceFile}`), true);
"""
_STATUS_REFUSED: Final = 400


def why_not() -> str | None:
    """Say why no browser can be had here, or None."""
    if chromium() is None:
        return "Chromium is missing: install it, for example with: sudo apt-get install chromium"
    if not PAGE.exists():
        return "the page is not built: install Node 20 and run make setup"
    return None


def chromium() -> str | None:
    """Return the path of a Chromium that is installed, or None."""
    named = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return os.environ.get("CHROMIUM") or next((path for path in named if path), None)


@contextmanager
def running_browser(*flags: str) -> Iterator[Browser]:
    """Run a browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*_FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """What went wrong in a browser context, but for what was expected."""

    def __init__(self, context: BrowserContext) -> None:
        self._seen: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.on("console", self._console)
        context.on("weberror", self._exception)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)
        context.expose_binding("tellViolation", self._violated)
        context.add_init_script(_TELL_VIOLATIONS)

    def expect(self, *patterns: str) -> None:
        """Say what the test brings about, from now on and before."""
        self._expected += [re.compile(pattern) for pattern in patterns]

    def seen(self, beginning: str) -> list[str]:
        """Return what went wrong, expected or not, that begins so."""
        return [fault for fault in self._seen if fault.startswith(beginning)]

    @property
    def faults(self) -> list[str]:
        """What went wrong that nobody expected."""
        return [fault for fault in self._seen if not any(each.search(fault) for each in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        # The request itself tells of these.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self._seen.append(f"console: {message.text}")

    def _exception(self, error: WebError) -> None:
        self._seen.append(f"exception: {error.error}")

    def _failed(self, request: Request) -> None:
        # A page that is left takes its own requests back.
        if request.failure != "net::ERR_ABORTED":
            self._seen.append(f"{request.failure} {_name(request)}")

    def _answered(self, response: Response) -> None:
        if response.status >= _STATUS_REFUSED:
            self._seen.append(f"{response.status} {_name(response.request)}")

    def _violated(self, _: Any, sentence: str) -> None:
        self._seen.append(f"policy: {sentence}")


def _name(request: Request) -> str:
    path = "/" + request.url.split("/", 3)[-1]
    return f"{request.method} {path}"


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of a page among the artefacts."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)
