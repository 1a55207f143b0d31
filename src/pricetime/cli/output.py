"""How verbs print: one JSON document for programs, or tables for people.

Names on a venue are other people's words: what could steer a terminal is replaced before it is shown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from pricetime.schema import Order

_PIPE_WIDTH = 160


def print_json(data: Any) -> None:
    """Print one JSON document on one line."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(data).decode() + "\n")
    sys.stdout.flush()


def console() -> Console:
    """Return the terminal; wide enough where it is a pipe."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)


def say(text: str) -> None:
    """Print a line for people."""
    console().print(shown(text), soft_wrap=True)


def shown(value: object) -> str:
    """Return a cell's text; None is a dash, and what is not printable is replaced."""
    text = "–" if value is None else str(value)
    return text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> Table:
    """Return a table. A column whose name starts with ``>`` is aligned right."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in columns:
        made.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        made.add_row(*(cell if hasattr(cell, "__rich_console__") else shown(cell) for cell in row))
    return made


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print a table, or a sentence where there are no rows."""
    found = list(rows)
    if found:
        console().print(table(columns, found))
    else:
        say(empty)


ORDER_COLUMNS = (
    ">order", "stock", "side", "type", ">price", ">quantity", ">filled", ">average", "status", "reason",
    "placed",
)  # fmt: skip


def order_row(order: Order, names: dict[str, str]) -> list[object]:
    """Return an order's row under ``ORDER_COLUMNS``; ``names`` are the stocks'."""
    price = order.price if order.type == "limit" else "market"
    name = names.get(order.stock, order.stock)
    return [
        order.order, name, order.side, f"{order.type} {order.time_in_force}", price, order.quantity,
        order.filled_quantity, order.average_price, order.status, order.reason or "", when(order.created_at),
    ]  # fmt: skip


def when(time: str) -> str:
    """Return an RFC 3339 time to the second, as people read it."""
    return time[:19].replace("T", " ")
