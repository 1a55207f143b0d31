"""Views on the simulated disk, and the process that keeps them: the real follower and projection, in steps.

The store is a log of changes, read whole when it is opened. A save is one record, synced now and then, so
after a power cut the views are some batches behind, and whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.simulation.clients import Listener
from tests.simulation.disk import Disk
from tests.simulation.journal import record, records
from tests.simulation.report import Totals
from tests.simulation.steps import ViewsCrash

from pricetime.ports import (
    Balance,
    Candle,
    Depth,
    DepthLevel,
    HoldingRow,
    Journal,
    OrderRow,
    StockRow,
    ViewChanges,
    ViewPosition,
)
from pricetime.records import Side
from pricetime.runtime import Progress
from pricetime.views import Follower

VIEWS = "data/views"
_SAVES_A_SYNC = 4
_RESTART_S = 1.0
_PIPE_S = 0.001


class Tables:
    """The rows of the views by their keys, in memory; ``ViewStore`` and what the checks ask of ``Views``."""

    times_cleared = 0

    def __init__(self) -> None:
        self.saved = ViewPosition()
        self.rows: dict[str, dict[Any, Any]] = {name: {} for name in ViewChanges.__struct_fields__[1:]}

    def clear(self) -> None:
        Tables.__init__(self)
        self.times_cleared += 1

    def save(self, changes: ViewChanges) -> None:
        rows = self.rows
        rows["orders"].update((row.order, row) for row in changes.orders)
        rows["executions"].update(((row.trade, row.maker), row) for row in changes.executions)
        rows["transfers"].update((row.id, row) for row in changes.transfers)
        rows["stocks"].update((row.stock, row) for row in changes.stocks)
        rows["commands"].update((row.sequence, row) for row in changes.commands)
        for name in ("balances", "holdings", "candles"):
            rows[name].update(getattr(changes, name))
        for key, level in changes.levels.items():
            if level.orders:
                rows["levels"][key] = level
            else:
                rows["levels"].pop(key, None)
        for second, event in changes.moments.items():
            rows["moments"].setdefault(second, event)
        self.saved = changes.position

    def close(self) -> None:
        """Do nothing: nothing is held."""

    # ------------------------------------------------------------------------- what is asked of them

    def checkpoint(self) -> ViewPosition:
        return self.saved

    def position(self) -> int:
        return self.saved.event

    def order(self, order: int) -> OrderRow | None:
        return self.rows["orders"].get(order)

    def holding(self, account: int, stock: int) -> HoldingRow | None:
        return self.rows["holdings"].get((account, stock))

    def level(self, stock: int, side: int, price: int) -> DepthLevel | None:
        return self.rows["levels"].get((stock, side, price))

    def stock(self, stock: int) -> StockRow | None:
        return self.rows["stocks"].get(stock)

    def stocks(self) -> Sequence[StockRow]:
        return list(self.rows["stocks"].values())

    def newest_candle(self, stock: int, interval_s: int) -> Candle | None:
        keys = [key for key in self.rows["candles"] if key[:2] == (stock, interval_s)]
        return self.rows["candles"][max(keys)] if keys else None

    def balance(self, account: int) -> Balance:
        return self.rows["balances"].get(account, Balance(0, 0))

    def holdings(self, account: int) -> Sequence[HoldingRow]:
        return [row for (owner, _), row in self.rows["holdings"].items() if owner == account]

    def orders(self, account: int, *, open_only: bool, before: int = 0, limit: int) -> Sequence[OrderRow]:
        found = [
            row
            for row in self.rows["orders"].values()
            if row.account == account
            and (row.status in ("open", "partially_filled") or not open_only)
            and (not before or row.order < before)
        ]
        return sorted(found, key=lambda row: -row.order)[:limit]

    def depth(self, stock: int, levels: int) -> Depth:
        sides: dict[int, list[DepthLevel]] = {Side.BUY: [], Side.SELL: []}
        market = {Side.BUY: 0, Side.SELL: 0}
        for (of, side, price), level in self.rows["levels"].items():
            if of == stock and price:
                sides[side].append(level)
            elif of == stock:
                market[Side(side)] = level.quantity
        bids = sorted(sides[Side.BUY], key=lambda level: -level.price)[:levels]
        asks = sorted(sides[Side.SELL], key=lambda level: level.price)[:levels]
        return Depth(self.saved.event, bids, asks, market[Side.BUY], market[Side.SELL])


class SimulatedViews(Tables):
    """The tables with a log of what was saved."""

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self._disk = disk
        self._saves = 0
        if not disk.exists(VIEWS):
            disk.create(VIEWS)
            return
        log, end = disk.read(VIEWS), 0
        for after, body, is_whole in records(log):
            if not is_whole:
                break
            super().save(pickle.loads(body))
            end = after
        if end < len(log):
            disk.truncate(VIEWS, end)

    def save(self, changes: ViewChanges) -> None:
        self._disk.append(VIEWS, record(pickle.dumps(changes)))
        super().save(changes)
        self._saves += 1
        if self._saves % _SAVES_A_SYNC == 0:
            self._disk.sync(VIEWS)

    def clear(self) -> None:
        super().clear()
        self._disk.create(VIEWS)


class SimulatedViewProcess:
    """Keeps the views in step with the journal, dies now and then, and is started again.

    ``dies`` is the chance of a life to end early, at one of its first writes. Pace and start are as of the
    real process: it is woken at once for a reader that waits, and else after a while.
    """

    def __init__(
        self,
        journal: Journal,
        disk: Disk,
        progress: Progress,
        dice: random.Random,
        *,
        store: Callable[[Disk], SimulatedViews],
        pace_s: float,
        dies: float,
        totals: Totals,
        notes: Listener,
    ) -> None:
        self.store = Tables()
        """What readers see; another one after a restart."""
        self._journal, self._disk, self._progress, self._dice = journal, disk, progress, dice
        self._make, self._pace_s, self._dies = store, pace_s, dies
        self._totals, self._notes = totals, notes
        self._newest = 0
        self._writes_left: int | None = None
        self._wake_is_due = False
        self._told: deque[int] = deque()
        self._follower: Follower | None = None
        self._steps: Iterator[None] = iter(())

    def start(self) -> None:
        """Open the store and follow the journal from where it stands."""
        self._progress.on_wait = self._wake_soon
        self._disk.on_change = self._count
        self._writes_left = self._dice.randint(1, 12) if self._dice.random() < self._dies else None
        with self._mortal():
            self.store = self._make(self._disk)
            self._follower = Follower(self._journal, self.store, self._tell)
            self._steps = self._follower.steps()
            self._step()

    def wake(self, newest_event: int) -> None:
        """Say that the journal has grown up to ``newest_event``."""
        self._newest = newest_event
        self._wake_soon()

    def position(self) -> int:
        """Return the last event that readers see."""
        return self.store.position()

    def order(self, order: int) -> OrderRow | None:
        """Return an order as readers see it."""
        return self.store.order(order)

    async def caught_up(self, event: int) -> None:
        """Wait until the views hold ``event``, dying no more."""
        self._dies, self._writes_left = 0.0, None
        while self.store.position() < event:
            self.wake(event)
            await asyncio.sleep(0.01)

    def _wake_soon(self) -> None:
        if not self._wake_is_due:
            self._wake_is_due = True
            pace_s = 0.001 if self._progress.awaited else self._pace_s
            asyncio.get_running_loop().call_later(self._dice.uniform(0, pace_s), self._step)

    def _step(self) -> None:
        self._wake_is_due = False
        if self._follower is None:
            return
        with self._mortal():
            self._follower.wake(self._newest)
            next(self._steps, None)
            if self.store.times_cleared:
                self._notes.blame("views", "the views were found to be wrong, and made anew")
            if self._follower.failure is not None:
                raise ViewsCrash from self._follower.failure

    @contextlib.contextmanager
    def _mortal(self) -> Iterator[None]:
        try:
            yield
        except (ViewsCrash, OSError):
            self._totals.views_deaths += 1
            self._follower = None
            asyncio.get_running_loop().call_later(_RESTART_S, self.start)

    def _tell(self, position: int) -> None:
        """Let the venue hear of a save a little later, as through a pipe."""
        self._told.append(position)
        asyncio.get_running_loop().call_later(_PIPE_S, self._hear)

    def _hear(self) -> None:
        self._progress.advance(self._told.popleft())

    def _count(self, path: str) -> None:
        if path == VIEWS and self._writes_left is not None:
            self._writes_left -= 1
            if self._writes_left <= 0:
                raise ViewsCrash
