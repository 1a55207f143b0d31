"""A real Redis on a free port."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.programs import Running, free_ports

from pricetime.services.topology.redis import redis


class RedisServer(Running):
    """One Redis."""

    def __init__(self, folder: Path, *, certs: Path | None = None) -> None:
        [port] = free_ports(1)
        super().__init__(redis(folder, port, certs=certs), folder.with_name(f"{folder.name}.log"))
        self.url = f"rediss://localhost:{port}" if certs else f"redis://127.0.0.1:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
