"""Finding rows by time in a table whose ids and times grow together, with an index on the ids only."""

from __future__ import annotations

from collections.abc import Callable

Look = Callable[[int], tuple[int, int] | None]
"""Returns (id, time) of the first row whose id is not below a number; None: there is none."""


def first_since(look: Look, newest: int, time_ns: int) -> int:
    """Return the id from which on rows are of ``time_ns`` or later, by halving the ids up to the newest."""
    low, high = 0, newest + 1
    while low < high:
        middle = (low + high) // 2
        row = look(middle)
        if row is None or row[1] >= time_ns:
            high = middle
        else:
            low = row[0] + 1
    return low
