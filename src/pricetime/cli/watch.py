"""``pricetime watch STOCK``: the live book and tape of a stock, asked for a few times a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import click

from pricetime.cli import options
from pricetime.cli.output import console, print_json, shown, table
from pricetime.cli.remote import find_stock, visitor
from pricetime.schema import Book, Level, Stock, Trade

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from pricetime.client import Client

_BAR_WIDTH = 16


class Moment(NamedTuple):
    """What is shown at once."""

    stock: Stock
    book: Book
    trades: list[Trade]


@click.command
@click.argument("stock")
@click.option("--levels", type=click.IntRange(1, 100), default=10, show_default=True, help="Of each side.")
@click.option("--every", type=click.FloatRange(0.1, 60), default=0.5, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Show it once.")
@options.url
@options.as_json
def command(stock: str, levels: int, every: float, once: bool, url: str | None, as_json: bool) -> None:
    """Watch the book and the tape of a stock.

    STOCK is a name or an id. Ctrl-C ends it.
    """
    with visitor(url) as client:
        number = find_stock(client, stock).stock
        if as_json:
            _print_changes(client, number, levels, every, once)
        elif once or not console().is_terminal:
            _print_pictures(client, number, levels, every, once)
        else:
            _draw(client, number, levels, every)


def _moment(client: Client, stock: str, levels: int) -> Moment:
    tape = client.trades(stock, limit=2 * levels + 1)
    return Moment(client.stock(stock), client.book(stock, levels=levels), tape.items)


def _print_changes(client: Client, stock: str, levels: int, every: float, once: bool) -> None:
    """Print a JSON line whenever something has changed."""
    before: Moment | None = None
    while True:
        now = _moment(client, stock, levels)
        if before is None or now[1:] != before[1:]:
            print_json(now._asdict())
        if once:
            return
        before = now
        time.sleep(every)


def _print_pictures(client: Client, stock: str, levels: int, every: float, once: bool) -> None:
    """Print picture after picture, for a pipe or a file that nobody can draw in."""
    while True:
        console().print(_picture(_moment(client, stock, levels), levels))
        if once:
            return
        time.sleep(every)


def _draw(client: Client, stock: str, levels: int, every: float) -> None:
    from rich.live import Live

    terminal = console()
    with Live(console=terminal, screen=terminal.is_terminal, auto_refresh=False) as live:
        while True:
            live.update(_picture(_moment(client, stock, levels), levels), refresh=True)
            time.sleep(every)


def _picture(moment: Moment, levels: int) -> RenderableType:
    from rich.columns import Columns
    from rich.console import Group
    from rich.text import Text

    stock = moment.stock
    head = Text.assemble(
        (shown(stock.name), "bold"),
        f"  last {shown(stock.last_price)}  today {shown(stock.day_change)}  volume {stock.day_volume}",
        ("  HALTED" if stock.halted else "", "bold red"),
    )
    return Group(head, Columns([_book(moment.book, levels), _tape(moment.trades)], padding=(0, 4)))


def _book(book: Book, levels: int) -> Table:
    from rich.text import Text

    largest = max((level.quantity for level in (*book.bids, *book.asks)), default=1)

    def row(level: Level, style: str) -> list[object]:
        bar = "█" * max(1, round(_BAR_WIDTH * level.quantity / largest))
        return [Text(level.price, style), level.quantity, level.orders, Text(bar, style)]

    asks: list[list[object]] = [row(level, "red") for level in reversed(book.asks[:levels])]
    bids: list[list[object]] = [row(level, "green") for level in book.bids[:levels]]
    waiting = [
        [Text("market", style), quantity, "", side]
        for quantity, style, side in (
            (book.market_sell_quantity, "red", "sell"),
            (book.market_buy_quantity, "green", "buy"),
        )
        if quantity
    ]
    columns = (">price", ">quantity", ">orders", "".ljust(_BAR_WIDTH))
    return table(columns, [*asks, _divider(book), *bids, *waiting], title="Book")


def _divider(book: Book) -> list[object]:
    from decimal import Decimal

    if not book.bids or not book.asks:
        return ["–", "", "", ""]
    return ["–", "", "", f"spread {Decimal(book.asks[0].price) - Decimal(book.bids[0].price)}"]


def _tape(trades: list[Trade]) -> Table:
    from rich.text import Text

    rows = [
        (each.time[11:19], Text(each.price, "green" if each.side == "buy" else "red"), each.quantity)
        for each in trades
    ]
    return table(("time", ">price", ">quantity"), rows, title="Trades")
