"""The pacer: looks at the views a few times a second, and only where something may have changed.

::

    wait for work ─> let the views follow ─> look (in a thread, one read transaction) ─> publish
         ^                                                                                  │
         └── for the rest of the interval, and at least as long as the round has taken ─────┘

Beside it the keeper looks at what time alone changes: sessions that end, heartbeats, channels that nobody
has any more. Both run while there is a channel or a listener.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from pricetime.api.stream.channel import Channel, Look, Subscription
from pricetime.api.stream.hub import Hub
from pricetime.api.stream.messages import Message
from pricetime.api.stream.moment import Moment
from pricetime.api.stream.touched import Work
from pricetime.api.times import DAY_NS, time_us
from pricetime.errors import PricetimeError, ViewsBehind
from pricetime.ports import Batch, Views
from pricetime.schema import Heartbeat

if TYPE_CHECKING:
    from pricetime.api.services import Services

_KEEP_EVERY_S: Final = 0.5
_AT_ONCE: Final = 64
_SHORTEST_S: Final = 0.005
_log = structlog.get_logger("pricetime.api")

Due = list[tuple[Channel, tuple[Subscription, ...], bool]]
"""Channels with those who wait for them, and whether all is read anew."""


class Pacer:
    """Drives the hub. ``on_batch`` is for ``Sequencer.on_batch``; ``check`` ends sessions that are over."""

    def __init__(self, venue: Services, hub: Hub, check: Callable[[], None]) -> None:
        self._venue = venue
        self._hub = hub
        self._check = check
        self._interval_s = 1 / venue.settings.stream_updates_per_s
        self._has_work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._thread: ThreadPoolExecutor | None = None

    def on_batch(self, batch: Batch) -> None:
        """Note what a batch has touched."""
        touched = self._hub.touched
        if touched.is_watched:
            touched.on_batch(batch)
            self._has_work.set()

    def start(self) -> None:
        """Run, unless it runs already."""
        if not self._tasks:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="streams")
            self._tasks = [asyncio.create_task(self._pace()), asyncio.create_task(self._keep())]

    async def close(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._thread is not None:
            self._thread.shutdown()

    # ----------------------------------------------------------------------------------------- rounds

    async def _pace(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wait_for_work()
            began = loop.time()
            try:
                await self._round()
            except PricetimeError as error:
                _log.warning("the streams stand still: the views cannot be read", error=str(error))
                await asyncio.sleep(_KEEP_EVERY_S)
                self._has_work.set()
            except Exception:  # noqa: BLE001 - one round that fails must not end the streams
                _log.exception("a round of the streams failed; the next one tries again")
                await asyncio.sleep(_KEEP_EVERY_S)
                self._has_work.set()
            took = loop.time() - began
            await self._rest(max(took, _SHORTEST_S), max(took, self._interval_s - took))

    async def _wait_for_work(self) -> None:
        hub = self._hub
        while not (self._has_work.is_set() or hub.is_asked.is_set()):
            await self._either(self._interval_s if hub.stale else None)
            hub.refresh_stale()
        self._has_work.clear()
        hub.is_asked.clear()

    async def _either(self, timeout_s: float | None) -> None:
        """Wait until there is work or somebody asks."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._has_work, self._hub.is_asked)]
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    async def _rest(self, least_s: float, most_s: float) -> None:
        """Let time pass; who subscribes does not wait for all of it."""
        await asyncio.sleep(least_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, most_s - least_s)):
                await self._hub.is_asked.wait()

    async def _round(self) -> None:
        hub, sequencer = self._hub, self._venue.sequencer
        with suppress(ViewsBehind):
            await self._venue.progress.wait_for(sequencer.published, self._interval_s)
        hub.refresh_stale()
        while True:
            work = hub.touched.take(sequencer.published)
            due = [
                (channel, tuple(channel.waiting), channel.complete_from > hub.position)
                for channel in hub.due(work)
            ]
            if not due:
                hub.touched.settle(self._venue.progress.position)
                return
            position, looks = await self._in_thread(work, due)
            if position <= work.event:
                break
            await self._told_of(position)
        if position < hub.position:  # the views are being made anew: they will be back
            self._has_work.set()
            raise ViewsBehind("The views are being made anew. The streams go on when they have caught up.")
        hub.touched.settle(position)
        if position < work.event or any(channel.waiting for channel, _, _ in due):
            self._has_work.set()
        await hub.publish(position, looks)

    async def _told_of(self, position: int) -> None:
        """Return when the loop knows of all that the views show; the disk is ahead of it by a moment."""
        while self._venue.sequencer.published < position:
            self._has_work.clear()
            await self._has_work.wait()

    async def _in_thread(self, work: Work, due: Due) -> tuple[int, list[Look]]:
        now_ns = self._venue.clock.now_ns()
        loop = asyncio.get_running_loop()
        views = self._venue.reader.views
        return await loop.run_in_executor(self._thread, lambda: self._look(views, now_ns, work, due))

    def _look(self, views: Views, now_ns: int, work: Work, due: Due) -> tuple[int, list[Look]]:
        def query() -> tuple[int, list[Look]]:
            name_of = self._venue.stocks.name_of
            moment = Moment(views, name_of, now_ns, work.stocks, work.orders, work.event)
            if moment.position > work.event:
                return moment.position, []
            return moment.position, [
                channel.look(moment, waiting, anew=anew) for channel, waiting, anew in due
            ]

        return views.at_once(query)

    # ----------------------------------------------------------------------------------------- keeping

    async def _keep(self) -> None:
        hub, settings, loop = self._hub, self._venue.settings, asyncio.get_running_loop()
        next_beat = loop.time() + settings.stream_heartbeat_s
        while True:
            await asyncio.sleep(_KEEP_EVERY_S)
            try:
                self._check()
                hub.drop_unused(settings.stream_keep_s)
                self._ask_for_a_new_day()
                if loop.time() >= next_beat:
                    next_beat = loop.time() + settings.stream_heartbeat_s
                    await self._beat()
            except Exception:  # noqa: BLE001 - as above
                _log.exception("keeping the streams failed; it is tried again")

    def _ask_for_a_new_day(self) -> None:
        """Have the prices told anew where a day is over: what was traded in it is no longer shown."""
        day = self._venue.clock.now_ns() // DAY_NS
        for channel in self._hub.channels.values():
            if channel.key.kind == "prices" and channel.state is not None and channel.state.day != day:
                channel.complete_from = self._hub.position + 1
                self._hub.is_asked.set()

    async def _beat(self) -> None:
        """Tell everybody that the connection lives. Who does not read has it from what waits there."""
        position = self._venue.progress.position
        lag = max(0, self._venue.sequencer.published - position)
        body = Heartbeat(number=position, time=time_us(self._venue.clock.now_ns()), views_lag=lag)
        message = Message("heartbeat", body)
        limit = self._venue.settings.stream_buffer_limit
        for count, listener in enumerate(tuple(self._hub.listeners), 1):
            if not listener.has_ended and listener.unsent <= limit:
                listener.send(message)
                listener.flush(self._hub.position)
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
