"""Everybody can use the page: by keyboard alone, on a phone, in dark or light, with a screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
from playwright.sync_api import expect
from tests.support.axe import axe_findings
from tests.support.browser import DESK, PHONE, keep_picture
from tests.support.member import Admin, Member
from tests.support.pages import tour
from tests.support.server import Venue
from tests.support.visitor import Visitor

NARROWEST = {"width": 320, "height": 640}
"""A phone, or a desk of 1280 at a zoom of 400%: nothing may have to be scrolled sideways."""

_SIZES: Final[dict[str, dict[str, Any]]] = {
    "desk": {"viewport": DESK},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
}
_OVERHANG = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
_FOCUS = """() => {
    const drawn = ({outlineStyle, outlineWidth}) => outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    let element = document.activeElement;
    for (let step = 0; step < 4 && element !== document.body; step++) {
        if (drawn(getComputedStyle(element))) return true;
        element = element.parentElement;
    }
    return false;
}"""


@pytest.fixture(scope="module")
def admin(venue: Venue) -> Iterator[Admin]:
    """An administrator who also trades."""
    # Playwright has its event loop in this thread, and making an administrator needs one as well.
    with ThreadPoolExecutor(1) as another:
        administrator = another.submit(Admin, venue).result()
    with administrator:
        yield administrator


@pytest.fixture(scope="module")
def lively(venue: Venue, admin: Admin) -> str:
    """A stock in which the administrator holds shares, and has orders and trades; others wait as well."""
    stock = admin.list_stock("Lively")
    with Member(venue.url, money="100000") as other:
        admin.deposit("5000")
        admin.grant(stock, 200)
        for step in range(1, 9):
            admin.placed(stock, "sell", 5 * step, f"{20 + step / 10:.2f}")
            other.placed(stock, "buy", 4 * step, f"{20 - step / 10:.2f}")
            other.placed(stock, "buy", 2, f"{20 + step / 10:.2f}")
        admin.placed(stock, "buy", 3, "19.95")
    return stock


@pytest.mark.parametrize(
    ("size", "colours"), [("desk", "light"), ("desk", "dark"), ("phone", "light"), ("phone", "dark")]
)
def test_axe_finds_nothing_on_any_page(
    visit: Callable[..., Visitor], admin: Admin, lively: str, size: str, colours: str
) -> None:
    # The policy would keep axe out; all other tests have it.
    visitor = visit(**_SIZES[size], color_scheme=colours, reduced_motion="reduce", bypass_csp=True)
    findings = {}
    for place in tour(visitor, admin, lively):
        keep_picture(visitor.page, f"{place.name}-{size}-{colours}")
        if found := axe_findings(visitor.page):
            findings[place.name] = found
    assert not findings, "\n".join(f"{name}: {each}" for name, found in findings.items() for each in found)


def test_nothing_has_to_be_scrolled_sideways(
    visit: Callable[..., Visitor], admin: Admin, lively: str
) -> None:
    visitor = visit(viewport=NARROWEST)
    overhangs = {place.name: visitor.page.evaluate(_OVERHANG) for place in tour(visitor, admin, lively)}
    assert {name: pixels for name, pixels in overhangs.items() if pixels > 0} == {}


def test_a_whole_trade_by_keyboard_alone(
    visitor: Visitor, new_member: Callable[..., Member], lively: str
) -> None:
    member = new_member(money="1000")
    keyboard = visitor.page.keyboard
    visitor.open("/sign-in")
    expect(visitor.field("User name")).to_be_focused()
    keyboard.type(member.user_name)
    _tab_to(visitor, "Password")
    keyboard.type(member.password)
    keyboard.press("Enter")
    visitor.is_signed_in()

    expect(visitor.page.get_by_role("heading", level=1, name="Market")).to_be_focused()
    _tab_to(visitor, "Search stocks")
    name = member.get_v1(f"/stocks/{lively}")["name"]
    keyboard.type(name)
    expect(visitor.page.get_by_role("table").get_by_role("row")).to_have_count(2)
    keyboard.press("Enter")
    expect(visitor.page.get_by_role("heading", level=1, name=name)).to_be_focused()
    expect(visitor.panel("Order book").get_by_role("table")).to_be_visible()
    expect(visitor.ticket).to_be_visible()

    keyboard.press("b")
    expect(visitor.field("Quantity", visitor.ticket)).to_be_focused()
    assert visitor.page.evaluate(_FOCUS)
    keyboard.type("2")
    keyboard.press("Shift+Tab")
    _back_to(visitor, "Price")
    keyboard.type("25")
    keyboard.press("Enter")
    visitor.is_told(f"Bought 2 {name}")
    expect(visitor.panel("Your orders")).to_contain_text(re.compile(r"You hold\s*2"))

    keyboard.press("Escape")
    visitor.page.get_by_role("heading", level=1).focus()
    for keys, title in (("gp", "Portfolio"), ("gw", "Wallet"), ("go", "Orders"), ("gm", "Market")):
        keyboard.type(keys)
        expect(visitor.page.get_by_role("heading", level=1, name=title)).to_be_focused()
    keyboard.press("?")
    expect(visitor.dialog("Keyboard shortcuts")).to_be_visible()
    keyboard.press("Escape")
    expect(visitor.dialog("Keyboard shortcuts")).to_be_hidden()
    assert visitor.says("/portfolio")["holdings"][0]["available"] == 2


def test_prices_of_the_book_are_picked_by_the_arrows(
    visitor: Visitor, new_member: Callable[..., Member], lively: str
) -> None:
    visitor.enter(new_member(money="1000"), f"/stocks/{lively}")
    book = visitor.panel("Order book")
    expect(book.get_by_role("table")).to_be_visible()
    price = _tab_to(visitor, re.compile(r"^\d+\.\d\d"))
    visitor.page.keyboard.press("ArrowDown")
    next_price = _focused(visitor)
    assert next_price != price
    assert visitor.page.evaluate(_FOCUS)
    visitor.page.keyboard.press("Enter")
    expect(visitor.field("Price", visitor.ticket)).to_have_value(re.match(r"[\d.]+", next_price)[0])
    expect(visitor.field("Quantity", visitor.ticket)).to_be_focused()


def test_a_trade_on_a_phone(
    visit: Callable[..., Visitor], new_member: Callable[..., Member], lively: str
) -> None:
    visitor = visit(**_SIZES["phone"])
    visitor.enter(new_member(money="1000"), "/market")
    visitor.link(re.compile("^Lively")).first.tap()
    for tab, title in (("Book", "Order book"), ("Trades", "Trades"), ("Ticket", "Ticket")):
        visitor.page.get_by_role("tab", name=tab).tap()
        expect(visitor.panel(title)).to_be_visible()
    visitor.page.get_by_role("tab", name="Chart").tap()
    visitor.button("Buy", exact=True).tap()
    visitor.place("Buy", 2, "25")
    expect(visitor.panel("Your orders")).to_contain_text(re.compile(r"You hold\s*2"))
    assert visitor.page.evaluate(_OVERHANG) <= 0


def test_colours_follow_the_system_and_can_be_switched(visit: Callable[..., Visitor]) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light, dark = visit(color_scheme="light"), visit(color_scheme="dark")
    for visitor in (light, dark):
        visitor.open("/market")
    bright, dim = light.page.evaluate(ground), dark.page.evaluate(ground)
    assert bright != dim
    light.button("Colours: system").click()
    light.button("Colours: light").click()
    assert light.page.evaluate(ground) == dim
    light.page.reload()
    expect(light.button("Colours: dark")).to_be_visible()
    assert light.page.evaluate(ground) == dim


def test_the_page_heeds_a_wish_for_little_motion(visit: Callable[..., Visitor], lively: str) -> None:
    visitor = visit(reduced_motion="reduce")
    visitor.open(f"/stocks/{lively}")
    expect(visitor.panel("Order book").get_by_role("table")).to_be_visible()
    running = "document.getAnimations().filter((each) => each.effect.getTiming().duration > 10).length"
    assert visitor.page.evaluate(running) == 0


def _tab_to(visitor: Visitor, name: str | re.Pattern[str]) -> str:
    """Press Tab until something of that name has the focus, which is seen at every stop; return its name."""
    return _walk(visitor, name, "Tab")


def _back_to(visitor: Visitor, name: str) -> str:
    return _walk(visitor, name, "Shift+Tab")


def _walk(visitor: Visitor, name: str | re.Pattern[str], key: str) -> str:
    for _ in range(80):
        focused = _focused(visitor)
        if focused == name if isinstance(name, str) else name.search(focused):
            return focused
        visitor.page.keyboard.press(key)
        assert visitor.page.evaluate(_FOCUS), f"the focus on {_focused(visitor)!r} cannot be seen"
    raise AssertionError(f"{name} is not reached by {key}")


def _focused(visitor: Visitor) -> str:
    """Return the name of what has the focus."""
    name: str = visitor.page.evaluate("""() => {
        const {labels, ariaLabel, textContent} = document.activeElement;
        return ariaLabel ?? labels?.[0]?.textContent ?? textContent;
    }""")
    return name.strip()
