"""Waiting for the views, and reading them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pricetime.errors import QueueFull, ViewsBehind
from pricetime.runtime import Progress, Reader


class LastEvents:
    published = 90

    def last_event_of(self, account: int) -> int:
        return {7: 70}.get(account, 0)


@pytest.fixture
def progress() -> Progress:
    return Progress()


@pytest.fixture
def reader(progress):
    reader = Reader("the views", LastEvents(), progress, wait_s=10, threads=1, queue_limit=2)
    yield reader
    reader.close()


async def test_who_waits_for_what_is_there_does_not_wait(progress):
    progress.advance(5)
    await progress.wait_for(5, timeout_s=0)
    assert progress.position == 5


async def test_waiters_go_on_when_their_number_is_reached(progress):
    waiters = [asyncio.ensure_future(progress.wait_for(number, 10)) for number in (30, 10, 20)]
    await asyncio.sleep(0)
    await asyncio.to_thread(progress.advance, 20)
    await asyncio.gather(waiters[1], waiters[2])
    assert not waiters[0].done()
    await asyncio.to_thread(progress.advance, 31)
    await waiters[0]


async def test_views_that_do_not_come_are_behind(progress):
    with pytest.raises(ViewsBehind):
        await progress.wait_for(1, timeout_s=0.01)
    await asyncio.to_thread(progress.advance, 1)
    await progress.wait_for(1, timeout_s=0)


async def test_no_wake_up_is_lost_between_two_threads(progress):
    goal = 2_000
    views = threading.Thread(target=lambda: [progress.advance(number) for number in range(1, goal + 1)])
    views.start()
    await asyncio.gather(*(progress.wait_for(number, 10) for number in range(1, goal + 1)))
    views.join()
    assert progress.position == goal


def test_advancing_after_the_loop_has_closed_hurts_nobody(progress):
    async def waits() -> None:
        with pytest.raises(ViewsBehind):
            await progress.wait_for(1, timeout_s=0)

    asyncio.run(waits())
    progress.advance(1)
    assert progress.position == 1


async def test_a_read_about_nobody_runs_at_once(reader):
    assert await reader.read(lambda views: views.upper()) == "THE VIEWS"


async def test_a_read_about_an_account_waits_for_its_last_event(reader, progress):
    read = asyncio.ensure_future(reader.read(lambda _: progress.position, account=7))
    await asyncio.sleep(0)
    progress.advance(69)
    await asyncio.sleep(0)
    assert not read.done()
    progress.advance(70)
    assert await read == 70


async def test_a_read_about_the_market_waits_for_whatever_is_durable(reader, progress):
    read = asyncio.ensure_future(reader.read(lambda _: progress.position, market=True))
    await asyncio.sleep(0)
    progress.advance(89)
    await asyncio.sleep(0)
    assert not read.done()
    progress.advance(90)
    assert await read == 90


async def test_a_read_about_the_market_takes_what_is_there_rather_than_nothing(progress):
    reader = Reader("the views", LastEvents(), progress, wait_s=0.01, threads=1)
    assert await reader.read(lambda _: progress.position, market=True) == 0
    reader.close()


async def test_a_heavy_read_runs_in_another_thread(reader):
    thread = await reader.read(lambda _: threading.current_thread(), heavy=True)
    assert thread is not threading.current_thread()


async def test_an_error_of_a_query_reaches_its_caller(reader):
    for heavy in (False, True):
        with pytest.raises(ZeroDivisionError):
            await reader.read(lambda _: 1 // 0, heavy=heavy)


async def test_only_so_many_heavy_reads_wait(reader):
    gate = threading.Event()
    reads = [asyncio.ensure_future(reader.read(lambda _: gate.wait(10), heavy=True)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await reader.read(lambda _: None, heavy=True)
    gate.set()
    assert await asyncio.gather(*reads) == [True, True]
    assert await reader.read(lambda _: 1, heavy=True) == 1
