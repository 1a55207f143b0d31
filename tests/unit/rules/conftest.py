"""Every test of the rules runs on each implementation of the venue; so far there is the reference."""

from __future__ import annotations

import pytest
from tests.support.market import Market

from pricetime.rules import Venue


@pytest.fixture(params=[Venue], ids=["rules"])
def market(request: pytest.FixtureRequest) -> Market:
    return Market(request.param)
