"""An identity over real parts: bcrypt at its lowest cost, Ed25519 tokens, and a clock set by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pricetime.adapters.memory_accounts import MemoryAccounts
from pricetime.adapters.passwords import BcryptHasher
from pricetime.adapters.tokens import Ed25519Signer
from pricetime.identity import Identity, Session
from pricetime.ports import AuditEntry, User
from pricetime.settings import Settings

SECOND_NS = 1_000_000_000
NEW_YEAR_NS = 1_767_225_600 * SECOND_NS
ADDRESS = "192.0.2.1"


class ManualClock:
    def __init__(self) -> None:
        self.time_ns = NEW_YEAR_NS

    def now_ns(self) -> int:
        return self.time_ns

    def pass_s(self, seconds: float) -> None:
        self.time_ns += int(seconds * SECOND_NS)


class Held:
    """A write to the storage: it happens when it is let go, whether or not anybody waits for it."""

    def __init__(self, accounts: MemoryAccounts, write: str) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self._write = getattr(accounts, write)
        setattr(accounts, write, self._held)

    async def _held(self, *values: object) -> object:
        self.begun.set()
        return await asyncio.shield(asyncio.ensure_future(self._later(*values)))

    async def _later(self, *values: object) -> object:
        await self.let_go.wait()
        return await self._write(*values)


class World:
    """One venue's identity, and what a test needs around it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.settings = Settings(bcrypt_cost=4, **settings)
        self.clock = ManualClock()
        self.accounts = MemoryAccounts()
        self.hasher = BcryptHasher(cost=4, workers=2, queue_limit=1_000)
        self.accounts_opened = 0
        self.identity = self.another()

    def another(self) -> Identity:
        """Return what a restart of the server, or a second one, would have."""
        return Identity(
            accounts=self.accounts,
            hasher=self.hasher,
            signer=Ed25519Signer(self.folder),
            clock=self.clock,
            settings=self.settings,
            open_account=self._open_account,
        )

    async def _open_account(self, request: str) -> int:
        self.accounts_opened += 1
        return self.accounts_opened

    async def user(self, user_name: str = "ada", password: str = "enchantress") -> User:
        return await self.identity.register(user_name, password, user_name.title(), address=ADDRESS)

    async def session(self, user: User) -> Session:
        return self.identity.authenticate((await self.identity.open_session(user)).access_token)

    async def admin(self, user_name: str = "root") -> Session:
        user = await self.user(user_name)
        await self.accounts.set_role(user.account, "admin", 0)
        return await self.session(await self.identity.user(user.account))

    async def audited(self) -> list[tuple[int, str, str]]:
        entries: list[AuditEntry] = list(
            await self.accounts.audit(actor=None, action=None, before=0, limit=1_000)
        )
        return [(entry.actor, entry.action, entry.subject) for entry in reversed(entries)]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., World]]:
    """Make a world with some settings changed; one for each test."""
    made: list[World] = []

    def world(**settings: Any) -> World:
        made.append(World(tmp_path / "keys", **settings))
        return made[-1]

    yield world
    for one in made:
        one.hasher.close()


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make()
