"""Verifying the journal's chain of hashes while the venue runs.

The journal is read in small pieces, each in a thread, and between two pieces there is a rest as long as the
work before it: orders go before. Reading verifies; and the end must be the batch that the venue remembers
as its newest, so that batches cut off the end show as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Final, Literal

import structlog

from pricetime.errors import JournalError, JournalTampered, JournalTorn
from pricetime.ports import Journal
from pricetime.runtime.chain import Link

_BATCHES_AT_ONCE: Final = 16
_log = structlog.get_logger(__name__)

VerificationState = Literal["none", "running", "passed", "failed"]


class VerificationRun:
    """The last verification, if any; one runs at a time. ``verify`` says how it is done."""

    def __init__(self) -> None:
        self.state: VerificationState = "none"
        self.done = 0
        """Batches that were found to be right."""
        self.total = 0
        """Batches that there were when it began, as far as is known."""
        self.detail = ""
        """A sentence on how it ended."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> bool:
        """Begin with the first batch, and return True; where one is running, leave it alone."""
        if self.state == "running":
            return False
        self.state, self.done, self.total, self.detail = "running", 0, 0, ""
        self.begin()
        self._task = asyncio.get_running_loop().create_task(self._run())
        return True

    async def stop(self) -> None:
        """Give up the one that is running."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def begin(self) -> None:
        """Take note of what there is now."""

    async def verify(self) -> None:
        """Go through all batches and count those that are ``done``; JournalError names one that is wrong."""
        raise NotImplementedError

    async def _run(self) -> None:
        began = perf_counter()
        try:
            await self.verify()
        except JournalError as error:
            self.state, self.detail = "failed", str(error)
            _log.error("the journal failed its verification", error=self.detail)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody awaits this task
            self.state, self.detail = "failed", "The verification itself failed; the log says why."
            _log.exception("the verification of the journal failed", error=str(error))
        else:
            self.state, self.detail = "passed", f"All {self.done:,} batches carry the hashes they should."
            _log.info("the journal is verified", batches=self.done, seconds=round(perf_counter() - began, 3))


class Verification(VerificationRun):
    """Verifies one journal up to ``head``, the newest durable batch when it begins."""

    def __init__(self, journal: Journal, head: Callable[[], Link]) -> None:
        super().__init__()
        self._journal = journal
        self._head = head

    def begin(self) -> None:
        """Take note of the end."""
        self._end = self._head()
        self.total = self._end.number

    async def verify(self) -> None:
        """Read to the end, in pieces."""
        while self.done < self._end.number:
            self.done = await self._piece(self._end)

    async def _piece(self, end: Link) -> int:
        """Verify some more batches, rest, and return the number of the last one that is right."""
        began = perf_counter()
        limit = min(_BATCHES_AT_ONCE, end.number - self.done)
        batches = await asyncio.to_thread(self._journal.read, self.done, limit)
        if not batches:
            raise JournalTorn(f"batch {self.done + 1} is missing at the end of the journal")
        newest = batches[-1]
        if newest.number == end.number and newest.hash != end.hash:
            raise JournalTampered(f"batch {newest.number} is not the one that this venue wrote")
        await asyncio.sleep(perf_counter() - began)
        return newest.number
