"""The table of bad input: each row gets a clear 4xx, or is harmless text, and nothing changes.

Around every row the whole picture is compared: money, shares, orders and executions of a user who has
some of each, all stocks with their books, all users, and how many commands the venue has taken.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from tests.support.member import Admin, Member, got, new_id, order, refused
from tests.support.server import Server, Venue
from tests.support.trader import PASSWORD, refusal, unique

STOCK, ORDER = "STOCK", "ORDER"  # stand for ids that only the running venue knows

V1: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/users"): {"user_name": "bad", "password": PASSWORD, "name": "Bad"},
    ("POST", "/v1/sessions"): {"user_name": "bad", "password": PASSWORD},
    ("POST", "/v1/sessions/refresh"): {"refresh_token": "bad"},
    ("POST", "/v1/me/password"): {"old_password": "bad password", "new_password": "bad password"},
    ("POST", "/v1/stocks"): {"name": "bad", "tick_size": "0.01"},
    ("POST", f"/v1/stocks/{STOCK}/grants"): {"quantity": 1, "account": "1"},
    ("POST", "/v1/wallet/deposits"): {"amount": "1"},
    ("POST", "/v1/wallet/withdrawals"): {"amount": "1"},
    ("POST", "/v1/orders"): order(STOCK, "sell", 1, "20", client_order_id=new_id(), time_in_force="gtc")
    | {"post_only": False, "self_trade": "skip", "validate_only": False},
    ("POST", "/v1/orders/batch"): {"orders": []},
    ("PATCH", f"/v1/orders/{ORDER}"): {"quantity": 1, "price": "20"},
    ("PATCH", "/v1/admin/users/1"): {"role": "trader", "disabled": True},
}
DAYTRADE: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/authentication/register"): {"user_name": "bad", "password": "p", "name": "Bad"},
    ("POST", "/authentication/login"): {"user_name": "bad", "password": "p"},
    ("POST", "/setup/createStock"): {"stock_name": "bad"},
    ("POST", "/setup/addStockToUser"): {"stock_id": STOCK, "quantity": 1},
    ("POST", "/transaction/addMoneyToWallet"): {"amount": 1},
    ("POST", "/engine/placeStockOrder"): {
        "stock_id": STOCK,
        "is_buy": False,
        "order_type": "LIMIT",
        "quantity": 1,
        "price": 20,
    },
    ("POST", "/engine/cancelStockTransaction"): {"stock_tx_id": ORDER},
}
ALL = V1 | DAYTRADE
FIELDS = [(*endpoint, field) for endpoint, body in ALL.items() for field in body]

DEEP = "[" * 100_000 + "]" * 100_000
TEN_MEGABYTES = 10 * 1024 * 1024


class Scene:
    """A venue, an administrator who sends bad input with every right there is, and what must stay."""

    def __init__(self, server: Venue, admin: Admin, member: Member) -> None:
        self.server, self.admin, self.member = server, admin, member
        self.stock = member.list_stock()
        member.deposit("10000")
        member.grant(self.stock, 100)
        admin.grant(self.stock, 10)
        admin.placed(self.stock, "sell", 5, "21")
        member.placed(self.stock, "buy", 5, "21")
        self.order = member.placed(self.stock, "sell", 5, "30")["order"]

    def send(self, method: str, path: str, content: bytes, **headers: str) -> httpx2.Response:
        """Send bytes as the member, or where only an administrator may, as the administrator."""
        sender = self.admin if "/admin/" in path else self.member
        path = path.replace(STOCK, self.stock).replace(ORDER, self.order)
        content = content.replace(STOCK.encode(), self.stock.encode()).replace(
            ORDER.encode(), self.order.encode()
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return sender.http.request(method, path, content=content, headers=named)

    def picture(self) -> tuple[Any, ...]:
        """Return all that bad input must not change."""
        return (
            self.member.everything(),
            self.member.get_v1("/stocks", limit=1_000),
            self.member.get_v1(f"/stocks/{self.stock}/book"),
            self.admin.get_v1("/admin/users", limit=1_000),
            self.admin.get_v1("/admin/state")["sequence"],
        )


@pytest.fixture(scope="module")
def scene(server: Venue, admin: Admin) -> Iterator[Scene]:
    with Member(server.url) as member:
        yield Scene(server, admin, member)


@pytest.fixture
def unchanged(scene: Scene) -> Iterator[Scene]:
    """The scene, compared before and after the test."""
    before = scene.picture()
    yield scene
    assert scene.picture() == before


def clear_4xx(response: httpx2.Response) -> int:
    """Return the status of a refusal, having checked that it is a 4xx in its family's format."""
    family = refused if str(response.request.url.path).startswith("/v1") else refusal
    status, _ = family(response)
    assert 400 <= status < 500
    return status


# -------------------------------------------------------------------------------------- whole bodies

BODIES = {
    "nothing": b"",
    "white space": b"  \n",
    "no JSON": b"quantity=1",
    "half of it": b'{"quantity": 1',
    "too much of it": b"{} {}",
    "a list": b"[]",
    "a number": b"1",
    "a text": b'"x"',
    "null": b"null",
    "empty": b"{}",
    "NaN": b"NaN",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"amount": "1"}'.encode("utf-16"),
    "bad UTF-8": b'{"name": "\xff", "amount": "\xc3\x28"}',
    "an overlong NUL": b'{"name": "\xc0\x80"}',
    "half of a surrogate pair": b'{"name": "\\ud800"}',
    "a bare NUL": b'{"name": "\x00"}',
    "single quotes": b"{'amount': '1'}",
    "a comment": b'{"amount": "1" /* one */}',
    "a comma too many": b'{"amount": "1",}',
    "deep lists": DEEP.encode(),
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a deep unknown field": b'{"x": ' + DEEP.encode() + b"}",
    "XML": b'<?xml version="1.0"?><order/>',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_request_is_refused_everywhere(unchanged: Scene, body: bytes) -> None:
    answers = {path: unchanged.send(method, path, body) for method, path in ALL}
    assert {path: clear_4xx(answer) for path, answer in answers.items()} == dict.fromkeys(answers, 400)


@pytest.mark.parametrize(("method", "path"), ALL)
def test_an_unknown_field_is_refused(unchanged: Scene, method: str, path: str) -> None:
    body = ALL[method, path] | {"unknown": 1}
    assert clear_4xx(unchanged.send(method, path, json.dumps(body).encode())) == 400


def test_a_body_of_10_mb_is_refused(unchanged: Scene) -> None:
    large = b'{"amount": "' + b"1" * TEN_MEGABYTES + b'"}'
    for method, path in ALL:
        status = clear_4xx(unchanged.send(method, path, large))
        assert status == (413 if path.startswith("/v1") else 400)


def test_a_compressed_body_is_refused(unchanged: Scene) -> None:
    for method, path in ALL:
        status = clear_4xx(unchanged.send(method, path, b"{}", content_encoding="gzip"))
        assert status == (415 if path.startswith("/v1") else 400)


@pytest.mark.parametrize("path", ["/v1/wallet/deposits", "/transaction/addMoneyToWallet"])
def test_a_body_that_never_arrives_is_refused(start_server: Callable[..., Server], path: str) -> None:
    venue = start_server(body_timeout_s=3)  # after as long again the connection is cut, answered or not
    with Member(venue.url) as member, socket.create_connection(("127.0.0.1", venue.port), timeout=20) as wire:
        before = member.everything()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nToken: {member.session['access_token']}\r\n"
        wire.sendall(f'{head}Content-Length: 15\r\n\r\n{{"amount": '.encode())
        answer = wire.makefile("rb").readline().decode()
        assert answer.split()[1] == ("408" if path.startswith("/v1") else "400")
        assert member.everything() == before


# -------------------------------------------------------------------------------------- single fields

WRONG = {
    "a list": "[]",
    "a list of itself": "[1]",
    "an object": "{}",
    "a huge number": "9" * 400,
    "a huge exponent": "1e400",
    "minus one": "-1",
    "minus zero": "-0",
    "a fraction": "0.5000001",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "deep lists": DEEP,
    "an empty text": '""',
    "a long text": '"' + "x" * 5_000 + '"',
    "a NUL": '"\\u0000"',
    "SQL": '"1; DROP TABLE orders; --\\n"',
    "a line feed after it": '"1\\n"',
    "other digits": '"\\u0661"',
}
TEXTS_WITH_ANY_CONTENT = {"password", "old_password", "new_password", "refresh_token"}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_field_that_cannot_be_is_refused_everywhere(unchanged: Scene, wrong: str) -> None:
    for method, path, field in FIELDS:
        if wrong.startswith('"') and field in (TEXTS_WITH_ANY_CONTENT | NAMES):
            continue  # what a password or a name may be has tests of its own
        if (field, wrong) == ("orders", "[]"):
            continue  # a batch of no orders places none
        others = {name: value for name, value in ALL[method, path].items() if name != field}
        fields = [json.dumps(name) + ":" + json.dumps(value) for name, value in others.items()]
        body = "{" + ",".join([*fields, f'"{field}":{wrong}']) + "}"
        answer = unchanged.send(method, path, body.encode())
        assert clear_4xx(answer) in (400, 404), (path, field, answer.text)


NAMES = {"user_name", "name", "stock_name"}
NO_NAMES = {
    "empty": "",
    "a space": " ",
    "a space before": " x",
    "a space after": "x ",
    "a NUL": "a\0b",
    "a line feed": "a\nb",
    "an escape": "a\x1b[31mb",
    "a line separator": "a\u2028b",
    "too long": "x" * 201,
}


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES)
def test_a_name_that_cannot_be_shown_is_refused_everywhere(unchanged: Scene, name: str) -> None:
    for (method, path), body in ALL.items():
        for field in NAMES & body.keys() if "ession" not in path and "login" not in path else ():
            answer = unchanged.send(method, path, json.dumps(body | {field: name}).encode())
            assert clear_4xx(answer) == 400, (path, field)


# ------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "path",
    [
        "/v1/orders?stock=1%20OR%201=1",
        "/v1/orders?client_order_id=1'--",
        "/v1/orders?status=open'",
        "/v1/orders?limit=0x10",
        "/v1/orders?cursor=1;DROP",
        "/v1/orders?limit=" + "9" * 5_000,
        "/v1/orders?%00=1",
        "/v1/orders?status=%FF",
        "/v1/orders/1'%20OR%20'1'='1",
        "/v1/orders/%00",
        "/v1/orders/..%2f..%2fetc",
        "/v1/executions?stock=-1",
        "/v1/stocks/1%20UNION%20SELECT",
        "/v1/statements?start=0",
        "/v1/statements?start=99999-01-01T00:00:00Z",
        "/v1/wallet?x=1",
        "/v1/" + "x" * 5_000,
        "/transaction/nothing",
    ],
)
def test_an_address_that_cannot_be_is_refused(unchanged: Scene, path: str) -> None:
    assert clear_4xx(unchanged.send("GET", path, b"")) in (400, 404)


@pytest.mark.parametrize("token", ["' OR 1=1 --", "x" * 8_000, "a.b.c", "null", "Bearer"])
def test_a_token_that_is_none_is_refused(unchanged: Scene, token: str) -> None:
    assert clear_4xx(unchanged.send("GET", "/v1/wallet", b"", token=token)) == 401
    assert clear_4xx(unchanged.send("GET", "/transaction/getWalletBalance", b"", token=token)) == 401


# --------------------------------------------------------------------------------------- harmless text

HARMLESS = {
    "SQL": "'; DROP TABLE users; --",
    "more SQL": '" OR ""="',
    "script": "<script>alert(document.cookie)</script>",
    "an attribute": '"><img src=x onerror=alert(1)>',
    "a template": "{{7*7}} ${7*7} #{7*7} %s %n",
    "a path": "../../etc/passwd",
    "a formula": "=HYPERLINK(1)",
    "right to left": "\u202eevil",
    "emoji": "🚀👩‍👩‍👧",
    "many scripts": "Ünïcødé 株式 العربية",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_text_in_names_comes_back_as_text(scene: Scene, text: str) -> None:
    name = unique(text)
    with Member(scene.server.url) as member:
        user = {"user_name": name, "password": text + PASSWORD, "name": text}
        registered = member.v1("POST", "/users", user)
        assert (got(registered, 201)["user_name"], got(registered)["name"]) == (name, text)
        login = {"user_name": name, "password": text + PASSWORD}
        assert member.post("/authentication/login", login).status_code == 200
        listed = member.v1("POST", "/stocks", {"name": name})
        assert got(listed, 201)["name"] == name
        shares = {"stock_id": got(listed)["stock"], "quantity": 1}
        assert member.post("/setup/addStockToUser", shares).status_code == 200
        answers = [
            registered,
            listed,
            member.get("/transaction/getStockPortfolio"),
            member.get("/v1/portfolio"),
        ]
        assert all(answer.headers["content-type"] == "application/json" for answer in answers)
        assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)
        assert all(json.dumps(name, ensure_ascii=False).encode() in answer.content for answer in answers)
    assert scene.member.get_v1("/me")["account"] == scene.member.account
