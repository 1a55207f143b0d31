"""Wallet, portfolio and statements of ``/v1``."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from tests.support.member import Member, got, refused


def wallet(member: Member) -> tuple[str, str, str]:
    body = member.get_v1("/wallet")
    return body["available"], body["held"], body["total"]


def statement(member: Member, **query: str) -> list[dict[str, str]]:
    answer = member.http.get("/v1/statements", params=query)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


# ------------------------------------------------------------------------------------------ wallet


def test_a_deposit_answers_with_the_wallet_as_it_then_is(member: Member) -> None:
    assert member.deposit("100.25") == {"available": "100.25", "held": "0.00", "total": "100.25"}
    assert member.deposit("0.0001")["total"] == "100.2501"
    assert wallet(member) == ("100.2501", "0.00", "100.2501")


def test_a_withdrawal_takes_free_money_only(buyer: Member, stock: str) -> None:
    buyer.placed(stock, "buy", 100, "60")
    assert refused(buyer.v1("POST", "/wallet/withdrawals", {"amount": "4000.01"})) == (
        422,
        "insufficient_funds",
    )
    left = got(buyer.v1("POST", "/wallet/withdrawals", {"amount": "4000"}), 201)
    assert left == {"available": "0.00", "held": "6000.00", "total": "6000.00"}


@pytest.mark.parametrize("path", ["deposits", "withdrawals"])
def test_an_idempotency_key_moves_money_once(buyer: Member, path: str) -> None:
    first = got(buyer.v1("POST", f"/wallet/{path}", {"amount": "10"}, idempotency_key="key"), 201)
    again = got(buyer.v1("POST", f"/wallet/{path}", {"amount": "10"}, idempotency_key="key"), 201)
    assert again == first
    other = buyer.v1("POST", f"/wallet/{path}", {"amount": "11"}, idempotency_key="key")
    assert refused(other) == (409, "client_id_reused")
    assert wallet(buyer)[2] == first["total"]


@pytest.mark.parametrize(
    "amount", ["0", "0.00", "-1", "1.00001", "1e3", "", " 1", "1\n", "NaN", "9" * 16, 1, None]
)
def test_amounts_that_cannot_be_are_refused(member: Member, amount: object) -> None:
    for path in ("deposits", "withdrawals"):
        assert refused(member.v1("POST", f"/wallet/{path}", {"amount": amount}))[0] == 400
    assert wallet(member)[2] == "0.00"


def test_funding_may_be_closed_to_all_but_administrators(start_server: Any) -> None:
    with Member(start_server(open_funding=False).url) as member:
        assert refused(member.v1("POST", "/wallet/deposits", {"amount": "1"})) == (403, "not_allowed")


def test_transactions_are_newest_first_signed_and_paged(buyer: Member, seller: Member, stock: str) -> None:
    seller.placed(stock, "sell", 10, "20")
    order = buyer.placed(stock, "buy", 10, "20")
    got(buyer.v1("POST", "/wallet/withdrawals", {"amount": "1"}))
    rows = buyer.get_v1("/wallet/transactions")["items"]
    assert [(row["kind"], row["amount"]) for row in rows] == [
        ("withdrawal", "-1.00"),
        ("buy", "-200.00"),
        ("deposit", "10000.00"),
    ]
    assert (rows[1]["order"], rows[1]["stock"]) == (order["order"], stock)
    assert (rows[0]["order"], rows[0]["stock"]) == (None, None)
    first = buyer.get_v1("/wallet/transactions", limit=2)
    rest = buyer.get_v1("/wallet/transactions", limit=2, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == rows
    assert rest["next_cursor"] is None


# --------------------------------------------------------------------------------------- portfolio


def test_a_portfolio_has_average_cost_and_profit(buyer: Member, seller: Member, stock: str) -> None:
    seller.placed(stock, "sell", 10, "20")
    seller.placed(stock, "sell", 20, "26")
    buyer.placed(stock, "buy", 30)
    buyer.placed(stock, "sell", 10, "30")
    seller.deposit("1000")
    seller.placed(stock, "buy", 5, "30")
    body = buyer.get_v1("/portfolio")
    assert body["holdings"] == [
        {
            "stock": stock,
            "name": buyer.get_v1(f"/stocks/{stock}")["name"],
            "available": 20,
            "held": 5,
            "average_cost": "24.00",
            "last_price": "30.00",
            "market_value": "750.00",
            "realised_profit": "30.00",
            "unrealised_profit": "150.00",
        }
    ]
    totals = [body[name] for name in ("market_value", "realised_profit", "unrealised_profit")]
    assert totals == ["750.00", "30.00", "150.00"]


def test_what_was_sold_out_keeps_its_realised_profit(buyer: Member, seller: Member, stock: str) -> None:
    seller.placed(stock, "sell", 10, "20")
    buyer.placed(stock, "buy", 10)
    buyer.placed(stock, "sell", 10, "15")
    seller.placed(stock, "buy", 10, "15")
    [holding] = buyer.get_v1("/portfolio")["holdings"]
    assert (holding["available"], holding["held"], holding["realised_profit"]) == (0, 0, "-50.00")


def test_the_history_of_a_portfolio_ends_with_what_there_is_now(
    buyer: Member, seller: Member, member: Member, stock: str
) -> None:
    assert [point["equity"] for point in member.get_v1("/portfolio/history")["points"]] == ["0.00"]
    seller.placed(stock, "sell", 10, "20")
    buyer.placed(stock, "buy", 10)
    buyer.placed(stock, "sell", 4, "26")
    seller.placed(stock, "buy", 4, "26")
    buyer.placed(stock, "buy", 1, "3")
    wallet, portfolio = buyer.get_v1("/wallet"), buyer.get_v1("/portfolio")
    for interval in ("1m", "5m", "15m", "1h", "4h", "1d"):
        last = buyer.get_v1("/portfolio/history", interval=interval, limit=5)["points"][-1]
        assert (last["cash"], last["market_value"]) == (wallet["total"], portfolio["market_value"])
        equity = Decimal(last["equity"])
        assert equity == Decimal(last["cash"]) + Decimal(last["market_value"]) == Decimal(10060)
        assert Decimal(last["profit"]) == equity - 10_000
        profits = Decimal(portfolio["realised_profit"]) + Decimal(portfolio["unrealised_profit"])
        assert Decimal(last["profit"]) == profits


def test_a_history_has_as_many_points_as_asked_for_and_no_empty_ones_before_the_first_money(
    buyer: Member,
) -> None:
    points = buyer.get_v1("/portfolio/history", interval="1d", limit=3)["points"]
    assert [point["cash"] for point in points] == ["10000.00"]
    [point] = buyer.get_v1("/portfolio/history", limit=1)["points"]
    assert (point["equity"], point["profit"]) == ("10000.00", "0.00")
    assert refused(buyer.v1("GET", "/portfolio/history?interval=1s")) == (400, "invalid_request")
    assert refused(buyer.v1("GET", "/portfolio/history?limit=0")) == (400, "invalid_request")


# -------------------------------------------------------------------------------------- statements


def test_a_statement_runs_from_the_opening_to_the_closing_balance(
    buyer: Member, seller: Member, stock: str
) -> None:
    seller.placed(stock, "sell", 10, "20")
    order = buyer.placed(stock, "buy", 10, "20")
    buyer.placed(stock, "buy", 10, "5")  # a hold is no movement
    rows = statement(buyer)
    assert list(rows[0]) == ["time", "kind", "stock", "order", "amount", "balance"]
    assert [(row["kind"], row["amount"], row["balance"]) for row in rows] == [
        ("opening", "", "0.00"),
        ("deposit", "10000.00", "10000.00"),
        ("buy", "-200.00", "9800.00"),
        ("closing", "", "9800.00"),
    ]
    assert (rows[2]["stock"], rows[2]["order"]) == (buyer.get_v1(f"/stocks/{stock}")["name"], order["order"])


def test_a_statement_covers_a_span_of_time(buyer: Member) -> None:
    got(buyer.v1("POST", "/wallet/withdrawals", {"amount": "1"}))
    deposit, withdrawal = (row["time"] for row in statement(buyer)[1:3])
    balances = [row["balance"] for row in statement(buyer, start=withdrawal)]
    assert balances == ["10000.00", "9999.00", "9999.00"]
    balances = [row["balance"] for row in statement(buyer, start=deposit, end=withdrawal)]
    assert balances == ["0.00", "10000.00", "10000.00"]
    nothing = statement(buyer, end="2000-01-01T00:00:00Z")
    assert [row["balance"] for row in nothing] == ["0.00", "0.00"]


def test_a_long_statement_comes_whole(buyer: Member, seller: Member, stock: str) -> None:
    seller.grant(stock, 3_000)
    seller.placed(stock, "sell", 3_000, "1")
    orders = [{"stock": stock, "side": "buy", "type": "limit", "quantity": 1, "price": "1"}] * 1_000
    for _ in range(3):
        got(buyer.v1("POST", "/orders/batch", {"orders": orders}))
    rows = statement(buyer)
    assert len(rows) == 3_003
    assert rows[-1]["balance"] == "7000.00"


def test_a_statement_over_its_limit_is_refused(start_server: Any) -> None:
    with Member(start_server(statement_limit=2).url, money="1") as member:
        member.deposit("1")
        assert len(statement(member)) == 4
        member.deposit("1")
        assert refused(member.http.get("/v1/statements")) == (400, "invalid_request")


def test_no_stock_name_becomes_a_formula(buyer: Member, seller: Member) -> None:
    stock = seller.list_stock('=1+1,"quoted"')
    seller.grant(stock, 1)
    seller.placed(stock, "sell", 1, "1")
    buyer.placed(stock, "buy", 1)
    name = buyer.get_v1(f"/stocks/{stock}")["name"]
    assert statement(buyer)[2]["stock"] == f"'{name}"


def test_nobody_sees_the_money_of_another(member: Member, buyer: Member) -> None:
    assert member.get_v1("/wallet/transactions")["items"] == []
    assert [row["kind"] for row in statement(member)] == ["opening", "closing"]


def test_a_holding_may_be_worth_more_than_any_wallet_holds(member: Member, buyer: Member) -> None:
    stock = member.list_stock()
    member.grant(stock, 10**15)
    member.placed(stock, "sell", 1, "10000")
    buyer.placed(stock, "buy", 1)
    assert member.get_v1("/portfolio")["market_value"] == "9999999999999990000.00"
