"""The SDK's streams: what they build is what the venue answers, before and after anything that happens."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from tests.support.member import Member
from tests.support.server import Server, Venue
from tests.support.trader import PASSWORD, unique

from pricetime.client import (
    ApiError,
    AsyncClient,
    Client,
    Conflict,
    NotFound,
    Picture,
    Stream,
    Unauthorized,
    account,
    candles,
    depth,
    prices,
    trades,
)
from pricetime.client.errors import BadRequest
from pricetime.client.stream_state import StreamState
from pricetime.schema import Checksum, Snapshot, Stock, Update

PATIENCE_S = 90


class Person:
    """A user with a client."""

    def __init__(self, url: str) -> None:
        self.name = unique("streamer")
        self.client = Client(url, credentials=(self.name, PASSWORD))
        self.client.register(self.name, PASSWORD)
        self.client.login(self.name, PASSWORD)
        self.client.deposit("100000")


NewPerson = Callable[[str], Person]


@pytest.fixture
def new_person() -> Iterator[NewPerson]:
    """Register users of a venue."""
    with ExitStack() as stack:

        def make(url: str) -> Person:
            made = Person(url)
            stack.enter_context(made.client)
            return made

        yield make


@pytest.fixture
def person(server: Venue, new_person: NewPerson) -> Person:
    return new_person(server.url)


def answers(client: Client, stocks: list[str]) -> dict[str, Any]:
    """What the venue answers to requests about all that a picture shows."""
    return {
        "stocks": [client.stock(stock) for stock in stocks],
        "books": [unnumbered(client.book(stock, levels=50)) for stock in stocks],
        "trades": [client.trades(stock, limit=50).items for stock in stocks],
        "candles": [client.candles(stock, interval="1s", limit=300).items for stock in stocks],
        "orders": client.orders(status="open", limit=1000).items,
        "executions": client.executions(limit=50).items,
        "wallet": client.wallet(),
        "holdings": client.portfolio().holdings,
    }


def shown(picture: Picture, stocks: list[str]) -> dict[str, Any]:
    """The same as a picture has it."""
    if picture.account is None or not all(stock in picture.books for stock in stocks):
        return {}
    return {
        "stocks": [picture.stocks.get(stock) for stock in stocks],
        "books": [unnumbered(picture.books[stock]) for stock in stocks],
        "trades": [picture.trades.get(stock) for stock in stocks],
        "candles": [picture.candles.get((stock, "1s")) for stock in stocks],
        "orders": picture.account.orders,
        "executions": picture.account.executions,
        "wallet": picture.account.wallet,
        "holdings": picture.account.holdings,
    }


def unnumbered(book: Any) -> Any:
    """A book without the number of the event, which moves with what happens elsewhere."""
    return msgspec.structs.replace(book, event=0)


def channels(stocks: list[str]) -> list[Any]:
    per_stock = [(depth(stock, 50), trades(stock), candles(stock, "1s")) for stock in stocks]
    return [prices(), account(), *(channel for three in per_stock for channel in three)]


def agree(stream: Stream, picture: Picture, client: Client, stocks: list[str]) -> None:
    """Read until the picture is what the venue answers."""
    expected = answers(client, stocks)
    deadline = time.monotonic() + PATIENCE_S
    while shown(picture, stocks) != expected:
        if time.monotonic() > deadline:
            seen = shown(picture, stocks)
            assert seen == expected
        picture.take(stream.receive(PATIENCE_S))


def act(chosen: random.Random, people: list[Person], stocks: list[str]) -> None:
    """Do something that somebody in a market does."""
    who, stock = chosen.choice(people).client, chosen.choice(stocks)
    side, quantity = chosen.choice(("buy", "sell")), chosen.randint(1, 30)
    price = f"{chosen.randint(9_700, 10_300) / 100:.2f}"
    try:
        match chosen.randint(1, 12):
            case 1:
                who.deposit(str(chosen.randint(1, 500)))
            case 2:
                who.cancel_orders(stock=stock)
            case 3:
                who.grant_shares(stock, quantity)
            case 4 | 5:
                who.place_order(stock=stock, side=side, quantity=quantity)
            case 6:
                open_orders = who.orders(status="open").items
                if open_orders:
                    who.amend_order(chosen.choice(open_orders).order, quantity=quantity)
            case _:
                who.place_order(stock=stock, side=side, quantity=quantity, price=price)
    except (BadRequest, Conflict, NotFound):
        pass  # what a market refuses now and then


def test_what_a_stream_builds_is_what_the_venue_answers_at_every_quiet_moment(
    server: Venue, new_person: NewPerson
):
    chosen = random.Random(20)
    people = [new_person(server.url) for _ in range(3)]
    stocks = [people[0].client.create_stock(unique("Quiet")).stock for _ in range(2)]
    for each in people:
        for stock in stocks:
            each.client.grant_shares(stock, 500)
    watcher, picture = people[0].client, Picture()
    with watcher.stream(*channels(stocks)) as stream:
        for _ in range(12):
            for _ in range(chosen.randint(1, 25)):
                act(chosen, people, stocks)
            agree(stream, picture, watcher, stocks)
    assert watcher.executions().items, "something was traded"


def test_after_a_restart_of_the_venue_no_trade_is_missing_or_told_twice(
    start_server: Callable[..., Server], new_person: NewPerson
):
    server = start_server()
    maker, taker = new_person(server.url), new_person(server.url)
    stock = maker.client.create_stock("Pear").stock
    maker.client.grant_shares(stock, 1_000)
    told: list[str] = []
    kinds: list[str] = []

    def trade(client: Client, other: Client, times: int) -> None:
        for _ in range(times):
            client.place_order(stock=stock, side="sell", quantity=1, price="10.00")
            other.place_order(stock=stock, side="buy", quantity=1, price="10.00")

    with maker.client.stream(*channels([stock])) as stream:
        picture = Picture()

        def read() -> None:
            """Read until the picture is that of the venue, and note the trades."""
            expected = answers(maker.client, [stock])
            while shown(picture, [stock]) != expected:
                message = stream.receive(PATIENCE_S)
                if isinstance(message, Snapshot | Update) and message.channel == "trades":
                    kinds.append(type(message).__name__)
                    told.extend(each.trade for each in reversed(message.data) if kinds[-1] == "Snapshot")
                    told.extend(each.trade for each in message.data if kinds[-1] == "Update")
                picture.take(message)

        read()
        trade(maker.client, taker.client, 3)
        read()
        server.stop()
        server = start_server(port=server.port)
        trade(maker.client, taker.client, 4)
        read()
        trade(maker.client, taker.client, 2)
        read()
    assert told == [each.trade for each in reversed(maker.client.trades(stock).items)]
    assert len(told) == 9
    assert kinds.count("Snapshot") == 1


def test_a_session_that_is_over_is_renewed_under_way(
    start_server: Callable[..., Server], new_person: NewPerson
):
    server = start_server(access_token_lifetime_s=10)
    somebody = new_person(server.url)
    with somebody.client.stream(account()) as stream:
        picture = Picture()
        picture.take(stream.receive(PATIENCE_S))
        first = somebody.client.session
        while somebody.client.session == first:
            picture.take(stream.receive(PATIENCE_S))  # heartbeats, until the session is over
        somebody.client.deposit("1.00")
        while picture.account is None or picture.account.wallet != somebody.client.wallet():
            picture.take(stream.receive(PATIENCE_S))


def test_a_refusal_is_raised(server: Venue, person: Person):
    with person.client.stream(depth("987654321")) as stream, pytest.raises(NotFound) as refused:
        stream.receive(PATIENCE_S)
    assert refused.value.code == "unknown_stock"


def test_an_account_needs_a_session(server: Venue):
    with Client(server.url) as nobody, pytest.raises(Unauthorized):
        nobody.stream(account()).__enter__()


def test_channels_come_and_go(server: Venue, person: Person):
    stock = person.client.create_stock(unique("Coming")).stock
    with person.client.stream() as stream:
        stream.subscribe(depth(stock))
        snapshot = stream.receive(PATIENCE_S)
        assert isinstance(snapshot, Snapshot)
        assert snapshot.data == msgspec.structs.replace(person.client.book(stock), event=snapshot.data.event)
        stream.ask_checksum(stock)
        assert isinstance(stream.receive(PATIENCE_S), Checksum)
        stream.unsubscribe(depth(stock))
        stream.subscribe(prices())
        person.client.grant_shares(stock, 10)
        person.client.place_order(stock=stock, side="sell", quantity=1, price="10.00")
        message = stream.receive(PATIENCE_S)
        assert isinstance(message, Snapshot)
        assert message.channel == "prices"
        assert all(isinstance(each, Stock) for each in message.data)


async def test_the_async_stream_does_the_same(server: Venue, person: Person):
    stock = person.client.create_stock(unique("Waiting")).stock
    person.client.grant_shares(stock, 100)
    async with (
        AsyncClient(server.url, session=person.client.session) as client,
        client.stream(depth(stock), account()) as stream,
    ):
        picture = Picture()
        while picture.account is None or stock not in picture.books:
            picture.take(await stream.receive())
        order = await client.place_order(stock=stock, side="sell", quantity=7, price="10.00")
        async for message in stream:
            picture.take(message)
            if picture.books[stock].asks and picture.account.orders:
                break
        assert [level.quantity for level in picture.books[stock].asks] == [7]
        assert [each.order for each in picture.account.orders] == [order.order]


@pytest.mark.parametrize("is_late", [False, True], ids=["at_once", "late"])
def test_a_stream_that_is_refused_for_good_says_so(
    start_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, is_late: bool
):
    if is_late:  # the venue has said no and closed before the first message leaves
        opening = StreamState.opening
        monkeypatch.setattr(StreamState, "opening", lambda *given: time.sleep(0.5) or opening(*given))
    server = start_server(stream_connections_limit=1)
    with Client(server.url) as client, client.stream(prices()) as first:
        first.receive(PATIENCE_S)
        with client.stream(prices()) as second, pytest.raises(ApiError) as refused:
            second.receive(PATIENCE_S)
    assert refused.value.code == "too_many_streams"


def test_a_member_shares_nothing_with_another(server: Venue, person: Person):
    with Member(server.url, money="10") as other, person.client.stream(account()) as stream:
        picture = Picture()
        picture.take(stream.receive(PATIENCE_S))
        other.deposit("5")
        person.client.deposit("1")
        while picture.account is None or picture.account.wallet.total == "100000.00":
            picture.take(stream.receive(PATIENCE_S))
        assert picture.account.wallet.total == "100001.00"
