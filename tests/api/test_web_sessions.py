"""The sessions of the page: cookies that its script cannot read, and whoever is not the page turned away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.member import Member, got, refused
from tests.support.server import Server, Venue, serve
from tests.support.trader import PASSWORD, Guest, unique

SESSION, REFRESH = "pricetime_session", "pricetime_refresh"


class Browser(Guest):
    """A registered user who sits before the page, with cookies as a browser keeps them."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(url, headers)
        self.is_secure = url.startswith("https:")
        self.user_name = unique("visitor")
        user = {"user_name": self.user_name, "password": PASSWORD, "name": "A Visitor"}
        self.account = got(self.v1("POST", "/users", user), 201)["account"]
        self.csrf_token = ""

    def log_in(self, **headers: str) -> Any:
        login = {"user_name": self.user_name, "password": PASSWORD}
        answer = self.v1("POST", "/web/session", login, **headers)
        session = got(answer, 201)
        self.csrf_token = session["csrf_token"]
        self.set_cookies = answer.headers.get_list("set-cookie")
        return session

    def act(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send as the page does, which proves that it knows the CSRF token."""
        return self.v1(method, path, body, **({"x_csrf_token": self.csrf_token} | headers))

    def let_access_end(self) -> None:
        """Drop the access token's cookie, as a browser does when its time is over."""
        self.http.cookies.delete(SESSION)


@pytest.fixture
def browser(server: Venue) -> Iterator[Browser]:
    """Somebody who has logged in on the page."""
    with Browser(server.url) as visitor:
        visitor.log_in()
        yield visitor


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A venue behind a proxy on this machine, which tests play."""
    data = tmp_path_factory.mktemp("proxied") / "data"
    with serve(data, trusted_proxies="127.0.0.1", refresh_grace_s=0) as server:
        yield server


def test_logging_in_tells_who_it_is_and_gives_no_token_to_the_script(browser: Browser):
    session = got(browser.v1("GET", "/web/session"))
    assert session["user"]["user_name"] == browser.user_name
    assert session["csrf_token"] == browser.csrf_token
    assert 0 < session["expires_in_s"] <= 900
    assert session.keys() == {"user", "csrf_token", "expires_in_s"}
    access, refresh = browser.set_cookies
    ending = "HttpOnly; SameSite=Strict" + ("; Secure" if browser.is_secure else "")
    assert access.startswith(f"{SESSION}=")
    assert access.endswith(f"; Max-Age=900; Path=/; {ending}")
    assert refresh.startswith(f"{REFRESH}=")
    assert refresh.endswith(f"; Max-Age=2592000; Path=/v1/web; {ending}")


def test_the_cookie_reads_without_more_and_acts_with_the_csrf_token_only(browser: Browser):
    assert got(browser.v1("GET", "/wallet"))["total"] == "0.00"
    deposit = {"amount": "10"}
    assert refused(browser.v1("POST", "/wallet/deposits", deposit)) == (403, "csrf_failed")
    wrong = browser.csrf_token[:-1] + ("A" if browser.csrf_token[-1] != "A" else "B")
    for token in (wrong, "", "x" * 5_000):
        answer = browser.act("POST", "/wallet/deposits", deposit, x_csrf_token=token)
        assert refused(answer) == (403, "csrf_failed")
    got(browser.act("POST", "/wallet/deposits", deposit), 201)
    assert got(browser.v1("GET", "/wallet"))["total"] == "10.00"


def test_a_csrf_token_is_of_one_session(browser: Browser):
    first = browser.csrf_token
    browser.log_in()
    answer = browser.act("POST", "/wallet/deposits", {"amount": "10"}, x_csrf_token=first)
    assert refused(answer) == (403, "csrf_failed")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_pages_of_other_origins_neither_act_nor_log_in(browser: Browser, origin: str):
    deposit = browser.act("POST", "/wallet/deposits", {"amount": "10"}, origin=origin)
    assert refused(deposit) == (403, "csrf_failed")
    login = {"user_name": browser.user_name, "password": PASSWORD}
    assert refused(browser.v1("POST", "/web/session", login, origin=origin)) == (403, "csrf_failed")
    assert refused(browser.act("DELETE", "/web/session", origin=origin)) == (403, "csrf_failed")
    assert got(browser.v1("GET", "/web/session"))["user"]["account"] == browser.account


def test_our_own_origin_is_welcome(server: Venue, browser: Browser):
    got(browser.act("POST", "/wallet/deposits", {"amount": "10"}, origin=server.url), 201)
    assert browser.log_in(origin=server.url)["user"]["account"] == browser.account


def test_a_page_places_amends_and_cancels_orders(server: Venue, browser: Browser, stock: str):
    got(browser.act("POST", "/wallet/deposits", {"amount": "100"}), 201)
    order = {"stock": stock, "side": "buy", "type": "limit", "quantity": 5, "price": "10"}
    assert refused(browser.v1("POST", "/orders", order)) == (403, "csrf_failed")
    by_script = got(browser.act("POST", "/orders", order, origin=server.url), 201)
    without_origin = got(browser.act("POST", "/orders", order), 201)  # the short way
    got(browser.act("PATCH", f"/orders/{by_script['order']}", {"price": "9"}))
    got(browser.act("DELETE", f"/orders/{by_script['order']}"))
    assert [row["order"] for row in got(browser.v1("GET", "/orders?status=open"))["items"]] == [
        without_origin["order"]
    ]


def test_a_token_in_a_header_goes_before_the_cookie_and_needs_no_more(browser: Browser, member: Member):
    bearer = {"authorization": f"Bearer {member.session['access_token']}"}
    deposited = browser.v1("POST", "/wallet/deposits", {"amount": "10"}, **bearer)
    assert deposited.status_code == 201
    assert got(browser.v1("GET", "/me", **bearer))["account"] == member.account
    assert refused(browser.v1("GET", "/me", token="nonsense")) == (401, "token_invalid")


def test_the_daytrade_api_takes_no_cookies(browser: Browser):
    assert browser.get("/transaction/getWalletBalance").status_code == 401


def test_a_session_whose_access_has_ended_is_refreshed_by_asking(browser: Browser):
    browser.let_access_end()
    assert refused(browser.v1("GET", "/wallet")) == (401, "token_invalid")
    session = got(browser.v1("GET", "/web/session"))
    assert (session["csrf_token"], session["expires_in_s"]) == (browser.csrf_token, 900)
    assert got(browser.v1("GET", "/wallet"))["total"] == "0.00"


def test_tabs_that_refresh_at_once_stay_logged_in(browser: Browser):
    cookies = {REFRESH: browser.http.cookies[REFRESH]}
    answers = []
    for _ in range(3):
        browser.http.cookies.clear()
        browser.http.cookies.update(cookies)
        answers.append(browser.act("POST", "/web/session/refresh"))
    assert [got(answer) for answer in answers] == [got(answers[0])] * 3
    assert len({tuple(answer.headers.get_list("set-cookie")) for answer in answers}) == 1
    browser.http.cookies.clear()
    browser.http.cookies.update(answers[2].cookies)
    assert got(browser.v1("GET", "/me"))["account"] == browser.account


def test_refreshing_needs_the_csrf_token_and_a_refresh_cookie(browser: Browser, guest: Guest):
    assert refused(browser.v1("POST", "/web/session/refresh")) == (403, "csrf_failed")
    got(browser.act("POST", "/web/session/refresh"))
    for headers in ({}, {"cookie": f"{REFRESH}=nonsense"}, {"cookie": f"{REFRESH}; ;=;{SESSION}=x"}):
        answer = guest.v1("POST", "/web/session/refresh", x_csrf_token=browser.csrf_token, **headers)
        assert refused(answer) == (401, "token_invalid")
    assert refused(guest.v1("GET", "/web/session")) == (401, "token_invalid")


@pytest.mark.parametrize("access_has_ended", [False, True])
def test_logging_out_ends_the_session_and_removes_the_cookies(browser: Browser, access_has_ended: bool):
    kept = dict(browser.http.cookies)
    if access_has_ended:
        browser.let_access_end()
    assert refused(browser.v1("DELETE", "/web/session")) == (403, "csrf_failed")
    left = browser.act("DELETE", "/web/session")
    assert left.status_code == 204
    assert [cookie.split(";")[:2] for cookie in left.headers.get_list("set-cookie")] == [
        [f"{SESSION}=", " Max-Age=0"],
        [f"{REFRESH}=", " Max-Age=0"],
    ]
    assert not browser.http.cookies
    browser.http.cookies.update(kept)
    assert refused(browser.v1("GET", "/wallet")) == (401, "token_invalid")
    assert refused(browser.v1("GET", "/web/session")) == (401, "token_invalid")
    assert browser.act("DELETE", "/web/session").status_code == 204


def test_changing_the_password_goes_on_with_a_new_session(browser: Browser):
    kept, first = dict(browser.http.cookies), browser.csrf_token
    change = {"old_password": PASSWORD, "new_password": "another password"}
    session = got(browser.act("POST", "/web/password", change))
    assert session["csrf_token"] != first
    assert got(browser.v1("GET", "/me"))["account"] == browser.account
    browser.http.cookies.clear()
    browser.http.cookies.update(kept)
    assert refused(browser.v1("GET", "/web/session")) == (401, "token_invalid")


def test_a_wrong_password_sets_no_cookie(browser: Browser):
    browser.http.cookies.clear()
    login = {"user_name": browser.user_name, "password": "a wrong one"}
    assert refused(browser.v1("POST", "/web/session", login)) == (401, "wrong_password")
    assert not browser.http.cookies


@pytest.mark.embedded
def test_behind_a_proxy_that_speaks_https_cookies_are_secure_and_origins_are_the_proxys(proxied: Server):
    proxy = {"x-forwarded-proto": "https", "x-forwarded-host": "venue.example"}
    with Browser(proxied.url, proxy) as browser:
        browser.log_in(origin="https://venue.example")
        assert [cookie.endswith("; Secure") for cookie in browser.set_cookies] == [True, True]
        login = {"user_name": browser.user_name, "password": PASSWORD}
        assert refused(browser.v1("POST", "/web/session", login, origin=proxied.url)) == (403, "csrf_failed")


def test_what_anybody_forwards_is_not_believed(browser: Browser):
    browser.log_in(x_forwarded_proto="http" if browser.is_secure else "https")
    assert [cookie.endswith("; Secure") for cookie in browser.set_cookies] == [browser.is_secure] * 2
    login = {"user_name": browser.user_name, "password": PASSWORD}
    forged = {"x_forwarded_host": "evil.example", "origin": "https://evil.example"}
    assert refused(browser.v1("POST", "/web/session", login, **forged)) == (403, "csrf_failed")


@pytest.mark.embedded
def test_after_the_grace_a_stolen_refresh_token_ends_the_session(proxied: Server):
    with Browser(proxied.url) as browser:
        browser.log_in()
        stolen = browser.http.cookies[REFRESH]
        got(browser.act("POST", "/web/session/refresh"))
        kept = dict(browser.http.cookies)
        browser.http.cookies.clear()
        browser.http.cookies.set(REFRESH, stolen)
        assert refused(browser.act("POST", "/web/session/refresh")) == (401, "token_invalid")
        browser.http.cookies.clear()
        browser.http.cookies.update(kept)
        assert refused(browser.v1("GET", "/wallet")) == (401, "token_invalid")


def test_only_requests_of_our_page_may_ask_for_its_session(browser: Browser):
    asked = browser.v1("GET", "/web/session", sec_fetch_site="same-site")
    assert refused(asked) == (403, "csrf_failed")
    assert got(browser.v1("GET", "/web/session", sec_fetch_site="same-origin"))["expires_in_s"] > 0
