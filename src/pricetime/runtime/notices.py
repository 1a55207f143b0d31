"""Notices: what a journaled batch tells to those who do not need all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pricetime.ports import Notice, NoticeSender, PartitionBatch
from pricetime.records.routing import EVENTS, Address


class GatheredNotices:
    """A way of notices that many use at once: what comes while something leaves, leaves next, together.

    Whoever hears notices pays for each message, so there are fewer of them the more there is to tell.
    """

    def __init__(self, way: NoticeSender) -> None:
        self._way = way
        self._waiting: list[tuple[Sequence[Notice], asyncio.Future[None]]] = []
        self._leaving: asyncio.Task[None] | None = None

    async def publish(self, notices: Sequence[Notice]) -> None:
        """Return when these are told; BrokerFailed where it is not known. Others may be told with them."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((notices, told))
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave())
        await told

    async def _leave(self) -> None:
        """Tell what waits until nothing does."""
        while self._waiting:
            taken, self._waiting = self._waiting, []
            failure: Exception | None = None
            try:
                await self._way.publish([notice for notices, _ in taken for notice in notices])
            except Exception as error:  # noqa: BLE001 - it is for those who wait, whatever it is
                failure = error
            for _, told in taken:
                if told.done():  # nobody waits for it any more
                    continue
                if failure is None:
                    told.set_result(None)
                else:
                    told.set_exception(failure)
        self._leaving = None


def told_by(batch: PartitionBatch) -> bytes:
    """Return the events of a batch that everybody is told."""
    return b"".join(output.records for output in batch.outputs if output.destination == EVENTS)


def notice_of(batch: PartitionBatch) -> Notice:
    """Return the notice of a batch."""
    heard: dict[Address, int] = {}
    for message in batch.inputs:
        heard[message.source] = message.number  # those of a source are in order
    return Notice(
        batch.partition,
        batch.number,
        told_by(batch),
        tuple(heard.items()),
        tuple((each.destination, each.number) for each in batch.outputs if each.destination != EVENTS),
    )
