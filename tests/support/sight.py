"""What a page shows and what the API says, in one form, to be compared.

Figures are ``Decimal``; a figure that is not there is None. Each ``…_shown`` reads a page that is open,
each ``…_said`` asks the API in the same session.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from time import monotonic
from typing import Any, Final

from playwright.sync_api import Locator
from tests.support.visitor import Visitor

Figures = tuple[Any, ...]
Row = dict[str, str]

_NUMBER: Final = re.compile(r"[+−-]?\d[\d,]*(?:\.\d+)?")
_ROWS: Final = """(table) => {
    const text = ({innerText}) => innerText.replace(/[▴▾]/g, "").trim();
    const [head, ...rows] = table.rows;
    const names = [...head.cells].map(text);
    return rows.map((row) => Object.fromEntries([...row.cells].map((cell, at) => [names[at], text(cell)])));
}"""
_FACTS: Final = """(part) => [...part.querySelectorAll("dl > div")].map(
    (each) => [each.querySelector("dt").innerText.trim(), each.querySelector("dd").innerText.trim()])"""


def agree(shown: Callable[[], Any], said: Callable[[], Any], patience_s: float = 10.0) -> None:
    """Wait until both are the same; the last of both where they never are.

    Nothing changes meanwhile, so the page may only be as late as its stream.
    """
    end = monotonic() + patience_s
    while (sight := shown()) != (truth := said()) and monotonic() < end:
        pass
    assert sight == truth, f"the page shows {sight}, the API says {truth}"


def figure(text: Any) -> Decimal | None:
    """Return the first number in a text of the page or of the API."""
    found = _NUMBER.search("" if text is None else str(text))
    return Decimal(found.group().replace(",", "").replace("−", "-")) if found else None


def table(visitor: Visitor, name: str | re.Pattern[str]) -> list[Row]:
    """Return the rows of a table, each with the texts of its cells by their headings."""
    found = visitor.page.get_by_role("table", name=name)
    rows: list[Row] = found.evaluate(_ROWS) if found.count() else []
    return rows


def _figures(row: Row, *headings: str) -> Figures:
    return tuple(figure(row[heading]) for heading in headings)


def facts(part: Locator) -> dict[str, str]:
    """Return named figures by their names."""
    return {name: value.split("\n")[0] for name, value in part.evaluate(_FACTS)}


# ------------------------------------------------------------------------------------------- the market


def prices_shown(visitor: Visitor) -> list[Figures]:
    """Return name, last price, change, bid, ask, low, high and volume of every stock."""
    rows = table(visitor, "Stocks with their prices of today")
    columns = ("Last", "Today", "Bid", "Ask", "Low", "High", "Volume")
    return sorted((row["Stock"], *_figures(row, *columns)) for row in rows)


def prices_said(visitor: Visitor) -> list[Figures]:
    names = ("last_price", "day_change", "best_bid", "best_ask", "day_low", "day_high", "day_volume")
    stocks = visitor.says("/stocks")["items"]
    return sorted((each["name"], *(figure(each[name]) for name in names)) for each in stocks)


def book_shown(visitor: Visitor) -> tuple[list[Figures], list[Figures]]:
    """Return the asks and the bids in view, best first."""
    rows = [row for row in table(visitor, re.compile("^Order book")) if row["Price"]]
    spread = next((at for at, row in enumerate(rows) if row["Price"] == "Spread"), len(rows))
    asks, bids = (
        [_figures(row, "Price", "Shares") for row in side if row["Price"] != "At market"]
        for side in (rows[:spread], rows[spread + 1 :])
    )
    return asks[::-1], bids


def book_said(visitor: Visitor, stock: str, asks: int, bids: int) -> tuple[list[Figures], list[Figures]]:
    """Return as many levels of each side."""
    book = visitor.says(f"/stocks/{stock}/book")
    return (
        [(figure(each["price"]), figure(each["quantity"])) for each in book["asks"][:asks]],
        [(figure(each["price"]), figure(each["quantity"])) for each in book["bids"][:bids]],
    )


def tape_shown(visitor: Visitor) -> list[Figures]:
    """Return side, price and quantity of the trades in view, newest first."""
    rows = [row for row in table(visitor, re.compile("^Trades of")) if row["Price"]]
    return [
        ("buy" if "bought" in row["Price"] else "sell", *_figures(row, "Price", "Shares")) for row in rows
    ]


def tape_said(visitor: Visitor, stock: str, count: int) -> list[Figures]:
    trades = visitor.says(f"/stocks/{stock}/trades", limit=max(1, count))["items"][:count]
    return [(each["side"], figure(each["price"]), figure(each["quantity"])) for each in trades]


def headline_shown(visitor: Visitor) -> Figures:
    day = facts(visitor.page.get_by_role("main"))
    names = ("Bid", "Ask", "Open", "High", "Low", "Volume")
    return tuple(figure(day[name]) for name in names)


def headline_said(visitor: Visitor, stock: str) -> Figures:
    one = visitor.says(f"/stocks/{stock}")
    names = ("best_bid", "best_ask", "day_open", "day_high", "day_low", "day_volume")
    return tuple(figure(one[name]) for name in names)


# ------------------------------------------------------------------------------------------ the account


def wallet_shown(visitor: Visitor) -> Figures:
    tiles = facts(visitor.panel("Balance"))
    return tuple(figure(tiles[name]) for name in ("Available", "Held", "Total"))


def wallet_said(visitor: Visitor) -> Figures:
    wallet = visitor.says("/wallet")
    return tuple(figure(wallet[name]) for name in ("available", "held", "total"))


def holdings_shown(visitor: Visitor) -> list[Figures]:
    """Return name, free and held shares, average cost, last price, market value and profit of each stock."""
    rows = table(visitor, "Holdings at the prices of this moment")
    columns = ("Available", "Held", "Average cost", "Last", "Market value", "Unrealised", "Realised")
    return sorted((row["Stock"], *_figures(row, *columns)) for row in rows)


def holdings_said(visitor: Visitor) -> list[Figures]:
    names = ("available", "held", "average_cost", "last_price", "market_value", "unrealised_profit")
    owned = [each for each in visitor.says("/portfolio")["holdings"] if each["available"] + each["held"]]
    return sorted(
        (each["name"], *(figure(each[name]) for name in (*names, "realised_profit"))) for each in owned
    )


def own_orders_shown(visitor: Visitor) -> list[Figures]:
    """Return side, what is left and price of the open orders that stand beside a ticket."""
    items = visitor.panel("Your orders").get_by_role("listitem").all_inner_texts()
    return [_own_order(re.sub(r"\s+", " ", text)) for text in items]


def _own_order(text: str) -> Figures:
    side, remaining, rest = re.fullmatch(r"(\w+) ([\d,]+)(.*)", text).groups()  # type: ignore[union-attr]
    return side.lower(), figure(remaining), figure(rest.split(" at ")[1])


def own_orders_said(visitor: Visitor, stock: str) -> list[Figures]:
    orders = visitor.says("/orders", status="open", stock=stock)["items"]
    return [(each["side"], figure(each["remaining_quantity"]), figure(each["price"])) for each in orders]


def open_orders_shown(visitor: Visitor) -> list[Figures]:
    """Return stock, side, price, quantity and what is filled of the open orders."""
    rows = table(visitor, "Open orders, newest first")
    return [
        (row["Stock"], row["Side"].lower(), *_figures(row, "Price", "Quantity", "Filled")) for row in rows
    ]


def open_orders_said(visitor: Visitor) -> list[Figures]:
    names = {each["stock"]: each["name"] for each in visitor.says("/stocks")["items"]}
    return [
        (
            names[each["stock"]],
            each["side"],
            figure(each["price"]),
            figure(each["quantity"]),
            figure(each["filled_quantity"]),
        )
        for each in visitor.says("/orders", status="open")["items"]
    ]
