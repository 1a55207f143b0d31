"""The page when its way to the venue is blocked, broken or silent: the old says so, nothing is doubled."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect
from tests.support import sight
from tests.support.member import Member
from tests.support.server import Server
from tests.support.visitor import Visitor

_AWAY = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "WebSocket",
    "ERR_INCOMPLETE",
)
"""What a page meets when the venue is not there."""

_FRESH = re.compile("Live|Every second")
"""It polls for a while where the venue came back just when streams had failed."""


@pytest.fixture
def venue(start_server: Callable[..., Server]) -> Server:
    """A venue that the test may kill."""
    return start_server()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_venue_that_comes_back_finds_the_page_as_it_was(
    visitor: Visitor,
    new_member: Callable[..., Member],
    stock: tuple[str, str],
    venue: Server,
    start_server: Callable[..., Server],
    end: str,
) -> None:
    number = stock[1]
    visitor.enter(new_member(money="1000"), f"/stocks/{number}")
    visitor.is_connected()
    visitor.watch.expect(*_AWAY)
    visitor.place("Buy", 4, "14.00")

    def venue_ends(route: Route) -> None:
        if end == "kill":
            route.fetch()  # it is placed, and nobody hears of it
            venue.kill()
        else:
            venue.stop()  # it never arrives
        route.abort("connectionreset")

    visitor.page.route("**/v1/orders", venue_ends, times=1)
    visitor.fill_ticket("Buy", 6, "13.00")
    visitor.send.click()
    own = visitor.panel("Your orders")
    expect(own).to_contain_text("Asking whether it arrived")
    visitor.is_connected("Reconnecting")
    _is_marked_as_old(visitor)

    start_server(data=venue.data, port=venue.port)
    if end == "stop":
        expect(own).to_contain_text("It did not arrive.", timeout=30_000)
        own.get_by_role("button", name="Send again").click()
    else:
        visitor.is_told("Your order arrived after all")  # for eight seconds: before the rest is back, maybe
    visitor.is_connected(_FRESH)
    visitor.has_open("buy 6 at 13.00", "buy 4 at 14.00")
    expect(visitor.page.get_by_text(re.compile(r"\d+ s old$"))).to_have_count(0)
    assert [order["quantity"] for order in visitor.says("/orders")["items"]] == [6, 4]
    _shows_what_is_so(visitor, number)


def test_a_venue_that_falls_silent_makes_the_figures_old(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str], venue: Server
) -> None:
    visitor.enter(new_member(money="1000"), f"/stocks/{stock[1]}")
    visitor.is_connected()
    visitor.watch.expect(*_AWAY)
    os.kill(venue.pid, signal.SIGSTOP)
    try:
        visitor.is_connected("No news")
        _is_marked_as_old(visitor)
    finally:
        os.kill(venue.pid, signal.SIGCONT)
    visitor.is_connected()
    _shows_what_is_so(visitor, stock[1])


def test_events_carry_the_market_where_websockets_are_blocked(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    _block_websockets(visitor)
    with visitor.page.expect_request("**/v1/stream/events*"):
        visitor.enter(new_member(money="1000"), f"/stocks/{stock[1]}")
    visitor.is_connected("Live")
    _follows_the_market(visitor, new_member, stock[1])


def test_requests_carry_the_market_where_streams_are_blocked(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    _block_websockets(visitor)
    visitor.page.route("**/v1/stream/events*", lambda route: route.abort())
    visitor.watch.expect("ERR_FAILED GET /v1/stream/events")
    visitor.enter(new_member(money="1000"), f"/stocks/{stock[1]}")
    visitor.is_connected("Every second")
    _follows_the_market(visitor, new_member, stock[1])


def test_the_page_says_that_it_is_offline_and_comes_back(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    visitor.enter(new_member(money="1000"), f"/stocks/{stock[1]}")
    visitor.is_connected()
    visitor.watch.expect("ERR_INTERNET_DISCONNECTED", "WebSocket")
    visitor.context.set_offline(True)
    visitor.is_connected("Offline")
    _is_marked_as_old(visitor)
    visitor.context.set_offline(False)
    visitor.is_connected()
    _shows_what_is_so(visitor, stock[1])


def _block_websockets(visitor: Visitor) -> None:
    """Let no WebSocket be opened, as some proxies do."""

    def close(socket: WebSocketRoute) -> None:
        socket.close(code=1011)

    visitor.page.route_web_socket("**/v1/stream", close)
    visitor.watch.expect("WebSocket")


def _is_marked_as_old(visitor: Visitor) -> None:
    """Every part of a stock's page that shows figures says how old they are."""
    for title in ("Order book", "Trades"):
        expect(visitor.panel(title).get_by_text(re.compile(r"old$"))).to_be_visible()
    expect(visitor.page.get_by_role("main").get_by_text(re.compile(r"old$")).first).to_be_visible()


def _follows_the_market(visitor: Visitor, new_member: Callable[..., Member], stock: str) -> None:
    """What others and we do is seen."""
    other = new_member(money="1000")
    other.placed(stock, "buy", 7, "14.50")
    expect(visitor.panel("Order book").get_by_role("button", name="14.50")).to_be_visible()
    visitor.place("Buy", 2, "15.00")
    expect(visitor.panel("Your orders")).to_contain_text(re.compile(r"You hold\s*2 at 15.00"))
    _shows_what_is_so(visitor, stock)


def _shows_what_is_so(visitor: Visitor, stock: str) -> None:
    def shown() -> object:
        return sight.book_shown(visitor), sight.tape_shown(visitor), sight.headline_shown(visitor)

    def said() -> object:
        asks, bids = sight.book_shown(visitor)
        return (
            sight.book_said(visitor, stock, len(asks), len(bids)),
            sight.tape_said(visitor, stock, len(sight.tape_shown(visitor))),
            sight.headline_said(visitor, stock),
        )

    sight.agree(shown, said)
