"""The tests of a venue in one process hold for many services, too: the same files, through nginx over TLS.

They run in a pytest of their own, which finds the venue in its environment (``tests/support/server.py``).
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.topology import Topology

ROOT = Path(__file__).parents[2]
ALONE = "tests/api/test_bad_input.py"
"""Compares the whole venue before and after, so nobody else may do anything there meanwhile."""
PATIENCE_S = 900


def stream_pids(topology: Topology) -> list[int]:
    states = topology.supervisor.states()
    return [state.pid for name, state in states.items() if name.startswith("stream-")]


def pass_all(topology: Topology, *arguments: str) -> None:
    """Run tests against a venue, and fail with what they say where they do."""
    admin = [sys.executable, "-m", "pricetime.cli", "admin", "create", "--data", str(topology.layout.data)]
    told = {
        "PRICETIME_TEST_URL": topology.url,
        "PRICETIME_TEST_CA": str(topology.layout.certs / "ca.pem"),
        "PRICETIME_TEST_ADMIN": shlex.join(admin),
        "PRICETIME_TEST_DATA": str(topology.layout.data),
        "PRICETIME_TEST_PIDS": " ".join(str(pid) for pid in stream_pids(topology)),
    }
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PRICETIME_", "PYTEST"))
    }
    said = topology.layout.logs / "same-answers.log"
    with said.open("wb") as log:
        code = -1
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = subprocess.run(
                [sys.executable, "-m", "pytest", "--durations=5", *arguments],
                env=kept | told,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                timeout=PATIENCE_S,
                check=False,
            ).returncode
    if code:
        pytest.fail(said.read_text(), pytrace=False)
    print(said.read_text())


@pytest.fixture(scope="module")
def one_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """A venue that has all money in one ledger."""
    with Topology(tmp_path_factory.mktemp("one-ledger") / "data", ledgers=1, books=2) as running:
        running.up("--scale", "orders=1", "engine=1")
        yield running


def test_the_api_its_streams_and_its_feed_answer_as_those_of_one_process_do(topology: Topology):
    pass_all(topology, "tests/api", "tests/contract", f"--ignore={ALONE}", "-m", "not one_ledger", "-n", "2")


def test_two_people_trade_on_the_page(topology: Topology):
    pass_all(topology, "tests/browser/test_trading.py", "-k", "two_people_trade")


def test_a_venue_with_all_money_in_one_ledger_answers_as_one_process_does(one_ledger: Topology):
    pass_all(
        one_ledger, ALONE, "tests/contract/test_daytrade_general.py", "-k", "test_bad_input or one_ledger"
    )
