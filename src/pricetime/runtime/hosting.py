"""What a host hosts: its share of the partitions, by who lives.

::

    sign of life ──> who lives? ──> placement ──> start what is newly mine, end what is not
         ^                                                                 │
         └───────────────────────── a heartbeat ───────────────────────────┘

Failover, moving and scaling are this one loop. Invariants:

1. Nothing here keeps two hosts apart: the journal's fence does, or whatever the hosted thing has for one.
   Here it is only seen to that there is one for each partition soon.
2. A partition that goes to another host is served until that one says that it stands by, or for
   ``hand_over_s`` at most. So one that moves is hardly missed.
3. Without presence, one keeps what one has.
4. What fails is started again after growing, bounded pauses; what was fenced gives way at once, and starts
   again only if it is still to be here.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, Final

import structlog

from pricetime.errors import JournalFenced, PresenceFailed, PricetimeError, ViewsFenced
from pricetime.ports import Clock, Presence, Sign
from pricetime.rules.partitions import Address
from pricetime.runtime.living import Living
from pricetime.runtime.pauses import Pauses
from pricetime.runtime.placement import placement

_SECOND_NS: Final = 1_000_000_000
_log = structlog.get_logger(__name__)


class Counters:
    """What a host tells of itself beside what it hosts."""

    def __init__(self) -> None:
        self.batches = 0
        self.records = 0
        self.lag_s = 0.0
        """How old the oldest input of the newest batch was when it was journaled."""
        self.queues: list[Callable[[], int]] = []
        """Each tells how many messages of a queue have come here and are not done with."""

    @property
    def waiting(self) -> int:
        """How many messages have come and wait."""
        return sum(count() for count in self.queues)


class Hosting:
    """Hosts a share of ``addresses``, with all living hosts of its ``kind``.

    ``host`` serves one partition until it fails or is cancelled; then it ends what it has begun, lets go of
    it, and raises CancelledError. ``stands_by`` tells whether it would serve at once if nobody else did;
    until then whoever has the partition keeps it.
    """

    def __init__(
        self,
        presence: Presence,
        kind: str,
        name: str,
        addresses: Collection[Address],
        host: Callable[[Address], Coroutine[Any, Any, None]],
        *,
        heartbeat_s: float,
        clock: Clock,
        lifetime_s: float = 2.5,
        pause_s: float = 0.1,
        pause_max_s: float = 3.0,
        hand_over_s: float = 10.0,
        stands_by: Callable[[Address], bool] = lambda _: True,
        counters: Counters | None = None,
    ) -> None:
        self.kind = kind
        self.name = name
        self.counters = counters or Counters()
        self._presence = presence
        self._addresses = {str(address): address for address in addresses}
        self._host = host
        self._heartbeat_s = heartbeat_s
        self._clock = clock
        self._pause_s = pause_s
        self._pause_max_s = pause_max_s
        self._hand_over_s = hand_over_s
        self._stands_by = stands_by
        self._living = Living(lifetime_s)
        self._hosted: dict[Address, asyncio.Task[None]] = {}
        self._let_go: dict[Address, float] = {}
        self._mine: frozenset[Address] = frozenset()
        self._ending: set[Address] = set()
        self._beating = asyncio.Lock()
        self._is_leaving = False
        self._look = asyncio.Event()
        self._left = asyncio.Event()
        self.is_presence_there = False

    @property
    def owned(self) -> tuple[Address, ...]:
        """What is hosted now, also what is on its way out."""
        return tuple(sorted(self._hosted))

    async def run(self) -> None:
        """Give signs of life and host what is to be hosted, until ``stop``."""
        while not self._left.is_set():
            await self.beat()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._heartbeat_s):
                    await self._look.wait()
            self._look.clear()

    async def stop(self) -> None:
        """Leave: hand over or end all that is hosted, then say that one is gone."""
        self._is_leaving = True
        while self._hosted:
            await self.beat()
            if self._hosted:
                await asyncio.wait(self._hosted.values(), timeout=self._heartbeat_s)
        self._left.set()
        self._look.set()
        with contextlib.suppress(PresenceFailed):
            await self._presence.leave(self.kind, self.name)

    async def beat(self) -> None:
        """Give a sign of life, see who lives, and start and end what follows from that."""
        async with self._beating:
            if not self._left.is_set():
                await self._beat()

    async def _beat(self) -> None:
        try:
            is_drained = await self._presence.is_drained(self.kind, self.name)
            await self._presence.give(self._sign(is_leaving=self._is_leaving or is_drained))
            signs = self._living.hear(await self._presence.living(self.kind), self._now_s())
        except PresenceFailed as error:
            if self.is_presence_there:
                _log.warning("who lives cannot be told; what is hosted stays", error=str(error))
            self.is_presence_there = False
            self._living.away()
            self._arrange(self._mine if not self._is_leaving else frozenset(), {})
            return
        self.is_presence_there = True
        self._see(signs)

    def _see(self, signs: Sequence[Sign]) -> None:
        """Place the partitions on those who live and do not leave."""
        hosts = [sign.name for sign in signs if not sign.is_leaving]
        placed = placement(self._addresses.values(), hosts)
        mine = frozenset(address for address, name in placed.items() if name == self.name)
        has = {sign.name: set(sign.partitions) for sign in signs}
        elsewhere = {
            address: str(address) in has[name] for address, name in placed.items() if name != self.name
        }
        self._arrange(mine, elsewhere)

    def _arrange(self, mine: frozenset[Address], elsewhere: dict[Address, bool]) -> None:
        """Start what is newly mine; end what has another host, once that one stands by or has had the time.

        What has no host at all, because all leave, ends at once.
        """
        self._mine = mine
        now_s = self._now_s()
        for address in sorted(mine):
            self._let_go.pop(address, None)
            if address not in self._hosted:
                self._start(address)
        for address, task in self._hosted.items():
            if address in mine or address in self._ending:
                continue
            since_s = self._let_go.setdefault(address, now_s)
            is_over = now_s - since_s >= self._hand_over_s
            if elsewhere.get(address, True) or is_over:
                self._ending.add(address)  # once, for a second cancellation would not let it finish
                task.cancel()

    def _start(self, address: Address) -> None:
        task = asyncio.create_task(self._keep(address), name=f"host of {address}")
        self._hosted[address] = task
        task.add_done_callback(lambda _: self._ended(address))
        self._look.set()  # so that whoever had it learns at once that it is here

    def _ended(self, address: Address) -> None:
        del self._hosted[address]
        self._let_go.pop(address, None)
        self._ending.discard(address)
        self._look.set()

    async def _keep(self, address: Address) -> None:
        """Host one partition until it is to end here."""
        pauses = Pauses(self._pause_s, self._pause_max_s)
        log = _log.bind(partition=str(address))
        log.info("hosting")
        while True:
            began_s = self._now_s()
            try:
                await self._host(address)
            except asyncio.CancelledError:
                log.info("let go")
                return
            except (JournalFenced, ViewsFenced):
                log.info("another host has it")
                return
            except PricetimeError as error:
                log.warning("hosting failed", error=str(error))
            except Exception:
                log.exception("hosting failed")
            if address in self._ending:  # and it has failed at that
                return
            if self._now_s() - began_s > self._pause_max_s:
                pauses.reset()
            try:
                await asyncio.sleep(pauses.next_s())
            except asyncio.CancelledError:
                return

    def _sign(self, *, is_leaving: bool) -> Sign:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return Sign(
            self.kind,
            self.name,
            is_leaving,
            tuple(str(address) for address in self.owned if self._stands_by(address)),
            self.counters.batches,
            self.counters.records,
            usage.ru_utime + usage.ru_stime,
            self._clock.now_ns(),
            self.counters.lag_s,
            self.counters.waiting,
        )

    def _now_s(self) -> float:
        return self._clock.now_ns() / _SECOND_NS


async def until_cancelled(run: Coroutine[Any, Any, None], stop: Callable[[], None]) -> None:
    """Await ``run``; when cancelled, ``stop`` it, await its end and only then be cancelled.

    A second cancellation ends it at once.
    """
    task = asyncio.ensure_future(run)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        stop()
        try:
            await task
        finally:
            task.cancel()
        raise
