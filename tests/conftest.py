"""Venues to test against: one that the whole session shares, and new ones on demand.

Against a venue that runs elsewhere (``PRICETIME_TEST_URL``) the same tests run, but for those of one process:
they are marked ``embedded``, and whatever starts a venue of its own is one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from tests.support.server import Server, Venue, elsewhere, serve

# How long a program takes says nothing about it, least of all on a busy machine.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what starts venues, and leave out what is of one process where the venue runs elsewhere."""
    for item in items:
        if "start_server" in getattr(item, "fixturenames", ()):
            item.add_marker("embedded")
    if elsewhere() is None:
        return
    left_out = [item for item in items if item.get_closest_marker("embedded")]
    items[:] = [item for item in items if not item.get_closest_marker("embedded")]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    """A venue with default settings, shared: users and stocks of a test carry names of their own."""
    if running := elsewhere():
        yield running
        return
    with serve(tmp_path_factory.mktemp("venue") / "data") as running:
        yield running


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start venues with settings of the test's own, over the same data when started again; ended after it."""
    with ExitStack() as stack:

        def start(**settings: object) -> Server:
            return stack.enter_context(serve(settings.pop("data", tmp_path / "data"), **settings))  # type: ignore[arg-type]

        yield start
