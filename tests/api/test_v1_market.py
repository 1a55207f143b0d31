"""Stocks and market data of ``/v1``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.member import Member, got, refused
from tests.support.server import Server
from tests.support.trader import Guest, unique


def levels(side: list[dict[str, Any]]) -> list[str]:
    return [f"{level['quantity']} @ {level['price']} ({level['orders']})" for level in side]


def every(guest: Guest, path: str, **query: Any) -> list[Any]:
    """Follow the cursors of a list to its end."""
    items, cursor = [], {}
    while True:
        page = got(guest.http.get(f"/v1{path}", params={**query, **cursor}))
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


def test_a_listed_stock_has_a_tick_and_no_market_yet(member: Member) -> None:
    name = unique("Google")
    stock = got(member.v1("POST", "/stocks", {"name": name, "tick_size": "0.0005"}), 201)
    nothing = dict.fromkeys(
        ("last_price", "best_bid", "best_ask", "day_open", "day_high", "day_low", "day_change")
    )
    assert stock == {
        "stock": stock["stock"],
        "name": name,
        "tick_size": "0.0005",
        "halted": False,
        "day_volume": 0,
        "shares_listed": 0,
        **nothing,
    }
    assert member.get_v1(f"/stocks/{stock['stock']}") == stock


def test_a_stock_name_is_given_once(member: Member) -> None:
    name = {"name": unique("Google")}
    got(member.v1("POST", "/stocks", name), 201)
    assert refused(member.v1("POST", "/stocks", name)) == (409, "stock_name_taken")


def test_a_full_venue_gives_no_names(start_server: Callable[..., Server]) -> None:
    with start_server(stocks_limit=1) as full, Member(full.url) as member:
        assert got(member.v1("POST", "/stocks", {"name": "Google"}), 201)["stock"] == "1"
        for name in ("Apple", "Tesla", "Apple"):
            assert refused(member.v1("POST", "/stocks", {"name": name})) == (422, "venue_full")
        assert refused(member.v1("POST", "/stocks", {"name": "Google"})) == (409, "stock_name_taken")
    with Member(start_server(stocks_limit=2).url) as member:
        assert got(member.v1("POST", "/stocks", {"name": "Tesla"}), 201)["stock"] == "2"


@pytest.mark.parametrize("name", ["", " x", "x ", "a\nb", "a\x00b", "x" * 101])
def test_a_stock_name_that_cannot_be_shown_is_refused(member: Member, name: str) -> None:
    assert refused(member.v1("POST", "/stocks", {"name": name}))[0] == 400


@pytest.mark.parametrize("tick", ["0", "0.00001", "-1", "x", "1\n", 1, "9000000000000000"])
def test_a_tick_that_cannot_be_is_refused(member: Member, tick: object) -> None:
    stock = {"name": unique("Google"), "tick_size": tick}
    assert refused(member.v1("POST", "/stocks", stock))[0] == 400


def test_granted_shares_are_a_holding_that_cost_nothing(member: Member, stock: str) -> None:
    member.grant(stock, 60)
    holding = member.grant(stock, 40)
    assert (holding["stock"], holding["available"], holding["held"]) == (stock, 100, 0)
    assert (holding["average_cost"], holding["market_value"]) == ("0.00", None)
    assert member.get_v1(f"/stocks/{stock}")["shares_listed"] == 100


def test_only_listers_grant_to_another(member: Member, new_member: Callable[..., Member], stock: str) -> None:
    other = new_member()
    grant = {"quantity": 1, "account": other.account}
    assert refused(member.v1("POST", f"/stocks/{stock}/grants", grant)) == (403, "not_allowed")
    assert other.get_v1("/portfolio")["holdings"] == []


def test_an_administrator_grants_to_another(admin: Member, member: Member, stock: str) -> None:
    grant = {"quantity": 7, "account": member.account}
    assert got(admin.v1("POST", f"/stocks/{stock}/grants", grant), 201)["available"] == 7
    assert member.get_v1("/portfolio")["holdings"][0]["available"] == 7
    nobody = {"quantity": 7, "account": "999999999"}
    assert refused(admin.v1("POST", f"/stocks/{stock}/grants", nobody)) == (404, "unknown_account")


@pytest.mark.parametrize("stock", ["0", "999999999", "9" * 19, "x", "-1", "1.0", "%00"])
@pytest.mark.parametrize("path", ["", "/book", "/trades", "/candles"])
def test_an_unknown_stock_is_not_found(guest: Guest, stock: str, path: str) -> None:
    assert refused(guest.v1("GET", f"/stocks/{stock}{path}")) == (404, "unknown_stock")


def test_market_data_is_public(guest: Guest, seller: Member, stock: str) -> None:
    for path in (
        "/stocks",
        "/prices",
        *(f"/stocks/{stock}{end}" for end in ("", "/book", "/trades", "/candles")),
    ):
        assert guest.v1("GET", path).status_code == 200


def test_a_stock_shows_its_market_and_its_day(
    seller: Member, buyer: Member, stock: str, guest: Guest
) -> None:
    seller.placed(stock, "sell", 10, "20")
    seller.placed(stock, "sell", 10, "22")
    seller.placed(stock, "sell", 10, "30")
    buyer.placed(stock, "buy", 15)
    buyer.placed(stock, "buy", 1, "19.5")
    seen = got(guest.v1("GET", f"/stocks/{stock}"))
    assert (seen["last_price"], seen["best_bid"], seen["best_ask"]) == ("22.00", "19.50", "22.00")
    assert (seen["day_open"], seen["day_high"], seen["day_low"]) == ("20.00", "22.00", "20.00")
    assert (seen["day_volume"], seen["day_change"]) == (15, "2.00")


def test_the_price_is_of_the_last_trade_else_the_best_ask(
    seller: Member, buyer: Member, stock: str, guest: Guest
) -> None:
    def price() -> Any:
        return next((row for row in every(guest, "/prices") if row["stock"] == stock), None)

    assert price() is None
    seller.placed(stock, "sell", 10, "20")
    assert (price()["price"], price()["last_trade_at"]) == ("20.00", None)
    buyer.placed(stock, "buy", 1, "20")
    seller.placed(stock, "sell", 1, "18")
    assert price()["price"] == "20.00"
    assert price()["last_trade_at"] is not None


def test_a_book_is_levels_from_best_to_worst(seller: Member, buyer: Member, stock: str, guest: Guest) -> None:
    for price in ("21", "20", "21", "22.5"):
        seller.placed(stock, "sell", 5, price)
    for price in ("18", "19"):
        buyer.placed(stock, "buy", 3, price)
    book = got(guest.v1("GET", f"/stocks/{stock}/book"))
    assert levels(book["asks"]) == ["5 @ 20.00 (1)", "10 @ 21.00 (2)", "5 @ 22.50 (1)"]
    assert levels(book["bids"]) == ["3 @ 19.00 (1)", "3 @ 18.00 (1)"]
    assert (book["market_buy_quantity"], book["market_sell_quantity"]) == (0, 0)
    best = got(guest.v1("GET", f"/stocks/{stock}/book?levels=1"))
    assert levels(best["asks"]) + levels(best["bids"]) == ["5 @ 20.00 (1)", "3 @ 19.00 (1)"]


def test_a_book_shows_what_waits_at_market(seller: Member, stock: str, guest: Guest) -> None:
    seller.placed(stock, "sell", 5)
    book = got(guest.v1("GET", f"/stocks/{stock}/book"))
    assert (book["market_sell_quantity"], book["asks"]) == (5, [])


def test_the_tape_is_newest_first_and_paged(seller: Member, buyer: Member, stock: str, guest: Guest) -> None:
    for price in range(1, 8):
        seller.placed(stock, "sell", price, str(price))
        buyer.placed(stock, "buy", price)
    whole = every(guest, f"/stocks/{stock}/trades")
    assert [(row["price"], row["quantity"], row["side"]) for row in whole] == [
        (f"{price}.00", price, "buy") for price in range(7, 0, -1)
    ]
    assert every(guest, f"/stocks/{stock}/trades", limit=3) == whole


def test_a_list_page_by_page_is_the_whole_list(member: Member, guest: Guest) -> None:
    mine = [member.list_stock() for _ in range(5)]
    whole = [row["stock"] for row in every(guest, "/stocks", limit=1_000)]
    paged = [row["stock"] for row in every(guest, "/stocks", limit=2)]
    assert [stock for stock in paged if stock in whole] == whole  # others list stocks meanwhile
    assert [stock for stock in whole if stock in mine] == mine


def test_candles_hold_open_high_low_close_and_volume(
    seller: Member, buyer: Member, stock: str, guest: Guest
) -> None:
    for price in ("20", "25", "18", "21"):
        seller.placed(stock, "sell", 2, price)
        buyer.placed(stock, "buy", 2)
    [candle] = got(guest.v1("GET", f"/stocks/{stock}/candles?interval=1d"))["items"]
    shown = [candle[name] for name in ("open", "high", "low", "close", "volume", "trades")]
    assert shown == ["20.00", "25.00", "18.00", "21.00", 8, 4]
    assert candle["start"].endswith("T00:00:00.000000Z")
    later = "/candles?interval=1d&start=2100-01-01T00:00:00Z"
    assert got(guest.v1("GET", f"/stocks/{stock}{later}"))["items"] == []
    earlier = "/candles?interval=1d&end=2000-01-01T00:00:00Z"
    assert got(guest.v1("GET", f"/stocks/{stock}{earlier}"))["items"] == []


def test_a_sparkline_has_the_closes_of_intervals_and_what_changed_in_them(
    seller: Member, buyer: Member, stock: str, guest: Guest
) -> None:
    def sparkline(**query: Any) -> Any:
        return next((row for row in every(guest, "/sparklines", **query) if row["stock"] == stock), None)

    seller.placed(stock, "sell", 2, "20")
    assert sparkline() is None
    buyer.placed(stock, "buy", 2)
    seller.placed(stock, "sell", 3, "18.5")
    buyer.placed(stock, "buy", 3)
    for query in ({}, {"interval": "1d", "points": 1}, {"limit": 1}):
        drawn = sparkline(**query)
        assert (drawn["closes"][-1], drawn["change"], drawn["volume"]) == ("18.50", "-1.50", 5)
    assert len(sparkline(interval="4h", points=6)["closes"]) == 1
    for wrong in ("interval=1s", "points=0", "points=201"):
        assert refused(guest.v1("GET", f"/sparklines?{wrong}")) == (400, "invalid_request")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=1.5",
        "cursor=",
        "cursor=1",
        "cursor=ffffffffffffffff",
        "cursor=0000000000000001%0A",
        "unknown=1",
        "limit=1&limit=2",
        "limit=%FF",
    ],
)
def test_a_page_that_cannot_be_is_refused(guest: Guest, query: str) -> None:
    assert refused(guest.v1("GET", f"/stocks?{query}"))[0] == 400


@pytest.mark.parametrize(
    "query",
    [
        "interval=2m",
        "interval=",
        "start=yesterday",
        "start=2026-01-01",
        "end=1",
        "start=2026-13-01T00:00:00Z",
    ],
)
def test_candles_that_cannot_be_are_refused(guest: Guest, stock: str, query: str) -> None:
    assert refused(guest.v1("GET", f"/stocks/{stock}/candles?{query}")) == (400, "invalid_request")
