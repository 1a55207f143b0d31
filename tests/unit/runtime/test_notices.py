"""Notices of many followers leave together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from pricetime.errors import BrokerFailed
from pricetime.ports import Notice
from pricetime.records.routing import Address, Room
from pricetime.runtime.notices import GatheredNotices


def notice(partition: int, batch: int) -> Notice:
    return Notice(Address(Room.BOOK, partition), batch, b"", (), ())


class Way:
    """Takes messages one at a time, each when it is let through."""

    def __init__(self) -> None:
        self.taken: list[Sequence[Notice]] = []
        self.outcomes: asyncio.Queue[Exception | None] = asyncio.Queue()

    async def publish(self, notices: Sequence[Notice]) -> None:
        self.taken.append(notices)
        if failure := await self.outcomes.get():
            raise failure


async def started(gathered: GatheredNotices, *notices: Notice) -> asyncio.Task[None]:
    task = asyncio.create_task(gathered.publish(notices))
    await asyncio.sleep(0)
    return task


async def test_what_comes_while_something_leaves_leaves_next_together() -> None:
    way = Way()
    gathered = GatheredNotices(way)
    first = await started(gathered, notice(1, 1), notice(1, 2))
    second, third = await started(gathered, notice(2, 1)), await started(gathered, notice(3, 1))
    way.outcomes.put_nowait(None)
    await first
    assert [second.done(), third.done()] == [False, False]
    way.outcomes.put_nowait(None)
    await asyncio.gather(second, third)
    assert way.taken == [[notice(1, 1), notice(1, 2)], [notice(2, 1), notice(3, 1)]]


async def test_a_failure_is_told_to_those_whom_it_may_concern_and_to_no_others() -> None:
    way = Way()
    gathered = GatheredNotices(way)
    first = await started(gathered, notice(1, 1))
    second, third = await started(gathered, notice(2, 1)), await started(gathered, notice(3, 1))
    second.cancel()
    for outcome in (None, BrokerFailed("it is away")):
        way.outcomes.put_nowait(outcome)
    await first
    with pytest.raises(BrokerFailed, match="away"):
        await third
    assert second.cancelled()
    fourth = await started(gathered, notice(4, 1))
    way.outcomes.put_nowait(None)
    await fourth
    assert way.taken[-1] == [notice(4, 1)]
