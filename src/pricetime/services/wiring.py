"""The embedded venue, put together from its adapters.

::

    1 folder ─> 2 journal (locked) ─> 3 recover ─> 4 sequencer ─> 5 views follow ─> 6 users ─> services

Everything is released in the opposite order, whatever made it stop: no more commands are taken, those
taken are answered, the views end, a last snapshot is written, the files are closed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from pricetime.adapters.clock import SystemClock
from pricetime.api.guards.rates import Rates
from pricetime.api.page import read_page
from pricetime.api.services import Services, StockDirectory
from pricetime.errors import SnapshotError
from pricetime.ports import Batch, Clock, Journal, Snapshots
from pricetime.records.commands import Limits, open_account, set_limits
from pricetime.runtime import Progress, Reader, Sequencer
from pricetime.runtime.implementations import name_of, pick, sentence_on
from pricetime.runtime.recovery import recover
from pricetime.runtime.snapshotting import Snapshotting
from pricetime.runtime.venue import Venue
from pricetime.runtime.verification import Verification
from pricetime.services.folder import DataFolder
from pricetime.services.snapshotter import command_for
from pricetime.services.users import new_identity
from pricetime.services.view_process import ViewProcess
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

_READER_THREADS: Final = 2
_PROGRESS_EVERY_S: Final = 2.0
_log = structlog.get_logger("pricetime.venue")


@asynccontextmanager
async def open_venue(settings: Settings) -> AsyncIterator[Services]:
    """Run the embedded venue in ``settings.data`` while the context lasts.

    Raises SettingError, JournalBusy, JournalTampered, JournalTorn and the like: each says what to do.
    """
    folder = DataFolder(Path(settings.data))
    folder.make()
    started_ns = time.time_ns()
    venue_type = pick(settings.core)
    page = read_page(settings.page)
    _log.info(sentence_on(settings.core))
    _log.info(page.sentence)
    clock, metrics = SystemClock(), Metrics()
    async with AsyncExitStack() as stack:
        journal = folder.journal_for_writing()
        stack.callback(journal.close)
        snapshots = folder.snapshots()
        venue, last, snapshot = await asyncio.to_thread(_recovered, journal, snapshots, venue_type)
        sequencer = await _sequencer(stack, settings, clock, venue, journal, last, snapshots)
        _take_snapshots(stack, settings, folder, sequencer, snapshot)
        progress, reader, views = await _views(stack, settings, folder, sequencer)
        await _set_limits(settings, venue, sequencer)
        accounts = folder.accounts(
            queue_limit=settings.accounts_queue_limit, users_cached=settings.users_cached
        )
        stack.callback(accounts.close)
        identity = new_identity(
            stack,
            settings,
            clock,
            accounts,
            lambda request: sequencer.submit(open_account().pack(), request=request),
        )
        await identity.start()
        stocks = StockDirectory(accounts, clock)
        await stocks.load()
        _measure(metrics, sequencer, progress)
        yield Services(
            settings=settings,
            clock=clock,
            sequencer=sequencer,
            journal=journal,
            verification=_verification(stack, journal, sequencer),
            reader=reader,
            progress=progress,
            identity=identity,
            accounts=accounts,
            stocks=stocks,
            metrics=metrics,
            page=page,
            rates=Rates(settings),
            views_alive=views.is_alive,
            hosts=None,
            rules=name_of(venue_type),
            started_ns=started_ns,
        )
        _log.info("stopping", waiting=sequencer.queued)


def _recovered(
    journal: Journal, snapshots: Snapshots, venue_type: type[Venue]
) -> tuple[Venue, Batch | None, int]:
    """Return the venue, the journal's last batch, and the sequence of the snapshot that made a beginning."""
    began = reported = time.monotonic()
    snapshot: int | None = None

    def progress(done: int, goal: int) -> None:
        nonlocal reported, snapshot
        snapshot = done if snapshot is None else snapshot
        if time.monotonic() - reported > _PROGRESS_EVERY_S:
            reported = time.monotonic()
            _log.info("replaying the journal", commands=done, of=goal)

    venue, last = recover(journal, snapshots, venue_type, progress=progress)
    seconds = round(time.monotonic() - began, 3)
    _log.info("recovered", commands=venue.sequence, events=venue.event_number, seconds=seconds)
    return venue, last, snapshot or 0


async def _sequencer(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    venue: Venue,
    journal: Journal,
    last: Batch | None,
    snapshots: Snapshots,
) -> Sequencer:
    sequencer = Sequencer(
        venue,
        journal,
        clock,
        last=last,
        queue_limit=settings.queue_limit,
        batch_limit=settings.batch_limit,
    )
    await sequencer.start()
    stack.push_async_callback(_stop, sequencer, snapshots, sequencer.sequence)
    return sequencer


async def _stop(sequencer: Sequencer, snapshots: Snapshots, sequence_at_start: int) -> None:
    """Answer what was taken, then keep the state, so that the next start has nothing to replay."""
    await sequencer.stop()
    if sequencer.state != "stopping" or sequencer.sequence == sequence_at_start:
        return
    try:
        await asyncio.to_thread(lambda: snapshots.save(sequencer.snapshot()))
    except SnapshotError as error:
        _log.warning("no last snapshot", error=str(error))


def _take_snapshots(
    stack: AsyncExitStack,
    settings: Settings,
    folder: DataFolder,
    sequencer: Sequencer,
    after: int,
) -> None:
    snapshotting = Snapshotting(command_for(folder.path), every=settings.snapshot_every, after=after)
    sequencer.on_batch.append(snapshotting.count)
    stack.push_async_callback(snapshotting.stop)


async def _views(
    stack: AsyncExitStack, settings: Settings, folder: DataFolder, sequencer: Sequencer
) -> tuple[Progress, Reader, ViewProcess]:
    progress = Progress()
    process = ViewProcess(
        folder,
        batch_limit=settings.view_batch_limit,
        log_level=settings.log_level,
        progress=progress,
    )
    await process.start()
    stack.push_async_callback(process.stop)
    sequencer.on_batch.append(lambda batch: process.wake(batch.last_event))
    views = folder.views()
    stack.callback(views.close)
    reader = Reader(views, sequencer, progress, wait_s=settings.view_wait_ms / 1_000, threads=_READER_THREADS)
    stack.callback(reader.close)
    return progress, reader, process


async def _set_limits(settings: Settings, venue: Venue, sequencer: Sequencer) -> None:
    """Tell the rules the limits of this process's settings, as a command like any other."""
    limits = Limits(
        open_orders=settings.open_orders_limit,
        client_ids=settings.client_ids_remembered,
        orders=settings.orders_limit,
        accounts=settings.accounts_limit,
        stocks=settings.stocks_limit,
    )
    if venue.limits != limits:
        await sequencer.submit(set_limits(*limits).pack())


def _verification(stack: AsyncExitStack, journal: Journal, sequencer: Sequencer) -> Verification:
    verification = Verification(journal, lambda: sequencer.head)
    stack.push_async_callback(verification.stop)
    return verification


def _measure(metrics: Metrics, sequencer: Sequencer, progress: Progress) -> None:
    def lag() -> float:
        return max(0, sequencer.published - progress.position)

    counters: dict[str, tuple[str, Callable[[], float]]] = {
        "pricetime_commands": ("Commands made durable.", lambda: sequencer.sequence),
        "pricetime_events": ("Events made durable.", lambda: sequencer.published),
        "pricetime_batches": ("Batches written to the journal.", lambda: sequencer.batches),
    }
    for name, (meaning, read) in counters.items():
        metrics.counter(name, meaning, read)
    metrics.gauge("pricetime_queued_commands", "Commands that wait for an answer.", lambda: sequencer.queued)
    metrics.gauge("pricetime_views_lag_events", "Events that the views are behind.", lag)
    metrics.gauge("pricetime_running", "1 while orders are taken.", lambda: sequencer.state == "running")
