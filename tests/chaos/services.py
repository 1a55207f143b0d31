"""Harm each part of a venue of many services under load: ``python -m tests.chaos.services --rounds 5``.

Accounts trade with each other through nginx with the SDK: they send again what was not answered, with the
same client order id, and read what they wrote. One of them places its orders over the feed. Somebody follows
the streams. Meanwhile each process and server is killed, servers and hosts are stopped for ten seconds,
broker and database are restarted. After each harm everybody has to get through again; how long that took is
told in a table. Always

* an account's newest orders are those that it sent, each once.

And in the end

* all orders are, and executions, money and shares of each account add up, to those of the others too;
* the streams show the books that are;
* ``pricetime check`` finds everything right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final, Literal, NamedTuple

from tests.chaos.clients import LOOK_S, PATIENCE_S, Load, Lost
from tests.support.crowd import leaving_connections
from tests.support.topology import Topology, pricetime

from pricetime.services.topology.plan import SERVICES
from pricetime.services.topology.probes import Prober
from pricetime.services.topology.supervision import RUNNING

SECONDS_PAUSED: Final = 10.0
PROMISED_S: Final = 10.0
"""Within which the venue is to be back; told in the table, for a slow machine may take longer."""
_PROBE_S: Final = 2.0


class Harm(NamedTuple):
    """What is done to which parts at once."""

    how: Literal["kill", "pause", "restart"]
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.how, *self.parts))


SERVERS: Final = ("rabbitmq", "redis", "mongodb", "nginx")
KILLS: Final = [Harm("kill", (part,)) for part in (*(f"{service}-1" for service in SERVICES), *SERVERS)]
PAUSES: Final = [Harm("pause", (part,)) for part in (*SERVERS, "engine-1", "ledger-1")]
RESTARTS: Final = [Harm("restart", (part,)) for part in ("rabbitmq", "mongodb")]


class Times(NamedTuple):
    """How many seconds the part was away, the venue then took to serve everybody, and an answer at most."""

    away: float
    back: float
    answer: float


class Harmed:
    """Does harm to a topology under load, and measures."""

    def __init__(self, topology: Topology, load: Load) -> None:
        self._topology = topology
        self._load = load
        self._parts = {part.name: part for part in topology.record.parts}
        self._prober = Prober(topology.layout.certs, topology.url)

    def do(self, harm: Harm) -> Times:
        """Do harm while everybody is served; return when everybody is again."""
        self._load.longest_s()
        began_s = time.monotonic()
        {"kill": self._kill, "pause": self._pause, "restart": self._restart}[harm.how](harm.parts)
        returned_s = self._await_ready(harm.parts)
        served_s = self._load.await_served(returned_s)
        return Times(returned_s - began_s, served_s - returned_s, self._load.longest_s())

    def _kill(self, names: Iterable[str]) -> None:
        killed = self._signalled(names, signal.SIGKILL)
        for name, pid in killed.items():
            self._until(partial(self._is_anew, name, pid), f"{name} is not started again")

    def _pause(self, names: Iterable[str]) -> None:
        paused = self._signalled(names, signal.SIGSTOP)
        try:
            time.sleep(SECONDS_PAUSED)  # nothing to wait for: this is the harm
        finally:
            for pid in paused.values():
                os.killpg(pid, signal.SIGCONT)
        for name, pid in paused.items():
            if self._topology.pid(name) != pid:
                raise Lost(f"{name} was paused, and somebody has ended it")

    def _restart(self, names: Iterable[str]) -> None:
        for name in names:
            self._topology.supervisor.stop(name)
            self._until(partial(self._has_ended, name), f"{name} does not stop")
            self._topology.supervisor.start(name)

    def _signalled(self, names: Iterable[str], number: signal.Signals) -> dict[str, int]:
        """Signal parts, each with all its processes; return their ids."""
        pids = {name: self._topology.pid(name) for name in names}
        assert all(pids.values()), f"some do not run: {pids}"
        for pid in pids.values():
            os.killpg(pid, number)
        return pids

    def _await_ready(self, names: Iterable[str]) -> float:
        """Wait until parts can do their work; return when."""
        for name in names:
            self._until(partial(self._is_ready, name), f"{name} does not come back")
        return time.monotonic()

    def _is_anew(self, name: str, killed: int) -> bool:
        return self._topology.pid(name) not in (0, killed)

    def _has_ended(self, name: str) -> bool:
        return not self._topology.pid(name)

    def _is_ready(self, name: str) -> bool:
        is_running = self._topology.supervisor.states()[name].state == RUNNING
        return is_running and not asyncio.run(self._prober.unready(self._parts[name], _PROBE_S))

    @staticmethod
    def _until(is_so: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > deadline:
                raise Lost(f"{otherwise} within {PATIENCE_S:.0f} s")
            time.sleep(LOOK_S)


def chaos(
    topology: Topology, harms: Iterable[Harm], report: Callable[[str], None]
) -> dict[Harm, list[Times]]:
    """Do all harm, one after the other; return how long things took. Lost where a promise is broken."""
    told: dict[Harm, list[Times]] = defaultdict(list)
    with ExitStack() as stack:
        stack.enter_context(leaving_connections())
        load = Load(topology, stack)
        load.await_served(time.monotonic())
        harmed = Harmed(topology, load)
        for harm in harms:
            times = harmed.do(harm)
            told[harm].append(times)
            orders = sum(len(each.sent) for each in load.traders)
            report(
                f"{harm!s:22} away {times.away:4.1f} s, back {times.back:4.1f} s later, "
                f"longest answer {times.answer:4.1f} s; {orders:,} orders"
            )
        load.end()
    verdict = pricetime("check", "--data", topology.layout.data, "--json")
    if verdict.returncode or json.loads(verdict.stdout)["notes"]:
        raise Lost(f"the check says: {verdict.stdout}{verdict.stderr}")
    return told


def table(told: dict[Harm, list[Times]]) -> str:
    """Return the longest times of each harm."""
    rows = [f"{'harm':22} {'away s':>8} {'back s':>8} {'longest answer s':>17}"]
    for harm, times in told.items():
        away, back, answer = map(max, zip(*times, strict=True))
        rows.append(f"{harm!s:22} {away:8.1f} {back:8.1f} {answer:17.1f}{' late' * (back > PROMISED_S)}")
    return "\n".join(rows)


def main() -> int:
    """Do the rounds that the command line asks for."""
    parser = argparse.ArgumentParser(description="Harm each part of a venue of many services under load.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1, help="of the order in which harm is done")
    parser.add_argument("--only", default="", help="harms whose names have this pattern, such as mongodb")
    asked = parser.parse_args()
    dice = random.Random(asked.seed)
    harms = [harm for harm in (*KILLS, *PAUSES, *RESTARTS) if re.search(asked.only, str(harm))]
    rounds = [harm for _ in range(asked.rounds) for harm in dice.sample(harms, len(harms))]
    folder = Path(tempfile.mkdtemp(prefix="pricetime-chaos-"))

    def tell(line: str) -> None:
        nonlocal done
        done += 1
        print(f"{done:3} of {len(rounds)}: {line}", flush=True)

    done = 0
    try:
        with Topology(folder / "data", log_level="info") as topology:
            topology.up()
            told = chaos(topology, rounds, tell)
    except Lost as lost:
        print(f"LOST, seed {asked.seed}: {lost}. Data and logs are kept in {folder}.", file=sys.stderr)
        return 1
    print(
        f"\n{table(told)}\n\n{len(rounds)} harms: every order once, all adds up, the check finds all right."
    )
    if any(each.back > PROMISED_S for times in told.values() for each in times):
        print(f"The logs are kept in {folder}.")
    else:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
