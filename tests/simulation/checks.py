"""The auditor: holds the venue to all that anybody has been told, after each restart and at the end.

It reads the bytes that have survived by itself, replays them through reference rules of its own, and
compares: the chain, sequences, events, the state of the venue that was recovered, answers, repeated
commands, what readers have seen, and at the end the views, row by row. Batches once found durable must be
there, the same, ever after.
"""

from __future__ import annotations

import contextlib
import random

from tests.simulation.clients import Request
from tests.simulation.disk import Disk
from tests.simulation.files import snapshots_on
from tests.simulation.journal import HEAD_BYTES, JOURNAL, SimulatedJournal, batches_of, record, records
from tests.simulation.plan import Parts
from tests.simulation.report import Report
from tests.simulation.steps import Steps
from tests.simulation.views import Tables

from pricetime.errors import JournalError, RecordError
from pricetime.ports import Batch, Views
from pricetime.records import (
    EVENT_BYTES,
    Command,
    CommandKind,
    Event,
    EventKind,
    Flag,
    iter_commands,
    iter_events,
)
from pricetime.rules import Venue as ReferenceVenue
from pricetime.runtime.chain import START, verify
from pricetime.runtime.check import check
from pricetime.runtime.venue import Venue
from pricetime.views import Projection

_ANSWERS = frozenset((EventKind.ACCEPTED, EventKind.DENIED))
Outcome = tuple[int, int]
"""Reason and order of an answer."""


class Auditor:
    """Remembers what clients were told, and judges each restart by it. ``report`` gets what is wrong."""

    def __init__(self, report: Report, steps: Steps) -> None:
        self._report = report
        self._steps = steps
        self._link = START
        self._reference = ReferenceVenue()
        self._replays = True
        self._commands: dict[int, Command] = {}
        self._events: dict[int, bytes] = {}
        self._outcomes: dict[tuple[int, bytes], Outcome] = {}
        self._heard: list[tuple[Request, bytes]] = []
        self._seen = 0

    # ----------------------------------------------------------------------- what clients tell of

    def blame(self, kind: str, message: str) -> None:
        self._report.blame(kind, message)

    def heard(self, request: Request, answer: bytes) -> None:
        """Take note of an answer; one to a repeated request must say what the first one said."""
        self._steps.note(f"client {request.client} hears", answer)
        self._heard.append((request, answer))
        if request.named and len({tuple(_told(each)) for each in request.answers}) > 1:
            self.blame("answer", f"client {request.client} heard two things of one request")

    def saw(self, event: int) -> None:
        self._seen = max(self._seen, event)

    # ------------------------------------------------------------------------------------- audits

    def audit(self, disk: Disk, venue: Venue | None) -> bool:
        """Compare the journal on the disk, and a venue recovered from it, with everything known.

        Return whether it makes sense to go on.
        """
        batches = batches_of(disk)
        try:
            for batch in self._new(batches):
                self._link = verify(batch, self._link)
                self._take(batch)
        except JournalError as error:
            self.blame("chain", str(error))
            return False
        self._audit_answers()
        if venue is not None:
            self._audit_venue(venue)
        return "lost" not in self._report.kinds

    def _new(self, batches: list[Batch]) -> list[Batch]:
        """Return the batches after those known, which must be there unchanged."""
        known = self._link.number
        if len(batches) < known:
            self.blame("lost", f"the journal ends at batch {len(batches)}; batch {known} was durable")
            return []
        if known and batches[known - 1].hash != self._link.hash:
            self.blame("lost", f"batch {known} is another one than was durable")
            return []
        return batches[known:]

    def _take(self, batch: Batch) -> None:
        """Replay a batch, and note what it answers to each command."""
        events, commands = list(iter_events(batch.events)), list(iter_commands(batch.commands))
        self._audit_numbers(batch, commands, events)
        if self._replays:
            self._replay(batch)
        for at, event in enumerate(events):
            record = batch.events[at * EVENT_BYTES : (at + 1) * EVENT_BYTES]
            self._events[event.sequence] = self._events.get(event.sequence, b"") + record
        for command in commands:
            self._commands[command.sequence] = command
            first = next(iter_events(self._events.get(command.sequence, b"")), None)
            if first is None or first.kind not in _ANSWERS:
                self.blame("numbers", f"command {command.sequence} has no answer")
            elif command.client_id.strip(b"\0"):
                self._audit_repeat(command, first)

    def _audit_numbers(self, batch: Batch, commands: list[Command], events: list[Event]) -> None:
        first = batch.last_event - len(events) + 1
        if [event.number for event in events] != list(range(first, batch.last_event + 1)):
            self.blame("numbers", f"the events of batch {batch.number} are not numbered one by one")
        if self._reference.event_number + 1 != first and self._replays:
            self.blame("numbers", f"batch {batch.number} begins with event {first}")
        sequences = list(range(batch.first_sequence, batch.last_sequence + 1))
        if [command.sequence for command in commands] != sequences:
            self.blame("numbers", f"the commands of batch {batch.number} are not numbered one by one")
        if any(command.time_ns < self._reference.time_ns for command in commands) and self._replays:
            self.blame("numbers", f"time runs backwards in batch {batch.number}")

    def _replay(self, batch: Batch) -> None:
        try:
            if self._reference.apply(batch.commands) == batch.events:
                return
            message = f"the rules give other events for batch {batch.number} than it holds"
        except RecordError as error:
            message = f"batch {batch.number} cannot be replayed: {error}"
        self.blame("replay", message)
        self._replays = False

    def _audit_repeat(self, command: Command, answer: Event) -> None:
        """A command with a client id is executed once; later ones are answered the same, and say so."""
        key = command.account, command.client_id
        outcome = answer.reason, answer.order
        repeated = bool(answer.flags & Flag.REPEATED)
        if key not in self._outcomes:
            self._outcomes[key] = outcome
            if repeated:
                self.blame("twice", f"command {command.sequence} repeats what never was")
        elif not repeated:
            self.blame("twice", f"command {command.sequence} was executed again under the same client id")
        elif self._outcomes[key] != outcome:
            self.blame("twice", f"command {command.sequence} was answered otherwise than the first time")

    def _audit_answers(self) -> None:
        """Everything that was answered is in the journal, as it was answered; so is what was read."""
        for request, answer in self._heard:
            sequence = next(iter_events(answer)).sequence
            sequences = range(sequence, sequence + len(request.program))
            if sequences[-1] > self._link.sequence:
                self.blame("lost", f"command {sequence} of client {request.client} was answered and is gone")
            elif b"".join(self._events[each] for each in sequences) != answer:
                self.blame("answer", f"command {sequence} was answered otherwise than the journal has it")
            elif any(
                not _same(self._commands[each], asked)
                for each, asked in zip(sequences, request.program, strict=True)
            ):
                self.blame("answer", f"command {sequence} is another one than client {request.client} sent")
        self._heard.clear()
        if self._seen > self._link.event:
            self.blame("lost", f"event {self._seen} was read; the journal ends with {self._link.event}")

    def _audit_venue(self, venue: Venue) -> None:
        """The venue in memory is the one that the journal ends in, and its sums are right."""
        for finding in venue.check():
            self.blame("conservation", finding)
        if venue.sequence != self._link.sequence:
            self.blame("lost", f"the venue is at command {venue.sequence} of {self._link.sequence}")
        elif self._replays and venue.state_hash() != self._reference.state_hash():
            self.blame("state", f"after command {venue.sequence} the state is not that of a replay")

    # ---------------------------------------------------------------------------------- at the end

    def audit_end(self, disk: Disk, views: Tables, venue_type: type[Venue]) -> None:
        """Compare the views with new ones, row by row, and let the real check look at everything."""
        if self._report.violations:
            return
        batches = batches_of(disk)
        fresh = Tables()
        projection = Projection(fresh)
        for batch in batches:
            projection.project(batch)
        fresh.save(projection.take())
        if views.checkpoint() != fresh.checkpoint():
            self.blame("views", f"the views stand at {views.checkpoint()}, not at {fresh.checkpoint()}")
        for name, rows in fresh.rows.items():
            if views.rows[name] != rows:
                self.blame("views", f"the {name} are not those of views made anew")
        as_views: Views = views  # type: ignore[assignment]
        for finding in check(SimulatedJournal(disk), snapshots_on(disk), as_views, venue_type):
            self.blame("check", finding)

    def audit_tampering(self, disk: Disk, dice: random.Random, parts: Parts) -> None:
        """Turn over one bit of a batch behind the back of every checksum: the check must name it.

        A start either refuses the journal, or has not needed the batch and is in the right state.
        """
        bodies = [bytearray(body) for _, body, _ in records(disk.read(JOURNAL))]
        at = dice.randrange(len(bodies))
        end = dice.choice((HEAD_BYTES, len(bodies[at])))  # half of them in the columns beside the records
        bodies[at][dice.randrange(end)] ^= 1 << dice.randrange(8)
        disk.create(JOURNAL)
        disk.append(JOURNAL, b"".join(record(bytes(body)) for body in bodies))
        journal, snapshots = parts.journal(disk), snapshots_on(disk)
        if not list(check(journal, snapshots, None, parts.venue)):
            self.blame("tampering", f"nobody notices that batch {at + 1} of {len(bodies)} was changed")
        with contextlib.suppress(JournalError):
            self._audit_venue(parts.recover(journal, snapshots, parts.venue)[0])


def _told(answer: bytes) -> list[Outcome]:
    """Return reason and order of each command answered."""
    return [(event.reason, event.order) for event in iter_events(answer) if event.kind in _ANSWERS]


def _same(journaled: Command, asked: Command) -> bool:
    """Return whether a journaled command is the one that was asked for, but for what is stamped."""
    stamped = {"sequence": journaled.sequence, "time_ns": journaled.time_ns}
    if asked.kind == CommandKind.PLACE_ORDER:
        stamped["order"] = journaled.order
    return asked._replace(**stamped) == journaled
