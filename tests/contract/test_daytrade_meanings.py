"""The "What the answers mean" part of the daytrade contract."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.trader import Trader, only, refusal, unique

STOCK_FIELDS = {
    "stock_tx_id",
    "parent_stock_tx_id",
    "stock_id",
    "wallet_tx_id",
    "order_status",
    "is_buy",
    "order_type",
    "stock_price",
    "quantity",
    "time_stamp",
}
WALLET_FIELDS = {"wallet_tx_id", "stock_tx_id", "is_debit", "amount", "time_stamp"}

NewTrader = Callable[..., Trader]


def pick(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


# ------------------------------------------------------------------------------------------ prices


def test_the_price_is_that_of_the_last_trade(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    seller.sell(stock, 10, 21.5)
    buyer.buy(stock, 15, 22)
    assert buyer.price_of(stock) == 21.5
    seller.sell(stock, 1, 19)
    assert buyer.price_of(stock) == 21.5


def test_before_the_first_trade_it_is_the_lowest_resting_sell_price(seller: Trader, stock: str) -> None:
    seller.sell(stock, 1, 30)
    seller.sell(stock, 1, 25)
    seller.sell(stock, 1, 28)
    assert seller.price_of(stock) == 25
    lowest = seller.stock_rows()[1]
    assert seller.cancel(lowest["stock_tx_id"]).status_code == 200
    assert seller.price_of(stock) == 28


def test_a_stock_with_neither_is_left_out(buyer: Trader, seller: Trader, stock: str) -> None:
    buyer.buy(stock, 1, 10)
    assert buyer.price_of(stock) is None
    assert all(row["current_price"] > 0 for row in buyer.prices())


def test_a_market_sell_that_waits_is_no_price(seller: Trader, stock: str) -> None:
    seller.sell(stock, 5)
    assert seller.price_of(stock) is None


def test_price_rows_have_three_fields_and_names_descend(seller: Trader) -> None:
    for name in ("Apple", "Zebra", "Microsoft"):
        stock = seller.create_stock(unique(name))
        seller.add_shares(stock, 1)
        seller.sell(stock, 1, 5)
    rows = seller.prices()
    assert all(row.keys() == {"stock_id", "stock_name", "current_price"} for row in rows)
    names = [row["stock_name"] for row in rows]
    assert names == sorted(names, reverse=True)
    assert len(names) >= 3


# --------------------------------------------------------------------------------------- portfolio


def test_a_sell_order_takes_its_shares_out_at_once(seller: Trader, stock: str) -> None:
    seller.sell(stock, 50, 100)
    assert seller.owned(stock) == 500


def test_cancelling_gives_the_unsold_shares_back(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 50, 100)
    buyer.buy(stock, 20)
    assert seller.owned(stock) == 500
    seller.cancel(seller.stock_rows()[0]["stock_tx_id"])
    assert seller.owned(stock) == 530
    assert buyer.owned(stock) == 20


def test_rows_of_zero_are_left_out(seller: Trader, stock: str) -> None:
    seller.sell(stock, 550, 100)
    assert seller.portfolio() == []


def test_portfolio_rows_have_three_fields_and_names_descend(trader: Trader) -> None:
    for name in ("Apple", "Zebra", "Microsoft"):
        trader.add_shares(trader.create_stock(unique(name)), 7)
    rows = trader.portfolio()
    assert [row.keys() for row in rows] == [{"stock_id", "stock_name", "quantity_owned"}] * 3
    assert [row["stock_name"].split()[0] for row in rows] == ["Zebra", "Microsoft", "Apple"]
    assert {row["quantity_owned"] for row in rows} == {7}


def test_add_stock_to_user_adds_to_what_the_user_has(seller: Trader, stock: str) -> None:
    seller.add_shares(stock, 50)
    assert seller.owned(stock) == 600


# ----------------------------------------------------------------------------------------- balance


def test_what_open_limit_buys_hold_is_taken_out(buyer: Trader, stock: str) -> None:
    buyer.buy(stock, 10, 99.5)
    assert buyer.balance() == 9005


def test_a_fill_below_the_limit_gives_the_difference_back_at_once(
    seller: Trader, buyer: Trader, stock: str
) -> None:
    seller.sell(stock, 10, 90)
    buyer.buy(stock, 10, 100)
    assert buyer.balance() == 9100
    assert seller.balance() == 900


def test_cancelling_a_buy_gives_its_money_back(buyer: Trader, stock: str) -> None:
    buyer.buy(stock, 10, 100)
    buyer.cancel(only(buyer.stock_rows())["stock_tx_id"])
    assert buyer.balance() == 10_000


# ------------------------------------------------------------------------------------- wallet rows


def test_one_wallet_row_per_execution_on_each_side(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    seller.sell(stock, 10, 21)
    buyer.buy(stock, 20)
    paid, earned = buyer.wallet_rows(), seller.wallet_rows()
    assert [pick(row, "is_debit", "amount") for row in paid] == [(True, 200), (True, 210)]
    assert [pick(row, "is_debit", "amount") for row in earned] == [(False, 200), (False, 210)]
    assert all(row.keys() == WALLET_FIELDS for row in paid + earned)
    assert len({row["wallet_tx_id"] for row in paid + earned}) == 4


def test_deposits_are_no_wallet_rows(buyer: Trader) -> None:
    assert buyer.wallet_rows() == []


def test_wallet_rows_are_oldest_first(seller: Trader, buyer: Trader, stock: str) -> None:
    for price in (5, 3, 4):
        seller.sell(stock, 1, price)
        buyer.buy(stock, 1)
    assert [row["amount"] for row in buyer.wallet_rows()] == [5, 3, 4]
    stamps = [row["time_stamp"] for row in buyer.wallet_rows()]
    assert stamps == sorted(stamps)


def test_wallet_rows_and_stock_rows_name_each_other(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    seller.sell(stock, 5, 21)
    buyer.buy(stock, 15)
    buyer.buy(stock, 3, 22)
    seller.sell(stock, 1, 22)
    for side in (seller, buyer):
        rows = {row["stock_tx_id"]: row for row in side.stock_rows()}
        moved = side.wallet_rows()
        assert moved
        for row in moved:
            assert rows[row["stock_tx_id"]]["wallet_tx_id"] == row["wallet_tx_id"]
        named = [row["wallet_tx_id"] for row in rows.values() if row["wallet_tx_id"]]
        assert sorted(named) == sorted(row["wallet_tx_id"] for row in moved)


# -------------------------------------------------------------------------------------- stock rows


def test_an_order_has_one_row_from_the_moment_it_is_placed(seller: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20.25)
    row = only(seller.stock_rows())
    assert row.keys() == STOCK_FIELDS
    assert pick(row, "parent_stock_tx_id", "wallet_tx_id", "order_status") == (None, None, "IN_PROGRESS")
    assert pick(row, "stock_id", "is_buy", "order_type") == (stock, False, "LIMIT")
    assert pick(row, "stock_price", "quantity") == (20.25, 10)


def test_the_price_of_a_limit_order_is_its_limit(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    buyer.buy(stock, 10, 25)
    assert only(buyer.stock_rows())["stock_price"] == 25
    assert only(buyer.wallet_rows())["amount"] == 200


def test_the_price_of_a_market_order_is_that_of_its_execution(
    seller: Trader, buyer: Trader, stock: str
) -> None:
    seller.sell(stock, 10, 20)
    buyer.buy(stock, 10)
    assert pick(only(buyer.stock_rows()), "order_type", "stock_price") == ("MARKET", 20)


def test_the_price_of_a_market_order_is_null_before_any_execution(seller: Trader, stock: str) -> None:
    seller.sell(stock, 10)
    assert pick(only(seller.stock_rows()), "order_status", "stock_price") == ("IN_PROGRESS", None)


@pytest.mark.parametrize(
    ("fills", "average"),
    [
        (((1, 10), (2, 11)), 10.67),  # 32 / 3 = 10.666…
        (((2, 10), (1, 11)), 10.33),  # 31 / 3 = 10.333…
        (((1, 10), (1, 10.01)), 10.01),  # 10.005: half goes up
        (((5, 10), (5, 12)), 11),
    ],
)
def test_the_price_of_a_market_order_of_several_executions_is_their_weighted_average_to_the_cent(
    seller: Trader, buyer: Trader, stock: str, fills: tuple[tuple[int, float], ...], average: float
) -> None:
    for quantity, price in fills:
        seller.sell(stock, quantity, price)
    buyer.buy(stock, sum(quantity for quantity, _ in fills))
    assert buyer.stock_rows()[0]["stock_price"] == average


def test_an_order_filled_whole_by_one_execution_has_its_row_alone(
    seller: Trader, buyer: Trader, stock: str
) -> None:
    seller.sell(stock, 10, 20)
    buyer.buy(stock, 10, 20)
    for side in (seller, buyer):
        row = only(side.stock_rows())
        assert pick(row, "order_status", "parent_stock_tx_id", "quantity") == ("COMPLETED", None, 10)
        assert row["wallet_tx_id"] == only(side.wallet_rows())["wallet_tx_id"]


def test_otherwise_each_execution_adds_a_child_row(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    seller.sell(stock, 30, 21)
    buyer.buy(stock, 25, 22)
    parent, first, second = buyer.stock_rows()
    assert pick(parent, "order_status", "quantity", "stock_price") == ("COMPLETED", 25, 22)
    assert pick(parent, "parent_stock_tx_id", "wallet_tx_id") == (None, None)
    for child, price, quantity in ((first, 20, 10), (second, 21, 15)):
        assert child.keys() == STOCK_FIELDS
        assert child["parent_stock_tx_id"] == parent["stock_tx_id"]
        assert pick(child, "order_status", "stock_price", "quantity") == ("COMPLETED", price, quantity)
        assert pick(child, "is_buy", "order_type", "stock_id") == (True, "LIMIT", stock)
    paid = [row["wallet_tx_id"] for row in buyer.wallet_rows()]
    assert [first["wallet_tx_id"], second["wallet_tx_id"]] == paid


def test_children_of_a_market_order_are_market(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 1, 20)
    seller.sell(stock, 1, 21)
    buyer.buy(stock, 2)
    assert [row["order_type"] for row in buyer.stock_rows()] == ["MARKET"] * 3


def test_the_parent_keeps_its_original_quantity(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 550, 20)
    buyer.buy(stock, 10)
    buyer.buy(stock, 20)
    parent, *children = seller.stock_rows()
    assert pick(parent, "order_status", "quantity", "wallet_tx_id") == ("PARTIALLY_COMPLETE", 550, None)
    assert [child["quantity"] for child in children] == [10, 20]


def test_the_status_goes_from_in_progress_over_partially_complete_to_completed(
    seller: Trader, buyer: Trader, stock: str
) -> None:
    seen = []
    seller.sell(stock, 20, 20)
    for _ in range(3):
        seen.append(seller.stock_rows()[0]["order_status"])
        buyer.buy(stock, 10, 20)
    assert seen == ["IN_PROGRESS", "PARTIALLY_COMPLETE", "COMPLETED"]


def test_rows_are_oldest_first_by_creation_whatever_changes_later(
    seller: Trader, buyer: Trader, stock: str
) -> None:
    seller.sell(stock, 10, 30)
    seller.sell(stock, 20, 20)
    buyer.buy(stock, 5, 20)  # a child of the second order
    seller.sell(stock, 30, 40)
    buyer.buy(stock, 20, 30)  # fills the second, and a child of the first
    rows = seller.stock_rows()
    orders = [row["quantity"] for row in rows if row["parent_stock_tx_id"] is None]
    assert orders == [10, 20, 30]
    assert [row["quantity"] for row in rows] == [10, 20, 5, 30, 15, 5]
    stamps = [row["time_stamp"] for row in rows]
    assert stamps == sorted(stamps)


def test_rows_keep_their_ids(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 20, 20)
    buyer.buy(stock, 5)
    before = [row["stock_tx_id"] for row in seller.stock_rows()]
    buyer.buy(stock, 5)
    assert [row["stock_tx_id"] for row in seller.stock_rows()][:2] == before


def test_every_user_sees_their_own_rows_only(
    seller: Trader, buyer: Trader, trader: Trader, stock: str
) -> None:
    seller.sell(stock, 20, 20)
    buyer.buy(stock, 5)
    assert trader.stock_rows() == []
    assert trader.wallet_rows() == []
    ids = [{row["stock_tx_id"] for row in side.stock_rows()} for side in (seller, buyer)]
    assert not ids[0] & ids[1]


def test_a_market_buy_that_runs_out_of_money_is_cancelled_and_keeps_its_children(
    seller: Trader, new_trader: NewTrader, stock: str
) -> None:
    poor = new_trader(money=100)
    seller.sell(stock, 100, 30)
    poor.buy(stock, 10)
    parent, child = poor.stock_rows()
    assert pick(parent, "order_status", "quantity", "stock_price") == ("CANCELLED", 10, 30)
    assert pick(child, "order_status", "quantity") == ("COMPLETED", 3)
    assert poor.balance() == 10


# ------------------------------------------------------------------------------------------ cancel


def test_cancel_takes_the_rest_off_the_book(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    assert seller.cancel(only(seller.stock_rows())["stock_tx_id"]).json() == {"success": True, "data": None}
    buyer.buy(stock, 10, 20)
    assert only(buyer.stock_rows())["order_status"] == "IN_PROGRESS"


def test_after_a_cancel_the_order_is_cancelled_and_its_children_stay(
    seller: Trader, buyer: Trader, stock: str
) -> None:
    seller.sell(stock, 10, 20)
    buyer.buy(stock, 4)
    parent, child = seller.stock_rows()
    seller.cancel(parent["stock_tx_id"])
    assert seller.stock_rows() == [parent | {"order_status": "CANCELLED"}, child]


def test_a_waiting_market_order_can_be_cancelled(seller: Trader, stock: str) -> None:
    seller.sell(stock, 10)
    seller.cancel(only(seller.stock_rows())["stock_tx_id"])
    assert only(seller.stock_rows())["order_status"] == "CANCELLED"
    assert seller.owned(stock) == 550


def test_cancelling_somebody_elses_order_is_a_400(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    order = only(seller.stock_rows())
    assert refusal(buyer.cancel(order["stock_tx_id"]))[0] == 400
    assert only(seller.stock_rows()) == order


def test_cancelling_a_child_is_a_400(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    buyer.buy(stock, 4)
    before = seller.everything()
    assert refusal(seller.cancel(seller.stock_rows()[1]["stock_tx_id"]))[0] == 400
    assert seller.everything() == before


def test_cancelling_a_completed_order_is_a_400(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    buyer.buy(stock, 10)
    for side in (seller, buyer):
        assert refusal(side.cancel(only(side.stock_rows())["stock_tx_id"]))[0] == 400


def test_cancelling_twice_is_a_400_the_second_time(seller: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    order = only(seller.stock_rows())["stock_tx_id"]
    assert seller.cancel(order).status_code == 200
    assert refusal(seller.cancel(order))[0] == 400
    assert seller.owned(stock) == 550


# ------------------------------------------------------------------------------------ ids and times


def test_ids_are_texts(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    buyer.buy(stock, 4)
    rows = [*seller.stock_rows(), *seller.wallet_rows(), *seller.prices(), *buyer.portfolio()]
    ids = [value for row in rows for name, value in row.items() if name.endswith("_id") and value is not None]
    assert ids
    assert all(isinstance(value, str) for value in ids)


def test_time_stamps_are_rfc_3339_in_utc_with_milliseconds(seller: Trader, buyer: Trader, stock: str) -> None:
    seller.sell(stock, 10, 20)
    buyer.buy(stock, 4)
    for row in (*seller.stock_rows(), *seller.wallet_rows()):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["time_stamp"])


# ---------------------------------------------------------------------------- read your own writes


def test_the_next_read_shows_what_was_placed_filled_and_cancelled(
    seller: Trader, buyer: Trader, stock: str
) -> None:
    for round_number in range(1, 21):
        seller.sell(stock, 10, 20)
        order = seller.stock_rows()[-1]
        assert order["order_status"] == "IN_PROGRESS"
        buyer.buy(stock, 4)
        assert buyer.owned(stock) == 4 * round_number
        assert len(buyer.wallet_rows()) == round_number
        assert seller.cancel(order["stock_tx_id"]).status_code == 200
        assert seller.owned(stock) == 550 - 4 * round_number


def test_a_whole_list_of_thousands_of_rows_comes_in_one_answer(seller: Trader, stock: str) -> None:
    orders = [{"stock": stock, "side": "sell", "type": "limit", "quantity": 1, "price": "9.99"}] * 500
    seller.add_shares(stock, 1_000)
    for _ in range(3):
        assert seller.v1("POST", "/orders/batch", {"orders": orders}).status_code == 200
    rows = seller.stock_rows()
    assert len(rows) == 1_500
    assert {row["stock_price"] for row in rows} == {9.99}
    assert len({row["stock_tx_id"] for row in rows}) == 1_500
