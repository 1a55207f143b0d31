"""An API service, put together: auth, orders, portfolio, market or stream. They differ in endpoints only.

::

    1 database ─> 2 numbers of its own ─> 3 dispatcher ─> 4 broker ─> 5 users ─> services

Everything is released in the opposite order: no more commands are taken, those taken are answered as far
as that goes, the connections are closed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import structlog

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.copied_views import CopiedViews
from pricetime.adapters.mongo import Mongo, failing_as
from pricetime.adapters.mongo_accounts import MongoAccounts
from pricetime.adapters.mongo_partitions import MongoNumbers, MongoPartitionJournal
from pricetime.adapters.mongo_schema import STOCK_NAMES
from pricetime.adapters.mongo_slots import MongoSlot
from pricetime.adapters.mongo_views_schema import POSITIONS
from pricetime.adapters.redis_client import connect_redis, connect_redis_for_threads
from pricetime.adapters.redis_copies import Copies
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.adapters.redis_registrations import RedisRegistrations
from pricetime.adapters.redis_revocations import RedisRevocations, Revocation
from pricetime.api.guards.rates import Rates
from pricetime.api.page import read_page
from pricetime.api.services import Services, StockDirectory
from pricetime.api.shares import OWN, service_of
from pricetime.api.table import ENDPOINTS
from pricetime.errors import DatabaseFailed, PricetimeError
from pricetime.identity import Identity
from pricetime.ports import Notice
from pricetime.records.commands import open_account
from pricetime.records.frames import FRAME_BYTES
from pricetime.records.routing import Address, Room, Topology
from pricetime.runtime import Progress, Reader
from pricetime.runtime.dispatcher import Dispatcher
from pricetime.runtime.heard import HeardJournal
from pricetime.runtime.hosts import Hosts
from pricetime.runtime.implementations import picked
from pricetime.runtime.notices import notice_of
from pricetime.runtime.numbering import Sequences, first_position
from pricetime.runtime.partition_verification import PartitionVerification
from pricetime.services.broker import Broker
from pricetime.services.broker_link import BrokerLink
from pricetime.services.process import ServiceProcess
from pricetime.services.run import serve_app
from pricetime.services.share import prepared
from pricetime.services.shared_counts import SharedCounts
from pricetime.services.users import new_identity
from pricetime.telemetry import Metrics

_PATIENCE_S: Final = 10.0
_RELOAD_S: Final = 2.0
_READER_THREADS: Final = 8
_MISSED_AT_ONCE: Final = 100
_END_S: Final = 1.0
_log = structlog.get_logger(__name__)


class _ToldAccounts(MongoAccounts):
    """Users whose revocations are told to every service before the answer."""

    revocations: RedisRevocations

    async def revoke_token(self, token_id: str, expires_ns: int) -> None:
        """Store and tell."""
        await super().revoke_token(token_id, expires_ns)
        await self.revocations.tell_session(token_id, expires_ns)

    async def set_password_hash(self, account: int, password_hash: bytes, valid_from_ns: int | None) -> None:
        """Store and tell."""
        await super().set_password_hash(account, password_hash, valid_from_ns)
        if valid_from_ns is not None:
            await self.revocations.tell_account(account, valid_from_ns)

    async def set_role(self, account: int, role: str, valid_from_ns: int) -> None:
        """Store and tell."""
        await super().set_role(account, role, valid_from_ns)
        await self.revocations.tell_account(account, valid_from_ns)

    async def set_disabled(self, account: int, disabled: bool, valid_from_ns: int) -> None:
        """Store and tell."""
        await super().set_disabled(account, disabled, valid_from_ns)
        await self.revocations.tell_account(account, valid_from_ns)


async def serve(process: ServiceProcess) -> None:
    """Serve a share of the API until the process is to stop."""
    async with AsyncExitStack() as stack:
        services = await _Opening(stack, process).services()
        await serve_app(
            services,
            [row for row in ENDPOINTS if row.path in OWN or service_of(row.path) == process.name],
            process.listener,
            process.tell_ready,
            certificates=process.certificates,
        )
        _log.info("stopping", waiting=services.sequencer.queued)


class _Opening:
    """Opens one thing after the other; ``stack`` releases them."""

    def __init__(self, stack: AsyncExitStack, process: ServiceProcess) -> None:
        self._stack = stack
        self._process = process
        self._settings = process.settings
        self._clock = SystemClock()
        self._mongo = Mongo.connect(process.settings, process.certificates)
        stack.push_async_callback(self._mongo.close)
        self._mongo.measure(process.metrics)
        self._numbers = MongoNumbers(self._mongo.database)
        self._redis = connect_redis(process.settings, process.certificates)
        stack.push_async_callback(self._redis.aclose)

    async def services(self) -> Services:
        """Return what the endpoints need."""
        started_ns, settings, metrics = time.time_ns(), self._settings, self._process.metrics
        topology = await self._process.once_there("the database", lambda: prepared(self._mongo, settings))
        dispatcher = await self._process.once_there("the database", lambda: self._dispatcher(topology))
        link = await self._link(dispatcher)
        progress = Progress(dispatcher.published)
        dispatcher.on_batch.append(lambda batch: progress.advance(batch.last_event))
        accounts = _ToldAccounts(self._mongo.database)
        identity = self._identity(accounts, dispatcher)
        await self._share_revocations(accounts, identity)
        stocks = StockDirectory(accounts, self._clock, _names_in(self._mongo))
        await self._process.once_there("the database", stocks.load)
        verification = PartitionVerification(topology.addresses(), self._journal)
        self._stack.push_async_callback(verification.stop)
        rates = Rates(settings)
        counts = SharedCounts(self._redis, self._clock, rates, identity.lockouts)
        self._run(counts.run(settings.rate_share_ms / 1_000))
        if self._process.name == "auth":
            self._run(self._complete_pending(identity))
        _measure(metrics, dispatcher, link)
        return Services(
            settings=settings,
            clock=self._clock,
            sequencer=dispatcher,
            journal=dispatcher.heard,
            verification=verification,
            reader=self._reader(dispatcher, progress),
            progress=progress,
            identity=identity,
            accounts=accounts,
            stocks=stocks,
            metrics=metrics,
            page=read_page(settings.page),
            rates=rates,
            views_alive=link.connected.is_set,
            hosts=Hosts(RedisPresence(self._redis, settings.heartbeat_lifetime_ms), topology),
            rules=f"{picked(settings.core)}, in parts",
            started_ns=started_ns,
        )

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the requests, until the stack is released; where it fails, end the process.

        Without it the service would seem to live, and whoever watches it starts another.
        """
        task = asyncio.create_task(work)

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                self._process.fail(error)

        async def end() -> None:
            while not task.done():
                task.cancel()  # again and again, for a library may lose it
                await asyncio.wait({task}, timeout=_END_S)

        task.add_done_callback(ended)

        self._stack.push_async_callback(end)

    def _journal(self, partition: Address) -> MongoPartitionJournal:
        return MongoPartitionJournal(self._mongo.database, partition)

    # ---------------------------------------------------------------------- commands and their answers

    async def _dispatcher(self, topology: Topology) -> Dispatcher:
        settings, clock = self._settings, self._clock
        address = Address(Room.SERVICE, await self._numbers.next("service"))
        slot = MongoSlot(self._mongo.database, clock)
        await slot.claim()
        self._stack.push_async_callback(slot.give_back)
        self._run(slot.keep())
        dispatcher = Dispatcher(
            address,
            topology,
            Sequences(slot.number, clock),
            clock,
            HeardJournal(first_position(slot.number, clock.now_ns()), settings.heard_bytes),
            missed=self._missed,
            held=lambda: self._held(topology),
            may_number=lambda: slot.is_held,
            queue_limit=settings.queue_limit,
            answer_wait_s=settings.request_timeout_s,
            batch_bytes=settings.feed_message_limit - FRAME_BYTES,
        )
        self._run(dispatcher.sweep())
        self._run(dispatcher.keep_up())
        return dispatcher

    async def _missed(self, partition: Address, after: int) -> list[Notice]:
        batches = await self._journal(partition).read(after, _MISSED_AT_ONCE)
        return [notice_of(batch) for batch in batches]

    async def _held(self, topology: Topology) -> dict[Address, int]:
        """Return the last batch of each partition that the views hold, and no copy lacks any more."""
        with failing_as(DatabaseFailed):
            positions = await self._mongo.database[POSITIONS].find({}, {"batch": True}).to_list()
        await asyncio.sleep(self._settings.copy_ms / 1_000)
        held = {position["_id"]: int(position["batch"]) for position in positions}
        return {address: held[str(address)] for address in topology.addresses() if str(address) in held}

    async def _link(self, dispatcher: Dispatcher) -> BrokerLink:
        broker = Broker(self._settings, self._process.certificates, None)
        broker.measure(self._process.metrics)
        self._stack.push_async_callback(broker.close)
        link = BrokerLink(broker, dispatcher, self._settings)
        self._run(link.run())
        await self._process.once_there("the broker", link.wait)
        self._stack.push_async_callback(dispatcher.stop, _PATIENCE_S)
        return link

    def _reader(self, dispatcher: Dispatcher, progress: Progress) -> Reader:
        redis = connect_redis_for_threads(self._settings, self._process.certificates)
        self._stack.callback(redis.close)
        copies = Copies(redis, self._settings.copy_ms)
        metrics = self._process.metrics
        metrics.counter("pricetime_copies_used", "Reads answered by Redis.", lambda: copies.hits)
        metrics.counter(
            "pricetime_copies_made", "Reads answered by MongoDB, and copied.", lambda: copies.misses
        )
        reader = Reader(
            CopiedViews(self._mongo.sync_database, copies, self._settings.history_read_preference),
            dispatcher,
            progress,
            wait_s=self._settings.view_wait_ms / 1_000,
            threads=_READER_THREADS,
            blocks=True,
        )
        self._stack.callback(reader.close)
        return reader

    # -------------------------------------------------------------------------------- users, sessions

    def _identity(self, accounts: MongoAccounts, dispatcher: Dispatcher) -> Identity:
        settings = self._settings

        async def open_new(request: str) -> bytes:
            opening = open_account(await self._numbers.next("account")).pack()
            return await dispatcher.submit(opening, request=request)

        return new_identity(
            self._stack,
            settings,
            self._clock,
            accounts,
            open_new,
            registrations=RedisRegistrations(self._redis, settings.registrations_waiting_limit),
        )

    async def _share_revocations(self, accounts: _ToldAccounts, identity: Identity) -> None:
        def hear(revocation: Revocation) -> None:
            if revocation.session_id:
                identity.note_revoked(revocation.session_id, revocation.until_ns)
            if revocation.account:
                identity.note_valid_from(revocation.account, revocation.valid_from_ns)

        async def reload() -> None:
            while True:
                await asyncio.sleep(_RELOAD_S)
                with suppress(PricetimeError):
                    await identity.reload()

        accounts.revocations = RedisRevocations(self._redis, hear)
        self._run(accounts.revocations.listen())
        await self._process.once_there("the database", identity.reload)
        self._run(reload())

    async def _complete_pending(self, identity: Identity) -> None:
        """Give users who wait their accounts, whenever database and ledgers answer.

        They were made by an operator, or have registered while the database was away.
        """
        is_told = False
        while True:
            try:
                await identity.complete_pending()
                is_told = False
            except PricetimeError as error:
                if not is_told:
                    _log.warning("pending users wait", error=str(error))
                is_told = True
            await asyncio.sleep(_RELOAD_S)


def _names_in(mongo: Mongo) -> Callable[[int], str | None]:
    names = mongo.sync_database[STOCK_NAMES]

    def look_up(stock: int) -> str | None:
        row = names.find_one({"stock": stock})
        return None if row is None else str(row["_id"])

    return look_up


def _measure(metrics: Metrics, dispatcher: Dispatcher, link: BrokerLink) -> None:
    metrics.counter("pricetime_commands", "Commands answered.", lambda: dispatcher.answered)
    metrics.counter("pricetime_notices", "Notices heard.", lambda: dispatcher.batches)
    metrics.gauge("pricetime_queued_commands", "Commands that wait for an answer.", lambda: dispatcher.queued)
    metrics.gauge("pricetime_running", "1 while the broker is connected.", link.connected.is_set)
