"""Passwords and sessions: what the venue adds to what bcrypt itself costs, and what a token costs a request.

``python -m bench.auth [SECONDS]`` runs it alone; each measurement takes that long.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import bcrypt
import uvloop

from bench._table import Result, show
from pricetime.adapters.clock import SystemClock
from pricetime.adapters.passwords import BcryptHasher
from pricetime.adapters.sqlite_accounts import SqliteAccounts
from pricetime.adapters.tokens import Ed25519Signer
from pricetime.identity import Identity
from pricetime.settings import Settings

CORES = 2
CONNECTIONS = 64
PASSES = 3
"""The measurement and its baseline take turns, so that a busy neighbour slows both."""
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
    hasher = BcryptHasher(cost=cost, threads=CORES, queue_limit=CONNECTIONS)
    password_hash = await hasher.hash(PASSWORD)
    rate = await rate_of(lambda: hasher.verify(PASSWORD, password_hash), seconds)
    hasher.close()
    return rate


async def _account() -> int:
    return 1


async def sessions(seconds: float) -> tuple[float, float]:
    """Return log-ins a second, audited durably and answered with a token; and µs to know a token again."""
    with tempfile.TemporaryDirectory() as folder:
        accounts = SqliteAccounts(Path(folder) / "accounts.db")
        hasher = BcryptHasher(cost=4, threads=CORES, queue_limit=CONNECTIONS)
        identity = Identity(
            accounts=accounts,
            hasher=hasher,
            signer=Ed25519Signer(Path(folder) / "keys"),
            clock=SystemClock(),
            settings=Settings(bcrypt_cost=4),
            open_account=_account,
        )
        await identity.register("ada", PASSWORD, "Ada")

        async def log_in() -> str:
            user = await identity.login("ada", PASSWORD, "192.0.2.1")
            return (await identity.issue(user, "daytrade")).token

        logins = await rate_of(log_in, seconds)
        recognised_us = recognition_us(identity, [await log_in() for _ in range(1_000)])
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


def measured(cost: int, seconds: float) -> Result:
    pairs = [
        (uvloop.run(hashes(cost, seconds / PASSES)), bcrypt_alone(cost, seconds / PASSES))
        for _ in range(PASSES)
    ]
    return Result(
        name=f"auth: passwords at cost {cost}",
        value=statistics.median(value for value, _ in pairs),
        unit="checks/s",
        workload=f"{CONNECTIONS} tasks that check the right password over and over on {CORES} threads",
        baseline=statistics.median(alone for _, alone in pairs),
        baseline_is=f"bcrypt called in {CORES} bare threads",
    )


def main(seconds: float = 3) -> list[Result]:
    """Measure each part for the given seconds."""
    results = [measured(cost, seconds) for cost in (12, 4)]
    logins, recognised_us = uvloop.run(sessions(seconds))
    return [
        *results,
        Result(
            name="auth: log-ins at cost 4",
            value=logins,
            unit="log-ins/s",
            workload=f"{CONNECTIONS} tasks that log in: password, audit on the disk, a signed token",
            baseline=results[-1].baseline,
            baseline_is=results[-1].baseline_is,
        ),
        Result(
            name="auth: a known token",
            value=recognised_us,
            unit="µs",
            workload="tokens seen before, as on every request but the first of a session",
        ),
    ]


if __name__ == "__main__":
    show(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3), "auth")
