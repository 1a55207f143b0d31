"""Faults to plant: parts of a venue that each break one promise, for the simulator to find.

Each is named by what it does wrong; ``FAULTS`` tells what the simulator must say of it.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

from tests.simulation.disk import Disk
from tests.simulation.journal import SimulatedJournal, SimulatedWriter, records
from tests.simulation.plan import Parts
from tests.simulation.views import VIEWS, SimulatedViews

from pricetime.ports import Batch, Journal, Snapshots, ViewPosition
from pricetime.records import Reason
from pricetime.rules import Venue as Rules
from pricetime.rules.order import Order
from pricetime.runtime import Sequencer
from pricetime.runtime.chain import Link, link_of
from pricetime.runtime.recovery import recover
from pricetime.runtime.venue import Venue


class AnswersBeforeWriting(SimulatedWriter):
    def _begin(self, batch: Batch) -> None:
        super()._tell(batch)
        super()._begin(batch)

    def _tell(self, batch: Batch) -> None:
        """Say nothing: it was said before."""


class AnswersWhatCouldNotBeWritten(SimulatedWriter):
    def _step(self, batch: Batch, steps: Iterator[None]) -> None:
        told, self._failed = self._failed, lambda _: self._written(batch)
        super()._step(batch, steps)
        self._failed = told


class SkipsTheSync(SimulatedJournal):
    def _sync(self) -> None:
        """Leave it to chance."""


class TrustsWhatAKilledProcessLeft(SimulatedJournal):
    def _sync_found(self) -> None:
        """Take what is in memory for what is on the disk."""


class AcceptsTornWrites(SimulatedJournal):
    def _accepts(self, is_whole: bool) -> bool:
        return True

    def _verify(self, batch: Batch, after: Link) -> Link:
        return link_of(batch)


class VerifiesNothing(SimulatedJournal):
    def _verify(self, batch: Batch, after: Link) -> Link:
        return link_of(batch)


def recovers_without_looking(
    journal: Journal, _snapshots: Snapshots, venue_type: type[Venue]
) -> tuple[Venue, Batch | None]:
    venue, last = venue_type(), None
    for last in journal.read():
        venue.apply(last.commands)
    return venue, last


def forgets_the_last_batch(
    journal: Journal, snapshots: Snapshots, venue_type: type[Venue]
) -> tuple[Venue, Batch | None]:
    newest = journal.last()
    return recover(journal, snapshots, venue_type, until=max(0, newest.number - 1) if newest else 0)


class KeepsTheHold(Rules):
    def closed(self, order: Order, reason: Reason) -> None:
        held = order.hold()
        super().closed(order, reason)
        self.clearing.change_hold(order, held)


class ForgetsClientIds(Rules):
    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        venue = super().restore(snapshot)
        venue.clearing.client_ids.clear()
        return venue


class ProjectsTwice(SimulatedViews):
    """Rows and position are not one transaction: after a restart the position is a save behind."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk)
        saved = [pickle.loads(body).position for _, body, _ in records(disk.read(VIEWS))]
        self.saved = [ViewPosition(), *saved][-2] if saved else ViewPosition()


class ReadsAtOnce(Sequencer):
    def last_event_of(self, account: int) -> int:
        return 0


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "answers before the write": ({"writer": AnswersBeforeWriting}, "lost"),
    "answers what could not be written": ({"writer": AnswersWhatCouldNotBeWritten}, "lost"),
    "skips the sync": ({"journal": SkipsTheSync}, "lost"),
    "trusts what a killed process left": ({"journal": TrustsWhatAKilledProcessLeft}, "lost"),
    "accepts torn writes and looks no further": (
        {"journal": AcceptsTornWrites, "recover": recovers_without_looking},
        "chain",
    ),
    "accepts torn writes": ({"journal": AcceptsTornWrites}, "recovery"),
    "does not verify the chain": ({"journal": VerifiesNothing}, "tampering"),
    "loses a batch at recovery": ({"recover": forgets_the_last_batch}, "lost"),
    "keeps the hold of a closed order": ({"venue": KeepsTheHold}, "conservation"),
    "executes a retry twice": ({"venue": ForgetsClientIds}, "twice"),
    "projects a batch twice": ({"views": ProjectsTwice}, "views"),
    "reads without waiting for one's own writes": ({"sequencer": ReadsAtOnce}, "reads"),
}
"""What is planted, and the kind of violation that must be found."""


def with_fault(parts: Parts, name: str) -> Parts:
    """Return the parts with a fault planted among them."""
    return replace(parts, **FAULTS[name][0])
