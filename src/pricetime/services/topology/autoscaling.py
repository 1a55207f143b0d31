"""How many hosts there are to be, by how busy those are that there are. Pure: the caller looks and acts.

::

    waiting or CPU of each host high, so many looks in a row ──> one more  ┐ unless the last change was
    waiting and CPU of each host low, so many looks in a row ──> one less  ┘ less than the cool-down ago

One less is taken only if those that stay would not be busy with what there is, so that nothing goes to and
fro. Outside its bounds a number is brought back at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Self

from pricetime.errors import SettingError
from pricetime.rules.partitions import Room
from pricetime.services.topology.plan import SCALE_LIMIT
from pricetime.settings import Settings

ROOMS: Final = {"engine": Room.BOOK, "ledger": Room.LEDGER}
"""The services that come and go, and what their partitions are of."""


class Bounds(NamedTuple):
    """The least and the most there may be."""

    least: int
    most: int


class Limits(NamedTuple):
    """What is busy, what is idle, and how long before that counts. CPU: processors, 1 is one."""

    waiting_high: int
    waiting_low: int
    cpu_high: float
    cpu_low: float
    looks: int
    cool_down_s: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return those that are set."""
        return cls(
            settings.autoscale_waiting_high,
            settings.autoscale_waiting_low,
            settings.autoscale_cpu_high / 100,
            settings.autoscale_cpu_low / 100,
            settings.autoscale_looks,
            settings.autoscale_cool_down_s,
        )


class Load(NamedTuple):
    """What there is for all hosts of a kind together: messages that wait, processors in use."""

    hosts: int
    waiting: int
    cpu: float


class Past(NamedTuple):
    """What earlier looks have found: how many in a row were busy, or idle, and when the number changed."""

    busy: int = 0
    idle: int = 0
    changed_s: float | None = None


def decide(load: Load, bounds: Bounds, limits: Limits, past: Past, now_s: float) -> tuple[int, Past]:
    """Return how many hosts there are to be, and what to remember until the next look."""
    count = load.hosts
    if not bounds.least <= count <= bounds.most:
        return min(max(count, bounds.least), bounds.most), Past(changed_s=now_s)
    busy = past.busy + 1 if _is_busy(load, limits) else 0
    idle = past.idle + 1 if _is_idle(load, limits) else 0
    if past.changed_s is None or now_s - past.changed_s >= limits.cool_down_s:
        if busy >= limits.looks and count < bounds.most:
            return count + 1, Past(changed_s=now_s)
        if idle >= limits.looks and count > bounds.least:
            return count - 1, Past(changed_s=now_s)
    return count, Past(busy, idle, past.changed_s)


def _is_busy(load: Load, limits: Limits) -> bool:
    count = max(1, load.hosts)
    return load.waiting > limits.waiting_high * count or load.cpu > limits.cpu_high * count


def _is_idle(load: Load, limits: Limits) -> bool:
    is_low = load.waiting <= limits.waiting_low * load.hosts and load.cpu <= limits.cpu_low * load.hosts
    return is_low and not _is_busy(load._replace(hosts=load.hosts - 1), limits)


def bounds_of(text: str) -> Mapping[str, Bounds]:
    """Return the bounds of each service that is named in ``engine=1..4,ledger=1..2``; SettingError."""
    return dict(_bounds(each.strip()) for each in text.split(",") if each.strip())


def _bounds(text: str) -> tuple[str, Bounds]:
    service, _, span = text.partition("=")
    least, dots, most = span.partition("..")
    if not (dots and least.isdecimal() and most.isdecimal()):
        raise SettingError(f"autoscale: {text!r} is not like engine=1..4")
    if service not in ROOMS:
        raise SettingError(
            f"autoscale: only {' and '.join(ROOMS)} come and go by themselves, not {service!r}"
        )
    bounds = Bounds(int(least), int(most))
    if not 1 <= bounds.least <= bounds.most <= SCALE_LIMIT:
        raise SettingError(f"autoscale: {text!r} must lie in 1..{SCALE_LIMIT}, the least first")
    return service, bounds
