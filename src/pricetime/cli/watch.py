"""``pricetime watch STOCK``: the live book and tape of a stock.

What changes comes by a stream. Where none can be had, because something in between lets no WebSocket
through, the venue is asked a few times a second.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
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
_PATIENCE_S = 3.0


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
        moments = iter([_moment(client, number, levels)]) if once else _moments(client, number, levels, every)
        if as_json:
            _print_changes(moments)
        elif once or not console().is_terminal:
            _print_pictures(moments, levels)
        else:
            _draw(moments, levels)


def _moments(client: Client, stock: str, levels: int, every: float) -> Iterator[Moment]:
    """Yield what is to be seen whenever it changes, every so many seconds at most."""
    from pricetime.client import ApiError, NoAnswer

    try:
        yield from _streamed(client, stock, levels, every)
    except (ApiError, NoAnswer):  # no stream, or no venue: asking tells
        while True:
            yield _moment(client, stock, levels)
            time.sleep(every)


def _streamed(client: Client, stock: str, levels: int, every: float) -> Iterator[Moment]:
    from pricetime.client import Picture, depth, prices, trades
    from pricetime.schema import Heartbeat

    picture, has_changed, shown_at = Picture(), False, 0.0
    with client.stream(prices(), depth(stock, levels), trades(stock), patience_s=_PATIENCE_S) as stream:
        while True:
            try:
                left = max(0.0, shown_at + every - time.monotonic())
                message = stream.receive(left if has_changed else None)
                picture.take(message)
                has_changed |= not isinstance(message, Heartbeat)
            except TimeoutError:
                pass  # nothing more before what has changed is to be shown
            is_whole = stock in picture.stocks and stock in picture.books and stock in picture.trades
            if has_changed and is_whole and time.monotonic() >= shown_at + every:
                has_changed, shown_at = False, time.monotonic()
                tape = picture.trades[stock][: 2 * levels + 1]
                yield Moment(picture.stocks[stock], _cut(picture.books[stock], levels), tape)


def _cut(book: Book, levels: int) -> Book:
    """Return a book as deep as is to be shown; a stream's is at least that."""
    import msgspec

    return msgspec.structs.replace(book, bids=book.bids[:levels], asks=book.asks[:levels])


def _moment(client: Client, stock: str, levels: int) -> Moment:
    tape = client.trades(stock, limit=2 * levels + 1)
    return Moment(client.stock(stock), client.book(stock, levels=levels), tape.items)


def _print_changes(moments: Iterator[Moment]) -> None:
    """Print a JSON line whenever something has changed."""
    before: Moment | None = None
    for now in moments:
        if before is None or now[1:] != before[1:]:
            print_json(now._asdict())
        before = now


def _print_pictures(moments: Iterator[Moment], levels: int) -> None:
    """Print picture after picture, for a pipe or a file that nobody can draw in."""
    for moment in moments:
        console().print(_picture(moment, levels))


def _draw(moments: Iterator[Moment], levels: int) -> None:
    from rich.live import Live

    terminal = console()
    with Live(console=terminal, screen=terminal.is_terminal, auto_refresh=False) as live:
        for moment in moments:
            live.update(_picture(moment, levels), refresh=True)


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
