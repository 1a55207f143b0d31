"""The SDK's feeds against a venue that is killed under them: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.member import Member, got
from tests.support.server import Server, Venue

from pricetime.client import AsyncClient, Client, Feed
from pricetime.client.errors import Conflict
from pricetime.records import Command, Event, EventKind, Flag, Side, iter_events
from pricetime.records.commands import cancel_all, place_order
from pricetime.services.folder import DataFolder
from pricetime.services.offline import batches

Prepare = Callable[[Server], tuple[Member, str]]

FRAMES = 150
ORDERS = 40
KILLS = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Killed:
    """A venue that is killed again and again, and comes back at the same address."""

    def __init__(self, start: Callable[..., Server]) -> None:
        self._start = lambda: start(port=self.port, open_orders_limit=1_000_000, client_ids_remembered=1)
        self.port = free_port()
        self.server = self._start()

    def kill(self) -> None:
        self.server.kill()
        self.server = self._start()


@pytest.fixture
def venue(start_server: Callable[..., Server]) -> Killed:
    return Killed(start_server)


def frame(number: int, stock: str) -> list[Command]:
    """Orders that rest; every tenth time all are cancelled, which must not happen twice either."""
    orders = [
        place_order(0, int(stock), Side.BUY, 1, 10_000 + 100 * (number % 50), client_id=ident(number, at))
        for at in range(ORDERS)
    ]
    return [cancel_all(0)._replace(client_id=ident(number, ORDERS)), *orders] if number % 10 == 0 else orders


def ident(number: int, at: int) -> bytes:
    return b"%08d%08d" % (number, at)


def expected(stock: str) -> list[bytes]:
    return [command.client_id for number in range(FRAMES) for command in frame(number, stock)]


def answered(events: list[Event]) -> list[bytes]:
    return [event.client_id for event in events if event.kind in (EventKind.ACCEPTED, EventKind.DENIED)]


def check(data: Path, received: list[Event], stock: str) -> None:
    """Compare what was received with the journal: the same events, and each command done once, in order."""
    numbers = [event.number for event in received]
    assert numbers == sorted(set(numbers))
    assert answered(received) == expected(stock)
    with contextlib.closing(DataFolder(data).journal()) as journal:
        done: Counter[bytes] = Counter()
        for batch in batches(journal):
            for event in iter_events(batch.events):
                if event.kind == EventKind.ACCEPTED and event.client_id != bytes(16):
                    assert not event.flags & Flag.REPEATED
                    done[event.client_id] += 1
    assert done == Counter(expected(stock))


@pytest.fixture
def prepared() -> Iterator[Prepare]:
    """Make a rich member and a stock."""
    with ExitStack() as stack:

        def prepare(server: Venue) -> tuple[Member, str]:
            member = stack.enter_context(Member(server.url, money="10000000"))
            return member, member.list_stock()

        yield prepare


def killing(venue: Killed, feed: Feed) -> threading.Thread:
    """Kill the venue in the middle of things, as often as it should be."""

    def kill() -> None:
        for time in range(1, KILLS + 1):
            while feed.acknowledged < time * FRAMES * ORDERS / (KILLS + 1):
                threading.Event().wait(0.001)
            venue.kill()

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_a_feed_survives_kills_of_the_venue(venue: Killed, prepared: Prepare) -> None:
    member, stock = prepared(venue.server)
    received: list[Event] = []
    with Client(venue.server.url) as client:
        client.login(member.user_name, member.password)
        with client.feed("bot") as feed:
            killer = killing(venue, feed)
            for number in range(FRAMES):
                feed.send(frame(number, stock))
                with contextlib.suppress(TimeoutError):
                    received += feed.receive(0.01)
            feed.flush(60)
            killer.join()
            while len(answered(received)) < len(expected(stock)):
                received += feed.receive(20)
            assert feed.acknowledged == len(expected(stock))
    venue.server.stop()
    check(venue.server.data, received, stock)


async def test_an_async_feed_survives_kills_of_the_venue(venue: Killed, prepared: Prepare) -> None:
    member, stock = await asyncio.to_thread(prepared, venue.server)
    received: list[Event] = []
    async with AsyncClient(venue.server.url) as client:
        await client.login(member.user_name, member.password)
        async with client.feed("bot") as feed:

            async def send() -> None:
                for number in range(FRAMES):
                    await feed.send(frame(number, stock))
                await feed.flush()

            async def kill() -> None:
                for time in range(1, KILLS + 1):
                    while feed.acknowledged < time * FRAMES * ORDERS / (KILLS + 1):
                        await asyncio.sleep(0.001)
                    await asyncio.to_thread(venue.kill)

            tasks = [asyncio.create_task(send()), asyncio.create_task(kill())]
            async for events in feed:
                received += events
                if len(answered(received)) == len(expected(stock)):
                    break
            await asyncio.wait_for(asyncio.gather(*tasks), 60)
            assert feed.acknowledged == len(expected(stock))
    venue.server.stop()
    check(venue.server.data, received, stock)


def test_one_thread_may_send_while_another_receives(server: Venue, prepared: Prepare) -> None:
    member, stock = prepared(server)
    with Client(server.url) as client:
        client.login(member.user_name, member.password)
        with client.feed() as feed:
            received: list[Event] = []

            def receive() -> None:
                while len(answered(received)) < 2_000:
                    received.extend(feed.receive(20))

            reader = threading.Thread(target=receive)
            reader.start()
            for _ in range(20):
                feed.send([place_order(0, int(stock), Side.BUY, 1, 10_000)] * 100)
            reader.join()
            assert (feed.acknowledged, feed.in_flight) == (2_000, 0)
            assert len(set(answered(received))) == 2_000
            with pytest.raises(TimeoutError):
                feed.receive(0.05)


def test_a_feed_begins_where_an_earlier_one_ended(server: Venue, prepared: Prepare) -> None:
    member, stock = prepared(server)
    with Client(server.url) as client:
        client.login(member.user_name, member.password)
        with client.feed("x") as feed:
            feed.send([place_order(0, int(stock), Side.BUY, 1, 10_000)])
            first = list(feed.receive(20))
            position = feed.position
        missed = member.placed(stock, "buy", 2, "1")["order"]
        with client.feed("x", after=position) as feed:
            second = list(feed.receive(20))
        assert [str(event.order) for event in second if event.kind == EventKind.ACCEPTED] == [missed]
        assert first[-1].number < second[0].number


def test_a_feed_that_is_taken_over_says_so(server: Venue, prepared: Prepare) -> None:
    member, _ = prepared(server)
    with Client(server.url) as client:
        client.login(member.user_name, member.password)
        with client.feed("x") as first, client.feed("x"), pytest.raises(Conflict) as raised:
            first.receive(20)
        assert raised.value.code == "taken_over"


def test_a_feed_renews_its_session(server: Venue, prepared: Prepare) -> None:
    member, stock = prepared(server)
    with Client(server.url, credentials=(member.user_name, member.password)) as client:
        client.login(member.user_name, member.password)
        with client.feed() as feed:
            assert client.session is not None
            headers = {"authorization": f"Bearer {client.session.access_token}"}
            got(member.http.delete("/v1/sessions/current", headers=headers))
            feed.send([place_order(0, int(stock), Side.BUY, 1, 10_000)])
            assert answered(list(feed.receive(20)))
            with contextlib.suppress(TimeoutError):
                feed.receive(1.5)  # in which the venue ends the connection, and a new one is opened
            feed.send([place_order(0, int(stock), Side.BUY, 1, 10_000)])
            feed.flush(20)
            assert feed.acknowledged == 2
