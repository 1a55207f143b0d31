"""One life of the venue's process: recover, serve the clients, and stop, unless it ends before.

The composition that ``services.wiring`` makes of real adapters, made of simulated ones.
"""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.simulation.checks import Auditor
from tests.simulation.clients import Client
from tests.simulation.disk import Disk
from tests.simulation.files import snapshots_on
from tests.simulation.loop import SimulatedLoop
from tests.simulation.plan import Parts, Plan
from tests.simulation.report import Totals
from tests.simulation.steps import Endless, Steps
from tests.simulation.views import SimulatedViewProcess

from pricetime.errors import PricetimeError, SnapshotError
from pricetime.ports import Batch, Journal
from pricetime.runtime import Progress, Reader, Sequencer
from pricetime.runtime.snapshotting import take_snapshot

PATIENCE_S = 3_600.0
"""After so long without an end everybody waits in vain."""
_START_NS = 1_750_000_000_000_000_000
_READ_WAIT_S = 2.0


class SimulatedClock:
    """The time of the loop, set wrong in each life a little, forwards or backwards."""

    def __init__(self, loop: SimulatedLoop, error_s: float) -> None:
        self._loop = loop
        self._error_s = error_s

    def now_ns(self) -> int:
        return _START_NS + round((self._loop.now_s + self._error_s) * 1_000_000_000)


@dataclass
class Life:
    """What outlives a process is handed to each; ``serve`` returns whether the run is over."""

    plan: Plan
    parts: Parts
    dice: random.Random
    steps: Steps
    disk: Disk
    auditor: Auditor
    totals: Totals
    clients: Sequence[Client]
    loop: SimulatedLoop

    async def serve(self, stop_at_s: float) -> bool:
        """Run the venue until the clients are done, it has failed, or it is stopped in good order."""
        try:
            journal = self.parts.journal(self.disk)
        except OSError:
            return False
        venue, last = self.parts.recover(journal, snapshots_on(self.disk), self.parts.venue)
        if not self.auditor.audit(self.disk, venue):
            return True
        sequencer = self.parts.sequencer(
            venue,
            journal,
            SimulatedClock(self.loop, self.dice.uniform(-5, 5)),
            last=last,
            queue_limit=self.plan.queue_limit,
            batch_limit=self.plan.batch_limit,
            writer=functools.partial(self.parts.writer, dice=self.dice, step_s=self.plan.disk_step_s),
        )
        await sequencer.start()
        sequencer.on_batch.append(self._snapshotting(journal, sequencer.sequence))
        views, reader = self._views(journal, sequencer)
        done = await self._trade_until(sequencer, reader, stop_at_s)
        if sequencer.state == "failed":
            self.totals.failures += 1  # somebody repairs the disk and starts it again
            return False
        self._keep_state(sequencer)
        if done:
            await self._judge(journal, views)
        return done

    async def _trade_until(self, sequencer: Sequencer, reader: Reader, stop_at_s: float) -> bool:
        """Let the clients trade and stop the venue; return whether they were done."""
        clients = self.loop.create_task(self._trade(sequencer, reader))
        failed = self.loop.create_task(self._failure_of(sequencer))
        await asyncio.wait([clients, failed], timeout=stop_at_s, return_when=asyncio.FIRST_COMPLETED)
        if clients.done():
            clients.result()
        elif stop_at_s >= PATIENCE_S and not failed.done():
            raise Endless("the clients wait for answers that do not come")
        if not failed.done():
            failed.cancel()
            await sequencer.stop()
        return clients.done()

    async def _trade(self, sequencer: Sequencer, reader: Reader) -> None:
        for client in self.clients:
            client.connect(sequencer, reader)
        await self.clients[0].settle()
        await asyncio.gather(*(client.run() for client in self.clients))

    async def _failure_of(self, sequencer: Sequencer) -> None:
        """Return some time after the venue has failed, in which nobody may get an answer."""
        while sequencer.state != "failed":
            await asyncio.sleep(1.0)
        await asyncio.sleep(3.0)

    def _views(self, journal: Journal, sequencer: Sequencer) -> tuple[SimulatedViewProcess, Reader]:
        progress = Progress()
        views = SimulatedViewProcess(
            journal,
            self.disk,
            progress,
            self.dice,
            store=self.parts.views,
            pace_s=self.plan.view_pace_s,
            dies=self.plan.views_die,
            totals=self.totals,
            notes=self.auditor,
        )
        sequencer.on_batch.append(lambda batch: views.wake(batch.last_event))
        views.start()
        reader = Reader(views, sequencer, progress, wait_s=_READ_WAIT_S, threads=1)  # type: ignore[arg-type]
        return views, reader

    def _snapshotting(self, journal: Journal, newest: int) -> Callable[[Batch], None]:
        """Return a hook that takes a snapshot every so many commands, as another process would."""

        def take() -> None:
            try:
                take_snapshot(journal, snapshots_on(self.disk), self.parts.venue)
                self.totals.snapshots += 1
            except (PricetimeError, OSError) as error:
                self.steps.note(f"no snapshot: {error}")

        def count(batch: Batch) -> None:
            nonlocal newest
            if batch.last_sequence - newest >= self.plan.snapshot_every:
                newest = batch.last_sequence
                self.loop.call_later(self.dice.expovariate(50), take)

        return count

    def _keep_state(self, sequencer: Sequencer) -> None:
        """Take the last snapshot of a venue that has stopped in good order."""
        self.totals.stops += 1
        try:
            snapshots_on(self.disk).save(sequencer.snapshot())
        except SnapshotError as error:
            self.steps.note(f"no snapshot: {error}")

    async def _judge(self, journal: Journal, views: SimulatedViewProcess) -> None:
        """Let the views catch up, and audit everything once more."""
        self.steps.crash_in(None)
        self.disk.start()
        newest = journal.last()
        await views.caught_up(newest.last_event if newest else 0)
        if self.auditor.audit(self.disk, None):
            self.auditor.audit_end(self.disk, views.store, self.parts.venue)
        if self.plan.tampers:
            self.totals.spoiled += 1
            self.auditor.audit_tampering(self.disk, self.dice, self.parts)
