"""``pricetime stocks``: what is listed, and at which price."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, print_table
from pricetime.cli.remote import visitor

_COLUMNS = (">id", "name", ">last", ">bid", ">ask", ">change", ">low", ">high", ">volume", ">tick", "state")


@click.command
@options.url
@options.as_json
def command(url: str | None, as_json: bool) -> None:
    """List the stocks and their prices."""
    with visitor(url) as client:
        stocks = list(client.every_stock())
    if as_json:
        print_json(stocks)
        return
    rows = [
        (
            each.stock, each.name, each.last_price, each.best_bid, each.best_ask, each.day_change,
            each.day_low, each.day_high, each.day_volume, each.tick_size, "halted" if each.halted else "",
        )
        for each in stocks
    ]  # fmt: skip
    print_table(_COLUMNS, rows, empty="No stock is listed yet.")
