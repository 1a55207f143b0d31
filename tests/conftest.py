"""Venues to test against: one that the whole session shares, and new ones on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.server import Server, serve


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A venue with default settings, shared: users and stocks of a test carry names of their own."""
    with serve(tmp_path_factory.mktemp("venue") / "data") as running:
        yield running


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start venues with settings of the test's own, over the same data when started again; ended after it."""
    with ExitStack() as stack:

        def start(**settings: object) -> Server:
            return stack.enter_context(serve(settings.pop("data", tmp_path / "data"), **settings))  # type: ignore[arg-type]

        yield start
