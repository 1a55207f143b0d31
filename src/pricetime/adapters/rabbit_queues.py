"""What is on the broker, by name: a queue for each partition, two exchanges, queues of those who listen.

The queues of partitions are quorum queues: what is confirmed is on the disks of most members. Each has one
consumer at a time; others wait for it to go. They are bounded, and refuse what is beyond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from pricetime.rules.partitions import Address
from pricetime.settings import Settings

PREFIX: Final = "pricetime."
JOURNAL: Final = "pricetime.journal"
"""Journaled batches as they come, by the address of their partition. What is lost here is in the journal."""
NOTICES: Final = "pricetime.notices"
"""Notices of batches that the views hold, to all who listen."""
LISTENERS: Final = "pricetime.listener."
"""Begins the names of queues that belong to one connection and end with it."""

_NEVER: Final = 1_000_000_000
"""How often a message may be given out again; brokers before 4.0 know no other word for always."""


@dataclass(frozen=True)
class RabbitLimits:
    """How much queues hold, how long the broker may take."""

    queue_messages: int
    queue_bytes: int
    listener_messages: int
    listener_bytes: int
    heartbeat_s: int
    timeout_s: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that are set."""
        return cls(
            settings.rabbit_queue_limit,
            settings.rabbit_queue_bytes,
            settings.rabbit_listener_limit,
            settings.rabbit_listener_bytes,
            settings.rabbit_heartbeat_s,
            settings.rabbit_timeout_s,
        )


def queue_of(address: Address) -> str:
    """Return the name of a partition's queue."""
    return f"{PREFIX}{address}"


def partition_arguments(limits: RabbitLimits) -> dict[str, str | int | bool]:
    """Return what the queue of a partition is declared with."""
    return {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-max-length": limits.queue_messages,
        "x-max-length-bytes": limits.queue_bytes,
        "x-overflow": "reject-publish",
        "x-delivery-limit": _NEVER,
    }


def listener_arguments(limits: RabbitLimits) -> dict[str, str | int | bool]:
    """Return what the queue of a listener is declared with: who does not keep up loses the oldest."""
    return {
        "x-max-length": limits.listener_messages,
        "x-max-length-bytes": limits.listener_bytes,
        "x-overflow": "drop-head",
    }
