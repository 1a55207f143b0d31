"""Questions to what runs: whether a server takes connections, a service is healthy, or ready.

All are asked as ``operator``, over mutual TLS, and who answers must carry the name that is expected.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pricetime.adapters.tls import OPERATOR, Certificates
from pricetime.errors import PricetimeError
from pricetime.services.topology.record import Part

PATIENCE_S: Final = 5.0
"""What one who asks whether a part is ready waits for its answer."""

_HEAD_LIMIT: Final = 16_384
_AMQP: Final = b"AMQP\x00\x00\x09\x01"


class ProbeFailed(PricetimeError):
    """No answer, or not the right one."""


async def ask(
    port: int, name: str, path: str, context: ssl.SSLContext | None, host: str = "127.0.0.1"
) -> None:
    """Return where GET of a path is answered 200."""
    async with _connected(host, port, name, context) as (reader, writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        if line.split(b" ")[1:2] != [b"200"]:
            rest = await reader.read(_HEAD_LIMIT)
            body = rest.partition(b"\r\n\r\n")[2].decode(errors="replace")
            raise ProbeFailed(
                f"{name} answers {line.decode(errors='replace').strip()} {body.strip()}".strip()
            )


async def ask_redis(port: int, context: ssl.SSLContext | None) -> None:
    """Return where Redis answers."""
    async with _connected("127.0.0.1", port, "redis", context) as (reader, writer):
        writer.write(b"PING\r\n")
        if not (line := await reader.readline()).startswith(b"+PONG"):
            raise ProbeFailed(f"Redis answers {line!r}")


async def renew_redis(part: Part, certs: Path) -> None:
    """Let Redis read its certificate and key anew; ProbeFailed.

    It reads the files only when their names change, so each is called by its other name.
    """
    assert part.port is not None
    context = Certificates(certs, OPERATOR).client()
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            _connected("127.0.0.1", part.port, "redis", context) as (reader, writer),
        ):
            for folder in (f"{certs}/.", f"{certs}"):
                files = f"tls-cert-file {folder}/redis.pem tls-key-file {folder}/redis-key.pem"
                writer.write(f"CONFIG SET {files}\r\n".encode())
                if not (line := await reader.readline()).startswith(b"+OK"):
                    raise ProbeFailed(f"Redis answers {line!r}")
    except TimeoutError:
        raise ProbeFailed(f"Redis does not answer within {PATIENCE_S:g} s") from None


async def ask_rabbit(port: int, context: ssl.SSLContext | None) -> None:
    """Return where RabbitMQ begins a conversation."""
    async with _connected("127.0.0.1", port, "rabbitmq", context) as (reader, writer):
        writer.write(_AMQP)
        if await reader.readexactly(1) != b"\x01":
            raise ProbeFailed("RabbitMQ does not speak AMQP 0-9-1")


async def ask_port(port: int, name: str = "", context: ssl.SSLContext | None = None) -> None:
    """Return where somebody accepts a connection."""
    async with _connected("127.0.0.1", port, name, context):
        pass


@contextlib.asynccontextmanager
async def _connected(
    host: str, port: int, name: str, context: ssl.SSLContext | None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        reader, writer = await asyncio.open_connection(
            host, port, ssl=context, server_hostname=name if context else None
        )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
    except (OSError, ssl.SSLError, EOFError) as error:
        raise ProbeFailed(f"{name} at {host}:{port}: {error or type(error).__name__}") from error


class Prober:
    """Asks the parts of a topology."""

    def __init__(self, certs: Path, url: str) -> None:
        self._certificates = Certificates(certs, OPERATOR)
        self._context = self._certificates.client()
        self._door = urlsplit(url)
        self._trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        """For the door: its certificate may be of a CA that only its clients know."""
        self._trusting.check_hostname = False
        self._trusting.verify_mode = ssl.CERT_NONE

    async def unready(self, part: Part, within_s: float) -> str:
        """Return why a part cannot do its work; empty where it can."""
        return await self._failure(part, "/readyz", within_s)

    async def unhealthy(self, part: Part, within_s: float) -> str:
        """Return how a part fails to answer; empty where it does not."""
        return await self._failure(part, "/healthz", within_s)

    async def watch(self, every_s: float) -> None:
        """Take in renewed certificates until cancelled."""
        await self._certificates.watch(every_s)

    async def _failure(self, part: Part, path: str, within_s: float) -> str:
        try:
            async with asyncio.timeout(within_s):
                await self._ask(part, path)
        except ProbeFailed as failed:
            return str(failed)
        except TimeoutError:
            return f"no answer within {within_s:g} s"
        return ""

    async def _ask(self, part: Part, path: str) -> None:
        if part.port is None:
            return
        if part.kind == "door":
            context = self._trusting if self._door.scheme == "https" else None
            await ask(part.port, part.service, "/healthz", context, self._door.hostname or "")
        elif part.kind == "service":
            await ask(part.port, part.service, path, self._context)
        elif part.name == "redis":
            await ask_redis(part.port, self._context)
        elif part.name == "rabbitmq":
            await ask_rabbit(part.port, self._context)
        else:
            await ask_port(part.port, part.service, self._context if part.service else None)
