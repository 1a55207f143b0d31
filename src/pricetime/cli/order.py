"""``pricetime order``: buy, sell, cancel, amend, show and list."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

import click

from pricetime.cli import options
from pricetime.cli.output import ORDER_COLUMNS, order_row, print_json, print_table, say, when
from pricetime.cli.remote import find_stock, stock_names, trader
from pricetime.schema import Order, SelfTradeName, SideName, TimeInForceName


@click.group
def command() -> None:
    """Buy, sell, cancel, amend and list orders."""


def _placing(side: SideName) -> Callable[[Callable[..., None]], click.Command]:
    def wrapped(verb: Callable[..., None]) -> click.Command:
        for option in (
            click.argument("stock"),
            click.argument("quantity", type=options.QUANTITY),
            click.option("--price", type=options.MONEY, help="The limit; absent: a market order."),
            click.option(
                "--tif", type=click.Choice(["gtc", "ioc", "fok"]), default="gtc", help="Time in force."
            ),
            click.option("--post-only", is_flag=True, help="Rest, or be denied."),
            click.option(
                "--self-trade",
                type=click.Choice(["skip", "cancel_newest", "cancel_oldest", "cancel_both"]),
                default="skip",
                help="Where it meets an order of yours.",
            ),
            click.option("--client-order-id", type=click.UUID, help="Yours; made where absent."),
            click.option("--validate", is_flag=True, help="Check it and place nothing."),
            options.url,
            options.as_json,
        )[::-1]:
            verb = option(verb)
        return command.command(side)(verb)

    return wrapped


@_placing("buy")
def buy(**arguments: Any) -> None:
    """Buy QUANTITY shares of STOCK (a name or an id)."""
    _place("buy", **arguments)


@_placing("sell")
def sell(**arguments: Any) -> None:
    """Sell QUANTITY shares of STOCK (a name or an id)."""
    _place("sell", **arguments)


def _place(
    side: SideName,
    *,
    stock: str,
    quantity: int,
    price: Decimal | None,
    tif: TimeInForceName,
    post_only: bool,
    self_trade: SelfTradeName,
    client_order_id: object,
    validate: bool,
    url: str | None,
    as_json: bool,
) -> None:
    from pricetime.client import new_order

    with trader(url) as client:
        meant = find_stock(client, stock)
        order = new_order(
            meant.stock,
            side,
            quantity,
            price,
            time_in_force=tif,
            post_only=post_only,
            self_trade=self_trade,
            client_order_id=None if client_order_id is None else str(client_order_id),
        )
        if validate:
            validated = client.validate_order(order)
            text = f"It would be placed with {validated.quantity} shares"
            _print(validated, as_json, f"{text}, holding {validated.holds}." if side == "buy" else f"{text}.")
        else:
            placed = client.place(order)
            _print(placed, as_json, _told(placed, meant.name))


def _told(order: Order, name: str) -> str:
    at = "at market" if order.price is None else f"at {order.price}"
    so_far = "" if order.status == "filled" else " so far"
    filled = f", {order.filled_quantity} at {order.average_price}{so_far}" if order.filled_quantity else ""
    reason = f" ({order.reason})" if order.reason and order.reason != order.status else ""
    cut = " It was cut to what the wallet can pay." if order.cut else ""
    what = f"{order.side} {order.quantity} {name} {at}"
    return f"Order {order.order}: {what} is {order.status.replace('_', ' ')}{reason}{filled}.{cut}"


def _print(answer: object, as_json: bool, text: str) -> None:
    if as_json:
        print_json(answer)
    else:
        say(text)


@command.command
@click.argument("order", required=False)
@click.option("everything", "--all", is_flag=True, help="Every open order.")
@click.option("--stock", help="With --all: of this stock alone.")
@options.url
@options.as_json
def cancel(order: str | None, everything: bool, stock: str | None, url: str | None, as_json: bool) -> None:
    """Cancel what is left of ORDER, or with --all of every order."""
    if (order is None) != everything:
        raise click.UsageError("name one ORDER, or say --all")
    with trader(url) as client:
        if order is None:
            all_cancelled = client.cancel_orders(stock=find_stock(client, stock).stock if stock else None)
            _print(all_cancelled, as_json, f"{all_cancelled.cancelled} orders cancelled.")
            return
        cancelled = client.cancel_order(order)
    closed = cancelled.order
    outcome = "was closed already" if cancelled.already_closed else "is cancelled"
    left = f"{closed.filled_quantity} of {closed.quantity} shares were traded"
    _print(cancelled, as_json, f"Order {closed.order} {outcome} ({closed.status}); {left}.")


@command.command
@click.argument("order")
@click.option("--quantity", type=options.QUANTITY, help="The new total.")
@click.option("--price", type=options.MONEY, help="The new limit.")
@options.url
@options.as_json
def amend(order: str, quantity: int | None, price: Decimal | None, url: str | None, as_json: bool) -> None:
    """Change the total quantity or the limit of ORDER."""
    if quantity is None and price is None:
        raise click.UsageError("say what changes: --quantity or --price")
    with trader(url) as client:
        amended = client.amend_order(order, quantity=quantity, price=price)
        name = client.stock(amended.stock).name
    _print(amended, as_json, _told(amended, name))


@command.command
@click.argument("order")
@options.url
@options.as_json
def show(order: str, url: str | None, as_json: bool) -> None:
    """Show ORDER and its executions."""
    with trader(url) as client:
        found = client.order(order)
        if as_json:
            print_json(found)
            return
        name = client.stock(found.stock).name
    say(_told(found, name))
    rows = [
        (when(each.time), each.price, each.quantity, each.amount, each.trade) for each in found.executions
    ]
    print_table(("time", ">price", ">quantity", ">amount", ">trade"), rows, empty="No execution yet.")


@command.command("list")
@click.option("everything", "--all", is_flag=True, help="Closed orders too.")
@click.option("--stock", help="Of this stock alone.")
@options.limit
@options.url
@options.as_json
def list_orders(everything: bool, stock: str | None, limit: int, url: str | None, as_json: bool) -> None:
    """List your orders, newest first."""
    status: Literal["all", "open"] = "all" if everything else "open"
    with trader(url) as client:
        number = find_stock(client, stock).stock if stock else None
        page = min(limit, 1_000)
        orders = list(islice(client.every_order(status=status, stock=number, limit=page), limit))
        if as_json:
            print_json(orders)
            return
        names = stock_names(client)
    print_table(ORDER_COLUMNS, [order_row(each, names) for each in orders], empty="You have no such order.")
