"""What the stream of a ledger partition changes: balances, transfers, holdings, and most of the audit.

Free and held shares come from HOLDING_CHANGED as they stand. What they cost comes from trades, which books
tell the ledger: they are among a batch's inputs, and of each only the half counts that is of an account here.
A ledger settles all trades of one command together, and then says what has become of the holdings; so the
trades of a command take effect before the first HOLDING_CHANGED of that command. Between grants and trades
of other commands they stand then where the ledger has settled them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from pricetime.errors import ViewsDamaged
from pricetime.ports import PartitionBatch, PartitionViewStore, Wanted
from pricetime.records import CommandKind, Event, EventKind, Flag, event_array, iter_events
from pricetime.records.routing import Address, Room, Topology
from pricetime.runtime.partition import is_sound
from pricetime.views.actors import Actors
from pricetime.views.audit import Audit
from pricetime.views.handlers import table_of
from pricetime.views.market import Shares
from pricetime.views.money import Holdings, Wallets
from pricetime.views.projection import TRADING

_REPEATED: Final = int(Flag.REPEATED)
_TRIAL: Final = int(Flag.TRIAL)
_TRADED: Final = int(EventKind.TRADED)
_ACCOUNTS_REMEMBERED: Final = 100_000


class LedgerStream:
    """Turns what one ledger hears of books, and tells everybody, into rows."""

    def __init__(
        self, address: Address, topology: Topology, store: PartitionViewStore, rows_kept: int
    ) -> None:
        self._address = address
        self._is_here = _ownership(address, topology)
        self._wallets = Wallets()
        self._holdings = Holdings(store, rows_kept)
        self._shares = Shares(store)
        self._audit = Audit()
        self._actors = Actors(())
        self._unsettled: dict[int, list[Event]] = {}
        """The trades of a batch by the sequence of their command, until the ledger has settled them."""
        self._handlers = table_of(
            EventKind,
            {
                EventKind.ACCEPTED: self._accepted,
                EventKind.DENIED: self._denied,
                EventKind.BALANCE_CHANGED: self._wallets.changed,
                EventKind.HOLDING_CHANGED: self._holding_changed,
            },
        )
        self._accepted_handlers = table_of(
            CommandKind,
            {
                CommandKind.DEPOSIT: self._wallets.moved,
                CommandKind.WITHDRAW: self._wallets.moved,
                CommandKind.GRANT_SHARES: self._granted,
            },
        )

    def wanted(self, told: bytes) -> Wanted:
        """Return the holdings that events go on with and that are not in working memory."""
        events = event_array(told)
        changed = events[events["kind"] == EventKind.HOLDING_CHANGED]
        keys = set(zip(changed["account"].tolist(), changed["stock"].tolist(), strict=True))
        return Wanted(holdings=self._holdings.missing(keys))

    def project(self, batch: PartitionBatch, told: bytes) -> None:
        """Take in a batch and what it told everybody; ViewsDamaged where a trade was never settled."""
        self._actors = Actors(batch.inputs)
        self._unsettled = _trades_of(batch)
        handlers = self._handlers
        for event in iter_events(told):
            handlers[event.kind](event)
        if self._unsettled:
            raise ViewsDamaged(f"batch {batch.number} of {self._address} hears of trades and settles none")

    def take(self) -> dict[str, Any]:
        """Return what has changed, as ``ViewChanges`` names it, and begin anew."""
        return {
            "transfers": self._wallets.take_transfers(),
            "balances": self._wallets.take_balances(),
            "holdings": self._holdings.take(),
            "commands": self._audit.take(),
            "shares": self._shares.take(),
        }

    def _accepted(self, event: Event) -> None:
        """Take in an answer, but for what was answered before, and orders: of those that are, books tell."""
        if not event.flags & _REPEATED and event.command not in TRADING:
            self._audit.answered(event, self._actors.of(event))
            self._accepted_handlers[event.command](event)

    def _denied(self, event: Event) -> None:
        if not event.flags & _TRIAL:
            self._audit.answered(event, self._actors.of(event))

    def _granted(self, event: Event) -> None:
        self._shares.granted(event)
        self._holdings.granted(event)

    def _holding_changed(self, event: Event) -> None:
        for trade in self._unsettled.pop(event.sequence, ()):
            if self._is_here(trade.account):
                self._holdings.traded_by_taker(trade)
            if self._is_here(trade.maker_account):
                self._holdings.traded_by_maker(trade)
        self._holdings.changed(event)


def _trades_of(batch: PartitionBatch) -> dict[int, list[Event]]:
    trades: dict[int, list[Event]] = {}
    for message in batch.inputs:
        if message.source.room == Room.BOOK and is_sound(message):
            for event in iter_events(message.records):
                if event.kind == _TRADED:
                    trades.setdefault(event.sequence, []).append(event)
    return trades


def _ownership(address: Address, topology: Topology) -> Callable[[int], bool]:
    @lru_cache(_ACCOUNTS_REMEMBERED)
    def is_here(account: int) -> bool:
        return topology.ledger_of(account) == address

    return is_here
