"""Sums over any number of trades stop where a store could not hold them."""

from __future__ import annotations

import pytest

from pricetime.views.capped import GREATEST, capped


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (0, 0),
        (GREATEST, GREATEST),
        (GREATEST + 1, GREATEST),
        (-GREATEST - 1, -GREATEST),
        (-5, -5),
    ],
)
def test_a_sum_stops_at_the_greatest_number(number: int, kept: int) -> None:
    assert capped(number) == kept
