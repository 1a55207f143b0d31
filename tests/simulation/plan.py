"""What a seed decides before a run begins: who trades, how fast the disk is, what goes wrong and when."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.disk import CHANGE
from tests.simulation.journal import JOURNAL, SimulatedJournal, SimulatedWriter
from tests.simulation.views import SimulatedViews

from pricetime.runtime import Sequencer
from pricetime.runtime.implementations import available
from pricetime.runtime.recovery import recover
from pricetime.runtime.venue import Venue

POWER, KILL = "power", "kill"


@dataclass(frozen=True)
class Parts:
    """What a venue is put together from; a planted fault is another part."""

    core: str = "rules"
    venue: type[Venue] = field(default=available()["rules"])
    journal: type[SimulatedJournal] = SimulatedJournal
    writer: type[SimulatedWriter] = SimulatedWriter
    sequencer: type[Sequencer] = Sequencer
    views: type[SimulatedViews] = SimulatedViews
    recover: Callable[..., Any] = recover


def parts_of(core: str) -> Parts:
    """Return the parts of a venue as it is shipped, with one implementation of the rules."""
    return Parts(core, available()[core])


@dataclass(frozen=True)
class Crash:
    """The end of a life of the process before its n-th step of a sort."""

    at: int
    kind: str
    """A cut of the power, or a kill of the process."""
    of: str = ""
    """How the labels of those steps begin; all do with nothing."""


@dataclass(frozen=True)
class Plan:
    """One run. A life for which no crash is planned ends when every client has its answers."""

    traders: int
    requests: int
    batch_limit: int
    queue_limit: int
    snapshot_every: int
    disk_step_s: float
    view_pace_s: float
    views_die: float
    trouble: float
    """Chance of a life to meet an error of the disk or a full disk."""
    rot: float
    """Chance of a life to find a snapshot with a bit turned over."""
    tampers: bool
    """Whether at the end a bit of the journal is turned over, with its checksum made right."""
    shuffles: bool
    crashes: tuple[Crash, ...]
    stops: int
    """How often the venue is stopped in good order and started again."""


def plan_of(seed: int) -> Plan:
    """Draw a plan from a seed."""
    dice = random.Random(f"plan {seed}")
    crashes = tuple(_crash(dice) for _ in range(dice.choice((0, 1, 2, 3, 5))))
    return Plan(
        traders=dice.randint(1, 4),
        requests=dice.randint(2, 8),
        batch_limit=dice.choice((1, 4, 20, 2_000)),
        queue_limit=dice.choice((12, 50_000)),
        snapshot_every=dice.choice((5, 20, 1_000_000)),
        disk_step_s=dice.choice((0.0005, 0.002, 0.01, 0.1)),
        view_pace_s=dice.choice((0.002, 0.1, 1.0)),
        views_die=dice.choice((0.0, 0.3, 0.7)),
        trouble=dice.choice((0.0, 0.0, 0.4)),
        rot=dice.choice((0.0, 0.3)),
        tampers=dice.random() < 0.2,
        shuffles=dice.random() < 0.5,
        crashes=crashes,
        stops=dice.choice((0, 0, 1)),
    )


def _crash(dice: random.Random) -> Crash:
    kind = POWER if dice.random() < 0.6 else KILL
    of, most = dice.choice((("", 3.0), (CHANGE, 2.0), (f"{CHANGE}sync {JOURNAL}", 1.3)))
    return Crash(int(10 ** dice.uniform(0, most)), kind, of)


def small_plan(*crashes: Crash) -> Plan:
    """Return the plan of a small workload without other trouble than these crashes, one a life."""
    return Plan(
        traders=2,
        requests=3,
        batch_limit=4,
        queue_limit=50_000,
        snapshot_every=8,
        disk_step_s=0.002,
        view_pace_s=0.002,
        views_die=0.0,
        trouble=0.0,
        rot=0.0,
        tampers=False,
        shuffles=False,
        crashes=crashes,
        stops=0,
    )
