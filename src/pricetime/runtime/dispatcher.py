"""The dispatcher: the desk of one service among many.

::

    hand_in ─ sequence, time ─> line of a ledger ─ messages, one at a time ─> its queue
                                                                               ⋮  ledgers, books, views
    answer <─ all its events, and all that they touch has settled <─ notices ──┘

It knows no market. It gives commands their sequences, sends them to the ledgers where they begin, and
collects their events from the notices of the views. What a notice tells, the views hold; so whoever has
an answer finds its effects in every list, whichever service is asked.

Invariants:

1. A command is answered when its ACCEPTED or DENIED is heard, each ledger that a book has told of its
   trades is heard to have settled them, and all that its ledger had heard of books is heard here, too.
2. To a ledger one message is under way at a time, and it is sent again, unchanged, until the broker has
   confirmed it; so the ledger sees each number once, or again, and never a gap.
3. Events of commands with a lane are told when their submission is answered: whole, the answer to each
   command first, and in the order of the lane. All other events are told as they are heard.
4. What waits is bounded, and so is how long: an answer that does not come in time is ``AnswerLate``, and
   what has not been sent by then never is.
5. A notice that is lost is found in the journal: when the next of its partition comes, when the service
   listens again, or while answers wait for long (``catch_up``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

import structlog

from pricetime.errors import AnswerLate, PricetimeError, QueueFull, VenueStopped
from pricetime.ports import Batch, Clock, Notice, Outputs
from pricetime.records import (
    COMMAND_BYTES,
    EVENT_BYTES,
    Command,
    CommandKind,
    EventKind,
    event_array,
    iter_commands,
)
from pricetime.records.fields import EVENT_FIELDS
from pricetime.records.routing import Address, Room, Topology
from pricetime.runtime.desk import Lane, Recipient, State
from pricetime.runtime.heard import HeardJournal
from pricetime.runtime.line import Line
from pricetime.runtime.numbering import SEQUENCE_STEP, Sequences
from pricetime.runtime.stamping import count_commands, stamp

_KIND_AT: Final = [field.name for field in EVENT_FIELDS].index("kind")
_ANSWERS: Final = frozenset((int(EventKind.ACCEPTED), int(EventKind.DENIED)))
_SWEEP_S: Final = 1.0
_LATE_S: Final = 5.0
_KNOWN_BEFORE: Final = 20
"""Batches of a partition that a service looks at when it begins to hear it."""
_log = structlog.get_logger(__name__)


class _Submission:
    """Commands that one caller handed in together."""

    __slots__ = ("answer", "lane", "missing", "parts", "request", "sequences", "until_s")

    def __init__(
        self, answer: Recipient, sequences: range, until_s: float, lane: Lane | None, request: str
    ) -> None:
        self.answer = answer
        self.sequences = sequences
        self.lane = lane
        self.parts: list[list[bytes]] = [[] for _ in sequences]
        """The events of each command, its answer first."""
        self.missing = len(sequences)
        self.until_s = until_s
        self.request = request

    @property
    def events(self) -> bytes:
        """What has been heard of it."""
        return b"".join([event for part in self.parts for event in part])


class _UnderWay:
    """A command that is not answered yet."""

    __slots__ = ("command", "is_answered", "lacks", "place", "submission", "waits")

    def __init__(self, command: Command, submission: _Submission, place: int) -> None:
        self.command = command
        self.submission = submission
        self.place = place
        self.is_answered = False
        self.waits: dict[tuple[Address, Address], int] = {}
        """By partition and source: the message that the partition has yet to hear of."""
        self.lacks: dict[tuple[Address, Address], int] = {}
        """By book and ledger: the message whose notice has yet to come, and with it what the book did."""


class Dispatcher:
    """Stands where a venue in one process has its sequencer; ``address`` is this service's own.

    ``queue_limit`` bounds the commands that wait for an answer, ``answer_wait_s`` how long one may,
    ``batch_bytes`` the events that are told at once; ``missed(partition, batch)`` finds some notices of
    batches after one, ``held()`` the last batch of each partition that every reader finds in the views;
    ``may_number`` tells whether sequences may be given.
    """

    def __init__(
        self,
        address: Address,
        topology: Topology,
        sequences: Sequences,
        clock: Clock,
        heard: HeardJournal,
        *,
        missed: Callable[[Address, int], Awaitable[Sequence[Notice]]],
        held: Callable[[], Awaitable[Mapping[Address, int]]],
        may_number: Callable[[], bool] = lambda: True,
        queue_limit: int,
        answer_wait_s: float,
        batch_bytes: int = 1_000 * EVENT_BYTES,
    ) -> None:
        self.queued = 0
        self.tells_by_number = False
        self.on_batch: list[Callable[[Batch], None]] = []
        self.heard = heard
        self.answered = 0
        """Commands that were answered."""
        self._topology = topology
        self._sequences = sequences
        self._missed = missed
        self._held = held
        self._may_number = may_number
        self._clock = clock
        self._queue_limit = queue_limit
        self._answer_wait_s = answer_wait_s
        self._batch_bytes = batch_bytes // EVENT_BYTES * EVENT_BYTES
        self._is_stopping = False
        self._drained = asyncio.Event()
        self._lines = {
            ledger: Line(address, ledger) for ledger in topology.addresses() if ledger.room == Room.LEDGER
        }
        self._underway: dict[int, _UnderWay] = {}
        self._waiting_for: dict[Address, dict[_UnderWay, None]] = {}
        self._reached: dict[Address, dict[Address, int]] = {}
        """What each partition has heard of each source."""
        self._sent: dict[Address, dict[Address, int]] = {}
        """What each partition has sent to each destination, since the first that was heard of."""
        self._last: dict[Address, int] = {}
        """The last batch of each partition that was heard of."""
        self._begun: set[Address] = set()
        """Partitions of which is known what they did before the first notice."""
        self._submissions: deque[_Submission] = deque()

    # ------------------------------------------------------------------------------ what others ask

    @property
    def state(self) -> State:
        """Whether commands are taken."""
        return "stopping" if self._is_stopping else "running"

    @property
    def published(self) -> int:
        """The position of the last event that was heard."""
        return self.heard.position

    @property
    def sequence(self) -> int:
        """The last sequence that was given here."""
        return self._sequences.last

    @property
    def batches(self) -> int:
        """Notices that were heard."""
        return self.heard.number

    def last_event_of(self, account: int) -> int:  # noqa: ARG002 - whatever was answered, the views hold
        """Return 0: there is nothing to wait for."""
        return 0

    def validate(self, command: bytes) -> bytes | None:
        """Leave it to the ledger."""
        count_commands(command)
        return None

    # ---------------------------------------------------------------------------------- commands out

    async def submit(self, commands: bytes, *, request: str = "") -> bytes:
        """Run commands and return exactly their events, those of the first first; AnswerLate, QueueFull."""
        return await self.hand_in(commands, request=request)

    def hand_in(
        self, commands: bytes, lane: Lane | None = None, *, request: str = ""
    ) -> asyncio.Future[bytes]:
        """Do what ``submit`` does without waiting."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.hand_in_for(answer, commands, lane, request=request)
        return answer

    def hand_in_for(
        self, answer: Recipient, commands: bytes, lane: Lane | None = None, *, request: str = ""
    ) -> None:
        """Do what ``hand_in`` does for somebody who is told as a future would be."""
        count = count_commands(commands)
        if self._is_stopping:
            raise VenueStopped
        if not self._may_number():
            raise VenueStopped("This service has lost its numbers, for the database is away. Try again soon.")
        if self.queued + count > self._queue_limit:
            raise QueueFull
        now_s = asyncio.get_running_loop().time()
        first = self._sequences.take(count)
        sequences = range(first, first + count * SEQUENCE_STEP, SEQUENCE_STEP)
        submission = _Submission(answer, sequences, now_s + self._answer_wait_s, lane, request)
        if lane is not None:
            lane.append(submission)
        stamped = stamp(commands, first, self._clock.now_ns(), step=SEQUENCE_STEP)
        for place, command in enumerate(iter_commands(stamped)):
            self._underway[command.sequence] = _UnderWay(command, submission, place)
            record = stamped[place * COMMAND_BYTES : (place + 1) * COMMAND_BYTES]
            self._lines[self._topology.entry_of(command)].put(record, command.sequence, request)
        self._submissions.append(submission)
        self.queued += count

    async def send(self, outputs: Outputs) -> None:
        """Send what is handed in through ``outputs``, until cancelled; BrokerFailed where that is over.

        What is not confirmed by then goes first the next time.
        """
        async with asyncio.TaskGroup() as lines:
            for line in self._lines.values():
                lines.create_task(line.run(outputs))

    async def sweep(self) -> None:
        """Give up answers that do not come, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            now_s = asyncio.get_running_loop().time()
            while self._submissions and self._submissions[0].until_s <= now_s:
                submission = self._submissions.popleft()
                if submission.missing:
                    self._give_up(submission)

    def _give_up(self, submission: _Submission) -> None:
        late = [self._underway[sequence] for sequence in submission.sequences if sequence in self._underway]
        for each in late:
            self._lines[self._topology.entry_of(each.command)].drop(each.command.sequence)
            self._forget(each)
        sequence = late[0].command.sequence if late else 0
        _log.warning("an answer is late", request_id=submission.request, sequence=sequence)
        if not submission.answer.done():
            submission.answer.set_exception(AnswerLate())
        if submission.lane is not None:
            submission.lane.remove(submission)
            self._tell(submission.events)
            self._tell_lane(submission.lane)

    async def stop(self, patience_s: float) -> None:
        """Refuse new commands, and wait a while for the answers of those that were taken."""
        self._is_stopping = True
        if self.queued:
            try:
                async with asyncio.timeout(patience_s):
                    await self._drained.wait()
            except TimeoutError:
                _log.warning("stopping without some answers", commands=self.queued)

    # ------------------------------------------------------------------------------------ notices in

    async def hear(self, notice: Notice) -> None:
        """Take in a notice, and before it those that were missed; one that was heard is passed over."""
        last = self._last.setdefault(notice.partition, notice.batch - 1)
        if last < notice.batch - 1:
            await self._take_in_up_to(notice.partition, notice.batch - 1)
        if notice.batch > self._last[notice.partition]:
            self._take_in(notice)

    async def catch_up(self) -> None:
        """Take in all that the views hold and was not heard; where nothing was heard yet, begin behind it.

        PricetimeError where that cannot be read. Notices may be heard meanwhile.
        """
        held = await self._held()
        for partition in self._topology.addresses():
            batch = held.get(partition, 0)
            if partition not in self._begun:
                await self._begin(partition, batch)
            if batch > self._last.get(partition, batch):
                await self._take_in_up_to(partition, batch)

    async def keep_up(self) -> None:
        """Catch up while answers wait for long, until cancelled: a notice that they need may be lost."""
        while True:
            await asyncio.sleep(_LATE_S)
            late_s = asyncio.get_running_loop().time() + self._answer_wait_s - _LATE_S
            if self._submissions and self._submissions[0].until_s < late_s:
                try:
                    await self.catch_up()
                except PricetimeError as error:
                    _log.warning("what was missed cannot be read", error=str(error))

    async def _begin(self, partition: Address, batch: int) -> None:
        """Hear a partition from ``batch`` on, knowing what it had sent and heard of lately.

        Views that are far behind are being made anew, and what is told next does not follow on what they
        hold: such a partition is heard from its next notice on.
        """
        if batch < 0:
            return
        first = max(0, batch - _KNOWN_BEFORE)
        found = await self._missed(partition, first)
        if found and found[-1].batch > batch + _KNOWN_BEFORE:
            return
        sent = dict.fromkeys(self._topology.addresses(), 0) if first == 0 else {}
        heard: dict[Address, int] = {}
        for each in found:
            if each.batch <= batch:
                sent.update(each.sent)
                heard.update(each.heard)
        self._last.setdefault(partition, batch)
        self._sent[partition] = sent | self._sent.get(partition, {})
        self._reached[partition] = heard | self._reached.get(partition, {})
        self._begun.add(partition)

    async def _take_in_up_to(self, partition: Address, batch: int) -> None:
        """Take in what the journal has between the last that was heard and ``batch``, which is held."""
        while (last := self._last[partition]) < batch:
            missed = await self._missed(partition, last)
            if not missed:
                _log.warning("notices are missing", partition=str(partition), after=last)
                return
            for each in missed:
                if self._last[partition] < each.batch <= batch:
                    self._take_in(each)

    def _take_in(self, notice: Notice) -> None:
        """Answer what a notice completes, and tell those who listen."""
        self._last[notice.partition] = notice.batch
        self._reached.setdefault(notice.partition, {}).update(notice.heard)
        self._sent.setdefault(notice.partition, {}).update(notice.sent)
        events = self._collect(notice) if notice.events else b""
        self._let_go(notice.partition)
        self._tell(events)

    def _collect(self, notice: Notice) -> bytes:
        """Give each command under way its events of a notice, and return those that are told now."""
        events = notice.events
        told, kept = [], 0
        for sequence, start, end in _by_command(events):
            each = self._underway.get(sequence)
            if each is None:  # most commands are those of other services
                continue
            if each.submission.lane is not None:
                told.append(events[kept:start])
                kept = end
            self._take(each, notice, events[start:end])
        return b"".join([*told, events[kept:]]) if kept else events

    def _tell(self, events: bytes) -> None:
        """Tell those who listen of events, in batches of bounded size."""
        parts = [events[at : at + self._batch_bytes] for at in range(0, len(events), self._batch_bytes)]
        for batch in [self.heard.hear(part, self._clock.now_ns()) for part in parts]:
            for hook in self.on_batch:
                try:
                    hook(batch)
                except Exception:  # noqa: BLE001 - a listener's fault must not stop the service
                    _log.exception("a listener to batches failed; the others go on")

    def _tell_lane(self, lane: Lane) -> None:
        """Answer and tell what is complete at the head of a lane."""
        while lane and not lane[0].missing:
            first: _Submission = lane.popleft()
            self._answer(first)
            self._tell(first.events)

    def _answer(self, submission: _Submission) -> None:
        if not submission.answer.done():
            submission.answer.set_result(submission.events)

    def _take(self, each: _UnderWay, notice: Notice, events: bytes) -> None:
        part = each.submission.parts[each.place]
        if events[_KIND_AT] in _ANSWERS:
            each.is_answered = True
            part.insert(0, events)
            self._wait_for_books(each, notice.partition)
        else:
            part.append(events)
        concerned = self._concerned(each.command, notice, events)
        for destination, number in notice.sent:
            if destination in concerned:
                each.waits[destination, notice.partition] = number
                self._waiting_for.setdefault(destination, {})[each] = None
        self._finish(each)

    def _wait_for_books(self, each: _UnderWay, ledger: Address) -> None:
        """Let an answer wait until the views hold what its ledger knew.

        What a ledger answers may rest on what books have told it, such as that an order has been placed
        before; and each journal comes to the views at its own pace.
        """
        for book, number in self._reached[ledger].items():
            if book.room == Room.BOOK and self._sent.get(book, {}).get(ledger, number) < number:
                each.lacks[book, ledger] = number
                self._waiting_for.setdefault(book, {})[each] = None

    def _concerned(self, command: Command, notice: Notice, events: bytes) -> set[Address]:
        """Return which partitions have to hear what left with events of a command before it is answered.

        A book tells the ledgers of both sides. An order's ledger waits for the book's answer anyway, except
        where it answers itself: a CANCEL_ALL is over when the books have cancelled.
        """
        if notice.partition.room == Room.BOOK:
            array = event_array(events)
            accounts = set(array["account"].tolist()) | set(array["maker_account"].tolist())
            return {self._topology.ledger_of(account) for account in accounts if account}
        if command.kind != CommandKind.CANCEL_ALL:
            return set()
        return {destination for destination, _ in notice.sent if destination.room == Room.BOOK}

    def _let_go(self, partition: Address) -> None:
        """Finish what has waited for a partition to hear of it."""
        for each in tuple(self._waiting_for.get(partition, ())):
            self._finish(each)

    def _finish(self, each: _UnderWay) -> None:
        """Answer a submission whose last command has come to its end."""
        if not each.is_answered or self._still_waits(each) or each.command.sequence not in self._underway:
            return
        self._forget(each)
        self.answered += 1
        submission = each.submission
        submission.missing -= 1
        if not submission.missing:
            if submission.lane is None:
                self._answer(submission)
            else:
                self._tell_lane(submission.lane)
        while self._submissions and not self._submissions[0].missing:
            self._submissions.popleft()

    def _still_waits(self, each: _UnderWay) -> bool:
        return any(
            self._reached.get(partition, {}).get(source, 0) < number
            for (partition, source), number in each.waits.items()
        ) or any(self._sent[book][ledger] < number for (book, ledger), number in each.lacks.items())

    def _forget(self, each: _UnderWay) -> None:
        self._underway.pop(each.command.sequence, None)
        for partition, _ in (*each.waits, *each.lacks):
            self._waiting_for.get(partition, {}).pop(each, None)
        self.queued -= 1
        if not self.queued and self._is_stopping:
            self._drained.set()


def _by_command(events: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield sequence, start and end of runs of events of one command, which may have several."""
    start = end = 0
    for sequence, run in groupby(event_array(events)["sequence"].tolist()):
        end += EVENT_BYTES * sum(1 for _ in run)
        yield sequence, start, end
        start = end
