"""The snapshots of partitions: tables in one canonical order, as those of the venue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pricetime.records import Command
from pricetime.records.partition_state import BOOK, LEDGER, PASSING, UNDERWAY
from pricetime.records.state import STOCK
from pricetime.rules.book import Book
from pricetime.rules.clearing import Listing
from pricetime.rules.partitions.line import Line, Underway
from pricetime.rules.state import (
    Rows,
    account_rows,
    client_id_rows,
    holding_rows,
    limits_in,
    pack_order,
    read_accounts,
    read_client_ids,
    read_orders,
    resting_rows,
)

if TYPE_CHECKING:
    from pricetime.rules.partitions.book import BookPartition
    from pricetime.rules.partitions.ledger import LedgerPartition

Read = tuple[dict[str, int], dict[str, Rows]]

read_ledger = LEDGER.read
read_book = BOOK.read


def write_ledger(partition: LedgerPartition) -> bytes:
    """Return the snapshot of a ledger."""
    clearing, topology = partition.clearing, partition.topology
    ledger = clearing.ledger
    lines = sorted(partition.lines.items())
    header = (
        partition.address.number,
        *topology,
        partition.time_ns,
        partition.outbox.number,
        ledger.money,
        ledger.passing_money,
        *clearing.limits,
    )
    tables = [
        account_rows(clearing),
        holding_rows(clearing),
        [
            STOCK.pack(number, stock.tick, 0, ledger.shares[number], stock.halted)
            for number, stock in sorted(partition.stocks.items())
        ],
        [PASSING.pack(*row) for row in sorted(ledger.passing_shares.items()) if row[1]],
        [pack_order(order) for _, order in sorted(clearing.orders.items())],
        client_id_rows(clearing),
        [
            UNDERWAY.pack(each.asset, each.brought, each.spends_all, *each.command)
            for _, line in lines
            for each in line.underway.values()
        ],
        [command.pack() for _, line in lines for command in line.waiting],
    ]
    return LEDGER.write(header, tables)


def fill_ledger(partition: LedgerPartition, header: dict[str, int], tables: dict[str, Rows]) -> None:
    """Put the state of a snapshot into an empty ledger."""
    clearing = partition.clearing
    ledger = clearing.ledger
    partition.time_ns, partition.outbox.number = header["time_ns"], header["event_number"]
    clearing.limits = limits_in(header)
    ledger.money, ledger.passing_money = header["money"], header["passing_money"]
    read_accounts(clearing, tables["accounts"], tables["holdings"])
    for number, tick, _, shares, halted in tables["stocks"].tolist():
        partition.stocks[number] = Listing(tick, bool(halted))
        ledger.shares[number] = shares
    ledger.passing_shares = dict(tables["passing"].tolist())
    for order in read_orders(tables["orders"]):
        clearing.orders[order.number] = clearing.open_orders[order.account][order.number] = order
    read_client_ids(clearing, tables["client_ids"])
    for asset, brought, spends_all, *fields in tables["underway"].tolist():
        command = Command._make(fields)
        line = partition.lines.setdefault(command.account, Line())
        line.underway[command.sequence] = Underway(command, asset, brought, bool(spends_all))
    for fields in tables["waiting"].tolist():
        command = Command._make(fields)
        partition.lines.setdefault(command.account, Line()).waiting.append(command)


def write_book(partition: BookPartition) -> bytes:
    """Return the snapshot of a book partition."""
    header = (partition.address.number, *partition.topology, partition.time_ns, partition.outbox.number)
    stocks = [
        STOCK.pack(stock, book.tick, book.last, 0, book.halted)
        for stock, book in sorted(partition.books.items())
    ]
    return BOOK.write(header, [stocks, resting_rows(partition.books)])


def fill_book(partition: BookPartition, header: dict[str, int], tables: dict[str, Rows]) -> None:
    """Put the state of a snapshot into an empty book partition."""
    partition.time_ns, partition.outbox.number = header["time_ns"], header["event_number"]
    for stock, tick, last, _, halted in tables["stocks"].tolist():
        book = partition.books[stock] = Book(stock, tick)
        book.last, book.halted = last, bool(halted)
    for order in read_orders(tables["orders"]):
        partition.books[order.stock].restore(order)
        partition.orders[order.number] = order
