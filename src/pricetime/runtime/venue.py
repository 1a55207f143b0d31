"""What the runtime needs of the rules; ``rules.Venue`` has it, and so will a compiled core."""

from __future__ import annotations

from typing import Protocol, Self


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
