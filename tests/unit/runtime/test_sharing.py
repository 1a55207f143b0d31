"""What of a batch an account may see: its own, and nothing of whom it traded with."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tests.unit.runtime.programs import TRADERS, opening, packed, trading

from pricetime.records import Event, EventKind, iter_events
from pricetime.rules import Venue
from pricetime.runtime.sharing import share_of, shares_of
from pricetime.runtime.stamping import stamp


def events(seed: int, count: int = 300) -> bytes:
    venue = Venue()
    venue.apply(stamp(packed(opening()), 1, 1))
    return venue.apply(stamp(packed(trading(count, seed)), venue.sequence + 1, 2))


def shown(event: Event, account: int) -> Event | None:
    """One event as an account sees it, said plainly."""
    if event.account != account and event.maker_account != account:
        return None
    if event.kind != EventKind.TRADED:
        return event
    if event.account == account:
        return event._replace(maker_account=0, maker_order=0, maker_remaining=0, maker_fee=0)
    return event._replace(account=0, order=0, remaining=0, fee=0, order_type=0, time_in_force=0, flags=0)


@pytest.mark.parametrize("seed", range(10))
def test_every_account_gets_its_own_in_order(seed):
    batch = events(seed)
    shares = shares_of(batch, np.array([1, 2, 3, 99]))
    assert shares.keys() == set(TRADERS)
    for account in TRADERS:
        expected = [own for event in iter_events(batch) if (own := shown(event, account)) is not None]
        assert list(iter_events(shares[account])) == expected
        assert share_of(batch, account) == shares[account]
        assert any(event.kind == EventKind.TRADED and event.maker_account for event in expected)
        assert any(event.kind == EventKind.TRADED and event.account for event in expected)


def test_whoever_listens_changes_nothing_for_others():
    batch, dice = events(3), random.Random(5)
    everybody = shares_of(batch, np.array(TRADERS))
    for _ in range(10):
        some = sorted({dice.choice((*TRADERS, dice.randrange(4, 10**12))) for _ in range(3)})
        assert shares_of(batch, np.array(some)) == {
            each: everybody[each] for each in some if each in everybody
        }


def test_where_nobody_listens_there_is_nothing_to_share():
    assert shares_of(events(1, 5), np.empty(0, np.int64)) == {}
    assert share_of(events(1, 5), 99) == b""
    assert share_of(b"", 1) == b""
