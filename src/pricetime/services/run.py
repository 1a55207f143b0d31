"""The server: an address, a venue, uvicorn, and a stop that loses nothing.

::

    bind ─> open the venue ─> listen ─> "ready" ─> … ─> SIGTERM: answer what has begun ─> close the venue

The address is taken first, so that a port in use costs a second and not a recovery. ``python -m
pricetime.services.run`` serves with the settings of the environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Final, cast

import uvicorn
import uvloop

from pricetime.adapters.tls import Certificates
from pricetime.api.app import App
from pricetime.api.endpoints import Endpoint
from pricetime.api.services import Services
from pricetime.api.table import ENDPOINTS
from pricetime.errors import PricetimeError
from pricetime.services.http_protocol import GuardedProtocol
from pricetime.services.listening import BACKLOG, bind, url_of
from pricetime.services.peers import named, peers_of
from pricetime.services.socket_protocol import SocketProtocol
from pricetime.services.wiring import open_venue
from pricetime.settings import Settings, load
from pricetime.telemetry import configure_logs

_KEEP_ALIVE_S: Final = 75
_GRACE_S: Final = 20
_WATCH_S: Final = 1.0
_TURN_S: Final = 0.0005
_YOUNG_OBJECTS: Final = 10_000
_FILES_BESIDES: Final = 200
"""Open files that are no connections: databases, pipes, libraries."""

Ready = Callable[[str], None]


def serve(
    settings: Settings, ready: Ready = lambda _: None, endpoints: Iterable[Endpoint] = ENDPOINTS
) -> None:
    """Serve ``endpoints`` until SIGTERM or SIGINT; ``ready`` is told the URL.

    PricetimeError says why it cannot start.
    """
    os.umask(0o077)  # what the venue writes is its owner's alone
    with (
        contextlib.closing(bind(settings.host, settings.port)) as listener,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(settings, listener, ready, endpoints))


async def _serve(
    settings: Settings, listener: socket.socket, ready: Ready, endpoints: Iterable[Endpoint]
) -> None:
    async with open_venue(settings) as venue:
        await serve_app(venue, endpoints, listener, lambda: ready(url_of(listener)))


async def serve_app(
    venue: Services,
    endpoints: Iterable[Endpoint],
    listener: socket.socket,
    ready: Callable[[], None],
    *,
    certificates: Certificates | None = None,
) -> None:
    """Serve ``endpoints`` on a bound socket until SIGTERM or SIGINT, and answer what has begun.

    ``ready`` is called when connections are accepted. With ``certificates`` only their peers are served.
    """
    settings = venue.settings
    _raise_file_limit(settings.connection_limit)
    app = App(venue, endpoints, lambda: len(server.server_state.connections))
    server = _Server(_config(app, settings, certificates), ready)
    with _stopped_by_signals(server):
        watch = asyncio.create_task(_close_stale(server, 2.0 * settings.body_timeout_s))
        _tame_collector()
        shorten_turns()
        await server.serve([listener])
        watch.cancel()
        await app.close()


def _config(app: App, settings: Settings, certificates: Certificates | None) -> uvicorn.Config:
    return uvicorn.Config(
        app=app,
        ssl_context_factory=None if certificates is None else lambda *_: certificates.server(),
        http=named(GuardedProtocol, peers_of(settings)) if certificates else GuardedProtocol,
        loop="uvloop",
        ws=SocketProtocol,
        ws_max_size=settings.feed_message_limit,
        ws_per_message_deflate=False,  # records would cost more time to pack than their bytes cost to send
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",  # what is no HTTP is answered, and anybody could fill the log with it
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=_GRACE_S,
    )


class _Server(uvicorn.Server):
    """uvicorn, stopped by us: its own way with signals ends the process before the venue is closed."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections, and say so."""
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@contextlib.contextmanager
def _stopped_by_signals(server: _Server) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.force_exit = server.should_exit  # a second signal does not wait for open connections
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _close_stale(server: _Server, moving_s: float) -> None:
    while True:
        await asyncio.sleep(_WATCH_S)
        for connection in list(server.server_state.connections):
            cast("GuardedProtocol | SocketProtocol", connection).close_if_stale(moving_s, _KEEP_ALIVE_S)


def shorten_turns() -> None:
    """Let a thread that waits for Python have it soon.

    The threads of the journal, of the users' database and of the passwords want a few microseconds of it
    between long times in C, while the loop works in bursts of milliseconds. At Python's own 5 ms a disk or
    a core would be idle meanwhile, and more often than not.
    """
    sys.setswitchinterval(_TURN_S)


def _tame_collector() -> None:
    """Let the garbage collector look at each object once: what outlives a full collection is set aside.

    A venue holds millions of live objects and makes next to no cycles; looking at all of them again and
    again would stall every answer for seconds.
    """

    def set_aside(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            gc.freeze()

    gc.callbacks.append(set_aside)
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)
    gc.collect()


def _raise_file_limit(connections: int) -> None:
    """Let the process open as many files as its connections need, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _FILES_BESIDES
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def main() -> int:
    """Serve with the settings of the environment; print the URL when ready."""
    try:
        settings = load()
        configure_logs(settings.log_level)
        serve(settings, ready=lambda url: print(f"pricetime serves {url}", flush=True))  # noqa: T201
    except PricetimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
