"""Random programs of orders lead a venue of many services where they lead one of one process.

One command after the other, over HTTP; every answer is compared, then all that anybody has. Ids are told
apart by the order in which they came. Of every service there are two processes, and whoever looks finds all
that was answered, whichever looks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from tests.support.server import Venue
from tests.support.topology import Topology
from tests.support.trader import PASSWORD, unique

from pricetime.client import ApiError, Client
from pricetime.services.topology.plan import SERVICES

STEPS = 150
ACCOUNTS = 4
STOCKS = 2
MONEY = "6000"
_OF_THIS_VENUE = frozenset(
    {"account", "client_order_id", "created_at", "event", "name", "time", "trade", "updated_at"}
)


class Market:
    """A few people and stocks of one venue. What it says has places of orders and stocks for their ids."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        self._places: dict[str, str] = {}
        self.stocks: list[str] = []
        self.orders: list[list[str]] = [[] for _ in clients]
        for client in clients:
            name = unique("program")
            client.register(name, PASSWORD)
            client.login(name, PASSWORD)
            client.deposit(MONEY)
        for place in range(STOCKS):
            stock = clients[0].create_stock(unique("Program")).stock
            self._places[stock] = f"stock {place}"
            self.stocks.append(stock)
            for client in clients:
                client.grant_shares(stock, 100)

    def act(self, who: int, what: str, which: int, **words: Any) -> Any:
        """Do something and return what was answered, or with which code it was refused."""
        client, stock, orders = self.clients[who], self.stocks[which % STOCKS], self.orders[who]
        acts: dict[str, Callable[[], Any]] = {
            "place": lambda: self._noted(who, client.place_order(stock, **words)),
            "deposit": lambda: client.deposit(words["amount"]),
            "withdraw": lambda: client.withdraw(words["amount"]),
            "grant": lambda: client.grant_shares(stock, words["quantity"]),
            "cancel": lambda: client.cancel_order(orders[which % len(orders)]) if orders else None,
            "cancel all": lambda: client.cancel_orders(stock=stock),
            "look": lambda: [  # at what is one's own; what others do to prices may be told a moment later
                client.wallet(),
                [
                    (each.stock, each.available, each.held, each.average_cost)
                    for each in client.portfolio().holdings
                ],
                client.orders(limit=5).items,
                client.book(stock),
            ],
            "amend": lambda: client.amend_order(orders[which % len(orders)], **words) if orders else None,
        }
        try:
            return self._told(acts[what]())
        except ApiError as refused:
            return refused.status, refused.code

    def _noted(self, who: int, order: Any) -> Any:
        self._places[order.order] = f"order {len(self._places)}"
        self.orders[who].append(order.order)
        return order

    def everything(self) -> Iterator[tuple[str, Any]]:
        """Yield all that anybody has, one after the other."""
        for who, client in enumerate(self.clients):
            yield f"wallet of {who}", self._told(client.wallet())
            yield f"portfolio of {who}", self._told(client.portfolio())
            yield f"orders of {who}", self._told([client.order(order) for order in self.orders[who]])
            moved = client.wallet_transactions(limit=200).items
            yield f"transactions of {who}", [(each.kind, each.amount) for each in moved]
        for stock in self.stocks:
            yield f"book of {stock}", self._told(self.clients[0].book(stock))
            tape = [(each.price, each.quantity) for each in self.clients[0].trades(stock, limit=200).items]
            yield f"trades of {stock}", tape

    def _told(self, answer: Any) -> Any:
        return self._without_ids(msgspec.to_builtins(answer))

    def _without_ids(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: self._without_ids(each) for name, each in value.items() if name not in _OF_THIS_VENUE
            }
        if isinstance(value, list | tuple):
            return [self._without_ids(each) for each in value]
        return self._places.get(value, value) if isinstance(value, str) else value


def program(seed: int) -> Iterator[tuple[int, str, int, dict[str, Any]]]:
    """Yield steps: who does what to which stock or order, with what words."""
    chosen = random.Random(seed)
    kinds = ["place"] * 12 + [
        "amend",
        "amend",
        "cancel",
        "cancel",
        "cancel all",
        "deposit",
        "withdraw",
        "grant",
        *["look"] * 6,
    ]
    for _ in range(STEPS):
        who, what, which = chosen.randrange(ACCOUNTS), chosen.choice(kinds), chosen.randrange(1_000)
        words: dict[str, Any] = {}
        if what == "place":
            words = {"side": chosen.choice(("buy", "sell")), "quantity": chosen.randint(1, 40)}
            if chosen.random() < 0.8:
                words["price"] = f"{chosen.randint(9_800, 10_200) / 100:.2f}"
                words["time_in_force"] = chosen.choice(("gtc", "gtc", "gtc", "ioc", "fok"))
                words["post_only"] = words["time_in_force"] == "gtc" and chosen.random() < 0.2
        elif what == "amend":
            words = {"quantity": chosen.randint(1, 40)}
        elif what == "grant":
            words = {"quantity": chosen.randint(1, 20)}
        elif what in ("deposit", "withdraw"):
            words = {"amount": str(chosen.randint(1, 3_000))}
        yield who, what, which, words


@pytest.fixture(scope="module")
def twofold(topology: Topology) -> Iterator[Topology]:
    """The venue with two processes of every service, so that what one has done another one tells."""
    before = topology.record.scale
    topology.scale(dict.fromkeys(SERVICES, 2))
    yield topology
    topology.scale(before)


@pytest.mark.parametrize("seed", [2, 3])
def test_one_command_after_the_other_they_answer_alike(twofold: Topology, server: Venue, seed: int):
    with ExitStack() as stack:
        doors = [stack.enter_context(twofold.client()) for _ in range(ACCOUNTS)]
        many = Market([Client(twofold.url, http=door) for door in doors])
        one = Market([stack.enter_context(Client(server.url)) for _ in range(ACCOUNTS)])
        answers = []
        for place, (who, what, which, words) in enumerate(program(seed)):
            expected = one.act(who, what, which, **words)
            assert many.act(who, what, which, **words) == expected, (place, who, what, which, words)
            answers.append(expected)
        statuses = {each["status"] for each in answers if isinstance(each, dict) and "status" in each}
        assert statuses >= {"open", "filled", "partially_filled", "expired"}
        assert any(isinstance(each, tuple) for each in answers), "something was refused"
        for (what_many, of_many), (_, of_one) in zip(many.everything(), one.everything(), strict=True):
            assert of_many == of_one, what_many
