"""The page in Chromium: how soon it can be used, and whether it draws every frame while a market is fast.

``python -m bench.page`` runs it alone.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page
from tests.support.browser import DESK, running_browser, why_not

from bench import _servers, _table

LOADS = 7
SECONDS = 20
ROUNDS_A_SECOND = 60
UPDATES_A_SECOND = 60
"""Of each channel; four of them move here, so that the page gets more than 200 messages a second."""
PASSWORD = "a long password"

# The ticket can be filled in, and the book stands beside it.
_NOTE_WHEN_USABLE = """
window.usable = new Promise((resolve) => new MutationObserver((_, observer) => {
    const parts = ["form.ticket input", ".ladder tbody button"];
    if (parts.some((part) => document.querySelector(part) === null)) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
}).observe(document, {childList: true, subtree: true}));
"""
_COUNT_MESSAGES = """
window.messages = 0;
window.WebSocket = class extends WebSocket {
    constructor(...address) {
        super(...address);
        this.addEventListener("message", () => { window.messages += 1; });
    }
};
"""
_COUNT_FRAMES = """(milliseconds) => new Promise((resolve) => {
    const started = performance.now();
    const gaps = [];
    let last = started;
    const before = window.messages ?? 0;
    const frame = (now) => {
        gaps.push(now - last);
        last = now;
        if (now - started < milliseconds) requestAnimationFrame(frame);
        else resolve({
            frames: gaps.length / ((now - started) / 1000),
            longest_ms: Math.max(...gaps.slice(1)),
            messages: ((window.messages ?? 0) - before) / ((now - started) / 1000),
        });
    };
    requestAnimationFrame(frame);
})"""


class Venue(NamedTuple):
    """A venue with a stock that two people trade."""

    port: int
    stock: str
    tokens: tuple[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving() -> Iterator[Venue]:
    with (
        tempfile.TemporaryDirectory(prefix="pricetime-page-") as folder,
        _servers.venue(Path(folder) / "data", stream_updates_per_s=UPDATES_A_SECOND) as port,
    ):
        tokens = tuple(_enter(port, name) for name in ("seller", "buyer"))
        stock = _servers.call(port, "POST", "/v1/stocks", {"name": "Pear"}, tokens[0])[1]["stock"]
        _servers.call(port, "POST", f"/v1/stocks/{stock}/grants", {"quantity": 1_000_000}, tokens[0])
        _enter(port, "watcher")
        for token in tokens:
            _servers.call(port, "POST", "/v1/wallet/deposits", {"amount": "100000000"}, token)
        yield Venue(port, stock, tokens)  # type: ignore[arg-type]


def _enter(port: int, user_name: str) -> str:
    login = {"user_name": user_name, "password": PASSWORD}
    _servers.call(port, "POST", "/v1/users", login | {"name": user_name})
    return str(_servers.call(port, "POST", "/v1/sessions", login)[1]["access_token"])


@contextmanager
def moving(venue: Venue) -> Iterator[None]:
    command = [sys.executable, "-m", "bench._page_market"]
    arguments = [str(venue.port), venue.stock, str(ROUNDS_A_SECOND), *venue.tokens]
    market = subprocess.Popen([*command, *arguments])
    try:
        time.sleep(2)
        yield
    finally:
        market.terminate()
        market.wait()


def signed_in(browser: Browser, venue: Venue) -> BrowserContext:
    """Return a context with an empty cache in which somebody is signed in who looks on."""
    context = browser.new_context(viewport=DESK)
    login = {"user_name": "watcher", "password": PASSWORD}
    assert context.request.post(f"{venue.url}/v1/web/session", data=login).ok
    return context


def usable_ms(browser: Browser, venue: Venue) -> float:
    """Return the time from the start of a first visit to when the ticket can be used."""
    context = signed_in(browser, venue)
    page = context.new_page()
    page.add_init_script(_NOTE_WHEN_USABLE)
    page.goto(f"{venue.url}/stocks/{venue.stock}")
    took: float = page.evaluate("usable")
    context.close()
    return took


def plain_ms(browser: Browser, venue: Venue) -> float:
    """Return the same of a page of one file of text."""
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(f"{venue.url}/healthz")
    took: float = page.evaluate("performance.timing.loadEventEnd - performance.timing.navigationStart")
    context.close()
    return took


def frames(page: Page) -> Any:
    return page.evaluate(_COUNT_FRAMES, SECONDS * 1_000)


def main() -> list[_table.Result]:
    if reason := why_not():
        print(f"page: left out, {reason}")
        return []
    with serving() as venue, running_browser() as browser:
        blank = browser.new_page()
        blank.goto(f"{venue.url}/healthz")
        idle = frames(blank)
        blank.close()
        with moving(venue):
            plain = statistics.median(plain_ms(browser, venue) for _ in range(LOADS))
            loads = [usable_ms(browser, venue) for _ in range(LOADS)]
            context = signed_in(browser, venue)
            page = context.new_page()
            page.add_init_script(_COUNT_MESSAGES)
            page.goto(f"{venue.url}/stocks/{venue.stock}")
            while page.evaluate("messages") < UPDATES_A_SECOND:
                time.sleep(0.1)
            fast = frames(page)
    return [
        _table.Result(
            name="page: until a ticket can be used",
            value=statistics.median(loads) / 1_000,
            unit="s",
            workload=(
                "a first visit to a stock's page with an empty cache, signed in, until the ticket takes text "
                f"and the book is there, while {2 * ROUNDS_A_SECOND} requests a second trade in the stock; "
                f"median of {LOADS}"
            ),
            target=1,
            at_most=True,
            baseline=plain / 1_000,
            baseline_is="a page of one line of text from the same venue",
            more={"loads_ms": loads},
        ),
        _table.Result(
            name="page: frames under a fast market",
            value=fast["frames"],
            unit="frames/s",
            workload=(
                f"the page of a stock that gets {fast['messages']:.0f} messages a second, over {SECONDS} s; "
                f"longest wait for a frame {fast['longest_ms']:.0f} ms"
            ),
            target=0.98,
            target_is_ratio=True,
            baseline=idle["frames"],
            baseline_is="the same browser with a page of one line of text",
            more={"messages_per_s": fast["messages"], "longest_ms": fast["longest_ms"]},
        ),
    ]


if __name__ == "__main__":
    _table.show(main(), "page")
