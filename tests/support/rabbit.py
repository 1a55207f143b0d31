"""A real RabbitMQ on free ports. It takes some seconds to start, so tests share one."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.programs import Running, free_ports

from pricetime.services.topology.rabbitmq import RabbitPorts, rabbitmq


class RabbitServer:
    """One broker and the port mapper that it needs."""

    def __init__(self, folder: Path, *, certs: Path | None = None, definitions: Path | None = None) -> None:
        ports = RabbitPorts(*free_ports(3))
        mapper, broker = rabbitmq(folder, ports, certs=certs, definitions=definitions)
        self.mapper = Running(mapper, folder / "epmd.log")
        try:
            self.broker = Running(broker, folder / "rabbitmq.log")
        except BaseException:
            self.mapper.stop()
            raise
        self.port = ports.amqp
        self.url = f"amqps://localhost:{self.port}" if certs else f"amqp://guest:guest@127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.broker.stop()
        self.mapper.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
