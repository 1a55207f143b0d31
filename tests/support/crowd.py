"""A moving market beside a test: twenty simulated traders in a thread of their own, who can pause."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Thread
from time import sleep
from types import TracebackType
from typing import Final, Self
from warnings import catch_warnings

from pricetime.sim.run import KINDS, Simulation

TWENTY: Final = tuple(replace(kind, count=2 * kind.count) for kind in KINDS)
_LOOK_EVERY_S: Final = 0.05


class Crowd:
    """Traders on the venue at ``url``; they trade from the beginning until they are paused or it ends."""

    def __init__(self, url: str, *, seed: int = 1, rate: float = 40.0) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._market = Simulation(url, "of the tests", seed=seed, rate=rate, kinds=TWENTY)
        self._trading: Future[None] | None = None
        asyncio.run_coroutine_threadsafe(self._market.open(), self._loop).result()
        self.stocks = {each.name: each.stock for each in self._market.market.instruments}
        self.resume()

    def resume(self) -> None:
        """Trade on."""
        self._trading = asyncio.run_coroutine_threadsafe(self._market.run(), self._loop)

    def pause(self) -> None:
        """Stop trading; return when nobody sends any more."""
        trading, self._trading = self._trading, None
        if trading is not None:
            with leaving_connections():
                trading.cancel()
                with suppress(Exception):
                    trading.result()
                asyncio.run_coroutine_threadsafe(_others_ended(), self._loop).result()

    @property
    def placed(self) -> int:
        """How many orders were placed."""
        return self._market.placed

    def wait_for(self, placed: int) -> None:
        """Wait until so many orders were placed."""
        while self.placed < placed:
            sleep(_LOOK_EVERY_S)

    def wait_for_trades(self) -> None:
        """Wait until every stock has a last price."""
        while any(each.last is None for each in self._market.market.instruments):
            sleep(_LOOK_EVERY_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()
        with leaving_connections():
            asyncio.run_coroutine_threadsafe(self._market.close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


@contextmanager
def leaving_connections() -> Iterator[None]:
    """Collect what requests leave open that end as their connection opens or others are closed."""
    with catch_warnings(action="ignore", category=ResourceWarning):
        yield
        gc.collect()


async def _others_ended() -> None:
    """Wait for what was cancelled."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
