"""Streams over a WebSocket: what comes first, what follows, what is refused, and how they end."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import pytest
from tests.support.member import Member
from tests.support.server import Server
from tests.support.stream import RawStream


@pytest.fixture
def stream(server: Server) -> Iterator[RawStream]:
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
    assert stream.update("trades")["data"] == seller.get_v1(f"/stocks/{stock}/trades")["items"]
    candles = stream.update("candles")
    assert candles["interval"] == "1d"
    assert candles["data"] == seller.get_v1(f"/stocks/{stock}/candles", interval="1d")["items"]


def test_an_account_is_told_its_orders_executions_money_and_shares(
    server: Server, stock: str, seller: Member, buyer: Member
):
    with RawStream(server.url, buyer.session["access_token"]) as stream:
        first = stream.subscribe("account")
        assert first["data"]["orders"] == []
        assert first["data"]["wallet"] == buyer.get_v1("/wallet")
        order = buyer.placed(stock, "buy", 10, "15.00")["order"]
        opened = stream.update("account")["data"]
        assert [each["order"] for each in opened["orders"]] == [order]
        seller.placed(stock, "sell", 10, "15.00")
        filled = stream.update("account")["data"]
        assert filled["orders"] == buyer.get_v1("/orders")["items"]
        assert filled["executions"] == buyer.get_v1("/executions")["items"]
        assert filled["wallet"] == buyer.get_v1("/wallet")
        assert filled["holdings"] == buyer.get_v1("/portfolio")["holdings"]


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
