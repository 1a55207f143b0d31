"""The sequencer: gives every command its place and time, and answers only what is on disk.

::

    submit() ─┐                              ┌─────────────── writer thread ──┐
    submit() ─┼─> waiting ─stamp, apply─> open batch ─seal─> written batch ─fsync─> durable ─> answers
    submit() ─┘                             n + 1                 n                      └──> on_batch
              └───────────────────────── event loop ──────────────────────────────────────────┘

While batch n is being written, whatever arrives is stamped and applied at once and joins the open
batch n + 1; when the disk is done with n, the open batch is sealed (hashed and chained) and takes its
place. So the rules are one batch ahead of the disk and never two, the rules and the disk work at the
same time, and the batches grow by themselves as the load does.

Invariants:

1. Nothing is answered before its batch is durable.
2. Sequences are 1, 2, 3, … without a gap; times never run backwards.
3. The commands of one submission stand side by side in one batch, and its caller gets their events only.
4. A caller that goes away changes nothing: what it submitted is executed.
5. After a failure of the journal or the rules nothing is answered, applied or written any more, because
   the venue in memory may be ahead of the disk. A restart recovers what the journal holds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import structlog

from pricetime.errors import JournalFailed, QueueFull, VenueStopped
from pricetime.ports import Batch, Clock, Journal, Snapshot
from pricetime.records import COMMAND_BYTES, EVENT_BYTES, event_array
from pricetime.runtime.chain import Link, link_of, seal
from pricetime.runtime.desk import Lane, Recipient, State
from pricetime.runtime.snapshotting import snapshot_of
from pricetime.runtime.stamping import count_commands, stamp
from pricetime.runtime.venue import Venue
from pricetime.runtime.writer import Writer, WriterThread

_log = structlog.get_logger(__name__)

Answer = tuple[Recipient, bytes]


class _Submission(NamedTuple):
    """Commands that one caller handed in together. ``answer`` gets their events."""

    commands: bytes
    size: int
    answer: Recipient


class _OpenBatch:
    """What has been applied and not yet been given to the disk."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []
        self.events: list[bytes] = []
        self.answers: list[Answer] = []
        self.count = 0


class Sequencer:
    """Takes commands from many callers on one event loop and runs them through one venue and journal.

    ``last`` is the journal's newest batch, whose state ``venue`` has. ``queue_limit`` bounds the commands
    that wait for an answer, ``batch_limit`` those journaled together (a larger submission is a batch of
    its own). Callables in ``on_batch`` are called on the loop with each durable batch, in order. ``writer``
    makes what writes to the journal.
    """

    def __init__(
        self,
        venue: Venue,
        journal: Journal,
        clock: Clock,
        *,
        last: Batch | None,
        queue_limit: int,
        batch_limit: int,
        writer: Callable[[Journal], Writer] = WriterThread,
    ) -> None:
        assert venue.sequence == link_of(last).sequence, "the venue is not in the state of the last batch"
        self.state: State = "stopping"
        self.queued = 0
        self.tells_by_number = True
        self.on_batch: list[Callable[[Batch], None]] = []
        self._venue = venue
        self._clock = clock
        self._queue_limit = queue_limit
        self._batch_limit = batch_limit
        self._durable = self._sealed = link_of(last)
        self._first_event = self._durable.event
        self._last_events: dict[int, int] = {}
        self._waiting: deque[_Submission] = deque()
        self._open = _OpenBatch()
        self._writing: list[Answer] | None = None
        self._pump_is_due = False
        self._drained = asyncio.Event()
        self._writer = writer(journal)

    # ------------------------------------------------------------------------------ what others ask

    @property
    def published(self) -> int:
        """The number of the last durable event."""
        return self._durable.event

    @property
    def sequence(self) -> int:
        """The sequence of the last durable command."""
        return self._durable.sequence

    @property
    def batches(self) -> int:
        """The number of the last durable batch."""
        return self._durable.number

    @property
    def head(self) -> Link:
        """The last durable batch, as the end of the chain."""
        return self._durable

    def last_event_of(self, account: int) -> int:
        """Return the number of the last durable event that touched the account.

        For an account that nothing has touched since the start it is the last event before the start: its
        own last event is no later than that.
        """
        return self._last_events.get(account, self._first_event)

    def validate(self, command: bytes) -> bytes:
        """Return the answer that one command would get now, and change nothing."""
        count_commands(command)
        return self._venue.validate(command)

    def snapshot(self) -> Snapshot:
        """Return the state after the last batch, once stopped; VenueStopped where memory is ahead of disk."""
        if self.state != "stopping" or self.queued or self._venue.sequence != self.sequence:
            raise VenueStopped("a snapshot is only taken of a venue that has stopped and written everything")
        return snapshot_of(self._venue, self.batches, self._durable.hash)

    # -------------------------------------------------------------------------------- start and stop

    async def start(self) -> None:
        """Take submissions from now on."""
        self._loop = asyncio.get_running_loop()
        self._writer.start(self._on_durable, self._on_failed)
        self.state = "running"

    async def stop(self) -> None:
        """Refuse new submissions, answer those taken, and end the writer. Final, and safe to call twice."""
        if self.state == "running":
            self.state = "stopping"
        if self.queued:
            await self._drained.wait()
        await self._writer.stop()

    # ------------------------------------------------------------------------------------ 1. collect

    async def submit(self, commands: bytes, *, request: str = "") -> bytes:
        """Run unstamped commands side by side and return exactly their events, once they are durable.

        QueueFull: too many wait. VenueStopped, JournalFailed: the venue does not answer any more; whether
        commands that were taken before that are executed shows after a restart. RecordError: no commands.
        """
        return await self.hand_in(commands, request=request)

    def hand_in(
        self,
        commands: bytes,
        lane: Lane | None = None,  # noqa: ARG002 - all stand in one line
        *,
        request: str = "",
    ) -> asyncio.Future[bytes]:
        """Do what ``submit`` does without waiting; the future has the events before ``on_batch`` is told."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.hand_in_for(answer, commands, request=request)
        return answer

    def hand_in_for(
        self,
        answer: Recipient,
        commands: bytes,
        *,
        request: str = "",  # noqa: ARG002 - nobody else has to do with it
    ) -> None:
        """Do what ``hand_in`` does for somebody who is told as a future would be."""
        count = count_commands(commands)
        if self.state != "running":
            raise self._refusal()
        if self.queued + count > self._queue_limit:
            raise QueueFull
        self._waiting.append(_Submission(commands, count, answer))
        self.queued += count
        self._pump_soon()

    def _refusal(self) -> JournalFailed | VenueStopped:
        return JournalFailed() if self.state == "failed" else VenueStopped()

    def _pump_soon(self) -> None:
        """Run the pump in the loop's next round, so that all who submit in this round share it."""
        if not self._pump_is_due:
            self._pump_is_due = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._pump_is_due = False
        if self.state == "failed":
            return
        try:
            if self._waiting:
                self._apply_waiting()
            self._write_open()
        except Exception as error:  # noqa: BLE001 - whatever it is, the state in memory is not to be trusted
            _log.exception("the rules failed")
            self._fail(JournalFailed(f"The rules failed ({error!r}). Restart the venue."))

    def _fitting(self) -> list[_Submission]:
        """Return the head of the queue that has room in the open batch; an empty batch has room for one."""
        room = self._batch_limit - self._open.count
        fitting: list[_Submission] = []
        for submission in self._waiting:
            if submission.size > room and (fitting or self._open.count):
                break
            room -= submission.size
            fitting.append(submission)
        return fitting

    # ---------------------------------------------------------------------------- 2. stamp and apply

    def _apply_waiting(self) -> None:
        """Apply what fits; it leaves the queue afterwards, so that all are told should the rules fail."""
        if not (taken := self._fitting()):
            return
        venue = self._venue
        first = venue.sequence + 1
        now_ns = max(self._clock.now_ns(), venue.time_ns)
        commands = stamp(b"".join([submission.commands for submission in taken]), first, now_ns)
        events = venue.apply(commands)
        count = len(commands) // COMMAND_BYTES
        assert venue.sequence == first + count - 1, "the rules have left out a command"
        assert events, "the rules have not answered"
        for _ in taken:
            self._waiting.popleft()
        self._open.commands.append(commands)
        self._open.events.append(events)
        self._open.answers += _cut(taken, first, events)
        self._open.count += count

    # ------------------------------------------------------------------------------ 3. seal and write

    def _write_open(self) -> None:
        """Give the open batch to the disk, if the disk is free and there is one."""
        if self._writing is not None or not self._open.count:
            return
        full, self._open = self._open, _OpenBatch()
        batch = seal(self._sealed, b"".join(full.commands), b"".join(full.events))
        self._sealed = link_of(batch)
        self._writer.write(batch)
        self._writing = full.answers
        if self._waiting:
            self._pump_soon()

    # -------------------------------------------------------------------------------------- 4. answer

    def _on_durable(self, batch: Batch) -> None:
        if self.state == "failed" or self._writing is None:
            return
        answers, self._writing = self._writing, None
        self._write_open()  # first of all, so that the disk has work again
        self._durable = link_of(batch)
        self._note_accounts(batch.events)
        for answer, events in answers:
            if not answer.done():  # a caller that went away has cancelled it
                answer.set_result(events)
        self.queued -= len(batch.commands) // COMMAND_BYTES
        if self._waiting:
            self._pump_soon()
        if not self.queued and self.state == "stopping":
            self._drained.set()
        self._call_hooks(batch)

    def _call_hooks(self, batch: Batch) -> None:
        for hook in self.on_batch:
            try:
                hook(batch)
            except Exception:  # noqa: BLE001 - a listener's fault must not stop the venue
                _log.exception("a listener to batches failed; the others go on", batch=batch.number)

    def _note_accounts(self, events: bytes) -> None:
        """Remember the last event of each account; the later event of an account overwrites the earlier.

        Events of one account stand side by side, and of such a run only the last one counts.
        """
        array = event_array(events)
        accounts = array["account"].copy()
        ends = np.append(np.flatnonzero(accounts[1:] != accounts[:-1]), len(accounts) - 1)
        self._last_events.update(zip(accounts[ends].tolist(), array["number"][ends].tolist(), strict=True))

    # ---------------------------------------------------------------------------------------- failing

    def _on_failed(self, error: Exception) -> None:
        self._fail(
            error if isinstance(error, JournalFailed) else JournalFailed(f"{JournalFailed()} ({error!r})")
        )

    def _fail(self, error: JournalFailed) -> None:
        self.state = "failed"
        unanswered = [answer for answer, _ in (*(self._writing or ()), *self._open.answers)]
        unanswered += [submission.answer for submission in self._waiting]
        for answer in unanswered:
            if not answer.done():
                answer.set_exception(JournalFailed(str(error)))
        self._writing, self._open = None, _OpenBatch()
        self._waiting.clear()
        self.queued = 0
        self._drained.set()


def _cut(submissions: list[_Submission], first: int, events: bytes) -> list[Answer]:
    """Pair each submission's future with its own events: those whose sequences are its commands'."""
    if len(submissions) == 1:
        return [(submissions[0].answer, events)]
    ends = np.add.accumulate([submission.size for submission in submissions]) + first
    cuts = event_array(events)["sequence"].copy().searchsorted(ends) * EVENT_BYTES
    answers, start = [], 0
    for submission, end in zip(submissions, cuts.tolist(), strict=True):
        answers.append((submission.answer, events[start:end]))
        start = end
    return answers
