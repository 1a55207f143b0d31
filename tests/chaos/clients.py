"""Clients of a venue of many services: they insist on what was promised, whatever is harmed meanwhile."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx2
from tests.support.topology import Topology
from websockets.exceptions import ConnectionClosed

from pricetime import schema
from pricetime.client import ApiError, Client, Feed, Picture, Retry, depth, trades
from pricetime.client.calls import new_id
from pricetime.records import Command, Side
from pricetime.records.commands import place_order

ACCOUNTS: Final = 4
STOCKS: Final = 4
PATIENCE_S: Final = 120.0
"""After which nobody waits any more."""
LOOK_S: Final = 0.05
_MONEY: Final = 10**9
_TICK: Final = 100
"""Ten-thousandths of the currency in a cent."""
_SHARES: Final = 10**6
_PASSWORD: Final = "correct horse"
_INSISTENT: Final = Retry(tries=10_000, max_s=0.5, total_s=PATIENCE_S)
_TIMEOUT_S: Final = 3.0
_REST_S: Final = 0.05
_NEWEST: Final = 50


class Lost(AssertionError):
    """The venue has broken its promise."""


class Trader:
    """An account that trades in a thread of its own until it is told to end."""

    def __init__(self, url: str, http: httpx2.Client, number: int) -> None:
        self.name = f"trader-{number}"
        self.client = Client(url, http=http, retry=_INSISTENT)
        self.stocks: list[str] = []
        self.sent: list[str] = []
        """The client order ids of all orders, in order."""
        self.began_s = 0.0
        """When the newest round began that is through."""
        self.longest_s = 0.0
        """That an answer took, tries included, since it was set to 0."""
        self.failure: Exception | None = None
        self._dice = random.Random(number)
        self._open: list[str] = []
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name)

    def join(self) -> None:
        self.client.register(self.name, _PASSWORD)
        self.client.login(self.name, _PASSWORD)
        self.client.deposit(_MONEY)

    def own(self, stocks: list[str]) -> None:
        self.stocks = stocks
        for stock in stocks:
            self.client.grant_shares(stock, _SHARES)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._is_ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._is_ending.wait(_REST_S):
                began_s = time.monotonic()
                self._round()
                self.began_s = began_s
        except Exception as failure:  # noqa: BLE001 - told by whoever waits for this account
            self.failure = failure

    def _round(self) -> None:
        """Ask every service for something, and place and cancel orders."""
        for act in (
            self._place,
            self._place,
            self._cancel,
            self.client.wallet,
            self.client.portfolio,
            lambda: self.client.book(self._dice.choice(self.stocks)),
            lambda: self.client.login(self.name, _PASSWORD),
            self._place,
            self._look,
        ):
            began_s = time.monotonic()
            act()
            self.longest_s = max(self.longest_s, time.monotonic() - began_s)

    def _place(self) -> None:
        dice = self._dice
        price = None if dice.random() < 0.1 else f"{dice.randint(9_995, 10_005) / 100:.2f}"
        self.place(dice.choice(self.stocks), dice.choice(("buy", "sell")), dice.randint(1, 9), price)

    def place(self, stock: str, side: schema.SideName, quantity: int, price: str | None) -> None:
        self.sent.append(new_id())
        placed = self.client.place_order(stock, side, quantity, price, client_order_id=self.sent[-1])
        self._open.append(placed.order)

    def _cancel(self) -> None:
        """Cancel an order that may be open: the newest are, the oldest have traded."""
        if len(self._open) > 10:
            self.client.cancel_order(self._open.pop(self._dice.randrange(5)))

    def _look(self) -> None:
        """See that the newest orders are those that were sent last, each once."""
        newest = [each.client_order_id for each in self.client.orders(limit=_NEWEST).items]
        if sorted(map(str, newest)) != sorted(self.sent[-_NEWEST:]):
            raise Lost(f"the newest orders of {self.name} are {newest}, not {self.sent[-_NEWEST:]}")


class Feeder(Trader):
    """A trader that places its orders over the feed.

    Where a feed ends for good, it opens another and sends what was not acknowledged again, with the same
    client ids.
    """

    def __init__(self, url: str, http: httpx2.Client, number: int) -> None:
        super().__init__(url, http, number)
        self._feed = ExitStack()
        self._open_feed: Feed | None = None

    def end(self) -> None:
        super().end()
        self._feed.close()

    def _round(self) -> None:
        """Send some orders at once, wait until they are acknowledged, and look at them."""
        orders = []
        for _ in range(self._dice.randint(1, 4)):
            self.sent.append(new_id())
            orders.append(
                place_order(
                    0,
                    int(self._dice.choice(self.stocks)),
                    self._dice.choice((Side.BUY, Side.SELL)),
                    self._dice.randint(1, 9),
                    self._dice.randint(9_995, 10_005) * _TICK,
                    client_id=UUID(self.sent[-1]).bytes,
                )
            )
        began_s = time.monotonic()
        self._send(orders, began_s + PATIENCE_S)
        self.longest_s = max(self.longest_s, time.monotonic() - began_s)
        self._look()

    def _send(self, orders: list[Command], deadline: float) -> None:
        while True:
            try:
                feed = self._opened()
                feed.send(orders)
                feed.flush(max(0.0, deadline - time.monotonic()))
                with suppress(TimeoutError):
                    while True:
                        feed.receive(0)
            except (ApiError, ConnectionClosed):
                self._feed.close()
                self._open_feed = None
                if time.monotonic() > deadline:
                    raise
                time.sleep(_REST_S)
            else:
                return

    def _opened(self) -> Feed:
        if self._open_feed is None:
            self._open_feed = self._feed.enter_context(self.client.feed(patience_s=PATIENCE_S))
        return self._open_feed


class Follower:
    """Follows books and tapes in a thread of its own, as the page does."""

    def __init__(self, client: Client, stocks: list[str]) -> None:
        self.picture = Picture()
        self.heard_s = 0.0
        """When something new was told."""
        self.failure: Exception | None = None
        self._stream = client.stream(
            *(channel for stock in stocks for channel in (depth(stock), trades(stock))), patience_s=PATIENCE_S
        )
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower")
        self._thread.start()

    def end(self) -> None:
        self._is_ending.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._stream as stream:
                while not self._is_ending.is_set():
                    try:
                        message = stream.receive(LOOK_S)
                    except TimeoutError:
                        continue
                    self.picture.take(message)
                    if isinstance(message, schema.Snapshot | schema.Update):
                        self.heard_s = time.monotonic()
        except Exception as failure:  # noqa: BLE001 - told by whoever waits for the streams
            self.failure = failure


class Load:
    """Everybody who uses the venue."""

    def __init__(self, topology: Topology, stack: ExitStack) -> None:
        http = stack.enter_context(
            httpx2.Client(base_url=topology.url, verify=topology.trusting(None), timeout=_TIMEOUT_S)
        )
        stack.enter_context(trusted(topology.layout.certs / "ca.pem"))
        self.traders = [Trader(topology.url, http, number) for number in range(1, ACCOUNTS)]
        self.traders.append(Feeder(topology.url, http, ACCOUNTS))
        for trader in self.traders:
            trader.join()
        names = (f"Chaos {number}" for number in range(STOCKS))
        self.stocks = [self.traders[0].client.create_stock(name).stock for name in names]
        for trader in self.traders:
            trader.own(self.stocks)
        for stock in self.stocks:  # a market buy may spend all it has where nothing has traded yet
            self.traders[0].place(stock, "sell", 1, "100")
            self.traders[1].place(stock, "buy", 1, "100")
        self.follower = Follower(self.traders[0].client, self.stocks)
        stack.callback(self.follower.end)
        for trader in self.traders:
            stack.callback(trader.end)
            trader.begin()

    def await_served(self, since_s: float) -> float:
        """Wait until everybody has got all that they ask for since a time; return when."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for each in (*self.traders, self.follower):
                if each.failure is not None:
                    raise Lost(f"somebody was refused for good: {each.failure!r}") from each.failure
            if min(self.follower.heard_s, *(each.began_s for each in self.traders)) >= since_s:
                return time.monotonic()
            if time.monotonic() > deadline:
                late = [each.name for each in self.traders if each.began_s < since_s] or ["the streams"]
                raise Lost(f"not served within {PATIENCE_S:.0f} s: {', '.join(late)}")
            time.sleep(LOOK_S)

    def longest_s(self) -> float:
        """Return how long the longest answer took since this was asked last."""
        longest = max(each.longest_s for each in self.traders)
        for each in self.traders:
            each.longest_s = 0.0
        return longest

    def end(self) -> None:
        """Let everybody come to an end, and see that everything adds up."""
        for trader in self.traders:
            trader.end()
        self.await_served(0.0)
        self._add_up()
        self._compare_streams()

    def _add_up(self) -> None:
        sides: dict[str, list[schema.Execution]] = defaultdict(list)
        for trader in self.traders:
            for each in accounted(trader):
                sides[each.trade].append(each)
        for trade, both in sides.items():
            told = {(each.side, each.maker, each.price, each.quantity, each.amount) for each in both}
            [(side, maker, *rest)] = list(told)[:1]
            other = "sell" if side == "buy" else "buy"
            if len(both) != 2 or told != {(side, maker, *rest), (other, not maker, *rest)}:
                raise Lost(f"trade {trade} is told as {both}")

    def _compare_streams(self) -> None:
        client, deadline = self.traders[0].client, time.monotonic() + PATIENCE_S
        for stock in self.stocks:
            book = client.book(stock)
            while not is_same(book, self.follower.picture.books[stock]):
                if time.monotonic() > deadline:
                    raise Lost(f"the stream shows another book of stock {stock} than there is")
                time.sleep(LOOK_S)


def accounted(trader: Trader) -> list[schema.Execution]:
    """Return an account's executions, once they explain its orders, money and shares."""
    client, name = trader.client, trader.name
    orders = list(client.every_order(limit=1_000))
    if sorted(str(each.client_order_id) for each in orders) != sorted(trader.sent):
        raise Lost(f"{name} has sent {len(trader.sent)} orders; there are {len(orders)}, or others")
    executions = list(client.every_execution(limit=1_000))
    filled: dict[str, int] = defaultdict(int)
    money, shares = Decimal(_MONEY), dict.fromkeys(trader.stocks, _SHARES)
    for each in executions:
        bought = 1 if each.side == "buy" else -1
        filled[each.order] += each.quantity
        money -= bought * Decimal(each.amount)
        shares[each.stock] += bought * each.quantity
    for order in orders:
        if order.filled_quantity != filled[order.order]:
            raise Lost(f"order {order.order} of {name} is filled other than its executions say")
    holdings = {each.stock: each.available + each.held for each in client.portfolio().holdings}
    total = Decimal(client.wallet().total)
    if (total, holdings) != (money, shares):
        raise Lost(f"{name} has {total} and {holdings}; its executions give {money} and {shares}")
    return executions


def is_same(book: schema.Book, shown: schema.Book) -> bool:
    return (book.bids, book.asks) == (shown.bids[: len(book.bids)], shown.asks[: len(book.asks)])


@contextmanager
def trusted(ca: Path) -> Iterator[None]:
    """Let WebSockets of this process trust an authority meanwhile."""
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(ca)
    try:
        yield
    finally:
        del os.environ["SSL_CERT_FILE"]
        if before is not None:
            os.environ["SSL_CERT_FILE"] = before
