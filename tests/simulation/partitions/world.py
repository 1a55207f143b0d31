"""One run of a venue in parts: partitions, hosts that fight over them, a broker that fails, all from a seed.

::

    services ──> broker ──> hosts of ledgers <──> broker <──> hosts of books
                                 │ journals, snapshots           │
                                 └──────────> auditor <──────────┘

At any step a host may be killed, asked to stop, paused for long, or find that another has its partition
too. A partition without a host gets a new one after a while, as placement would give it one.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from structlog.testing import capture_logs
from tests.simulation.partitions.auditor import Auditor
from tests.simulation.partitions.broker import SimulatedBroker, SimulatedJournal, SimulatedSnapshots
from tests.simulation.partitions.services import Service
from tests.simulation.partitions.stage import Actor, Endless, Stage

from pricetime.errors import BrokerFailed, JournalFailed, JournalFenced
from pricetime.rules.partitions import Address, Topology
from pricetime.runtime.implementations import pick_parts
from pricetime.runtime.partition import PartitionHost
from pricetime.runtime.partition_turns import PartitionLimits


@dataclass(frozen=True)
class Parts:
    """What the partitions are hosted by; a planted fault is another part."""

    host: type[PartitionHost] = PartitionHost
    journal: type[SimulatedJournal] = SimulatedJournal
    core: str = "auto"
    """As the setting of this name: which partitions are hosted. The auditor follows with the rules."""


@dataclass
class Totals:
    """What has happened in runs."""

    runs: int = 0
    steps: int = 0
    commands: int = 0
    kills: int = 0
    pauses: int = 0
    stops: int = 0
    fights: int = 0
    fenced: int = 0
    failures: int = 0
    """Hosts that ended because the broker or a journal failed."""

    def add(self, other: Totals) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def __str__(self) -> str:
        return ", ".join(f"{value:,} {name}" for name, value in vars(self).items())


@dataclass
class Report:
    """The outcome of one seed."""

    seed: int
    violations: list[str] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    trace: str = ""

    @property
    def kinds(self) -> set[str]:
        return {violation.partition(":")[0] for violation in self.violations}

    def __str__(self) -> str:
        found = "\n".join(f"  {violation}" for violation in self.violations[:20])
        again = f"python -m tests.simulation.partitions --seed {self.seed}"
        return f"seed {self.seed} breaks a promise:\n{found}\nAgain, with every step: {again}"


class World:
    """The run of one seed."""

    def __init__(
        self, seed: int, parts: Parts | None = None, *, tell: Callable[[str], None] | None = None
    ) -> None:
        dice = self._dice = random.Random(f"partitions {seed}")
        self._parts = parts or Parts()
        self.report = Report(seed)
        self._stage = Stage(dice, tell)
        self._stage.on_end = self._on_end
        self._topology = Topology(dice.randint(1, 3), dice.randint(1, 2))
        self._auditor = Auditor(self._topology)
        self._broker = SimulatedBroker(self._stage, dice, self._auditor.on_told)
        addresses = self._topology.addresses()
        self._journals = {
            each: self._parts.journal(self._stage, dice, self._auditor.on_append) for each in addresses
        }
        self._snapshots = {each: SimulatedSnapshots(self._stage) for each in addresses}
        self._limits = PartitionLimits(
            batch_limit=dice.choice((1, 3, 100)),
            batch_bytes=dice.choice((100, 1_000, 4_194_304)),
            snapshot_every=dice.choice((1, 3, 7, 1_000)),
            services_limit=10_000,
            requests_limit=0,
        )
        self._harm_left = dice.choice((0, 3, 8, 20))
        self._harm_every = dice.choice((15, 60, 200))
        self._broker.repeats = dice.choice((0.0, 0.1))
        self._trouble = dice.choice((0.0, 0.0, 0.02))
        self._hosts: dict[Actor, Address] = {}
        self._stops: dict[Actor, Callable[[], None]] = {}
        self._due: list[tuple[int, Address]] = []
        self._services = self._make_services()

    def _make_services(self) -> list[Service]:
        number = self._dice.randint(1, 3)
        accounts = self._dice.sample(range(1, 1_000), self._dice.randint(2, 5))
        self._everybody = accounts
        return [
            Service(each, self._topology, self._broker, self._auditor, self._dice, accounts)
            for each in range(1, number + 1)
        ]

    def run(self) -> Report:
        """Run until nothing goes on any more, and return what was found."""
        stage = self._stage
        with capture_logs():
            for address in self._topology.addresses():
                self._start_host(address)
            stage.enter("the opening", self._services[0].open_venue(self._everybody))
            for service in self._services:
                stage.enter(str(service.address), service.trade(self._dice.randint(3, 10)))
            try:
                while not self._auditor.violations and not self._is_quiet():
                    self._harm()
                    self._restart()
                    stage.move_one()
            except Endless as error:
                self._auditor.blame("stuck", str(error))
            for service in stage.actors:
                service.script.close()
        if not self._auditor.violations:
            self._auditor.check_end()
        return self._finished()

    def _finished(self) -> Report:
        totals = self.report.totals
        totals.runs, totals.steps = 1, self._stage.steps
        totals.commands = len(self._auditor.sent)
        self.report.violations = self._auditor.violations
        self.report.trace = self._stage.trace()
        return self.report

    # ------------------------------------------------------------------------------------ hosts

    def _start_host(self, address: Address) -> None:
        """Let a host believe that it has a partition."""
        host = self._parts.host(
            address,
            self._topology,
            self._broker.consume(address),
            self._broker,
            self._journals[address],
            self._snapshots[address],
            self._limits,
            pick_parts(self._parts.core),
        )
        actor = self._stage.enter(f"host of {address}", host.run())
        self._hosts[actor] = address
        self._stops[actor] = host.stop

    def _on_end(self, actor: Actor) -> None:
        address = self._hosts.pop(actor, None)
        self._stops.pop(actor, None)
        totals = self.report.totals
        totals.fenced += isinstance(actor.error, JournalFenced)
        totals.failures += isinstance(actor.error, BrokerFailed | JournalFailed)
        if actor.error is not None and not isinstance(
            actor.error, JournalFenced | BrokerFailed | JournalFailed
        ):
            self._auditor.blame("crashed", f"{actor.name}: {actor.error!r}")
        if address is not None and address not in self._hosts.values():
            self._due.append((self._stage.steps + int(self._dice.random() * 40), address))

    def _restart(self) -> None:
        for due in [each for each in self._due if each[0] <= self._stage.steps]:
            self._due.remove(due)
            self._start_host(due[1])

    # ------------------------------------------------------------------------------------ trouble

    def _harm(self) -> None:
        """Now and then do somebody harm, as long as the seed's measure is not full."""
        self._set_trouble(self._trouble if self._harm_left else 0.0)
        if not self._harm_left or not self._hosts or int(self._dice.random() * self._harm_every):
            return
        self._harm_left -= 1
        self._auditor.check_now()
        totals, actor = self.report.totals, self._victim()
        match self._dice.choice(("kill", "pause", "fight", "stop")):
            case "stop":
                totals.stops += 1
                self._stops[actor]()
            case "kill":
                totals.kills += 1
                self._stage.kill(actor)
            case "pause":
                totals.pauses += 1
                actor.paused_until = self._stage.steps + int(self._dice.random() * 120)
            case "fight":
                totals.fights += 1
                actor = self._appending() or actor
                if self._dice.random() < 0.7:
                    actor.paused_until = self._stage.steps + int(self._dice.random() * 240)
                self._start_host(self._hosts[actor])

    def _victim(self) -> Actor:
        """Return a host, rather one that is about to append or to tell."""
        busy = [actor for actor in self._hosts if actor.at is not None and actor.at.ready is None]
        return self._dice.choice(busy if busy and self._dice.random() < 0.7 else list(self._hosts))

    def _appending(self) -> Actor | None:
        """Return a host that is about to append, if there is one: its rival may be the first to."""
        able = [actor for actor in self._hosts if actor.at and actor.at.label.startswith("appends")]
        return self._dice.choice(able) if able else None

    def _set_trouble(self, trouble: float) -> None:
        self._broker.trouble = trouble
        for journal in self._journals.values():
            journal.trouble = trouble

    def _is_quiet(self) -> bool:
        """Return whether nobody has anything to do, now or later."""
        return not self._due and all(
            actor.at is not None and actor.at.ready is not None and not actor.at.ready()
            for actor in self._stage.actors
        )


def run(seed: int, parts: Parts | None = None) -> Report:
    """Run one seed and return what was found."""
    return World(seed, parts).run()
