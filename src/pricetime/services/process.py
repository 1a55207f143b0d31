"""What the processes of all services have in common: a name, settings, certificates, and when to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from pricetime.adapters.tls import Certificates
from pricetime.errors import PricetimeError, SettingError, VenueStopped
from pricetime.runtime.pauses import Pauses
from pricetime.services.listening import url_of
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class ServiceProcess:
    """One process of a service. It serves until ``stopping`` is set.

    ``tell_ready`` is to be called once it serves; whoever started the process is told its URL.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        listener: socket.socket,
        on_ready: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.instance = settings.instance or made_up_instance(name)
        self.settings = settings
        self.listener = listener
        self.metrics = Metrics()
        self.stopping = asyncio.Event()
        self.failure: BaseException | None = None
        """What the process ends of, where nobody has told it to."""
        self.certificates = Certificates.of(settings.certs, name)
        self._on_ready = on_ready

    @property
    def url(self) -> str:
        """Where it listens."""
        plain = url_of(self.listener)
        return plain.replace("http://", "https://", 1) if self.certificates else plain

    def tell_ready(self) -> None:
        """Say that it serves."""
        _log.info("ready", url=self.url)
        self._on_ready(self.url)

    def fail(self, error: BaseException) -> None:
        """End the process as a signal would; it exits with ``error``."""
        if self.failure is None:
            self.failure = error
            _log.error("the process ends", error=str(error))
            signal.raise_signal(signal.SIGTERM)

    async def once_there(self, what: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return what ``work`` returns, tried again after growing pauses until it does not fail.

        VenueStopped where the process is to stop before that; a wrong setting is no matter of waiting.
        """
        pauses = Pauses(
            self.settings.reconnect_pause_ms / 1_000, self.settings.reconnect_pause_max_ms / 1_000
        )
        while not self.stopping.is_set():
            try:
                return await work()
            except SettingError:
                raise
            except PricetimeError as error:
                _log.warning("waiting", what=what, error=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pauses.next_s()):
                    await self.stopping.wait()
        raise VenueStopped

    async def until_stopped(self, *tasks: asyncio.Task[None]) -> None:
        """Wait until the process is to stop; raise what one of ``tasks`` ends with before."""
        stopped = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        for task in tasks:
            if task.done():
                await task


def made_up_instance(name: str) -> str:
    """Return a name that no other process has."""
    return f"{name}-{os.uname().nodename}-{secrets.token_hex(3)}"
