"""Verifying the journals of all partitions while the venue runs: ``runtime.verification`` for many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from pricetime.errors import JournalError
from pricetime.ports import PartitionJournal
from pricetime.rules.partitions.routing import Address
from pricetime.runtime.partition_chain import PartitionLink, verify
from pricetime.runtime.verification import VerificationState

_BATCHES_AT_ONCE: Final = 100
_log = structlog.get_logger(__name__)


class PartitionVerification:
    """The last verification of all journals, if any; one runs at a time.

    The journals grow meanwhile, so ``total`` is what was there when each was begun.
    """

    def __init__(
        self, addresses: Iterable[Address], journal_of: Callable[[Address], PartitionJournal]
    ) -> None:
        self.state: VerificationState = "none"
        self.done = self.total = 0
        self.detail = ""
        self._addresses = tuple(addresses)
        self._journal_of = journal_of
        self._task: asyncio.Task[None] | None = None

    def start(self) -> bool:
        """Begin with the first batch of each, and return True; where one is running, leave it alone."""
        if self.state == "running":
            return False
        self.state, self.done, self.total, self.detail = "running", 0, 0, ""
        self._task = asyncio.get_running_loop().create_task(self._run())
        return True

    async def stop(self) -> None:
        """Give up the one that is running."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            for address in self._addresses:
                await self._verify(self._journal_of(address))
        except JournalError as error:
            self.state, self.detail = "failed", str(error)
            _log.error("a journal failed its verification", error=self.detail)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody awaits this task
            self.state, self.detail = "failed", "The verification itself failed; the log says why."
            _log.exception("the verification of the journals failed", error=str(error))
        else:
            self.state = "passed"
            self.detail = f"All {self.done:,} batches carry the hashes they should."

    async def _verify(self, journal: PartitionJournal) -> None:
        end = PartitionLink()
        while page := await journal.read(end.number, _BATCHES_AT_ONCE):
            for batch in page:
                end = verify(batch, end)
                self.done += 1
            self.total = max(self.total, self.done)
            await asyncio.sleep(0)
