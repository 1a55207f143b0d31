"""``pricetime portfolio``: shares, their cost and profit."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, print_table, say
from pricetime.cli.remote import trader

_COLUMNS = ("stock", ">free", ">held", ">average cost", ">last", ">value", ">realised", ">unrealised")


@click.command
@options.url
@options.as_json
def command(url: str | None, as_json: bool) -> None:
    """Show shares, their cost and profit."""
    with trader(url) as client:
        portfolio = client.portfolio()
    if as_json:
        print_json(portfolio)
        return
    rows = [
        (
            each.name, each.available, each.held, each.average_cost, each.last_price, each.market_value,
            each.realised_profit, each.unrealised_profit,
        )
        for each in portfolio.holdings
    ]  # fmt: skip
    print_table(_COLUMNS, rows, empty="You hold no shares.")
    profit = f"{portfolio.realised_profit} realised, {portfolio.unrealised_profit} unrealised"
    say(f"Worth {portfolio.market_value}; profit {profit}.")
