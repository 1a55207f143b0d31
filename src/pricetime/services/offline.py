"""What is done to a venue's folder from outside the server: look, check, replay, rebuild, add a first admin.

Reading works while a venue runs in the folder. ``rebuild_views`` takes the journal's lock, so that no venue
runs meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from pathlib import Path

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.mongo_accounts import MongoAccounts
from pricetime.adapters.passwords import BcryptHasher
from pricetime.identity import add_pending_admin
from pricetime.ports import Accounts, Batch, Journal, PendingUser
from pricetime.runtime import check as checks
from pricetime.runtime.implementations import pick
from pricetime.runtime.recovery import ProgressCallback, batches_after
from pricetime.services.check_rows import RowsCheck
from pricetime.services.databases import connected
from pricetime.services.folder import DataFolder
from pricetime.services.parts_check import check_parts
from pricetime.services.topology.database import database_of
from pricetime.settings import Settings
from pricetime.views import rebuild


@contextmanager
def open_journal(settings: Settings) -> Iterator[Journal]:
    """Open the journal of ``settings.data`` for reading; JournalError where there is none."""
    with closing(_folder(settings).journal()) as journal:
        yield journal


def _folder(settings: Settings) -> DataFolder:
    return DataFolder(Path(settings.data))


def batches(journal: Journal) -> Iterator[Batch]:
    """Yield every batch, verified; JournalTorn and JournalTampered name the one that breaks the chain."""
    return batches_after(journal, None)


def check_venue(settings: Settings, progress: ProgressCallback, note: Callable[[str], None]) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with the data; ``note`` is told what was not compared.

    The venue is that in MongoDB, where ``mongo_url`` names one or `pricetime up` keeps one in the folder.
    """
    with database_of(settings) as there:
        if there.mongo_url:
            yield from _one_by_one(check_parts(there, progress, note))
        else:
            yield from _check_folder(settings, progress, note)


def _one_by_one(findings: AsyncIterator[str]) -> Iterator[str]:
    """Yield each finding as soon as it is found."""

    async def following() -> str | None:
        return await anext(findings, None)

    with asyncio.Runner() as runner:
        while (finding := runner.run(following())) is not None:
            yield finding


def _check_folder(
    settings: Settings, progress: ProgressCallback, note: Callable[[str], None]
) -> Iterator[str]:
    folder = _folder(settings)
    with ExitStack() as stack:
        journal = stack.enter_context(closing(folder.journal()))
        snapshots = folder.snapshots()
        views = on_batch = None
        if not folder.has_views():
            note("there are no views to compare; `pricetime rebuild` makes them")
        else:
            held = stack.enter_context(closing(folder.views_check()))
            if held.is_of_this_format():
                views = stack.enter_context(closing(folder.views()))
                on_batch = RowsCheck(held).take_in
            else:
                note("the views are of another version and were not compared; the next start makes them anew")
        damage = [*journal.damage(), *snapshots.damage()]
        venue_type = pick(settings.core)
        yield from checks.check(
            journal,
            snapshots,
            views,
            venue_type,
            damage=damage,
            on_batch=on_batch,
            progress=progress,
            note=note,
        )


def replay_venue(settings: Settings, progress: ProgressCallback) -> checks.Replayed:
    """Replay the journal from its first batch and from a snapshot, and return where both end; CheckFailed."""
    with open_journal(settings) as journal:
        snapshots = _folder(settings).snapshots()
        return checks.verify_replay(journal, snapshots, pick(settings.core), progress=progress)


def rebuild_views(settings: Settings, progress: ProgressCallback) -> int:
    """Make the views anew from the journal and return the last event that they hold; JournalBusy."""
    folder = _folder(settings)
    with open_journal(settings):
        pass  # there is a venue, and making its journal would not be a rebuild
    with closing(folder.journal_for_writing()) as journal, folder.views_for_writing() as store:
        last = journal.last()
        goal = last.last_event if last else 0
        return rebuild(
            journal,
            store,
            lambda position: progress(position, goal),
            batch_limit=settings.view_batch_limit,
        )


def create_admin(settings: Settings, user_name: str, password: str, name: str) -> PendingUser:
    """Make an administrator, whether or not a venue runs: in ``settings.data`` or in MongoDB."""

    async def create(there: Settings) -> PendingUser:
        async with AsyncExitStack() as stack:
            accounts = await _accounts(stack, there)
            hasher = stack.enter_context(
                closing(BcryptHasher(cost=settings.bcrypt_cost, workers=1, queue_limit=1))
            )
            return await add_pending_admin(
                accounts,
                hasher,
                SystemClock(),
                user_name=user_name,
                password=password,
                name=name,
                min_length=settings.password_min_length,
            )

    with database_of(settings) as there:
        return asyncio.run(create(there))


async def _accounts(stack: AsyncExitStack, settings: Settings) -> Accounts:
    if not settings.mongo_url:
        folder = _folder(settings)
        folder.make()
        return stack.enter_context(closing(folder.accounts()))
    mongo = connected(settings)
    stack.push_async_callback(mongo.close)
    await mongo.prepare()
    return MongoAccounts(mongo.database)
