"""Money given to the SDK."""

from decimal import Decimal

import pytest

from pricetime.client import decimal, money_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("135.50", "135.50"),
        (Decimal("0.0001"), "0.0001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("2.500000"), "2.5000"),
        (7, "7"),
        ("900000000000000", "900000000000000"),
    ],
)
def test_an_exact_amount_becomes_a_plain_decimal_string(value, text):
    assert money_text(value) == text


@pytest.mark.parametrize("value", [1.5, True, None, b"1"])
def test_what_may_have_lost_cents_already_is_refused_by_its_type(value):
    with pytest.raises(TypeError, match="money is a Decimal"):
        money_text(value)


@pytest.mark.parametrize("value", ["", "abc", "NaN", "Infinity", "-1", "1e17", Decimal(-2)])
def test_what_is_no_amount_is_refused_with_an_example(value):
    with pytest.raises(ValueError, match=r"write it like 135\.50"):
        money_text(value)


def test_more_than_four_decimals_are_refused_rather_than_rounded():
    with pytest.raises(ValueError, match="more than four decimals"):
        money_text("0.00001")


def test_an_answer_is_read_back_exactly():
    assert decimal("135.5500") == Decimal("135.55")
    assert decimal(None) is None
