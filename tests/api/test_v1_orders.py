"""Orders of ``/v1``: placed, checked, looked at, amended, cancelled, repeated."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.member import Member, got, new_id, order, refused

NewMember = Callable[..., Member]


def shown(body: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(body[name] for name in names)


def available(member: Member) -> str:
    money: str = member.get_v1("/wallet")["available"]
    return money


# ----------------------------------------------------------------------------------------- placing


def test_a_resting_order_is_open(buyer: Member, stock: str) -> None:
    placed = buyer.placed(stock, "buy", 10, "20.5")
    assert shown(placed, "stock", "side", "type", "time_in_force", "price") == (
        stock,
        "buy",
        "limit",
        "gtc",
        "20.50",
    )
    assert shown(placed, "quantity", "filled_quantity", "remaining_quantity") == (10, 0, 10)
    assert shown(placed, "status", "reason", "average_price", "cut") == ("open", None, None, False)
    assert placed["created_at"] == placed["updated_at"]


def test_the_answer_to_placing_is_the_order_as_it_is_listed(
    seller: Member, buyer: Member, stock: str
) -> None:
    answers = [
        seller.placed(stock, "sell", 10, "20"),
        seller.placed(stock, "sell", 10, "30", post_only=True, client_order_id=new_id()),
        seller.placed(stock, "sell", 5),
        buyer.placed(stock, "buy", 5, "21"),
        buyer.placed(stock, "buy", 25, "19", time_in_force="ioc"),
        buyer.placed(stock, "buy", 5, "29", time_in_force="fok"),
        buyer.placed(stock, "buy", 4),
        buyer.placed(stock, "buy", 100_000, "10"),
    ]
    for member, mine in ((seller, answers[:3]), (buyer, answers[3:])):
        listed = {each["order"]: each for each in member.get_v1("/orders")["items"]}
        assert len(listed) == len(mine)
        for answer in mine:
            now = listed[answer["order"]]
            told = {name for name in answer if answer[name] != now[name]}
            later = {"filled_quantity", "remaining_quantity", "average_price", "status", "updated_at"}
            assert told <= (later if answer["status"] in ("open", "partially_filled") else set())


def test_a_fill_shows_the_average_price(seller: Member, buyer: Member, stock: str) -> None:
    seller.placed(stock, "sell", 1, "10")
    seller.placed(stock, "sell", 2, "11")
    placed = buyer.placed(stock, "buy", 3)
    assert shown(placed, "status", "filled_quantity", "remaining_quantity") == ("filled", 3, 0)
    assert shown(placed, "average_price", "price", "reason") == ("10.6667", None, None)


def test_a_part_that_is_filled_leaves_the_rest_open(seller: Member, buyer: Member, stock: str) -> None:
    seller.placed(stock, "sell", 1, "10")
    placed = buyer.placed(stock, "buy", 3, "10")
    assert shown(placed, "status", "filled_quantity", "remaining_quantity") == ("partially_filled", 1, 2)


@pytest.mark.parametrize("time_in_force", ["ioc", "fok"])
def test_what_does_not_fill_at_once_expires(
    seller: Member, buyer: Member, stock: str, time_in_force: str
) -> None:
    seller.placed(stock, "sell", 1, "10")
    placed = buyer.placed(stock, "buy", 3, "10", time_in_force=time_in_force)
    assert shown(placed, "status", "reason") == ("expired", time_in_force)
    assert placed["filled_quantity"] == (1 if time_in_force == "ioc" else 0)


def test_a_market_buy_that_runs_out_of_money_is_cancelled(
    seller: Member, new_member: NewMember, stock: str
) -> None:
    seller.placed(stock, "sell", 10, "30")
    placed = new_member(money="100").placed(stock, "buy", 10)
    assert shown(placed, "status", "reason", "filled_quantity") == ("cancelled", "insufficient_funds", 3)


def test_a_limit_buy_over_the_wallet_is_cut(new_member: NewMember, stock: str) -> None:
    placed = new_member(money="100").placed(stock, "buy", 10, "30")
    assert shown(placed, "quantity", "cut") == (3, True)


def test_self_trade_cancels_as_the_order_says(seller: Member, stock: str) -> None:
    seller.deposit("1000")
    old = seller.placed(stock, "sell", 5, "10")
    newest = seller.placed(stock, "buy", 5, "10", self_trade="cancel_newest")
    assert shown(newest, "status", "reason") == ("cancelled", "self_trade")
    taker = seller.placed(stock, "buy", 5, "10", self_trade="cancel_oldest")
    assert taker["status"] == "open"
    assert shown(seller.get_v1(f"/orders/{old['order']}"), "status", "reason") == ("cancelled", "self_trade")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"price": None}, (400, "invalid_price")),
        ({"type": "market"}, (400, "invalid_price")),
        ({"price": "0"}, (400, "invalid_price")),
        ({"price": "1.00001"}, (400, "invalid_request")),
        ({"price": "999999999999999"}, (400, "invalid_price")),
        ({"price": 20}, (400, "invalid_request")),
        ({"price": "20.001"}, (422, "off_tick")),
        ({"quantity": 0}, (400, "invalid_request")),
        ({"quantity": 1.5}, (400, "invalid_request")),
        ({"quantity": "5"}, (400, "invalid_request")),
        ({"quantity": True}, (400, "invalid_request")),
        ({"quantity": 10**15 + 1}, (400, "invalid_request")),
        ({"quantity": 10**15}, (400, "value_too_large")),
        ({"quantity": 101}, (422, "insufficient_shares")),
        ({"side": "BUY"}, (400, "invalid_request")),
        ({"side": "buy"}, (422, "insufficient_funds")),
        ({"stock": "999999999"}, (404, "unknown_stock")),
        ({"stock": "9" * 19}, (404, "unknown_stock")),
        ({"stock": "x"}, (400, "invalid_request")),
        ({"time_in_force": "day"}, (400, "invalid_request")),
        ({"post_only": True, "time_in_force": "ioc"}, (400, "invalid_field")),
        ({"client_order_id": "x"}, (400, "invalid_request")),
        ({"client_order_id": str(uuid.UUID(int=0))}, (400, "invalid_field")),
        ({"unknown": 1}, (400, "invalid_request")),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(
    seller: Member, stock: str, asked: dict[str, Any], problem: tuple[int, str]
) -> None:
    before = seller.everything()
    body = order(stock, "sell", 5, "20") | asked
    assert refused(seller.v1("POST", "/orders", body)) == problem
    assert seller.everything() == before


def test_post_only_never_takes(seller: Member, buyer: Member, stock: str) -> None:
    seller.placed(stock, "sell", 5, "20")
    assert refused(buyer.place(stock, "buy", 5, "20", post_only=True)) == (422, "would_take")
    assert buyer.placed(stock, "buy", 5, "19", post_only=True)["post_only"] is True


# ---------------------------------------------------------------------------------------- checking


def test_validate_only_says_what_would_be_held_and_places_nothing(buyer: Member, stock: str) -> None:
    answer = buyer.place(stock, "buy", 10, "20", validate_only=True)
    assert got(answer, 200) == {"quantity": 10, "holds": "200.00"}
    cut = buyer.place(stock, "buy", 1_000, "20", validate_only=True)
    assert got(cut, 200) == {"quantity": 500, "holds": "10000.00"}
    assert buyer.get_v1("/orders")["items"] == []
    assert available(buyer) == "10000.00"


def test_validate_only_is_refused_as_the_order_would_be(buyer: Member, stock: str) -> None:
    assert refused(buyer.place(stock, "sell", 1, "20", validate_only=True)) == (422, "insufficient_shares")


# --------------------------------------------------------------------------------------- repeating


def test_the_same_client_order_id_places_once(buyer: Member, stock: str) -> None:
    first = buyer.placed(stock, "buy", 10, "20", client_order_id=(ident := new_id()))
    again = buyer.placed(stock, "buy", 10, "20", client_order_id=ident)
    assert again == first
    assert first["client_order_id"] == ident
    assert len(buyer.get_v1("/orders")["items"]) == 1


def test_a_repeat_of_what_was_denied_is_denied_the_same(seller: Member, stock: str) -> None:
    again = {"client_order_id": new_id()}
    for _ in range(2):
        assert refused(seller.place(stock, "sell", 500, "20", **again)) == (422, "insufficient_shares")
        seller.grant(stock, 1_000)


def test_the_same_client_order_id_for_something_else_is_a_conflict(buyer: Member, stock: str) -> None:
    buyer.placed(stock, "buy", 10, "20", client_order_id=(ident := new_id()))
    other = buyer.place(stock, "buy", 11, "20", client_order_id=ident)
    assert refused(other) == (409, "client_id_reused")


def test_an_idempotency_key_places_once(buyer: Member, stock: str) -> None:
    body = order(stock, "buy", 10, "20")
    orders = {got(buyer.v1("POST", "/orders", body, idempotency_key="k"))["order"] for _ in range(3)}
    assert len(orders) == 1
    other = got(buyer.v1("POST", "/orders", body, idempotency_key="another"))["order"]
    assert other not in orders


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_idempotency_key_that_cannot_be_is_refused(buyer: Member, stock: str, key: str) -> None:
    body = order(stock, "buy", 10, "20")
    assert refused(buyer.v1("POST", "/orders", body, idempotency_key=key)) == (400, "invalid_request")


def test_an_order_is_found_by_its_client_order_id(buyer: Member, new_member: NewMember, stock: str) -> None:
    placed = buyer.placed(stock, "buy", 10, "20", client_order_id=(ident := new_id()))
    assert buyer.get_v1("/orders", client_order_id=ident)["items"] == [placed]
    assert buyer.get_v1("/orders", client_order_id=ident.upper())["items"] == [placed]
    assert buyer.get_v1("/orders", client_order_id=new_id())["items"] == []
    assert new_member().get_v1("/orders", client_order_id=ident)["items"] == []


# ----------------------------------------------------------------------------------------- batches


def test_each_order_of_a_batch_is_answered_by_itself(seller: Member, stock: str) -> None:
    batch = [
        order(stock, "sell", 10, "20"),
        order(stock, "sell", 1_000, "20"),
        order("999999999", "sell", 1, "20"),
        order(stock, "sell", 1, "0"),
        order(stock, "sell", 1, "20", validate_only=True),
        order(stock, "sell", 90, "21"),
        order(stock, "sell", 1, "22"),
    ]
    answer = got(seller.v1("POST", "/orders/batch", {"orders": batch}), 200)
    outcomes = [
        each["order"]["price"] if each["order"] else each["problem"]["code"] for each in answer["outcomes"]
    ]
    assert outcomes == [
        "20.00",
        "insufficient_shares",
        "unknown_stock",
        "invalid_price",
        "invalid_request",
        "21.00",
        "insufficient_shares",
    ]
    assert all((each["order"] is None) is not (each["problem"] is None) for each in answer["outcomes"])


def test_orders_of_one_batch_trade_with_each_other_in_order(
    seller: Member, buyer: Member, stock: str
) -> None:
    seller.placed(stock, "sell", 5, "20")
    batch = [order(stock, "buy", 3, "20"), order(stock, "buy", 3, "20"), order(stock, "buy", 3, "20")]
    answer = got(buyer.v1("POST", "/orders/batch", {"orders": batch}))
    statuses = [each["order"]["status"] for each in answer["outcomes"]]
    assert statuses == ["filled", "partially_filled", "open"]


def test_a_batch_repeated_under_its_key_places_nothing_again(buyer: Member, stock: str) -> None:
    batch = {"orders": [order(stock, "buy", 1, "20")] * 3}
    first, again = (got(buyer.v1("POST", "/orders/batch", batch, idempotency_key="batch")) for _ in range(2))
    assert again == first
    assert len({each["order"]["order"] for each in first["outcomes"]}) == 3
    assert len(buyer.get_v1("/orders")["items"]) == 3


def test_a_batch_has_up_to_a_thousand_orders(buyer: Member, stock: str) -> None:
    one = order(stock, "buy", 1, "0.01")
    assert refused(buyer.v1("POST", "/orders/batch", {"orders": [one] * 1_001})) == (400, "invalid_request")
    assert buyer.get_v1("/orders")["items"] == []
    answer = got(buyer.v1("POST", "/orders/batch", {"orders": [one] * 1_000}))
    assert {each["order"]["status"] for each in answer["outcomes"]} == {"open"}
    assert got(buyer.v1("POST", "/orders/batch", {"orders": []})) == {"outcomes": []}


# ----------------------------------------------------------------------------------------- looking


def test_orders_are_listed_newest_first_filtered_and_paged(buyer: Member, seller: Member, stock: str) -> None:
    other = buyer.list_stock()
    placed = [buyer.placed(where, "buy", 1, "20")["order"] for where in (stock, other, stock, other, stock)]
    got(buyer.v1("DELETE", f"/orders/{placed[2]}"))

    def listed(**query: Any) -> list[str]:
        return [each["order"] for each in buyer.get_v1("/orders", **query)["items"]]

    assert listed() == placed[::-1]
    assert listed(stock=stock) == [placed[4], placed[2], placed[0]]
    assert listed(status="open") == [placed[4], placed[3], placed[1], placed[0]]
    assert listed(status="open", stock=stock) == [placed[4], placed[0]]
    page = buyer.get_v1("/orders", limit=2)
    assert [each["order"] for each in page["items"]] == [placed[4], placed[3]]
    assert listed(limit=3, cursor=page["next_cursor"]) == [placed[2], placed[1], placed[0]]
    assert seller.get_v1("/orders")["items"] == []


def test_an_order_is_shown_with_its_executions(seller: Member, buyer: Member, stock: str) -> None:
    first, second = (seller.placed(stock, "sell", 2, price)["order"] for price in ("10", "11"))
    taken = buyer.placed(stock, "buy", 3, "12")["order"]
    body = buyer.get_v1(f"/orders/{taken}")
    executed = [shown(each, "price", "quantity", "amount", "maker", "side") for each in body["executions"]]
    assert executed == [("10.00", 2, "20.00", False, "buy"), ("11.00", 1, "11.00", False, "buy")]
    assert body["average_price"] == "10.3333"
    rested = [seller.get_v1(f"/orders/{each}")["executions"][0] for each in (first, second)]
    assert [shown(each, "maker", "side", "trade") for each in rested] == [
        (True, "sell", each["trade"]) for each in body["executions"]
    ]
    newest_first = buyer.get_v1("/executions")["items"]
    assert newest_first == body["executions"][::-1]
    assert buyer.get_v1("/executions", stock="999999999")["items"] == []


@pytest.mark.parametrize("path", ["0", "999999999", "x", "-1", "9" * 19, "1.0"])
def test_an_unknown_order_is_not_found(buyer: Member, path: str) -> None:
    answers = [
        buyer.v1("GET", f"/orders/{path}"),
        buyer.v1("PATCH", f"/orders/{path}", {"quantity": 1}),
        buyer.v1("DELETE", f"/orders/{path}"),
    ]
    assert [refused(answer) for answer in answers] == [(404, "unknown_order")] * 3


def test_the_order_of_another_is_not_found(seller: Member, buyer: Member, stock: str) -> None:
    hers = seller.placed(stock, "sell", 5, "20")
    path = f"/orders/{hers['order']}"
    answers = [buyer.v1("GET", path), buyer.v1("PATCH", path, {"quantity": 1}), buyer.v1("DELETE", path)]
    assert [refused(answer) for answer in answers] == [(404, "unknown_order")] * 3
    assert seller.get_v1(path)["status"] == "open"


# ---------------------------------------------------------------------------------------- amending


def test_fewer_shares_keep_the_place_and_give_the_money_back(
    seller: Member, buyer: Member, new_member: NewMember, stock: str
) -> None:
    placed = buyer.placed(stock, "buy", 10, "20")
    behind = new_member(money="1000").placed(stock, "buy", 10, "20")
    amended = got(buyer.v1("PATCH", f"/orders/{placed['order']}", {"quantity": 4}), 200)
    assert shown(amended, "order", "quantity", "remaining_quantity", "price") == (
        placed["order"],
        4,
        4,
        "20.00",
    )
    assert available(buyer) == "9920.00"
    seller.placed(stock, "sell", 4, "20")
    assert buyer.get_v1(f"/orders/{placed['order']}")["status"] == "filled"
    assert behind["status"] == "open"


def test_a_price_that_crosses_trades_at_once(seller: Member, buyer: Member, stock: str) -> None:
    seller.placed(stock, "sell", 5, "20")
    placed = buyer.placed(stock, "buy", 5, "19")
    amended = got(buyer.v1("PATCH", f"/orders/{placed['order']}", {"price": "21"}))
    assert shown(amended, "status", "price", "average_price") == ("filled", "21.00", "20.00")
    assert amended["created_at"] == placed["created_at"]


def test_an_amend_that_the_wallet_cannot_cover_leaves_the_order_as_it_was(buyer: Member, stock: str) -> None:
    placed = buyer.placed(stock, "buy", 5, "19")
    before = buyer.everything()
    asked = {"quantity": 100_000}
    assert refused(buyer.v1("PATCH", f"/orders/{placed['order']}", asked)) == (422, "insufficient_funds")
    assert buyer.everything() == before


def test_an_amend_says_what_to_change(buyer: Member, stock: str) -> None:
    placed = buyer.placed(stock, "buy", 5, "19")
    for asked in ({}, {"quantity": None}, {"quantity": 0}, {"price": "0"}, {"price": 5}, {"side": "sell"}):
        assert refused(buyer.v1("PATCH", f"/orders/{placed['order']}", asked))[0] == 400


def test_a_closed_order_cannot_be_amended(buyer: Member, stock: str) -> None:
    placed = buyer.placed(stock, "buy", 5, "19")
    got(buyer.v1("DELETE", f"/orders/{placed['order']}"))
    again = buyer.v1("PATCH", f"/orders/{placed['order']}", {"quantity": 1})
    assert refused(again) == (409, "order_not_open")


# -------------------------------------------------------------------------------------- cancelling


def test_cancelling_is_idempotent(seller: Member, buyer: Member, stock: str) -> None:
    placed = seller.placed(stock, "sell", 5, "20")
    buyer.placed(stock, "buy", 2)
    first, again = (got(seller.v1("DELETE", f"/orders/{placed['order']}"), 200) for _ in range(2))
    assert first["already_closed"] is False
    assert again == {"order": first["order"], "already_closed": True}
    assert shown(first["order"], "status", "reason", "filled_quantity") == ("cancelled", "cancelled", 2)
    assert seller.get_v1("/portfolio")["holdings"][0]["available"] == 98


def test_cancelling_what_was_filled_says_that_it_is_closed(seller: Member, buyer: Member, stock: str) -> None:
    placed = seller.placed(stock, "sell", 5, "20")
    buyer.placed(stock, "buy", 5)
    answer = got(seller.v1("DELETE", f"/orders/{placed['order']}"), 200)
    assert (answer["already_closed"], answer["order"]["status"]) == (True, "filled")


def test_cancelling_all_takes_those_of_one_stock_or_of_all(buyer: Member, seller: Member, stock: str) -> None:
    other = buyer.list_stock()
    for where in (stock, other, stock, other, other):
        buyer.placed(where, "buy", 1, "20")
    seller.placed(stock, "sell", 1, "30")
    assert got(buyer.v1("DELETE", f"/orders?stock={stock}")) == {"cancelled": 2}
    assert got(buyer.v1("DELETE", "/orders")) == {"cancelled": 3}
    assert got(buyer.v1("DELETE", "/orders")) == {"cancelled": 0}
    assert available(buyer) == "10000.00"
    assert len(seller.get_v1("/orders", status="open")["items"]) == 1
    assert refused(buyer.v1("DELETE", "/orders?stock=999999999")) == (404, "unknown_stock")
