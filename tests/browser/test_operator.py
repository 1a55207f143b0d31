"""The pages of administrators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect
from tests.support.member import Admin, Member
from tests.support.server import Venue
from tests.support.trader import unique
from tests.support.visitor import Visitor


@pytest.fixture(scope="module")
def admin(venue: Venue) -> Iterator[Admin]:
    # Playwright has its event loop in this thread, and making an administrator needs one as well.
    with ThreadPoolExecutor(1) as another:
        administrator = another.submit(Admin, venue).result()
    with administrator:
        yield administrator


@pytest.fixture
def operator(visitor: Visitor, admin: Admin) -> Visitor:
    """The administrator in front of the page."""
    visitor.enter(admin)
    visitor.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Operator").click()
    expect(visitor.page.get_by_role("heading", level=1, name="Operator")).to_be_visible()
    return visitor


def test_only_administrators_find_the_operators_pages(
    visitor: Visitor, new_member: Callable[..., Member]
) -> None:
    visitor.enter(new_member())
    expect(visitor.link("Operator")).to_have_count(0)
    visitor.open("/operator")
    expect(visitor.page.get_by_text("This page is for administrators")).to_be_visible()


def test_a_stock_is_listed_halted_and_resumed(
    operator: Visitor, visit: Callable[..., Visitor], new_member: Callable[..., Member]
) -> None:
    trader = visit()
    trader.enter(new_member(money="100"))
    name = unique("Operated")
    _section(operator, "Stocks")
    operator.button("List a stock").click()
    dialog = operator.dialog("List a stock")
    operator.field("Name", dialog).fill(name)
    dialog.get_by_role("button", name="List the stock").click()
    operator.is_told("is listed")
    trader.link(name).click()
    for verb, state in (("Halt", "Halted"), ("Resume", "Trading")):
        operator.button(f"{verb} {name}").click()
        operator.dialog(f"{verb} {name}?").get_by_role("button", name=f"{verb} trading").click()
        expect(operator.page.get_by_role("row", name=name)).to_contain_text(state)
        expect(trader.ticket.get_by_text("The stock is halted")).to_have_count(1 if verb == "Halt" else 0)
    trader.place("Buy", 1, "1.00")


def test_a_user_becomes_an_operator_and_is_closed_out(
    operator: Visitor, new_member: Callable[..., Member]
) -> None:
    member = new_member()
    _section(operator, "Users")
    operator.field("User name begins with").fill(member.user_name)
    row = operator.page.get_by_role("row", name=member.user_name)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Enabled")
    operator.button(f"Disable {member.user_name}").click()
    operator.dialog(f"Disable {member.user_name}?").get_by_role("button", name="Disable the user").click()
    expect(row).to_contain_text("Disabled")
    assert member.v1("GET", "/me").status_code in (401, 403)


def test_the_journal_is_verified(operator: Visitor) -> None:
    _section(operator, "Journal")
    operator.button("Verify the chain").click()
    expect(operator.page.get_by_role("main")).to_contain_text("The chain is whole")


def test_the_audit_tells_who_did_what(operator: Visitor, new_member: Callable[..., Member]) -> None:
    member = new_member(money="12.34")
    _section(operator, "Audit")
    expect(operator.page.get_by_role("main").get_by_role("table").first).to_be_visible()
    expect(operator.page.get_by_role("main")).to_contain_text(re.compile("12.34|deposit", re.IGNORECASE))
    assert member.user_name


@pytest.mark.embedded
def test_one_process_has_no_engines_to_show(operator: Visitor) -> None:
    _section(operator, "Engines")
    expect(operator.panel("Engines")).to_contain_text("The venue is one process")
    expect(operator.panel("Engines").get_by_role("table")).to_have_count(0)


def test_the_overview_shows_how_the_venue_does(operator: Visitor) -> None:
    state = operator.says("/admin/state")
    main = operator.page.get_by_role("main")
    expect(main).to_contain_text(re.compile("journal", re.IGNORECASE))
    expect(main).to_contain_text(re.compile("views", re.IGNORECASE))
    assert state


def _section(operator: Visitor, title: str) -> None:
    operator.page.get_by_role("navigation", name="Operator pages").get_by_role("link", name=title).click()
    expect(operator.heading(f"Operator: {title.lower()}")).to_be_visible()
