"""Pauses before what has failed is tried again: growing, so that a part in trouble is left alone; bounded."""

from __future__ import annotations


class Pauses:
    """The pauses of one thing that is tried again and again; each is twice the one before."""

    def __init__(self, first_s: float, most_s: float) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def next_s(self) -> float:
        """Return how long to wait now."""
        pause_s = min(self._next_s, self._most_s)
        self._next_s = 2 * pause_s
        return pause_s

    def reset(self) -> None:
        """Begin with the first again: it has worked."""
        self._next_s = self._first_s
