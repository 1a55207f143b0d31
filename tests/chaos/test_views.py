"""The process of the views may stop, hang or die: orders go on, and no list is ever wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.server import Server, serve
from tests.support.trader import Trader

PATIENCE_S = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path / "data", view_wait_ms=500) as running:
        yield running


@pytest.fixture
def trader(server: Server) -> Iterator[Trader]:
    with Trader(server.url, money=1_000) as someone:
        yield someone


def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail where it does not come about."""
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, "it did not come about in time"
        time.sleep(0.02)


def shows_its_portfolio(trader: Trader) -> bool:
    return trader.v1("GET", "/portfolio").status_code == 200


def views_of(venue: int) -> list[int]:
    """Return the pids of the processes of the views that a venue has started and not yet reaped."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == venue and b"view_process" in command:
            found.append(int(entry.name))
    return found


def test_killed_they_are_started_again_and_miss_nothing(server: Server, trader: Trader) -> None:
    stock = trader.create_stock("Phoenix")
    trader.add_shares(stock, 10)
    (pid,) = views_of(server.pid)
    os.kill(pid, signal.SIGKILL)
    trader.sell(stock, 4, 15)
    until(lambda: shows_its_portfolio(trader))
    assert trader.owned(stock) == 6
    assert [row["order_status"] for row in trader.stock_rows()] == ["IN_PROGRESS"]
    assert views_of(server.pid) != [pid]


def test_hanging_they_hold_up_lists_and_not_orders(server: Server, trader: Trader) -> None:
    stock = trader.create_stock("Snail")
    trader.add_shares(stock, 10)
    until(lambda: shows_its_portfolio(trader))
    (pid,) = views_of(server.pid)
    os.kill(pid, signal.SIGSTOP)
    try:
        trader.sell(stock, 4, 15)
        refused = trader.v1("GET", "/portfolio")
        assert (refused.status_code, refused.json()["code"]) == (503, "views_behind")
        assert int(refused.headers["retry-after"]) >= 1
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: shows_its_portfolio(trader))
    assert trader.owned(stock) == 6


def test_they_end_with_a_venue_that_is_killed(server: Server) -> None:
    (pid,) = views_of(server.pid)
    server.kill()
    until(lambda: not Path(f"/proc/{pid}").exists() or _is_a_zombie(pid))


def _is_a_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
