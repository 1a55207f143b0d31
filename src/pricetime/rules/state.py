"""The venue's state to bytes and back, as ``records.state`` lays it out.

The rows of accounts, orders and client ids are written and read here for partitions too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, starmap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pricetime.records import Reason, TimeInForce
from pricetime.records.commands import Limits
from pricetime.records.state import ACCOUNT, CLIENT_ID, HOLDING, ORDER, STOCK, VENUE, read_snapshot
from pricetime.rules.book import Book
from pricetime.rules.clearing import MONEY, Clearing, asset_of
from pricetime.rules.memory import PLACE_ORDER, ClientIds, Remembered
from pricetime.rules.order import BUY, MARKET, Order

if TYPE_CHECKING:
    from pricetime.rules.exchange import Venue

Rows = NDArray[np.void]


def write(venue: Venue) -> bytes:
    """Return the snapshot of a venue."""
    clearing = venue.clearing
    tables = [
        account_rows(clearing),
        holding_rows(clearing),
        [
            STOCK.pack(stock, book.tick, book.last, clearing.ledger.shares[stock], book.halted)
            for stock, book in sorted(venue.books.items())
        ],
        resting_rows(venue.books),
        client_id_rows(clearing),
    ]
    return VENUE.write(
        (venue.sequence, venue.time_ns, venue.event_number, clearing.ledger.money, *venue.limits), tables
    )


def read(venue: Venue, snapshot: bytes) -> None:
    """Put the state of a snapshot into an empty venue."""
    tables = read_snapshot(snapshot)
    header, clearing = tables.header, venue.clearing
    venue.begin_at(header["sequence"], header["time_ns"], header["event_number"])
    clearing.limits = limits_in(header)
    clearing.ledger.money = header["money"]
    read_accounts(clearing, tables.accounts, tables.holdings)
    for stock, tick, last, shares, halted in tables.stocks.tolist():
        book = venue.books[stock] = Book(stock, tick)
        book.last, book.halted = last, bool(halted)
        clearing.ledger.shares[stock] = shares
    for order in read_orders(tables.orders):
        venue.books[order.stock].restore(order)
        clearing.orders[order.number] = clearing.open_orders[order.account][order.number] = order
    read_client_ids(clearing, tables.client_ids)


def check_holds(clearing: Clearing, brought: Iterable[tuple[int, int, int]] = ()) -> list[str]:
    """Return a sentence for each account whose holds are not those of its open orders.

    ``brought`` is what is held besides for amends that no book has answered: account, asset, amount.
    """
    needed: dict[tuple[int, int], int] = {}
    holds = ((order.account, asset_of(order), order.hold()) for order in clearing.orders.values())
    for owner, asset, amount in chain(holds, brought):
        needed[owner, asset] = needed.get((owner, asset), 0) + amount
    faults = []
    for number, account in clearing.ledger.accounts.items():
        if account.held != (need := needed.get((number, MONEY), 0)):
            faults.append(f"account {number} holds {account.held} of money; its buys need {need}")
        for stock, holding in account.holdings.items():
            if holding.held != (need := needed.get((number, stock), 0)):
                faults.append(
                    f"account {number} holds {holding.held} shares of stock {stock}; its sells need {need}"
                )
    return faults


# ------------------------------------------------------------------------------------------ the rows


def limits_in(header: dict[str, int]) -> Limits:
    """Return the limits of a snapshot's header."""
    return Limits(*(header[f"{name}_limit"] for name in Limits._fields))


def account_rows(clearing: Clearing) -> list[bytes]:
    """Return the accounts, ascending."""
    return [
        ACCOUNT.pack(number, account.free, account.held)
        for number, account in sorted(clearing.ledger.accounts.items())
    ]


def holding_rows(clearing: Clearing) -> list[bytes]:
    """Return what accounts have of stocks, ascending; what is empty is left out."""
    return list(starmap(HOLDING.pack, _holdings(clearing)))


def _holdings(clearing: Clearing) -> Iterator[tuple[int, int, int, int]]:
    for number, account in sorted(clearing.ledger.accounts.items()):
        for stock, holding in sorted(account.holdings.items()):
            if holding.free or holding.held:
                yield number, stock, holding.free, holding.held


def read_accounts(clearing: Clearing, accounts: Rows, holdings: Rows) -> None:
    """Open the accounts with what they have."""
    for number, free, held in accounts.tolist():
        account = clearing.ledger.open(number)
        account.free, account.held = free, held
        clearing.open_orders[number] = {}
    for number, stock, free, held in holdings.tolist():
        holding = clearing.ledger.accounts[number].holding(stock)
        holding.free, holding.held = free, held


def resting_rows(books: dict[int, Book]) -> list[bytes]:
    """Return the orders of books, in the order in which they would trade."""
    return [pack_order(order) for _, book in sorted(books.items()) for order in book.orders()]


def pack_order(order: Order) -> bytes:
    """Return the row of an open order."""
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


def read_orders(orders: Rows) -> Iterator[Order]:
    """Yield the orders of rows; they stand nowhere yet."""
    for row in orders.tolist():
        side, order_type, flags, policy, number, account, stock, price, quantity, remaining, held = row
        order = Order(
            number, account, stock, side, order_type, TimeInForce.GTC, flags, policy, price, quantity
        )
        order.remaining = remaining
        order.budget = held if side == BUY and order_type == MARKET else 0
        yield order


def client_id_rows(clearing: Clearing) -> list[bytes]:
    """Return what accounts remember, an account's oldest first."""
    return [
        # The order that the content means is not written: it is 0, or the one that was answered.
        CLIENT_ID.pack(
            answer.reason, *answer.content[:6], account, answer.order, *answer.content[7:], client_id
        )
        for account, memory in sorted(clearing.client_ids.items())
        for client_id, answer in memory.items()
    ]


def read_client_ids(clearing: Clearing, client_ids: Rows) -> None:
    """Let accounts remember again."""
    for row in client_ids.tolist():
        reason, *codes, account, order, actor, stock, price, quantity, amount, client_id = row
        memory = clearing.client_ids.get(account)
        if memory is None:
            memory = clearing.client_ids[account] = ClientIds(clearing.limits.client_ids)
        meant = 0 if codes[0] == PLACE_ORDER else order
        content = (*codes, meant, actor, stock, price, quantity, amount)
        memory.remember(client_id, Remembered(content, Reason(reason), order))
