"""Numbers that many services give without asking each other: none comes twice, and later ones are larger.

A sequence has 53 bits, so that every JSON reader keeps it exactly::

    47 bits: ticks of 1/64 ms since 2026      6 bits: the slot of the service

A service that gives more than one in a tick runs ahead of the clock, and it never runs back. So numbers of
one service rise by ``SEQUENCE_STEP`` or more, and those of all are in the order of time, as far as clocks
agree.
"""

from __future__ import annotations

from typing import Final

from pricetime.ports import Clock

SLOTS: Final = 64
"""Services that may give numbers at once."""
SEQUENCE_STEP: Final = SLOTS

_EPOCH_NS: Final = 1_767_225_600 * 1_000_000_000  # 2026-01-01 in UTC
_TICK_NS: Final = 1_000_000 // 64
_SECOND_NS: Final = 1_000_000_000
_POSITION_BITS: Final = 46
_EVENT_BITS: Final = 16


class Sequences:
    """The sequences of one service, which alone has ``slot``."""

    def __init__(self, slot: int, clock: Clock) -> None:
        assert 0 <= slot < SLOTS, "a slot has six bits"
        self._slot = slot
        self._clock = clock
        self._tick = 0
        self.last = 0
        """The last that was given."""

    def take(self, count: int) -> int:
        """Return the first of ``count`` numbers, each ``SEQUENCE_STEP`` after the one before."""
        first = max(self._tick + 1, (self._clock.now_ns() - _EPOCH_NS) // _TICK_NS)
        self._tick = first + count - 1
        self.last = self._tick * SLOTS + self._slot
        return first * SLOTS + self._slot


def first_position(slot: int, now_ns: int) -> int:
    """Return after which position a service counts the events that it hears.

    Services hear events in orders of their own, so a position means something only where it was given. Its
    upper bits are those of the slot, the rest begins with the time, so that no other service nor a later
    one of the same slot gives the same.
    """
    seconds = (now_ns - _EPOCH_NS) // _SECOND_NS
    return (slot << _POSITION_BITS) + (seconds << _EVENT_BITS)
