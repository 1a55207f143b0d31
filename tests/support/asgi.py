"""Asking an ASGI application without a server: one request in, one answer out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.memory_accounts import MemoryAccounts
from pricetime.adapters.passwords import BcryptHasher
from pricetime.adapters.tokens import Ed25519Signer
from pricetime.api.app import App
from pricetime.api.endpoints import Endpoint
from pricetime.api.guards.rates import Rates
from pricetime.api.page import read_page
from pricetime.identity import Identity
from pricetime.settings import Settings
from pricetime.telemetry import Metrics


@dataclass
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asker:
    """Sends requests to an application as one client."""

    def __init__(self, app: App, identity: Identity, accounts: MemoryAccounts) -> None:
        self.app = app
        self._identity = identity
        self._accounts = accounts

    async def __call__(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] = b"",
        *,
        headers: dict[str, str] | None = None,
        address: str = "203.0.113.7",
    ) -> Answered:
        path, _, query = path.partition("?")
        parts = [body] if isinstance(body, bytes) else list(body)
        waiting = [
            {"type": "http.request", "body": part, "more_body": at < len(parts) - 1}
            for at, part in enumerate(parts)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "scheme": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "client": (address, 50_000),
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        }
        await self.app(scope, receive, send)
        if not sent:
            return Answered(0, {}, b"")
        return Answered(
            sent[0]["status"],
            {name.decode(): value.decode() for name, value in sent[0]["headers"]},
            b"".join(message["body"] for message in sent[1:]),
        )

    async def token(self, role: str = "trader", name: str = "ada") -> str:
        """Register a user of a role and return a token."""
        user = await self._identity.register(name, "a password", "Ada")
        await self._accounts.set_role(user.account, role, 0)
        return (await self._identity.issue(user, "access")).token


@asynccontextmanager
async def asker(
    tmp_path: Any, endpoints: Iterable[Endpoint], connections: Callable[[], int] = lambda: 0, **chosen: Any
) -> AsyncIterator[Asker]:
    """An application over endpoints of the test's own, with real users and tokens and no venue."""
    settings = Settings(bcrypt_cost=4, **chosen)
    numbers = count(1)

    async def open_account(request: str) -> int:
        return next(numbers)

    accounts = MemoryAccounts()
    hasher = BcryptHasher(cost=4, workers=1, queue_limit=100)
    identity = Identity(
        accounts=accounts,
        hasher=hasher,
        signer=Ed25519Signer(tmp_path / "keys"),
        clock=SystemClock(),
        settings=settings,
        open_account=open_account,
    )
    await identity.start()
    sequencer = SimpleNamespace(on_batch=[])
    venue: Any = SimpleNamespace(
        rates=Rates(settings),
        settings=settings,
        metrics=Metrics(),
        identity=identity,
        sequencer=sequencer,
        page=read_page(settings.page or str(tmp_path / "no page")),
    )
    try:
        yield Asker(App(venue, endpoints, connections), identity, accounts)
    finally:
        hasher.close()
