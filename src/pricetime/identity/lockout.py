"""Lock-out: after repeated failures each further attempt waits, twice as long every time.

Invariants: a key that does not exist is counted like one that does, so a lock-out tells nobody which
names are taken. Attempts refused while a delay runs are not counted, so a delay always ends. Memory is
bounded: the key that has failed least recently is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

SECOND_NS: Final = 1_000_000_000
_MOST_DOUBLINGS: Final = 64


class _Failures(NamedTuple):
    number: int
    locked_until_ns: int


Count = tuple[bool, int]
"""What has happened to a key: whether its failures were forgotten, and how often it has failed since."""


class Lockout:
    """Failures per key, of users or of addresses. Times are nanoseconds since 1970.

    ``share``: what is counted here is to be told to others, who count the same keys.
    """

    def __init__(self, *, failures: int, base_s: int, max_s: int, keys_limit: int) -> None:
        self._allowed = failures
        self._base_ns = base_s * SECOND_NS
        self._max_ns = max_s * SECOND_NS
        self._keys_limit = keys_limit
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._untold: OrderedDict[str, Count] | None = None

    def __len__(self) -> int:
        return len(self._failures)

    def wait_s(self, key: str, now_ns: int) -> int:
        """Return the whole seconds until this key may try again; 0: now."""
        failures = self._failures.get(key)
        if failures is None or failures.locked_until_ns <= now_ns:
            return 0
        return -((now_ns - failures.locked_until_ns) // SECOND_NS)

    def failed(self, key: str, now_ns: int) -> int:
        """Count a failure; return the seconds of the delay that begins with it, or 0."""
        was_forgotten, number = self._untold.get(key, (False, 0)) if self._untold else (False, 0)
        self._note(key, (was_forgotten, number + 1))
        return self._count(key, now_ns)

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        if self._failures.pop(key, None) is not None:
            self._note(key, (True, 0))

    # -------------------------------------------------------------------------------------- sharing

    def share(self) -> None:
        """Note from now on what is to be told to others."""
        self._untold = OrderedDict()

    def take_untold(self) -> dict[str, Count]:
        """Return what has happened here since the last time, for at most as many keys as are counted."""
        if not self._untold:
            return {}
        untold, self._untold = self._untold, OrderedDict()
        return untold

    def hear(self, key: str, count: Count, now_ns: int) -> None:
        """Count what has happened elsewhere."""
        was_forgotten, number = count
        if was_forgotten:
            self._failures.pop(key, None)
        for _ in range(min(number, self._allowed + _MOST_DOUBLINGS)):
            self._count(key, now_ns)

    def _note(self, key: str, count: Count) -> None:
        if self._untold is not None:
            self._untold[key] = count
            if len(self._untold) > self._keys_limit:
                self._untold.popitem(last=False)

    def _count(self, key: str, now_ns: int) -> int:
        before = self._failures.get(key)
        # Who has been quiet for the longest delay after the last one ended starts afresh.
        stale = before is None or now_ns - before.locked_until_ns >= self._max_ns
        count = 1 if before is None or stale else before.number + 1
        delay_ns = self._delay_ns(count)
        self._failures[key] = _Failures(count, now_ns + delay_ns)
        self._failures.move_to_end(key)
        if len(self._failures) > self._keys_limit:
            self._failures.popitem(last=False)
        return delay_ns // SECOND_NS

    def _delay_ns(self, count: int) -> int:
        doublings = count - self._allowed
        if doublings < 0:
            return 0
        return min(self._base_ns << min(doublings, _MOST_DOUBLINGS), self._max_ns)
