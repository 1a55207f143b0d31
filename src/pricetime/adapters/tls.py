"""Mutual TLS between the processes of a venue: one CA, one certificate for each name.

The folder of certificates holds ``ca.pem``, and ``NAME.pem`` with ``NAME-key.pem`` for each name; a process
goes by its service's. Both sides of a connection show theirs, and a server asks for a name that it expects.

``Certificates.watch`` takes in renewed files while the process runs: new connections use them, those that are
open go on. Files that do not fit together, as between two writes, are not taken in.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Self

import structlog

from pricetime.errors import CertificateUnusable, PricetimeError

CA: Final = "ca.pem"
OPERATOR: Final = "operator"
"""Who looks after the venue: a person, `pricetime up`, Prometheus."""

_log = structlog.get_logger()


class Certificates:
    """The certificate of one name and the CA that it trusts. ``reload`` takes in renewed files."""

    def __init__(self, folder: Path, name: str) -> None:
        self.ca = folder / CA
        self.certificate = folder / f"{name}.pem"
        self.key = folder / f"{name}-key.pem"
        self._contexts: list[ssl.SSLContext] = []

    @classmethod
    def of(cls, folder: str, name: str) -> Self | None:
        """Return those of a name; None where ``folder`` is empty, and connections are plain."""
        return cls(Path(folder), name) if folder else None

    def client(self) -> ssl.SSLContext:
        """Return a context that shows the certificate and checks the server's, its host name included."""
        return self._context(ssl.PROTOCOL_TLS_CLIENT)

    def server(self) -> ssl.SSLContext:
        """Return a context that refuses clients without a certificate of the CA."""
        context = self._context(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def adopt(self, context: ssl.SSLContext) -> None:
        """Use the certificate in a context that a library has made, and renewed ones too."""
        self._load(context)
        self._contexts.append(context)

    def reload(self) -> None:
        """Use the files as they are now, for new connections; CertificateUnusable changes nothing."""
        # A context that fails to load is left without a key, so one of no use tries first.
        self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        for context in self._contexts:
            self._load(context)

    async def watch(
        self, every_s: float, tell: Callable[[], Awaitable[None]] | None = None, *, is_told: bool = True
    ) -> None:
        """Reload whenever the files have changed, and ``tell`` who else uses them; until cancelled.

        What fails is tried again at the next look. Without ``is_told`` the files as they are now are news.
        """
        known = self._versions() if is_told else None
        while True:
            if (found := self._versions()) != known and await self._is_taken_in(tell):
                known = found
            await asyncio.sleep(every_s)

    @property
    def changed_s(self) -> float:
        """When the files were changed last, in seconds since 1970."""
        return max(changed_ns for _, changed_ns in self._versions()) / 1_000_000_000

    async def _is_taken_in(self, tell: Callable[[], Awaitable[None]] | None) -> bool:
        try:
            self.reload()
            if tell is not None:
                await tell()
        except PricetimeError as error:  # a later look may find them whole
            _log.warning("certificates not taken in", error=str(error))
            return False
        _log.info("certificates taken in", certificate=str(self.certificate))
        return True

    def _versions(self) -> list[tuple[int, int]]:
        """Return what tells each file from an earlier one of its name; replaced files have another inode."""
        found = []
        for path in (self.ca, self.certificate, self.key):
            try:
                status = path.stat()
            except OSError:
                found.append((0, 0))
            else:
                found.append((status.st_ino, status.st_ctime_ns))
        return found

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.adopt(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            context.load_verify_locations(self.ca)
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise CertificateUnusable(
                f"{self.certificate}, its key or {self.ca} cannot be used: {error}. "
                "Make them anew with `pricetime certs`."
            ) from error


def name_of_peer(certificate: dict[str, Any] | None) -> str:
    """Return the common name of a peer's certificate, as ``getpeercert`` gives it; or nothing."""
    for part in (certificate or {}).get("subject", ()):
        for key, value in part:
            if key == "commonName":
                return str(value)
    return ""
