"""Readers that do not read: public ones skip, private ones are let go, and no memory grows with either."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from tests.support.member import Member
from tests.support.server import Server, Venue
from tests.support.stream import PATIENCE_S, RawStream

SPAM = 1_500


def resident_kb(server: Venue) -> int:
    """Return how much memory the processes take that serve streams."""
    told = "".join(Path(f"/proc/{pid}/status").read_text() for pid in server.streaming)
    sizes = [int(line.split()[1]) for line in told.splitlines() if line.startswith("VmRSS")]
    assert sizes, "some process serves streams"
    return sum(sizes)


def deep_book(member: Member, stock: str) -> None:
    """Two hundred levels, so that a snapshot has ten thousand bytes and more."""
    member.grant(stock, 1_000)
    orders = [
        {"stock": stock, "side": "sell", "type": "limit", "quantity": 1, "price": f"{100 + level}.00"}
        for level in range(200)
    ]
    member.v1("POST", "/orders/batch", {"orders": orders})


def fill(stream: RawStream, stock: str) -> None:
    """Ask for far more than the connection can hold, and read nothing of it but the first answer.

    That one comes when the views have all there is, and from then on every question is answered at once. What
    is asked before would be answered together, by one snapshot.
    """
    stream.subscribe("depth", stock=stock, levels=200)
    for _ in range(SPAM):
        stream.say(op="subscribe", channel="depth", stock=stock, levels=200)


def test_a_public_reader_that_reads_again_has_the_book_as_it_is(server: Venue, stock: str, seller: Member):
    deep_book(seller, stock)
    before = resident_kb(server)
    with RawStream(server.url, slow=True) as slow, RawStream(server.url) as quick:
        quick.subscribe("depth", stock=stock, levels=200)
        fill(slow, stock)
        for _ in range(30):
            seller.placed(stock, "sell", 1, "99.00")
            quick.update("depth")
        assert resident_kb(server) - before < 12_000  # the answers together are 20 MB
        expected = httpx2.get(f"{server.url}/v1/stocks/{stock}/book?levels=200").json()
        book: dict[str, Any] = {}
        number = 0
        deadline = time.monotonic() + PATIENCE_S
        while book.get("asks") != expected["asks"]:
            assert time.monotonic() < deadline, (book, expected)
            message = slow.next()
            if message["type"] == "snapshot":
                book, number = message["data"], message["number"]
            elif message["type"] == "update":
                assert message["previous"] == number, "who misses an update gets a snapshot"
                number = message["number"]
                levels = {level["price"]: level for level in (*book["asks"], *message["data"]["asks"])}
                there = (level for level in levels.values() if level["quantity"])
                book["asks"] = sorted(there, key=lambda level: float(level["price"]))


def test_a_private_reader_that_does_not_read_is_let_go(
    start_server: Callable[..., Server],
):
    server = start_server(stream_private_buffer_limit=4_096)
    with Member(server.url, money="1000") as somebody:
        stock = somebody.list_stock()
        deep_book(somebody, stock)
        with (
            RawStream(server.url, somebody.session["access_token"], slow=True) as slow,
            RawStream(server.url) as quick,
        ):
            slow.subscribe("account")
            quick.subscribe("depth", stock=stock)
            fill(slow, stock)
            for _ in range(20):  # several times what may wait, whatever of it goes together
                somebody.placed(stock, "sell", 1, "99.00")
                quick.update("depth")
            assert slow.end() == (4408, "too_slow")
