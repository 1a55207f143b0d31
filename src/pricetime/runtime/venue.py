"""What the runtime needs of the rules and of the core: the venue in one piece, and its partitions."""

from __future__ import annotations

from typing import NamedTuple, Protocol, Self

from pricetime.records.routing import Address, Input, Output, Room, Topology


class Venue(Protocol):
    """A deterministic machine: stamped commands in, events out, and nothing else from outside."""

    @property
    def sequence(self) -> int:
        """Return the sequence of the last command applied, 0 before the first."""
        ...

    @property
    def event_number(self) -> int:
        """Return the number of the last event, 0 before the first."""
        ...

    @property
    def time_ns(self) -> int:
        """Return the time of the last command applied."""
        ...

    @property
    def limits(self) -> tuple[int, ...]:
        """Return the limits that the last SET_LIMITS set, in the order of its parameters."""
        ...

    def apply(self, commands: bytes) -> bytes:
        """Apply stamped commands in order and return their events."""
        ...

    def validate(self, command: bytes) -> bytes:
        """Return the answer that a command would get now, and change nothing."""
        ...

    def snapshot(self) -> bytes:
        """Return the whole state."""
        ...

    def state_hash(self) -> bytes:
        """Return 32 bytes, equal for equal states."""
        ...

    def check(self) -> list[str]:
        """Return what is wrong with conservation and holds, a sentence each; empty where all is right."""
        ...

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the venue that wrote this snapshot; SnapshotError where it is none."""
        ...


class Partition(Protocol):
    """A deterministic machine that owns a part of the venue."""

    address: Address
    topology: Topology

    def __init__(self, number: int, topology: Topology) -> None: ...

    def apply(self, inputs: list[Input]) -> list[Output]:
        """Apply records in order; return what they give rise to, once for each destination."""
        ...

    def snapshot(self) -> bytes:
        """Return the whole state; equal states give equal bytes."""
        ...

    def state_hash(self) -> bytes:
        """Return 32 bytes, equal for equal states."""
        ...

    def check(self) -> list[str]:
        """Return a sentence for each invariant of this partition that does not hold."""
        ...

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the partition whose snapshot this is; SnapshotError where it is none."""
        ...


class Parts(NamedTuple):
    """An implementation of the venue in parts: its two kinds of partition."""

    ledger: type[Partition]
    book: type[Partition]

    def of(self, address: Address) -> type[Partition]:
        """Return the type of the partition at an address."""
        return self.ledger if address.room == Room.LEDGER else self.book
