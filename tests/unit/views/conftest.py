"""A market whose views are checked against the venue's state after every command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.viewed_market import ViewedMarket


@pytest.fixture
def market(tmp_path: Path) -> Iterator[ViewedMarket]:
    viewed = ViewedMarket(tmp_path)
    yield viewed
    viewed.close()
