"""What two people see is what the API says, at every quiet moment of a market of twenty simulated traders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import pytest
from playwright.sync_api import TimeoutError as TookTooLong
from playwright.sync_api import expect
from tests.support import sight
from tests.support.crowd import Crowd
from tests.support.member import Member
from tests.support.server import Venue
from tests.support.visitor import Visitor

SEED: Final = 20_240_611
ROUNDS: Final = 4
ACTIONS: Final = 3
"""Of each person between two quiet moments."""


@pytest.fixture
def crowd(venue: Venue) -> Iterator[Crowd]:
    with Crowd(venue.url, seed=SEED, rate=60) as trading:
        trading.wait_for_trades()
        yield trading


def test_the_page_shows_what_is_so(
    visit: Callable[..., Visitor], new_member: Callable[..., Member], crowd: Crowd
) -> None:
    people = [visit(), visit()]
    random = Random(SEED)
    stocks = list(crowd.stocks.values())[:2]
    for person in people:
        member = new_member(money="20000")
        for stock in stocks:
            member.grant(stock, 300)
        person.enter(member)
    for _ in range(ROUNDS):
        for person in people * ACTIONS:
            _act(person, random, random.choice(stocks))
        crowd.pause()
        for person in people:
            _compare(person, random.choice(stocks))
        crowd.resume()
    assert crowd.placed > 0


def _act(person: Visitor, random: Random, stock: str) -> None:
    """Do one thing that people do."""
    person.open_stock(stock)
    dice = random.random()
    cancels = person.panel("Your orders").get_by_role("button", name=re.compile("^Cancel"))
    if dice < 0.2 and cancels.count():
        try:
            cancels.first.click(timeout=1_000)
        except TookTooLong:  # the market was faster
            expect(cancels).to_have_count(0)
        else:
            person.is_told(re.compile("Cancelled|closed|Bought|Sold"))
        return
    side = random.choice(("Buy", "Sell"))
    if dice < 0.5:
        person.place(side, random.randint(1, 9))
        return
    price = _price_near(person, stock, random)
    person.place(side, random.randint(1, 20), price)


def _price_near(person: Visitor, stock: str, random: Random) -> str:
    """Return a limit that rests or trades, as it happens."""
    last = sight.figure(person.says(f"/stocks/{stock}")["last_price"])
    assert last is not None
    return f"{last * random.randint(990, 1010) / 1000:.2f}"


def _compare(person: Visitor, stock: str) -> None:
    """Go through the pages, and compare all figures of the market and of the account."""

    def stock_shown() -> tuple[Any, ...]:
        return (
            sight.book_shown(person),
            sight.tape_shown(person),
            sight.headline_shown(person),
            sight.own_orders_shown(person),
        )

    def stock_said() -> tuple[Any, ...]:
        asks, bids = sight.book_shown(person)
        return (
            sight.book_said(person, stock, len(asks), len(bids)),
            sight.tape_said(person, stock, len(sight.tape_shown(person))),
            sight.headline_said(person, stock),
            sight.own_orders_said(person, stock),
        )

    person.open_stock(stock)
    sight.agree(stock_shown, stock_said)
    assert sight.book_shown(person)[0]
    assert sight.tape_shown(person)
    for page, shown, said in (
        ("Market", sight.prices_shown, sight.prices_said),
        ("Orders", sight.open_orders_shown, sight.open_orders_said),
        ("Portfolio", sight.holdings_shown, sight.holdings_said),
        ("Wallet", sight.wallet_shown, sight.wallet_said),
    ):
        person.go(page)
        expect(person.page.get_by_text("Loading")).to_have_count(0)
        sight.agree(lambda shown=shown: shown(person), lambda said=said: said(person))
