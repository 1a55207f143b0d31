"""The simulated world itself: what its disk keeps and forgets, and how its time passes."""

from __future__ import annotations

import asyncio
import errno
import random
import time

import pytest
from tests.simulation.disk import SECTOR_BYTES, Disk
from tests.simulation.loop import SimulatedLoop
from tests.simulation.steps import Crash, Endless, Steps

PATH = "data/file"
OLD, NEW = b"old" * 500, b"new" * 1_000


def disk_of(seed: int) -> Disk:
    """A disk with a file whose first bytes are synced and whose last are not."""
    disk = Disk(Steps(), random.Random(seed))
    disk.create(PATH)
    disk.append(PATH, OLD)
    disk.sync(PATH)
    disk.sync_folder("data")
    disk.append(PATH, NEW)
    return disk


def loop_of(*, shuffles: bool = False) -> SimulatedLoop:
    return SimulatedLoop(Steps(), random.Random(1), shuffles=shuffles)


def test_a_power_cut_keeps_what_was_synced_and_of_the_rest_nothing_all_or_a_part():
    found = set()
    for seed in range(200):
        disk = disk_of(seed)
        disk.cut_power()
        content = disk.read(PATH)
        assert content.startswith(OLD)
        assert len(content) <= len(OLD + NEW)
        found.add(content)
    assert {OLD, OLD + NEW} < found
    assert any(bytes(SECTOR_BYTES) in content for content in found)
    assert any(len(OLD) < len(content) < len(OLD + NEW) for content in found)


def test_a_kill_keeps_what_was_written_and_a_later_power_cut_may_not():
    disk = disk_of(1)
    disk.stop()
    with pytest.raises(Crash):
        disk.append(PATH, b"from beyond")
    disk.start()
    assert disk.read(PATH) == OLD + NEW
    contents = set()
    for seed in range(50):
        disk = disk_of(seed)
        disk.cut_power()
        contents.add(disk.read(PATH))
    assert OLD in contents


def test_a_new_name_is_only_sure_once_its_folder_is_synced():
    found = set()
    for seed in range(50):
        disk = disk_of(seed)
        disk.rename(PATH, "data/other")
        disk.cut_power()
        found.add(tuple(disk.list("data")))
    assert found == {("file",), ("other",)}


def test_a_full_disk_writes_what_fits():
    disk = disk_of(1)
    disk.free = 10
    with pytest.raises(OSError, match="No space left") as refused:
        disk.append(PATH, b"x" * 100)
    assert refused.value.errno == errno.ENOSPC
    assert disk.read(PATH) == OLD + NEW + b"x" * 10


def test_an_hour_passes_at_once_and_in_order():
    began, woken = time.monotonic(), []

    async def sleeper(hours: int) -> None:
        await asyncio.sleep(3_600 * hours)
        woken.append(hours)

    async def everybody() -> float:
        await asyncio.gather(*map(sleeper, (3, 1, 2)))
        return asyncio.get_running_loop().time()

    assert loop_of().run_until_complete(everybody()) == 3 * 3_600
    assert woken == [1, 2, 3]
    assert time.monotonic() - began < 60


def test_what_is_ready_runs_in_the_order_it_came_or_in_one_drawn_from_the_seed():
    def order(*, shuffles: bool) -> list[int]:
        ran: list[int] = []

        async def everybody() -> None:
            for number in range(10):
                asyncio.get_running_loop().call_soon(ran.append, number)
            await asyncio.sleep(1)

        loop_of(shuffles=shuffles).run_until_complete(everybody())
        return ran

    assert order(shuffles=False) == list(range(10))
    assert sorted(order(shuffles=True)) == list(range(10)) != order(shuffles=True)
    assert order(shuffles=True) == order(shuffles=True)


def test_waiting_for_what_never_happens_is_noticed():
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    loop = loop_of()
    with pytest.raises(Endless):
        loop.run_until_complete(forever())
    loop.abandon()
