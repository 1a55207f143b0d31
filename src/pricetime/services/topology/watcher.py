"""Looks after what runs, beside the supervisor: ``python -m pricetime.services.topology.watcher DATA``.

The supervisor starts anew what has ended. This also ends what hangs: a service that has not answered
``/healthz`` so many times in a row is killed, and the supervisor starts it. What the supervisor has given up
is started once more. nginx and Redis are told of renewed certificates. Where it is set, hosts come and go
with the load.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

import structlog

from pricetime.adapters.tls import Certificates
from pricetime.errors import TopologyFailed
from pricetime.services.topology.autoscaler import Autoscaler
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.prepare import DOOR
from pricetime.services.topology.probes import Prober, renew_redis
from pricetime.services.topology.record import Part, Record, read_record
from pricetime.services.topology.supervision import RUNNING, Supervisor
from pricetime.settings import Settings
from pricetime.telemetry import configure_logs

_log = structlog.get_logger(__name__)


class Watcher:
    """Watches the parts of one topology."""

    def __init__(self, layout: Layout, record: Record, settings: Settings) -> None:
        self._layout = layout
        self._settings = settings
        self._record = record
        self._redis = next(part for part in record.parts if part.name == "redis")
        self._supervisor = Supervisor(layout.socket)
        self._prober = Prober(layout.certs, record.url)
        self._failures: Counter[str] = Counter()

    async def run(self) -> None:
        """Watch until cancelled."""
        every_s = self._settings.certificate_check_s
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_health())
            tasks.create_task(self._prober.watch(every_s))
            for each in self._of_door():
                is_told = self._has_read(DOOR, each)
                tasks.create_task(each.watch(every_s, self._tell_door, is_told=is_told))
            redis = Certificates(self._layout.certs, "redis")
            tasks.create_task(redis.watch(every_s, self._tell_redis, is_told=False))
            if self._settings.autoscale:
                tasks.create_task(Autoscaler(self._layout, self._record).run())

    async def _watch_health(self) -> None:
        while True:
            await asyncio.sleep(self._settings.watch_every_s)
            try:
                await self._look()
            except TopologyFailed as failed:  # the supervisor is busy, or ends
                _log.warning("supervisor not asked", error=str(failed))

    async def _look(self) -> None:
        states = self._supervisor.states()
        for name, state in states.items():
            if state.state in ("FATAL", "EXITED"):
                _log.warning("started again what was given up", process=name, said=state.said)
                self._supervisor.start(name)
        self._record = read_record(self._layout) or self._record  # which changes when it is scaled
        asked = [
            part
            for part in self._record.parts
            if part.kind in ("service", "door") and part.name in states and states[part.name].state == RUNNING
        ]
        within_s = self._settings.watch_timeout_s
        failures = await asyncio.gather(*(self._prober.unhealthy(part, within_s) for part in asked))
        for part, failure in zip(asked, failures, strict=True):
            self._judge(part, failure)

    def _judge(self, part: Part, failure: str) -> None:
        if not failure:
            del self._failures[part.name]
            return
        self._failures[part.name] += 1
        times = self._failures[part.name]
        _log.warning("unhealthy", process=part.name, times=times, failure=failure)
        if times >= self._settings.watch_failures:
            del self._failures[part.name]
            _log.error("killed what hangs", process=part.name)
            self._supervisor.signal(part.name, "KILL")

    def _of_door(self) -> list[Certificates]:
        """Return what nginx shows the services and, where that is another, its clients."""
        inner = Certificates(self._layout.certs, DOOR)
        outer = Certificates(self._layout.certs, DOOR)
        settings = self._record.settings
        outer.certificate = Path(settings.door_certificate or inner.certificate)
        outer.key = Path(settings.door_key or inner.key)
        return [inner] if outer.certificate == inner.certificate else [inner, outer]

    def _has_read(self, name: str, certificates: Certificates) -> bool:
        """Return whether a part has begun since its files were changed last, and so has read them."""
        try:
            return certificates.changed_s < self._supervisor.states()[name].since
        except TopologyFailed:  # the supervisor is busy
            return False

    async def _tell_door(self) -> None:
        # While it starts, a signal would end it.
        if self._supervisor.states()[DOOR].state != RUNNING:
            raise TopologyFailed("nginx does not run yet")
        self._supervisor.signal(DOOR, "HUP")

    async def _tell_redis(self) -> None:
        await renew_redis(self._redis, self._layout.certs)


def main() -> int:
    """Watch the topology of a folder."""
    layout = Layout(Path(sys.argv[1]))
    record = read_record(layout)
    if record is None:
        sys.stderr.write(f"Nothing is recorded to run in {layout.data}.\n")
        return 1
    configure_logs(record.settings.log_level)
    asyncio.run(Watcher(layout, record, record.settings).run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
