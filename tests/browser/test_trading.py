"""People trade on the page: with each other, on a moving market, without money, and with shaky fingers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Route, expect
from tests.support import sight
from tests.support.crowd import Crowd
from tests.support.member import Member
from tests.support.server import Server
from tests.support.visitor import Visitor


def test_two_people_trade_with_each_other_and_both_see_it(
    visit: Callable[..., Visitor], stock: tuple[str, str]
) -> None:
    name, number = stock
    alice, bob = visit(), visit()
    for person, amount in ((alice, "1,000"), (bob, "2,000.50")):
        person.open("/register")
        person.register()
        person.deposit(amount)
        person.open_stock(number)

    alice.place("Buy", 20, "15.00")
    alice.is_told(f"Bought 20 {name} at 15.00")
    alice.place("Sell", 8, "14.50")
    alice.has_open("sell 8 at 14.50")

    bob.panel("Order book").get_by_role("button", name="14.50").click()
    expect(bob.field("Price", bob.ticket)).to_have_value("14.50")
    bob.field("Quantity", bob.ticket).fill("5")
    expect(bob.ticket).to_contain_text("72.50")
    bob.button("Buy 5 at 14.50").click()
    bob.is_told(f"Bought 5 {name} at 14.50")
    alice.is_told(f"Sold 5 {name} at 14.50")

    expect(bob.panel("Your orders")).to_contain_text(re.compile("You hold\\s*5 at 14.50"))
    expect(alice.panel("Your orders")).to_contain_text("3 of 8 at 14.50")
    expect(alice.panel("Your orders")).to_contain_text(re.compile("You hold\\s*15 at 15.00"))
    newest = ("buy", sight.figure("14.50"), sight.figure("5"))
    for person in (alice, bob):
        sight.agree(lambda person=person: sight.tape_shown(person)[:1], lambda: [newest])
        person.go("Wallet")
    expect(alice.panel("Balance")).to_contain_text("772.50")
    expect(bob.panel("Balance")).to_contain_text("1,928.00")
    expect(bob.panel("Transactions")).to_contain_text("−72.50")


def test_a_newcomer_buys_on_a_moving_market_within_a_minute(
    visit: Callable[..., Visitor], start_server: Callable[..., Server]
) -> None:
    venue = start_server()
    with Crowd(venue.url, seed=3):
        newcomer = visit(venue.url)
        began = time.perf_counter()
        newcomer.open("/")
        newcomer.button("Sign in").click()
        newcomer.link("Register").click()
        newcomer.register()
        newcomer.deposit("10,000")
        newcomer.go("Market")
        newcomer.link("Copperline").click()
        expect(newcomer.panel("Order book").get_by_role("table")).to_be_visible()
        newcomer.place("Buy", 7)
        newcomer.is_told("Bought 7 Copperline")
        newcomer.go("Portfolio")
        holding = newcomer.panel("Holdings").get_by_role("row", name="Copperline")
        expect(holding).to_contain_text("7")
        print(f"a newcomer sees the position after {time.perf_counter() - began:.1f} s")
    assert newcomer.says("/portfolio")["holdings"][0]["available"] == 7


def test_open_orders_are_cancelled_one_by_one_and_all_at_once(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    name, number = stock
    member = new_member(money="1000")
    visitor.enter(member, f"/stocks/{number}")
    for price in ("10.00", "10.50", "11.00"):
        visitor.place("Buy", 4, price)
    own = visitor.panel("Your orders")
    own.get_by_role("button", name="Cancel buy 4 at 10.50").click()
    visitor.is_told("Cancelled: buy 4 at 10.50")
    visitor.has_open("buy 4 at 11.00", "buy 4 at 10.00")
    visitor.go("Orders")
    sight.agree(lambda: sight.open_orders_shown(visitor), lambda: sight.open_orders_said(visitor))
    visitor.button("Cancel all").click()
    visitor.dialog("Cancel all open orders?").get_by_role("button", name="Cancel 2 orders").click()
    expect(visitor.panel("Open orders")).to_contain_text("No order is open")
    assert visitor.says("/orders", status="open")["items"] == []
    assert visitor.says("/wallet")["available"] == "1000.00"
    history = visitor.panel("History").get_by_role("row", name=name)
    expect(history).to_have_count(3)
    expect(history.filter(has_text="Cancelled")).to_have_count(3)


def test_of_many_open_orders_the_newest_are_drawn_and_the_others_counted(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    member = new_member(money="1000")
    for number in range(1, 126):
        member.placed(stock[1], "buy", number, "0.05")
    visitor.enter(member, f"/stocks/{stock[1]}")
    own = visitor.panel("Your orders")
    expect(own.get_by_role("listitem")).to_have_count(20)
    expect(own.get_by_role("listitem").first).to_contain_text("125 at 0.05")
    expect(own).to_contain_text("105 older ones are open too")
    own.get_by_role("button", name="Cancel buy 125 at 0.05").click()
    expect(own).to_contain_text("104 older ones are open too")
    expect(own.get_by_role("listitem").last).to_contain_text("105 at 0.05")

    visitor.link("See all your orders").click()
    orders = visitor.panel("Open orders (124)")
    expect(orders.get_by_role("button", name=re.compile("^Cancel buy"))).to_have_count(100)
    visitor.button("Show 24 more").click()
    sight.agree(lambda: len(sight.open_orders_shown(visitor)), lambda: 124)
    expect(orders).not_to_contain_text("open too")


def test_an_order_is_amended(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    visitor.enter(new_member(money="1000"), f"/stocks/{stock[1]}")
    visitor.place("Buy", 4, "10.00")
    visitor.go("Orders")
    visitor.button(re.compile("^Amend buy 4")).click()
    dialog = visitor.dialog("Amend the order")
    visitor.field("Price", dialog).fill("10.20")
    visitor.field("Quantity", dialog).fill("6")
    dialog.get_by_role("button", name="Amend", exact=True).click()
    visitor.is_told("Amended")
    sight.agree(lambda: sight.open_orders_shown(visitor), lambda: sight.open_orders_said(visitor))
    assert visitor.says("/wallet")["held"] == "61.20"


def test_too_little_money_and_too_few_shares_are_refused_in_the_venues_words(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    number = stock[1]
    member = new_member(money="5")
    visitor.enter(member, f"/stocks/{number}")
    visitor.watch.expect("409 POST /v1/orders|422 POST /v1/orders|400 POST /v1/orders")
    for side, price in (("Buy", "12.00"), ("Sell", "20.00")):
        words = member.place(number, side.lower(), 3, price).json()["detail"]
        visitor.fill_ticket(side, 3, price)
        expect(visitor.ticket).to_contain_text("Would be refused")
        visitor.send.click()
        expect(visitor.ticket).to_contain_text(words)
        expect(visitor.field("Quantity", visitor.ticket)).to_have_value("3")
    assert visitor.says("/orders", status="open")["items"] == []
    assert visitor.says("/wallet")["total"] == "5.00"


def test_no_finger_is_fast_enough_to_order_twice(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    visitor.enter(new_member(money="1000"), f"/stocks/{stock[1]}")
    visitor.fill_ticket("Buy", 2, "10.00")
    visitor.send.dblclick()
    expect(visitor.field("Quantity", visitor.ticket)).to_have_value("")
    visitor.fill_ticket("Buy", 3, "10.00")
    visitor.field("Quantity", visitor.ticket).press("Enter")
    visitor.page.keyboard.press("Enter")
    expect(visitor.field("Quantity", visitor.ticket)).to_have_value("")
    visitor.page.keyboard.press("Enter")
    visitor.has_open("buy 3 at 10.00", "buy 2 at 10.00")
    assert [order["quantity"] for order in visitor.says("/orders")["items"]] == [3, 2]


def test_an_order_whose_answer_is_lost_is_placed_once_and_found(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    visitor.enter(new_member(money="1000"), f"/stocks/{stock[1]}")
    visitor.watch.expect("net::ERR_INTERNET_DISCONNECTED", "WebSocket")

    def answer_is_lost(route: Route) -> None:
        route.fetch()
        visitor.context.set_offline(True)
        route.abort("internetdisconnected")

    visitor.page.route("**/v1/orders", answer_is_lost, times=1)
    visitor.fill_ticket("Buy", 6, "10.00")
    visitor.send.click()
    expect(visitor.panel("Your orders")).to_contain_text("Asking whether it arrived")
    visitor.is_connected("Offline")
    visitor.field("Quantity", visitor.ticket).press("Enter")
    visitor.context.set_offline(False)
    visitor.is_told("Your order arrived after all")
    visitor.is_connected()
    visitor.has_open("buy 6 at 10.00")
    assert [order["quantity"] for order in visitor.says("/orders")["items"]] == [6]


def test_an_order_on_its_way_is_found_after_a_reload(
    visitor: Visitor, new_member: Callable[..., Member], stock: tuple[str, str]
) -> None:
    visitor.enter(new_member(money="1000"), f"/stocks/{stock[1]}")

    def left_meanwhile(route: Route) -> None:
        route.fetch()  # and never answered

    visitor.page.route("**/v1/orders", left_meanwhile, times=1)
    visitor.fill_ticket("Buy", 9, "10.00")
    with visitor.page.expect_request("**/v1/orders"):
        visitor.send.click()
    expect(visitor.panel("Your orders")).to_contain_text("Sending")
    visitor.page.reload()
    visitor.is_told("Your order arrived after all")
    visitor.has_open("buy 9 at 10.00")
    assert [order["quantity"] for order in visitor.says("/orders")["items"]] == [9]
