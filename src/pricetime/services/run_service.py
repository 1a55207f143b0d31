"""``pricetime run NAME``: one process of the venue as many services.

A service is a module with ``async def serve(process: ServiceProcess) -> None``, which serves until
``process.stopping`` is set, hands over, and returns. SIGTERM or SIGINT sets that; the process exits with 0,
or with an error where it stops because something has failed that it cannot do without.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Final

import structlog
import uvloop

from pricetime.api.shares import SHARES
from pricetime.errors import SettingError, VenueStopped
from pricetime.services.listening import bind
from pricetime.services.process import ServiceProcess
from pricetime.settings import Settings

SERVICES: Final[dict[str, str]] = {
    "ledger": "pricetime.services.hosts",
    "engine": "pricetime.services.hosts",
    "views": "pricetime.services.views",
    **dict.fromkeys(SHARES, "pricetime.services.api_service"),
}
"""The module of each service, imported when it is run."""


def run_service(name: str, settings: Settings, ready: Callable[[str], None] = lambda _: None) -> None:
    """Run a service until SIGTERM or SIGINT; ``ready`` is told its URL. PricetimeError: why it cannot."""
    if name not in SERVICES:
        raise SettingError(f"there is no service {name!r}; there are {', '.join(SERVICES)}")
    module = import_module(SERVICES[name])
    os.umask(0o077)
    with (
        contextlib.closing(bind(settings.host, settings.port)) as listener,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_run(module, name, settings, listener, ready))


async def _run(
    module: ModuleType,
    name: str,
    settings: Settings,
    listener: socket.socket,
    ready: Callable[[str], None],
) -> None:
    process = ServiceProcess(name, settings, listener, ready)
    structlog.contextvars.bind_contextvars(service=name, instance=process.instance)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stopping.set)
    watch = (
        asyncio.create_task(process.certificates.watch(settings.certificate_check_s))
        if process.certificates
        else None
    )
    try:
        with contextlib.suppress(VenueStopped):
            await module.serve(process)
        if process.failure is not None:
            raise process.failure
    finally:
        if watch is not None:
            watch.cancel()
