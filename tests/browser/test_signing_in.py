"""The door: register, sign in, sign out, and what is kept where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from tests.support.member import Member
from tests.support.server import Server, serve
from tests.support.trader import PASSWORD, unique
from tests.support.visitor import Visitor


def test_somebody_registers_and_is_signed_in_after_a_reload_too(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.button("Sign in").click()
    visitor.link("Register").click()
    visitor.register()
    expect(visitor.heading("Market")).to_be_visible()
    visitor.page.reload()
    expect(visitor.page.get_by_text(visitor.user_name)).to_be_visible()


def test_a_page_of_ones_own_asks_to_sign_in_and_then_opens(
    visitor: Visitor, new_member: Callable[..., Member]
) -> None:
    member = new_member()
    visitor.open("/portfolio")
    expect(visitor.page.get_by_text("Sign in to open that page.")).to_be_visible()
    visitor.sign_in(member.user_name)
    expect(visitor.heading("Portfolio")).to_be_visible()


def test_a_wrong_password_is_refused_in_the_venues_words(
    visitor: Visitor, new_member: Callable[..., Member]
) -> None:
    member = new_member()
    visitor.open("/sign-in")
    visitor.watch.expect("401 POST /v1/web/session")
    visitor.field("User name").fill(member.user_name)
    visitor.field("Password").fill("another password")
    visitor.button("Sign in").click()
    login = {"user_name": member.user_name, "password": "another password"}
    words = member.v1("POST", "/sessions", login).json()["detail"]
    expect(visitor.page.get_by_role("alert")).to_have_text(words)
    visitor.field("Password").fill(PASSWORD)
    visitor.button("Sign in").click()
    visitor.is_signed_in()


def test_a_name_that_is_taken_and_a_short_password_are_refused(
    visitor: Visitor, new_member: Callable[..., Member]
) -> None:
    taken = new_member().user_name
    visitor.open("/register")
    visitor.watch.expect("(409|400|422) POST /v1/users")
    for user_name, password in ((taken, PASSWORD), (unique("new"), "short")):
        visitor.field("Your name").fill("A Visitor")
        visitor.field("User name").fill(user_name)
        visitor.field("Password").fill(password)
        visitor.button("Register").click()
        user = {"user_name": user_name, "password": password, "name": "A Visitor"}
        words = visitor.context.request.post(f"{visitor.url}/v1/users", data=user).json()["detail"]
        expect(visitor.page.get_by_role("alert")).to_have_text(words)


def test_who_signs_out_is_out_in_every_tab(visitor: Visitor, new_member: Callable[..., Member]) -> None:
    visitor.enter(new_member(), "/wallet")
    visitor.button("Sign out").click()
    expect(visitor.heading("Sign in")).to_be_visible()
    assert visitor.context.request.get(f"{visitor.url}/v1/me").status == 401
    visitor.user_name = ""
    visitor.open("/wallet")
    expect(visitor.page.get_by_text("Sign in to open that page.")).to_be_visible()


def test_no_script_can_read_a_token(visitor: Visitor, new_member: Callable[..., Member]) -> None:
    visitor.enter(new_member())
    cookies = {cookie["name"]: cookie for cookie in visitor.context.cookies()}
    assert cookies.keys() == {"pricetime_session", "pricetime_refresh"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in cookies.values())
    assert visitor.page.evaluate("document.cookie") == ""
    stored = visitor.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert not [cookie for cookie in cookies.values() if cookie["value"] in stored]
    assert not re.search(r"eyJ|token", stored)


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A venue whose sessions end after ten seconds."""
    with serve(tmp_path_factory.mktemp("brief") / "data", access_token_lifetime_s=10) as running:
        yield running


@pytest.mark.embedded
def test_a_session_is_renewed_before_it_ends(
    visit: Callable[..., Visitor], brief: Server, new_member: Callable[..., Member]
) -> None:
    visitor = visit(brief.url)
    with visitor.page.expect_response("**/v1/web/session/refresh", timeout=30_000) as renewal:
        visitor.enter(new_member(brief.url))
    assert renewal.value.ok
    visitor.is_connected()
    visitor.go("Wallet")


@pytest.mark.embedded
def test_the_end_of_a_session_keeps_what_is_typed(
    visit: Callable[..., Visitor], brief: Server, new_member: Callable[..., Member]
) -> None:
    member, visitor = new_member(brief.url, money="100"), visit(brief.url)
    visitor.enter(member, f"/stocks/{member.list_stock()}")
    visitor.watch.expect("401 ")
    visitor.fill_ticket("Buy", 7, "9.50")
    visitor.context.clear_cookies()  # as browsers do when their time is over
    ended = visitor.dialog("Your session has ended")
    expect(ended).to_contain_text(member.user_name)
    visitor.page.keyboard.press("Escape")
    expect(ended).to_be_visible()
    visitor.field("Password", ended).fill(member.password)
    ended.get_by_role("button", name="Sign in").click()
    expect(ended).to_be_hidden()
    visitor.is_connected()
    expect(visitor.field("Price", visitor.ticket)).to_have_value("9.50")
    visitor.button("Buy 7 at 9.50").click()
    visitor.has_open("buy 7 at 9.50")
    assert [order["quantity"] for order in visitor.says("/orders")["items"]] == [7]
