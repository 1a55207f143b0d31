"""People who trade over HTTP, for tests that know nothing of the venue's inside.

A ``Trader`` is a fresh user with a session; the same token works at the daytrade paths and at ``/v1``.
Methods of the daytrade contract assert success and return ``data``; ``post`` and ``get`` return the
response, for tests of refusals. ``v1`` sends to ``/v1`` and returns the response.
"""

from __future__ import annotations

import json
import uuid
from typing import Any, Self

import httpx2

PASSWORD = "a password of tests"


def unique(name: str) -> str:
    """Return a name that no other test uses; names with the same beginning sort by it."""
    return f"{name} {uuid.uuid4().hex[:12]}"


class Guest:
    """Somebody without a session."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.http = httpx2.Client(base_url=url, headers=headers or {}, timeout=120)

    def post(
        self, path: str, body: Any = None, *, text: str | bytes | None = None, **headers: str
    ) -> httpx2.Response:
        """Send a JSON body, or with ``text`` exactly that."""
        content = text if text is not None else json.dumps(body)
        return self.http.post(path, content=content, headers={"content-type": "application/json", **headers})

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.http.get(path, headers=headers)

    def v1(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Send to ``/v1``; underscores of header names become hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, f"/v1{path}", json=body, headers=named)

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Trader(Guest):
    """A fresh user of the daytrade API with a session."""

    def __init__(self, url: str, *, money: float | None = None) -> None:
        super().__init__(url)
        self.user_name = unique("trader")
        registration = {"user_name": self.user_name, "password": PASSWORD, "name": "A Trader"}
        _data(self.post("/authentication/register", registration))
        credentials = {"user_name": self.user_name, "password": PASSWORD}
        self.token: str = _data(self.post("/authentication/login", credentials))["token"]
        self.http.headers["token"] = self.token
        if money is not None:
            self.add_money(money)

    # ------------------------------------------------------------------------------------------- setup

    def create_stock(self, name: str) -> str:
        return str(_data(self.post("/setup/createStock", {"stock_name": name}))["stock_id"])

    def add_shares(self, stock: str, quantity: int) -> None:
        _data(self.post("/setup/addStockToUser", {"stock_id": stock, "quantity": quantity}))

    def add_money(self, amount: float) -> None:
        _data(self.post("/transaction/addMoneyToWallet", {"amount": amount}))

    # ------------------------------------------------------------------------------------------ orders

    def order(self, stock: str, *, buy: bool, quantity: Any, price: Any = None) -> httpx2.Response:
        """Place an order, MARKET without a price, and return the response."""
        body = {"stock_id": stock, "is_buy": buy, "order_type": "MARKET", "quantity": quantity}
        if price is not None:
            body |= {"order_type": "LIMIT", "price": price}
        return self.post("/engine/placeStockOrder", body)

    def buy(self, stock: str, quantity: int, price: float | None = None) -> None:
        _data(self.order(stock, buy=True, quantity=quantity, price=price))

    def sell(self, stock: str, quantity: int, price: float | None = None) -> None:
        _data(self.order(stock, buy=False, quantity=quantity, price=price))

    def cancel(self, stock_tx_id: str) -> httpx2.Response:
        return self.post("/engine/cancelStockTransaction", {"stock_tx_id": stock_tx_id})

    # ----------------------------------------------------------------------------------------- looking

    def prices(self) -> list[dict[str, Any]]:
        return _rows(self.get("/transaction/getStockPrices"))

    def price_of(self, stock: str) -> float | None:
        return next((row["current_price"] for row in self.prices() if row["stock_id"] == stock), None)

    def portfolio(self) -> list[dict[str, Any]]:
        return _rows(self.get("/transaction/getStockPortfolio"))

    def owned(self, stock: str) -> int:
        """Return the free shares of a stock; 0 where the portfolio has no row of it."""
        return next((row["quantity_owned"] for row in self.portfolio() if row["stock_id"] == stock), 0)

    def balance(self) -> float:
        balance: float = _data(self.get("/transaction/getWalletBalance"))["balance"]
        return balance

    def wallet_rows(self) -> list[dict[str, Any]]:
        return _rows(self.get("/transaction/getWalletTransactions"))

    def stock_rows(self) -> list[dict[str, Any]]:
        return _rows(self.get("/transaction/getStockTransactions"))

    def everything(self) -> tuple[Any, ...]:
        """Return all that the contract tells of this user, to compare before and after."""
        return self.portfolio(), self.balance(), self.wallet_rows(), self.stock_rows()


class Bystander(Trader):
    """A user whom every refusal of the session is tried on, and for whom none may change anything."""

    def __init__(self, url: str) -> None:
        super().__init__(url, money=10_000)
        self.stock = self.create_stock(unique("Untouched"))
        self.add_shares(self.stock, 550)


def _data(response: httpx2.Response) -> Any:
    assert response.status_code in (200, 201), response.text
    answer = response.json()
    assert answer["success"] is True
    return answer["data"]


def _rows(response: httpx2.Response) -> list[dict[str, Any]]:
    rows = _data(response)
    assert isinstance(rows, list)
    return rows


def refusal(response: httpx2.Response) -> tuple[int, str]:
    """Return status and sentence of a daytrade failure, having checked its format."""
    answer = response.json()
    assert answer.keys() == {"success", "data"}, answer
    assert answer["success"] is False
    assert answer["data"].keys() == {"error"}
    sentence = answer["data"]["error"]
    assert isinstance(sentence, str)
    assert sentence
    return response.status_code, sentence


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one row of a list of one."""
    assert len(rows) == 1, rows
    return rows[0]
