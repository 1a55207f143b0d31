"""The feed of a real venue: commands in, events out, each exactly once, and a reason for every end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.support.feed import RawFeed
from tests.support.member import Member, got
from tests.support.server import Server, Venue
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pricetime.client.sockets import secured
from pricetime.records import Command, CommandKind, Event, EventKind, Flag, Reason, Side, TimeInForce
from pricetime.records import commands as command
from pricetime.records.frames import FRAME, FRAME_BYTES, Frame, commands_frame

Open = Callable[..., RawFeed]
SMALL = {"feed_message_limit": 10_000, "feed_buffer_limit": 65_536}
"""Limits under which a few hundred orders are many."""


@pytest.fixture
def feed_of() -> Iterator[Open]:
    """Open feeds of members."""
    with ExitStack() as stack:

        def open_feed(member: Member, *, ready: bool = True, **hello: Any) -> RawFeed:
            url = str(member.http.base_url)
            feed = stack.enter_context(RawFeed(url.rstrip("/"), member.session["access_token"], **hello))
            return feed.opened() if ready else feed

        yield open_feed


def buy(stock: str, quantity: int = 1, price: int = 10_000, **more: Any) -> Command:
    return command.place_order(0, int(stock), Side.BUY, quantity, price, **more)


def kinds(events: list[Event]) -> list[EventKind]:
    return [EventKind(event.kind) for event in events]


def answers(events: list[Event]) -> list[Event]:
    return [event for event in events if event.kind in (EventKind.ACCEPTED, EventKind.DENIED)]


# ------------------------------------------------------------------------------ commands and events


def test_an_order_becomes_events_and_is_acknowledged(buyer: Member, stock: str, feed_of: Open) -> None:
    feed = feed_of(buyer)
    assert feed.ready["account"] == buyer.account
    ident = b"0123456789abcdef"
    events = feed.acknowledged(feed.send(buy(stock, 3, client_id=ident)))
    assert kinds(events) == [EventKind.ACCEPTED, EventKind.ORDER_OPENED, EventKind.BALANCE_CHANGED]
    assert (events[0].client_id, events[0].quantity, events[0].account) == (ident, 3, int(buyer.account))
    assert feed.frames[-1].position >= feed.ready["position"] + len(events)
    assert buyer.get_v1(f"/orders/{events[0].order}")["quantity"] == 3


def test_the_token_may_stand_in_the_request(buyer: Member, stock: str, server: Venue) -> None:
    headers = {"Authorization": f"Bearer {buyer.session['access_token']}"}
    with RawFeed(server.url, None, headers=headers) as feed:
        feed.opened()
        assert len(answers(feed.acknowledged(feed.send(buy(stock))))) == 1


def test_frames_are_answered_in_order_and_by_number(buyer: Member, stock: str, feed_of: Open) -> None:
    feed = feed_of(buyer)
    for number in range(7, 27):
        feed.send(*[buy(stock)] * 10, number=number)
    events = feed.acknowledged(26)
    orders = [event.order for event in answers(events)]
    assert orders == sorted(set(orders))
    assert len(orders) == 200
    numbers = [frame.number for frame in feed.frames]
    assert numbers == sorted(numbers)


def test_orders_are_amended_and_cancelled(buyer: Member, stock: str, feed_of: Open) -> None:
    feed = feed_of(buyer)
    orders = [each.order for each in answers(feed.acknowledged(feed.send(*[buy(stock, 5)] * 3)))]
    amended = feed.acknowledged(feed.send(command.amend_order(0, orders[0], quantity=2)))
    assert (amended[0].kind, amended[0].quantity) == (EventKind.ACCEPTED, 2)
    cancelled = feed.acknowledged(feed.send(command.cancel_order(0, orders[1])))
    assert [each.order for each in cancelled if each.kind == EventKind.ORDER_CLOSED] == [orders[1]]
    rest = feed.acknowledged(feed.send(command.cancel_all(0)))
    assert [each.order for each in rest if each.kind == EventKind.ORDER_CLOSED] == [orders[0], orders[2]]
    assert buyer.get_v1("/orders", status="open")["items"] == []


def test_a_bad_command_is_denied_by_itself(buyer: Member, stock: str, feed_of: Open) -> None:
    feed = feed_of(buyer)
    account = int(buyer.account)
    frame = [
        buy(stock),
        command.deposit(account, 10**9),
        command.open_account(),
        command.set_limits(1, 1),
        Command(kind=77, account=account),
        buy(stock)._replace(flags=Flag.REPEATED),
        buy(stock)._replace(reserved=1),
        buy("999999999"),
        buy(stock, -5),
        buy(stock)._replace(side=9, order_type=200, time_in_force=77, self_trade=5),
        buy(stock),
    ]
    told = answers(feed.acknowledged(feed.send(*frame)))
    reasons = [Reason(each.reason).name for each in told]
    invalid = ["INVALID_FIELD"] * 6
    assert reasons == ["NONE", *invalid, "UNKNOWN_STOCK", "INVALID_QUANTITY", "INVALID_FIELD", "NONE"]
    assert buyer.get_v1("/wallet")["total"] == "10000.00"


def test_whoever_a_command_names_it_is_ones_own(
    buyer: Member, seller: Member, stock: str, feed_of: Open
) -> None:
    feed = feed_of(buyer)
    theirs = seller.placed(stock, "sell", 1, "9")["order"]
    order = buy(stock)._replace(account=int(seller.account), actor=1, sequence=9**15, time_ns=-1)
    events = feed.acknowledged(feed.send(order, command.cancel_order(int(seller.account), int(theirs))))
    assert {event.account for event in events} == {int(buyer.account)}
    # Where accounts have several ledgers, those of others are not known to one's own.
    assert Reason(answers(events)[1].reason) in (Reason.NOT_OWNER, Reason.ORDER_NOT_OPEN)
    assert len(buyer.get_v1("/orders")["items"]) == 1


# ---------------------------------------------------------------------------------------- privacy


def test_what_others_do_to_ones_orders_arrives_without_who_they_are(
    buyer: Member, seller: Member, stock: str, feed_of: Open
) -> None:
    made, took = feed_of(buyer), feed_of(seller)
    buyer.placed(stock, "buy", 5, "2")
    made.until(EventKind.ORDER_OPENED)
    order = command.place_order(0, int(stock), Side.SELL, 2, 20_000, time_in_force=TimeInForce.IOC)
    takers = took.acknowledged(took.send(order))
    makers = made.until(EventKind.TRADED)
    assert {event.account for event in takers} == {int(seller.account)}
    assert {event.account for event in makers} - {int(buyer.account)} == {0}
    [bought] = [event for event in makers if event.kind == EventKind.TRADED]
    [sold] = [event for event in takers if event.kind == EventKind.TRADED]
    assert bought.number == sold.number
    assert (bought.maker_account, bought.maker_remaining, bought.quantity) == (int(buyer.account), 3, 2)
    assert (bought.account, bought.order, bought.remaining) == (0, 0, 0)
    assert (sold.account, sold.price, sold.quantity) == (int(seller.account), 20_000, 2)
    assert (sold.maker_account, sold.maker_order, sold.maker_remaining) == (0, 0, 0)


def test_a_quiet_account_is_told_how_far_the_venue_is(
    member: Member, buyer: Member, stock: str, feed_of: Open
) -> None:
    feed = feed_of(member)
    buyer.placed(stock, "buy", 1, "1")
    told = feed.next()
    assert isinstance(told, Frame)
    assert told.records == b""
    assert told.position > feed.ready["position"]


# ----------------------------------------------------------------------------------------- resume


def test_what_was_missed_comes_first_and_nothing_twice(
    buyer: Member, seller: Member, stock: str, feed_of: Open
) -> None:
    first = feed_of(buyer)
    before = first.acknowledged(first.send(*[buy(stock, 2, 20_000)] * 3))
    first.socket.close()
    seller.placed(stock, "sell", 3, "2")
    buyer.placed(stock, "buy", 1, "1")
    again = feed_of(buyer, after=first.frames[-1].position)
    missed = list(again.events)
    live = again.acknowledged(again.send(buy(stock)))
    told = [*before, *missed, *live]
    assert len({event.number for event in told}) == len(told)
    assert kinds(missed).count(EventKind.TRADED) == 2
    assert kinds(missed).count(EventKind.ACCEPTED) == 1
    assert feed_of(buyer, after=first.ready["position"], stream="whole").events == told


def test_a_resume_may_begin_within_a_batch(start_server: Callable[..., Server], feed_of: Open) -> None:
    server = start_server(**SMALL)
    with Member(server.url, money="10000") as buyer:
        stock = buyer.list_stock()
        feed = feed_of(buyer)
        events = feed.acknowledged(feed.send(*[buy(stock)] * 100))
        assert len({event.time_ns for event in events}) == 1
        assert len(feed.frames) > 3
        assert [frame.number for frame in feed.frames] == [0] * (len(feed.frames) - 1) + [1]
        for at, frame in enumerate(feed.frames):
            again = feed_of(buyer, after=frame.position)
            rest = [event for later in feed.frames[at + 1 :] for event in later.records]
            assert [event for later in again.frames for event in later.records] == rest


def test_a_resume_survives_the_end_of_the_server(start_server: Callable[..., Server], feed_of: Open) -> None:
    server = start_server()
    with Member(server.url, money="10000") as buyer:
        stock = buyer.list_stock()
        feed = feed_of(buyer)
        events = feed.acknowledged(feed.send(*[buy(stock)] * 10))
        server.kill()
        server = start_server()
        with RawFeed(server.url, buyer.session["access_token"], after=events[3].number) as again:
            assert again.opened().events == events[4:]


def test_a_resume_from_too_far_or_from_nowhere_is_refused(
    start_server: Callable[..., Server], feed_of: Open
) -> None:
    server = start_server(feed_resume_limit=5)
    with Member(server.url, money="10000") as buyer:
        stock = buyer.list_stock()
        position = feed_of(buyer).ready["position"]
        for _ in range(2):
            buyer.placed(stock, "buy", 1, "1")
        assert feed_of(buyer, ready=False, after=position).end() == (4410, "resume_too_far")
        assert feed_of(buyer, after=position + 1).events != []
        assert feed_of(buyer, ready=False, after=10**9).end() == (4410, "unknown_position")


# ------------------------------------------------------------------------------------------ access


def test_without_a_session_there_is_no_feed(server: Venue, member: Member) -> None:
    for token in (None, "no token at all", member.session["access_token"][:-3] + "abc"):
        with RawFeed(server.url, token) as feed:
            assert feed.end() == (4401, "token_invalid")
    with pytest.raises(InvalidStatus) as refused:
        RawFeed(server.url, None, headers={"Authorization": "Bearer nonsense"})
    assert refused.value.response.status_code == 401
    assert b"token_invalid" in refused.value.response.body


def test_there_is_no_other_socket(server: Venue) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(server.url.replace("http", "ws", 1) + "/v1/orders", ssl=secured(server.url)).__enter__()
    assert refused.value.response.status_code == 404
    assert refused.value.response.headers["content-type"] == "application/problem+json"


UPGRADE = b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
VERSION = b"Sec-WebSocket-Version: 13\r\n"
GET = b"GET /v1/orders/feed HTTP/1.1\r\n"


def said(server: Venue, *parts: bytes) -> bytes:
    """Send parts, each after something has come back; return all that comes, up to a close frame."""
    answer = b""
    with server.connect() as connection:
        for part in parts:
            connection.sendall(part)
            answer += connection.recv(65_536)
        while not is_closed(answer) and (received := connection.recv(65_536)):
            answer += received
    return answer


def is_closed(answer: bytes) -> bool:
    """Whether a WebSocket has been accepted, and ended by a whole close frame at once."""
    frame = answer.partition(b"\r\n\r\n")[2]
    return frame[:1] == b"\x88" and len(frame) >= 2 + frame[1]


@pytest.mark.parametrize(
    "request_bytes",
    [
        GET + UPGRADE + VERSION + b"\r\n",
        GET + UPGRADE + VERSION + b"Sec-WebSocket-Key: short\r\n\r\n",
        GET + UPGRADE + KEY + b"Sec-WebSocket-Version: 12\r\n\r\n",
        b"POST" + GET[3:] + UPGRADE + KEY + VERSION + b"\r\n",
    ],
)
def test_what_asks_for_a_socket_the_wrong_way_gets_none(server: Venue, request_bytes: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(request_bytes)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 4")


NO_MESSAGES = (
    (b"\xff\xff\xff\xff\xff\xff", 1002),
    (b"\x81\x02{}", 1002),
    (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
    (b"\x82\xff" + (2**62).to_bytes(8, "big") + bytes(4), 1009),
)
"""Bytes that are none, and the close code that they are answered with."""


@pytest.mark.parametrize(("bytes_sent", "close"), NO_MESSAGES)
def test_what_is_no_message_of_a_socket_ends_it(server: Venue, bytes_sent: bytes, close: int) -> None:
    answer = said(server, GET + UPGRADE + KEY + VERSION + b"\r\n", bytes_sent)
    assert answer.startswith(b"HTTP/1.1 101")
    assert close.to_bytes(2, "big") in answer.partition(b"\r\n\r\n")[2]


@pytest.mark.embedded
def test_what_is_no_message_of_a_socket_leaves_no_trace_in_the_log(server: Server) -> None:
    before = server.log()
    for bytes_sent, _ in NO_MESSAGES:
        assert said(server, GET + UPGRADE + KEY + VERSION + b"\r\n", bytes_sent)
    assert server.log() == before


def test_a_session_that_ends_ends_its_feed(buyer: Member, stock: str, feed_of: Open) -> None:
    feed = feed_of(buyer)
    feed.acknowledged(feed.send(buy(stock)))
    got(buyer.v1("DELETE", "/sessions/current"))
    assert feed.end() == (4401, "token_invalid")


def test_a_feed_goes_on_with_a_newer_token(buyer: Member, stock: str, feed_of: Open) -> None:
    feed, old = feed_of(buyer), buyer.session["access_token"]
    buyer.log_in()
    feed.say({"token": buyer.session["access_token"]})
    feed.acknowledged(feed.send(buy(stock)))
    got(buyer.http.delete("/v1/sessions/current", headers={"authorization": f"Bearer {old}"}))
    time.sleep(1.2)  # more than the venue takes to notice
    assert len(answers(feed.acknowledged(feed.send(buy(stock))))) == 1


def test_a_token_of_somebody_else_ends_the_feed(buyer: Member, member: Member, feed_of: Open) -> None:
    feed = feed_of(buyer)
    feed.say({"token": member.session["access_token"]})
    assert feed.end() == (4401, "token_invalid")


def test_of_a_stream_there_is_one_connection(buyer: Member, stock: str, feed_of: Open) -> None:
    first, beside = feed_of(buyer), feed_of(buyer, stream="beside")
    second = feed_of(buyer)
    assert first.end() == (4409, "taken_over")
    second.acknowledged(second.send(buy(stock)))
    assert len(answers(beside.some())) == 1


def test_an_account_has_so_many_feeds(start_server: Callable[..., Server], feed_of: Open) -> None:
    server = start_server(feed_account_limit=2, feed_connections_limit=3)
    with Member(server.url) as one, Member(server.url) as two:
        feeds = [feed_of(one, stream=stream) for stream in "ab"]
        assert feed_of(one, ready=False, stream="c").end() == (1013, "too_many_feeds")
        feed_of(two)
        assert feed_of(two, ready=False, stream="x").end() == (1013, "too_many_feeds")
        feeds[0].socket.close()
        feed_of(one, stream="c")


# -------------------------------------------------------------------------------------- bad messages


def header(**changes: int) -> bytes:
    said = {"version": 1, "kind": 1, "reserved": 0, "count": 1, "number": 2, "position": 0} | changes
    return FRAME.pack(*said.values())


ORDER = Command(kind=CommandKind.PLACE_ORDER).pack()


@pytest.mark.parametrize(
    "message",
    [
        b"",
        header()[:-1],
        header(),
        header() + ORDER[:-1],
        header() + ORDER + b"x",
        header(count=2) + ORDER,
        header(version=2) + ORDER,
        header(kind=2) + ORDER,
        header(reserved=1) + ORDER,
        header(count=0),
        header(number=1) + ORDER,
        header(number=3) + ORDER,
        header(number=-1) + ORDER,
        header() + b"\x02" + ORDER[1:],
    ],
)
def test_a_message_that_cannot_be_read_ends_the_feed_after_the_answers_to_those_before(
    buyer: Member, stock: str, feed_of: Open, message: bytes
) -> None:
    feed = feed_of(buyer)
    feed.send(*[buy(stock)] * 20)
    feed.socket.send(message)
    assert feed.end() == (4400, "bad_message")
    assert len(answers(feed.events)) == 20
    assert feed.frames[-1].number == 1


@pytest.mark.parametrize("words", ["no JSON", '"hello"', "{}", '{"tokem": "x"}', '{"token": 5}'])
def test_words_that_cannot_be_read_end_the_feed(buyer: Member, feed_of: Open, words: str) -> None:
    feed = feed_of(buyer)
    feed.socket.send(words)
    code, problem = feed.end()
    assert code == 4400
    assert problem in ("invalid_json", "invalid_request")


def test_commands_before_the_first_words_are_refused(server: Venue) -> None:
    address = server.url.replace("http", "ws", 1) + "/v1/orders/feed"
    with connect(address, ssl=secured(server.url)) as socket:
        socket.send(commands_frame(1, ORDER))
        assert "bad_message" in socket.recv(10)


def test_a_message_has_so_many_commands_and_so_many_bytes(
    start_server: Callable[..., Server], feed_of: Open
) -> None:
    server = start_server(feed_frame_limit=10, feed_message_limit=4_096)
    with Member(server.url, money="10000") as buyer:
        stock = buyer.list_stock()
        feed = feed_of(buyer)
        assert [feed.ready[name] for name in ("frame_limit", "message_limit")] == [10, 4_096]
        assert len(answers(feed.acknowledged(feed.send(*[buy(stock)] * 10)))) == 10
        feed.send(*[buy(stock)] * 11)
        assert feed.end() == (1009, "message_too_large")
        feed = feed_of(buyer)
        feed.socket.send(bytes(4_097))
        assert feed.end()[0] == 1009
        assert len(buyer.get_v1("/orders")["items"]) == 10


def test_whatever_is_in_a_record_is_answered_and_replays_by_the_reference_rules(
    start_server: Callable[..., Server], feed_of: Open
) -> None:
    server, dice = start_server(), random.Random(1)
    allowed = [
        CommandKind.PLACE_ORDER,
        CommandKind.AMEND_ORDER,
        CommandKind.CANCEL_ORDER,
        CommandKind.CANCEL_ALL,
    ]
    edges = [0, 1, -1, 2**63 - 1, -(2**63), 10**15, 9 * 10**18, 100, 10_000]
    with Member(server.url, money="10000") as buyer:
        stock = int(buyer.list_stock())
        buyer.grant(str(stock), 1_000)
        feed = feed_of(buyer)
        for _ in range(20):
            frame = [
                Command(
                    kind=dice.choice((*allowed, *allowed, dice.randrange(256))),
                    side=dice.choice((1, 2, dice.randrange(256))),
                    order_type=dice.choice((1, 2, dice.randrange(256))),
                    time_in_force=dice.choice((1, 2, 3, dice.randrange(256))),
                    flags=dice.choice((0, 0, 1, dice.randrange(256))),
                    self_trade=dice.choice((0, 1, 2, 3, dice.randrange(256))),
                    reserved=dice.choice((0, 0, 0, dice.randrange(256))),
                    stock=dice.choice((stock, stock, dice.choice(edges))),
                    order=dice.choice((*edges, dice.randrange(500))),
                    price=dice.choice((*edges, 100 * dice.randrange(100))),
                    quantity=dice.choice((*edges, dice.randrange(100))),
                    amount=dice.choice(edges),
                    client_id=dice.choice((bytes(16), bytes([dice.randrange(9)]) * 16)),
                )
                for _ in range(50)
            ]
            assert len(answers(feed.acknowledged(feed.send(*frame)))) == 50
    feed.socket.close()
    assert server.stop() == 0
    checked = subprocess.run(
        [sys.executable, "-m", "pricetime.cli", "check", "--data", str(server.data)],
        env={**os.environ, "PRICETIME_CORE": "rules"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


# -------------------------------------------------------------------------------------- back-pressure


def flooded(feed: RawFeed, order: Command, frames: int) -> None:
    """Send many frames without reading an answer."""
    for _ in range(frames):
        feed.send(*[order] * 100)


def test_a_client_that_does_not_read_is_let_go_and_misses_nothing(
    start_server: Callable[..., Server], feed_of: Open
) -> None:
    server = start_server(feed_stall_s=1, feed_in_flight_limit=100_000, open_orders_limit=1_000_000)
    with Member(server.url, money="10000000") as buyer:
        stock = buyer.list_stock()
        feed = feed_of(buyer, slow=True)
        flooded(feed, buy(stock), 200)
        time.sleep(3)  # nothing is read for longer than a feed may be stuck
        assert feed.end() == (4408, "too_slow")
        again = feed_of(buyer, after=feed.frames[-1].position)
        again.acknowledged(again.send(buy(stock)))
        numbers = [event.number for event in (*feed.events, *again.events)]
        assert numbers == sorted(set(numbers))
        told = answers(feed.events + again.events)
        assert 20_001 >= len(told) > len(answers(feed.events)) + 1


def test_a_client_that_reads_slowly_gets_everything_from_the_journal_in_the_end(
    start_server: Callable[..., Server], feed_of: Open
) -> None:
    server = start_server(**SMALL, feed_in_flight_limit=100_000, open_orders_limit=1_000_000)
    with Member(server.url, money="10000000") as buyer:
        stock = buyer.list_stock()
        feed = feed_of(buyer)
        flooded(feed, buy(stock), 100)
        events = feed.acknowledged(100)
        assert len(answers(events)) == 10_000
        numbers = [event.number for event in events]
        assert numbers == sorted(set(numbers))
        feed.acknowledged(feed.send(buy(stock)))
        everything = feed_of(buyer, after=feed.ready["position"], stream="whole").events
        assert everything == feed.events


def test_a_feed_with_too_much_in_flight_is_not_read(
    start_server: Callable[..., Server], feed_of: Open
) -> None:
    server = start_server(feed_in_flight_limit=100, feed_frame_limit=100)
    with Member(server.url, money="10000000") as buyer:
        stock = buyer.list_stock()
        feed = feed_of(buyer)
        flooded(feed, buy(stock), 50)
        assert len(answers(feed.acknowledged(50))) == 5_000


def test_a_feed_over_its_rate_waits(start_server: Callable[..., Server], feed_of: Open) -> None:
    server = start_server(
        rate_limits=True, rate_account_per_s=10, rate_account_burst=10, rate_address_burst=10_000
    )
    with Member(server.url, money="10000000") as buyer:
        stock = buyer.list_stock()
        feed = feed_of(buyer)
        began = time.monotonic()
        for _ in range(4):
            feed.send(*[buy(stock)] * 100)  # each weighs 5
        assert len(answers(feed.acknowledged(4))) == 400
        assert time.monotonic() - began > 0.9


# ------------------------------------------------------------------------------------------ the end


def test_a_venue_that_stops_says_so_and_answers_what_it_has_read(
    start_server: Callable[..., Server], feed_of: Open
) -> None:
    server = start_server()
    with Member(server.url, money="10000000") as buyer:
        stock = buyer.list_stock()
        feed, idle = feed_of(buyer), feed_of(buyer, stream="idle")
        for _ in range(10):
            feed.send(*[buy(stock)] * 100)
        first = feed.some()
        os.kill(server.pid, signal.SIGTERM)
        said = []
        while not said:
            message = feed.next()
            said += [message["message"]] if isinstance(message, dict) else []
        assert said == ["server_shutdown"]
        assert feed.end() == (1012, "venue_stopped")
        assert idle.end() == (1012, "venue_stopped")
        assert server.stop() == 0
        acknowledged = feed.frames[-1].number
        assert acknowledged >= 1
        assert len(answers(feed.events)) == 100 * acknowledged
        assert first


@pytest.mark.embedded
def test_feeds_are_counted_among_the_metrics(buyer: Member, server: Venue, feed_of: Open) -> None:
    def count() -> float:
        [line] = [
            each
            for each in buyer.http.get("/metrics").text.splitlines()
            if each.startswith("pricetime_feeds ")
        ]
        return float(line.split()[1])

    feed = feed_of(buyer)
    assert count() >= 1
    feed.socket.close()
    assert feed_of(buyer).ready["message_limit"] // FRAME_BYTES > 0
