"""One run: a venue, its disk, its clients, and its crashes, all from one seed.

::

    open the disk ─> recover ─> audit ─> serve the clients ─> stop, snapshot ─> audit everything
          ^                                     │
          └── what the disk kept <── crash <────┘ at a step drawn from the seed

A life is one process of the venue, on one event loop. Clients and the disk outlive it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from unittest import mock

from structlog.testing import capture_logs
from tests.simulation import steps as stepping
from tests.simulation.checks import Auditor
from tests.simulation.clients import Client, opening_of
from tests.simulation.disk import Disk
from tests.simulation.files import SNAPSHOTS, os_on
from tests.simulation.life import PATIENCE_S, Life
from tests.simulation.loop import InlineExecutor, SimulatedLoop
from tests.simulation.plan import POWER, Crash, Parts, Plan, plan_of
from tests.simulation.report import Report
from tests.simulation.steps import Endless, Steps

from pricetime.errors import JournalError
from pricetime.runtime import recovery

_RESTART_S = 2.0


class World:
    """The run of one seed. ``parts`` may hold a planted fault, ``tell`` gets each step as a line.

    ``luck`` changes only what the disk keeps of what was not synced.
    """

    def __init__(
        self,
        seed: int,
        parts: Parts,
        *,
        plan: Plan | None = None,
        luck: int = 0,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.report = Report(seed, parts.core)
        self.steps = Steps(tell)
        self._plan = plan or plan_of(seed)
        self._parts = parts
        self._dice = random.Random(f"world {seed}")
        self._disk = Disk(self.steps, random.Random(f"disk {seed} {luck}"))
        self._auditor = Auditor(self.report, self.steps)
        self._crashes = list(self._plan.crashes)
        self._stops = self._plan.stops
        self._now_s = 0.0
        self._is_over = False
        self._clients = [self._client(number, seed) for number in range(self._plan.traders + 1)]

    def _client(self, number: int, seed: int) -> Client:
        return Client(
            number,
            self._plan.requests,
            random.Random(f"client {number} {seed}"),
            self._auditor,
            self.report.totals,
            [] if number else [opening_of(self._plan.traders)],
        )

    def run(self) -> Report:
        """Live until every client has its answers or nothing goes on, and return what was found."""
        no_threads = mock.patch.object(recovery, "ThreadPoolExecutor", InlineExecutor)
        with capture_logs(), os_on(self._disk), no_threads:
            while not self._is_over:
                self._live()
        totals, lost = self.report.totals, self._disk.totals
        totals.steps, self.report.trace = self.steps.taken, self.steps.trace()
        totals.torn_writes, totals.lost_writes = lost.torn, lost.lost
        return self.report

    def _live(self) -> None:
        """Run one process of the venue."""
        crash = self._crashes.pop(0) if self._crashes else None
        self.steps.crash_in(crash and crash.at, crash.of if crash else "")
        self._disk.start()
        if self._dice.random() < self._plan.trouble:
            self._plan_trouble()
        if self._dice.random() < self._plan.rot:
            self._spoil_a_snapshot()
        loop = SimulatedLoop(self.steps, self._dice, now_s=self._now_s, shuffles=self._plan.shuffles)
        try:
            self._is_over = loop.run_until_complete(self._life(loop).serve(self._stop_at_s()))
        except stepping.Crash:
            assert crash is not None, "a crash was planned"
            self._end(crash)
        except Endless as error:
            self._give_up("stuck", str(error))
        except JournalError as error:
            self._give_up("recovery", f"the venue does not start: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
            self._give_up("crashed", repr(error))
        finally:
            self._disk.stop()
            loop.abandon()
            for failure in loop.failures:
                self._give_up("crashed", failure)
            self._now_s = loop.now_s + _RESTART_S

    def _life(self, loop: SimulatedLoop) -> Life:
        return Life(
            self._plan,
            self._parts,
            self._dice,
            self.steps,
            self._disk,
            self._auditor,
            self.report.totals,
            self._clients,
            loop,
        )

    def _plan_trouble(self) -> None:
        if self._dice.random() < 0.5:
            self._disk.fails_in = self._dice.randint(1, 80)
        else:
            self._disk.free = self._dice.randint(0, 30_000)

    def _spoil_a_snapshot(self) -> None:
        for name in self._disk.list(SNAPSHOTS)[-1:]:
            path = f"{SNAPSHOTS}/{name}"
            if content := self._disk.read(path):
                self._disk.spoil(path, self._dice.randrange(len(content)))
                self.report.totals.spoiled += 1

    def _stop_at_s(self) -> float:
        """Return after how many seconds the venue is stopped in good order, if it is."""
        if not self._stops:
            return PATIENCE_S
        self._stops -= 1
        return self._dice.expovariate(5)

    def _end(self, crash: Crash) -> None:
        self.steps.note(f"the process ends: {crash.kind}")
        if crash.kind == POWER:
            self._disk.cut_power()
            self.report.totals.power_cuts += 1
        else:
            self.report.totals.kills += 1

    def _give_up(self, kind: str, message: str) -> None:
        self.report.blame(kind, message)
        self._is_over = True


def run(seed: int, parts: Parts, *, plan: Plan | None = None, luck: int = 0) -> Report:
    """Run one seed and return what was found."""
    return World(seed, parts, plan=plan, luck=luck).run()
