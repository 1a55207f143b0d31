"""Numbers of the daytrade contract, read and written exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from pricetime.api.daytrade.numbers import amount_of, number, quantity_of
from pricetime.errors import InvalidRequest, RuleError
from pricetime.rules.money import MAX_MONEY, MAX_QUANTITY, SCALE

cents = st.integers(1, MAX_MONEY // 100)


@given(cents)
def test_every_amount_of_whole_cents_is_read_as_it_was_written(amount_in_cents: int) -> None:
    amount = amount_in_cents * (SCALE // 100)
    assert amount_of(number(amount), "amount") == amount


@given(cents, st.integers(-20, 20))
def test_the_value_counts_and_not_how_it_is_written(amount_in_cents: int, shift: int) -> None:
    value = Decimal(amount_in_cents).scaleb(-2)
    text = f"{value.scaleb(-shift):f}e{shift}" if shift else f"{value:f}"
    if len(text) <= 40:
        assert amount_of(Raw(text.encode()), "amount") == amount_in_cents * (SCALE // 100)


@given(st.integers(0, 2**63 - 1))
def test_what_is_written_has_no_needless_zeros(amount: int) -> None:
    text = bytes(number(amount)).decode()
    assert Decimal(text) == Decimal(amount) / SCALE
    assert "." not in text or text[-1] != "0"


@given(st.binary(max_size=12))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    for read in (amount_of, quantity_of):
        try:
            value = read(Raw(text), "quantity")
        except (InvalidRequest, RuleError):
            continue
        assert value > 0
        assert Decimal(text.decode()) > 0


@given(st.integers(1, MAX_QUANTITY))
def test_every_whole_number_of_shares_is_read(quantity: int) -> None:
    for text in (str(quantity), f"{quantity}.0", f"{quantity}e0"):
        assert quantity_of(Raw(text.encode())) == quantity


@pytest.mark.parametrize("text", ["1000000000000001", "1e16", "0.5", "0", "-1", "1e-1", "15e-1"])
def test_other_quantities_are_refused(text: str) -> None:
    with pytest.raises(RuleError):
        quantity_of(Raw(text.encode()))
