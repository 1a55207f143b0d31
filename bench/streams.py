"""Streams: what ten thousand idle connections cost, and a thousand with ten updates a second.

Readers are raw sockets in a process of their own on the same machine. ``python -m bench.streams`` runs it
alone.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench import _servers, _table

IDLE = 10_000
ACTIVE = 1_000
IDLE_SECONDS = 20
ACTIVE_SECONDS = 10
UPDATES_A_SECOND = 10
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Seen(NamedTuple):
    """What some connections cost the server, and what they got."""

    bytes_each: float
    processor_s: float
    frames: int
    delays: list[float]
    spreads: list[float]


class Readers:
    """A process of readers."""

    def __init__(self, port: int, path: str, count: int, stock: str) -> None:
        command = [sys.executable, "-m", "bench._stream_load", str(port), path, str(count), stock]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, words: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def measured(port: int, pid: int, path: str, count: int, stock: str, seconds: float, token: str) -> Seen:
    """Open so many connections and watch the server while they read."""
    before = resident_bytes(pid)
    readers = Readers(port, path, count, stock)
    readers.ask("open")
    time.sleep(1)
    grown, spent = resident_bytes(pid) - before, processor_s(pid)
    got = readers.ask(f"read {seconds} {token}")
    spent = processor_s(pid) - spent
    readers.close()
    return Seen(grown / count, spent / seconds, got["frames"], got["delays"], got["spreads"])


@contextmanager
def market(folder: str) -> Iterator[tuple[int, int, str, str]]:
    """Serve a venue with a stock and somebody who has shares of it; yield port, pid, stock and token."""
    with _servers.venue_process(Path(folder) / "data") as (port, pid):
        user = {"user_name": "streamer", "password": "a long password", "name": "Streamer"}
        _servers.call(port, "POST", "/v1/users", user)
        login = {"user_name": "streamer", "password": "a long password"}
        token = _servers.call(port, "POST", "/v1/sessions", login)[1]["access_token"]
        stock = _servers.call(port, "POST", "/v1/stocks", {"name": "Pear"}, token)[1]["stock"]
        _servers.call(port, "POST", f"/v1/stocks/{stock}/grants", {"quantity": 100_000}, token)
        yield port, pid, stock, token


@contextmanager
def bare() -> Iterator[tuple[int, int]]:
    port = _servers.free_port()
    with _servers.running([sys.executable, "-m", "bench._bare_stream", str(port)], port) as pid:
        yield port, pid


def of_venue(count: int, seconds: float, *, is_active: bool) -> Seen:
    with tempfile.TemporaryDirectory() as folder, market(folder) as (port, pid, stock, token):
        return measured(port, pid, "/v1/stream", count, stock, seconds, token if is_active else "")


def of_bare(count: int, seconds: float, *, is_active: bool) -> Seen:
    with bare() as (port, pid):
        if is_active:
            _servers.call(port, "GET", "/start")
        return measured(port, pid, "/", count, "1", seconds, "")


def percentile(sorted_values: list[float], share: float) -> float:
    return (
        sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))] if sorted_values else 0.0
    )


def main() -> list[_table.Result]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    idle, bare_idle = (of(IDLE, IDLE_SECONDS, is_active=False) for of in (of_venue, of_bare))
    active, bare_active = (of(ACTIVE, ACTIVE_SECONDS, is_active=True) for of in (of_venue, of_bare))
    stock_uvicorn = "stock uvicorn, where a task sends a message of its own to each connection in turn"
    of_idle = (
        f"{IDLE:,} connections to /v1/stream that have the depth of a quiet stock, over {IDLE_SECONDS} s "
        "with their heartbeats and pings"
    )
    of_active = (
        f"{ACTIVE:,} connections that have the depth of a stock in which 20 orders a second are placed, "
        f"paced at {UPDATES_A_SECOND} updates a second"
    )
    return [
        _table.Result(
            name="streams: memory of an idle connection",
            value=idle.bytes_each / 1_024,
            unit="KiB",
            workload=f"growth of the server's resident memory by {of_idle}",
            baseline=bare_idle.bytes_each / 1_024,
            baseline_is=stock_uvicorn,
            at_most=True,
            target=1.5,
            target_is_ratio=True,
        ),
        _table.Result(
            name="streams: processor time of an idle connection",
            value=idle.processor_s / IDLE * 1e6,
            unit="µs/s",
            workload=f"of the server's process, {of_idle}",
            baseline=bare_idle.processor_s / IDLE * 1e6,
            baseline_is=stock_uvicorn,
            at_most=True,
            target=1.5,
            target_is_ratio=True,
        ),
        _table.Result(
            name="streams: processor time of an update",
            value=active.processor_s * ACTIVE_SECONDS / active.frames * 1e6,
            unit="µs",
            workload=f"of the server's process, orders included, divided by updates received: {of_active}",
            baseline=bare_active.processor_s * ACTIVE_SECONDS / bare_active.frames * 1e6,
            baseline_is=stock_uvicorn,
            at_most=True,
            target=1,
            target_is_ratio=True,
            more={"memory_kib": active.bytes_each / 1_024, "processor_share": active.processor_s},
        ),
        _table.Result(
            name="streams: updates delivered",
            value=active.frames / ACTIVE_SECONDS / ACTIVE,
            unit="/s each",
            workload=of_active,
            baseline=bare_active.frames / ACTIVE_SECONDS / ACTIVE,
            baseline_is=stock_uvicorn,
            target=0.9 * UPDATES_A_SECOND,
        ),
        _table.Result(
            name="streams: from an order to its update, 99 of 100",
            value=percentile(active.delays, 0.99) * 1_000,
            unit="ms",
            workload=(
                f"from the sending of an order to the update that shows it at every reader, which a pace of "
                f"{UPDATES_A_SECOND} a second alone makes 100 ms: {of_active}"
            ),
            at_most=True,
            target=250,
            more={
                "median_ms": statistics.median(active.delays) * 1_000,
                "999_ms": percentile(active.delays, 0.999) * 1_000,
            },
        ),
        _table.Result(
            name="streams: from the first reader to the last, 99 of 100",
            value=percentile(active.spreads, 0.99) * 1_000,
            unit="ms",
            workload=f"between the first and the last of the readers that have an update: {of_active}",
            baseline=percentile(bare_active.spreads, 0.99) * 1_000,
            baseline_is=stock_uvicorn,
            at_most=True,
            target=1,
            target_is_ratio=True,
        ),
    ]


if __name__ == "__main__":
    _table.show(main(), "streams")
