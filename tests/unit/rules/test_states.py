"""The life of an order: the table, and that the venue's events never leave it."""

from __future__ import annotations

import pytest

from pricetime.records import Reason
from pricetime.rules.states import (
    CLOSED_STATE,
    HAPPENING_OF_CLOSE,
    TRANSITIONS,
    Happening,
    OrderState,
)


def test_every_state_has_its_row_and_leads_to_states_of_the_table() -> None:
    assert set(TRANSITIONS) == set(OrderState)
    assert {state for row in TRANSITIONS.values() for state in row.values()} <= set(OrderState)


def test_ended_orders_stay_ended() -> None:
    for state in (OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.DENIED):
        assert TRANSITIONS[state] == {}
        with pytest.raises(KeyError):
            TRANSITIONS[state][Happening.CANCEL]


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (Reason.FILLED, "filled"),
        (Reason.CANCELLED, "cancelled"),
        (Reason.SELF_TRADE, "cancelled"),
        (Reason.INSUFFICIENT_FUNDS, "cancelled"),
        (Reason.IOC, "expired"),
        (Reason.FOK, "expired"),
    ],
)
def test_each_reason_to_close_leads_to_its_state(reason: Reason, state: str) -> None:
    assert CLOSED_STATE[reason] == state
    partly = TRANSITIONS[OrderState.OPEN][Happening.FILL_PART]
    assert TRANSITIONS[partly][HAPPENING_OF_CLOSE[reason]] == state
