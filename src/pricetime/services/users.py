"""Users and sessions, put together: the same for a venue in one process and for its services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from pricetime.adapters.passwords import BcryptHasher
from pricetime.adapters.tokens import Ed25519Signer
from pricetime.errors import RuleError
from pricetime.identity import Identity
from pricetime.ports import Accounts, Clock, Registrations
from pricetime.records import Reason, iter_events
from pricetime.services.folder import DataFolder
from pricetime.settings import Settings


def new_identity(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    accounts: Accounts,
    open_new: Callable[[str], Awaitable[bytes]],
    registrations: Registrations | None = None,
) -> Identity:
    """Return the identity over ``accounts``; ``open_new(request)`` opens an account, for its events."""
    hasher = BcryptHasher(
        cost=settings.bcrypt_cost, workers=settings.bcrypt_workers, queue_limit=settings.bcrypt_queue_limit
    )
    stack.callback(hasher.close)

    async def account(request: str) -> int:
        opened = next(iter_events(await open_new(request)))
        if opened.reason:
            raise RuleError(Reason(opened.reason))
        return opened.account

    return Identity(
        accounts=accounts,
        hasher=hasher,
        signer=Ed25519Signer(DataFolder(Path(settings.data)).keys),
        clock=clock,
        settings=settings,
        open_account=account,
        registrations=registrations,
    )
