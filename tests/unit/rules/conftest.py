"""Every test of the rules runs on each implementation of the venue."""

from __future__ import annotations

import pytest
from tests.support.market import Market

from pricetime.runtime.implementations import available


@pytest.fixture(params=available().values(), ids=available())
def market(request: pytest.FixtureRequest) -> Market:
    return Market(request.param)
