"""Who hosts what: over presence in memory and a clock that the tests set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from tests.support.time import SetClock

from pricetime.adapters.memory_presence import MemoryPresence
from pricetime.errors import BrokerFailed, JournalFenced
from pricetime.rules.partitions import Address, Topology
from pricetime.runtime.hosting import Hosting, until_cancelled

ADDRESSES = Topology(ledgers=0, books=12).addresses()
HEARTBEAT_S = 0.5


class Place:
    """Hosts of one kind, which see each other's signs."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.presence = MemoryPresence(self.clock)
        self.hostings: dict[str, Hosting] = {}
        self.serving: set[tuple[str, Address]] = set()
        self.starts: list[tuple[str, Address]] = []
        self.failures: dict[Address, list[Exception]] = {}
        self.changed = asyncio.Event()
        self.is_replaying: set[str] = set()
        self.fails_to_end = False

    def add(self, name: str) -> Hosting:
        async def host(address: Address) -> None:
            self.starts.append((name, address))
            if self.failures.get(address):
                self.changed.set()
                raise self.failures[address].pop()
            self.serving.add((name, address))
            self.changed.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.serving.discard((name, address))
                self.changed.set()
                if self.fails_to_end:
                    raise BrokerFailed

        hosting = Hosting(
            self.presence,
            "engine",
            name,
            ADDRESSES,
            host,
            heartbeat_s=HEARTBEAT_S,
            clock=self.clock,
            pause_s=0,
            stands_by=lambda _: name not in self.is_replaying,
        )
        self.hostings[name] = hosting
        return hosting

    async def beat(self, times: int = 1) -> None:
        """Let a heartbeat pass for everybody."""
        for _ in range(times):
            self.clock.pass_s(HEARTBEAT_S)
            for hosting in self.hostings.values():
                await hosting.beat()
            await self.settle()

    async def settle(self) -> None:
        """Let tasks that were started or cancelled come to where they wait."""
        for _ in range(10):
            await asyncio.sleep(0)

    def served_by(self, name: str) -> set[Address]:
        return {address for of, address in self.serving if of == name}

    async def kill(self, name: str) -> None:
        hosting = self.hostings.pop(name)
        for task in list(hosting._hosted.values()):
            task.cancel()
        await self.settle()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    place = Place()
    yield place
    for name in list(place.hostings):
        await place.kill(name)


async def test_one_host_alone_hosts_everything(place: Place) -> None:
    place.add("a")
    await place.beat()
    assert place.served_by("a") == set(ADDRESSES)
    assert place.hostings["a"].owned == tuple(ADDRESSES)


async def test_a_host_that_joins_takes_its_share_and_nothing_is_without_a_host_meanwhile(
    place: Place,
) -> None:
    place.add("a")
    await place.beat()
    place.add("b")
    for _ in range(4):
        await place.beat()
        assert place.served_by("a") | place.served_by("b") == set(ADDRESSES)
    assert place.served_by("a").isdisjoint(place.served_by("b"))
    assert place.served_by("b")


async def test_what_a_dead_host_had_goes_to_the_others(place: Place) -> None:
    place.add("a"), place.add("b")
    await place.beat(4)
    theirs = place.served_by("b")
    await place.kill("b")
    await place.beat()
    assert place.served_by("a") == set(ADDRESSES) - theirs  # it may be late only
    await place.beat(7)
    assert place.served_by("a") == set(ADDRESSES)


async def test_one_that_leaves_hands_over_before_it_lets_go(place: Place) -> None:
    place.add("a"), place.add("b")
    await place.beat(4)
    leaving = place.hostings.pop("b")
    had = place.served_by("b")
    stopping = asyncio.create_task(leaving.stop())
    await place.settle()
    assert place.served_by("b") == had
    await place.beat(2)  # the other stands by, and says so …
    assert place.served_by("a") == set(ADDRESSES)
    await leaving.beat()  # … and it lets go
    await asyncio.wait_for(stopping, 10)
    assert place.served_by("b") == set()
    assert [sign.name for sign in await place.presence.living("engine")] == ["a"]


async def test_what_moves_is_served_until_its_new_host_stands_by(place: Place) -> None:
    place.add("a")
    await place.beat()
    place.add("b")
    place.is_replaying.add("b")
    await place.beat(10)
    assert place.served_by("a") == set(ADDRESSES)
    place.is_replaying.clear()
    await place.beat(2)
    assert place.served_by("a") | place.served_by("b") == set(ADDRESSES)
    assert place.served_by("a").isdisjoint(place.served_by("b"))


async def test_a_host_that_never_stands_by_is_not_waited_for_without_end(place: Place) -> None:
    place.add("a")
    await place.beat()
    place.add("b")
    place.is_replaying.add("b")
    await place.beat(30)
    assert place.served_by("a").isdisjoint(place.served_by("b"))


async def test_the_last_one_ends_what_it_has_at_once(place: Place) -> None:
    place.add("a")
    await place.beat()
    await asyncio.wait_for(place.hostings.pop("a").stop(), 10)
    assert place.serving == set()
    assert list(await place.presence.living("engine")) == []


async def test_a_drained_host_is_given_nothing_until_it_is_wanted_again(place: Place) -> None:
    place.add("a"), place.add("b")
    await place.beat(4)
    await place.presence.drain("engine", "b", is_drained=True)
    await place.beat(3)
    assert (place.served_by("b"), place.served_by("a")) == (set(), set(ADDRESSES))
    await place.presence.drain("engine", "b", is_drained=False)
    await place.beat(4)
    assert place.served_by("b")


async def test_without_presence_everybody_keeps_what_they_have(place: Place) -> None:
    place.add("a"), place.add("b")
    await place.beat(4)
    before = set(place.serving)
    place.presence.is_away = True
    await place.beat(20)
    assert place.serving == before
    assert not place.hostings["a"].is_presence_there
    place.presence.is_away = False
    place.presence.clear()
    await place.beat()
    assert place.serving == before


async def test_when_presence_forgets_everything_nothing_moves(place: Place) -> None:
    place.add("a"), place.add("b")
    await place.beat(4)
    before, starts = set(place.serving), len(place.starts)
    for _ in range(5):
        place.presence.clear()
        await place.beat(2)
    assert (place.serving, len(place.starts)) == (before, starts)


async def test_what_fails_is_started_again(place: Place) -> None:
    place.failures[ADDRESSES[0]] = [BrokerFailed(), ValueError("a fault")]
    place.add("a")
    await place.beat()
    while ADDRESSES[0] not in place.served_by("a"):
        place.changed.clear()
        await asyncio.wait_for(place.changed.wait(), 10)
    assert place.starts.count(("a", ADDRESSES[0])) == 3


async def test_what_fails_as_it_is_let_go_is_let_go(place: Place) -> None:
    hosting = place.add("a")
    place.fails_to_end = True
    await place.beat()
    assert place.served_by("a") == set(ADDRESSES)
    await asyncio.wait_for(hosting.stop(), 60)
    assert (hosting.owned, len(place.starts)) == ((), len(ADDRESSES))


async def test_what_was_fenced_gives_way_until_the_next_look(place: Place) -> None:
    place.failures[ADDRESSES[0]] = [JournalFenced()]
    place.add("a")
    await place.beat()
    assert ADDRESSES[0] not in place.hostings["a"].owned
    await place.beat()
    assert ADDRESSES[0] in place.served_by("a")


async def test_a_sign_tells_what_is_hosted_and_done(place: Place) -> None:
    hosting = place.add("a")
    hosting.counters.batches, hosting.counters.records = 3, 70
    await place.beat(2)
    [sign] = await place.presence.living("engine")
    assert (sign.batches, sign.records, len(sign.partitions)) == (3, 70, len(ADDRESSES))
    assert sign.cpu_s > 0


async def test_a_run_ends_when_it_is_stopped() -> None:
    place = Place()
    hosting = place.add("a")
    running = asyncio.create_task(hosting.run())
    while len(place.serving) < len(ADDRESSES):
        place.changed.clear()
        await asyncio.wait_for(place.changed.wait(), 10)
    await hosting.stop()
    await asyncio.wait_for(running, 10)
    assert place.serving == set()


async def test_a_cancelled_host_finishes_what_it_has_begun() -> None:
    done: list[str] = []
    begun, stopped, finish = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run() -> None:
        begun.set()
        await finish.wait()
        done.append("a batch")

    task = asyncio.create_task(until_cancelled(run(), stopped.set))
    await begun.wait()
    task.cancel()
    await stopped.wait()
    assert done == []
    finish.set()
    with suppress(asyncio.CancelledError):
        await task
    assert (task.cancelled(), done) == (True, ["a batch"])
