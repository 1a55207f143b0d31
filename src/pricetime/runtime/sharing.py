"""What of a batch's events each account may see: its own, with nothing of whom it traded with.

An event is an account's own where it names the account; a TRADED event is also the maker's. In that one
the fields of the other side are zeroed: who it was, which order, and how much of it is left.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricetime.records import EventKind, event_array

_TRADED: Final = int(EventKind.TRADED)
_OF_TAKER: Final = ("account", "order", "remaining", "fee", "order_type", "time_in_force", "flags")
_OF_MAKER: Final = ("maker_account", "maker_order", "maker_remaining", "maker_fee")

Places = NDArray[np.intp]


def shares_of(events: bytes, accounts: NDArray[np.int64]) -> dict[int, bytes]:
    """Return what each of ``accounts`` (ascending, without repeats) may see of a batch, in order.

    An account that the batch does not touch is left out. The work grows with the events, not with the
    accounts, so that many may listen.
    """
    if not len(accounts):
        return {}
    array = event_array(events)
    places, owners = _own(array, accounts)
    if len(accounts) > 1:
        by_owner = owners.argsort(kind="stable")  # of 16 bits: a radix sort
        places, owners = places[by_owner], owners[by_owner]
    ends = owners.searchsorted(np.arange(len(accounts)), side="right")
    shares, start = {}, 0
    for account, end in zip(accounts.tolist(), ends.tolist(), strict=True):
        if end > start:
            shares[account] = _without_the_other_side(array[places[start:end]], account)
        start = end
    return shares


def share_of(events: bytes, account: int) -> bytes:
    """Return what one account may see of a batch."""
    return shares_of(events, np.array([account])).get(account, b"")


def _own(array: NDArray[np.void], accounts: NDArray[np.int64]) -> tuple[Places, NDArray[np.uint16]]:
    """Return the places of the accounts' events, ascending, and of each which account's it is."""
    assert len(accounts) < 2**16, "one connection each, and there are ports for no more"
    found = []
    for name in ("account", "maker_account"):
        column = array[name].copy()  # once, so that the searches below read memory in a row
        owners = accounts.searchsorted(column).astype(np.uint16)
        places = np.flatnonzero(accounts.take(owners, mode="clip") == column)
        found.append((places, owners[places]))
    (places, owners), (more_places, more_owners) = found
    if not len(more_places):
        return places, owners
    places, owners = np.concatenate((places, more_places)), np.concatenate((owners, more_owners))
    in_order = places.argsort(kind="stable")
    return places[in_order], owners[in_order]


def _without_the_other_side(share: NDArray[np.void], account: int) -> bytes:
    traded = share["kind"] == _TRADED
    if traded.any():
        took = share["account"] == account
        for names, seen in ((_OF_MAKER, took), (_OF_TAKER, ~took)):
            if len(hidden := np.flatnonzero(traded & seen)):
                for name in names:
                    share[name][hidden] = 0
    return share.tobytes()
