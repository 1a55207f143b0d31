"""The venue's state to bytes and back, as ``records.state`` lays it out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap
from typing import TYPE_CHECKING

from pricetime.records import Reason, TimeInForce
from pricetime.records.commands import Limits
from pricetime.records.state import (
    ACCOUNT,
    CLIENT_ID,
    HEADER,
    HOLDING,
    MAGIC,
    ORDER,
    STOCK,
    Tables,
    read_snapshot,
)
from pricetime.rules.book import Book
from pricetime.rules.memory import PLACE_ORDER, ClientIds, Remembered
from pricetime.rules.order import BUY, MARKET, Order

if TYPE_CHECKING:
    from pricetime.rules.exchange import Venue


def write(venue: Venue) -> bytes:
    """Return the snapshot of a venue."""
    tables = [
        [
            ACCOUNT.pack(number, account.free, account.held)
            for number, account in sorted(venue.ledger.accounts.items())
        ],
        list(starmap(HOLDING.pack, _holdings(venue))),
        [
            STOCK.pack(stock, book.tick, book.last, venue.ledger.shares[stock], book.halted)
            for stock, book in sorted(venue.books.items())
        ],
        [_pack_order(order) for _, book in sorted(venue.books.items()) for order in book.orders()],
        list(_client_ids(venue)),
    ]
    header = HEADER.pack(
        venue.sequence,
        venue.time_ns,
        venue.event_number,
        venue.ledger.money,
        *venue.limits,
        *map(len, tables),
    )
    return b"".join([MAGIC, header, *(row for table in tables for row in table)])


def read(venue: Venue, snapshot: bytes) -> None:
    """Put the state of a snapshot into an empty venue."""
    tables = read_snapshot(snapshot)
    header = tables.header
    venue.begin_at(header["sequence"], header["time_ns"], header["event_number"])
    venue.limits = Limits(*(header[f"{name}_limit"] for name in Limits._fields))
    venue.ledger.money = header["money"]
    for number, free, held in tables.accounts.tolist():
        account = venue.ledger.open(number)
        account.free, account.held = free, held
        venue.open_orders[number] = {}
    for number, stock, free, held in tables.holdings.tolist():
        holding = venue.ledger.accounts[number].holding(stock)
        holding.free, holding.held = free, held
    for stock, tick, last, shares, halted in tables.stocks.tolist():
        book = venue.books[stock] = Book(stock, tick)
        book.last, book.halted = last, bool(halted)
        venue.ledger.shares[stock] = shares
    _read_orders(venue, tables)
    _read_client_ids(venue, tables)


def check_holds(venue: Venue) -> list[str]:
    """Return a sentence for each account whose holds are not those of its open orders."""
    money = dict.fromkeys(venue.ledger.accounts, 0)
    shares: dict[tuple[int, int], int] = {}
    for order in venue.orders.values():
        if order.side == BUY:
            money[order.account] += order.hold()
        else:
            key = (order.account, order.stock)
            shares[key] = shares.get(key, 0) + order.hold()
    faults = []
    for number, account in venue.ledger.accounts.items():
        if account.held != money[number]:
            faults.append(f"account {number} holds {account.held} of money; its buys need {money[number]}")
        faults += [
            f"account {number} holds {holding.held} shares of stock {stock}; "
            f"its sells need {shares.get((number, stock), 0)}"
            for stock, holding in account.holdings.items()
            if holding.held != shares.get((number, stock), 0)
        ]
    return faults


def _holdings(venue: Venue) -> Iterator[tuple[int, int, int, int]]:
    for number, account in sorted(venue.ledger.accounts.items()):
        for stock, holding in sorted(account.holdings.items()):
            if holding.free or holding.held:
                yield number, stock, holding.free, holding.held


def _pack_order(order: Order) -> bytes:
    return ORDER.pack(
        order.side,
        order.order_type,
        order.flags,
        order.self_trade,
        order.number,
        order.account,
        order.stock,
        order.price,
        order.quantity,
        order.remaining,
        order.hold(),
    )


def _read_orders(venue: Venue, tables: Tables) -> None:
    for row in tables.orders.tolist():
        side, order_type, flags, policy, number, account, stock, price, quantity, remaining, held = row
        order = Order(
            number, account, stock, side, order_type, TimeInForce.GTC, flags, policy, price, quantity
        )
        order.remaining = remaining
        order.budget = held if side == BUY and order_type == MARKET else 0
        venue.books[stock].restore(order)
        venue.orders[number] = venue.open_orders[account][number] = order


def _client_ids(venue: Venue) -> Iterator[bytes]:
    for account, memory in sorted(venue.client_ids.items()):
        for client_id, answer in memory.items():
            # The order that the content means is not written: it is 0, or the one that was answered.
            codes, rest = answer.content[:6], answer.content[7:]
            yield CLIENT_ID.pack(answer.reason, *codes, account, answer.order, *rest, client_id)


def _read_client_ids(venue: Venue, tables: Tables) -> None:
    for row in tables.client_ids.tolist():
        reason, *codes, account, order, actor, stock, price, quantity, amount, client_id = row
        memory = venue.client_ids.get(account)
        if memory is None:
            memory = venue.client_ids[account] = ClientIds(venue.limits.client_ids)
        meant = 0 if codes[0] == PLACE_ORDER else order
        content = (*codes, meant, actor, stock, price, quantity, amount)
        memory.remember(client_id, Remembered(content, Reason(reason), order))
