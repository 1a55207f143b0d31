"""The "General" part of the daytrade contract: format, sessions, statuses, numbers, limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.support.server import Server, Venue
from tests.support.trader import PASSWORD, Bystander, Guest, Trader, only, refusal, unique

from pricetime.adapters.tokens import Ed25519Signer

GETS = (
    "/transaction/getStockPrices",
    "/transaction/getStockPortfolio",
    "/transaction/getWalletBalance",
    "/transaction/getWalletTransactions",
    "/transaction/getStockTransactions",
)
POSTS = (
    "/setup/createStock",
    "/setup/addStockToUser",
    "/transaction/addMoneyToWallet",
    "/engine/placeStockOrder",
    "/engine/cancelStockTransaction",
)


# ------------------------------------------------------------------------------------------- format


def test_answers_are_json_in_utf8(trader: Trader) -> None:
    name = unique("Çelik Ürün 株式 🚀")
    trader.add_shares(trader.create_stock(name), 1)
    response = trader.get("/transaction/getStockPortfolio")
    assert response.headers["content-type"].split(";")[0] == "application/json"
    assert name.encode("utf-8") in response.content


def test_requests_are_json_in_utf8_escaped_or_not(trader: Trader) -> None:
    tail = unique("")
    plain, escaped = f'{{"stock_name": "é{tail}"}}', f'{{"stock_name": "\\u00e8{tail}"}}'
    for text in (plain, escaped):
        assert trader.post("/setup/createStock", text=text.encode("utf-8")).status_code == 200


def test_success_is_success_true_and_data(trader: Trader) -> None:
    assert trader.get("/transaction/getWalletBalance").json() == {"success": True, "data": {"balance": 0}}


def test_success_without_data_has_data_null(trader: Trader) -> None:
    answer = trader.post("/transaction/addMoneyToWallet", {"amount": 1})
    assert answer.json() == {"success": True, "data": None}


def test_failure_is_success_false_and_a_sentence_with_a_4xx(trader: Trader) -> None:
    status, sentence = refusal(trader.post("/transaction/addMoneyToWallet", {"amount": 0}))
    assert status == 400
    assert " " in sentence


# ----------------------------------------------------------------------------------------- sessions


def test_the_header_token_carries_the_token_without_a_prefix(trader: Trader, guest: Guest) -> None:
    assert guest.get("/transaction/getWalletBalance", token=trader.token).status_code == 200


def test_authorization_bearer_is_accepted_too(trader: Trader, guest: Guest) -> None:
    bearer = f"Bearer {trader.token}"
    assert guest.get("/transaction/getWalletBalance", authorization=bearer).status_code == 200


def test_a_prefix_in_the_header_token_is_refused(trader: Trader, guest: Guest) -> None:
    response = guest.get("/transaction/getWalletBalance", token=f"Bearer {trader.token}")
    assert refusal(response)[0] == 401


@pytest.mark.parametrize("path", GETS)
def test_401_for_a_missing_token(guest: Guest, path: str) -> None:
    assert refusal(guest.get(path))[0] == 401


@pytest.mark.parametrize("path", POSTS)
def test_401_before_the_body_is_looked_at(guest: Guest, path: str) -> None:
    assert refusal(guest.post(path, text="this is no JSON"))[0] == 401
    assert refusal(guest.post(path, text="{}", token="nonsense"))[0] == 401


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."])
def test_401_for_a_malformed_token(guest: Guest, token: str) -> None:
    assert refusal(guest.get("/transaction/getWalletBalance", token=token))[0] == 401


def test_401_for_a_token_with_a_changed_signature(trader: Trader, guest: Guest) -> None:
    head, _, signature = trader.token.rpartition(".")
    forged = f"{head}.{signature[:-6]}{'AAAAAA' if signature[-6:] != 'AAAAAA' else 'BBBBBB'}"
    assert refusal(guest.get("/transaction/getWalletBalance", token=forged))[0] == 401


def test_401_for_a_revoked_token(trader: Trader) -> None:
    assert trader.v1("DELETE", "/sessions/current").status_code == 204
    assert refusal(trader.get("/transaction/getWalletBalance"))[0] == 401


def test_401_for_an_expired_token(server: Venue, trader: Trader, guest: Guest) -> None:
    # Nobody waits for a token to expire here: the venue's own key signs one that has, and one that has not.
    signer = Ed25519Signer(server.data / "keys")
    claims = signer.verify(trader.token)
    for life_s, status in ((-1, 401), (60, 200)):
        expires_ns = claims.issued_ns + life_s * 1_000_000_000
        token = signer.sign(msgspec.structs.replace(claims, expires_ns=expires_ns))
        assert guest.get("/transaction/getWalletBalance", token=token).status_code == status


# ---------------------------------------------------------------------------------------- statuses


def test_register_answers_201_and_everything_else_200(guest: Guest, seller: Trader, stock: str) -> None:
    name = unique("user")
    user = {"user_name": name, "password": "p", "name": "n"}
    assert guest.post("/authentication/register", user).status_code == 201
    assert guest.post("/authentication/login", {"user_name": name, "password": "p"}).status_code == 200
    assert seller.post("/setup/createStock", {"stock_name": unique("S")}).status_code == 200
    assert seller.post("/setup/addStockToUser", {"stock_id": stock, "quantity": 1}).status_code == 200
    assert seller.post("/transaction/addMoneyToWallet", {"amount": 1}).status_code == 200
    assert seller.order(stock, buy=False, quantity=1, price=1).status_code == 200
    assert seller.cancel(only(seller.stock_rows())["stock_tx_id"]).status_code == 200
    assert [seller.get(path).status_code for path in GETS] == [200] * len(GETS)


ORDER = {"stock_id": "1", "is_buy": True, "order_type": "LIMIT", "quantity": 1, "price": 1}
BODIES: dict[str, dict[str, Any]] = {
    "/authentication/register": {"user_name": "u", "password": "p", "name": "n"},
    "/authentication/login": {"user_name": "u", "password": "p"},
    "/setup/createStock": {"stock_name": "s"},
    "/setup/addStockToUser": {"stock_id": "1", "quantity": 1},
    "/transaction/addMoneyToWallet": {"amount": 1},
    "/engine/placeStockOrder": ORDER,
    "/engine/cancelStockTransaction": {"stock_tx_id": "1"},
}
FIELDS = [(path, field) for path, body in BODIES.items() for field in body]


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_400_for_a_missing_field(unchanged: Trader, path: str, field: str) -> None:
    body = {name: value for name, value in BODIES[path].items() if name != field}
    assert refusal(unchanged.post(path, body))[0] == 400


@pytest.mark.parametrize(("path", "field"), FIELDS)
@pytest.mark.parametrize("wrong", ["[]", "{}", '{"a": 1}', "[1]"])
def test_400_for_a_field_of_a_wrong_type(unchanged: Trader, path: str, field: str, wrong: str) -> None:
    assert refusal(unchanged.post(path, BODIES[path] | {field: json.loads(wrong)}))[0] == 400


@pytest.mark.parametrize(
    ("path", "field"), [(path, field) for path, field in FIELDS if isinstance(BODIES[path][field], str)]
)
@pytest.mark.parametrize("wrong", [1, True, None])
def test_400_for_a_text_that_is_none(unchanged: Trader, path: str, field: str, wrong: object) -> None:
    assert refusal(unchanged.post(path, BODIES[path] | {field: wrong}))[0] == 400


@pytest.mark.parametrize("path", BODIES)
def test_400_for_an_unknown_field(unchanged: Trader, path: str) -> None:
    assert refusal(unchanged.post(path, BODIES[path] | {"extra": 1}))[0] == 400


@pytest.mark.parametrize("is_buy", ["true", 1, 0, None, "buy"])
def test_400_where_is_buy_is_no_boolean(unchanged: Trader, is_buy: object) -> None:
    assert refusal(unchanged.post("/engine/placeStockOrder", ORDER | {"is_buy": is_buy}))[0] == 400


@pytest.mark.parametrize("order_type", ["limit", "Market", "STOP", "", 1])
def test_400_for_an_order_type_that_is_neither(unchanged: Trader, order_type: object) -> None:
    assert refusal(unchanged.post("/engine/placeStockOrder", ORDER | {"order_type": order_type}))[0] == 400


@pytest.mark.parametrize("stock_id", ["999999999", "", "x", "-1", "0", "1.0", " 1", "٣", "9" * 30])
def test_400_for_an_unknown_stock(unchanged: Trader, stock_id: str) -> None:
    assert refusal(unchanged.order(stock_id, buy=True, quantity=1, price=1))[0] == 400
    shares = {"stock_id": stock_id, "quantity": 1}
    assert refusal(unchanged.post("/setup/addStockToUser", shares))[0] == 400


@pytest.mark.parametrize("order", ["999999999", "", "x", "-1", "0", "9" * 30])
def test_400_for_an_unknown_order(unchanged: Trader, order: str) -> None:
    assert refusal(unchanged.cancel(order))[0] == 400


def test_400_for_insufficient_shares(seller: Trader, stock: str) -> None:
    assert refusal(seller.order(stock, buy=False, quantity=551, price=1))[0] == 400
    assert refusal(seller.order(stock, buy=False, quantity=551))[0] == 400


def test_400_for_insufficient_funds(trader: Trader, stock: str) -> None:
    assert refusal(trader.order(stock, buy=True, quantity=1, price=1))[0] == 400
    assert refusal(trader.order(stock, buy=True, quantity=1))[0] == 400


def test_a_limit_buy_over_the_wallet_is_cut_to_it(trader: Trader, stock: str) -> None:
    trader.add_money(1000)
    trader.buy(stock, 100, 30)
    assert only(trader.stock_rows())["quantity"] == 33
    assert trader.balance() == 10


def test_429_over_the_rate_limit_with_retry_after(start_server: Callable[..., Server]) -> None:
    venue = start_server(rate_limits=True, rate_account_per_s=1, rate_account_burst=3)
    with Trader(venue.url) as trader:
        answers = [trader.get("/transaction/getWalletBalance") for _ in range(10)]
        limited = next(answer for answer in answers if answer.status_code == 429)
        assert refusal(limited)[0] == 429
        assert int(limited.headers["retry-after"]) >= 1


# ----------------------------------------------------------------------------------------- numbers


def empty_wallet(trader: Trader, amount: str) -> None:
    """Take the money out again: all wallets of the shared venue have one common limit."""
    text = f"{Decimal(amount):f}"
    assert trader.v1("POST", "/wallet/withdrawals", {"amount": text}).status_code == 201


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("135", "135"),
        ("135.0", "135"),
        ("135.00", "135"),
        ("135.5", "135.5"),
        ("135.50", "135.5"),
        ("135.55", "135.55"),
        ("0.01", "0.01"),
        ("1e3", "1000"),
        ("1.5E+2", "150"),
        ("13555e-2", "135.55"),
        pytest.param("899999999999999.99", "899999999999999.99", marks=pytest.mark.one_ledger),
        pytest.param("900000000000000", "900000000000000", marks=pytest.mark.one_ledger),
        pytest.param("9e14", "900000000000000", marks=pytest.mark.one_ledger),
    ],
)
def test_amounts_come_back_exactly_and_without_needless_zeros(trader: Trader, sent: str, shown: str) -> None:
    answer = trader.post("/transaction/addMoneyToWallet", text=f'{{"amount": {sent}}}')
    assert answer.status_code == 200
    assert f'"balance":{shown}}}' in trader.get("/transaction/getWalletBalance").text
    empty_wallet(trader, sent)


NO_AMOUNTS = (
    '"135"',
    '"135.5"',
    "true",
    "false",
    "null",
    "NaN",
    "Infinity",
    "-Infinity",
    '"NaN"',
    "1.005",
    "0.001",
    "135.555",
    "1e-3",
    "1e-400",
    "0",
    "0.0",
    "-0",
    "0e10",
    "-1",
    "-0.01",
    "[1]",
    '{"a": 1}',
    "1.",
    ".5",
    "+1",
    "01",
    "0x10",
    "1_000",
    "1,5",
    "1e",
)
TOO_MUCH = (
    "900000000000000.01",
    "900000000000001",
    "9.1e14",
    "1e15",
    "1e400",
    "1e999999999999999999999",
    "9" * 30,
    "9" * 5000,
)


@pytest.mark.parametrize("sent", NO_AMOUNTS + TOO_MUCH)
def test_amounts_that_are_refused(unchanged: Trader, sent: str) -> None:
    answer = unchanged.post("/transaction/addMoneyToWallet", text=f'{{"amount": {sent}}}')
    assert refusal(answer)[0] == 400


@pytest.mark.parametrize("sent", [*(text for text in NO_AMOUNTS if text != "null"), *TOO_MUCH])
def test_prices_that_are_refused(unchanged: Bystander, sent: str) -> None:
    body = (
        f'{{"stock_id":"{unchanged.stock}","is_buy":false,"order_type":"LIMIT","quantity":1,"price":{sent}}}'
    )
    assert refusal(unchanged.post("/engine/placeStockOrder", text=body))[0] == 400


NO_QUANTITIES = (*NO_AMOUNTS, "1.5", "0.01", "1000000000000001", "1.1e15", "1e400", "9" * 30)


@pytest.mark.parametrize("sent", NO_QUANTITIES)
def test_quantities_that_are_refused(unchanged: Bystander, sent: str) -> None:
    shares = f'{{"stock_id":"{unchanged.stock}","quantity":{sent}}}'
    order = (
        f'{{"stock_id":"{unchanged.stock}","is_buy":false,"order_type":"LIMIT","quantity":{sent},"price":1}}'
    )
    assert refusal(unchanged.post("/setup/addStockToUser", text=shares))[0] == 400
    assert refusal(unchanged.post("/engine/placeStockOrder", text=order))[0] == 400


@pytest.mark.parametrize(("sent", "shown"), [("7", 7), ("7.0", 7), ("7e0", 7), ("1e15", 10**15)])
def test_quantities_are_whole_numbers_up_to_10_to_the_15(
    trader: Trader, stock: str, sent: str, shown: int
) -> None:
    answer = trader.post("/setup/addStockToUser", text=f'{{"stock_id":"{stock}","quantity":{sent}}}')
    assert answer.status_code == 200
    assert trader.owned(stock) == shown


def test_quantity_times_price_is_at_most_9_times_10_to_the_14(trader: Trader, stock: str) -> None:
    trader.add_shares(stock, 10**15)
    assert refusal(trader.order(stock, buy=False, quantity=10**15, price=1))[0] == 400
    assert refusal(trader.order(stock, buy=False, quantity=9 * 10**14 + 1, price=1))[0] == 400
    assert trader.order(stock, buy=False, quantity=9 * 10**14, price=1).status_code == 200


@pytest.mark.one_ledger
def test_400_for_money_beyond_what_a_wallet_can_hold(trader: Trader) -> None:
    trader.add_money(9 * 10**14)
    answer = trader.post("/transaction/addMoneyToWallet", {"amount": 9 * 10**14})
    empty_wallet(trader, "900000000000000")
    assert refusal(answer)[0] == 400


# --------------------------------------------------------------------------------- register and log in


def test_400_for_a_duplicate_user_name(trader: Trader, guest: Guest) -> None:
    again = {"user_name": trader.user_name, "password": "another", "name": "Another"}
    assert refusal(guest.post("/authentication/register", again))[0] == 400


@pytest.mark.parametrize("user_name", [None, "nobody at all"])
def test_400_for_a_wrong_password_or_an_unknown_user(
    trader: Trader, guest: Guest, user_name: str | None
) -> None:
    wrong = {"user_name": user_name or trader.user_name, "password": f"{PASSWORD}!"}
    assert refusal(guest.post("/authentication/login", wrong))[0] == 400


def test_register_gives_null_and_login_a_token(guest: Guest) -> None:
    user = {"user_name": unique("ada"), "password": "p"}
    registered = guest.post("/authentication/register", user | {"name": "Ada"})
    assert registered.json() == {"success": True, "data": None}
    data = guest.post("/authentication/login", user).json()["data"]
    assert data.keys() == {"token"}
    assert data["token"].count(".") == 2


@pytest.mark.parametrize("field", ["user_name", "password", "name"])
def test_400_for_an_empty_text(guest: Guest, field: str) -> None:
    user = {"user_name": unique("u"), "password": "p", "name": "n"} | {field: ""}
    assert refusal(guest.post("/authentication/register", user))[0] == 400


# ----------------------------------------------------------------------------------------- set-up


def test_create_stock_gives_its_id_as_a_text(trader: Trader) -> None:
    data = trader.post("/setup/createStock", {"stock_name": unique("Apple")}).json()["data"]
    assert data.keys() == {"stock_id"}
    assert isinstance(data["stock_id"], str)


def test_400_for_a_duplicate_stock_name_by_anybody(trader: Trader, new_trader: Callable[..., Trader]) -> None:
    name = unique("Apple")
    trader.create_stock(name)
    for somebody in (trader, new_trader()):
        assert refusal(somebody.post("/setup/createStock", {"stock_name": name}))[0] == 400


def test_setup_is_for_administrators_only_where_open_setup_is_off(
    start_server: Callable[..., Server],
) -> None:
    venue = start_server(open_setup=False)
    with Trader(venue.url) as trader:
        assert refusal(trader.post("/setup/createStock", {"stock_name": "Apple"}))[0] in (401, 403)
        shares = {"stock_id": "1", "quantity": 1}
        assert refusal(trader.post("/setup/addStockToUser", shares))[0] in (401, 403)


# -------------------------------------------------------------------------------------- MARKET's price


def test_price_is_required_for_limit(unchanged: Bystander) -> None:
    body = {"stock_id": unchanged.stock, "is_buy": False, "order_type": "LIMIT", "quantity": 1}
    assert refusal(unchanged.post("/engine/placeStockOrder", body))[0] == 400
    assert refusal(unchanged.post("/engine/placeStockOrder", body | {"price": None}))[0] == 400


def test_price_is_absent_or_null_for_market(seller: Trader, stock: str) -> None:
    body = {"stock_id": stock, "is_buy": False, "order_type": "MARKET", "quantity": 1}
    assert seller.post("/engine/placeStockOrder", body).status_code == 200
    assert seller.post("/engine/placeStockOrder", body | {"price": None}).status_code == 200


@pytest.mark.parametrize("price", [0, 1, 135, -1, "", "null", False, []])
def test_any_other_price_for_market_is_a_400(unchanged: Bystander, price: object) -> None:
    body = {
        "stock_id": unchanged.stock,
        "is_buy": False,
        "order_type": "MARKET",
        "quantity": 1,
        "price": price,
    }
    assert refusal(unchanged.post("/engine/placeStockOrder", body))[0] == 400
