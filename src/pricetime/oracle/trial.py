"""A trial: two venues are led through one program side by side, and compared after every batch.

What must be equal, byte for byte: the events; the snapshot, and with it the state hash; the answers to
``validate``, which must change nothing. What must hold of each alone: ``check`` finds nothing, and the
witness finds nothing in the events.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, NamedTuple

from pricetime.errors import RecordError
from pricetime.oracle.program import Do, Program, Step, stamp
from pricetime.oracle.witness import Witness
from pricetime.records import EVENT_BYTES, Command, event_to_json, iter_events
from pricetime.records.state import hash_of_state, read_snapshot
from pricetime.runtime.venue import Venue

_PROPERTIES = ("sequence", "time_ns", "event_number", "limits")
_TICK_NS = 1_000


class Contestant(NamedTuple):
    """An implementation of the venue and what to call it."""

    name: str
    venue: type[Venue]


class Difference(NamedTuple):
    """Where two venues part, or one breaks a rule: in a sentence, and as each of them tells it."""

    what: str
    sides: tuple[Any, Any] = (None, None)


class Totals:
    """What has been compared."""

    def __init__(self) -> None:
        self.programs = self.commands = self.batches = self.events = 0
        self.trades = self.restores = self.validations = self.differences = 0


class Comparison(ABC):
    """Things that should do the same, led through one program."""

    def run(self, program: Program) -> tuple[int, Difference] | None:
        """Do all steps; return the place of the one that showed a difference, and the difference."""
        for place, step in enumerate(program):
            if difference := self.do(step):
                return place, difference
        if difference := self.finish():
            return len(program) - 1, difference
        return None

    @abstractmethod
    def do(self, step: Step) -> Difference | None:
        """Do one step and compare."""

    def finish(self) -> Difference | None:
        """Compare what only the end of a program shows."""
        return None


class Trial(Comparison):
    """Two new venues, and the program that they have been led through so far.

    Without ``every_state`` states are compared at the end of the program only, which is what the
    shrinker does: it runs a program that has come to a difference again and again.
    """

    def __init__(
        self,
        contestants: tuple[Contestant, Contestant],
        totals: Totals | None = None,
        *,
        every_state: bool = True,
    ) -> None:
        self.contestants = contestants
        self.venues: list[Venue] = [each.venue() for each in contestants]
        self.witness = Witness()
        self.totals = totals or Totals()
        self._every_state = every_state
        self._waiting: list[bytes] = []
        self._sequence = 0

    def do(self, step: Step) -> Difference | None:
        """Do one step and compare."""
        if step.do == Do.SEND:
            for command in step.commands():
                self._waiting.append(self._stamped(command))
                self._sequence += 1
            return None
        if difference := self._end_batch():
            return difference
        if step.do == Do.VALIDATE:
            return self._validate(step.command)
        if step.do in (Do.RESTORE, Do.SWAP):
            return self._restore(swap=step.do == Do.SWAP)
        if step.do != Do.END_BATCH:
            return self._refuse(step)
        return None

    def finish(self) -> Difference | None:
        """Apply what still waits, and compare everything at the end of the program."""
        if difference := self._end_batch() or self._compare_states():
            return difference
        snapshot = self.venues[0].snapshot()
        if faults := self.witness.compare(snapshot):
            return Difference(f"the witness of both: {faults[0]}")
        return None

    # --------------------------------------------------------------------------------------- steps

    def _stamped(self, command: Command) -> bytes:
        return stamp(command, self._sequence, (self._sequence + 1) * _TICK_NS).pack()

    def _end_batch(self) -> Difference | None:
        if not self._waiting:
            return None
        batch, count = b"".join(self._waiting), len(self._waiting)
        self._waiting.clear()
        difference, events = self._both("apply", batch)
        if difference:
            return difference
        self.totals.trades -= self.witness.trades
        self.witness.see(events)
        self.totals.trades += self.witness.trades
        self.totals.commands += count
        self.totals.batches += 1
        self.totals.events += len(events) // EVENT_BYTES
        if self.witness.faults:
            return Difference(f"the witness of both: {self.witness.faults[0]}")
        return self._compare_states() if self._every_state else None

    def _validate(self, command: Command) -> Difference | None:
        before = [venue.snapshot() for venue in self.venues]
        difference, _ = self._both("validate", self._stamped(command))
        self.totals.validations += 1
        if difference:
            return difference
        for contestant, venue, snapshot in zip(self.contestants, self.venues, before, strict=True):
            if venue.snapshot() != snapshot:
                return Difference(f"validate has changed the state of {contestant.name}")
        return None

    def _restore(self, *, swap: bool) -> Difference | None:
        snapshots = [venue.snapshot() for venue in self.venues]
        if swap:
            snapshots.reverse()
        try:
            self.venues = [
                each.venue.restore(snapshot)
                for each, snapshot in zip(self.contestants, snapshots, strict=True)
            ]
        except Exception as error:  # noqa: BLE001 - whatever a faulty venue raises is what we look for
            return Difference(f"a snapshot cannot be restored: {error!r}")
        self.totals.restores += 1
        return self._compare_states()

    def _refuse(self, step: Step) -> Difference | None:
        """Apply a batch that must be refused whole."""
        record = self._stamped(step.command)
        if step.do == Do.TEAR:
            record = record[:-1]
        elif step.do == Do.MISVERSION:
            record = b"\xff" + record[1:]
        else:
            record = stamp(step.command, self._sequence + 1).pack()
        for contestant, venue in zip(self.contestants, self.venues, strict=True):
            try:
                venue.apply(record)
            except RecordError:
                continue
            return Difference(f"{contestant.name} applies a batch that is none")
        return self._compare_states()

    # --------------------------------------------------------------------------------- comparisons

    def _both(self, method: str, records: bytes) -> tuple[Difference | None, bytes]:
        """Give both the same bytes and return the events, or the difference of what they say."""
        answers: list[bytes] = []
        for contestant, venue in zip(self.contestants, self.venues, strict=True):
            try:
                answers.append(getattr(venue, method)(records))
            except Exception as error:  # noqa: BLE001 - whatever a faulty venue raises is what we look for
                return Difference(f"{contestant.name} raises {error!r} in {method}"), b""
        if answers[0] == answers[1]:
            return None, answers[0]
        sides = _first_different(*(map(event_to_json, iter_events(each)) for each in answers))
        return Difference(f"the answers to {method} differ", sides), b""

    def _compare_states(self) -> Difference | None:
        first, second = self.venues
        for name in _PROPERTIES:
            sides = (getattr(first, name), getattr(second, name))
            if sides[0] != sides[1]:
                return Difference(f"{name} differs", sides)
        snapshots = [venue.snapshot() for venue in self.venues]
        if snapshots[0] != snapshots[1]:
            return _state_difference(*snapshots)
        for contestant, venue in zip(self.contestants, self.venues, strict=True):
            if faults := venue.check():
                return Difference(f"check of {contestant.name} finds: {faults[0]}")
        if second.state_hash() != hash_of_state(snapshots[1]):
            return Difference(f"the state hash of {self.contestants[1].name} is not that of its snapshot")
        return None


def _state_difference(first: bytes, second: bytes) -> Difference:
    """Return the first field or row in which two snapshots differ."""
    ours, theirs = read_snapshot(first), read_snapshot(second)
    for name in ours.header:
        if ours.header[name] != theirs.header[name]:
            sides = (ours.header[name], theirs.header[name])
            if name in ("accounts", "holdings", "stocks", "orders", "client_ids"):
                break
            return Difference(f"the states differ: {name}", sides)
    for name in ("accounts", "holdings", "stocks", "orders", "client_ids"):
        tables = (getattr(ours, name), getattr(theirs, name))
        if tables[0].tobytes() != tables[1].tobytes():
            return Difference(f"the states differ: a row of {name}", _first_different(*map(_rows, tables)))
    return Difference("the states differ in bytes, and in no row")


def _rows(table: Any) -> Iterable[dict[str, Any]]:
    for row in table:
        values = {name: row[name].item() for name in table.dtype.names}
        yield {key: value.hex() if isinstance(value, bytes) else value for key, value in values.items()}


def _first_different(first: Iterable[Any], second: Iterable[Any]) -> tuple[Any, Any]:
    return next(((one, other) for one, other in zip_longest(first, second) if one != other), (None, None))
