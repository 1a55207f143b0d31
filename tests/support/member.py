"""Users of ``/v1``, for tests that know nothing of the venue's inside.

``ask`` returns the response; ``got`` asserts a success and returns its body, ``refused`` asserts a problem
in the format of RFC 9457 and returns its status and code.
"""

from __future__ import annotations

import uuid
from typing import Any

import httpx2
from tests.support.server import Venue
from tests.support.trader import PASSWORD, Guest, unique


def got(response: httpx2.Response, status: int | None = None) -> Any:
    """Return the body of a success."""
    assert response.is_success, response.text
    assert status is None or response.status_code == status
    return response.json() if response.content else None


def refused(response: httpx2.Response) -> tuple[int, str]:
    """Return status and code of a problem, having checked its format."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem = response.json()
    assert problem.keys() == {"type", "title", "status", "detail", "code", "request_id"}
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["detail"].endswith((".", "!")), problem["detail"]
    return response.status_code, problem["code"]


class Member(Guest):
    """A fresh user with a session of ``/v1``."""

    def __init__(self, url: str, *, money: str | None = None) -> None:
        super().__init__(url)
        self.user_name, self.password = unique("member"), PASSWORD
        user = {"user_name": self.user_name, "password": self.password, "name": "A Member"}
        self.account: str = got(self.v1("POST", "/users", user), 201)["account"]
        self.log_in()
        if money is not None:
            self.deposit(money)

    def log_in(self) -> None:
        login = {"user_name": self.user_name, "password": self.password}
        self.session = got(self.v1("POST", "/sessions", login), 201)
        self.http.headers["authorization"] = f"Bearer {self.session['access_token']}"

    def get_v1(self, path: str, **query: Any) -> Any:
        return got(self.http.get(f"/v1{path}", params=query))

    def deposit(self, amount: str) -> Any:
        return got(self.v1("POST", "/wallet/deposits", {"amount": amount}), 201)

    def list_stock(self, name: str = "Google", **more: Any) -> str:
        return str(got(self.v1("POST", "/stocks", {"name": unique(name), **more}), 201)["stock"])

    def grant(self, stock: str, quantity: int) -> Any:
        return got(self.v1("POST", f"/stocks/{stock}/grants", {"quantity": quantity}), 201)

    def place(self, stock: str, side: str, quantity: Any, price: Any = None, **more: Any) -> httpx2.Response:
        """Place an order, market without a price, and return the response."""
        return self.v1("POST", "/orders", order(stock, side, quantity, price, **more))

    def placed(self, stock: str, side: str, quantity: int, price: str | None = None, **more: Any) -> Any:
        return got(self.place(stock, side, quantity, price, **more), 201)

    def everything(self) -> tuple[Any, ...]:
        """Return all that ``/v1`` tells of this user's money, shares and orders."""
        paths = ("/me", "/wallet", "/wallet/transactions", "/portfolio", "/orders", "/executions")
        return tuple(self.get_v1(path) for path in paths)


class Admin(Member):
    """The administrator of a venue, made as operators make one."""

    def __init__(self, venue: Venue, user_name: str = "", name: str = "Root") -> None:
        Guest.__init__(self, venue.url)
        self.user_name, self.password = user_name or unique("root"), PASSWORD
        venue.add_admin(self.user_name, self.password, name)
        self.log_in()
        self.account = self.get_v1("/me")["account"]


def order(stock: str, side: str, quantity: Any, price: Any = None, **more: Any) -> dict[str, Any]:
    """Return the body of an order, market without a price."""
    body = {"stock": stock, "side": side, "type": "market", "quantity": quantity}
    if price is not None:
        body |= {"type": "limit", "price": price}
    return body | more


def new_id() -> str:
    """Return a client order id."""
    return str(uuid.uuid4())
