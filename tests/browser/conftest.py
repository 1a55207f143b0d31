"""A browser and a venue for each file of tests, and people on demand.

Nobody's page may show an error, break its policy or have a request fail without the test having announced it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, expect
from tests.support.browser import ARTEFACTS, DESK, keep_picture, running_browser, why_not
from tests.support.member import Member, got
from tests.support.server import Venue, elsewhere, serve
from tests.support.trader import unique
from tests.support.visitor import Visitor

_PATIENCE_MS = 45_000  # two browsers and their venues share a small machine
_failed = pytest.StashKey[bool]()


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, so that they share one browser and one venue."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(f"browser-{item.path.stem}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if reason := why_not():
        pytest.skip(reason)
    expect.set_options(timeout=_PATIENCE_MS)
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    """A venue of the file's own, where none runs elsewhere: users and stocks carry names of a test's own."""
    if running := elsewhere():
        yield running
        return
    with serve(tmp_path_factory.mktemp("venue") / "data") as running:
        yield running


@pytest.fixture
def new_member(venue: Venue) -> Iterator[Callable[..., Member]]:
    """Register people at the venue, or at the one at ``url``; the browser has nothing to do with them yet."""
    with ExitStack() as stack:

        def register(url: str = venue.url, **what: Any) -> Member:
            return stack.enter_context(Member(url, **what))

        yield register


@pytest.fixture
def stock(new_member: Callable[..., Member]) -> tuple[str, str]:
    """Name and id of a stock of the test's own, of which somebody offers 100 at 15.00."""
    lister = new_member()
    name = unique("Google")
    stock = got(lister.v1("POST", "/stocks", {"name": name}), 201)["stock"]
    lister.grant(stock, 100)
    lister.placed(stock, "sell", 100, "15.00")
    return name, stock


@pytest.fixture
def visit(browser: Browser, venue: Venue, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Bring people to the venue, or to the one at ``url``, each with a browser context of their own."""
    visitors: list[Visitor] = []

    def come(url: str = venue.url, **options: Any) -> Visitor:
        # A browser has authorities of its own to trust, and takes no other from the environment.
        usual = {"viewport": DESK, "locale": "en-GB", "ignore_https_errors": url.startswith("https:")}
        context = browser.new_context(**usual | options)
        context.set_default_timeout(_PATIENCE_MS)
        visitors.append(Visitor(context, url))
        return visitors[-1]

    yield come
    failed = request.node.stash.get(_failed, False)
    faults = [fault for visitor in visitors for fault in visitor.watch.faults]
    for number, visitor in enumerate(visitors, 1):
        if failed or faults:
            _keep_evidence(visitor, f"failed-{request.node.name}-{number}")
        visitor.context.close()
    if not failed:
        assert faults == []


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    """Somebody at a desk."""
    return visit()


def _keep_evidence(visitor: Visitor, name: str) -> None:
    """Keep what somebody saw, as a picture and as text, with what went wrong."""
    name = re.sub(r"[^\w.-]+", "-", name)
    with suppress(Error):
        keep_picture(visitor.page, name)
        seen = visitor.page.locator("body").aria_snapshot()
        text = "\n".join([visitor.page.url, *visitor.watch.faults, seen])
        (ARTEFACTS / f"{name}.txt").write_text(text)
