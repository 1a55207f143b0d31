"""Passwords and sessions: what the venue adds to what bcrypt itself costs, and what a token costs a request.

``python -m bench.auth [SECONDS]`` runs it alone; each measurement takes that long. Every rate is taken in
turns with bcrypt called alone, so that a busy neighbour slows both.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bcrypt
import uvloop

from bench import _open_loop, _servers, _wrk, http
from bench._table import Result, show
from bench._wrk import Order
from pricetime.adapters.clock import SystemClock
from pricetime.adapters.passwords import BcryptHasher
from pricetime.adapters.sqlite_accounts import SqliteAccounts
from pricetime.adapters.tokens import Ed25519Signer
from pricetime.identity import Identity
from pricetime.services.run import shorten_turns
from pricetime.settings import Settings

CORES = 2
CONNECTIONS = 16
PASSES = 3
COSTS = (12, 4)
"""The default, and the lowest there is, at which bcrypt hides the least of what else a log-in costs."""
ORDERS_PER_S = 500
WITHIN = 0.95
PASSWORD = "enchantress of numbers"


def bcrypt_alone(cost: int, seconds: float) -> float:
    """Return checks a second of bcrypt in bare threads, one for each core."""
    password_hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost))
    done = [0] * CORES
    ends = time.perf_counter() + seconds

    def check(core: int) -> None:
        while time.perf_counter() < ends:
            bcrypt.checkpw(PASSWORD.encode(), password_hash)
            done[core] += 1

    threads = [threading.Thread(target=check, args=(core,)) for core in range(CORES)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - started)


async def rate_of(act: Callable[[], Awaitable[object]], seconds: float) -> float:
    """Return how often ``act`` is done a second by ``CONNECTIONS`` that do it over and over."""
    done, ends = 0, time.perf_counter() + seconds

    async def connection() -> None:
        nonlocal done
        while time.perf_counter() < ends:
            await act()
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return done / (time.perf_counter() - started)


async def hashes(cost: int, seconds: float) -> float:
    shorten_turns()  # as in the server
    hasher = BcryptHasher(cost=cost, workers=CORES, queue_limit=CONNECTIONS)
    password_hash = await hasher.hash(PASSWORD)
    rate = await rate_of(lambda: hasher.verify(PASSWORD, password_hash), seconds)
    hasher.close()
    return rate


async def _account() -> int:
    return 1


async def sessions(cost: int, seconds: float) -> tuple[float, float]:
    """Return log-ins a second, audited durably and answered with a token; and µs to know a token again."""
    shorten_turns()  # as in the server
    with tempfile.TemporaryDirectory() as folder:
        accounts = SqliteAccounts(Path(folder) / "accounts.db")
        hasher = BcryptHasher(cost=cost, workers=CORES, queue_limit=CONNECTIONS)
        identity = Identity(
            accounts=accounts,
            hasher=hasher,
            signer=Ed25519Signer(Path(folder) / "keys"),
            clock=SystemClock(),
            settings=Settings(bcrypt_cost=cost),
            open_account=_account,
        )
        user = await identity.register("ada", PASSWORD, "Ada")

        async def log_in() -> None:
            await identity.issue(await identity.login("ada", PASSWORD, "192.0.2.1"), "daytrade")

        logins = await rate_of(log_in, seconds)
        tokens = [(await identity.issue(user, "daytrade")).token for _ in range(1_000)]
        recognised_us = recognition_us(identity, tokens)
        hasher.close()
        accounts.close()
    return logins, recognised_us


def recognition_us(identity: Identity, tokens: list[str]) -> float:
    times = []
    for _ in range(20):
        started = time.perf_counter()
        for token in tokens:
            identity.authenticate(token)
        times.append((time.perf_counter() - started) / len(tokens))
    return statistics.median(times) * 1e6


def rates(cost: int, seconds: float) -> list[Result]:
    """Return what the hasher and whole log-ins reach of what bcrypt alone does."""
    alone, checks, logins = [], [], []
    for _ in range(PASSES):
        checks.append(uvloop.run(hashes(cost, seconds)))
        alone.append(bcrypt_alone(cost, seconds))
        logins.append(uvloop.run(sessions(cost, seconds))[0])
    baseline = statistics.median(alone)
    baseline_is = f"bcrypt called in {CORES} bare threads, in turns with it"
    return [
        Result(
            name=f"auth: passwords at cost {cost}",
            value=statistics.median(checks),
            unit="checks/s",
            workload=f"{CONNECTIONS} tasks that check the right password over and over on {CORES} threads",
            baseline=baseline,
            baseline_is=baseline_is,
        ),
        Result(
            name=f"auth: log-ins at cost {cost}",
            value=statistics.median(logins),
            unit="log-ins/s",
            workload=f"{CONNECTIONS} tasks that log in: password, audit on the disk, a signed token",
            target=WITHIN,
            target_is_ratio=True,
            baseline=baseline,
            baseline_is=baseline_is,
        ),
    ]


def beside_log_ins(cost: int, seconds: float) -> Result:
    """Return how long orders wait while as many log in as the machine can hash."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _servers.venue(Path(folder) / "data", bcrypt_cost=cost) as port,
    ):
        orders = http.daytrade_orders(*http.prepare(port))
        quiet = _open_loop.run(port, orders, rate=ORDERS_PER_S, seconds=seconds)
        login = json.dumps({"user_name": "bench-0", "password": http.PASSWORD})
        requests = [Order("/authentication/login", "", login)]
        file = _wrk.write_requests(Path(folder) / "requests", requests)
        with ThreadPoolExecutor(1) as one:
            url = f"http://127.0.0.1:{port}"
            logins = one.submit(
                _wrk.run, url, file, connections=CONNECTIONS, seconds=int(seconds) + 2, timeout_s=60
            )
            time.sleep(1)  # until every connection waits for a hash
            waits = _open_loop.run(port, orders, rate=ORDERS_PER_S, seconds=seconds)
            load = logins.result()
    if waits.refused or load.refused or load.broken:
        raise SystemExit("orders or log-ins were refused while both were sent")
    return Result(
        name=f"auth: orders beside log-ins at cost {cost}",
        value=waits.p50_ms,
        unit="ms (median)",
        workload=(
            f"{ORDERS_PER_S:,} orders/s, open loop, from due to answered and durable, while {CONNECTIONS} "
            f"connections log in as fast as they are answered ({load.rate:,.1f} log-ins/s); "
            f"99th percentile {waits.p99_ms:.1f} ms, without log-ins {quiet.p99_ms:.1f} ms"
        ),
        baseline=quiet.p50_ms,
        baseline_is="the same orders while nobody logs in",
        more={"p99_ms": waits.p99_ms, "quiet_p99_ms": quiet.p99_ms, "logins_per_s": load.rate},
    )


def main(seconds: float = 3) -> list[Result]:
    """Measure each part for the given seconds."""
    found = [result for cost in COSTS for result in rates(cost, seconds)]
    found += [beside_log_ins(cost, max(seconds, 5)) for cost in COSTS]
    recognised = Result(
        name="auth: a known token",
        value=uvloop.run(sessions(4, 0))[1],
        unit="µs",
        workload="tokens seen before, as on every request but the first of a session",
    )
    return [*found, recognised]


if __name__ == "__main__":
    show(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3), "auth")
