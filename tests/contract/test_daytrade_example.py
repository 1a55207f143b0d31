"""The example at the end of the contract, word for word."""

from __future__ import annotations

from tests.support.trader import Trader, only


def test_the_example_of_the_contract(seller: Trader, buyer: Trader, stock: str) -> None:
    # A seller owns 550 Google. She places a LIMIT sell of 550 at 135:
    seller.sell(stock, 550, 135)
    # her portfolio is empty, her stock row is IN_PROGRESS with wallet_tx_id null.
    assert seller.portfolio() == []
    order = only(seller.stock_rows())
    assert order["order_status"] == "IN_PROGRESS"
    assert order["wallet_tx_id"] is None

    # A buyer deposits 10000 and buys 10 at MARKET. His balance is 8650, his portfolio 10,
    buyer.buy(stock, 10)
    assert buyer.balance() == 8650
    assert only(buyer.portfolio())["quantity_owned"] == 10
    # he has one stock row (COMPLETED, 135, 10) and one wallet row (debit, 1350), each naming the other.
    bought, paid = only(buyer.stock_rows()), only(buyer.wallet_rows())
    assert (bought["order_status"], bought["stock_price"], bought["quantity"]) == ("COMPLETED", 135, 10)
    assert (paid["is_debit"], paid["amount"]) == (True, 1350)
    assert bought["wallet_tx_id"] == paid["wallet_tx_id"]
    assert paid["stock_tx_id"] == bought["stock_tx_id"]

    # Her order's row is PARTIALLY_COMPLETE with quantity 550,
    parent, child = seller.stock_rows()
    assert parent["stock_tx_id"] == order["stock_tx_id"]
    assert (parent["order_status"], parent["quantity"]) == ("PARTIALLY_COMPLETE", 550)
    # and a child row (COMPLETED, LIMIT, 135, 10) names her wallet row (credit, 1350).
    shown = (child["order_status"], child["order_type"], child["stock_price"], child["quantity"])
    assert shown == ("COMPLETED", "LIMIT", 135, 10)
    earned = only(seller.wallet_rows())
    assert child["wallet_tx_id"] == earned["wallet_tx_id"]
    assert (earned["is_debit"], earned["amount"]) == (False, 1350)

    # She cancels: the order's row is CANCELLED and her portfolio shows 540.
    assert seller.cancel(parent["stock_tx_id"]).status_code == 200
    assert seller.stock_rows()[0]["order_status"] == "CANCELLED"
    assert only(seller.portfolio())["quantity_owned"] == 540
