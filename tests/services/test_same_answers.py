"""Many services behind nginx answer as one process does: the tests of the API, at another address."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.topology import Topology

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 400

_OTHERWISE = (
    # Each ledger takes in its share of all the money that can be counted (docs/partitions.md).
    "tests/contract/test_daytrade_general.py::test_amounts_come_back_exactly_and_without_needless_zeros",
    "tests/contract/test_daytrade_general.py::test_400_for_money_beyond_what_a_wallet_can_hold",
    # nginx refuses a path with a zero byte before any service sees it.
    "tests/api/test_v1_market.py::test_an_unknown_stock_is_not_found",
    # It names the rules of one process.
    "tests/api/test_v1_admin.py::test_the_state_counts_what_was_done",
    # A stream that comes back begins with a snapshot, for positions are of one service.
    "tests/api/test_stream.py::test_an_account_resumes_with_the_orders_that_changed_meanwhile",
)
"""What a venue of many services does otherwise."""


def _run(topology: Topology, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the embedded venue against a topology."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PRICETIME_", "PYTEST"))
    }
    layout, mongo = topology.layout, f"mongodb://127.0.0.1:{topology.port('mongodb')}"
    admin = (
        f"env PRICETIME_MONGO_URL={mongo} PRICETIME_CERTS={layout.certs} PRICETIME_BCRYPT_COST=4 "
        f"{sys.executable} -m pricetime.cli admin create"
    )
    said = {
        "PRICETIME_TEST_URL": topology.url,
        "PRICETIME_TEST_CA": str(layout.certs / "ca.pem"),
        "PRICETIME_TEST_ADMIN": admin,
    }
    left_out = [part for each in _OTHERWISE for part in ("--deselect", each)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--tb=short", "-p", "no:xdist", *left_out, *tests],
        env=kept | said,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
    )


@pytest.mark.parametrize(
    "tests",
    [
        ["tests/contract"],
        ["tests/api/test_v1_orders.py", "tests/api/test_v1_money.py", "tests/api/test_v1_users.py"],
        ["tests/api/test_v1_market.py", "tests/api/test_v1_admin.py", "tests/api/test_web_sessions.py"],
        ["tests/api/test_stream.py", "tests/api/test_stream_events.py"],
    ],
    ids=["daytrade", "orders", "market", "streams"],
)
def test_the_tests_of_one_process_pass(topology: Topology, tests: list[str]) -> None:
    told = _run(topology, *tests)
    assert told.returncode == 0, told.stdout[-8_000:]
