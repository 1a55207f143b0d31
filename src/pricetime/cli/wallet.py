"""``pricetime wallet``: show, deposit, withdraw, transactions."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, print_table, say, when
from pricetime.cli.remote import stock_names, trader
from pricetime.schema import Wallet


@click.group(invoke_without_command=True)
@options.url
@options.as_json
@click.pass_context
def command(context: click.Context, url: str | None, as_json: bool) -> None:
    """Show, deposit and withdraw money."""
    if context.invoked_subcommand is None:
        context.invoke(show, url=url, as_json=as_json)
    else:  # the options may stand before the verb or behind it
        context.default_map = {context.invoked_subcommand: {"url": url, "as_json": as_json}}


def _print(wallet: Wallet, as_json: bool) -> None:
    if as_json:
        print_json(wallet)
    else:
        say(f"{wallet.available} free to spend, {wallet.held} held by open orders, {wallet.total} in all.")


@command.command
@options.url
@options.as_json
def show(url: str | None = None, as_json: bool = False) -> None:
    """Show your money."""
    with trader(url) as client:
        _print(client.wallet(), as_json)


@command.command
@click.argument("amount", type=options.MONEY)
@options.url
@options.as_json
def deposit(amount: Decimal, url: str | None, as_json: bool) -> None:
    """Bring AMOUNT into your wallet."""
    with trader(url) as client:
        _print(client.deposit(amount), as_json)


@command.command
@click.argument("amount", type=options.MONEY)
@options.url
@options.as_json
def withdraw(amount: Decimal, url: str | None, as_json: bool) -> None:
    """Take AMOUNT out of your wallet."""
    with trader(url) as client:
        _print(client.withdraw(amount), as_json)


@command.command
@options.limit
@options.url
@options.as_json
def transactions(limit: int, url: str | None, as_json: bool) -> None:
    """List movements of your money, newest first."""
    with trader(url) as client:
        found = list(islice(client.every_wallet_transaction(limit=min(limit, 1_000)), limit))
        if as_json:
            print_json(found)
            return
        names = stock_names(client)
    rows = [
        (when(each.time), each.kind, each.amount, names.get(each.stock or "", each.stock), each.order)
        for each in found
    ]
    print_table(("time", "kind", ">amount", "stock", ">order"), rows, empty="No money has moved yet.")
