"""Streams over a WebSocket: what comes first, what follows, what is refused, and how they end."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.member import Admin, Member
from tests.support.server import Server, Venue
from tests.support.stream import RawStream
from websockets.exceptions import InvalidStatus


@pytest.fixture
def stream(server: Venue) -> Iterator[RawStream]:
    """Somebody without a session."""
    with RawStream(server.url) as opened:
        yield opened


def of_stock(stock: str) -> Callable[[dict[str, str]], bool]:
    return lambda row: row["stock"] == stock


def test_a_snapshot_comes_first_and_updates_follow_in_a_chain(
    stream: RawStream, stock: str, seller: Member, buyer: Member
):
    first = stream.subscribe("depth", stock=stock, levels=7)
    assert (first["type"], first["data"]["bids"], first["levels"]) == ("snapshot", [], 10)
    seller.placed(stock, "sell", 10, "15.00")
    second = stream.update("depth")
    assert second["previous"] == first["number"] < second["number"]
    assert second["data"]["asks"] == [{"price": "15.00", "quantity": 10, "orders": 1}]
    buyer.placed(stock, "buy", 10, "15.00")
    third = stream.update("depth")
    assert third["previous"] == second["number"]
    assert third["data"]["asks"] == [{"price": "15.00", "quantity": 0, "orders": 0}]


def test_prices_tell_the_stocks_that_changed(stream: RawStream, stock: str, seller: Member):
    first = stream.subscribe("prices")
    assert [row["best_ask"] for row in first["data"] if row["stock"] == stock] == [None]
    seller.placed(stock, "sell", 10, "15.00")
    told = stream.until(lambda message: any(row["stock"] == stock for row in message.get("data", ())))
    [row] = [row for row in told["data"] if row["stock"] == stock]
    assert row == seller.get_v1(f"/stocks/{stock}")


def test_trades_and_candles_follow_the_tape(stream: RawStream, stock: str, seller: Member, buyer: Member):
    assert stream.subscribe("trades", stock=stock)["data"] == []
    assert stream.subscribe("candles", stock=stock, interval="1d")["data"] == []
    seller.placed(stock, "sell", 10, "15.00")
    buyer.placed(stock, "buy", 4, "15.00")
    told: dict[str, Any] = {}  # in either order
    while told.keys() != {"trades", "candles"}:
        message = stream.until(lambda message: message["type"] == "update")
        told[message["channel"]] = message
    assert told["trades"]["data"] == seller.get_v1(f"/stocks/{stock}/trades")["items"]
    candles = told["candles"]
    assert candles["interval"] == "1d"
    assert candles["data"] == seller.get_v1(f"/stocks/{stock}/candles", interval="1d")["items"]


def test_an_account_is_told_its_orders_executions_money_and_shares(
    server: Venue, stock: str, seller: Member, buyer: Member
):
    with RawStream(server.url, buyer.session["access_token"]) as stream:
        first = stream.subscribe("account")
        assert first["data"]["orders"] == []
        assert first["data"]["wallet"] == buyer.get_v1("/wallet")
        order = buyer.placed(stock, "buy", 10, "15.00")["order"]
        opened = stream.changes(lambda told: bool(told["orders"]))
        assert [each["order"] for each in opened["orders"]] == [order]
        seller.placed(stock, "sell", 10, "15.00")
        filled = {
            "orders": buyer.get_v1("/orders")["items"],
            "executions": buyer.get_v1("/executions")["items"],
            "wallet": buyer.get_v1("/wallet"),
            "holdings": buyer.get_v1("/portfolio")["holdings"],
        }
        stream.changes(lambda told: told == filled)


def test_a_checksum_is_of_the_top_ten_levels(stream: RawStream, stock: str, seller: Member, buyer: Member):
    seller.placed(stock, "sell", 10, "15.50")
    buyer.placed(stock, "buy", 3, "15.00")
    buyer.placed(stock, "buy", 4, "14.99")
    number = stream.subscribe("depth", stock=stock)["number"]
    stream.say(op="checksum", stock=stock)
    answer = stream.until(lambda message: message["type"] == "checksum")
    expected = zlib.crc32(b"15.00:3|14.99:4|15.50:10")
    assert answer == {"type": "checksum", "stock": stock, "number": number, "checksum": f"{expected:08x}"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"op": "subscribe", "channel": "weather"}, "invalid_request"),
        ({"op": "subscribe", "channel": "depth"}, "invalid_request"),
        ({"op": "subscribe", "channel": "prices", "stock": "1"}, "invalid_request"),
        ({"op": "subscribe", "channel": "candles", "stock": "1"}, "invalid_request"),
        ({"op": "subscribe", "channel": "depth", "stock": "1", "levels": 201}, "invalid_request"),
        ({"op": "subscribe", "channel": "depth", "stock": "987654321"}, "unknown_stock"),
        ({"op": "subscribe", "channel": "account"}, "token_invalid"),
        ({"op": "authenticate", "token": "made up"}, "token_invalid"),
        ({"op": "checksum", "stock": "1"}, "invalid_request"),
        ({"op": "sing"}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
def test_what_cannot_be_done_is_answered_and_the_connection_goes_on(
    stream: RawStream, words: dict[str, str], code: str
):
    stream.say(**words)
    assert stream.problem()["code"] == code
    assert stream.subscribe("prices")["type"] == "snapshot"


# --------------------------------------------------------------------------------- resuming, sessions


def test_who_comes_back_gets_the_updates_that_were_missed(server: Venue, stock: str, seller: Member):
    with RawStream(server.url) as first, RawStream(server.url) as second:
        number = first.subscribe("depth", stock=stock)["number"]
        second.subscribe("depth", stock=stock)
        seller.placed(stock, "sell", 1, "15.00")
        update = second.update("depth")
        first.say(op="unsubscribe", channel="depth", stock=stock)
        again = first.subscribe("depth", stock=stock, after=number)
    assert again == update


def test_who_missed_nothing_gets_the_next_update_first(server: Venue, stock: str, seller: Member):
    with RawStream(server.url) as stream:
        number = stream.subscribe("depth", stock=stock)["number"]
        stream.say(op="subscribe", channel="depth", stock=stock, after=number)
        seller.placed(stock, "sell", 1, "15.00")
        message = stream.until(lambda message: message.get("channel") == "depth")
        assert (message["type"], message["previous"]) == ("update", number)


def test_a_number_that_was_never_given_is_answered_by_a_snapshot(stream: RawStream, stock: str):
    assert stream.subscribe("depth", stock=stock, after=2**62)["type"] == "snapshot"


def test_an_account_resumes_with_the_orders_that_changed_meanwhile(
    server: Venue, stock: str, seller: Member, buyer: Member
):
    with RawStream(server.url, buyer.session["access_token"]) as stream:
        order = buyer.placed(stock, "buy", 5, "15.00")["order"]
        picture = stream.subscribe("account")
        assert [each["order"] for each in picture["data"]["orders"]] == [order]
    seller.placed(stock, "sell", 5, "15.00")
    other = buyer.placed(stock, "buy", 1, "14.00")["order"]
    with RawStream(server.url, buyer.session["access_token"]) as stream:
        told = [stream.subscribe("account", after=picture["number"])]
        while other not in [each["order"] for each in told[-1]["data"]["orders"]]:
            told.append(stream.update("account"))
    assert {each["type"] for each in told} == {"update"}
    assert [each["previous"] for each in told] == [picture["number"], *(each["number"] for each in told[:-1])]
    orders = {each["order"]: each["status"] for message in told for each in message["data"]["orders"]}
    assert orders == {order: "filled", other: "open"}
    executions = [each for message in told for each in message["data"]["executions"]]
    assert executions == buyer.get_v1("/executions")["items"]
    wallets = [message["data"]["wallet"] for message in told if message["data"]["wallet"]]
    assert wallets[-1] == buyer.get_v1("/wallet")


def test_an_account_that_was_away_too_long_begins_anew(
    start_server: Callable[..., Server],
):
    server = start_server(stream_resume_limit=3)
    with Member(server.url, money="10") as somebody:
        token = somebody.session["access_token"]
        with RawStream(server.url, token) as stream:
            number = stream.subscribe("account")["number"]
        with Member(server.url) as another:
            for _ in range(5):
                another.deposit("1")
        somebody.deposit("1")
        server.stop()
        with RawStream(start_server(port=server.port, stream_resume_limit=3).url, token) as stream:
            assert stream.subscribe("account", after=number)["type"] == "snapshot"


def test_a_session_that_ends_ends_the_private_channel_alone(server: Venue, stock: str, buyer: Member):
    with RawStream(server.url, buyer.session["access_token"]) as stream:
        stream.subscribe("account")
        stream.subscribe("depth", stock=stock)
        buyer.v1("DELETE", "/sessions/current")
        problem = stream.problem()
        assert (problem["channel"], problem["code"]) == ("account", "token_invalid")
        buyer.log_in()
        buyer.placed(stock, "buy", 1, "1.00")
        assert stream.update("depth")["data"]["bids"][0]["price"] == "1.00"
        stream.say(op="authenticate", token=buyer.session["access_token"])
        assert stream.subscribe("account")["data"]["wallet"] == buyer.get_v1("/wallet")


def test_a_connection_does_not_change_hands(server: Venue, buyer: Member, seller: Member):
    with RawStream(server.url, buyer.session["access_token"]) as stream:
        stream.say(op="authenticate", token=seller.session["access_token"])
        assert stream.problem()["code"] == "token_invalid"
        assert stream.subscribe("account")["data"]["wallet"] == buyer.get_v1("/wallet")


@pytest.mark.parametrize(("origin", "first"), [("{url}", "snapshot"), ("http://elsewhere.test", "problem")])
def test_the_cookie_of_the_page_counts_from_our_own_page_alone(
    server: Venue, buyer: Member, origin: str, first: str
):
    headers = {
        "cookie": f"pricetime_session={buyer.session['access_token']}",
        "origin": origin.format(url=server.url),
    }
    with RawStream(server.url, headers=headers) as stream:
        stream.say(op="subscribe", channel="account")
        assert stream.until(lambda message: message["type"] != "heartbeat")["type"] == first


# ------------------------------------------------------------------------------------- limits, ends


def test_a_token_that_is_no_good_is_refused_at_once(server: Venue):
    with pytest.raises(InvalidStatus) as refused:
        RawStream(server.url, "made up")
    assert refused.value.response.status_code == 401


def test_a_connection_has_so_many_channels(start_server: Callable[..., Server]):
    with RawStream(start_server(stream_subscriptions_limit=1).url) as stream:
        stream.subscribe("prices")
        stream.say(op="subscribe", channel="trades", stock="1")
        problem = stream.problem()
        assert (problem["channel"], problem["code"]) == ("trades", "too_many_subscriptions")
        assert stream.subscribe("prices")["type"] == "snapshot"


def test_the_venue_has_so_many_streams_and_so_has_an_account(start_server: Callable[..., Server]):
    server = start_server(stream_connections_limit=2, stream_account_limit=1)
    with Member(server.url) as somebody:
        token = somebody.session["access_token"]
        with RawStream(server.url, token) as first, RawStream(server.url, token) as second:
            first.subscribe("account")
            assert second.end() == (1013, "too_many_streams")
            with RawStream(server.url) as third, RawStream(server.url) as fourth:
                third.say(op="authenticate", token=token)
                assert third.problem()["code"] == "too_many_streams"
                assert fourth.end() == (1013, "too_many_streams")


def test_the_venue_tells_of_so_many_things(start_server: Callable[..., Server]):
    server = start_server(stream_channels_limit=1)
    with Member(server.url) as somebody, RawStream(server.url) as stream:
        stock = somebody.list_stock()
        stream.subscribe("prices")
        stream.say(op="subscribe", channel="depth", stock=stock)
        assert stream.problem()["code"] == "too_many_streams"
        stream.say(op="unsubscribe", channel="prices")
        assert stream.subscribe("depth", stock=stock)["type"] == "snapshot"


def test_a_message_has_so_many_characters(start_server: Callable[..., Server]):
    with RawStream(start_server(stream_message_limit=300).url) as stream:
        stream.say(op="x" * 300)
        assert stream.end() == (1009, "message_too_large")


def test_a_binary_message_ends_the_connection(stream: RawStream):
    stream.socket.send(b"\x00")
    assert stream.end() == (4400, "bad_message")


def test_the_end_of_the_venue_is_announced(start_server: Callable[..., Server]):
    server = start_server()
    with RawStream(server.url) as stream:
        stream.subscribe("prices")
        server.stop()
        assert stream.end() == (1012, "")
        assert stream.messages[-1]["type"] == "server_shutdown"


def test_the_state_counts_open_streams(start_server: Callable[..., Server]):
    server = start_server()
    with Admin(server) as admin:
        assert admin.get_v1("/admin/state")["streams"] == 0
        with RawStream(server.url) as stream:
            stream.subscribe("prices")
            assert admin.get_v1("/admin/state")["streams"] == 1


def test_a_heartbeat_says_how_far_the_lists_are(start_server: Callable[..., Server]):
    server = start_server(stream_heartbeat_s=1)
    with Member(server.url, money="5") as somebody, RawStream(server.url) as stream:
        beat = stream.until(lambda message: message["type"] == "heartbeat")
        assert beat.keys() == {"type", "number", "time", "views_lag"}
        with Admin(server) as admin:
            assert beat["number"] <= admin.get_v1("/admin/state")["events"]
        assert somebody.get_v1("/wallet")["total"] == "5.00"
