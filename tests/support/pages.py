"""Every page of the trading floor, for what is to hold on all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from playwright.sync_api import expect
from tests.support.member import Member
from tests.support.visitor import Visitor


class Place(NamedTuple):
    """A page: its name, and its path, where ``{stock}`` is a stock."""

    name: str
    path: str


DOOR: Final = (Place("sign-in", "/sign-in"), Place("register", "/register"))
INSIDE: Final = (
    Place("market", "/market"),
    Place("stock", "/stocks/{stock}"),
    Place("orders", "/orders"),
    Place("portfolio", "/portfolio"),
    Place("wallet", "/wallet"),
    Place("operator", "/operator"),
    Place("operator-stocks", "/operator/stocks"),
    Place("operator-users", "/operator/users"),
    Place("operator-audit", "/operator/audit"),
    Place("operator-journal", "/operator/journal"),
    Place("operator-engines", "/operator/engines"),
)


def tour(visitor: Visitor, admin: Member, stock: str) -> Iterator[Place]:
    """Go through all pages, first as nobody, then as an administrator; each is still when it comes."""
    for place in DOOR + INSIDE:
        path = place.path.format(stock=stock)
        if place in DOOR or visitor.user_name:
            visitor.open(path)
        else:
            visitor.enter(admin, path)
        _settle(visitor)
        yield place


def _settle(visitor: Visitor) -> None:
    """Wait until a page has loaded what it shows."""
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    expect(visitor.page.get_by_text("Loading")).to_have_count(0)
    if visitor.user_name:
        visitor.is_connected()
