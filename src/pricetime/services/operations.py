"""What a service that has no API answers about itself: ``/healthz``, ``/readyz`` and ``/metrics``.

``/readyz`` lists each thing that the service depends on with its state, and is 503 while one is missing
that it cannot do without. With certificates this is mutual TLS, for peers of the names that are set.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final, NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pricetime.adapters.tls import Certificates
from pricetime.errors import PricetimeError
from pricetime.services.listening import BACKLOG
from pricetime.services.peers import named, peers_of
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

_METRICS_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"
_GRACE_S: Final = 2
_PATIENCE_S: Final = 2.0


class Dependency(NamedTuple):
    """Something that a service depends on. ``check`` returns where it can be used; PricetimeError."""

    check: Callable[[], Awaitable[None]]
    is_needed: bool = True
    """Whether the service does nothing without it."""


class Operations:
    """The answers of one service about itself."""

    def __init__(self, name: str, instance: str, metrics: Metrics) -> None:
        self.dependencies: dict[str, Dependency] = {}
        self._identity = {"service": name, "instance": instance}
        self._metrics = metrics

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/healthz", self._health),
                Route("/readyz", self._readiness),
                Route("/metrics", self._page),
            ]
        )

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", **self._identity})

    async def _readiness(self, _: Request) -> Response:
        states = dict(
            zip(
                self.dependencies,
                await asyncio.gather(*map(_state_of, self.dependencies.values())),
                strict=True,
            )
        )
        is_ready = bool(states) and all(
            states[name] == "ok" or not each.is_needed for name, each in self.dependencies.items()
        )
        body = {"status": "ok" if is_ready else "not_ready", **self._identity, "dependencies": states}
        return JSONResponse(body, 200 if is_ready else 503)

    async def _page(self, _: Request) -> Response:
        return Response(self._metrics.page(), headers={"content-type": _METRICS_TYPE})


async def _state_of(dependency: Dependency) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await dependency.check()
    except TimeoutError:
        return f"no answer within {_PATIENCE_S} s"
    except PricetimeError as error:
        return str(error)
    return "ok"


@contextlib.asynccontextmanager
async def serving(
    operations: Operations, listener: socket.socket, settings: Settings, certificates: Certificates | None
) -> AsyncIterator[None]:
    """Answer on a bound socket as long as the context lasts."""
    protocol = named(HttpToolsProtocol, peers_of(settings)) if certificates else HttpToolsProtocol
    config = uvicorn.Config(
        operations.app(),
        http=protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        limit_concurrency=settings.connection_limit,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_context_factory=(lambda *_: certificates.server()) if certificates else None,
    )
    server = _Quiet(config)
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


class _Quiet(uvicorn.Server):
    """uvicorn without its own way with signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
