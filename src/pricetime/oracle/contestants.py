"""Who is compared: the reference with the core, with a faulty copy of itself, or with itself, restless."""

from __future__ import annotations

from typing import Final, Self

from pricetime import rules
from pricetime.errors import SettingError
from pricetime.oracle.faults import FAULTS
from pricetime.oracle.trial import Contestant
from pricetime.records import COMMAND_BYTES, check_commands
from pricetime.runtime.implementations import available
from pricetime.runtime.venue import Venue

RULES: Final = Contestant("rules", rules.Venue)
RESTLESS: Final = "rules, restless"


class Restless:
    """The reference, given every command alone and restored from its own snapshot after every batch."""

    def __init__(self, venue: Venue | None = None) -> None:
        self._venue = venue or rules.Venue()

    @property
    def sequence(self) -> int:
        """Return the sequence of the last command applied."""
        return self._venue.sequence

    @property
    def event_number(self) -> int:
        """Return the number of the last event."""
        return self._venue.event_number

    @property
    def time_ns(self) -> int:
        """Return the time of the last command applied."""
        return self._venue.time_ns

    @property
    def limits(self) -> tuple[int, ...]:
        """Return the limits of the venue."""
        return self._venue.limits

    def apply(self, commands: bytes) -> bytes:
        """Apply the commands one at a time, then start over from the snapshot."""
        ends = range(COMMAND_BYTES, (check_commands(commands) + 1) * COMMAND_BYTES, COMMAND_BYTES)
        events = b"".join(self._venue.apply(commands[end - COMMAND_BYTES : end]) for end in ends)
        self._venue = self._venue.restore(self._venue.snapshot())
        return events

    def validate(self, command: bytes) -> bytes:
        """Judge one order."""
        return self._venue.validate(command)

    def snapshot(self) -> bytes:
        """Return the whole state."""
        return self._venue.snapshot()

    def state_hash(self) -> bytes:
        """Return the hash of the state."""
        return self._venue.state_hash()

    def check(self) -> list[str]:
        """Return what is wrong."""
        return self._venue.check()

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the venue that wrote this snapshot."""
        return cls(rules.Venue.restore(snapshot))


def contestants(second: str | None = None) -> tuple[Contestant, Contestant]:
    """Return the reference and whom it is compared with: a fault, an implementation, or by default the best.

    SettingError where there is nobody of that name in this installation.
    """
    others: dict[str, type[Venue]] = {RESTLESS: Restless} | FAULTS | available()
    name = second or ("core" if "core" in others else RESTLESS)
    if name not in others:
        raise SettingError(f"There is no implementation {name!r} here. Is the compiled core installed?")
    return RULES, Contestant(name, others[name])
