"""Verifying the journals of all partitions while the venue runs: ``runtime.verification`` for many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from pricetime.ports import PartitionJournal
from pricetime.records.routing import Address
from pricetime.runtime.partition_chain import PartitionLink, verify
from pricetime.runtime.verification import VerificationRun

_BATCHES_AT_ONCE: Final = 100
_log = structlog.get_logger(__name__)


class PartitionVerification(VerificationRun):
    """Verifies the journals of all partitions, one after the other.

    They grow meanwhile, so ``total`` is what has been found so far.
    """

    def __init__(
        self, addresses: Iterable[Address], journal_of: Callable[[Address], PartitionJournal]
    ) -> None:
        super().__init__()
        self._addresses = tuple(addresses)
        self._journal_of = journal_of

    async def verify(self) -> None:
        """Follow the chain of each journal."""
        for address in self._addresses:
            await self._verify(self._journal_of(address))

    async def _verify(self, journal: PartitionJournal) -> None:
        end = PartitionLink()
        while page := await journal.read(end.number, _BATCHES_AT_ONCE):
            for batch in page:
                end = verify(batch, end)
                self.done += 1
            self.total = max(self.total, self.done)
            await asyncio.sleep(0)
