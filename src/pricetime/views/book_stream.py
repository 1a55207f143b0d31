"""What the stream of a book partition changes: orders and executions, depth, stocks, candles.

Holdings and wallets are the ledgers' to tell. A book answers commands about its stocks, and their audit is
here; the command stands among the inputs of the batch that answers it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pricetime.ports import PartitionBatch, PartitionViewStore, Wanted
from pricetime.records import CommandKind, Event, EventKind, event_array, iter_events
from pricetime.views.actors import Actors
from pricetime.views.audit import Audit
from pricetime.views.candles import Candles
from pricetime.views.depth import Depths
from pricetime.views.handlers import table_of
from pricetime.views.market import Stocks
from pricetime.views.orders import Orders


class BookStream:
    """Turns what one book partition tells everybody into rows."""

    def __init__(self, store: PartitionViewStore, rows_kept: int) -> None:
        self._depths = Depths(store, rows_kept)
        self._orders = Orders(store, self._depths, rows_kept)
        self._stocks = Stocks(store)
        self._candles = Candles(store)
        self._audit = Audit()
        self._actors = Actors(())
        self._books: set[int] = set()
        """The stocks that the store has been asked for."""
        self._handlers = table_of(
            EventKind,
            {
                EventKind.ACCEPTED: self._accepted,
                EventKind.ORDER_OPENED: self._orders.opened,
                EventKind.TRADED: self._traded,
                EventKind.ORDER_CLOSED: self._orders.closed,
            },
        )
        self._accepted_handlers = table_of(
            CommandKind,
            {
                CommandKind.LIST_STOCK: self._listed,
                CommandKind.HALT_STOCK: self._halted,
                CommandKind.RESUME_STOCK: self._resumed,
                CommandKind.PLACE_ORDER: self._orders.placed,
                CommandKind.AMEND_ORDER: self._orders.amended,
            },
        )

    def wanted(self, told: bytes) -> Wanted:
        """Return the rows that events go on with and that are not in working memory."""
        events = event_array(told)
        kinds, commands = events["kind"], events["command"]
        is_placed = (kinds == EventKind.ACCEPTED) & (commands == CommandKind.PLACE_ORDER)
        trades = events[kinds == EventKind.TRADED]
        numbers = {*events["order"].tolist(), *trades["maker_order"].tolist()}
        numbers -= {0, *events["order"][is_placed].tolist()}
        books = set(events["stock"].tolist()) - self._books
        self._books |= books
        traded, first = np.unique(trades["stock"], return_index=True)
        times = zip(traded.tolist(), trades["time_ns"][first].tolist(), strict=True)
        return Wanted(
            orders=self._orders.missing(numbers),
            candles=[key for stock, time_ns in times for key in self._candles.missing(stock, time_ns)],
            books=books,
        )

    def project(self, batch: PartitionBatch, told: bytes) -> None:
        """Take in a batch and what it told everybody."""
        self._actors = Actors(batch.inputs)
        handlers = self._handlers
        for event in iter_events(told):
            handlers[event.kind](event)

    def take(self) -> dict[str, Any]:
        """Return what has changed, as ``ViewChanges`` names it, and begin anew."""
        return {
            "orders": self._orders.take_orders(),
            "executions": self._orders.take_executions(),
            "stocks": self._stocks.take(),
            "candles": self._candles.take(),
            "levels": self._depths.take(),
            "commands": self._audit.take(),
        }

    def _accepted(self, event: Event) -> None:
        self._accepted_handlers[event.command](event)

    def _listed(self, event: Event) -> None:
        self._stocks.listed(event)
        self._audit.answered(event, self._actors.of(event))

    def _halted(self, event: Event) -> None:
        self._stocks.halted(event)
        self._audit.answered(event, self._actors.of(event))

    def _resumed(self, event: Event) -> None:
        self._stocks.resumed(event)
        self._audit.answered(event, self._actors.of(event))

    def _traded(self, event: Event) -> None:
        self._orders.traded(event)
        self._stocks.traded(event)
        self._candles.traded(event)
