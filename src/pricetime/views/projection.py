"""Events into rows: the one projection behind every store of views.

``project`` takes batches in order, ``take`` returns what they change. What is stored in the end depends
on the batches alone, never on how often changes were taken between them. Nothing here knows a store but
through ``ports.ViewStore``, from which rows that are not in working memory are read back.

    batch ──> orders + executions ──> depth
          ──> wallets, holdings, stocks, candles, audit, moments ──> ViewChanges ──> store.save
"""

from __future__ import annotations

from typing import Final

from pricetime.errors import ViewsDamaged
from pricetime.ports import Batch, ViewChanges, ViewPosition, ViewStore
from pricetime.records import COMMAND_BYTES, Command, CommandKind, Event, EventKind, Flag, iter_events
from pricetime.records.fields import COMMAND
from pricetime.views.audit import Audit
from pricetime.views.candles import SECOND_NS, Candles
from pricetime.views.depth import Depths
from pricetime.views.handlers import Handler, table_of
from pricetime.views.latest import latest
from pricetime.views.market import Stocks
from pricetime.views.money import Holdings, Wallets
from pricetime.views.orders import Orders

ROWS_KEPT: Final = 100_000
"""Rows of a kind in working memory, at most, between two saves."""
_REPEATED: Final = int(Flag.REPEATED)
TRADING: Final = frozenset(
    map(int, (CommandKind.PLACE_ORDER, CommandKind.AMEND_ORDER, CommandKind.CANCEL_ORDER))
)
"""Commands whose acceptance their orders show."""


class Projection:
    """Turns batches into changes. One thread owns it."""

    def __init__(self, store: ViewStore, *, rows_kept: int = ROWS_KEPT) -> None:
        self.position = store.checkpoint()
        """The last batch that was projected."""
        self.events = 0
        """Events projected since changes were last taken."""
        self._depths = Depths(store, rows_kept)
        self._orders = Orders(store, self._depths, rows_kept)
        self._wallets = Wallets()
        self._holdings = Holdings(store, rows_kept)
        self._stocks = Stocks(store)
        self._candles = Candles(store)
        self._audit = Audit()
        self._moments: dict[int, int] = {}
        self._next_second_ns = 0
        self._batch: Batch | None = None
        self._handlers = self._table_of_handlers()
        self._accepted_handlers = self._table_of_accepted_handlers()

    def project(self, batch: Batch) -> None:
        """Take in the next batch; ViewsDamaged where it does not follow on what the views hold."""
        if batch.number != self.position.batch + 1:
            raise ViewsDamaged(f"batch {batch.number} cannot follow batch {self.position.batch}")
        self._batch = batch
        handlers = self._handlers
        for event in iter_events(latest(batch.events)):
            handlers[event.kind](event)
        self._batch = None
        self.events += batch.last_event - self.position.event
        self.position = ViewPosition(batch.number, batch.hash, batch.last_event)

    def take(self) -> ViewChanges:
        """Return what has changed since the last time and begin anew."""
        moments, self._moments = self._moments, {}
        self.events = 0
        return ViewChanges(
            position=self.position,
            orders=self._orders.take_orders(),
            executions=self._orders.take_executions(),
            transfers=self._wallets.take_transfers(),
            balances=self._wallets.take_balances(),
            holdings=self._holdings.take(),
            stocks=self._stocks.take(),
            candles=self._candles.take(),
            levels=self._depths.take(),
            commands=self._audit.take(),
            moments=moments,
        )

    def _table_of_handlers(self) -> list[Handler]:
        """Return the handler of each EventKind, at its number."""
        return table_of(
            EventKind,
            {
                EventKind.ACCEPTED: self._accepted,
                EventKind.DENIED: self._denied,
                EventKind.ORDER_OPENED: self._orders.opened,
                EventKind.TRADED: self._traded,
                EventKind.ORDER_CLOSED: self._orders.closed,
                EventKind.BALANCE_CHANGED: self._wallets.changed,
                EventKind.HOLDING_CHANGED: self._holdings.changed,
            },
        )

    def _table_of_accepted_handlers(self) -> list[Handler]:
        """Return the handler of the ACCEPTED of each CommandKind, at its number."""
        return table_of(
            CommandKind,
            {
                CommandKind.LIST_STOCK: self._stocks.listed,
                CommandKind.DEPOSIT: self._wallets.moved,
                CommandKind.WITHDRAW: self._wallets.moved,
                CommandKind.GRANT_SHARES: self._granted,
                CommandKind.PLACE_ORDER: self._orders.placed,
                CommandKind.AMEND_ORDER: self._orders.amended,
                CommandKind.HALT_STOCK: self._stocks.halted,
                CommandKind.RESUME_STOCK: self._stocks.resumed,
            },
        )

    def _accepted(self, event: Event) -> None:
        self._mark(event)
        if event.flags & _REPEATED:
            return  # it was done, and audited, when it came first
        if event.command not in TRADING:
            self._audit.answered(event, self._actor(event))
        self._accepted_handlers[event.command](event)

    def _denied(self, event: Event) -> None:
        self._mark(event)
        self._audit.answered(event, self._actor(event))

    def _actor(self, event: Event) -> int:
        """Return on whose authority the command of an event came."""
        assert self._batch is not None
        offset = (event.sequence - self._batch.first_sequence) * COMMAND_BYTES
        return Command._make(COMMAND.unpack_from(self._batch.commands, offset)).actor

    def _mark(self, event: Event) -> None:
        """Note the first event of each second."""
        if event.time_ns >= self._next_second_ns:
            second = event.time_ns // SECOND_NS
            self._moments[second] = event.number
            self._next_second_ns = (second + 1) * SECOND_NS

    def _granted(self, event: Event) -> None:
        self._stocks.granted(event)
        self._holdings.granted(event)

    def _traded(self, event: Event) -> None:
        self._orders.traded(event)
        self._holdings.traded(event)
        self._stocks.traded(event)
        self._candles.traded(event)
