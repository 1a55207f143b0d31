"""Processes that hash passwords, kept busy from the event loop.

::

    crypt() ──> queue ──> worker 1: up to ``depth`` questions in its pipe ──> answers, in order
                     └──> worker 2: …

Processes and not threads: a thread would take turns at Python with the loop for every hash, which at low
costs takes as long as the hash itself. A worker that dies is replaced, and what it had not answered is asked
again; questions over which a second one dies are answered with an error.

Where more is asked than the processes can do, those who have an account are let in before new ones are
opened: a newcomer logs in next, and taking turns would keep everybody waiting twice. One turn in eight goes
to the others all the same, so that a flood of log-ins cannot shut them out.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

import structlog

from pricetime.adapters.bcrypt_worker import HASH_BYTES, question
from pricetime.errors import AccountsFailed, VenueStopped

_COMMAND: Final = (sys.executable, "-m", "pricetime.adapters.bcrypt_worker")
_READ_BYTES: Final = 64 * HASH_BYTES
_NONE: Final = bytes(HASH_BYTES)
_log = structlog.get_logger(__name__)


class _Question(NamedTuple):
    text: bytes
    answer: asyncio.Future[bytes]
    is_urgent: bool
    is_second_try: bool = False


class _Queue:
    """Questions that wait, in two lines; ``urgent`` ones go first, but for one turn in ``TURNS``."""

    TURNS: Final = 8

    def __init__(self) -> None:
        self._urgent: deque[_Question] = deque()
        self._others: deque[_Question] = deque()
        self._turn = 0

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others)

    def add(self, asked: _Question) -> None:
        """Let a question wait behind those of its kind."""
        (self._urgent if asked.is_urgent else self._others).append(asked)

    def add_again(self, asked: Iterable[_Question]) -> None:
        """Let questions wait that have waited before, in front of all others."""
        self._urgent.extendleft(reversed(list(asked)))

    def take(self) -> _Question | None:
        """Return the next question whose asker has not given up."""
        while self._urgent or self._others:
            asked = self._line().popleft()
            if not asked.answer.done():
                return asked
        return None

    def _line(self) -> deque[_Question]:
        """Return the line whose turn it is."""
        if not self._urgent or not self._others:
            return self._urgent or self._others
        self._turn = (self._turn + 1) % self.TURNS
        return self._urgent if self._turn else self._others


class _Worker:
    """One process and what it has not answered yet."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - a constant
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.asks_at, self.answers_at = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.asked: deque[_Question] = deque()
        self.unread = b""

    def end(self) -> None:
        """End the process, which holds nothing that is missed, and release its pipes."""
        self.process.kill()
        self.process.communicate()


class BcryptWorkers:
    """``count`` processes with at most ``depth`` questions each. They start with the first question."""

    def __init__(self, count: int, depth: int) -> None:
        self._count = count
        self._depth = depth
        self._workers: list[_Worker] = []
        self._queue = _Queue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    async def crypt(self, digest: bytes, setting: bytes, *, urgent: bool) -> bytes:
        """Return bcrypt's hash; ValueError where the setting is none, AccountsFailed, VenueStopped."""
        if self._is_closed:
            raise VenueStopped
        self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._queue.add(_Question(question(digest, setting), answer, is_urgent=urgent))
        self._hand_out()
        found = await answer
        if found == _NONE:
            raise ValueError("this is no hash of bcrypt")
        return found

    def close(self) -> None:
        """Tell all who wait that the venue stops, and end the processes; safe to call twice."""
        self._is_closed = True
        for worker in self._workers:
            self._part_with(worker)
            self._queue.add_again(worker.asked)
        self._workers.clear()
        while (asked := self._queue.take()) is not None:
            asked.answer.set_exception(VenueStopped())

    def _hand_out(self) -> None:
        """Give what waits to the workers that have the least to do."""
        while len(self._queue) and (worker := self._free_worker()) is not None:
            if (asked := self._queue.take()) is not None:
                self._ask(worker, asked)

    def _free_worker(self) -> _Worker | None:
        worker = min(self._workers, key=lambda each: len(each.asked), default=None)
        if worker is None or (worker.asked and len(self._workers) < self._count):
            return self._start()
        return worker if len(worker.asked) < self._depth else None

    def _ask(self, worker: _Worker, asked: _Question) -> None:
        worker.asked.append(asked)
        try:
            os.write(worker.asks_at, asked.text)  # so few of so few bytes always fit into the pipe
        except BrokenPipeError:
            return  # it is gone; the end of its answers is about to say so

    def _start(self) -> _Worker:
        worker = _Worker()
        self._workers.append(worker)
        assert self._loop is not None
        self._loop.add_reader(worker.answers_at, self._read, worker)
        return worker

    def _read(self, worker: _Worker) -> None:
        received = os.read(worker.answers_at, _READ_BYTES)
        if not received:
            self._replace(worker)
            return
        worker.unread += received
        while len(worker.unread) >= HASH_BYTES:
            found, worker.unread = worker.unread[:HASH_BYTES], worker.unread[HASH_BYTES:]
            answer = worker.asked.popleft().answer
            if not answer.done():
                answer.set_result(found)
        self._hand_out()

    def _replace(self, worker: _Worker) -> None:
        self._part_with(worker)
        self._workers.remove(worker)
        _log.error("a process that hashes passwords has ended; it is replaced", asked=len(worker.asked))
        for each in worker.asked:
            if each.is_second_try and not each.answer.done():
                each.answer.set_exception(
                    AccountsFailed(
                        "Passwords cannot be hashed: the processes for it keep ending. See the log."
                    )
                )
        again = [each for each in worker.asked if not each.answer.done()]
        self._queue.add_again(each._replace(is_second_try=True) for each in again)
        self._hand_out()

    def _part_with(self, worker: _Worker) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(worker.answers_at)
        worker.end()
